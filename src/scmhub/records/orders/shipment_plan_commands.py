"""Planning a shipment: the seller puts what was promised into a despatch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners import identifiers, order_states, units
from scmhub.partners.tables import RelationshipTable
from scmhub.quantity import render_decimal
from scmhub.records.orders import rules, shipment_rules, whole
from scmhub.records.orders.model import OrderLineTable, ScheduleLineTable
from scmhub.records.orders.shipment_books import moved
from scmhub.records.orders.shipment_commands import local_day, parties_of
from scmhub.records.orders.shipment_inputs import ShipmentLineInput, ShipmentPlanInput
from scmhub.records.orders.shipment_model import ShipmentEventTable, ShipmentLineTable, ShipmentTable

MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a shipment to plan: how much of which schedule line, in the order line's unit."""

    line: OrderLineTable
    schedule_line_id: UUID
    quantity: Decimal
    path: list[str]


@command(
    "shipmentPlan", payload="Shipment",
    description="Announces a despatch against schedule lines that both sides agreed on.",
)  # fmt: skip
async def shipment_plan(unit: Unit, given: ShipmentPlanInput) -> UUID:
    number = take.text(given.number, take.KEY, ["input", "number"])
    sscc = take.some_known(given.sscc, identifiers.sscc, ["input", "sscc"])
    shipment_rules.check_plan(given.planned_departure, given.planned_arrival)
    carrier = await _carrier(unit, given.carrier)
    parts = await _parts(unit, given.lines)
    await _check_room(unit, parts)
    first = parts[0].line
    shipment = ShipmentTable(
        id=new_id(unit.now), number=number, seller_id=unit.partner_id, buyer_id=first.buyer_id,
        consignee_id=first.consignee_id, carrier_id=carrier, ship_to_id=first.ship_to_id, sscc=sscc,
        mode=given.mode.name if given.mode else None, planned_departure=given.planned_departure,
        planned_arrival=given.planned_arrival, created_at=unit.now,
    )  # fmt: skip
    await _add(unit, shipment)
    await _add_lines(unit, shipment, parts)
    for seq, (milestone, at) in enumerate(
        (("DEPARTURE", given.planned_departure), ("ARRIVAL", given.planned_arrival)), 1
    ):
        unit.session.add(
            ShipmentEventTable(
                id=new_id(unit.now), shipment_id=shipment.id, seq=seq, milestone=milestone, certainty="PLANNED", at=at,
                stated_by=str(unit.partner_id), recorded_at=unit.now,
            )
        )  # fmt: skip
    fields = [
        "number",
        "state",
        "seller",
        "buyer",
        "consignee",
        "carrier",
        "shipTo",
        "plannedDeparture",
        "plannedArrival",
    ]
    unit.change(
        "SHIPMENT", "PLANNED", shipment.id, shipment.seller_id, parties_of(shipment), [*fields, "lines", "events"]
    )
    return shipment.id


async def _carrier(unit: Unit, given: str | None) -> UUID | None:
    if given is None:
        return None
    path = ["input", "carrier"]
    carrier = await visible_key(unit, "Partner", given, path)
    standing = await unit.session.exec(
        select(RelationshipTable.id).where(
            RelationshipTable.provider_id == carrier, RelationshipTable.recipient_id == unit.partner_id,
            RelationshipTable.kind == "LOGISTICS", RelationshipTable.state == "ACTIVE",
        )
    )  # fmt: skip
    if standing.first() is None and carrier != unit.partner_id:
        raise Refusal("FORBIDDEN", "You need an ACTIVE relationship of the kind LOGISTICS with it.", path)
    return None if carrier == unit.partner_id else carrier


