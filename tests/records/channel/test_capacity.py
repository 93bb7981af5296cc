"""What acme demands of bolt against what bolt can make: the same word for both, and none for anybody else."""

from __future__ import annotations

from typing import Any

import pytest

from ..forecasts.firms import Firms
from .asking import commit, day, done, need, points

QUESTION = """query($capacity: ID!, $start: Date!, $end: Date!) {
  capacityMatch(capacity: $capacity, start: $start, end: $end) {
    actual maximum forecasts commits unit definitions uncounted { record reason }
    periods { startsOn demand actual maximum match deviation flexible short lacking evidence
      commit commitMatch commitShort }
  }
}"""
FIGURES = ("demand", "match", "deviation", "flexible", "short")


@pytest.fixture
async def firms(firms: Firms) -> Firms:
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    return firms


async def able(firms: Firms, basis: str, *quantities: str | None, **more: Any) -> str:
    """bolt's capacity for acme's casting, for acme; the id."""
    given = {
        "counterparty": firms.ids["acme"], "item": firms.ids["acme-casting"], "bucket": "DAY", "unit": "C62",
        "basis": basis, "points": points(*quantities),
    } | more  # fmt: skip
    return str((await done(firms, "bolt", "capacityPublish", "capacity { id }", **given))["id"])


async def asked(firms: Firms, firm: str, capacity: str, days: int = 4) -> Any:
    given = {"capacity": capacity, "start": day(0), "end": day(days - 1)}
    return (await firms.read(firm, QUESTION, **given))["capacityMatch"]


def table(found: Any) -> list[tuple[Any, ...]]:
    return [tuple(each[name] for name in FIGURES) for each in found["periods"]]


async def test_the_table_of_the_standard_is_the_same_for_both(firms: Firms) -> None:
    """Actual 100, maximum 120: demand 100 none, 80 surplus of 20, 110 orange, 130 red and short of 10."""
    actual = await able(firms, "ACTUAL", *["100"] * 4)
    maximum = await able(firms, "MAXIMUM", *["120"] * 4)
    forecast = await need(firms, "100", "80", "110", "130")
    for firm, named in (("bolt", actual), ("acme", maximum)):
        found = await asked(firms, firm, named)
        assert (found["actual"], found["maximum"], found["forecasts"]) == (actual, maximum, [forecast["id"]])
        assert table(found) == [
            ("100", "NONE", "0", "20", "0"), ("80", "SURPLUS", "20", "20", "0"),
            ("110", "BOTTLENECK_ORANGE", "-10", "20", "0"), ("130", "BOTTLENECK_RED", "-30", "20", "10"),
        ]  # fmt: skip
        first = found["periods"][0]
        assert (first["startsOn"], first["lacking"], len(first["evidence"])) == (day(0), None, 3)
        assert any("CX-0128" in each for each in found["definitions"])


async def test_what_is_committed_is_held_against_capacity_too(firms: Firms) -> None:
    """bolt commits to 110, 120 and 125 of 130: orange, orange, and red, short of 5; of the fourth day it said nothing."""
    actual = await able(firms, "ACTUAL", *["100"] * 4)
    await able(firms, "MAXIMUM", *["120"] * 4)
    forecast = await need(firms, *["130"] * 4)
    blind = await asked(firms, "bolt", actual)
    assert [(each["commit"], each["commitMatch"]) for each in blind["periods"]] == [(None, None)] * 4
    answer = await commit(firms, forecast, "110", "120", "125")
    for firm in ("bolt", "acme"):
        found = await asked(firms, firm, actual)
        assert (found["commits"], [each["match"] for each in found["periods"]]) == ([answer["id"]], ["BOTTLENECK_RED"] * 4)
        assert [(each["commit"], each["commitMatch"], each["commitShort"]) for each in found["periods"]] == [
            ("110", "BOTTLENECK_ORANGE", "0"), ("120", "BOTTLENECK_ORANGE", "0"), ("125", "BOTTLENECK_RED", "5"),
            (None, None, None),
        ]  # fmt: skip
        assert answer["points"]["nodes"][0]["id"] in found["periods"][0]["evidence"]


