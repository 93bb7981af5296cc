"""What the commands on orders and their schedule lines take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from scmhub.graph.scalars import CurrencyCode
from scmhub.graph.values import MoneyInput, QuantityInput
from scmhub.records.orders.api import OrderKind


@strawberry.input(description="One wanted delivery.")
class DeliveryInput:
    quantity: Decimal = strawberry.field(description="How much, in the line's unit.")
    requested_on: date = strawberry.field(description="For which day.")


@strawberry.input(description="One line of an order to place: `requestedOn` or `schedule`, not both.")
class OrderLineInput:
    item: strawberry.ID = strawberry.field(description="What is ordered: an item of yours or of the seller.")
    quantity: QuantityInput = strawberry.field(description="How much; the unit must be worth the item's base unit 1:1.")
    unit_price: MoneyInput | None = strawberry.field(
        description="Price of one unit, in the order's currency; absent if unknown.", default=None
    )
    requested_on: date | None = strawberry.field(description="For which day, if it is one delivery.", default=None)
    schedule: list[DeliveryInput] | None = strawberry.field(
        description="Wanted deliveries; their quantities add up to the line's.", default=None
    )
    note: str | None = strawberry.field(description="A note to the other side; at most 4,000 characters.", default=None)
    external_id: str | None = strawberry.field(description="Key of the line in your own system.", default=None)


@strawberry.input(description="An order to place.")
class OrderPlaceInput:
    kind: OrderKind = strawberry.field(description="What sort of order it is.", default=OrderKind.PURCHASE)
    seller: strawberry.ID = strawberry.field(description="Who shall deliver; needs an ACTIVE relationship with you.")
    ship_to: strawberry.ID = strawberry.field(
        description="Where the goods go: a site of yours, or one you may see of the consignee or the seller."
    )
    consignee: strawberry.ID | None = strawberry.field(
        description="Who receives the goods, if not you; needs an ACTIVE relationship with you.", default=None
    )
    buyer_number: str = strawberry.field(description="Your number for it; unique among your orders.")
    currency: CurrencyCode = strawberry.field(description="Currency of all its prices.")
    incoterm: str | None = strawberry.field(description="Incoterms rule, such as FCA or DAP.", default=None)
    incoterm_place: str | None = strawberry.field(description="Named place of the Incoterms rule.", default=None)
    lines: list[OrderLineInput] = strawberry.field(description="What is ordered; 1 to 500 lines.")


@strawberry.input(description="An order to confirm as requested.")
class OrderConfirmInput:
    order: strawberry.ID = strawberry.field(description="Which order.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    seller_number: str | None = strawberry.field(description="Your number for it; absent: it stays.", default=None)


@strawberry.input(description="An order to close.")
class OrderCloseInput:
    order: strawberry.ID = strawberry.field(description="Which order.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@strawberry.input(description="A quantity for a day.")
class SliceInput:
    quantity: Decimal = strawberry.field(description="How much, in the line's unit.")
    due_on: date = strawberry.field(description="For which day.")


@strawberry.input(description="Other quantities or days for a schedule line; several slices split the delivery.")
class ScheduleLineProposeInput:
    schedule_line: strawberry.ID = strawberry.field(description="Which schedule line.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    slices: list[SliceInput] = strawberry.field(description="What you propose instead, as a whole; 1 to 52 slices.")
    reason: str | None = strawberry.field(description="Why; at most 4,000 characters.", default=None)


@strawberry.input(description="A schedule line to take a step with.")
class ScheduleLineStepInput:
    schedule_line: strawberry.ID = strawberry.field(description="Which schedule line.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    reason: str | None = strawberry.field(description="Why; at most 4,000 characters.", default=None)
