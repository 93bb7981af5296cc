"""Stock as it is stated: whole statements, side by side, with their history and who may see it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ..forecasts.firms import Firms

POSITION = (
    "inventoryPosition { id version asOf asOfOn owner { code } holder { code } statedBy { code } site { code }"
    " available { value unit } blocked { value } allocated { value } inTransit { value } onOrder { value }"
    " minimum { value } maximum { value } target { value } safetyStock { value } targetsSetAt withheld"
    " history { nodes { asOf source available { value } delta { value } reason } } }"
)
NOW = "2026-03-04T12:00:00+00:00"


def castings(firms: Firms, available: str, **more: Any) -> dict[str, Any]:
    """acme's castings at bolt's plant."""
    return {
        "owner": firms.ids["acme"], "holder": firms.ids["bolt"], "site": firms.ids["bolt-plant"],
        "item": firms.ids["acme-casting"], "unit": "C62", "available": available, **more,
    }  # fmt: skip


async def show_plant(firms: Firms) -> None:
    """acme may find bolt's plant, so that it can state what lies there."""
    await firms.grant("bolt", "acme", "SITE", "identifiers")
    await firms.grant("acme", "bolt", "ITEM", "identifiers")


async def state(firms: Firms, firm: str, available: str, **more: Any) -> dict[str, Any]:
    payload = await firms.run(firm, "inventorySet", POSITION, **castings(firms, available, **more))
    assert payload["userErrors"] == []
    found: dict[str, Any] = payload["inventoryPosition"]
    return found


async def test_a_statement_is_whole_and_what_is_left_out_is_unknown(firms: Firms) -> None:
    await show_plant(firms)
    found = await state(firms, "bolt", "500", blocked="0", inTransit="12.5")
    del found["id"]
    assert found == {
        "version": 1, "asOf": NOW, "asOfOn": "2026-03-04", "owner": {"code": "ACME"}, "holder": {"code": "BOLT"},
        "statedBy": {"code": "BOLT"}, "site": {"code": "P1"}, "available": {"value": "500", "unit": "C62"},
        "blocked": {"value": "0"}, "allocated": None, "inTransit": {"value": "12.5"}, "onOrder": None,
        "minimum": None, "maximum": None, "target": None, "safetyStock": None, "targetsSetAt": None, "withheld": [],
        "history": {"nodes": [
            {"asOf": NOW, "source": "SET", "available": {"value": "500"}, "delta": None, "reason": None}
        ]},
    }  # fmt: skip
    quantities = ("available", "blocked", "allocated", "inTransit", "onOrder")
    assert await firms.changes() == [
        ("INVENTORY_POSITION", "STATED", ("asOf", *quantities, "version")), ("INVENTORY_STATEMENT", "SET", quantities),
    ]  # fmt: skip
    firms.clock.pass_by(hours=1)
    again = await state(firms, "bolt", "500", allocated="3")
    assert (again["version"], again["blocked"], again["allocated"]) == (2, None, {"value": "3"})


async def test_owner_and_holder_state_side_by_side_and_a_stranger_learns_nothing(firms: Firms) -> None:
    await show_plant(firms)
    document = """{ inventoryPositions(orderBy: {field: AS_OF, direction: ASC}) { totalCount nodes {
      statedBy { code } available { value } } } items { nodes { latestInventory { available { value } }
      inventoryPositions { nodes { available { value } } } } } }"""
    blank = await firms.read("cargo", document)
    await state(firms, "bolt", "500")
    firms.clock.pass_by(minutes=1)
    await state(firms, "acme", "480")
    for firm in ("acme", "bolt"):
        found = await firms.read(firm, document)
        assert found["inventoryPositions"] == {
            "totalCount": 2,
            "nodes": [
                {"statedBy": {"code": "BOLT"}, "available": {"value": "500"}},
                {"statedBy": {"code": "ACME"}, "available": {"value": "480"}},
            ],
        }
        latest = [each["latestInventory"] for each in found["items"]["nodes"]]
        assert {"available": {"value": "480"}} in latest
    assert await firms.read("cargo", document) == blank


