"""Order, OrderLine and what hangs on a line, as callers see them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, measured, money, one, withheld
from scmhub.records.orders import model
from scmhub.records.orders.states import OrderStatus
from scmhub.sharing.access import COMPLETE, PARTY, PUBLIC, party, shareable
from scmhub.sharing.policy import Lines, Owned

PRICES = shareable("price", sides=("seller_id",), bands=True)
VALUES = shareable("price", sides=("seller_id",))
"""What follows from price and quantity: no band is told of it, or that of the price could be narrowed."""
TOTALS = shareable("price", sides=("seller_id",), whole=True)
NUMBERS = shareable("numbers")
PARTIES = shareable("parties")
PROMISES = shareable("promises")
FULFILMENT = shareable("fulfilment", bands=True)
DELIVERIES = shareable("fulfilment")
"""What a line's fulfilment is the sum of."""
AGREED = party("seller_id")
"""What follows from an agreement of buyer and seller: a consignee is no party to that."""


@strawberry.enum(description="What sort of order it is.")
class OrderKind(Enum):
    PURCHASE = strawberry.enum_value("PURCHASE", description="A single purchase.")
    CALL_OFF = strawberry.enum_value("CALL_OFF", description="A call against a standing agreement.")
    REPLENISHMENT = strawberry.enum_value("REPLENISHMENT", description="Raised by the supplier from the buyer's stock.")
    SUBCONTRACT = strawberry.enum_value("SUBCONTRACT", description="Work on goods the buyer provides.")


@strawberry.enum(description="Which side of an order spoke.")
class Side(Enum):
    BUYER = strawberry.enum_value("BUYER", description="The buyer.")
    SELLER = strawberry.enum_value("SELLER", description="The seller.")


@strawberry.enum(description="What was said about a schedule line.")
class RevisionAct(Enum):
    REQUEST = strawberry.enum_value("REQUEST", description="What the buyer asked for at first.")
    PROPOSE = strawberry.enum_value("PROPOSE", description="Other quantities or dates.")
    ACCEPT = strawberry.enum_value("ACCEPT", description="Agreement with what the other side last said.")
    REJECT = strawberry.enum_value("REJECT", description="The seller declines altogether.")
    REQUEST_CHANGE = strawberry.enum_value("REQUEST_CHANGE", description="A change of what had been agreed.")
    DECLINE_CHANGE = strawberry.enum_value("DECLINE_CHANGE", description="The change is refused; the promise stands.")
    CANCEL = strawberry.enum_value("CANCEL", description="What has not been shipped is called off.")


LINE_POLICY = Owned(
    owner="buyer_id",
    parties=("seller_id", "consignee_id"),
    kind="ORDER",
    item="item_id",
    site="ship_to_id",
    day="requested_on",
)
ORDER_POLICY = Owned(
    owner="buyer_id",
    parties=("seller_id", "consignee_id"),
    kind="ORDER",
    through=Lines(LINE_POLICY, "order_line", "order_id"),
)


