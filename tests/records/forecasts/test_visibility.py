"""Who sees which weeks of whose series, and that hidden weeks leave no trace."""

from __future__ import annotations

from typing import Any

import pytest

from .firms import Firms, week
from .test_publish import numbers, publish

EVERYTHING = """
{ forecasts(first: 10) { totalCount nodes { id bucket unit category versionNo publishedAt reason createdAt withheld
    publisher { code } counterparty { code } item { number } site { code }
    points(first: 100) { totalCount pageInfo { hasNextPage endCursor } nodes {
      id startsOn quantity upside knownFrom knownUntil versionNo withheld } }
    pointHistory(first: 100) { totalCount nodes { id } }
    versions { totalCount nodes { id } } comments { totalCount } commits { totalCount } } }
  items(first: 10) { nodes { number forecasts(first: 10) { nodes { id points { nodes { id } } } } } } }
"""


async def everything(firms: Firms, firm: str) -> dict[str, Any]:
    return await firms.read(firm, EVERYTHING)


async def test_owner_and_counterparty_see_all_and_a_stranger_nothing(firms: Firms) -> None:
    blank = await everything(firms, "cargo")
    series = (await publish(firms, "40", "60"))["id"]
    for firm in ("acme", "bolt"):
        assert await numbers(firms, firm, series) == {week(0): "40", week(1): "60"}
        assert (await everything(firms, firm))["forecasts"]["nodes"][0]["withheld"] == []
    assert await everything(firms, "cargo") == blank
    by_id = "query($id: ID!) { forecast(by: {id: $id}) { id } node(id: $id) { id } }"
    assert await firms.read("cargo", by_id, id=series) == {"forecast": None, "node": None}


async def test_a_window_shows_its_weeks_and_hides_the_rest(firms: Firms) -> None:
    series = (await publish(firms, "1", "2", "3", "4", "5", "6", "7", "8"))["id"]
    await firms.grant("acme", "dyna", "FORECAST", "quantity", item="acme-casting", days_back=0, days_ahead=28)
    assert await numbers(firms, "dyna", series) == {week(1): "2", week(2): "3", week(3): "4", week(4): "5"}
    found = (await everything(firms, "dyna"))["forecasts"]
    assert found["totalCount"] == 1
    header = found["nodes"][0]
    assert (header["counterparty"], header["versionNo"], header["publishedAt"], header["reason"]) == (None,) * 4
    assert header["withheld"] == ["parties", "versions", "reasons"]
    assert header["points"]["totalCount"] == 4
    assert header["versions"] == {"totalCount": 0, "nodes": []}
    firms.clock.pass_by(days=14)
    assert await numbers(firms, "dyna", series) == {week(3): "4", week(4): "5", week(5): "6", week(6): "7"}


async def test_weeks_beyond_the_window_change_without_a_trace(firms: Firms) -> None:
    series = (await publish(firms, *["10"] * 20))["id"]
    await firms.grant("acme", "dyna", "FORECAST", "quantity", days_back=0, days_ahead=28)
    before = await everything(firms, "dyna")
    await publish(firms, *["99"] * 10, first=10, reason="All is new beyond")
    await firms.run("bolt", "forecastComment", "", series=series, text="Really?")
    assert await everything(firms, "dyna") == before
    await publish(firms, "11", first=2)
    assert (await numbers(firms, "dyna", series))[week(2)] == "11"


async def test_a_series_with_nothing_in_the_window_does_not_exist(firms: Firms) -> None:
    await firms.grant("acme", "dyna", "FORECAST", "quantity", days_back=0, days_ahead=28)
    blank = await everything(firms, "dyna")
    await publish(firms, "1", first=30)
    assert await everything(firms, "dyna") == blank


async def test_a_window_without_the_numbers_masks_them(firms: Firms) -> None:
    series = (await publish(firms, "1", "2", "3", "4", "5", "6"))["id"]
    await firms.grant("acme", "dyna", "FORECAST", "parties", days_back=0, days_ahead=28)
    await firms.grant("acme", "dyna", "FORECAST", "quantity", days_back=0, days_ahead=7)
    assert await numbers(firms, "dyna", series) == {week(1): "2", week(2): None, week(3): None, week(4): None}
    document = "query($id: ID!) { forecast(by: {id: $id}) { points { nodes { quantity withheld } } } }"
    nodes = (await firms.read("dyna", document, id=series))["forecast"]["points"]["nodes"]
    assert nodes == [
        {"quantity": "2", "withheld": ["versions"]}, *[{"quantity": None, "withheld": ["quantity", "versions"]}] * 3
    ]  # fmt: skip


async def test_the_past_is_read_under_todays_rules(firms: Firms) -> None:
    first = await publish(firms, "1", "2", "3", "4", "5", "6")
    firms.clock.pass_by(days=1)
    await publish(firms, "9", "9", "9", "9", "9", "9")
    await firms.grant("acme", "dyna", "FORECAST", "quantity", days_back=0, days_ahead=14)
    assert await numbers(firms, "dyna", first["id"], asOf=first["publishedAt"]) == {week(1): "2", week(2): "3"}


