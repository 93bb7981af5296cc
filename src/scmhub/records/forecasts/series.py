"""A series as a whole: found by its key under a lock, changed by one publish, stored with version and changes told."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import and_, col, or_, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.ids import new_id
from scmhub.records.forecasts.api import FACES
from scmhub.records.forecasts.model import SeriesPointTable, SeriesVersionTable, TimeSeriesTable
from scmhub.records.forecasts.rules import Difference, Horizon, Stated, difference

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a series the same series, besides its publisher."""

    measure: str
    item_id: UUID
    counterparty_id: UUID | None
    site_id: UUID | None
    basis: str
    bucket: str
    unit: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The demand a commit answers, and whether a newer version of it had been published by then."""

    series_id: UUID
    version_no: int
    superseded: bool


@dataclass(frozen=True, slots=True)
class Publish:
    """One publish, checked and ready."""

    given: dict[date, Stated]
    window: Horizon | None
    reason: str | None
    expected_version: int | None
    answers: Answers | None = None


async def locked(unit: Unit, key: Key, answers: Answers | None = None) -> TimeSeriesTable:
    """The series with this key, begun (version 0) if there is none; no other publish of it runs until this one ends."""
    found = await find(unit, key)
    if found is None:
        values = {
            "id": new_id(unit.now), "publisher_id": unit.partner_id, "version_no": 0, "published_at": unit.now,
            "created_at": unit.now, "answers_series_id": answers.series_id if answers else None,
            **{name: getattr(key, name) for name in Key.__slots__},
        }  # fmt: skip
        await unit.session.exec(insert(TimeSeriesTable).values(values).on_conflict_do_nothing())
        found = await find(unit, key)
        assert found is not None
    return found


async def find(unit: Unit, key: Key) -> TimeSeriesTable | None:
    """The acting partner's series with this key, locked."""
    wanted = [getattr(TimeSeriesTable, name).is_not_distinct_from(getattr(key, name)) for name in Key.__slots__]
    statement = select(TimeSeriesTable).where(TimeSeriesTable.publisher_id == unit.partner_id, *wanted)
    return (await unit.session.exec(statement.with_for_update())).first()


def lock_of(publisher_id: UUID, key: Key) -> int:
    """One number for all bases of a capacity: who holds its advisory lock compares them undisturbed."""
    parts = [str(publisher_id), *(str(getattr(key, name)) for name in Key.__slots__ if name != "basis")]
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big", signed=True)


async def points_of(
    unit: Unit, series_id: UUID, first: date, last: date, at: datetime | None = None
) -> dict[date, SeriesPointTable]:
    """The points of a series within some days, as known now or ``at`` an instant."""
    point = SeriesPointTable
    known: ColumnElement[bool] = col(point.known_until).is_(None)
    if at is not None:
        known = and_(col(point.known_from) <= at, or_(known, col(point.known_until) > at))
    found = await unit.session.exec(
        select(point).where(point.series_id == series_id, col(point.starts_on).between(first, last), known)
    )
    return {each.starts_on: each for each in found}


def stated(point: SeriesPointTable) -> Stated:
    return Stated(point.quantity, point.upside, point.response)


async def publish(unit: Unit, series: TimeSeriesTable, wanted: Publish) -> UUID:
    """Store what is new as one version. What equals what is known writes nothing: no row, no version, no change."""
    if wanted.expected_version is not None and wanted.expected_version != series.version_no:
        raise Refusal(
            "CONFLICT", f"It has version {series.version_no} now, not {wanted.expected_version}: read it again.",
            ["input", "expectedVersion"], series.id if series.version_no else None,
        )  # fmt: skip
    days = [*wanted.given, *((wanted.window.first, wanted.window.last) if wanted.window else ())]
    current = await points_of(unit, series.id, min(days), max(days))
    changes = difference({day: stated(each) for day, each in current.items()}, wanted.given, wanted.window)
    answered = wanted.answers.version_no if wanted.answers else None
    if changes or answered != series.answers_version_no:
        await _store(unit, series, wanted, changes, current)
    elif series.version_no == 0:
        raise Refusal("REQUIRED", "There is nothing to withdraw: state at least one period.", ["input", "points"])
    return series.id


