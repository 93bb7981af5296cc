"""GraphQL types that belong to no kind: value objects, paging, errors of a command."""

from __future__ import annotations

from decimal import Decimal as D
from enum import Enum
from typing import Annotated

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
    path: list[str] = strawberry.field(description='Where in the arguments, such as ["input", "lines", "0", "quantity"].')


@strawberry.input(description="A quantity to state.")
class QuantityInput:
    value: Decimal = strawberry.field(description="How much; at most 6 decimal places.")
    unit: UnitCode = strawberry.field(description="UN/ECE Recommendation 20 code.")


@strawberry.input(description="An amount of money to state.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="How much; at most 6 decimal places.")
    currency_code: CurrencyCode = strawberry.field(description="ISO 4217 code.")


def _comparators(name: str, of: type, *names: str) -> type:
    """An input type with the comparators ``names`` over values of type ``of``."""
    text = {
        "eq": "Equal to.", "neq": "Not equal to; a null or hidden value is not matched.", "gt": "Greater than.",
        "gte": "Greater than or equal to.", "lt": "Less than.", "lte": "Less than or equal to.",
        "contains": "Contains this text (2-100 characters), compared exactly.",
        "starts_with": "Starts with this text, compared exactly.",
    }
    annotations: dict[str, object] = {
        "in_": list[of] | None, "nin": list[of] | None, "is_null": bool | None,  # type: ignore[valid-type]
    }
    annotations |= {each: of | None for each in names}
    fields: dict[str, object] = {
        "in_": strawberry.field(name="in", description="One of at most 250 values; none for an empty list.", default=strawberry.UNSET),
        "nin": strawberry.field(description="None of at most 250 values.", default=strawberry.UNSET),
        "is_null": strawberry.field(description="Whether the value is absent or hidden.", default=strawberry.UNSET),
    }
    fields |= {each: strawberry.field(description=text[each], default=strawberry.UNSET) for each in names}
    made = type(name, (), {"__annotations__": annotations, **fields})
    return strawberry.input(made, description="Comparators, all of which must hold. Hidden values compare as null.")


def make_comparators(name: str, of: type, *, ordered: bool, text: bool) -> type:
    names = ["eq", "neq", *(["gt", "gte", "lt", "lte"] if ordered else []), *(["contains", "starts_with"] if text else [])]
    return _comparators(name, of, *names)


__all__ = ["Annotated", "Direction", "Money", "MoneyInput", "PageInfo", "Quantity", "QuantityInput", "UserError", "UserErrorCode"]
