"""GraphQL types that belong to no kind: value objects, paging, errors of a command."""

from __future__ import annotations

from decimal import Decimal as D
from enum import Enum
from typing import Any

import strawberry

from scmhub.graph.scalars import CurrencyCode, UnitCode

Decimal = D


@strawberry.type(description="An amount of money; never without its currency.")
class Money:
    amount: Decimal = strawberry.field(description="The amount, exact.")
    currency_code: CurrencyCode = strawberry.field(description="ISO 4217 code.")


@strawberry.type(description="A quantity; never without its unit.")
class Quantity:
    value: Decimal = strawberry.field(description="How much, exact.")
    unit: UnitCode = strawberry.field(description="UN/ECE Recommendation 20 code.")


_LOW, _HIGH = "The least it may be.", "It is less than this."


@strawberry.type(description="A band of fixed edges 0, 1, 2, 5, 10, 20, 50, ... that an amount lies in; in its unit.")
class Band:
    low: Decimal = strawberry.field(description=_LOW)
    high: Decimal = strawberry.field(description=_HIGH)


@strawberry.type(description="A band of fixed edges 0, 1, 2, 5, 10, 20, 50, ... that an amount of money lies in.")
class MoneyBand:
    low: Decimal = strawberry.field(description=_LOW)
    high: Decimal = strawberry.field(description=_HIGH)
    currency_code: CurrencyCode = strawberry.field(description="ISO 4217 code.")


@strawberry.type(description="A band of fixed edges 0, 1, 2, 5, 10, 20, 50, ... that a quantity lies in.")
class QuantityBand:
    low: Decimal = strawberry.field(description=_LOW)
    high: Decimal = strawberry.field(description=_HIGH)
    unit: UnitCode = strawberry.field(description="UN/ECE Recommendation 20 code.")


@strawberry.type(description="Where a page stands in its connection (Relay).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more records follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether records precede this page.")
    start_cursor: str | None = strawberry.field(description="Position of the first record; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Position of the last record; null on an empty page.")


@strawberry.enum(description="Direction of an order.")
class Direction(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest or oldest first.")
    DESC = strawberry.enum_value("DESC", description="Largest or newest first.")


@strawberry.enum(description="Why a command was refused; more codes may be added, so keep a default branch.")
class UserErrorCode(Enum):
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No such record, or none that you may see.")
    FORBIDDEN = strawberry.enum_value("FORBIDDEN", description="You see it, but your role or side may not do this.")
    FOUR_EYES = strawberry.enum_value(
        "FOUR_EYES", description="Another person than who wrote it last has to do this, and no machine may."
    )
    STEP_UP_REQUIRED = strawberry.enum_value(
        "STEP_UP_REQUIRED", description="It needs a login at most ten minutes old; log in again and repeat it."
    )
    CONFLICT = strawberry.enum_value("CONFLICT", description="It changed since you read it; read it again.")
    DUPLICATE = strawberry.enum_value("DUPLICATE", description="You already have a record with this key.")
    ILLEGAL_TRANSITION = strawberry.enum_value(
        "ILLEGAL_TRANSITION", description="Its state does not allow this; the message names the steps it allows."
    )
    INVALID = strawberry.enum_value("INVALID", description="A value is not acceptable.")
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description="A value is too small, too large or too many.")
    REQUIRED = strawberry.enum_value("REQUIRED", description="A value is missing.")
    UNIT_MISMATCH = strawberry.enum_value("UNIT_MISMATCH", description="The unit does not fit the item.")
    CURRENCY_MISMATCH = strawberry.enum_value("CURRENCY_MISMATCH", description="The currency does not fit the order.")
    KEY_REUSED = strawberry.enum_value("KEY_REUSED", description="The idempotency key was used for another input.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="The same key is being executed; ask again shortly.")


@strawberry.type(description="One reason why a command was refused; nothing was changed.")
class UserError:
    code: UserErrorCode = strawberry.field(description="What a program branches on.")
    message: str = strawberry.field(description="What a person reads: what is wrong and what to do.")
    path: list[str] = strawberry.field(
        description='Where in the arguments, such as ["input", "lines", "0", "quantity"].'
    )


@strawberry.input(description="A quantity to state.")
class QuantityInput:
    value: Decimal = strawberry.field(description="How much; at most 6 decimal places.")
    unit: UnitCode = strawberry.field(description="UN/ECE Recommendation 20 code.")


@strawberry.input(description="An amount of money to state.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="How much; at most 6 decimal places.")
    currency_code: CurrencyCode = strawberry.field(description="ISO 4217 code.")


_COMPARATORS = {
    "eq": "Equal to.",
    "neq": "Not equal to; a null or hidden value is not matched.",
    "gt": "Greater than.",
    "gte": "Greater than or equal to.",
    "lt": "Less than.",
    "lte": "Less than or equal to.",
    "contains": "Contains this text (2-100 characters), compared exactly.",
    "starts_with": "Starts with this text, compared exactly.",
    "in_": "One of at most 250 values; none for an empty list.",
    "nin": "None of at most 250 values.",
    "is_null": "Whether the value is absent or hidden.",
}


def make_comparators(name: str, of: Any, *, ordered: bool, text: bool) -> type:
    """An input type with the comparators that values of type ``of`` allow."""
    single = [
        "eq",
        "neq",
        *(["gt", "gte", "lt", "lte"] if ordered else []),
        *(["contains", "starts_with"] if text else []),
    ]
    annotations: dict[str, Any] = dict.fromkeys(single, of | None)
    annotations |= {
        "in_": list.__class_getitem__(of) | None,
        "nin": list.__class_getitem__(of) | None,
        "is_null": bool | None,
    }
    fields = {
        each: strawberry.field(
            name=each.rstrip("_") if each == "in_" else None, description=_COMPARATORS[each], default=strawberry.UNSET
        )
        for each in annotations
    }
    made = type(name, (), {"__annotations__": annotations, **fields})
    comparators: type = strawberry.input(
        made, description="Comparators, all of which must hold. Hidden values compare as null."
    )
    return comparators
