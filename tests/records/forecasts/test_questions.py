"""forecastCompare and forecastAccuracy: computed from what the viewer could have read, and nothing else."""

from __future__ import annotations

from typing import Any

from .firms import Firms, week
from .test_publish import publish

COMPARE = """query($id: ID!, $version: Int!, $with: Int, $start: Date) {
  forecastCompare(id: $id, version: $version, with: $with, start: $start) {
    version with unit periods { startsOn change old new delta } } }"""
ACCURACY = """query($id: ID!, $lag: Int!, $start: Date!, $end: Date!, $sellOut: ID) {
  forecastAccuracy(id: $id, lag: $lag, start: $start, end: $end, sellOut: $sellOut) {
    lag unit sellOut periods { startsOn frozenAt forecast actual }
    wape { ...figure } bias { ...figure } mase { ...figure } trackingSignal { ...figure } } }
fragment figure on ForecastMeasure { state value lacking definition evidence }"""


async def test_compare_tells_period_by_period_what_changed(firms: Firms) -> None:
    series = (await publish(firms, "40", "60", "80"))["id"]
    firms.clock.pass_by(days=1)
    await publish(firms, "45", None, "80", "10", replace=True, horizonStart=week(0), horizonEnd=week(3))
    firms.clock.pass_by(days=1)
    await publish(firms, "1000")
    for firm in ("acme", "bolt"):
        found = (await firms.read(firm, COMPARE, id=series, version=1, **{"with": 2}))["forecastCompare"]
        assert found == {
            "version": 1, "with": 2, "unit": "C62",
            "periods": [
                {"startsOn": week(0), "change": "CHANGED", "old": "40", "new": "45", "delta": "5"},
                {"startsOn": week(1), "change": "WITHDRAWN", "old": "60", "new": None, "delta": None},
                {"startsOn": week(2), "change": "SAME", "old": "80", "new": "80", "delta": "0"},
                {"startsOn": week(3), "change": "ADDED", "old": None, "new": "10", "delta": None},
            ],
        }  # fmt: skip
    newest = (await firms.read("bolt", COMPARE, id=series, version=2, start=week(0)))["forecastCompare"]
    assert (newest["with"], newest["periods"][0]["delta"]) == (3, "955")
    for version in (0, 4):
        assert await firms.read("acme", COMPARE, id=series, version=version) == {"forecastCompare": None}


async def test_compare_answers_a_stranger_as_if_there_were_nothing(firms: Firms) -> None:
    series = (await publish(firms, "40"))["id"]
    await firms.grant("acme", "dyna", "FORECAST", "quantity", "versions", days_ahead=28)
    unknown = series[:-1] + ("0" if series[-1] != "0" else "1")
    for firm in ("cargo", "dyna"):
        for each in (series, unknown, "x", firms.ids["acme-plant"]):
            assert await firms.read(firm, COMPARE, id=each, version=1) == {"forecastCompare": None}


async def sell(firms: Firms, *quantities: str | None, **more: Any) -> str:
    payload = await firms.run(
        "acme", "sellOutPublish", "sellOut { id }", item=firms.ids["acme-casting"], site=firms.ids["acme-plant"],
        bucket="WEEK", unit="EA",
        points=[
            {"startsOn": week(place), "quantity": each} for place, each in enumerate(quantities) if each is not None
        ],
        **more,
    )  # fmt: skip
    assert payload["userErrors"] == []
    found: str = payload["sellOut"]["id"]
    return found


async def test_accuracy_takes_the_forecast_as_it_was_known_at_the_lag(firms: Firms) -> None:
    series = (await publish(firms, "1", "110", "100", "90"))["id"]
    firms.clock.pass_by(days=27)  # the week of the last period runs, nothing of it counts yet
    await publish(firms, "999", "999", "999", "999")
    sold = await sell(firms, "1", "100", "120", "80")
    given = {"id": series, "lag": 1, "start": week(1), "end": week(3)}
    found = (await firms.read("acme", ACCURACY, **given))["forecastAccuracy"]
    assert (found["lag"], found["unit"], found["sellOut"]) == (1, "C62", sold)
    assert found["periods"][0] == {
        "startsOn": week(1), "frozenAt": "2026-03-02T00:00:00+00:00", "forecast": None, "actual": "100",
    }  # fmt: skip
    firms.clock.pass_by(days=2)
    later = {**given, "lag": 0}
    found = (await firms.read("acme", ACCURACY, **later))["forecastAccuracy"]
    assert [(each["forecast"], each["actual"]) for each in found["periods"]] == [
        ("110", "100"), ("100", "120"), ("90", "80"),
    ]  # fmt: skip
    assert {name: found[name]["value"] for name in ("wape", "bias", "mase", "trackingSignal")} == {
        "wape": "0.133333", "bias": "0", "mase": "0.444444", "trackingSignal": "0",
    }  # fmt: skip
    assert found["wape"]["definition"] == "Sum of |actual - forecast| over sum of actual."
    evidence = found["wape"]["evidence"]
    nodes = (await firms.read("acme", "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", ids=evidence))["nodes"]
    assert [node["__typename"] for node in nodes] == ["ForecastPoint", "SellOutPoint"] * 3


