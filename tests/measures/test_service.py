"""The worked example of service levels, exact, and the edges around it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from scmhub.measures.periods import moved, period_of
from scmhub.measures.service import Delivery, Window, in_full, on_time, ready_rate, service_level


def march(day: int) -> date:
    return date(2026, 3, day)


def delivery(*came: tuple[int, str], ended: bool = True) -> Delivery:
    return Delivery(march(10), D(100), tuple((march(day), D(much)) for day, much in came), ended)


EXAMPLE = [delivery((10, "100")), delivery((14, "100")), delivery((14, "80")), delivery((12, "100"))]
WINDOW = Window(None, 2)


@pytest.mark.parametrize(("measure", "rate"), [("ON_TIME", "50"), ("OTIF", "50"), ("FILL_RATE", "50")])
def test_the_four_deliveries(measure: str, rate: str) -> None:
    found = service_level(measure, EXAMPLE, WINDOW, ["scl_1"])
    assert (found.value, found.evidence, found.state) == (D(rate), ("scl_1",), "OK")
    assert sum(in_full(each, WINDOW) for each in EXAMPLE) == 3


def test_what_may_be_missing_and_what_is_still_to_come() -> None:
    window = Window(1, 2, D(2))
    assert in_full(delivery((10, "98")), window)
    assert not in_full(delivery((10, "97.9")), window)
    assert on_time(delivery((9, "60"), (12, "38"), ended=False), window)  # what is missing may be missing
    assert not on_time(delivery((9, "60"), ended=False), window)
    assert on_time(delivery((9, "60")), window)
    assert not on_time(delivery((8, "100")), window)
    assert not on_time(delivery(), window)
    assert not on_time(delivery((10, "100"), (13, "1")), window)


def test_too_much_of_one_makes_up_for_no_other() -> None:
    assert service_level("FILL_RATE", [delivery((10, "300")), delivery()], WINDOW).value == D(50)


def test_without_deliveries_there_is_no_figure() -> None:
    assert service_level("OTIF", [], WINDOW).state == "NOT_ENOUGH_DATA"


def test_ready_days() -> None:
    place = [(march(2), D(50)), (march(6), D(0)), (march(7), D(30))]
    assert ready_rate([place], march(1), march(10)).value == D("88.8889")
    assert ready_rate([place, [(march(1), D(0))]], march(1), march(10)).value == D("42.1053")
    assert ready_rate([[(date(2026, 2, 1), D(5))]], march(1), march(10)).value == D(100)
    assert ready_rate([[(march(7), D(1)), (march(7), D(0))]], march(7), march(7)).value == D(0)
    assert ready_rate([[], [(march(11), D(5))]], march(1), march(10)).state == "NOT_ENOUGH_DATA"


def test_quarters() -> None:
    assert [period_of("QUARTER", date(2026, month, 17)).month for month in range(1, 13)] == [1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10]
    assert moved("QUARTER", date(2026, 1, 1), -1) == date(2025, 10, 1)
    assert moved("QUARTER", date(2026, 10, 1), 1) == date(2027, 1, 1)
