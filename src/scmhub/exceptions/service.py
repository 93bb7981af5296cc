"""Signed service levels judged: what came in a period, once it is over, against the least that was agreed.

acme and bolt sign on 10 March that from 1 April on, each month, 95 per cent of the deliveries come on time and in full.
On 3 May (the last day of April may be a day late, and the day must be over everywhere) April is judged: 90 per cent, a
breach for acme. It stands until a later month meets the level; then it returns. Deliveries of March count in nothing.

Looked at once a day: a period that is over changes only by late corrections.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.database.tables import listed
from scmhub.database.unit import Unit
from scmhub.exceptions import pieces
from scmhub.exceptions.found import About, Finding, Piece, Where, signed
from scmhub.exceptions.tolerances import GRAVE_POINTS, Signed, Tolerance
from scmhub.ids import public_id
from scmhub.measures import service as measure
from scmhub.measures.periods import moved, period_of
from scmhub.measures.result import Result
from scmhub.measures.service import Delivery, Window
from scmhub.partners import order_states, units
from scmhub.partners.agreements import BINDING
from scmhub.quantity import render_decimal

CRITERIA = ("SERVICE_LEVEL",)
MOST_DAYS = 400
"""So far back is looked: a period that ended before is not judged any more."""
MOST_PIECES = 240
"""Records named as evidence; those that fell short first."""
JUDGED_AFTER_DAYS = 560
"""A clause that has ended is looked at for so long: two periods, and a year's lateness."""
_WHOLE_DAYS = 2
"""When so many days have passed in UTC, a day is over at every site."""
_CLAUSES = f"""
select c.*, v.agreement_id, v.version_no, v.in_force_from, v.in_force_until, v.provider_id, v.recipient_id,
       i.unit as item_unit,
       array(select o.item_id from service_level_clause o
             where o.version_id = c.version_id and o.measure = c.measure and o.item_id is not null) as apart
from service_level_clause c
join agreement_version v on v.id = c.version_id
left join item i on i.id = c.item_id
where c.id = any($1::uuid[]) and v.recipient_id = $2 and v.state in {listed(BINDING)}
order by c.id
"""
_DUE = """
select * from (
  select sl.id, sl.version, sl.state, l.id as line_id, l.buyer_id, l.seller_id, l.consignee_id, l.item_id,
         l.ship_to_id, l.requested_on as line_requested_on, l.unit, i.unit as item_unit,
         case $3 when 'REQUESTED' then sl.requested_on when 'FIRST_PROMISE' then sl.first_promise_on
                 else sl.last_promise_on end as due_on,
         case $3 when 'REQUESTED' then sl.requested_quantity when 'FIRST_PROMISE' then sl.first_promise_quantity
                 else sl.last_promise_quantity end as wanted
  from order_line l join schedule_line sl on sl.line_id = l.id join item i on i.id = l.item_id
  where l.buyer_id = $1 and l.seller_id = $2 and sl.state not in ('DRAFT', 'REJECTED', 'CANCELLED')
    and ($6::uuid is null and not l.item_id = any($7::uuid[]) or l.item_id = $6)
) d
where d.due_on between $4 and $5 and d.wanted > 0
order by d.due_on, d.id
"""
_CAME = """
select x.schedule_line_id, r.good, (r.received_at at time zone s.time_zone)::date as came_on
from shipment_line x
join site s on s.id = x.ship_to_id
join lateral (select * from receipt c where c.shipment_line_id = x.id order by c.seq desc limit 1) r on true
where x.schedule_line_id = any($1::uuid[]) and x.buyer_id = $2 and r.good > 0
order by came_on, x.id
"""
_STOCK = """
select x.*, p.version from inventory_statement x join inventory_position p on p.id = x.position_id
where x.item_id = $3 and (x.owner_id, x.holder_id) in (($1, $2), ($2, $1)) and x.as_of_on <= $4
order by x.site_id, x.as_of, (x.stated_by = x.owner_id), x.id
"""
_PROMISED = {"REQUESTED": "requested", "FIRST_PROMISE": "firstPromise", "LAST_PROMISE": "lastPromise"}


@dataclass(frozen=True, slots=True)
class _Period:
    """A period that is over, as far as the clause was in force in it."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class _Measured:
    """The figure of a period and the values it was made of, those that fell short first."""

    figure: Result[Decimal]
    pieces: tuple[Piece, ...] = ()


async def judge(unit: Unit, clauses: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (clauses) and the periods below their level, for the acting partner, who was to be served."""
    findings: list[Finding] = []
    rows = await unit.rows(_CLAUSES, list(clauses), unit.partner_id)
    for row in rows:
        findings += await _standing(unit, row)
    return [_subject(row) for row in rows], findings


def _subject(row: Any) -> str:
    return public_id("clv", row["id"])


async def _standing(unit: Unit, clause: Any) -> list[Finding]:
    """The newest periods below the level, back to one that met it. A period without deliveries says nothing."""
    periods = list(_over(clause, unit.now.date()))
    if not periods:
        return []
    measured = await (_stocked if clause["due"] is None else _delivered)(unit, clause, periods)
    findings: list[Finding] = []
    for period, each in zip(periods, measured, strict=True):
        if each.figure.value is None:
            continue
        found = _finding(unit, clause, period, each.figure.value, each)
        if not found:
            break
        findings += found
    return findings


