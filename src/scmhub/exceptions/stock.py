"""Stock judged: below its target, not restated, and where demand and promises will take it.

The projection starts from the newest statement and goes by weeks: less the owner's own demand at the place (of the
running week, the days that are left), plus what was received since, plus what is promised and outstanding. An overdue
promise is a late order, not inbound. It ends before the first week whose demand is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.clock import render
from scmhub.database.unit import Unit
from scmhub.exceptions.found import About, Finding, Piece, Where
from scmhub.exceptions.tolerances import Tolerances, in_force
from scmhub.ids import public_id
from scmhub.measures import exceptions as measure
from scmhub.measures.result import ratio
from scmhub.measures.stock import project
from scmhub.quantity import render_decimal

CRITERIA = ("BELOW_TARGET", "STALE", "SHORTAGE", "EXCESS")
WEEKS = 13
"""How far a projection goes: a quarter."""
_WEEK = timedelta(days=7)
_POSITIONS = """
select p.*, not exists (
  select from inventory_position o where (o.owner_id, o.holder_id, o.site_id, o.item_id)
    = (p.owner_id, p.holder_id, p.site_id, p.item_id) and (o.as_of, o.id) > (p.as_of, p.id)) as newest
from inventory_position p
where p.id = any($1::uuid[]) and p.owner_id = $2
order by p.id
"""
_DEMAND = """
select n.id as position, p.id, p.starts_on, p.quantity, p.known_from, p.version_no_from, p.publisher_id,
       p.counterparty_id, p.item_id, p.site_id
from inventory_position n
join time_series t
  on (t.publisher_id, t.item_id, t.site_id, t.unit) = (n.owner_id, n.item_id, n.site_id, n.unit)
join series_point p on p.series_id = t.id
where n.id = any($1::uuid[]) and t.measure = 'DEMAND' and t.bucket = 'WEEK' and p.known_until is null
  and p.starts_on between $2 and $3
order by p.starts_on, p.id
"""
_INBOUND = """
select n.id as position, sl.last_promise_on as due_on, l.id, l.version, l.buyer_id, l.seller_id, l.consignee_id,
       sl.last_promise_quantity - sl.received_good - sl.received_damaged as quantity, l.item_id, l.ship_to_id,
       l.requested_on
from inventory_position n
join order_line l on (l.buyer_id, l.item_id, l.ship_to_id, l.unit) = (n.owner_id, n.item_id, n.site_id, n.unit)
join schedule_line sl on sl.line_id = l.id
where n.id = any($1::uuid[]) and sl.last_promise_on between $2 and $3
  and sl.state in ('CONFIRMED', 'CHANGE_REQUESTED', 'PART_SHIPPED', 'SHIPPED', 'PART_RECEIVED')
  and sl.last_promise_quantity > sl.received_good + sl.received_damaged
order by sl.last_promise_on, sl.id
"""
_RECEIVED = """
select n.id as position, sum(r.good) as good
from inventory_position n
join shipment_line x on (x.buyer_id, x.item_id, x.ship_to_id, x.unit) = (n.owner_id, n.item_id, n.site_id, n.unit)
join lateral (select good, received_at from receipt c where c.shipment_line_id = x.id order by c.seq desc limit 1) r
  on r.received_at > n.as_of
where n.id = any($1::uuid[]) and x.arrival_on >= n.as_of_on - 1
group by n.id
"""


@dataclass(slots=True)
class _Outlook:
    """Weeks ahead of one position: (start, demand, stock at the end), and what they were made from."""

    weeks: list[tuple[date, Decimal, Decimal]] = field(default_factory=list)
    evidence: dict[date, list[Piece]] = field(default_factory=lambda: defaultdict(list))

    def until(self, last: date) -> tuple[Piece, ...]:
        return tuple(piece for start in sorted(self.evidence) if start <= last for piece in self.evidence[start])


async def judge(unit: Unit, positions: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (positions) and what is out of tolerance for the acting partner, their owner."""
    rows = await unit.rows(_POSITIONS, list(positions), unit.partner_id)
    known = await in_force(unit, {row["holder_id"] for row in rows}, unit.now.date())
    newest = [row for row in rows if row["newest"]]
    outlooks = await _outlooks(unit, newest)
    findings: list[Finding] = []
    for row in rows:
        holder = None if row["holder_id"] == row["owner_id"] else row["holder_id"]
        about = About(unit.partner_id, holder, _subject(row), row["item_id"], row["site_id"])
        findings += _stale(unit, about, row, known)
        if row["newest"]:
            findings += _below(about, row, known)
            findings += _ahead(about, row, outlooks[row["id"]], known)
    return [_subject(row) for row in rows], findings


def _subject(row: Any) -> str:
    return public_id("inv", row["id"])


def _stale(unit: Unit, about: About, row: Any, known: Tolerances) -> list[Finding]:
    alone = About(about.affected, None, about.subject, about.item, about.site)
    answerable = about if row["stated_by"] != row["owner_id"] else alone
    tolerance = known.of("STALE", answerable.other, about.item, about.site)
    age = measure.age_days(row["as_of"], unit.now)
    return answerable.finding("STALE", age, tolerance, (_piece(row, "asOf", render(row["as_of"]), ()),))


