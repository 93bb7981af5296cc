"""What the firms expect of each other, week by week: demand told again and again, answered, and the sales behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from scmhub.demo.book import Book, Row
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance, at_hour, workday
from scmhub.demo.lanes import LANES, Lane
from scmhub.demo.news import News
from scmhub.records.forecasts import rules
from scmhub.records.forecasts.model import (
    SeriesCommentTable,
    SeriesPointTable,
    SeriesVersionTable,
    TimeSeriesTable,
)
from scmhub.records.forecasts.rules import Stated

WEEKS = 52
"""How far demand is told ahead."""
TOLD_AGO = (91, 63, 42, 21, 5)
"""Days before the end of the story on which every buyer published."""
_ANSWERED_WEEKS = 16
_REVISED = 8
"""Of the weeks close by, so many in a hundred change from one version to the next."""
_SEASON = (80, 85, 110, 130, 135, 120, 100, 90, 95, 90, 85, 80)
"""Per cent of the usual week by month: bicycles are bought in spring."""
_KINDS = {
    "DEMAND": "FORECAST", "SELL_OUT": "SELL_OUT", "COMMIT": "COMMIT", "PRODUCTION": "PRODUCTION_PLAN",
    "CAPACITY": "CAPACITY",
}  # fmt: skip
"""What the change log calls a series of each measure."""
_WORDS = (
    "The spring campaign starts a week earlier; please check weeks 14 to 18.",
    "We can do the whole of it if you confirm by Friday.",
    "Second shift until Easter, so there is some room upwards.",
)
_BIKES = ("VB-CITY-M", "VB-TREK-M", "VB-CARGO", "VB-KIDS")


@dataclass
class Series:
    """One time series on its way: what is known now, and its rows. ``header`` is the series' own row."""

    chance: Chance
    book: Book
    news: News
    header: Row
    known: dict[date, Stated] = field(default_factory=dict)
    _rows: dict[date, Row] = field(default_factory=dict)
    _version: Row | None = None

    def publish(
        self, at: datetime, given: Mapping[date, Stated], reason: str | None = None, answers: int | None = None
    ) -> None:
        """One version with what differs from the last; nothing if nothing does."""
        changes = rules.difference(self.known, given, None)
        header = self.header
        if not changes and answers == header["answers_version_no"]:
            return
        header["version_no"] += 1
        header.update(published_at=at, reason=reason, answers_version_no=answers)
        for day, value in changes.stated.items():
            if day in self._rows:
                self._rows[day]["known_until"] = at
            self._rows[day] = self._point(day, value)
        self.known.update(changes.stated)
        self._add_version(len(changes))
        kind, changed = _KINDS[header["measure"]], ["versionNo", "publishedAt", "reason"]
        self.news.of(self.chance, kind, "PUBLISHED", at, header, "publisher_id", ("counterparty_id",), changed)

    def _point(self, day: date, value: Stated) -> Row:
        header = self.header
        return self.book.add(
            SeriesPointTable, header["publisher_id"], id=self.chance.key(header["published_at"]),
            series_id=header["id"], measure=header["measure"], publisher_id=header["publisher_id"],
            counterparty_id=header["counterparty_id"], item_id=header["item_id"], site_id=header["site_id"],
            starts_on=day, quantity=value.quantity, upside=value.upside, response=value.response,
            known_from=header["published_at"], known_until=None, version_no_from=header["version_no"],
        )  # fmt: skip

    def _add_version(self, changed: int) -> None:
        header = self.header
        if self._version is not None:
            self._version["state"] = "SUPERSEDED"
        self._version = self.book.add(
            SeriesVersionTable, header["publisher_id"], id=self.chance.key(header["published_at"]),
            series_id=header["id"], publisher_id=header["publisher_id"], counterparty_id=header["counterparty_id"],
            version_no=header["version_no"], state="PUBLISHED", published_at=header["published_at"],
            reason=header["reason"], periods_changed=changed, answers_version_no=header["answers_version_no"],
            answers_superseded=False,
        )  # fmt: skip

    def comment(self, at: datetime, author: Any, day: date | None, text: str) -> None:
        header = self.header
        row = self.book.add(
            SeriesCommentTable, author, id=self.chance.key(at), series_id=header["id"],
            publisher_id=header["publisher_id"], counterparty_id=header["counterparty_id"], author_id=author,
            starts_on=day, text=text, recorded_at=at,
        )  # fmt: skip
        parties = ("counterparty_id",)
        self.news.of(self.chance, "SERIES_COMMENT", "ADDED", at, row, "publisher_id", parties, ["text", "startsOn"])


