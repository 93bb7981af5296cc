"""Forecasts judged: committed too little, not answered, not renewed, changed after they were frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as day_time
from typing import Any
from uuid import UUID

from scmhub.clock import render
from scmhub.database.unit import Unit
from scmhub.exceptions import pieces
from scmhub.exceptions.found import About, Finding, Piece, Where
from scmhub.exceptions.tolerances import Tolerance, Tolerances, in_force
from scmhub.ids import public_id
from scmhub.measures import exceptions as measure

CRITERIA = ("FORECAST_MISMATCH", "RESPONSE_REQUIRED", "STALE", "FROZEN_CHANGE")
HORIZON_DAYS = 91
"""How far ahead periods are judged: a quarter."""
_SERIES = """
select id, publisher_id, counterparty_id, item_id, site_id, version_no, published_at from time_series
where id = any($1::uuid[]) and measure = 'DEMAND' and $2 in (publisher_id, counterparty_id)
  and counterparty_id is not null
order by id
"""
_NOW_KNOWN = """
select p.id, p.series_id, p.starts_on, p.quantity, p.known_from, p.version_no_from, p.publisher_id, p.counterparty_id,
       p.item_id, p.site_id
from series_point p
where p.series_id = any($1::uuid[]) and p.known_until is null and p.starts_on between $2 and $3
order by p.series_id, p.starts_on
"""
_COMMITS = """
select c.answers_series_id as answers, p.id, p.starts_on, p.quantity, p.known_from, p.version_no_from, p.publisher_id,
       p.counterparty_id, p.item_id, p.site_id
from time_series c join series_point p on p.series_id = c.id
where c.answers_series_id = any($1::uuid[]) and c.counterparty_id = $2 and p.known_until is null
  and p.starts_on between $3 and $4
"""
_ONCE_KNOWN = """
select p.id, p.series_id, p.starts_on, p.quantity, p.known_from, p.known_until, p.version_no_from, p.publisher_id,
       p.counterparty_id, p.item_id, p.site_id
