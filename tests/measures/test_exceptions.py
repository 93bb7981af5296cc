"""The examples of each criterion, exact, and the edges around them: what is unknown is never judged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scmhub.measures import exceptions as measure

AMOUNTS = some.decimals(0, 10_000, places=2)


def day(number: int) -> date:
    return date(2026, 3, number)


def at(number: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, 3, number, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("variance", "severity"), [("2", None), ("2.1", "LOW"), ("3", "LOW"), ("6", "MEDIUM"), ("10", "HIGH"), ("99", "HIGH")]
)
def test_grades_lie_between_what_is_allowed_and_what_is_grave(variance: str, severity: str | None) -> None:
    assert measure.grade(D(variance), D(2), D(10)) == severity


def test_nothing_to_compare_is_no_breach_and_equal_bounds_leave_only_the_gravest() -> None:
    assert measure.grade(None, D(0), D(0)) is None
    assert [measure.grade(D(each), D(5), D(5)) for each in (5, 6)] == [None, "HIGH"]


def test_a_late_order_is_late_until_today_or_until_it_is_expected() -> None:
    assert measure.late_days(day(10), D(40), day(12), None) == 2
    assert measure.late_days(day(10), D(40), day(12), day(17)) == 7
    assert measure.late_days(day(10), D(40), day(12), day(11)) == 2  # an estimate that has passed says nothing any more
    assert measure.late_days(day(10), D(40), day(9), None) == -1
    assert measure.late_days(day(10), D(0), day(12), None) is None


def test_an_early_order_is_expected_before_its_promise() -> None:
    assert measure.early_days(day(20), day(14)) == 6
    assert measure.early_days(day(20), day(25)) == -5
    assert measure.early_days(day(20), None) is None


def test_waiting_counts_begun_days_and_age_whole_ones() -> None:
    assert [measure.waiting_days(at(1), at(6)), measure.waiting_days(at(1), at(6, 12, 1))] == [5, 6]
    assert [measure.age_days(at(1), at(9, 11, 59)), measure.age_days(at(1), at(9))] == [7, 8]


def test_shares_of_what_they_are_compared_with() -> None:
    assert measure.shortfall(D(120), D(90)) == 25
    assert measure.shortfall(D(120), D(130)) == D("-8.3333")
    assert (measure.shortfall(D(120), None), measure.shortfall(D(0), D(0))) == (None, None)
    assert measure.receipt_variance(D(200), D(180), D(10)) == 5
    assert measure.below(D(300), D(400)) == 25
    assert (measure.below(D(300), None), measure.below(D(300), D(0))) == (None, None)


def test_a_projection_leaves_its_range_in_the_first_week_that_does() -> None:
    weeks = [(day(2), D(60), D(60)), (day(9), D(60), D(0)), (day(16), D(60), D(-15)), (day(23), D(60), D(-75))]
    assert measure.shortage(weeks) == measure.Outside(day(16), D(25))
    assert measure.shortage(weeks[:2]) is None
    assert measure.shortage([(day(2), D(0), D(-3))]) == measure.Outside(day(2), D(100))
    stock = [(day(2), D(0), D(180)), (day(9), D(0), D(250))]
    assert measure.excess(stock, D(200)) == measure.Outside(day(9), D(25))
    assert (measure.excess(stock, None), measure.excess(stock, D(250))) == (None, None)


def test_a_period_is_compared_with_what_was_known_when_it_was_frozen() -> None:
    assert measure.frozen_at(day(16), 14, datetime(2026, 3, 16, tzinfo=UTC)) == datetime(2026, 3, 2, tzinfo=UTC)
    changes = [("100", "130", "30"), ("100", "85", "15"), ("0", "7", "100"), ("0", "0", "0"), ("100", "100", "0")]
    for frozen, now, off in changes:
        assert measure.frozen_change(D(frozen), D(now)) == D(off)
    assert (measure.frozen_change(None, D(5)), measure.frozen_change(D(5), None)) == (None, None)


@given(AMOUNTS, AMOUNTS)
def test_both_sides_of_a_target_agree(available: D, wanted: D) -> None:
    off = measure.below(available, wanted)
    assert off is None if wanted == 0 else (off is not None and (off > 0) == (available < wanted))


def test_what_is_moved_of_frozen_days_of_an_order() -> None:
    agreed = {day(9): D(60), day(20): D(40)}
    assert measure.frozen_order(agreed, {day(20): D(100)}, [day(9)]) == D(100)
    assert measure.frozen_order(agreed, {day(9): D(45), day(20): D(40)}, [day(9)]) == D(25)
    assert measure.frozen_order(agreed, {**agreed, day(10): D(5)}, [day(10)]) == D(100)
