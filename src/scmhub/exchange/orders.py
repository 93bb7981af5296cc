"""Orders of a batch against orders of the hub: what is new, what the file changed, what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from asyncpg import Record  # type: ignore[import-untyped]

from scmhub.exchange.delta import CREATED, UNCHANGED, UPDATED, Delta, Row, digest_of, made_id, noon
from scmhub.exchange.findings import ERROR, WARNING, Findings
from scmhub.exchange.known import Known
from scmhub.exchange.masters import Masters
from scmhub.exchange.rows import Line
from scmhub.partners import order_states, units
from scmhub.partners.tables import ItemTable
from scmhub.quantity import LARGEST
from scmhub.records.orders import rules
from scmhub.records.orders.model import OrderLineTable, OrderTable, RevisionTable, ScheduleLineTable, SliceTable

NOTHING = Decimal(0)
_HEAD = ("incoterm", "incoterm_place", "seller_number")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a line of the file stands in the hub: its keys, and whether the file may speak of its shipment."""

    order: UUID
    line: UUID
    schedule_line: UUID
    item: UUID
    born: datetime


@dataclass
class Context:
    """One batch at work."""

    buyer_code: str
    masters: Masters
    known: Known
    findings: Findings
    now: datetime
    delta: Delta = field(default_factory=Delta)
    placed: dict[str, Placed] = field(default_factory=dict)
    """By external id; a line that is missing here was left out, and so does its shipment line."""
    items: dict[str, UUID] = field(default_factory=dict)

    def key(self, kind: str, at: datetime, *keys: str) -> UUID:
        return made_id(kind, at, self.buyer_code, *keys)


def compare_orders(context: Context, orders: Sequence[list[Line]]) -> None:
    for lines in orders:
        _order(context, lines)


def _order(context: Context, lines: list[Line]) -> None:
    first = lines[0]
    stored = context.known.orders.get(first.order)
    total_known = sum((line.amount or NOTHING for line in lines), NOTHING)
    problem = _moved(context, lines, stored) or (stored and _other_parties(context, first, stored))
    problem = problem or _other_unit(context, lines)
    if not problem and total_known >= LARGEST:
        problem = "its total is more than the hub can keep"
    if problem:
        done = f"the order is left out: {problem}"
        context.findings.add(ERROR, "CONFLICT", first.row, "order.number", first.order, done)
        return
    born = noon(min(line.placed_on for line in lines))
    order = stored["id"] if stored else context.key("ORDER", born, first.order)
    digest = _head_digest(lines)
    _items(context, lines, born)
    if stored is None:
        _new_order(context, order, born, lines)
    else:
        _old_order(context, stored, born, lines, digest)
    if context.known.digests.get(("ORDER", first.order)) != (order, digest):
        context.delta.remember("ORDER", first.order, order, digest)


def _moved(context: Context, lines: list[Line], stored: Record | None) -> str:
    """An external id belongs to one line of one order for ever."""
    for line in lines:
        record = context.known.digests.get(("ORDER_LINE", line.external_id))
        known = context.known.lines.get(record[0]) if record else None
        if known and known["order_id"] != (stored["id"] if stored else None):
            return f"line {line.external_id} was imported as part of another order"
    return ""


def _other_parties(context: Context, line: Line, stored: Record) -> str:
    masters = context.masters
    now = (
        masters.partners[line.seller], masters.partners[line.consignee] if line.consignee else None,
        masters.sites[line.consignee or "", line.site], line.currency,
    )  # fmt: skip
    if now != (stored["seller_id"], stored["consignee_id"], stored["ship_to_id"], stored["currency"]):
        return "it exists with another seller, consignee, site or currency"
    return ""


def _other_unit(context: Context, lines: list[Line]) -> str:
    for line in lines:
        stored = context.known.items.get(line.item)
        if stored and not units.compatible(stored["unit"], line.unit):
            return f"the item {line.item} is counted in {stored['unit']} in the hub"
    return ""