from series_point p
where p.series_id = any($1::uuid[]) and p.starts_on between $2 and $3 and p.known_until is not null
"""


async def judge(unit: Unit, series: Collection[UUID]) -> tuple[list[str], list[Finding]]:
    """Subjects (forecasts) and what is out of tolerance for the acting partner, as publisher or as counterparty."""
    rows = await unit.rows(_SERIES, list(series), unit.partner_id)
    mine = [row for row in rows if row["publisher_id"] == unit.partner_id]
    theirs = [row for row in rows if row["counterparty_id"] == unit.partner_id]
    others = {row["counterparty_id"] for row in mine} | {row["publisher_id"] for row in theirs}
    known = await in_force(unit, others, unit.now.date())
    findings = [*await _as_publisher(unit, mine, known), *await _as_counterparty(unit, theirs, known)]
    return [_subject(row) for row in rows], findings


def _subject(row: Any) -> str:
    return public_id("fcs", row["id"])


async def _ahead(unit: Unit, rows: Sequence[Any]) -> dict[UUID, list[Any]]:
    """The points that are known now, of periods within the horizon, by series."""
    today = unit.now.date()
    found: dict[UUID, list[Any]] = defaultdict(list)
    for each in await unit.rows(
        _NOW_KNOWN, [row["id"] for row in rows], today, today + timedelta(days=HORIZON_DAYS)
    ):
        found[each["series_id"]].append(each)
    return found


# -- what a publisher is answered --------------------------------------------------------------------------------------


async def _as_publisher(unit: Unit, rows: Sequence[Any], known: Tolerances) -> list[Finding]:
    points = await _ahead(unit, rows)
    today = unit.now.date()
    answers: dict[tuple[UUID, Any], Any] = {}
    for each in await unit.rows(
        _COMMITS, [row["id"] for row in rows], unit.partner_id, today, today + timedelta(days=HORIZON_DAYS)
    ):
        answers[each["answers"], each["starts_on"]] = each
    findings: list[Finding] = []
    for row in rows:
        about = About(unit.partner_id, row["counterparty_id"], _subject(row), row["item_id"], row["site_id"])
        open_points = [each for each in points[row["id"]] if (row["id"], each["starts_on"]) not in answers]
        findings += _unanswered(unit, about, open_points, known)
        tolerance = known.of("FORECAST_MISMATCH", about.other, about.item, about.site, row["counterparty_id"])
        for point in points[row["id"]]:
            commit = answers.get((row["id"], point["starts_on"]))
            if commit is not None:
                findings += _mismatch(about, point, commit, tolerance)
    return findings


def _mismatch(about: About, point: Any, commit: Any, tolerance: Tolerance) -> list[Finding]:
    lacks = measure.shortfall(point["quantity"], commit["quantity"])
    evidence = (pieces.point(point), pieces.point(commit, "CommitPoint", "cmp", "COMMIT"))
    return about.finding("FORECAST_MISMATCH", lacks, tolerance, evidence, point["starts_on"])


def _unanswered(unit: Unit, about: About, points: Sequence[Any], known: Tolerances) -> list[Finding]:
    """The number that has waited longest for a commit."""
    if not points:
        return []
    oldest = min(points, key=lambda each: (each["known_from"], each["starts_on"]))
    tolerance = known.response("FORECAST", about.other, oldest["counterparty_id"])
    waited = measure.waiting_days(oldest["known_from"], unit.now)
    return about.finding("RESPONSE_REQUIRED", waited, tolerance, (pieces.point(oldest),))


# -- what a counterparty relies on -------------------------------------------------------------------------------------


async def _as_counterparty(unit: Unit, rows: Sequence[Any], known: Tolerances) -> list[Finding]:
    points, before = await _ahead(unit, rows), await _before(unit, rows)
    findings: list[Finding] = []
    for row in rows:
        about = About(unit.partner_id, row["publisher_id"], _subject(row), row["item_id"], row["site_id"])
        if points[row["id"]]:  # what speaks of no period to come has ended, and nothing is stale about it
            tolerance = known.of("STALE", about.other, about.item, about.site, unit.partner_id)
            age = measure.age_days(row["published_at"], unit.now)
            findings += about.finding("STALE", age, tolerance, (_series_piece(row),))
        findings += _frozen(unit, about, points[row["id"]], before[row["id"]], known)
    return findings


async def _before(unit: Unit, rows: Sequence[Any]) -> dict[UUID, list[Any]]:
    """What was once known of periods to come and has been replaced, by series."""
    found: dict[UUID, list[Any]] = defaultdict(list)
    today = unit.now.date()
    for each in await unit.rows(
        _ONCE_KNOWN, [row["id"] for row in rows], today, today + timedelta(days=HORIZON_DAYS)
    ):
        found[each["series_id"]].append(each)
    return found


def _frozen(
    unit: Unit, about: About, points: Sequence[Any], before: Sequence[Any], known: Tolerances
) -> list[Finding]:
    """Each period inside the fence against what was known of it when it came in."""
    tolerance = known.of("FROZEN_CHANGE", about.other, about.item, about.site, unit.partner_id)
    fence = known.fence(about.other, about.item, unit.partner_id)
    last = unit.now.date() + timedelta(days=fence.days)
    inside = {each["starts_on"]: each for each in points if each["starts_on"] <= last}
    findings: list[Finding] = []
    for once in before:
        point = inside.get(once["starts_on"])
        if point is None:
            continue
        midnight = datetime.combine(once["starts_on"], day_time(), UTC)
        frozen = measure.frozen_at(once["starts_on"], fence.days, midnight)
        if once["known_from"] <= frozen < once["known_until"]:
            off = measure.frozen_change(once["quantity"], point["quantity"])
            evidence = (pieces.point(once), pieces.point(point), *about.fence(fence))
            findings += about.finding("FROZEN_CHANGE", off, tolerance, evidence, once["starts_on"])
    return findings


# -- evidence ----------------------------------------------------------------------------------------------------------


def _series_piece(row: Any) -> Piece:
    """When a series was last published speaks of all its periods at once: no rule about some of them opens it."""
    where = Where("FORECAST", row["publisher_id"], (row["publisher_id"], row["counterparty_id"]), row["item_id"],
                  row["site_id"])  # fmt: skip
    return Piece(
        "Forecast", _subject(row), "publishedAt", render(row["published_at"]), where, None, row["version_no"],
        row["published_at"],
    )  # fmt: skip
