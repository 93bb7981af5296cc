"""The channel at one site: the standard's example, ranges, and what is unknown."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as some

from scmhub.measures.channel import Cover, Flow, Source, cover, excess, flows, projection, remaining, shortage
from scmhub.measures.days_of_supply import Needs, Supply
from scmhub.measures.figures import Figure, Range, exact, larger, summed
from scmhub.measures.result import ratio

DEMAND, INBOUND = (40, 60, 50, 50, 60, 50), (0, 60, 100, 0, 0, 40)
AMOUNTS = some.integers(0, 1_000).map(D)


def figure(low: object, high: object = None, *evidence: str) -> Figure:
    return Figure(Range(D(str(low)), D(str(low if high is None else high))), evidence)


def flow(*amounts: int | None) -> list[Flow]:
    return [Flow(None if each is None else figure(each), False) for each in amounts]


def ends(row: list[Figure | None]) -> list[tuple[D, D] | None]:
    return [None if each is None else (each.amount.low, each.amount.high) for each in row]


def test_the_example_of_the_standard() -> None:
    row = projection(figure(100), flow(*DEMAND), flow(*INBOUND))
    assert ends(row) == [(D(n), D(n)) for n in (60, 60, 110, 60, 0, -10)]
    short = projection(figure(0), flow(*DEMAND), flow(*INBOUND))
    assert ends(short) == [(D(n), D(n)) for n in (-40, -40, 10, -40, -100, -110)]  # never clipped at zero
    covers = cover(row, flow(*DEMAND), [1] * 6)
    assert covers[:5] == [Cover(D(n), D(n), False) for n in ("1", "1.2", "2", "1", "0")]
    assert covers[5] is None


def test_a_band_in_gives_a_range_out() -> None:
    row = projection(figure(100, 120), flow(*DEMAND), flow(*INBOUND))
    assert ends(row)[:3] == [(D(60), D(80)), (D(60), D(80)), (D(110), D(130))]
    assert cover(row, flow(*DEMAND), [1] * 6)[0] == Cover(D(1), D("1.4"), False)
    banded = [Flow(figure(40, 50), False), *flow(60)]
    assert ends(projection(figure(100), banded, flow(None, None))) == [(D(50), D(60)), (D(-10), D(0))]
    low = shortage(figure(50, 60), D(55))
    assert low is not None and low.amount == Range(D(0), D(5))
    high = excess(figure(50, 60), D(55))
    assert high is not None and high.amount == Range(D(0), D(5))
    assert excess(figure(50), None) is None


def test_what_is_unknown_ends_the_projection_and_is_no_zero() -> None:
    assert ends(projection(figure(100), flow(40, None, 10), flow(None, None, None))) == [(D(60), D(60)), None, None]
    assert ends(projection(None, flow(40), flow(1))) == [None]
    silent = [Flow(None, True)]
    assert ends(projection(figure(100), flow(40), silent)) == [None]
    assert summed([]) is None
    assert summed([None, figure(3)]) == figure(3)


def test_orders_consume_a_forecast() -> None:
    source = Source(True, [figure(40), figure(40), None, None], [figure(60), None, figure(7), None])
    row = flows([source], 4)
    assert [each.figure and each.figure.amount.low for each in row] == [D(60), D(40), D(7), None]
    assert [each.unknown for each in row] == [False, False, False, True]
    assert larger(figure(10, 20), figure(15, 30)) == figure(15, 30)
    assert larger(figure(10, 20, "a"), figure(20, None, "b")) == figure(20, None, "b")


def test_of_plans_for_the_running_period_the_days_to_come_count() -> None:
    week = [figure(70, 77), figure(70)]
    [found] = remaining([Source(True, week, [figure(20), None])], 0, 5, 7)
    assert ends(list(found.plan)) == [(D(50), D(55)), (D(70), D(70))]
    assert ends(list(found.firm)) == [(D(20), D(20)), None]
    [found] = remaining([Source(True, week, [None, None])], 0, 7, 7)
    assert list(found.plan) == week


def test_longer_periods_count_their_days() -> None:
    assert Needs([(D(40), 7), (D(80), 7)]).covered(D(60), 0) == Supply(D("8.75"))
    assert Needs([(D(40), 7), (None, 7)]).covered(D(60), 0) == Supply(D(7), at_least=True)


NEEDS = some.lists(some.tuples(some.none() | some.integers(0, 9).map(D), some.integers(1, 7)), max_size=9)


@given(NEEDS, some.integers(-2, 40).map(D))
def test_supply_found_by_search_is_what_walking_period_by_period_finds(periods: list[tuple[D | None, int]], stock: D) -> None:
    needs = Needs(periods)
    for first in range(len(periods) + 1):
        assert needs.covered(stock, first) == walked(stock, periods[first:])


def walked(stock: D, following: list[tuple[D | None, int]]) -> Supply:
    if stock < 0:
        return Supply(D(0))
    days = D(0)
    for demand, length in following:
        if demand is None:
            return Supply(days, at_least=True)
        if demand > stock:
            return Supply(days + ratio(stock * length, demand))
        stock, days = stock - demand, days + length
    return Supply(days, at_least=stock > 0)


def test_days_of_supply_of_many_periods_look_at_each_demand_once() -> None:
    looked = []

    class Watched(Flow):
        @property
        def amount(self) -> Range | None:
            looked.append(self)
            return exact(D(1))

    demand = [Watched(figure(1), False) for _ in range(300)]
    covers = cover([figure(1000)] * 300, demand, [1] * 300)
    assert covers[0] == Cover(D(299), D(299), True)
    assert len(looked) == 300


@given(some.lists(some.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=9), AMOUNTS, AMOUNTS)
def test_the_projection_of_a_range_holds_the_projection_of_every_stock_in_it(
    days: list[tuple[D, D]], low: D, more: D
) -> None:
    demand = [Flow(figure(out), False) for out, _ in days]
    inbound = [Flow(figure(into), False) for _, into in days]
    wide = projection(Figure(Range(low, low + more)), demand, inbound)
    inside = projection(Figure(exact(low + more // 2)), demand, inbound)
    for outer, inner in zip(wide, inside, strict=True):
        assert outer is not None and inner is not None
        assert outer.amount.low <= inner.amount.low <= outer.amount.high