async def test_accuracy_says_when_there_is_not_enough_data(firms: Firms) -> None:
    series = (await publish(firms, "110", "100"))["id"]
    given = {"id": series, "lag": 0, "start": week(0), "end": week(1)}
    found = (await firms.read("acme", ACCURACY, **given))["forecastAccuracy"]
    assert (found["wape"]["state"], found["wape"]["value"], found["wape"]["evidence"]) == ("NOT_ENOUGH_DATA", None, [])
    assert found["wape"]["lacking"].startswith("there is no such sell-out")
    await sell(firms, "100")
    found = (await firms.read("acme", ACCURACY, **given))["forecastAccuracy"]
    assert found["bias"]["lacking"] == "no period has both a forecast and an actual"  # the week is not over
    assert found["periods"][0]["actual"] is None


async def test_accuracy_is_made_of_what_the_viewer_sees(firms: Firms) -> None:
    series = (await publish(firms, *["100"] * 4, first=1))["id"]
    firms.clock.pass_by(days=40)
    await sell(firms, None, "100", "90", "80", "70")
    given = {"id": series, "lag": 0, "start": week(1), "end": week(4)}
    theirs = (await firms.read("bolt", ACCURACY, **given))["forecastAccuracy"]
    assert (theirs["sellOut"], theirs["wape"]["state"]) == (None, "NOT_ENOUGH_DATA")
    assert await firms.read("cargo", ACCURACY, **given) == {"forecastAccuracy": None}
    await firms.grant("acme", "bolt", "SELL_OUT", "quantity", days_back=21)
    theirs = (await firms.read("bolt", ACCURACY, **given))["forecastAccuracy"]
    assert [each["actual"] for each in theirs["periods"]] == [None, None, "80", "70"]
    assert theirs["bias"]["value"] == "0.333333"


async def test_of_several_sell_outs_one_must_be_named(firms: Firms) -> None:
    series = (await publish(firms, "100", first=1))["id"]
    firms.clock.pass_by(days=20)
    first = await sell(firms, None, "100")
    second = await sell(firms, None, "50", counterparty=firms.ids["bolt"])
    given = {"id": series, "lag": 0, "start": week(1), "end": week(1)}
    found = (await firms.read("acme", ACCURACY, **given))["forecastAccuracy"]
    assert found["wape"]["lacking"].startswith("there are several")
    for named, wape in ((first, "0"), (second, "1")):
        found = (await firms.read("acme", ACCURACY, **given, sellOut=named))["forecastAccuracy"]
        assert (found["sellOut"], found["wape"]["value"]) == (named, wape)


async def test_limits_of_accuracy(firms: Firms) -> None:
    series = (await publish(firms, "100"))["id"]
    for lag, start, end, path in ((-1, 0, 0, ["lag"]), (261, 0, 0, ["lag"]), (0, 1, 0, ["end"]), (0, 0, 260, ["end"])):
        errors = (await firms.ask("acme", ACCURACY, id=series, lag=lag, start=week(start), end=week(end)))["errors"]
        assert (errors[0]["extensions"]["code"], errors[0]["extensions"]["inputPath"]) == ("BAD_USER_INPUT", path)


async def test_the_standards_example_of_a_demand_that_deviates(firms: Firms) -> None:
    """CX-0128 5.11.3: 4 x 100, then 120, 110, 130, 100: +60, +0.15, alert at 0.10; and the same way down."""
    query = """query($id: ID!, $version: Int!) { forecastCompare(id: $id, version: $version) {
      deviation { absolute relative threshold alert lacking } } }"""

    async def state(*quantities: str) -> str:
        points = [{"startsOn": week(n), "quantity": each} for n, each in enumerate(quantities)]
        horizon = {"replace": True, "horizonStart": week(0), "horizonEnd": week(3)}
        given = {"counterparty": firms.ids["bolt"], "item": firms.ids["acme-casting"], "bucket": "WEEK", "unit": "C62"}
        found = await firms.run("acme", "forecastPublish", "forecast { id }", **given, points=points, **horizon)
        assert found["userErrors"] == []
        return str(found["forecast"]["id"])

    async def deviation(version: int) -> Any:
        return (await firms.read("bolt", query, id=series, version=version))["forecastCompare"]["deviation"]

    await state("100", "100", "100", "100")
    series = await state("120", "110", "130", "100")
    found = {"absolute": "60", "relative": "0.15", "threshold": "0.1", "alert": "UP", "lacking": None}
    assert await deviation(1) == found
    await state("85", "85", "85", "85")
    assert (await deviation(1))["alert"] == "DOWN"
    await state("85", "85", "85")
    found = await deviation(3)
    assert (found["absolute"], found["alert"], found["lacking"]) == (None, None, "a period is unknown in one of the two")