async def _parts(unit: Unit, given: Sequence[ShipmentLineInput]) -> list[Part]:
    """The lines to ship: visible, the acting partner's to deliver, all to one place for one buyer."""
    take.count(len(given), MOST_LINES, "lines", ["input", "lines"])
    parts: list[Part] = []
    for place, each in enumerate(given):
        path = ["input", "lines", str(place)]
        key, line = await whole.find_schedule_line(unit, each.schedule_line, [*path, "scheduleLine"])
        if line.seller_id != unit.partner_id:
            raise Refusal("FORBIDDEN", "Only the seller ships it.", [*path, "scheduleLine"])
        if not units.compatible(each.quantity.unit, line.unit):
            message = f"The line is counted in {line.unit}, not in {each.quantity.unit}."
            raise Refusal("UNIT_MISMATCH", message, [*path, "quantity"])
        parts.append(Part(line, key, take.positive(each.quantity.value, [*path, "quantity"]), path))
        first = parts[0].line
        if (line.buyer_id, line.consignee_id, line.ship_to_id) != (
            first.buyer_id,
            first.consignee_id,
            first.ship_to_id,
        ):
            message = "A shipment is for one buyer, one consignee and one ship-to site."
            raise Refusal("INVALID", message, [*path, "scheduleLine"])
    return parts


async def _check_room(unit: Unit, parts: Sequence[Part]) -> None:
    """Under the orders' locks: each schedule line is agreed, and its promise leaves room for what is to be shipped."""
    orders = await whole.lock_orders(unit, [part.line.id for part in parts])
    stored = {each.id: each for opened in orders for each in opened.schedule_lines()}
    facts = await moved(unit, sorted({part.schedule_line_id for part in parts}))
    taken = defaultdict(Decimal, {key: fact.claimed() for key, fact in facts.items()})
    for part in parts:
        schedule_line = stored[part.schedule_line_id]
        _check_agreed(schedule_line, part.path)
        taken[schedule_line.id] += part.quantity
        promised = schedule_line.last_promise_quantity or rules.NOTHING
        if taken[schedule_line.id] > promised:
            room = max(promised - taken[schedule_line.id] + part.quantity, rules.NOTHING)
            message = f"At most {render_decimal(room)} of what is promised can still be shipped."
            raise Refusal("OUT_OF_RANGE", message, [*part.path, "quantity"])


def _check_agreed(schedule_line: ScheduleLineTable, path: list[str]) -> None:
    if schedule_line.state not in order_states.AGREED:
        steps = rules.steps_for(schedule_line.state, "SELLER", "BUYER")
        raise Refusal(
            "ILLEGAL_TRANSITION",
            f"The schedule line is {schedule_line.state}; shipmentPlan is not possible."
            f" Allowed steps: {', '.join(steps) or 'none'}.",
            [*path, "scheduleLine"],
        )


async def _add(unit: Unit, shipment: ShipmentTable) -> None:
    taken = Refusal("DUPLICATE", "You have a shipment with this number already.", ["input", "number"])
    found = await unit.session.exec(
        select(ShipmentTable.id).where(
            ShipmentTable.seller_id == shipment.seller_id, ShipmentTable.number == shipment.number
        )
    )
    taken.record = found.first()
    if taken.record:
        raise taken
    await take.add_unique(unit, shipment, taken)


async def _add_lines(unit: Unit, shipment: ShipmentTable, parts: Sequence[Part]) -> None:
    assert shipment.planned_arrival is not None
    day = await local_day(unit, shipment.ship_to_id, shipment.planned_arrival)
    for line_no, part in enumerate(parts, 1):
        unit.session.add(
            ShipmentLineTable(
                id=new_id(unit.now), shipment_id=shipment.id, line_no=line_no, seller_id=shipment.seller_id,
                buyer_id=shipment.buyer_id, consignee_id=shipment.consignee_id, carrier_id=shipment.carrier_id,
                item_id=part.line.item_id, ship_to_id=part.line.ship_to_id, order_line_id=part.line.id,
                schedule_line_id=part.schedule_line_id, quantity=part.quantity, unit=part.line.unit, arrival_on=day,
            )
        )  # fmt: skip
    await unit.session.flush()