def _head(context: Context | None, lines: list[Line]) -> dict[str, Any]:
    """What the rows say about the order as a whole: the first known word; others are told."""
    found: dict[str, Any] = {}
    for name in _HEAD:
        values = list(dict.fromkeys(value for line in lines if (value := getattr(line, name)) is not None))
        found[name] = values[0] if values else None
        if len(values) > 1 and context is not None:
            done = f"rows of one order differ in {name}: the first is kept"
            context.findings.add(WARNING, "CONFLICT", lines[0].row, "order.number", lines[0].order, done)
    return found


def _head_digest(lines: list[Line]) -> str:
    return digest_of(min(line.placed_on for line in lines), lines[0].kind, *_head(None, lines).values())


def _items(context: Context, lines: list[Line], born: datetime) -> None:
    """The buyer's items: new ones are added; those the hub has stay as their owner keeps them."""
    for line in lines:
        if line.item in context.items:
            continue
        stored = context.known.items.get(line.item)
        context.items[line.item] = key = stored["id"] if stored else context.key("ITEM", born, line.item)
        if stored is None:
            context.delta.insert(
                ItemTable, id=key, owner_id=context.masters.buyer, number=line.item, description=line.description,
                unit=line.unit, lifecycle="SERIES", version=1, created_at=context.now,
            )  # fmt: skip
            fields = ["number", "description", "unit", "lifecycle"]
            context.delta.tell("ITEM", "ADDED", key, context.masters.buyer, (), fields)


def _parties(context: Context, line: Line) -> tuple[UUID, UUID | None]:
    partners = context.masters.partners
    return partners[line.seller], partners[line.consignee] if line.consignee else None


# -- new orders ------------------------------------------------------------------------------------------------------


def _new_order(context: Context, order: UUID, born: datetime, lines: list[Line]) -> None:
    first, masters = lines[0], context.masters
    seller, consignee = _parties(context, first)
    made = [_new_line(context, order, born, number, line) for number, line in enumerate(lines, 1)]
    context.delta.insert(
        OrderTable, id=order, kind=first.kind, buyer_id=masters.buyer, seller_id=seller, consignee_id=consignee,
        buyer_number=first.order, ship_to_id=masters.sites[first.consignee or "", first.site],
        currency=first.currency, status=rules.derived_status(row["status"] for row in made), placed_at=born,
        total_amount=rules.order_total([row["line_amount"] for row in made]), version=1, created_at=context.now,
        **_head(context, lines),
    )  # fmt: skip
    context.delta.counts.add("orders", CREATED)
    fields = [
        "kind", "status", "placedAt", "buyer", "seller", "consignee", "buyerNumber", "shipTo", "incoterm", "total",
        "lines",
    ]  # fmt: skip
    context.delta.tell("ORDER", "IMPORTED", order, masters.buyer, (seller, consignee), fields)


def _new_line(context: Context, order: UUID, born: datetime, line_no: int, line: Line) -> Row:
    """A line with its one schedule line, and the words that led to where it stands."""
    seller, consignee = _parties(context, line)
    key = context.key("ORDER_LINE", born, line.external_id)
    wish = context.key("SCHEDULE_LINE", born, line.external_id)
    row = context.delta.insert(
        OrderLineTable, id=key, order_id=order, line_no=line_no, buyer_id=context.masters.buyer, seller_id=seller,
        consignee_id=consignee, ship_to_id=context.masters.sites[line.consignee or "", line.site],
        external_id=line.external_id, currency=line.currency, received_damaged=NOTHING, version=1,
        **_line_fields(context, line),
    )  # fmt: skip
    context.delta.insert(
        ScheduleLineTable, id=wish, line_id=key, seq=1, received_damaged=NOTHING, version=1,
        first_promise_quantity=line.quantity if line.promised_on else None, first_promise_on=line.promised_on,
        **_wish_fields(line),
    )  # fmt: skip
    _say(context, wish, born, line, 1, "REQUEST")
    context.placed[line.external_id] = Placed(order, key, wish, row["item_id"], born)
    context.delta.remember("ORDER_LINE", line.external_id, key, _line_digest(line))
    context.delta.counts.add("lines", CREATED)
    context.delta.counts.add("schedule_lines", CREATED)
    return row


