"""Orders and shipments judged: late, early, unanswered, and less received than was sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from scmhub.clock import render
from scmhub.database.unit import Unit
from scmhub.exceptions import pieces
from scmhub.exceptions.found import About, Finding, Piece
from scmhub.exceptions.tolerances import Tolerances, in_force
from scmhub.ids import public_id
from scmhub.measures import exceptions as measure
from scmhub.partners import order_states
from scmhub.quantity import render_decimal
from scmhub.records.orders import rules
from scmhub.records.orders.rules import Slice

CRITERIA = ("LATE_ORDER", "EARLY_ORDER", "RESPONSE_REQUIRED", "FROZEN_CHANGE")
RECEIPT_CRITERIA = ("RECEIPT_VARIANCE",)
_ASKS_SELLER, _ASKS_BUYER = ("SENT", "BUYER_PROPOSED"), ("SELLER_PROPOSED",)
_SCHEDULE = """
select sl.id, sl.state, sl.version, sl.last_promise_on, sl.last_promise_quantity, l.id as line_id, l.buyer_id,
       sl.received_good + sl.received_damaged as received, l.seller_id, l.consignee_id, l.item_id, l.ship_to_id,
       l.requested_on, l.version as line_version, (($3)::timestamptz at time zone s.time_zone)::date as today,
       r.side, r.recorded_at
from order_line l
join schedule_line sl on sl.line_id = l.id
join site s on s.id = l.ship_to_id
left join lateral (
  select side, recorded_at from schedule_revision v where v.schedule_line_id = sl.id order by v.revision_no desc limit 1
) r on true
where l.order_id = any($1::uuid[]) and $2 in (l.buyer_id, l.seller_id)
order by sl.id
"""
_UNDER_WAY = """
select x.id, x.schedule_line_id, x.quantity, x.arrival_on, x.seller_id, x.buyer_id, x.consignee_id, x.carrier_id,
       x.item_id, x.ship_to_id
from shipment_line x join shipment h on h.id = x.shipment_id
where x.schedule_line_id = any($1::uuid[]) and h.state in ('PLANNED', 'DEPARTED', 'ARRIVED')
  and $2 in (x.buyer_id, x.seller_id)
order by x.arrival_on, x.id
"""
_MARKED = """
select r.schedule_line_id, r.revision_no, r.side, r.recorded_at, x.asked, x.due_on, x.quantity
from schedule_revision r
left join schedule_revision n on (n.schedule_line_id, n.revision_no) = (r.schedule_line_id, r.revision_no + 1)
left join lateral (
  select b.id from schedule_revision b
  where b.schedule_line_id = r.schedule_line_id and b.act = 'ACCEPT' and b.revision_no < r.revision_no
  order by b.revision_no desc limit 1
) b on true
left join lateral (
  select s.revision_id = r.id as asked, s.due_on, s.quantity from schedule_slice s where s.revision_id in (r.id, b.id)
) x on true
where r.schedule_line_id = any($1::uuid[]) and r.inside_frozen and coalesce(n.act, 'ACCEPT') = 'ACCEPT'
order by r.schedule_line_id, r.revision_no
"""
"""Changes inside a frozen fence that are asked for or were accepted, with what was agreed before and what is asked."""
_RECEIVED = """
select x.id, x.quantity, x.arrival_on, x.seller_id, x.buyer_id, x.consignee_id, x.carrier_id, x.item_id, x.ship_to_id,
       r.seq, r.good, r.damaged, r.recorded_at
