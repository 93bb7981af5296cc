"""The periods of a publish: on the calendar, each once, within the limits and the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.records.forecasts import rules
from scmhub.records.forecasts.inputs import CommitPeriodInput, CommitPublishInput, PeriodInput, PublishInput
from scmhub.records.forecasts.rules import Horizon, Stated


def path_of(place: int, field: str) -> list[str]:
    return ["input", "points", str(place), field]


def window_of(given: PublishInput | CommitPublishInput, bucket: str) -> Horizon | None:
    """The horizon that is replaced, if one is; Refusal for the first period that cannot be."""
    window = rules.horizon(bucket, given.replace, given.horizon_start, given.horizon_end)
    points: Sequence[PeriodInput | CommitPeriodInput] = given.points
    if points or window is None:
        take.count(len(points), rules.MOST_POINTS, "points", ["input", "points"])
    seen: set[date] = set()
    for place, each in enumerate(points):
        path = path_of(place, "startsOn")
        rules.check_start(bucket, each.starts_on, path)
        if each.starts_on in seen:
            raise Refusal("INVALID", f"The period of {each.starts_on} is stated twice.", path)
        seen.add(each.starts_on)
    rules.check_within((each.starts_on for each in points), window)
    return window


def stated(points: Sequence[PeriodInput]) -> dict[date, Stated]:
    """What is stated, by start of the period."""
    return {
        each.starts_on: Stated(take.not_negative(each.quantity, path_of(place, "quantity")), upside(each, place))
        for place, each in enumerate(points)
    }


def upside(each: PeriodInput | CommitPeriodInput, place: int) -> Decimal | None:
    return None if each.upside is None else take.not_negative(each.upside, path_of(place, "upside"))
