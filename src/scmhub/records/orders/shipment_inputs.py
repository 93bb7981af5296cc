"""What the commands on shipments take."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from scmhub.graph.values import QuantityInput
from scmhub.records.orders.shipment_api import Certainty, Milestone, TransportMode


@strawberry.input(description="How much of a schedule line travels.")
class ShipmentLineInput:
    schedule_line: strawberry.ID = strawberry.field(description="Which schedule line; both sides have agreed on it.")
    quantity: QuantityInput = strawberry.field(description="How much; at most what is promised and in no shipment yet.")


@strawberry.input(description="A shipment to plan. All its lines are of one buyer, consignee and ship-to site.")
class ShipmentPlanInput:
    number: str = strawberry.field(description="Your despatch number; unique among your shipments.")
    lines: list[ShipmentLineInput] = strawberry.field(description="What it holds; 1 to 500 lines.")
    planned_departure: datetime = strawberry.field(description="When it shall leave.")
    planned_arrival: datetime = strawberry.field(description="When it shall arrive.")
    mode: TransportMode | None = strawberry.field(description="How it travels; absent if unknown.", default=None)
    carrier: strawberry.ID | None = strawberry.field(
        description="Who moves it; needs an ACTIVE LOGISTICS relationship with you. It never sees the order.",
        default=None,
    )
    sscc: str | None = strawberry.field(description="GS1 Serial Shipping Container Code, 18 digits.", default=None)


@strawberry.input(description="A departure or arrival to report.")
class ShipmentReportInput:
    shipment: strawberry.ID = strawberry.field(description="Which shipment.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    milestone: Milestone = strawberry.field(description="What it is about.")
    certainty: Certainty = strawberry.field(description="ESTIMATED or ACTUAL; the plan is made with the shipment.")
    at: datetime = strawberry.field(description="The instant; an actual one lies at most 5 minutes ahead of the hub.")
    corrects: int | None = strawberry.field(
        description="`seq` of the wrong event of the same sort that this one replaces.", default=None
    )


@strawberry.input(description="What was counted of one line of a shipment; what is missing is short.")
class ReceiptInput:
    line: strawberry.ID = strawberry.field(description="Which line of the shipment.")
    good: Decimal = strawberry.field(description="Arrived in good order, in the line's unit.")
    damaged: Decimal = strawberry.field(description="Arrived damaged, in the line's unit.", default=Decimal(0))
    documents_ok: bool = strawberry.field(description="Whether the papers were right.", default=True)


@strawberry.input(description="A shipment to receive: first all its lines; later counts may be of some.")
class ShipmentReceiveInput:
    shipment: strawberry.ID = strawberry.field(description="Which shipment.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    lines: list[ReceiptInput] = strawberry.field(description="What was counted, line by line.")
    received_at: datetime | None = strawberry.field(description="When it was counted; absent: now.", default=None)


@strawberry.input(description="A shipment to turn away as a whole.")
class ShipmentRefuseInput:
    shipment: strawberry.ID = strawberry.field(description="Which shipment.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
