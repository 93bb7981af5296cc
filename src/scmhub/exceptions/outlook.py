"""Where an owner's stock will go: the projection of the single channel (``records.channel``), as its owner sees it.

acme is told that its castings run out in week 12 by the very figures that ``channel`` shows it for that week: what it
needs, what bolt commits to, has promised and sent. So there is one definition. It is the channel of one site, and of
the item under the owner's own number: what other numbers of it would add is not read here.
Here the rows are read, as the owner, with the value each of them gives to the projection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from scmhub.database.tables import listed
from scmhub.database.unit import Unit
from scmhub.exceptions import pieces
from scmhub.exceptions.found import Piece
from scmhub.ids import public_id
from scmhub.measures.figures import Figure, exact
from scmhub.measures.periods import starts
from scmhub.partners import order_states, units
from scmhub.records.channel.lanes import Calendar, Lane, Records, lane, newest, same_stock
from scmhub.records.channel.rows import Load, Position, Receipt, Series, Wish

WEEKS = 13
"""How far a projection goes: a quarter."""
_POINTS = {"DEMAND": ("ForecastPoint", "fcp", "FORECAST"), "COMMIT": ("CommitPoint", "cmp", "COMMIT"),
           "PRODUCTION": ("ProductionPlanPoint", "ppp", "PRODUCTION")}  # fmt: skip
_STOCK = """
select p.*, i.unit as base from inventory_position p join item i on i.id = p.item_id
where p.owner_id = $1 and p.item_id = any($2::uuid[]) order by p.id
"""
_SERIES = """
select t.id as series_id, t.measure, t.publisher_id, t.counterparty_id, t.item_id, t.site_id, t.bucket, t.unit, p.id,
       p.starts_on, p.quantity, p.known_from, p.version_no_from
from time_series t
left join series_point p on p.series_id = t.id and p.known_until is null and p.starts_on between $3 and $4
where t.item_id = any($2::uuid[]) and (
  t.measure = 'DEMAND' and $1 in (t.publisher_id, t.counterparty_id)
  or t.measure = 'COMMIT' and t.counterparty_id = $1 or t.measure = 'PRODUCTION' and t.publisher_id = $1)
order by t.id, p.starts_on
"""
_WISHES = f"""
select l.id, l.version, l.buyer_id, l.seller_id, l.consignee_id, l.item_id, l.ship_to_id, l.unit,
       l.requested_on as line_requested_on, sl.requested_quantity, sl.requested_on, sl.last_promise_quantity,
       sl.last_promise_on, sl.shipped
from order_line l join schedule_line sl on sl.line_id = l.id
where l.item_id = any($2::uuid[]) and $1 in (l.buyer_id, l.seller_id)
  and sl.state in {listed(order_states.OPEN)}
order by sl.requested_on, sl.id
"""
_LOADS = """
select x.*, h.state, h.actual_departure, r.seq, r.good, r.damaged, r.recorded_at, f.received_at
from shipment_line x join shipment h on h.id = x.shipment_id
left join lateral (select * from receipt c where c.shipment_line_id = x.id order by c.seq desc limit 1) r on true
left join lateral (select received_at from receipt c where c.shipment_line_id = x.id order by c.seq limit 1) f on true
where x.item_id = any($2::uuid[]) and $1 in (x.buyer_id, x.seller_id)
  and (h.state in ('DEPARTED', 'ARRIVED') or x.arrival_on >= $3 or h.actual_departure >= $3)
order by x.arrival_on, x.id
"""


@dataclass(frozen=True, slots=True)
class Week:
    """One period: its start, what is needed in it, and the stock at its end."""

    starts_on: date
    demand: Decimal
    least: Decimal
    most: Decimal


@dataclass(slots=True)
class Outlook:
    """The weeks to come of the stock at one site, as far as they are known, and the values they were made from."""

    unit: str
    places: list[Any]
    """The newest statement about what each holder keeps there, as rows."""
    weeks: list[Week] = field(default_factory=list)
    evidence: dict[date, list[Piece]] = field(default_factory=lambda: defaultdict(list))

    def until(self, last: date) -> tuple[Piece, ...]:
        """Each value once, in the order of the weeks in which it first counts."""
        found = [piece for start in sorted(self.evidence) if start <= last for piece in self.evidence[start]]
        return tuple(dict.fromkeys(found))

    @property
    def others(self) -> set[UUID]:
        """Whoever is a side of something in it."""
        return {side for several in self.evidence.values() for piece in several for side in piece.where.sides}


@dataclass(slots=True)
class _Item:
    """All rows of one item of the owner's, in its base unit, and the value behind each id."""

    unit: str
    records: Records = field(
        default_factory=lambda: Records({measure: [] for measure in _POINTS}, [], [], [], {})
    )
    stock: dict[str, Any] = field(default_factory=dict)
    pieces: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))

    def figure(self, row: Any, amount: Decimal, key: str, firm: UUID, at: Any = None) -> Figure | None:
        """None: no factor leads from the row's unit to the item's."""
        if not units.convertible(row["unit"], self.unit):
            return None
        return Figure(exact(units.convert(amount, row["unit"], self.unit)), (key,), (str(firm),), at)