def _arrived(line: Line) -> Decimal:
    """What the file says has arrived: all of a line, or nothing. A day of arrival without a shipment is no delivery."""
    return line.quantity if line.shipment and line.arrived_on else NOTHING


def _state(line: Line) -> str:
    arrived = _arrived(line)
    return rules.moved_state(line.quantity, arrived, arrived) if line.promised_on or arrived else "SENT"


def _line_fields(context: Context, line: Line) -> Row:
    """The columns of a line that the file speaks of."""
    return {
        "item_id": context.items[line.item], "quantity": line.quantity, "unit": line.unit,
        "unit_price": line.unit_price, "line_amount": line.amount, "requested_on": line.requested_on,
        "note": line.note, "status": _state(line), "shipped": _arrived(line), "received_good": _arrived(line),
    }  # fmt: skip


def _wish_fields(line: Line) -> Row:
    """The columns of its schedule line that the file speaks of; the first promise is not among them."""
    return {
        "requested_quantity": line.quantity, "requested_on": line.requested_on, "state": _state(line),
        "last_promise_quantity": line.quantity if line.promised_on else None, "last_promise_on": line.promised_on,
        "shipped": _arrived(line), "received_good": _arrived(line),
    }  # fmt: skip


def _line_digest(line: Line) -> str:
    return digest_of(
        line.item, line.quantity, line.unit, line.unit_price, line.amount, line.requested_on, line.promised_on,
        line.note, line.shipment, line.arrived_on,
    )  # fmt: skip


def _say(context: Context, wish: UUID, born: datetime, line: Line, first: int, act: str) -> None:
    """What the buyer asked, and the seller's agreement if the file knows a promise. The importer states both."""
    said = [("BUYER", act, line.requested_on)]
    if line.promised_on:
        said.append(("SELLER", "ACCEPT", line.promised_on))
    for number, (side, word, day) in enumerate(said, first):
        key = context.key("REVISION", born, line.external_id, str(number))
        context.delta.insert(
            RevisionTable, id=key, schedule_line_id=wish, revision_no=number, side=side, act=word,
            reason="Imported from the buyer's records.", stated_by=str(context.masters.buyer), recorded_at=context.now,
            inside_frozen=False,
        )  # fmt: skip
        slice_key = context.key("SLICE", born, line.external_id, str(number))
        context.delta.insert(SliceTable, id=slice_key, revision_id=key, seq=1, quantity=line.quantity, due_on=day)


# -- orders the hub has ------------------------------------------------------------------------------------------------


def _old_order(context: Context, stored: Record, born: datetime, lines: list[Line], digest: str) -> None:
    """Only what the file says anew is compared; amounts and states of all lines give total and status."""
    after = {row["id"]: (row["line_amount"], row["status"]) for row in context.known.lines_of[stored["id"]]}
    last = max((row["line_no"] for row in context.known.lines_of[stored["id"]]), default=0)
    by_external = {row["external_id"]: row for row in context.known.lines_of[stored["id"]] if row["external_id"]}
    touched = False
    for line in lines:
        old = by_external.get(line.external_id)
        if old is None:
            last += 1
            row: Row | None = _new_line(context, stored["id"], born, last, line)
        else:
            row = _old_line(context, old, born, line)
        if row is not None:
            touched = True
            after[row["id"]] = row["line_amount"], row["status"]
    _old_head(context, stored, born, lines, digest, list(after.values()), touched)


def _old_head(
    context: Context, stored: Record, born: datetime, lines: list[Line], digest: str,
    after: list[tuple[Decimal | None, str]], touched: bool,
) -> None:  # fmt: skip
    new: Row = {name: stored[name] for name in ("kind", "placed_at", *_HEAD)}
    if context.known.digests.get(("ORDER", stored["buyer_number"])) != (stored["id"], digest):
        new = {"kind": lines[0].kind, "placed_at": born, **_head(context, lines)}
    if touched:
        new |= {
            "total_amount": rules.order_total([amount for amount, _ in after]),
            "status": rules.derived_status(status for _, status in after),
        }
    else:
        new |= {"total_amount": stored["total_amount"], "status": stored["status"]}
    changed = [name for name, value in new.items() if stored[name] != value]
    context.delta.counts.add("orders", UPDATED if touched or changed else UNCHANGED)
    if touched or changed:
        context.delta.update(OrderTable, {"id": stored["id"], **new, "version": stored["version"] + 1})
        fields = [*map(_graphql, changed), *(["lines"] if touched else []), "version"]
        parties = (stored["seller_id"], stored["consignee_id"])
        context.delta.tell("ORDER", "IMPORTED", stored["id"], stored["buyer_id"], parties, fields)


