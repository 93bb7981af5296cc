"""One site of the channel, period by period: which records feed which figure. Pure: no I/O, the day is given.

Where a record belongs: a forecast is a need at its site, a commit a delivery to its site, a production plan output at
its site; an order and a shipment lead to where they are to go. Orders do not say from which site they are served, nor
does every series name a site: such records count at the one site of their partner that is in view, and are listed as
uncounted if there are several.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from scmhub.measures import channel
from scmhub.measures.channel import Cover, Flow, Source
from scmhub.measures.figures import Figure, Range, larger, summed
from scmhub.measures.periods import days_in, moved, nests
from scmhub.records.channel.rows import Load, Position, Series, Wish

_T = TypeVar("_T")
_K = TypeVar("_K")
Row = list[Figure | None]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of an answer, and the day it is asked."""

    bucket: str
    starts: Sequence[date]
    today: date

    @property
    def last(self) -> date:
        """The last day of the last period."""
        return moved(self.bucket, self.starts[-1], 1) - timedelta(days=1)

    def number(self, day: date) -> int | None:
        """Which period a day lies in; None if in none."""
        return None if not self.starts[0] <= day <= self.last else bisect_right(self.starts, day) - 1

    def coming(self, day: date) -> int | None:
        """The same for something still to come, which cannot come before today."""
        return self.number(max(day, self.today))

    def adds_up(self, bucket: str) -> bool:
        """Whether a series of this period length can be counted here."""
        return nests(bucket, self.bucket)

    def left(self, number: int) -> tuple[int, int]:
        """How many days of a period are still to come, today included, and how many it has."""
        length = days_in(self.bucket, self.starts[number])
        return min(length, (self.starts[number] - self.today).days + length), length

    @property
    def running(self) -> int | None:
        """The period of today, where the projection begins; later if all periods are still to come."""
        return 0 if self.today < self.starts[0] else self.number(self.today)


@dataclass(slots=True)
class Records:
    """Everything in view, and the sites asked about: site -> its partner, if that may be known."""

    series: dict[str, list[Series]]
    wishes: list[Wish]
    loads: list[Load]
    positions: list[Position]
    sites: dict[str, str | None]
    used: set[str] = field(default_factory=set)
    """Ids of the series that some figure was made from."""

    def only_site(self, partner: str | None) -> str | None:
        """The site of a partner that is in view, if it is the only one."""
        found = [site for site, whose in self.sites.items() if whose == partner and partner is not None]
        return found[0] if len(found) == 1 else None

    def here(self, face: str, site: str) -> list[Series]:
        """The series of one face that speak of a site."""
        side: Callable[[Series], str | None] = (
            (lambda each: each.counterparty) if face == "COMMIT" else (lambda each: each.publisher)
        )
        return [each for each in self.series[face] if (each.site or self.only_site(side(each))) == site]


@dataclass(frozen=True, slots=True)
class Lane:
    """A site with its figures, one of each per period."""

    site: str
    positions: tuple[Position, ...]
    opening: Figure | None
    demand: list[Flow]
    commit: Row
    ordered: Row
    promised: Row
    in_transit: Row
    production: Row
    projected: Row
    covers: list[Cover | None]
    shortage: Row
    excess: Row


def lane(records: Records, site: str, calendar: Calendar) -> Lane:
    """Everything about one site."""
    periods = len(calendar.starts)
    coming = [each for each in records.wishes if each.site == site]
    loads = [each for each in records.loads if each.site == site]
    plans: dict[str | None, Row] = {
        who: _added(records, several, calendar)
        for who, several in _by(records.here("COMMIT", site), lambda each: each.publisher).items()
    }
    made = records.here("PRODUCTION", site)
    production = _added(records, made, calendar)
    promised, moving = _promises(coming, calendar), _moving(loads, calendar)
    providers = [
        Source(who in plans, plans.get(who, [None] * periods), _both(promised.get(who), moving.get(who), periods))
        for who in dict.fromkeys([*plans, *promised, *moving])
    ]
    comes = [*providers, *([Source(True, production, [None] * periods)] if made else [])]
    leaves = [*_needs(records, site, calendar), *_customers(records, site, calendar)]
    demand = channel.flows(leaves, periods)
    positions = tuple(each for each in records.positions if each.site == site)
    opening = _opening(records, site, positions)
    projected = _projected(opening, leaves, comes, calendar)
    lengths = [days_in(calendar.bucket, start) for start in calendar.starts]
    limits = all(each.limits_known for each in positions)
    least, most = _limit(positions, "minimum"), _limit(positions, "maximum")
    return Lane(
        site, positions, opening, demand, _total(plans.values(), periods),
        _placed(((each.requested_on, each.open) for each in coming), calendar.number, periods),
        _total(promised.values(), periods), _total(moving.values(), periods), production, projected,
        channel.cover(projected, demand, lengths),
        [channel.shortage(each, least) if limits else None for each in projected],
        [channel.excess(each, most) for each in projected],
    )  # fmt: skip