def _below(about: About, row: Any, known: Tolerances) -> list[Finding]:
    """Against the target; where only a minimum is set, against that."""
    name = "target" if row["target"] is not None else "minimum"
    off = measure.below(row["available"], row[name])
    if off is None:
        return []
    tolerance = known.of("BELOW_TARGET", about.other, about.item, about.site)
    evidence = (_stock_piece(row), _piece(row, name, render_decimal(row[name]), ("targets",)))
    return about.finding("BELOW_TARGET", off, tolerance, evidence)


def _ahead(about: About, row: Any, outlook: _Outlook, known: Tolerances) -> list[Finding]:
    """Where the stock will go: for the owner alone, since demand and promises have other sides than the stock."""
    alone = About(about.affected, None, about.subject, about.item, about.site)
    findings: list[Finding] = []
    short = measure.shortage(outlook.weeks)
    if short:
        tolerance = known.of("SHORTAGE", None, about.item, about.site)
        evidence = (_stock_piece(row), *outlook.until(short.starts_on))
        findings += alone.finding("SHORTAGE", short.variance, tolerance, evidence, short.starts_on)
    full = measure.excess(outlook.weeks, row["maximum"])
    if full:
        tolerance = known.of("EXCESS", None, about.item, about.site)
        limit = _piece(row, "maximum", render_decimal(row["maximum"]), ("targets",))
        evidence = (_stock_piece(row), limit, *outlook.until(full.starts_on))
        findings += alone.finding("EXCESS", full.variance, tolerance, evidence, full.starts_on)
    return findings


async def _outlooks(unit: Unit, rows: Sequence[Any]) -> dict[UUID, _Outlook]:
    """The outlook of each position, from one reading of demand, promises and receipts for all of them."""
    keys, today = [row["id"] for row in rows], unit.now.date()
    if not keys:
        return {}
    last = today + WEEKS * _WEEK
    first = min(_monday(row["as_of"].date()) for row in rows)
    points: dict[UUID, dict[date, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for each in await unit.rows(_DEMAND, keys, first, last):
        points[each["position"]][each["starts_on"]].append(each)
    coming: dict[UUID, dict[date, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for each in await unit.rows(_INBOUND, keys, today, last):
        coming[each["position"]][_monday(each["due_on"])].append(each)
    received = {each["position"]: each["good"] for each in await unit.rows(_RECEIVED, keys)}
    return {
        key: _weeks(row, points[key], coming[key], received.get(key, Decimal(0)))
        for key, row in zip(keys, rows, strict=True)
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(
    row: Any, points: dict[date, list[Any]], coming: dict[date, list[Any]], received: Decimal
) -> _Outlook:
    """The weeks from that of the statement to the first whose demand is unknown."""
    stated = row["as_of"].date()
    first = _monday(stated)
    outlook, demand, inbound, start = _Outlook(), [], [], first
    while start in points:
        wanted = sum((each["quantity"] for each in points[start]), Decimal(0))
        demand.append(left_of_week(wanted, stated) if start == first else wanted)
        arriving = sum((each["quantity"] for each in coming[start]), Decimal(0))
        inbound.append(arriving + (received if start == first else 0))
        outlook.evidence[start] += [*map(_demand_piece, points[start]), *map(_promise_piece, coming[start])]
        start += _WEEK
    starts = [first + number * _WEEK for number in range(len(demand))]
    for each, wanted, stock in zip(starts, demand, project(row["available"], demand, inbound), strict=True):
        assert stock is not None
        outlook.weeks.append((each, wanted, stock))
    return outlook


def left_of_week(demand: Decimal, day: date) -> Decimal:
    """The share of a week's demand after a day of it, in sevenths. 70 on a Monday: 60; on a Sunday: 0."""
    return ratio(demand * (6 - day.weekday()), Decimal(7))


# -- evidence ----------------------------------------------------------------------------------------------------------


def _piece(row: Any, name: str, value: str, groups: tuple[str, ...]) -> Piece:
    sides = tuple(dict.fromkeys((row["owner_id"], row["holder_id"])))
    where = Where("INVENTORY", row["owner_id"], sides, row["item_id"], row["site_id"], row["as_of_on"])
    return Piece("InventoryPosition", _subject(row), name, value, where, groups, row["version"], row["as_of"])


def _stock_piece(row: Any) -> Piece:
    return _piece(row, "available", render_decimal(row["available"]), ("stock",))


def _demand_piece(row: Any) -> Piece:
    sides = tuple(each for each in (row["publisher_id"], row["counterparty_id"]) if each)
    where = Where("FORECAST", row["publisher_id"], sides, row["item_id"], row["site_id"], row["starts_on"])
    return Piece(
        "ForecastPoint", public_id("fcp", row["id"]), "quantity", render_decimal(row["quantity"]), where, ("quantity",),
        row["version_no_from"], row["known_from"],
    )  # fmt: skip


def _promise_piece(row: Any) -> Piece:
    sides = tuple(each for each in (row["buyer_id"], row["seller_id"], row["consignee_id"]) if each)
    where = Where("ORDER", row["buyer_id"], sides, row["item_id"], row["ship_to_id"], row["requested_on"])
    value = f"{render_decimal(row['quantity'])} on {row['due_on']}"
    return Piece(
        "OrderLine", public_id("orl", row["id"]), "schedule.lastPromiseQuantity", value, where,
        ("promises", "fulfilment"), row["version"],
    )  # fmt: skip