async def test_an_older_statement_is_kept_in_the_history_only(firms: Firms) -> None:
    await show_plant(firms)
    await state(firms, "bolt", "500")
    found = await state(firms, "bolt", "700", asOf="2026-03-03T12:00:00Z", reason="Found the old sheet")
    assert (found["version"], found["available"]["value"]) == (1, "500")
    assert [each["available"]["value"] for each in found["history"]["nodes"]] == ["700", "500"]
    assert [change[:2] for change in (await firms.changes())[2:]] == [("INVENTORY_STATEMENT", "SET")]


async def test_of_two_statements_as_of_one_instant_the_later_made_holds(firms: Firms) -> None:
    await show_plant(firms)
    await state(firms, "bolt", "500", asOf=NOW)
    firms.clock.pass_by(hours=1)
    found = await state(firms, "bolt", "505", asOf=NOW)
    assert (found["version"], found["available"]["value"], len(found["history"]["nodes"])) == (2, "505", 2)


async def test_saying_the_same_again_writes_nothing(firms: Firms) -> None:
    await show_plant(firms)
    first = await state(firms, "bolt", "500", asOf=NOW)
    before = await firms.written()
    firms.clock.pass_by(hours=1)
    assert await state(firms, "bolt", "500.000", asOf=NOW) == first
    assert await firms.written() == before
    assert (await state(firms, "bolt", "500"))["version"] == 2  # the same number, known to be fresh


async def test_compare_before_setting(firms: Firms) -> None:
    await show_plant(firms)
    assert await firms.refused("bolt", "inventorySet", **castings(firms, "1", expectedVersion=1)) == (
        "CONFLICT", "input.expectedVersion",
    )  # fmt: skip
    assert await firms.refused("bolt", "inventorySet", **castings(firms, "1", expectedAvailable="0")) == (
        "CONFLICT", "input.expectedAvailable",
    )  # fmt: skip
    await state(firms, "bolt", "500", expectedVersion=0)
    await state(firms, "bolt", "490", expectedVersion=1, expectedAvailable="500")
    for more, field in (
        ({"expectedVersion": 1}, "expectedVersion"),
        ({"expectedAvailable": "500"}, "expectedAvailable"),
    ):
        given = castings(firms, "480", **more)
        assert await firms.refused("bolt", "inventorySet", **given) == ("CONFLICT", f"input.{field}")


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"available": "-1"}, ("OUT_OF_RANGE", "input.available")),
        ({"inTransit": "0.0000001"}, ("INVALID", "input.inTransit")),
        ({"unit": "KGM"}, ("UNIT_MISMATCH", "input.unit")),
        ({"asOf": "2026-03-04T12:05:00.000001Z"}, ("OUT_OF_RANGE", "input.asOf")),
        ({"reason": " x"}, ("INVALID", "input.reason")),
        ({"site": "acme-plant"}, ("NOT_FOUND", "input.site")),
        ({"item": "cargo-casting"}, ("NOT_FOUND", "input.item")),
        ({"owner": "bolt", "holder": "acme", "item": "bolt-casting", "available": "1"}, None),
        ({"owner": "cargo"}, ("NOT_FOUND", "input.owner")),
        ({"holder": "acme"}, ("FORBIDDEN", "input.owner")),
    ],
)  # fmt: skip
async def test_what_cannot_be_stated(firms: Firms, more: dict[str, str], refusal: tuple[str, str] | None) -> None:
    await show_plant(firms)
    given = castings(firms, "1") | {name: firms.ids.get(value, value) for name, value in more.items()}
    if refusal is None:
        assert not (await firms.run("bolt", "inventorySet", "", **given))["userErrors"]
    else:
        assert await firms.refused("bolt", "inventorySet", **given) == refusal


async def test_stating_anothers_stock_needs_an_active_relationship(firms: Firms) -> None:
    await show_plant(firms)
    await firms.relationship("bolt", "acme", "SUSPENDED")
    assert await firms.refused("bolt", "inventorySet", **castings(firms, "1")) == ("FORBIDDEN", "input.owner")
    assert await firms.refused("acme", "inventorySet", **castings(firms, "1")) == ("FORBIDDEN", "input.holder")
    own = {"site": firms.ids["acme-plant"], "item": firms.ids["acme-casting"], "unit": "C62", "available": "3"}
    assert not (await firms.run("acme", "inventorySet", "", **own))["userErrors"]