# -- what leaves -------------------------------------------------------------------------------------------------------


def _needs(records: Records, site: str, calendar: Calendar) -> list[Source]:
    """What is needed at the site. A publisher's forecast for nobody in particular stands for those it names."""
    sources = []
    for series in _by(records.here("DEMAND", site), lambda each: each.publisher).values():
        general = [each for each in series if each.counterparty is None]
        named = [each for each in series if each.counterparty is not None]
        rows = [_added(records, each, calendar) for each in (general, named) if each]
        plan = rows[0] if len(rows) == 1 else [larger(*pair) for pair in zip(*rows, strict=True)]
        sources.append(Source(True, plan, [None] * len(plan)))
    return sources


def _customers(records: Records, site: str, calendar: Calendar) -> list[Source]:
    """What customers of the site's partner want, if this is its only site in view."""
    partner, periods = records.sites[site], len(calendar.starts)
    if records.only_site(partner) != site:
        return []
    forecasts = [each for each in records.series["DEMAND"] if each.counterparty == partner]
    plans = _by(forecasts, lambda each: each.publisher)
    orders = _by([each for each in records.wishes if each.seller == partner], lambda each: each.buyer)
    sources = []
    for customer in dict.fromkeys([*plans, *orders]):
        plan = _added(records, plans[customer], calendar) if customer in plans else [None] * periods
        wanted = ((each.requested_on, each.open) for each in orders.get(customer, ()))
        sources.append(Source(customer in plans, plan, _placed(wanted, calendar.coming, periods)))
    return sources


# -- what comes --------------------------------------------------------------------------------------------------------


def _promises(wishes: Iterable[Wish], calendar: Calendar) -> dict[str | None, Row]:
    """Per seller what it has promised and not sent. A promise whose day is over is a late order, not inbound."""
    periods = len(calendar.starts)
    agreed = [(each.seller, each.promised_on, each.promised) for each in wishes if each.promised_on is not None]
    kept = [each for each in agreed if each[1] >= calendar.today]
    return {
        who: _placed([(day, quantity) for _, day, quantity in several], calendar.number, periods)
        for who, several in _by(kept, lambda each: each[0]).items()
    }


def _moving(loads: Iterable[Load], calendar: Calendar) -> dict[str | None, Row]:
    """Per seller what is on its way, at its estimated arrival, today at the earliest."""
    kept = [each for each in loads if each.on_its_way]
    return {
        who: _placed(((each.arrival_on, each.quantity) for each in several), calendar.coming, len(calendar.starts))
        for who, several in _by(kept, lambda each: each.seller).items()
    }


# -- stock -------------------------------------------------------------------------------------------------------------


def newest(positions: Iterable[Position]) -> Position:
    """Of statements about the same stock the newest; of equally old ones the owner's."""
    return max(positions, key=lambda each: (each.as_of, each.stated_by == each.owner, each.id))


def same_stock(positions: Iterable[Position]) -> list[list[Position]]:
    """Statements side by side: of one owner's stock with one holder."""
    return list(_by(positions, lambda each: (each.owner, each.holder)).values())