def _graphql(column: str) -> str:
    if column == "total_amount":
        return "total"
    head, *rest = column.removesuffix("_id").split("_")
    return head + "".join(part.capitalize() for part in rest)


def _old_line(context: Context, old: Record, born: datetime, line: Line) -> Row | None:
    """The line with what the file changed; None if that is nothing. Equal cells never overwrite later agreements."""
    counts, digest = context.delta.counts, _line_digest(line)
    schedule = context.known.schedule[old["id"]]
    same = context.known.digests.get(("ORDER_LINE", line.external_id)) == (old["id"], digest)
    if len(schedule) != 1 or (not same and schedule[0]["state"] in (*order_states.OVER, "CHANGE_REQUESTED")):
        if not same:
            done = "the line was split, closed or is being negotiated in the hub: left as it is"
            context.findings.add(WARNING, "KEPT", line.row, "line.external_id", line.external_id, done)
        counts.add("lines", UNCHANGED)
        counts.add("schedule_lines", UNCHANGED, len(schedule))
        return None
    wish = schedule[0]
    context.placed[line.external_id] = Placed(old["order_id"], old["id"], wish["id"], context.items[line.item], born)
    changed = None if same else _changed_line(context, old, wish, born, line)
    if not same:
        context.delta.remember("ORDER_LINE", line.external_id, old["id"], digest)
    counts.add("lines", UPDATED if changed else UNCHANGED)
    if not changed:
        counts.add("schedule_lines", UNCHANGED)
    return changed


def _changed_line(context: Context, old: Record, wish: Record, born: datetime, line: Line) -> Row | None:
    new = _line_fields(context, line)
    wished = _wish_fields(line)
    if context.known.shipped[old["id"]] and not line.shipment:
        # The file no longer names a shipment; the one the hub has is a fact until somebody corrects it.
        kept = ("shipped", "received_good")
        new |= {name: old[name] for name in (*kept, "status")}
        wished |= {name: wish[name] for name in (*kept, "state")}
    first = {"first_promise_quantity": wish["first_promise_quantity"], "first_promise_on": wish["first_promise_on"]}
    if first["first_promise_on"] is None and line.promised_on:
        first = {"first_promise_quantity": line.quantity, "first_promise_on": line.promised_on}
    moved = any(wish[name] != value for name, value in (wished | first).items())
    if not moved and all(old[name] == value for name, value in new.items()):
        return None
    if was := {name: old[name] for name in ("item_id", "requested_on") if old[name] != new[name]}:
        parties, fields = (old["seller_id"], old["consignee_id"]), [_graphql(name) for name in was]
        context.delta.tell("ORDER_LINE", "IMPORTED", old["id"], old["buyer_id"], parties, fields, was)
    row = {"id": old["id"], **new, "version": old["version"] + 1}
    context.delta.update(OrderLineTable, row)
    context.delta.counts.add("schedule_lines", UPDATED if moved else UNCHANGED)
    if moved:
        version = wish["version"] + 1
        context.delta.update(ScheduleLineTable, {"id": wish["id"], **wished, **first, "version": version})
        _say_again(context, wish, wished, born, line)
    return row


def _say_again(context: Context, wish: Record, wished: Row, born: datetime, line: Line) -> None:
    """A new request and its answer, if quantity or a day changed."""
    asked = ("requested_quantity", "requested_on", "last_promise_on")
    if any(wish[name] != wished[name] for name in asked):
        act = "REQUEST_CHANGE" if wish["first_promise_on"] else "REQUEST"
        _say(context, wish["id"], born, line, context.known.words.get(wish["id"], 0) + 1, act)