async def test_an_adjustment_is_a_difference_with_a_reason(firms: Firms) -> None:
    await show_plant(firms)
    first = await state(firms, "bolt", "500", blocked="7")
    firms.clock.pass_by(hours=1)
    payload = await firms.run(
        "bolt", "inventoryAdjust", POSITION, position=first["id"], expectedVersion=1, delta="-20.5", reason="Breakage"
    )
    found = payload["inventoryPosition"]
    assert (found["version"], found["available"]["value"], found["blocked"]["value"]) == (2, "479.5", "7")
    assert found["history"]["nodes"][1] == {
        "asOf": "2026-03-04T13:00:00+00:00", "source": "ADJUST", "available": {"value": "479.5"},
        "delta": {"value": "-20.5"}, "reason": "Breakage",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("firm", "more", "refusal"),
    [
        ("bolt", {"delta": "-500.000001"}, ("OUT_OF_RANGE", "input.delta")),
        ("bolt", {"delta": "0"}, ("OUT_OF_RANGE", "input.delta")),
        ("bolt", {"delta": "0.1234567"}, ("INVALID", "input.delta")),
        ("bolt", {"delta": "999999999999999"}, ("OUT_OF_RANGE", "input.delta")),
        ("bolt", {"reason": ""}, ("REQUIRED", "input.reason")),
        ("bolt", {"expectedVersion": 2}, ("CONFLICT", "input.expectedVersion")),
        ("bolt", {"asOf": "2026-03-04T11:59:59Z"}, ("OUT_OF_RANGE", "input.asOf")),
        ("bolt", {"asOf": "2026-03-04T12:06:00Z"}, ("OUT_OF_RANGE", "input.asOf")),
        ("acme", {}, ("FORBIDDEN", "input.position")),
        ("cargo", {}, ("NOT_FOUND", "input.position")),
    ],
)
async def test_what_cannot_be_adjusted(firms: Firms, firm: str, more: dict[str, Any], refusal: tuple[str, str]) -> None:
    await show_plant(firms)
    position = (await state(firms, "bolt", "500"))["id"]
    given = {"position": position, "expectedVersion": 1, "delta": "1", "reason": "Count", **more}
    assert await firms.refused(firm, "inventoryAdjust", **given) == refusal


async def test_targets_are_the_owners_and_hold_for_all_who_state(firms: Firms) -> None:
    await show_plant(firms)
    position = (await state(firms, "bolt", "500"))["id"]
    given = {"position": position, "expectedVersion": 1, "minimum": "100", "maximum": "800", "safetyStock": "50"}
    for firm, code in (("bolt", "FORBIDDEN"), ("cargo", "NOT_FOUND")):
        assert await firms.refused(firm, "inventoryTargetsSet", **given) == (code, "input.position")
    payload = await firms.run("acme", "inventoryTargetsSet", POSITION, **given)
    found = payload["inventoryPosition"]
    assert (found["version"], found["minimum"], found["target"], found["targetsSetAt"]) == (
        2,
        {"value": "100"},
        None,
        NOW,
    )
    firms.clock.pass_by(minutes=1)
    assert (await state(firms, "acme", "480"))["maximum"] == {"value": "800"}  # begun later, the same place
    given = {"position": position, "expectedVersion": 2, "target": "300"}
    assert not (await firms.run("acme", "inventoryTargetsSet", "", **given))["userErrors"]
    document = "{ inventoryPositions { nodes { minimum { value } target { value } version } } }"
    nodes = (await firms.read("bolt", document))["inventoryPositions"]["nodes"]
    assert nodes == [{"minimum": None, "target": {"value": "300"}, "version": version} for version in (2, 3)]
    before = await firms.written()
    await firms.run("acme", "inventoryTargetsSet", "", **{**given, "expectedVersion": 3})
    assert await firms.written() == before


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"minimum": "10", "maximum": "9"}, "input.maximum"),
        ({"minimum": "10", "target": "9"}, "input.target"),
        ({"target": "10", "maximum": "9"}, "input.maximum"),
    ],
)
async def test_a_range_must_be_one(firms: Firms, more: dict[str, str], path: str) -> None:
    await show_plant(firms)
    position = (await state(firms, "bolt", "500"))["id"]
    given = {"position": position, "expectedVersion": 1, **more}
    assert await firms.refused("acme", "inventoryTargetsSet", **given) == ("INVALID", path)


