"""Shipment and its parts as callers see them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, measured, money, one, withheld
from scmhub.records.orders import shipment_model as model
from scmhub.sharing.access import PARTY, PUBLIC, shareable
from scmhub.sharing.policy import Lines, Owned

NUMBERS = shareable("numbers")
PARTIES = shareable("parties")
TIMES = shareable("times")
COSTS = shareable("costs", sides=("buyer_id",), whole=True)


@strawberry.enum(description="Where a shipment stands.")
class ShipmentState(Enum):
    PLANNED = strawberry.enum_value("PLANNED", description="Announced, still with the seller.")
    DEPARTED = strawberry.enum_value("DEPARTED", description="On its way.")
    ARRIVED = strawberry.enum_value("ARRIVED", description="At its destination, not yet counted.")
    RECEIVED = strawberry.enum_value("RECEIVED", description="Counted by the receiver.")
    REFUSED = strawberry.enum_value("REFUSED", description="Turned away by the receiver.")


@strawberry.enum(description="How the goods travel.")
class TransportMode(Enum):
    AIR = strawberry.enum_value("AIR", description="Scheduled air freight.")
    AIR_CHARTER = strawberry.enum_value("AIR_CHARTER", description="A chartered aircraft.")
    OCEAN = strawberry.enum_value("OCEAN", description="Ship.")
    TRUCK = strawberry.enum_value("TRUCK", description="Road.")
    RAIL = strawberry.enum_value("RAIL", description="Rail.")
    PARCEL = strawberry.enum_value("PARCEL", description="Parcel or courier.")


@strawberry.enum(description="What an event is about.")
class Milestone(Enum):
    DEPARTURE = strawberry.enum_value("DEPARTURE", description="Leaving the seller.")
    ARRIVAL = strawberry.enum_value("ARRIVAL", description="Reaching the ship-to site.")


@strawberry.enum(description="How sure an event is.")
class Certainty(Enum):
    PLANNED = strawberry.enum_value("PLANNED", description="As planned at first.")
    ESTIMATED = strawberry.enum_value("ESTIMATED", description="As expected now.")
    ACTUAL = strawberry.enum_value("ACTUAL", description="It happened.")


_SIDES = ("buyer_id", "consignee_id", "carrier_id")
LINE_POLICY = Owned(
    owner="seller_id", parties=_SIDES, kind="SHIPMENT", item="item_id", site="ship_to_id", day="arrival_on"
)
SHIPMENT_POLICY = Owned(
    owner="seller_id", parties=_SIDES, kind="SHIPMENT",
    through=Lines(LINE_POLICY, "shipment_line", "shipment_id"),
)  # fmt: skip


@kind(
    model.ShipmentTable,
    prefix="shp",
    policy=SHIPMENT_POLICY,
    single="shipment",
    plural="shipments",
    stream="shipmentChanges",
    filters=("state", "mode", "planned_arrival", "actual_arrival", "number", "seller", "buyer"),
    keys={"number": "number"},
)
class Shipment:
    """Goods on their way from a seller to a buyer or its consignee."""

    number: str | None = column(NUMBERS, "The seller's despatch number.")
    state: ShipmentState = column(PUBLIC, "Where it stands.")
    mode: TransportMode | None = column(PUBLIC, "How it travels; null if unknown.")
    seller = one("Partner", PUBLIC, "Who sends; owner of the record.", by="seller_id")
    buyer = one("Partner", PARTIES, "Who bought.", by="buyer_id")
    consignee = one("Partner", PARTIES, "Who receives, if not the buyer.", by="consignee_id")
    carrier = one("Partner", PARTIES, "Who moves it.", by="carrier_id")
    ship_to = one("Site", PUBLIC, "Where it goes.", by="ship_to_id")
    sscc: str | None = column(NUMBERS, "GS1 Serial Shipping Container Code, 18 digits.")
    planned_departure: datetime | None = column(TIMES, "As planned at first.")
    estimated_departure: datetime | None = column(TIMES, "As expected now.")
    actual_departure: datetime | None = column(TIMES, "When it left.")
    planned_arrival: datetime | None = column(TIMES, "As planned at first.")
    estimated_arrival: datetime | None = column(TIMES, "As expected now.")
    actual_arrival: datetime | None = column(TIMES, "When it arrived.")
    weight_kg: Decimal | None = column(PARTY, "Gross weight in kilograms; null if unknown.")
    freight = money(COSTS, "Cost of carriage; null if unknown or part of the price.", amount="freight_amount")
    insurance = money(COSTS, "Cost of insurance; null if unknown.", amount="insurance_amount")
    freight_note: str | None = column(COSTS, "What the source says about freight when it gives no amount.")
    lines = many(
        "ShipmentLine", "What it holds, as far as you may see it.", by="shipment_id", order="line_no", default=20
    )
    events = many(
        "ShipmentEvent", "Everything reported about its way, oldest first.", by="shipment_id", order="seq", default=20
    )
    version: int | None = column(PARTY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


@kind(
    model.ShipmentLineTable, prefix="shl", policy=LINE_POLICY, plural="shipmentLines",
    filters=("item", "ship_to", "arrival_on", "seller"),
)  # fmt: skip
class ShipmentLine:
    """How much of which order line travels."""

    line_no: int = column(PUBLIC, "Number within the shipment, from 1.")
    shipment = one("Shipment", PUBLIC, "The shipment it is part of.", by="shipment_id")
    item = one("Item", PUBLIC, "What travels.", by="item_id")
    seller = one("Partner", PUBLIC, "Who sends; owner of the record.", by="seller_id")
    ship_to = one("Site", PUBLIC, "Where it goes.", by="ship_to_id")
    order_line = one("OrderLine", PUBLIC, "The order line it fulfils, if you may see it.", by="order_line_id")
    quantity = measured(PUBLIC, "How much travels.", value="quantity")
    arrival_on: date = column(PUBLIC, "Day of arrival as last known; the day sharing windows look at.")
    receipts = many("Receipt", "What the receiver found.", by="shipment_line_id", order="seq", default=5)


@kind(model.ShipmentEventTable, prefix="sev", policy=SHIPMENT_POLICY, part_of=("Shipment", "shipment_id"))
class ShipmentEvent:
    """A departure or arrival, planned, estimated or actual."""

    seq: int = column(PUBLIC, "Number within the shipment, from 1.")
    milestone: Milestone | None = column(TIMES, "What it is about.")
    certainty: Certainty | None = column(TIMES, "How sure it is.")
    at: datetime | None = column(TIMES, "The instant it speaks of.")
    corrects_seq: int | None = column(TIMES, "Number of the event it corrects.")
    recorded_at: datetime | None = column(TIMES, "When the hub recorded it.")


@kind(model.ReceiptTable, prefix="rcp", policy=LINE_POLICY, part_of=("ShipmentLine", "shipment_line_id"))
class Receipt:
    """What the receiver found, in the line's unit."""

    seq: int = column(PUBLIC, "Number within the shipment line, from 1.")
    good: Decimal | None = column(PARTY, "Arrived in good order.")
    damaged: Decimal | None = column(PARTY, "Arrived damaged.")
    short: Decimal | None = column(PARTY, "Missing against the despatch note.")
    documents_ok: bool | None = column(PARTY, "Whether the papers were right.")
    received_at: datetime | None = column(PARTY, "When it was counted.")
    recorded_at: datetime | None = column(PARTY, "When the hub recorded it.")