async def _store(
    unit: Unit, series: TimeSeriesTable, wanted: Publish, changes: Difference, current: dict[date, SeriesPointTable]
) -> None:
    # Record time of a series only ever moves forward, whatever the clocks of two hubs say.
    at = max(unit.now, series.published_at + _TICK) if series.version_no else unit.now
    series.version_no += 1
    series.published_at, series.reason = at, wanted.reason
    if wanted.answers:
        series.answers_version_no = wanted.answers.version_no
    unit.session.add(series)
    over = [current[day].id for day in (*changes.stated, *changes.withdrawn) if day in current]
    if over:
        await unit.rows("update series_point set known_until = $1 where id = any($2::uuid[])", at, over)
    points = [_point(unit, series, day, value) for day, value in changes.stated.items()]
    for each in points:
        if each.starts_on in current:
            _takes_the_place(unit, each, current[each.starts_on])
    unit.session.add_all(points)
    await _add_version(unit, series, wanted, len(changes))
    _tell(unit, series, points, [current[day].id for day in changes.withdrawn])


def _takes_the_place(unit: Unit, new: SeriesPointTable, old: SeriesPointTable) -> None:
    """So who sees bands hears of a number that replaces another only if it lies in another band."""
    for name in ("quantity", "upside"):
        unit.amounts.changed(new.id, name, getattr(old, name), None)


def _point(unit: Unit, series: TimeSeriesTable, day: date, value: Stated) -> SeriesPointTable:
    return SeriesPointTable(
        id=new_id(unit.now), series_id=series.id, measure=series.measure, publisher_id=series.publisher_id,
        counterparty_id=series.counterparty_id, item_id=series.item_id, site_id=series.site_id, starts_on=day,
        quantity=value.quantity, upside=value.upside, response=value.response, known_from=series.published_at,
        version_no_from=series.version_no,
    )  # fmt: skip


async def _add_version(unit: Unit, series: TimeSeriesTable, wanted: Publish, changed: int) -> None:
    await unit.rows(
        "update series_version set state = 'SUPERSEDED' where series_id = $1 and state = 'PUBLISHED'", series.id
    )
    answers = wanted.answers
    unit.session.add(
        SeriesVersionTable(
            id=new_id(unit.now), series_id=series.id, publisher_id=series.publisher_id,
            counterparty_id=series.counterparty_id, version_no=series.version_no, published_at=series.published_at,
            reason=wanted.reason, periods_changed=changed,
            answers_version_no=answers.version_no if answers else None,
            answers_superseded=answers.superseded if answers else False,
        )
    )  # fmt: skip
    await unit.session.flush()


def _tell(unit: Unit, series: TimeSeriesTable, points: list[SeriesPointTable], withdrawn: list[UUID]) -> None:
    """The series' own change names fields of whole-series groups only; each point tells of itself.

    So who may see only some weeks hears of those weeks, and of nothing else.
    """
    kind = FACES[series.measure].single_link.upper()
    parties = [series.counterparty_id] if series.counterparty_id else []
    fields = ["versionNo", "publishedAt", "reason"]
    fields += ["answersVersionNo"] if series.measure == "COMMIT" else []
    unit.change(kind, "PUBLISHED", series.id, series.publisher_id, parties, fields)
    for each in points:
        unit.change(f"{kind}_POINT", "PUBLISHED", each.id, series.publisher_id, parties, ["quantity", "upside"])
    for point_id in withdrawn:
        unit.change(f"{kind}_POINT", "WITHDRAWN", point_id, series.publisher_id, parties, ["knownUntil"])