async def test_a_rule_opens_its_field_groups_for_its_days(firms: Firms) -> None:
    await show_plant(firms)
    await state(firms, "bolt", "700", asOf="2026-02-01T00:00:00Z")
    await state(firms, "bolt", "500")
    await firms.grant("acme", "dyna", "INVENTORY", "stock", item="acme-casting", days_back=7, days_ahead=0)
    document = """{ inventoryPositions { totalCount nodes { owner { code } holder { code } statedBy { code } version
      available { value } minimum { value } withheld
      history { totalCount nodes { available { value } reason } } } } }"""
    assert (await firms.read("dyna", document))["inventoryPositions"] == {
        "totalCount": 1,
        "nodes": [
            {
                "owner": {"code": "ACME"}, "holder": None, "statedBy": None, "version": None,
                "available": {"value": "500"}, "minimum": None, "withheld": ["parties", "targets"],
                "history": {"totalCount": 1, "nodes": [{"available": {"value": "500"}, "reason": None}]},
            }
        ],
    }  # fmt: skip
    firms.clock.pass_by(days=7)
    assert (await firms.read("dyna", document))["inventoryPositions"]["totalCount"] == 1
    firms.clock.pass_by(days=1)
    assert (await firms.read("dyna", document))["inventoryPositions"] == {"totalCount": 0, "nodes": []}


async def test_filters_and_the_masked_holder(firms: Firms) -> None:
    await show_plant(firms)
    await state(firms, "bolt", "500")
    await firms.grant("acme", "dyna", "INVENTORY", "stock")
    document = """query($item: ID!, $site: ID!, $owner: ID!, $holder: ID!, $since: DateTime!) {
      inventoryPositions(where: {
      item: {eq: $item}, site: {eq: $site}, owner: {eq: $owner}, holder: {eq: $holder}, asOf: {gte: $since}
    }) { totalCount } }"""
    given = {"item": firms.ids["acme-casting"], "site": firms.ids["bolt-plant"], "owner": firms.ids["acme"],
             "holder": firms.ids["bolt"], "since": NOW}  # fmt: skip
    for firm, found in (("acme", 1), ("bolt", 1), ("dyna", 0), ("cargo", 0)):
        assert (await firms.read(firm, document, **given))["inventoryPositions"]["totalCount"] == found


async def test_the_history_can_be_narrowed(firms: Firms) -> None:
    await show_plant(firms)
    for hour, available in enumerate(("1", "2", "3")):
        await state(firms, "bolt", available, asOf=f"2026-03-04T0{hour}:00:00Z")
    document = """query($start: DateTime, $end: DateTime) { inventoryPositions { nodes {
      history(start: $start, end: $end) { nodes { available { value } } } } } }"""
    given = {"start": "2026-03-04T01:00:00Z", "end": "2026-03-04T01:30:00Z"}
    found = (await firms.read("acme", document, **given))["inventoryPositions"]["nodes"]
    assert found == [{"history": {"nodes": [{"available": {"value": "2"}}]}}]


async def test_of_many_that_expect_nothing_stated_one_wins(firms: Firms) -> None:
    await show_plant(firms)
    given = castings(firms, "1", expectedVersion=0)
    payloads = await asyncio.gather(
        *(firms.run("bolt", "inventorySet", "", **(given | {"available": str(each)})) for each in range(6))
    )
    assert [error["code"] for each in payloads for error in each["userErrors"]] == ["CONFLICT"] * 5
    assert await firms.count("inventory_statement") == 1