from shipment_line x
join lateral (select * from receipt c where c.shipment_line_id = x.id order by c.seq desc limit 1) r on true
where x.shipment_id = any($1::uuid[]) and x.buyer_id = $2
order by x.id
"""
_RECEIVED_SUBJECTS = "select id from shipment_line where shipment_id = any($1::uuid[]) and buyer_id = $2"


async def judge_orders(unit: Unit, orders: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (schedule lines) and what is out of tolerance for the acting partner, of orders it is a side of."""
    rows = await unit.rows(_SCHEDULE, list(orders), unit.partner_id, unit.now)
    moving: dict[UUID, list[Any]] = {}
    for each in await unit.rows(_UNDER_WAY, [row["id"] for row in rows], unit.partner_id):
        moving.setdefault(each["schedule_line_id"], []).append(each)
    known = await in_force(unit, {_other(unit, row) for row in rows}, unit.now.date())
    asked = {
        key: list(said)
        for key, said in groupby(
            await unit.rows(_MARKED, [row["id"] for row in rows]), lambda said: said["schedule_line_id"]
        )
    }
    # By what held when a change was asked for: that is when it was marked.
    held = await _held(unit, ((_asked_on(asked[row["id"]]), _other(unit, row)) for row in rows if row["id"] in asked))
    findings: list[Finding] = []
    for row in rows:
        about = About(unit.partner_id, _other(unit, row), _subject(row), row["item_id"], row["ship_to_id"])
        findings += _waiting(unit, about, row, known)
        if said := asked.get(row["id"]):
            findings += _frozen(unit, about, row, said, held[_asked_on(said)])
        outstanding = row["state"] in order_states.OUTSTANDING and row["last_promise_on"] is not None
        if outstanding and row["buyer_id"] == unit.partner_id:
            findings += _delivery(about, row, moving.get(row["id"], []), known)
    return [_subject(row) for row in rows], findings


def _other(unit: Unit, row: Any) -> UUID:
    other: UUID = row["seller_id"] if row["buyer_id"] == unit.partner_id else row["buyer_id"]
    return other


def _subject(row: Any) -> str:
    return public_id("scl", row["id"])


def _delivery(about: About, row: Any, moving: Sequence[Any], known: Tolerances) -> list[Finding]:
    """Late or early, against the last promise."""
    promised: date = row["last_promise_on"]
    outstanding = row["last_promise_quantity"] - row["received"]
    promise = [
        _line_piece(row, "schedule.lastPromiseOn", str(promised), ("promises",)),
        _line_piece(row, "schedule.lastPromiseQuantity", render_decimal(row["last_promise_quantity"]), ("promises",)),
        _line_piece(row, "schedule.received", render_decimal(row["received"]), ("fulfilment",)),
    ]
    arrivals = [pieces.shipped(each, "arrivalOn", str(each["arrival_on"]), ()) for each in moving]
    all_moving = sum(each["quantity"] for each in moving) >= outstanding
    last = moving[-1]["arrival_on"] if moving and all_moving else None
    late = measure.late_days(promised, outstanding, row["today"], last)
    first = moving[0]["arrival_on"] if moving and outstanding > 0 else None
    early = measure.early_days(promised, first)
    place = (about.other, about.item, about.site, row["seller_id"])
    at_the_end = (*promise, *(arrivals if last else []))
    return [
        *about.finding("LATE_ORDER", late, known.of("LATE_ORDER", *place), at_the_end),
        *about.finding("EARLY_ORDER", early, known.of("EARLY_ORDER", *place), (promise[0], *arrivals[:1])),
    ]


def _waiting(unit: Unit, about: About, row: Any, known: Tolerances) -> list[Finding]:
    """A question of the acting partner that the other side has not answered."""
    if row["recorded_at"] is None or _asked(row) != unit.partner_id:
        return []
    subject = "CHANGE" if row["state"] == "CHANGE_REQUESTED" else "ORDER"
    tolerance = known.response(subject, about.other, row["seller_id"])
    waited = measure.waiting_days(row["recorded_at"], unit.now)
    evidence = (
        _line_piece(row, "schedule.state", row["state"], ()),
        _line_piece(row, "schedule.revisions.recordedAt", render(row["recorded_at"]), ("promises",)),
    )
    return about.finding("RESPONSE_REQUIRED", waited, tolerance, evidence)


async def _held(unit: Unit, days: Iterable[tuple[date, UUID]]) -> dict[date, Tolerances]:
    """What held on each day with the others of that day: read once a day and partner, not once a line."""
    others: dict[date, set[UUID]] = defaultdict(set)
    for day, other in days:
        others[day].add(other)
    return {day: await in_force(unit, theirs, day) for day, theirs in others.items()}


