"""Shipments of a batch against shipments of the hub. Its figures come from all its rows, wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from asyncpg import Record  # type: ignore[import-untyped]

from scmhub.exchange.delta import CREATED, UNCHANGED, UPDATED, Row, digest_of, noon
from scmhub.exchange.findings import ERROR, WARNING
from scmhub.exchange.known import shipment_key
from scmhub.exchange.orders import NOTHING, Context
from scmhub.exchange.rows import Line
from scmhub.exchange.staging import Consignment
from scmhub.exchange.targets import NOTE
from scmhub.quantity import LARGEST
from scmhub.records.orders.shipment_model import ReceiptTable, ShipmentEventTable, ShipmentLineTable, ShipmentTable

_FACTS = {
    "mode": "mode", "state": "state", "planned_arrival": "plannedArrival", "actual_arrival": "actualArrival",
    "weight_kg": "weightKg", "freight_amount": "freight", "insurance_amount": "insurance",
    "freight_note": "freightNote", "currency": "freight",
}  # fmt: skip


_NAMES = {"item_id": "item", "arrival_on": "arrivalOn"}


@dataclass(frozen=True, slots=True)
class Carried:
    """A shipment as the file states it. ``facts`` are the columns of its header."""

    key: UUID
    born: datetime
    facts: Row
    arrived_on: date | None


def compare_shipments(context: Context, consignments: Sequence[Consignment]) -> None:
    for each in consignments:
        here = [line for line in each.here if line.external_id in context.placed]
        if here:
            _shipment(context, each, here)


def _shipment(context: Context, given: Consignment, here: list[Line]) -> None:
    seller = context.masters.partners[given.seller]
    name = shipment_key(given.seller, given.number)
    stored = context.known.shipments.get((seller, given.number))
    if (seller, given.number) in context.known.taken or (stored and stored["buyer_id"] != context.masters.buyer):
        done = "its seller used this number for a shipment to somebody else: the shipment is left out"
        context.findings.add(ERROR, "CONFLICT", here[0].row, "shipment.number", given.number, done)
        return
    if stored is not None and stored["ship_to_id"] != context.masters.sites[here[0].consignee or "", here[0].site]:
        done = "a shipment of this number goes elsewhere in the hub: the shipment is left out"
        context.findings.add(ERROR, "CONFLICT", here[0].row, "shipment.number", given.number, done)
        return
    arrived_on = _one(context, given, "arrived_on")
    born = noon(arrived_on or min(line.placed_on for line in given.lines))
    key = stored["id"] if stored else context.key("SHIPMENT", born, given.seller, given.number)
    carried = Carried(key, born, _facts(context, given, arrived_on), arrived_on)
    digest = digest_of(*carried.facts.values(), *(f"{line.external_id}:{line.quantity}" for line in given.lines))
    if stored is None:
        _new(context, given, here, carried)
    else:
        same = context.known.digests.get(("SHIPMENT", name)) == (key, digest)
        changed = _old(context, stored, here, carried, same=same)
        _count(context, given, UPDATED if changed else UNCHANGED)
    if context.known.digests.get(("SHIPMENT", name)) != (key, digest):
        context.delta.remember("SHIPMENT", name, key, digest)


def _one(context: Context, given: Consignment, name: str) -> Any:
    """The value the rows agree on; a row that does not know (``See ASN-93``) points at one that does."""
    values = list(dict.fromkeys(value for line in given.lines if (value := getattr(line, name)) is not None))
    if len(values) > 1:
        done = f"rows of one shipment differ in {name}: the first is kept"
        context.findings.add(WARNING, "CONFLICT", given.lines[0].row, "shipment.number", given.number, done)
    return values[0] if values else None


def _facts(context: Context, given: Consignment, arrived_on: date | None) -> Row:
    """Unknown stays null. Freight is one figure per shipment; the words kept instead matter only without it."""
    planned = [line.promised_on for line in given.lines if line.promised_on]
    freight, insurance = _one(context, given, "freight"), _insurance(given)
    notes = dict.fromkeys(line.freight_note for line in given.lines if line.freight_note)
    return {
        "mode": _one(context, given, "mode"),
        "state": "RECEIVED" if arrived_on else "PLANNED",
        "planned_arrival": noon(max(planned)) if planned else None,
        "actual_arrival": noon(arrived_on) if arrived_on else None,
        "weight_kg": _one(context, given, "weight_kg"),
        "freight_amount": freight,
        "insurance_amount": insurance,
        "freight_note": "; ".join(notes)[:NOTE] if notes and freight is None else None,
        "currency": given.lines[0].currency,
    }


def _insurance(given: Consignment) -> Decimal | None:
    """The sum over the lines; None if one of them is unknown: a sum that leaves something out would be wrong."""
    total = NOTHING
    for line in given.lines:
        if line.insurance is None:
            return None
        total += line.insurance
    return total if total < LARGEST else None


def _new(context: Context, given: Consignment, here: list[Line], carried: Carried) -> None:
    first, masters = here[0], context.masters
    seller, consignee = masters.partners[first.seller], masters.partners[first.consignee] if first.consignee else None
    fresh = [line for line in here if not _travels_elsewhere(context, line, carried.key)]
    if not fresh:
        return
    context.delta.insert(
        ShipmentTable, id=carried.key, number=given.number, seller_id=seller, buyer_id=masters.buyer,
        consignee_id=consignee, ship_to_id=masters.sites[first.consignee or "", first.site], version=1,
        created_at=context.now, **carried.facts,
    )  # fmt: skip
    _events(context, carried, [])
    for number, line in enumerate(fresh, 1):
        _new_line(context, carried, number, line)
    _count(context, given, CREATED)
    known = [_FACTS[name] for name, value in carried.facts.items() if value is not None]
    fields = ["number", "seller", "buyer", "consignee", "shipTo", *dict.fromkeys(known), "lines", "events"]
    context.delta.tell("SHIPMENT", "IMPORTED", carried.key, seller, (masters.buyer, consignee), fields)


def _travels_elsewhere(context: Context, line: Line, shipment: UUID) -> bool:
    """A line that travels in another shipment stays there: a despatch is a fact, no cell of a file."""
    rows = context.known.shipped[context.placed[line.external_id].line]
    if any(row["shipment_id"] != shipment for row in rows):
        done = "the line travels in another shipment already: it is not moved"
        context.findings.add(WARNING, "KEPT", line.row, "shipment.number", line.shipment or "", done)
        return True
    return False


def _new_line(context: Context, carried: Carried, number: int, line: Line) -> None:
    placed, masters = context.placed[line.external_id], context.masters
    key = context.key("SHIPMENT_LINE", carried.born, line.external_id)
    context.delta.insert(
        ShipmentLineTable, id=key, shipment_id=carried.key, line_no=number, seller_id=masters.partners[line.seller],
        buyer_id=masters.buyer, consignee_id=masters.partners[line.consignee] if line.consignee else None,
        ship_to_id=masters.sites[line.consignee or "", line.site], order_line_id=placed.line,
        schedule_line_id=placed.schedule_line, unit=line.unit, **_line_facts(context, carried, line),
    )  # fmt: skip
    if carried.arrived_on:
        _receive(context, carried, key, line, 1)


def _line_facts(context: Context, carried: Carried, line: Line) -> Row:
    day = carried.arrived_on or line.promised_on or line.requested_on
    return {"item_id": context.placed[line.external_id].item, "quantity": line.quantity, "arrival_on": day}


def _receive(context: Context, carried: Carried, shipment_line: UUID, line: Line, seq: int) -> None:
    """The file knows that it arrived and not in which state: all of it counts as good."""
    key = context.key("RECEIPT", carried.born, line.external_id, str(seq))
    context.delta.insert(
        ReceiptTable, id=key, shipment_line_id=shipment_line, seq=seq, good=line.quantity, damaged=NOTHING,
        short=NOTHING, documents_ok=True, received_at=carried.facts["actual_arrival"],
        stated_by=str(context.masters.buyer), recorded_at=context.now,
    )  # fmt: skip


def _events(context: Context, carried: Carried, earlier: list[Record]) -> None:
    """Arrivals the file knows, as events; a changed one corrects the one it replaces."""
    seq = max((row["seq"] for row in earlier), default=0)
    last = {row["certainty"]: row for row in earlier if row["milestone"] == "ARRIVAL"}
    for certainty in ("PLANNED", "ACTUAL"):
        at = carried.facts[f"{certainty.lower()}_arrival"]
        before = last.get(certainty)
        if at is None or (before and before["at"] == at):
            continue
        seq += 1
        context.delta.insert(
            ShipmentEventTable, id=context.key("EVENT", carried.born, str(carried.key), str(seq)),
            shipment_id=carried.key, seq=seq, milestone="ARRIVAL", certainty=certainty, at=at,
            corrects_seq=before["seq"] if before else None, stated_by=str(context.masters.buyer),
            recorded_at=context.now,
        )  # fmt: skip


def _old(context: Context, stored: Record, here: list[Line], carried: Carried, *, same: bool) -> bool:
    """A shipment the hub has: lines it lacks are added; facts are compared only if the file says something new."""
    kept = _FACTS if same or stored["state"] == "REFUSED" else () if carried.arrived_on else ("state", "actual_arrival")
    facts = carried.facts | {name: stored[name] for name in kept}
    changed = [name for name, value in facts.items() if stored[name] != value]
    if changed:
        _events(context, carried, context.known.events[stored["id"]])
    touched = _lines(context, stored, here, carried, same=same)
    if changed or touched:
        context.delta.update(ShipmentTable, {"id": stored["id"], **facts, "version": stored["version"] + 1})
        fields = [*dict.fromkeys(_FACTS[name] for name in changed), *(["lines"] if touched else []), "version"]
        parties = (stored["buyer_id"], stored["consignee_id"], stored["carrier_id"])
        context.delta.tell("SHIPMENT", "IMPORTED", stored["id"], stored["seller_id"], parties, fields)
    return bool(changed or touched)


def _count(context: Context, given: Consignment, how: str) -> None:
    """Once for a shipment, with the batch that holds its first line: its orders may be in several."""
    if given.lines[0].external_id in context.placed:
        context.delta.counts.add("shipments", how)


def _lines(context: Context, stored: Record, here: list[Line], carried: Carried, *, same: bool) -> bool:
    """Whether lines were added or changed."""
    touched = False
    number = context.known.last_line_no.get(stored["id"], 0)
    for line in here:
        rows = context.known.shipped[context.placed[line.external_id].line]
        mine = next((row for row in rows if row["shipment_id"] == stored["id"]), None)
        if mine is not None:
            touched = (not same and _old_line(context, mine, carried, line)) or touched
        elif not _travels_elsewhere(context, line, stored["id"]):
            number += 1
            _new_line(context, carried, number, line)
            touched = True
    context.known.last_line_no[stored["id"]] = number
    return touched


def _old_line(context: Context, mine: Record, carried: Carried, line: Line) -> bool:
    facts = _line_facts(context, carried, line)
    counted = context.known.receipts.get(mine["id"])
    different = any(mine[name] != value for name, value in facts.items())
    if was := {name: mine[name] for name in ("item_id", "arrival_on") if mine[name] != facts[name]}:
        parties, fields = (mine["buyer_id"], mine["consignee_id"], mine["carrier_id"]), [_NAMES[name] for name in was]
        context.delta.tell("SHIPMENT_LINE", "IMPORTED", mine["id"], mine["seller_id"], parties, fields, was)
    if different:
        context.delta.update(ShipmentLineTable, {"id": mine["id"], **facts})
    arrived = carried.facts["actual_arrival"]
    if arrived and (counted is None or mine["quantity"] != line.quantity or counted["received_at"] != arrived):
        _receive(context, carried, mine["id"], line, (counted["seq"] if counted else 0) + 1)
        return True
    return different