async def test_unknown_is_not_zero(firms: Firms) -> None:
    actual = await able(firms, "ACTUAL", "100", "100", None)
    assert {each["match"] for each in (await asked(firms, "bolt", actual))["periods"]} == {None}
    await able(firms, "MAXIMUM", "120", "120", "120")
    await need(firms, "90", None, "90")
    found = await asked(firms, "bolt", actual, days=3)
    assert [each["match"] for each in found["periods"]] == ["SURPLUS", None, None]
    assert found["periods"][1]["lacking"] == "demand, actual or maximum capacity of the period is unknown"


async def test_a_capacity_for_all_customers_meets_the_demand_of_all_and_only_its_maker_knows(firms: Firms) -> None:
    await firms._add(
        "bolt-dyna", "rel", "relationship", provider_id=firms.keys["bolt"], recipient_id=firms.keys["dyna"],
        kind="SUPPLY", state="ACTIVE", proposed_by=firms.keys["dyna"],
    )  # fmt: skip
    await firms.grant("bolt", "dyna", "ITEM", "lifecycle")
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    whole = {"counterparty": None, "item": firms.ids["bolt-casting"]}
    actual = await able(firms, "ACTUAL", "100", **whole)
    await able(firms, "MAXIMUM", "120", **whole)
    for firm, quantity in (("acme", "70"), ("dyna", "60")):
        given = {
            "counterparty": firms.ids["bolt"], "item": firms.ids["bolt-casting"], "bucket": "DAY", "unit": "C62",
            "points": points(quantity),
        }  # fmt: skip
        await done(firms, firm, "forecastPublish", "forecast { id }", **given)
    weekly = given | {"bucket": "WEEK", "points": [{"startsOn": "2026-03-09", "quantity": "5"}]}
    other = (await done(firms, "dyna", "forecastPublish", "forecast { id }", **weekly))["id"]
    found = await asked(firms, "bolt", actual, days=1)
    assert table(found) == [("130", "BOTTLENECK_RED", "-30", "20", "10")]
    assert found["uncounted"] == [{"record": other, "reason": "OTHER_PERIODS"}]
    await firms.grant("bolt", "acme", "CAPACITY", "quantity", "parties")
    seen = await asked(firms, "acme", actual, days=1)
    assert (seen["forecasts"], seen["uncounted"]) == ([], [])
    assert table(seen) == [(None, None, None, None, None)]


async def test_a_capacity_one_may_not_see_is_none(firms: Firms) -> None:
    actual = await able(firms, "ACTUAL", "100")
    for firm in ("cargo", "dyna"):
        assert await asked(firms, firm, actual) is None
    assert await asked(firms, "acme", firms.ids["acme"]) is None


async def test_who_is_not_told_for_whom_capacities_are_mixes_none(firms: Firms) -> None:
    actual = await able(firms, "ACTUAL", "100")
    await able(firms, "MAXIMUM", "50", counterparty=None, item=firms.ids["bolt-casting"])
    await firms.superuser.execute(
        "update time_series set item_id = $1 where counterparty_id is null", firms.keys["acme-casting"]
    )
    await firms.superuser.execute("update series_point set item_id = $1", firms.keys["acme-casting"])
    await firms.grant("bolt", "dyna", "CAPACITY", "quantity")
    found = await asked(firms, "dyna", actual, days=1)
    assert (found["actual"], found["maximum"], found["periods"][0]["actual"]) == (actual, None, "100")
    assert found["periods"][0]["match"] is None


async def test_bad_questions_are_refused(firms: Firms) -> None:
    actual, agreed = await able(firms, "ACTUAL", "1"), await able(firms, "AGREED", "1")
    for capacity, end, reason, path in (
        (actual, day(-1), "BAD_VALUE", "end"), (actual, day(250), "TOO_MANY", "end"),
        (actual, "2199-01-01", "TOO_MANY", "end"), (agreed, day(1), "BAD_VALUE", "capacity"),
    ):  # fmt: skip
        [error] = (await firms.ask("acme", QUESTION, capacity=capacity, start=day(0), end=end))["errors"]
        assert (error["extensions"]["reason"], error["extensions"]["inputPath"]) == (reason, [path])
