"""The rules of time series without a database: calendar, difference, answers, overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scmhub.errors import Refusal
from scmhub.records.forecasts import rules
from scmhub.records.forecasts.rules import Delta, Horizon, Known, Stated

DAYS = some.dates(date(1990, 1, 1), date(2150, 12, 31))
BUCKETS = some.sampled_from(["DAY", "WEEK", "MONTH"])


@given(BUCKETS, DAYS, some.integers(-300, 300))
def test_moving_there_and_back_ends_where_it_began(bucket: str, day: date, periods: int) -> None:
    start = rules.period_of(bucket, day)
    there = rules.moved(bucket, start, periods)
    assert rules.period_of(bucket, there) == there
    assert rules.moved(bucket, there, -periods) == start
    assert start <= day < rules.moved(bucket, start, 1)


@pytest.mark.parametrize(
    ("bucket", "day", "start"),
    [("WEEK", date(2026, 3, 1), "2026-02-23"), ("MONTH", date(2028, 2, 29), "2028-02-01")],
)
def test_a_period_off_its_calendar_names_the_day_that_was_meant(bucket: str, day: date, start: str) -> None:
    with pytest.raises(Refusal, match=start) as refused:
        rules.check_start(bucket, day, ["x"])
    assert (refused.value.refusal_code, refused.value.path) == ("INVALID", ["x"])


STATED = some.builds(Stated, some.decimals(0, 9, places=1))
POINTS = some.dictionaries(some.dates(date(2026, 1, 1), date(2026, 1, 12)), STATED)
WINDOWS = some.none() | some.just(Horizon(date(2026, 1, 3), date(2026, 1, 9)))


@given(POINTS, POINTS, WINDOWS)
def test_a_difference_applied_gives_what_was_said_and_repeating_it_gives_none(
    current: dict[date, Stated], given: dict[date, Stated], window: Horizon | None
) -> None:
    found = rules.difference(current, given, window)
    after = {day: value for day, value in {**current, **found.stated}.items() if day not in found.withdrawn}
    assert {day: after[day] for day in given} == given
    for day in current.keys() - given.keys():
        assert (day in after) == (window is None or day not in window)
    assert not rules.difference(after, given, window)


def test_unknown_never_becomes_zero() -> None:
    current = {date(2026, 1, 5): Stated(D(4))}
    found = rules.difference(current, {}, Horizon(date(2026, 1, 1), date(2026, 1, 31)))
    assert (found.stated, found.withdrawn, bool(found)) == ({}, (date(2026, 1, 5),), True)


@given(some.decimals(0, 100, places=2), some.decimals(0, 100, places=2))
def test_every_quantity_is_one_answer(demand: D, quantity: D) -> None:
    answer = rules.response_to(demand, quantity)
    assert (answer == "COMMITTED") == (quantity >= demand)
    assert (answer == "REJECTED") == (quantity == 0 and demand > 0)
    assert rules.commit(demand, quantity, answer, []) == (quantity, answer)


def test_overdue_begins_when_the_days_to_answer_are_over() -> None:
    weeks = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    published = datetime(2026, 3, 1, 12, tzinfo=UTC)
    due = published + timedelta(days=5)
    assert rules.overdue(weeks, weeks[:1], published, 5, due - timedelta(microseconds=1)) == []
    assert rules.overdue(weeks, weeks[:1], published, 5, due) == weeks[1:]
    assert rules.overdue(weeks, weeks, published, 5, due) == []


def test_known_at_takes_the_interval_that_holds() -> None:
    day, noon = date(2026, 3, 2), datetime(2026, 3, 1, 12, tzinfo=UTC)
    hour = timedelta(hours=1)
    statements = [Known("a", day, D(1), noon, noon + hour), Known("b", day, D(2), noon + 2 * hour, None)]
    ids = [getattr(rules.known_at(statements, noon + each * hour / 2), "id", None) for each in range(-1, 6)]
    assert ids == [None, "a", "a", None, None, "b", "b"]


def test_a_delta_with_an_unknown_side_has_no_difference() -> None:
    day = date(2026, 3, 2)
    assert [(each.change, each.difference) for each in rules.compare({day: D(0)}, {})] == [("WITHDRAWN", None)]
    assert Delta(day, None, D(3)).difference is None
    assert Delta(day, D(5), D(3)).difference == -2