def _asked_on(said: Sequence[Any]) -> date:
    """The day of the newest of these changes."""
    day: date = said[-1]["recorded_at"].date()
    return day


def _frozen(unit: Unit, about: About, row: Any, said: Sequence[Any], known: Tolerances) -> list[Finding]:
    """The newest change of the other side inside the fence they signed, until its days are over."""
    asked_on = _asked_on(said)
    said = [each for each in said if each["revision_no"] == said[-1]["revision_no"]]
    if (row["buyer_id"] if said[0]["side"] == "BUYER" else row["seller_id"]) == unit.partner_id:
        return []
    was, wanted = (
        [Slice(each["quantity"], each["due_on"]) for each in said if each["asked"] is side] for side in (False, True)
    )
    fence = known.fence(about.other, about.item, row["seller_id"])
    days = [day for day in rules.touched_days(was, wanted) if rules.inside_frozen(day, asked_on, fence.days)]
    if not days or days[-1] < row["today"]:
        return []
    agreed, asked = ({each.due_on: each.quantity for each in slices} for slices in (was, wanted))
    off = measure.frozen_order(agreed, asked, days)
    tolerance = known.of("FROZEN_CHANGE", about.other, about.item, about.site, row["seller_id"])
    evidence = (
        _line_piece(row, "schedule.revisions.recordedAt", render(said[0]["recorded_at"]), ("promises",)),
        *(_slices_piece(row, slices, days) for slices in (agreed, asked)), *about.fence(fence),
    )  # fmt: skip
    return about.finding("FROZEN_CHANGE", off, tolerance, evidence, days[0])


def _slices_piece(row: Any, slices: dict[date, Decimal], days: Sequence[date]) -> Piece:
    """What is said for these days."""
    value = ", ".join(f"{render_decimal(slices.get(day, Decimal(0)))} on {day}" for day in days)
    return _line_piece(row, "schedule.revisions.slices", value, ("promises",))


def _asked(row: Any) -> UUID | None:
    """Who waits for an answer."""
    if row["state"] in _ASKS_SELLER or (row["state"] == "CHANGE_REQUESTED" and row["side"] == "BUYER"):
        return row["buyer_id"]  # type: ignore[no-any-return]
    if row["state"] in _ASKS_BUYER or row["state"] == "CHANGE_REQUESTED":
        return row["seller_id"]  # type: ignore[no-any-return]
    return None


def _line_piece(row: Any, field: str, value: str, groups: tuple[str, ...]) -> Piece:
    return pieces.line(row, row["line_id"], row["requested_on"], field, value, groups, row["line_version"])


async def judge_receipts(unit: Unit, shipments: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (shipment lines) and what is out of tolerance, of shipments the acting partner bought."""
    rows = await unit.rows(_RECEIVED, list(shipments), unit.partner_id)
    # By what held when it was counted: a clause signed later says nothing of it, however late this is looked at.
    held = await _held(unit, ((row["recorded_at"].date(), row["seller_id"]) for row in rows))
    findings: list[Finding] = []
    for row in rows:
        known = held[row["recorded_at"].date()]
        subject = public_id("shl", row["id"])
        about = About(unit.partner_id, row["seller_id"], subject, row["item_id"], row["ship_to_id"])
        tolerance = known.of("RECEIPT_VARIANCE", about.other, about.item, about.site, row["seller_id"])
        off = measure.receipt_variance(row["quantity"], row["good"], row["damaged"])
        evidence = (
            pieces.shipped(row, "quantity", render_decimal(row["quantity"]), ()),
            *pieces.counted(row, "good", "damaged"),
        )  # fmt: skip
        findings += about.finding("RECEIPT_VARIANCE", off, tolerance, evidence)
    subjects = await unit.rows(_RECEIVED_SUBJECTS, list(shipments), unit.partner_id)
    return [public_id("shl", row["id"]) for row in subjects], findings