async def outlooks(unit: Unit, items: Sequence[UUID]) -> dict[tuple[UUID, UUID], Outlook]:
    """(item, site) -> outlook, wherever the acting partner has stock of these items."""
    today = unit.now.date()
    last = today + timedelta(weeks=WEEKS)
    calendar = Calendar("WEEK", starts("WEEK", today, last), today)
    me, known = unit.partner_id, list(items)
    found: dict[UUID, _Item] = {}
    stock = await unit.rows(_STOCK, me, known)
    for row in stock:
        _position(found.setdefault(row["item_id"], _Item(row["base"])), row)
    if not stock:
        return {}
    oldest = min(row["as_of"] for row in stock).date()
    for _, points in groupby(
        await unit.rows(_SERIES, me, known, calendar.starts[0], calendar.last), lambda row: row["series_id"]
    ):
        _series(found, list(points))
    for row in await unit.rows(_WISHES, me, known):
        _wish(found[row["item_id"]], row, me)
    for row in await unit.rows(_LOADS, me, known, oldest):
        _load(found[row["item_id"]], row)
    return {
        (item, UUID(site)): _outlook(each, lane(each.records, site, calendar), calendar)
        for item, each in found.items()
        for site in each.records.sites
    }


def _outlook(item: _Item, found: Lane, calendar: Calendar) -> Outlook:
    newest_of = [newest(each).id for each in same_stock(found.positions)]
    outlook = Outlook(item.unit, [item.stock[key] for key in newest_of])
    for start, flow, stock in zip(calendar.starts, found.demand, found.projected, strict=True):
        if stock is None or flow.figure is None:
            break
        outlook.weeks.append(Week(start, flow.figure.amount.low, stock.amount.low, stock.amount.high))
        outlook.evidence[start] += [piece for key in stock.evidence for piece in item.pieces[key]]
    return outlook


# -- rows --------------------------------------------------------------------------------------------------------------


def _position(item: _Item, row: Any) -> None:
    piece = pieces.stock(row)
    item.pieces[piece.record], item.stock[piece.record] = [piece], row
    item.records.sites[str(row["site_id"])] = str(row["owner_id"])
    item.records.positions.append(
        Position(
            piece.record, str(row["owner_id"]), str(row["holder_id"]), str(row["stated_by"]), str(row["site_id"]),
            row["as_of"], item.figure(row, row["available"], piece.record, row["stated_by"], row["as_of"]), None, None,
            None, None,
        )
    )  # fmt: skip


def _series(found: dict[UUID, _Item], rows: Sequence[Any]) -> None:
    head, points = rows[0], {}
    item = found[head["item_id"]]
    for row in rows:
        if row["id"] is not None:
            piece = pieces.point(row, *_POINTS[row["measure"]])
            figure = item.figure(row, row["quantity"], piece.record, row["publisher_id"], row["known_from"])
            if figure is None:
                return
            points[row["starts_on"]] = figure
            item.pieces[piece.record] = [piece]
    item.records.series[head["measure"]].append(
        Series(
            str(head["series_id"]), str(head["publisher_id"]), _text(head["counterparty_id"]), _text(head["site_id"]),
            head["bucket"], points,
        )
    )  # fmt: skip


def _wish(item: _Item, row: Any, me: UUID) -> None:
    key = public_id("orl", row["id"])

    def open_of(quantity: Decimal | None) -> Figure | None:
        left = None if quantity is None else quantity - row["shipped"]
        return item.figure(row, left, key, row["buyer_id"]) if left is not None and left > 0 else None

    wanted, promised = open_of(row["requested_quantity"]), open_of(row["last_promise_quantity"])
    bought = row["buyer_id"] == me
    if promised if bought else wanted:  # only what counts is evidence
        item.pieces[key].append(pieces.promise(row) if bought else pieces.wish(row))
    item.records.wishes.append(
        Wish(
            key, str(row["buyer_id"]), str(row["seller_id"]), str(row["ship_to_id"]), row["requested_on"], wanted,
            promised, row["last_promise_on"],
        )
    )  # fmt: skip


def _load(item: _Item, row: Any) -> None:
    key = public_id("shl", row["id"])
    quantity = item.figure(row, row["quantity"], key, row["seller_id"])
    if quantity is None:
        return
    receipt = None
    if row["good"] is not None:
        good, whole = (
            item.figure(row, much, key, row["buyer_id"], row["received_at"])
            for much in (row["good"], row["good"] + row["damaged"])
        )
        assert good is not None and whole is not None  # noqa: PT018 (the same unit as above)
        receipt = Receipt(row["received_at"], good, whole)
    item.pieces[key] = pieces.load(row)
    item.records.loads.append(
        Load(
            key, str(row["seller_id"]), str(row["buyer_id"]), str(row["ship_to_id"]), row["state"], quantity,
            row["arrival_on"], row["actual_departure"], receipt,
        )
    )  # fmt: skip


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)