def _opening(records: Records, site: str, positions: Sequence[Position]) -> Figure | None:
    """Stock now: each owner's newest statement, plus good receipts and less despatches after its instant."""
    chosen = [newest(each) for each in same_stock(positions)]
    if not chosen or any(each.available is None for each in chosen):
        return None
    since = {each.owner: each.as_of for each in chosen}
    latest = max(since.values())
    parts = [each.available for each in chosen]
    for load in records.loads:
        if load.site == site:
            parts += _received_after(load, since.get(load.buyer or "", latest))
    stock = summed(parts)
    gone = summed(_sent_after(records, site, since, latest))
    if stock is None or gone is None:
        return stock
    both = summed([stock, gone])
    return both and both.holding(stock.amount - gone.amount)


def _received_after(load: Load, instant: datetime) -> list[Figure]:
    """What of a load was counted good after the instant; before it, the statement has it."""
    if load.state != "RECEIVED":
        return []
    if load.receipt is not None:
        return [load.receipt.good] if load.receipt.at > instant else []
    if load.arrival_on < instant.date():
        return []
    return [load.quantity.holding(Range(Decimal(0), load.quantity.amount.high))]  # what was counted is not shown


def _sent_after(records: Records, site: str, since: dict[str, datetime], latest: datetime) -> list[Figure]:
    partner = records.sites[site]
    if records.only_site(partner) != site:
        return []
    return [
        load.quantity for load in records.loads
        if load.seller == partner and load.departed_at and load.departed_at > since.get(load.seller, latest)
    ]  # fmt: skip


def _projected(opening: Figure | None, leaves: list[Source], comes: list[Source], calendar: Calendar) -> Row:
    """The projection from the running period on; the past is known from statements, not projected."""
    first, periods = calendar.running, len(calendar.starts)
    if first is None:
        return [None] * periods
    demand, inbound = (
        channel.flows(channel.remaining(sources, first, *calendar.left(first)), periods) for sources in (leaves, comes)
    )
    return [None] * first + channel.projection(opening, demand[first:], inbound[first:])


def _limit(positions: Iterable[Position], name: str) -> Decimal | None:
    """The owners' limits for the place, added up; None if one is not known."""
    chosen = [getattr(newest(each), name) for each in same_stock(positions)]
    return sum(chosen, Decimal(0)) if chosen and None not in chosen else None


# -- adding up ---------------------------------------------------------------------------------------------------------


def _added(records: Records, series: Sequence[Series], calendar: Calendar) -> Row:
    """Several series as one: a period is known if each of them speaks of all of it."""
    rows = []
    for each in series:
        if calendar.adds_up(each.bucket):
            records.used.add(each.id)
            rows.append([_whole(each, start, calendar.bucket) for start in calendar.starts])
    if not rows:
        return [None] * len(calendar.starts)
    return [summed(parts) if all(parts) else None for parts in zip(*rows, strict=True)]


def _whole(series: Series, start: date, bucket: str) -> Figure | None:
    """A period's figure from its own period, or from all the days in it."""
    if series.bucket == bucket:
        return series.points.get(start)
    days = [moved("DAY", start, number) for number in range(days_in(bucket, start))]
    known = [series.points[day] for day in days if day in series.points]
    return summed(known) if len(known) == len(days) else None


def _placed(dated: Iterable[tuple[date, Figure | None]], place: Callable[[date], int | None], periods: int) -> Row:
    """Dated figures in their periods; None where there is none."""
    several: dict[int, list[Figure]] = defaultdict(list)
    for day, figure in dated:
        number = place(day)
        if number is not None and figure is not None:
            several[number].append(figure)
    return [summed(several.get(number, ())) for number in range(periods)]


def _both(one: Row | None, other: Row | None, periods: int) -> Row:
    """Promises and what is on its way, added up."""
    rows = [row for row in (one, other) if row is not None]
    return [summed(row[number] for row in rows) for number in range(periods)]


def _total(rows: Iterable[Row], periods: int) -> Row:
    rows = list(rows)
    return [summed(row[number] for row in rows) for number in range(periods)]


def _by(rows: Iterable[_T], key: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    groups: dict[_K, list[_T]] = defaultdict(list)
    for each in rows:
        groups[key(each)].append(each)
    return groups
