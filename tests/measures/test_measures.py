"""Every example of domain.md section 10 for these measures, exact to the digits shown, and the edges around them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scmhub.measures.accuracy import Pair, bias, mase, tracking_signal, wape
from scmhub.measures.capacity import Match, capacity_match, demand_deviation
from scmhub.measures.concentration import Sourced, concentration, single_source_share
from scmhub.measures.days_of_supply import Needs, Supply
from scmhub.measures.figures import Range
from scmhub.measures.figures import exact as exactly
from scmhub.measures.stock import StockOut, shift, stock_out

DEMAND = [D(each) for each in (40, 60, 50, 50, 60, 50)]
INBOUND = [D(each) for each in (0, 60, 100, 0, 0, 40)]
AMOUNTS = some.decimals(0, 10_000, places=2)


def exact(*values: str) -> list[D]:
    return [D(value) for value in values]


# -- days of supply ----------------------------------------------------------------------------------------------------


def lasts(stock: D, following: list[D] | list[D | None]) -> Supply:
    return Needs([(each, 1) for each in following]).covered(stock, 0)


def test_days_of_supply_of_the_standards_example() -> None:
    projected = [D(60), D(60), D(110), D(60), D(0)]
    days = [lasts(stock, DEMAND[number:]) for number, stock in enumerate(projected, 1)]
    assert days == [Supply(D(days)) for days in ("1.0", "1.2", "2.0", "1.0", "0.0")]


def test_days_of_supply_of_the_standards_example_from_stock_zero() -> None:
    projected = [D(-40), D(-40), D(10), D(-40), D(-100)]
    days = [lasts(stock, DEMAND[number:]) for number, stock in enumerate(projected, 1)]
    assert days == [Supply(D(days)) for days in ("0", "0", "0.2", "0", "0")]


def test_stock_that_outlasts_the_horizon_is_at_least() -> None:
    assert lasts(D(100), exact("40", "50")) == Supply(D(2), at_least=True)
    assert lasts(D(90), exact("40", "50")) == Supply(D(2))
    assert lasts(D(90), [D(40), None, D(50)]) == Supply(D(1), at_least=True)
    assert lasts(D(40), [D(40), None, D(50)]) == Supply(D(1), at_least=True)


def test_a_day_without_demand_is_covered_unless_the_stock_is_negative() -> None:
    assert lasts(D(0), exact("0", "0", "5")) == Supply(D(2))
    assert lasts(D(-1), exact("0", "0", "5")) == Supply(D(0))
    assert lasts(D(5), []) == Supply(D(0), at_least=True)


@given(AMOUNTS, some.lists(AMOUNTS, max_size=12))
def test_more_stock_never_lasts_less(stock: D, following: list[D]) -> None:
    assert lasts(stock, following).days <= lasts(stock + 1, following).days <= len(following)


# -- stock -------------------------------------------------------------------------------------------------------------


def test_stock_runs_out_on_the_first_day_below_zero() -> None:
    days = [date(2026, 3, day) for day in (1, 2, 3)]
    assert stock_out(days, exact("60", "-10", "40")).value == StockOut(days[1], D(10))
    assert stock_out(days, exact("60", "0", "40")).value == StockOut(None)
    unknown = stock_out(days, [D(60), None, None])
    assert (unknown.state, unknown.lacking) == ("NOT_ENOUGH_DATA", "the projected stock of 2026-03-02 is unknown")


def test_stock_moved_to_a_partner_is_not_saved() -> None:
    def split(mine: str, partners: str) -> tuple[D, ...]:
        found = shift(exactly(D(mine)), exactly(D(partners))).value
        assert found is not None and all(each.low == each.high for each in (found.reduced, found.saved, found.moved))
        return found.reduced.low, found.saved.low, found.moved.low

    assert split("-40", "40") == (40, 0, 40)
    assert split("-40", "30") == (40, 10, 30)
    assert split("-40", "-60") == (40, 40, 0)
    assert split("-40", "50") == (40, 0, 40)
    assert split("10", "-110") == (0, 0, 0)
    assert shift(exactly(D(-40)), None).state == "NOT_ENOUGH_DATA"


@given(*[some.integers(-60, 60)] * 4, some.data())
def test_a_range_of_stock_splits_into_all_that_is_possible(a: int, b: int, c: int, d: int, pick: some.DataObject) -> None:
    mine, partners = Range(D(min(a, b)), D(max(a, b))), Range(D(min(c, d)), D(max(c, d)))
    whole = shift(mine, partners).value
    one = [D(pick.draw(some.integers(int(each.low), int(each.high)))) for each in (mine, partners)]
    part = shift(*map(exactly, one)).value
    ends = [shift(exactly(m), exactly(p)).value for m in (mine.low, mine.high) for p in (partners.low, partners.high)]
    assert whole is not None and part is not None
    for name in ("reduced", "saved", "moved"):
        possible: Range = getattr(whole, name)
        assert possible.low <= getattr(part, name).low <= possible.high
        reached = {getattr(each, name).low for each in ends}
        assert (min(reached), max(reached)) == (possible.low, possible.high)  # and no more than that


# -- capacity ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demand", "maximum", "match", "deviation", "short"),
    [
        ("100", "120", Match.NONE, "0", "0"), ("80", "120", Match.SURPLUS, "20", "0"),
        ("110", "120", Match.BOTTLENECK_ORANGE, "-10", "0"), ("120", "120", Match.BOTTLENECK_ORANGE, "-20", "0"),
        ("130", "120", Match.BOTTLENECK_RED, "-30", "10"), ("101", "100", Match.BOTTLENECK_RED, "-1", "1"),
        ("100", "100", Match.NONE, "0", "0"),
    ],
)  # fmt: skip
def test_capacity_match(demand: str, maximum: str, match: Match, deviation: str, short: str) -> None:
    found = capacity_match(D(demand), D(100), D(maximum), ["fcp_1", "cpp_1"])
    assert found.value is not None
    assert (found.value.match, found.value.deviation, found.value.short) == (match, D(deviation), D(short))
    assert (found.value.flexible, found.evidence) == (D(maximum) - 100, ("fcp_1", "cpp_1"))


def test_unknown_capacity_is_not_zero_and_a_maximum_below_the_actual_is_none() -> None:
    assert capacity_match(D(1), None, D(2)).state == "NOT_ENOUGH_DATA"
    assert capacity_match(D(1), D(0), D(0)).value.match is Match.BOTTLENECK_RED  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="at least"):
        capacity_match(D(1), D(2), D(1))


def test_demand_deviation() -> None:
    found = demand_deviation([D(100)] * 4, exact("120", "110", "130", "100"), D("0.10"), D("0.10")).value
    assert found is not None
    assert (found.absolute, found.relative, found.alert) == (D(60), D("0.15"), "UP")


def test_demand_deviation_compares_with_minus_the_negative_threshold() -> None:
    def alert(latest: str) -> str | None:
        found = demand_deviation([D(100)] * 4, [D(latest)] * 4, D("0.10"), D("0.10")).value
        return found.alert if found else None

    assert [alert(each) for each in ("85", "90", "95", "100", "105", "110")] == ["DOWN", "DOWN", None, None, None, "UP"]


def test_demand_deviation_edges() -> None:
    assert demand_deviation([D(1), None], [D(1), D(2)], D(0), D(0)).state == "NOT_ENOUGH_DATA"
    assert demand_deviation([], [], D(0), D(0)).state == "NOT_ENOUGH_DATA"
    found = demand_deviation([D(0)], [D(5)], D("0.1"), D("0.1")).value
    assert found is not None
    assert (found.absolute, found.relative, found.alert) == (D(5), None, "UP")
    same = demand_deviation([D(5)], [D(5)], D(0), D(0)).value
    assert same is not None
    assert same.alert is None
    with pytest.raises(ValueError, match="magnitudes"):
        demand_deviation([D(1)], [D(1)], D(0), D("-0.1"))


# -- accuracy ----------------------------------------------------------------------------------------------------------

PAIRS = [Pair(D(110), D(100), ("a", "b")), Pair(D(100), D(120)), Pair(D(90), D(80))]


def test_wape_and_bias_of_the_example() -> None:
    assert round(wape(PAIRS).value * 100, 1) == D("13.3")  # type: ignore[operator]
    assert wape(PAIRS).value == D("0.133333")
    assert bias(PAIRS).value == 0
    assert wape(PAIRS).evidence == ("a", "b")


def test_mase_of_the_example_and_over_a_flat_history() -> None:
    assert mase(PAIRS).value == D("0.444444")
    flat = mase([Pair(D(1), D(5)), Pair(D(9), D(5))])
    assert (flat.state, flat.lacking) == (
        "NOT_ENOUGH_DATA",
        "the actuals never change, so there is nothing to scale by",
    )
    assert mase(PAIRS, season=3).state == "NOT_ENOUGH_DATA"


def test_a_gap_is_no_step_of_the_history() -> None:
    gap = [PAIRS[0], None, PAIRS[2]]
    assert mase(gap).state == "NOT_ENOUGH_DATA"
    assert mase(gap, season=2).value == D("0.5")
    assert wape(gap).value == D("0.111111")


def test_accuracy_edges() -> None:
    for measure in (wape, bias, mase, tracking_signal):
        assert measure([]).state == measure([None]).state == "NOT_ENOUGH_DATA"
    assert wape([Pair(D(3), D(0))]).lacking == "the actuals add up to zero"


def test_tracking_signal() -> None:
    assert tracking_signal([Pair(D(110), D(100)), Pair(D(130), D(100))]).value == 2
    assert tracking_signal([Pair(D(90), D(100)), Pair(D(70), D(100))]).value == -2
    assert tracking_signal([Pair(D(100), D(100))]).value == 0


@given(some.lists(some.builds(Pair, AMOUNTS, AMOUNTS.map(lambda each: each + 1)), min_size=1, max_size=20))
def test_bias_never_exceeds_wape_and_both_are_quantised(pairs: list[Pair]) -> None:
    error, signed = wape(pairs).value, bias(pairs).value
    assert error is not None
    assert signed is not None
    assert abs(signed) <= error
    assert error == error.quantize(D("0.000001"))


# -- concentration -----------------------------------------------------------------------------------------------------


def test_hhi_of_the_examples() -> None:
    found = concentration(exact(".6", ".3", ".1")).value
    assert found is not None
    assert (found.hhi, found.effective_sources) == (D(".46"), D("2.173913"))
    four = concentration(exact(".4", ".3", ".2", ".1")).value
    assert four is not None
    assert four.hhi == D(".30")
    amounts = concentration(exact("600", "300", "100")).value
    assert amounts == found


def test_concentration_edges() -> None:
    alone = concentration(exact("7", "0")).value
    assert alone is not None
    assert (alone.hhi, alone.effective_sources) == (D(1), D(1))
    assert concentration([]).state == concentration([D(0)]).state == "NOT_ENOUGH_DATA"
    with pytest.raises(ValueError, match="something"):
        concentration(exact("-1"))


def test_single_source_share() -> None:
    items = [
        Sourced(D(60), {"bolt": D(1)}), Sourced(D(30), {"bolt": D(1), "cargo": D(2)}), Sourced(D(10), {"cargo": D(5)}),
        Sourced(D(99), {}), Sourced(D(99), {"bolt": D(0)}),
    ]  # fmt: skip
    assert single_source_share(items).value == D("0.7")
    assert single_source_share(items[3:]).state == "NOT_ENOUGH_DATA"