async def test_a_rule_for_one_measure_item_or_site_opens_no_other(firms: Firms) -> None:
    await publish(firms, "1")
    await publish(firms, "1", site=None)
    await firms.run(
        "acme", "sellOutPublish", "", item=firms.ids["acme-casting"], bucket="WEEK", unit="C62",
        points=[{"startsOn": week(0), "quantity": "7"}],
    )  # fmt: skip
    counts = "{ forecasts { totalCount } sellOuts { totalCount } commits { totalCount } capacities { totalCount } }"

    async def seen() -> tuple[int, int]:
        data = await firms.read("dyna", counts)
        return data["forecasts"]["totalCount"], data["sellOuts"]["totalCount"]

    assert await seen() == (0, 0)
    await firms.grant("acme", "dyna", "FORECAST", "quantity", item="acme-oil")
    assert await seen() == (0, 0)
    await firms.grant("acme", "dyna", "FORECAST", "quantity", site="acme-plant")
    assert await seen() == (1, 0)
    await firms.grant("acme", "dyna", "SELL_OUT", "quantity")
    assert await seen() == (1, 1)
    await firms.grant("acme", "dyna", "FORECAST", "quantity", item="acme-casting")
    assert await seen() == (2, 1)


@pytest.mark.parametrize(("value", "found"), [("WEEK", 1), ("DAY", 0)])
async def test_filters(firms: Firms, value: str, found: int) -> None:
    series = await publish(firms, "1")
    document = """query($item: ID!, $site: ID!, $bucket: Bucket!, $since: DateTime!) { forecasts(where: {
      item: {eq: $item}, site: {eq: $site}, bucket: {eq: $bucket}, publishedAt: {gte: $since}, category: {eq: "0001"}
    }) { totalCount } }"""
    given = {"item": firms.ids["acme-casting"], "site": firms.ids["acme-plant"], "bucket": value,
             "since": series["publishedAt"]}  # fmt: skip
    for firm, seen in (("acme", found), ("bolt", found), ("cargo", 0)):
        assert (await firms.read(firm, document, **given))["forecasts"]["totalCount"] == seen


async def test_a_hidden_publishing_instant_filters_as_null(firms: Firms) -> None:
    await publish(firms, "1")
    await firms.grant("acme", "dyna", "FORECAST", "quantity")
    for condition, found in (('{gte: "2020-01-01T00:00:00Z"}', 0), ("{isNull: true}", 1)):
        document = f"{{ forecasts(where: {{publishedAt: {condition}}}) {{ totalCount }} }}"
        assert (await firms.read("dyna", document))["forecasts"]["totalCount"] == found


async def test_an_items_series_hang_on_it(firms: Firms) -> None:
    series = (await publish(firms, "1"))["id"]
    document = (
        "query($id: ID!) { node(id: $id) { ... on Item { forecasts { nodes { id } } capacities { nodes { id } } } } }"
    )
    for firm in ("acme", "bolt"):
        found = await firms.read(firm, "{ forecasts { nodes { item { forecasts { nodes { id } } } } } }")
        assert found["forecasts"]["nodes"] == [{"item": {"forecasts": {"nodes": [{"id": series}]}}}]
    assert await firms.read("acme", document, id=firms.ids["acme-casting"]) == {
        "node": {"forecasts": {"nodes": [{"id": series}]}, "capacities": {"nodes": []}}
    }


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("FORECAST", ["quantity"]),
        ("FORECAST", ["quantity", "parties", "versions", "reasons"]),
        ("SELL_OUT", ["quantity"]),
        ("COMMIT", ["quantity"]),
        ("PRODUCTION", ["quantity"]),
        ("CAPACITY", ["quantity"]),
        ("INVENTORY", ["stock", "targets", "parties"]),
    ],
)
async def test_rules_on_these_records_can_be_written_activated_and_suspended(
    firms: Firms, kind: str, groups: list[str]
) -> None:
    series = (await publish(firms, "1", "2"))["id"]
    state = "sharingRule { id version state }"
    draft = {
        "kind": kind, "grantee": {"code": "DYNA"}, "items": {"ids": [firms.ids["acme-casting"]]},
        "sites": {"all": True}, "fieldGroups": groups, "daysBack": 7, "daysAhead": 3,
    }  # fmt: skip
    payload = await firms.run("acme", "sharingRuleDraft", state, **draft)
    assert payload["userErrors"] == []
    rule = payload["sharingRule"]
    payload = await firms.run(
        "acme", "sharingRuleActivate", state, sharingRule=rule["id"], expectedVersion=rule["version"]
    )
    assert payload["userErrors"] == []
    seen = await firms.read("dyna", "{ forecasts { nodes { id points { nodes { startsOn quantity } } } } }")
    shown = [{"id": series, "points": {"nodes": [{"startsOn": week(0), "quantity": "1"}]}}]
    assert seen["forecasts"]["nodes"] == (shown if kind == "FORECAST" else [])
    version = payload["sharingRule"]["version"]
    await firms.run("acme", "sharingRuleSuspend", state, sharingRule=rule["id"], expectedVersion=version)
    assert (await firms.read("dyna", "{ forecasts { totalCount } }"))["forecasts"]["totalCount"] == 0