@dataclass(slots=True)
class Planner:
    """Begins series in the book."""

    chance: Chance
    cast: Cast
    now: datetime
    book: Book
    news: News

    def begin(
        self, measure: str, publisher: str, counterparty: str | None, item: str, site: str | None, at: datetime,
        basis: str = "", answers: Any = None,
    ) -> Series:  # fmt: skip
        """A weekly series in the unit of its item; firms, items and sites by code."""
        key, partners = self.chance.key(at), self.cast.partners
        header = self.book.add(
            TimeSeriesTable, partners[publisher], id=key, measure=measure, publisher_id=partners[publisher],
            counterparty_id=partners[counterparty] if counterparty else None, item_id=self.cast.items[item].key,
            site_id=self.cast.sites[site].key if site else None, bucket="WEEK", unit=self.cast.items[item].unit,
            basis=basis, answers_series_id=answers, answers_version_no=None, version_no=0, published_at=at,
            reason=None, created_at=at,
        )  # fmt: skip
        return Series(self.chance, self.book, self.news, header)

    def told(self, days_ago: int) -> datetime:
        """A morning about so many days before the end."""
        day = workday((self.now - timedelta(days=days_ago)).date())
        return min(at_hour(day, 8, self.now) + self.chance.hours(0, 4), self.now - timedelta(hours=9))


def expect(chance: Chance, cast: Cast, now: datetime, book: Book, news: News) -> None:
    """Demand and commits of every lane, capacity of the second tier, output of the first, and what shops sold."""
    planner = Planner(chance, cast, now, book, news)
    for lane in LANES:
        for place, item in enumerate(lane.items):
            _demand(planner, lane, item, talked_over=place == 0)
        if lane.seller in ("CAST", "CELL"):
            _capacity(planner, lane)
        else:
            _production(planner, lane)
    for item in _BIKES:
        _sell_out(planner, item)


def usual_week(lane: Lane, unit: str) -> Decimal:
    """What the buyer of a lane needs of one item in a usual week, so that demand and orders speak of one business."""
    lots = sum(lane.lots) / len(lane.lots)
    week = lane.orders * 1.8 * 1.2 * lots / len(lane.items) / 52
    return Decimal(round(week / 40 if unit == "KGM" else week))


def _weeks(first: date, count: int) -> list[date]:
    monday = rules.period_of("WEEK", first)
    return [monday + timedelta(days=7 * number) for number in range(count)]


def _about(chance: Chance, usual: Decimal, day: date) -> Decimal:
    """A week's quantity, by season and by chance, in tens."""
    share = _SEASON[day.month - 1] * chance.number(85, 115)
    return (usual * share / 100_000).quantize(Decimal(1)) * 10


