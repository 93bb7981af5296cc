"""What can be done with a shipment: plan it, report its way, receive or refuse it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable, not_found
from scmhub.ids import key_of, new_id
from scmhub.partners.tables import SiteTable
from scmhub.records.orders import shipment_rules as rules
from scmhub.records.orders.shipment_books import goods_moved
from scmhub.records.orders.shipment_inputs import (
    ReceiptInput,
    ShipmentReceiveInput,
    ShipmentRefuseInput,
    ShipmentReportInput,
)
from scmhub.records.orders.shipment_model import ReceiptTable, ShipmentEventTable, ShipmentLineTable, ShipmentTable
from scmhub.records.orders.shipment_rules import Event

_ROLES = {"seller_id": "SELLER", "buyer_id": "BUYER", "consignee_id": "CONSIGNEE", "carrier_id": "CARRIER"}


def parties_of(shipment: ShipmentTable) -> list[UUID]:
    """Everybody but the owner."""
    return [each for each in (shipment.buyer_id, shipment.consignee_id, shipment.carrier_id) if each]


async def local_day(unit: Unit, site_id: UUID, at: datetime) -> date:
    """The day of an instant where the site is."""
    zone = (await unit.session.exec(select(SiteTable.time_zone).where(SiteTable.id == site_id))).one()
    return at.astimezone(ZoneInfo(zone) if zone != "UTC" else UTC).date()


async def _open(
    unit: Unit, text: str, expected_version: int, sides: Sequence[str]
) -> tuple[ShipmentTable, list[ShipmentLineTable]]:
    """The locked shipment in ``input.shipment``, for a partner on one of these sides, and its lines."""
    shipment = await changeable(
        unit, ShipmentTable, "Shipment", text, expected_version, ["input", "shipment"], tuple(sides)
    )
    lines = await unit.session.exec(
        select(ShipmentLineTable).where(ShipmentLineTable.shipment_id == shipment.id)
        .order_by(col(ShipmentLineTable.line_no))
    )  # fmt: skip
    return shipment, list(lines.all())


async def _done(
    unit: Unit, shipment: ShipmentTable, lines: Sequence[ShipmentLineTable], action: str, changed: Sequence[str]
) -> UUID:
    """Count the version, tell, and let the orders follow where goods moved."""
    shipment.version += 1
    unit.session.add(shipment)
    unit.change("SHIPMENT", action, shipment.id, shipment.seller_id, parties_of(shipment), [*changed, "version"])
    if "state" in changed:
        keys = [each.order_line_id for each in lines], [each.schedule_line_id for each in lines]
        if unit.partner_id in (shipment.seller_id, shipment.buyer_id, shipment.consignee_id):
            await goods_moved(unit, *keys, action)
        else:
            # A carrier may not read the order. What its report means for the order follows for the seller, whose
            # shipment it is: only figures derived from that shipment are written, and nothing is handed back.
            async with unit.acting_for(shipment.seller_id):
                await goods_moved(unit, *keys, action)
    return shipment.id


@command(
    "shipmentReport", payload="Shipment",
    description="Adds a departure or arrival. The carrier or seller reports departures; either of them, the buyer or "
    "the consignee reports arrivals. A wrong event is corrected by a new one that names it.",
)  # fmt: skip
async def shipment_report(unit: Unit, given: ShipmentReportInput) -> UUID:
    shipment, lines = await _open(unit, given.shipment, given.expected_version, list(_ROLES))
    stored = await unit.session.exec(
        select(ShipmentEventTable).where(ShipmentEventTable.shipment_id == shipment.id)
        .order_by(col(ShipmentEventTable.seq))
    )  # fmt: skip
    events = [Event(each.seq, each.milestone, each.certainty, each.at, each.corrects_seq) for each in stored.all()]
    new = Event(len(events) + 1, given.milestone.name, given.certainty.name, given.at, given.corrects)
    roles = [role for column, role in _ROLES.items() if getattr(shipment, column) == unit.partner_id]
    with take.about(shipment.id):
        state = rules.report(shipment.state, events, new, roles, unit.now)
    unit.session.add(
        ShipmentEventTable(
            id=new_id(unit.now), shipment_id=shipment.id, seq=new.seq, milestone=new.milestone, certainty=new.certainty,
            at=new.at, corrects_seq=new.corrects, stated_by=str(unit.partner_id), recorded_at=unit.now,
        )
    )  # fmt: skip
    changed = ["events", *await _set_instants(unit, shipment, lines, [*events, new])]
    if state != shipment.state:
        shipment.state = state
        changed.append("state")
    return await _done(unit, shipment, lines, "REPORTED" if "state" not in changed else state, changed)


async def _set_instants(
    unit: Unit, shipment: ShipmentTable, lines: Sequence[ShipmentLineTable], events: Sequence[Event]
) -> list[str]:
    """Set what the events say now; GraphQL names of what changed by that."""
    changed = []
    for (milestone, certainty), at in rules.facts(events).items():
        name = f"{certainty.lower()}_{milestone.lower()}"
        if getattr(shipment, name) != at:
            setattr(shipment, name, at)
            changed.append(f"{certainty.lower()}{milestone.capitalize()}")
    arrival = shipment.actual_arrival or shipment.estimated_arrival or shipment.planned_arrival
    day = await local_day(unit, shipment.ship_to_id, arrival) if arrival else None
    for line in lines:
        if day is not None and line.arrival_on != day:
            # The day decides whose sharing window holds the line: the log needs the old one.
            was = {"arrival_on": line.arrival_on}
            unit.change(
                "SHIPMENT_LINE", "REPORTED", line.id, line.seller_id, parties_of(shipment), ["arrivalOn"], was=was
            )
            line.arrival_on = day
            unit.session.add(line)
            changed.append("lines")
    return list(dict.fromkeys(changed))


@command(
    "shipmentReceive", payload="Shipment",
    description="The buyer or consignee states what arrived, line by line: good, damaged; what is missing is short. "
    "A newer count of what was received replaces the older; both stay readable.",
)  # fmt: skip
async def shipment_receive(unit: Unit, given: ShipmentReceiveInput) -> UUID:
    shipment, lines = await _open(unit, given.shipment, given.expected_version, ["buyer_id", "consignee_id"])
    with take.about(shipment.id):
        rules.check_step(shipment.state, "RECEIVE")
        received_at = _received_at(unit, shipment, given)
        counted = _counted(lines, given.lines, first=shipment.state == "ARRIVED")
        receipts = [await _receipt(unit, line, *each, received_at) for line, each in counted]
    unit.session.add_all(receipts)
    shipment.state = "RECEIVED"
    return await _done(unit, shipment, lines, "RECEIVED", ["state", "lines"])


def _received_at(unit: Unit, shipment: ShipmentTable, given: ShipmentReceiveInput) -> datetime:
    at = given.received_at or unit.now
    if at > unit.now + rules.AHEAD:
        raise Refusal("OUT_OF_RANGE", "A receipt lies in the past.", ["input", "receivedAt"])
    if shipment.actual_departure is not None and at < shipment.actual_departure:
        raise Refusal("OUT_OF_RANGE", "The receipt would lie before the departure.", ["input", "receivedAt"])
    return at


def _counted(
    lines: Sequence[ShipmentLineTable], given: Sequence[ReceiptInput], *, first: bool
) -> list[tuple[ShipmentLineTable, tuple[ReceiptInput, list[str]]]]:
    """The lines that were counted, with what was given for them and where; ``first``: all of them must be."""
    take.count(len(given), len(lines), "lines of the shipment", ["input", "lines"])
    by_key = {line.id: line for line in lines}
    counted: dict[UUID, tuple[ShipmentLineTable, tuple[ReceiptInput, list[str]]]] = {}
    for place, each in enumerate(given):
        path = ["input", "lines", str(place)]
        key = key_of("shl", each.line)
        if key is None or key not in by_key:
            raise not_found("ShipmentLine", [*path, "line"])
        if key in counted:
            raise Refusal("INVALID", "The line is counted twice.", [*path, "line"])
        counted[key] = by_key[key], (each, path)
    if first and len(counted) < len(lines):
        raise Refusal("REQUIRED", f"Count all {len(lines)} lines; what did not arrive is good: 0.", ["input", "lines"])
    return list(counted.values())


async def _receipt(
    unit: Unit, line: ShipmentLineTable, given: ReceiptInput, path: list[str], received_at: datetime
) -> ReceiptTable:
    good = take.not_negative(given.good, [*path, "good"])
    damaged = take.not_negative(given.damaged, [*path, "damaged"])
    short = rules.shortage(line.quantity, good, damaged, path)
    seqs = await unit.session.exec(select(ReceiptTable.seq).where(ReceiptTable.shipment_line_id == line.id))
    return ReceiptTable(
        id=new_id(unit.now), shipment_line_id=line.id, seq=max(seqs.all(), default=0) + 1, good=good, damaged=damaged,
        short=short, documents_ok=given.documents_ok, received_at=received_at, stated_by=str(unit.partner_id),
        recorded_at=unit.now,
    )  # fmt: skip


@command(
    "shipmentRefuse", payload="Shipment",
    description="The buyer or consignee turns the whole shipment away: nothing of it counts as shipped any more.",
)  # fmt: skip
async def shipment_refuse(unit: Unit, given: ShipmentRefuseInput) -> UUID:
    shipment, lines = await _open(unit, given.shipment, given.expected_version, ["buyer_id", "consignee_id"])
    with take.about(shipment.id):
        rules.check_step(shipment.state, "REFUSE")
    shipment.state = "REFUSED"
    return await _done(unit, shipment, lines, "REFUSED", ["state"])