@kind(
    model.OrderTable,
    prefix="ord",
    policy=ORDER_POLICY,
    single="order",
    stream="orderChanges",
    plural="orders",
    filters=("status", "kind", "placed_at", "buyer_number", "seller_number", "buyer", "seller", "consignee"),
    keys={"number": "buyer_number"},
)
class Order:
    """One order, the buyer's purchase order and the seller's sales order at once. Newest first by `placedAt`."""

    kind: OrderKind = column(PUBLIC, "What sort of order it is.")
    status: OrderStatus | None = column(COMPLETE, "The least advanced state of its open lines.")
    placed_at: datetime = column(PUBLIC, "When the buyer placed it.")
    buyer = one("Partner", PUBLIC, "Who ordered; owner of the record.", by="buyer_id")
    seller = one("Partner", PARTIES, "Who delivers.", by="seller_id")
    consignee = one("Partner", PARTIES, "Who receives the goods, if not the buyer.", by="consignee_id")
    buyer_number: str | None = column(NUMBERS, "The buyer's number.")
    seller_number: str | None = column(NUMBERS, "The seller's number.")
    ship_to = one("Site", PUBLIC, "Where the goods go.", by="ship_to_id")
    incoterm: str | None = column(PARTY, "Incoterms rule, such as FCA or DAP: who bears which cost and risk.")
    incoterm_place: str | None = column(PARTY, "Named place of the Incoterms rule.")
    total = money(TOTALS, "Sum of the line amounts; null if a price is unknown.", amount="total_amount")
    lines = many("OrderLine", "Its lines that you may see.", by="order_id", order="line_no", default=20)
    version: int | None = column(PARTY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


@kind(
    model.OrderLineTable,
    prefix="orl",
    policy=LINE_POLICY,
    plural="orderLines",
    filters=("status", "requested_on", "item", "seller", "buyer", "ship_to"),
)
class OrderLine:
    """One item of an order."""

    line_no: int = column(PUBLIC, "Number of the line within its order, from 1.")
    order = one("Order", PUBLIC, "The order it belongs to.", by="order_id")
    item = one("Item", PUBLIC, "What is ordered.", by="item_id")
    buyer = one("Partner", PUBLIC, "Who ordered; owner of the record.", by="buyer_id")
    seller = one("Partner", PARTIES, "Who delivers.", by="seller_id")
    ship_to = one("Site", PUBLIC, "Where the goods go.", by="ship_to_id")
    quantity = measured(PUBLIC, "How much is ordered.", value="quantity")
    unit_price = money(PRICES, "Price of one unit; null if unknown.", amount="unit_price")
    amount = money(VALUES, "Value of the line; null if unknown.", amount="line_amount")
    requested_on: date = column(PUBLIC, "Earliest day asked for; the day sharing windows look at.")
    status: OrderStatus = column(PUBLIC, "The least advanced state of its open schedule lines.")
    shipped = measured(FULFILMENT, "How much has left the seller.", value="shipped", nullable=True)
    received_good = measured(FULFILMENT, "How much arrived in good order.", value="received_good", nullable=True)
    received_damaged = measured(FULFILMENT, "How much arrived damaged.", value="received_damaged", nullable=True)
    note: str | None = column(PARTY, "What the import or the parties noted on the line.")
    external_id: str | None = column(PARTY, "Key of the line in the system it was imported from.")
    schedule = many("ScheduleLine", "Wanted deliveries.", by="line_id", order="seq", default=5)
    shipment_lines = many("ShipmentLine", "What travelled or travels of it.", by="order_line_id", default=10)
    version: int | None = column(PARTY, "Counts the changes.")
    withheld: list[str] = withheld()


@kind(model.ScheduleLineTable, prefix="scl", policy=LINE_POLICY, part_of=("OrderLine", "line_id"))
class ScheduleLine:
    """One wanted delivery of a line, what was promised for it, and what has moved. Quantities in the line's unit."""

    seq: int = column(PUBLIC, "Number within the line, from 1.")
    requested_quantity: Decimal = column(PUBLIC, "How much the buyer asked for.")
    requested_on: date = column(PUBLIC, "For when the buyer asked.")
    state: OrderStatus = column(PUBLIC, "Where it stands.")
    first_promise_quantity: Decimal | None = column(PROMISES, "What both first agreed; written once, kept for ever.")
    first_promise_on: date | None = column(PROMISES, "For when both first agreed; the last of its dates if split.")
    last_promise_quantity: Decimal | None = column(PROMISES, "What both agreed last.")
    last_promise_on: date | None = column(PROMISES, "For when both agreed last; the last of its dates if split.")
    shipped: Decimal | None = column(DELIVERIES, "How much has left the seller.")
    received_good: Decimal | None = column(DELIVERIES, "How much arrived in good order.")
    received_damaged: Decimal | None = column(DELIVERIES, "How much arrived damaged.")
    answer_due_on: date | None = column(
        AGREED,
        "Day, in UTC, by which the side whose turn it is has agreed to answer; null without an answer to wait for, or "
        "without an agreed response time on the day of the question.",
    )
    revisions = many(
        "ScheduleRevision",
        "Everything said about it, oldest first.",
        by="schedule_line_id",
        order="revision_no",
        default=10,
    )
    version: int | None = column(PARTY, "Counts the changes; to be sent as `expectedVersion`.")


@kind(model.RevisionTable, prefix="rev", policy=LINE_POLICY, part_of=("ScheduleLine", "schedule_line_id"))
class ScheduleRevision:
    """One thing said about a schedule line by one side; never changed."""

    revision_no: int = column(PUBLIC, "Number within the schedule line, from 1.")
    side: Side | None = column(PROMISES, "Who said it.")
    act: RevisionAct | None = column(PROMISES, "What it means.")
    reason: str | None = column(PARTY, "Why, in words.")
    inside_frozen: bool | None = column(
        AGREED, "Whether it asks for a change inside the frozen fence, where the agreement has such changes MARKED."
    )
    recorded_at: datetime | None = column(PROMISES, "When the hub recorded it.")
    slices = many("ScheduleSlice", "The quantities and dates it names.", by="revision_id", order="seq", default=5)


@kind(model.SliceTable, prefix="slc", policy=LINE_POLICY, part_of=("ScheduleRevision", "revision_id"))
class ScheduleSlice:
    """One quantity and date of a revision; several when a proposal splits the delivery."""

    seq: int = column(PUBLIC, "Number within the revision, from 1.")
    quantity: Decimal | None = column(PROMISES, "How much, in the line's unit.")
    due_on: date | None = column(PROMISES, "For which day.")