def _demand(planner: Planner, lane: Lane, item: str, *, talked_over: bool) -> None:
    chance, usual = planner.chance, usual_week(lane, planner.cast.items[item].unit)
    first = planner.told(TOLD_AGO[0])
    demand = planner.begin("DEMAND", lane.buyer, lane.seller, item, lane.sites[0], first, rules.DEFAULT_CATEGORY)
    commit = None
    for number, days_ago in enumerate(TOLD_AGO):
        at = first if number == 0 else planner.told(days_ago)
        given = {
            day: Stated(_about(chance, usual, day)) if day not in demand.known or chance.number(1, 100) <= _REVISED
            else demand.known[day]
            for day in _weeks(at.date(), WEEKS)
        }  # fmt: skip
        demand.publish(at, given, "Monthly planning round." if number else None)
        answered = at + chance.hours(20, 110)
        if answered >= planner.now or chance.hit(0.1):
            continue
        if commit is None:
            commit = planner.begin(
                "COMMIT", lane.seller, lane.buyer, item, lane.sites[0], answered, rules.DEFAULT_CATEGORY,
                demand.header["id"],
            )  # fmt: skip
        _answer(chance, demand, commit, answered)
    if talked_over:
        at = planner.told(4) + timedelta(hours=3)
        demand.comment(at, demand.header["publisher_id"], _weeks(at.date(), 6)[-1], _WORDS[0])
        demand.comment(at + timedelta(hours=2), demand.header["counterparty_id"], None, chance.one(_WORDS[1:]))


def _answer(chance: Chance, demand: Series, commit: Series, at: datetime) -> None:
    """The coming weeks, most of them in full; what was said before stands while the question is the same."""
    given = {}
    for day in _weeks(at.date(), _ANSWERED_WEEKS):
        wanted, before = demand.known[day].quantity, commit.known.get(day)
        if before is not None and before.quantity <= wanted and chance.hit(0.9):
            quantity = before.quantity if before.response != "COMMITTED" else wanted
        else:
            quantity = wanted * chance.one((100, 100, 100, 100, 100, 100, 100, 100, 90, 75, 60)) / 100
        quantity, response = rules.commit(wanted, quantity.quantize(Decimal(1)), None, [])
        given[day] = Stated(quantity, None, response)
    commit.publish(at, given, None, demand.header["version_no"])


def _capacity(planner: Planner, lane: Lane) -> None:
    """What the second tier could make of two items for this buyer, as things stand and at most."""
    for item in lane.items[:2]:
        at, usual = planner.told(35), usual_week(lane, planner.cast.items[item].unit)
        weeks = _weeks(at.date(), 26)
        given = {}
        for basis, share in (("ACTUAL", 115), ("MAXIMUM", 140)):
            series = planner.begin("CAPACITY", lane.seller, lane.buyer, item, None, at, basis)
            amount = (usual * share / 1000).quantize(Decimal(1)) * 10
            given[basis] = {day: Stated(amount) for day in weeks}
            series.publish(at, given[basis])
        rules.check_capacity("ACTUAL", given["ACTUAL"], {day: each.quantity for day, each in given["MAXIMUM"].items()})


def _production(planner: Planner, lane: Lane) -> None:
    """What a drive unit maker will make of two items for its customer in the next quarter."""
    for item in lane.items[:2]:
        at, usual = planner.told(12), usual_week(lane, planner.cast.items[item].unit)
        series = planner.begin("PRODUCTION", lane.seller, lane.buyer, item, None, at)
        series.publish(at, {day: Stated(_about(planner.chance, usual, day)) for day in _weeks(at.date(), 13)})


def _sell_out(planner: Planner, item: str) -> None:
    """What the shop sold, told every few weeks; for nobody in particular: a sharing rule passes it on."""
    first = planner.told(84)
    series = planner.begin("SELL_OUT", "VELO", None, item, "VELO/AMS", first)
    for number, days_ago in enumerate((84, 56, 28, 6)):
        at = first if number == 0 else planner.told(days_ago)
        sold = _sold(planner.chance, series, at.date())
        series.publish(at, sold)


def _sold(chance: Chance, series: Series, today: date) -> dict[date, Stated]:
    """The whole weeks before today that were not told yet, half a year back at most."""
    weeks: Sequence[date] = [day for day in _weeks(today - timedelta(weeks=26), 26) if day not in series.known]
    for day in weeks:
        rules.check_past(day, today, [])
    return {day: Stated(Decimal(_SEASON[day.month - 1] * chance.number(60, 140) // 800)) for day in weeks}