def _over(clause: Any, today: date) -> Iterator[_Period]:
    """Periods of a clause that are over, newest first; none once there has been time to act on its last one."""
    bucket, until = clause["period"], clause["in_force_until"] or date.max
    wait = timedelta(days=(clause["late_days"] or 0) + _WHOLE_DAYS)
    begun = period_of(bucket, min(today, until))
    if until < today and moved(bucket, begun, 2) + wait <= today:
        return
    first = max(clause["in_force_from"], today - timedelta(days=MOST_DAYS))
    while (last := min(moved(bucket, begun, 1) - timedelta(days=1), until)) >= first:
        if last + wait <= today:
            yield _Period(max(begun, clause["in_force_from"]), last)
        begun = moved(bucket, begun, -1)


def _finding(unit: Unit, clause: Any, period: _Period, figure: Decimal, measured: _Measured) -> list[Finding]:
    at_least, item = clause["at_least"], clause["item_id"]
    signers = (clause["provider_id"], clause["recipient_id"])
    text = Signed(clause["version_no"], public_id("agr", clause["agreement_id"]), signers)
    about = About(unit.partner_id, clause["provider_id"], _subject(clause), item, None)
    tolerance = Tolerance(
        version=text.version, agreement=text.agreement, signers=signers, allowed=Decimal(0), grave=Decimal(GRAVE_POINTS)
    )
    where = Where("AGREEMENT", signers[0], signers, item)
    shown = Piece(
        "ServiceLevelClause", about.subject, clause["measure"], render_decimal(figure), where, None, text.version
    )
    return about.finding(
        "SERVICE_LEVEL", at_least - figure, tolerance, (shown, *measured.pieces[:MOST_PIECES]), period.first,
        signed(text, "serviceLevels.atLeast", at_least, item, None),
    )  # fmt: skip


# -- deliveries --------------------------------------------------------------------------------------------------------


async def _delivered(unit: Unit, clause: Any, periods: Sequence[_Period]) -> list[_Measured]:
    rows = await unit.rows(
        _DUE, unit.partner_id, clause["provider_id"], clause["due"], periods[-1].first, periods[0].last,
        clause["item_id"], clause["apart"],
    )  # fmt: skip
    came: dict[UUID, list[tuple[date, Decimal]]] = defaultdict(list)
    for each in await unit.rows(_CAME, [row["id"] for row in rows], unit.partner_id):
        came[each["schedule_line_id"]].append((each["came_on"], each["good"]))
    window = Window(clause["early_days"], clause["late_days"], clause["short_allowed"] or Decimal(0))
    return [
        _of_deliveries(clause, window, [(row, _delivery(row, came[row["id"]])) for row in rows
                                        if period.first <= row["due_on"] <= period.last])
        for period in periods
    ]  # fmt: skip


def _delivery(row: Any, came: Sequence[tuple[date, Decimal]]) -> Delivery:
    good = tuple((day, _base(row, much)) for day, much in came)
    return Delivery(row["due_on"], _base(row, row["wanted"]), good, row["state"] not in order_states.OPEN)


def _base(row: Any, amount: Decimal) -> Decimal:
    """In the item's unit, so that orders in pieces and in dozens add up; where no factor leads there, as it is."""
    known = units.convertible(row["unit"], row["item_unit"])
    return units.convert(amount, row["unit"], row["item_unit"]) if known else amount


def _of_deliveries(clause: Any, window: Window, found: Sequence[tuple[Any, Delivery]]) -> _Measured:
    figure = measure.service_level(clause["measure"], [delivery for _, delivery in found], window)
    short = sorted(found, key=lambda each: measure.met(clause["measure"], each[1], window))
    return _Measured(figure, tuple(piece for row, each in short for piece in _pieces(clause["due"], row, each)))


def _pieces(due: str, row: Any, delivery: Delivery) -> Iterator[Piece]:
    groups = () if due == "REQUESTED" else ("promises",)
    wanted = f"{render_decimal(delivery.wanted)} on {delivery.due_on}"
    yield _of_line(row, f"schedule.{_PROMISED[due]}On", wanted, groups)
    arrived = ", ".join(f"{render_decimal(much)} on {day}" for day, much in delivery.came) or "0"
    yield _of_line(row, "schedule.receivedGood", arrived, ("fulfilment",))


def _of_line(row: Any, field: str, value: str, groups: tuple[str, ...]) -> Piece:
    return pieces.line(row, row["line_id"], row["line_requested_on"], field, value, groups, row["version"])


# -- stock -------------------------------------------------------------------------------------------------------------


async def _stocked(unit: Unit, clause: Any, periods: Sequence[_Period]) -> list[_Measured]:
    """What one of the two owns and the other keeps: both see it. Several places: each day is looked at in each."""
    rows = await unit.rows(_STOCK, unit.partner_id, clause["provider_id"], clause["item_id"], periods[0].last)
    return [_of_stock(rows, period) for period in periods]


def _of_stock(rows: Sequence[Any], period: _Period) -> _Measured:
    said = [row for row in rows if row["as_of_on"] <= period.last]
    places: dict[UUID, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in said:
        places[row["site_id"]].append((row["as_of_on"], row["available"]))
    figure = measure.ready_rate(list(places.values()), period.first, period.last)
    empty = [row for row in said if row["as_of_on"] >= period.first and not row["available"]]
    return _Measured(figure, tuple(pieces.stock({**row, "id": row["position_id"]}) for row in empty))
