"""Publishing: what a version is, what it writes, who may."""

from __future__ import annotations

from typing import Any

import pytest

from .firms import Firms, week

POINTS = "points(first: 250) { nodes { startsOn quantity upside versionNo } }"


def demand(firms: Firms, *quantities: str | None, first: int = 0, **more: Any) -> dict[str, Any]:
    """Weekly demand of acme's casting for bolt; None leaves a week out."""
    return {
        "counterparty": firms.ids["bolt"], "item": firms.ids["acme-casting"], "site": firms.ids["acme-plant"],
        "bucket": "WEEK", "unit": "C62",
        "points": [
            {"startsOn": week(first + place), "quantity": quantity}
            for place, quantity in enumerate(quantities) if quantity is not None
        ],
        **more,
    }  # fmt: skip


async def publish(firms: Firms, *quantities: str | None, **more: Any) -> dict[str, Any]:
    payload = await firms.run(
        "acme", "forecastPublish", "forecast { id versionNo publishedAt }", **demand(firms, *quantities, **more)
    )
    assert payload["userErrors"] == []
    forecast: dict[str, Any] = payload["forecast"]
    return forecast


async def numbers(firms: Firms, firm: str, series: str, **arguments: Any) -> dict[str, str | None]:
    """Start -> quantity of a forecast's points as a firm sees them."""
    document = (
        "query($id: ID!, $asOf: DateTime, $start: Date, $end: Date) { forecast(by: {id: $id}) { points(first: 250,"
        " asOf: $asOf, start: $start, end: $end) { nodes { startsOn quantity } } } }"
    )
    found = (await firms.read(firm, document, id=series, **arguments))["forecast"]
    return {each["startsOn"]: each["quantity"] for each in found["points"]["nodes"]}


async def test_first_publish_is_version_one_and_tells_of_series_and_points(firms: Firms) -> None:
    payload = await firms.run(
        "acme", "forecastPublish",
        "forecast { versionNo reason category bucket unit counterparty { code } item { number } site { code }"
        " withheld versions { nodes { versionNo state periodsChanged reason } } " + POINTS + " }",
        **demand(firms, "40", "0", reason="First plan"),
    )  # fmt: skip
    assert payload == {
        "forecast": {
            "versionNo": 1, "reason": "First plan", "category": "0001", "bucket": "WEEK", "unit": "C62",
            "counterparty": {"code": "BOLT"}, "item": {"number": "casting"}, "site": {"code": "P1"}, "withheld": [],
            "versions": {
                "nodes": [{"versionNo": 1, "state": "PUBLISHED", "periodsChanged": 2, "reason": "First plan"}]
            },
            "points": {
                "nodes": [
                    {"startsOn": week(0), "quantity": "40", "upside": None, "versionNo": 1},
                    {"startsOn": week(1), "quantity": "0", "upside": None, "versionNo": 1},
                ]
            },
        },
        "userErrors": [],
    }  # fmt: skip
    assert await firms.changes() == [
        ("FORECAST", "PUBLISHED", ("versionNo", "publishedAt", "reason")),
        ("FORECAST_POINT", "PUBLISHED", ("quantity", "upside")),
        ("FORECAST_POINT", "PUBLISHED", ("quantity", "upside")),
    ]


async def test_changing_one_of_104_weeks_writes_one_row(firms: Firms) -> None:
    await publish(firms, *["100"] * 104)
    changed = ["100"] * 104
    changed[8] = "120"
    again = await publish(firms, *changed)
    assert again["versionNo"] == 2
    assert await firms.count("series_point") == 105
    assert await firms.count("series_point where known_until is null") == 104
    assert await firms.superuser.fetchval("select periods_changed from series_version where version_no = 2") == 1
    states = await firms.superuser.fetch("select state from series_version order by version_no")
    assert [row["state"] for row in states] == ["SUPERSEDED", "PUBLISHED"]


async def test_equal_republish_writes_nothing(firms: Firms) -> None:
    first = await publish(firms, "40", "60", reason="Plan")
    before = await firms.written()
    firms.clock.pass_by(hours=1)
    again = await publish(firms, "40.0", "60", reason="Another reason alone is no version")
    assert again == first
    assert await firms.written() == before


async def test_what_is_not_mentioned_stays(firms: Firms) -> None:
    series = (await publish(firms, "40", "60", "80"))["id"]
    await publish(firms, "70", first=1)
    assert await numbers(firms, "acme", series) == {week(0): "40", week(1): "70", week(2): "80"}


async def test_replace_makes_what_is_absent_unknown_and_never_zero(firms: Firms) -> None:
    series = (await publish(firms, "40", "60", "80", "90"))["id"]
    await publish(firms, "41", first=0, replace=True, horizonStart=week(0), horizonEnd=week(2))
    assert await numbers(firms, "acme", series) == {week(0): "41", week(3): "90"}
    assert [change[:2] for change in (await firms.changes())[-4:]] == [
        ("FORECAST", "PUBLISHED"), ("FORECAST_POINT", "PUBLISHED"), ("FORECAST_POINT", "WITHDRAWN"),
        ("FORECAST_POINT", "WITHDRAWN"),
    ]  # fmt: skip


async def test_a_whole_horizon_can_be_withdrawn(firms: Firms) -> None:
    series = (await publish(firms, "40", "60"))["id"]
    again = await publish(firms, replace=True, horizonStart=week(0), horizonEnd=week(9))
    assert again["versionNo"] == 2
    assert await numbers(firms, "bolt", series) == {}


async def test_as_of_reads_what_was_known_before_at_and_after_a_publish(firms: Firms) -> None:
    first = await publish(firms, "40", "60")
    firms.clock.pass_by(days=1)
    second = await publish(firms, "45", "60")
    series, at = first["id"], {"first": first["publishedAt"], "second": second["publishedAt"]}
    assert await numbers(firms, "bolt", series, asOf="2026-03-04T11:59:59.999999Z") == {}
    assert await numbers(firms, "bolt", series, asOf=at["first"]) == {week(0): "40", week(1): "60"}
    assert await numbers(firms, "bolt", series, asOf="2026-03-05T11:59:59.999999Z") == {week(0): "40", week(1): "60"}
    assert await numbers(firms, "bolt", series, asOf=at["second"]) == {week(0): "45", week(1): "60"}
    assert await numbers(firms, "bolt", series) == {week(0): "45", week(1): "60"}


async def test_two_publishes_at_one_instant_are_two_moments_of_record(firms: Firms) -> None:
    first = await publish(firms, "40")
    second = await publish(firms, "41")
    assert second["publishedAt"] == "2026-03-04T12:00:00.000001+00:00"
    assert await numbers(firms, "acme", first["id"], asOf=first["publishedAt"]) == {week(0): "40"}
    assert await numbers(firms, "acme", first["id"], asOf=second["publishedAt"]) == {week(0): "41"}


async def test_periods_can_be_narrowed(firms: Firms) -> None:
    series = (await publish(firms, "1", "2", "3", "4"))["id"]
    assert await numbers(firms, "acme", series, start=week(1), end=week(2)) == {week(1): "2", week(2): "3"}


async def test_expected_version_must_be_the_newest(firms: Firms) -> None:
    await publish(firms, "40", expectedVersion=0)
    assert await firms.refused("acme", "forecastPublish", **demand(firms, "50", expectedVersion=0)) == (
        "CONFLICT", "input.expectedVersion",
    )  # fmt: skip
    assert (await publish(firms, "50", expectedVersion=1))["versionNo"] == 2


async def test_category_site_and_counterparty_make_another_series(firms: Firms) -> None:
    ids = {(await publish(firms, "1"))["id"], (await publish(firms, "1", category="A1S1"))["id"],
           (await publish(firms, "1", site=None))["id"], (await publish(firms, "1", counterparty=None))["id"],
           (await publish(firms, "1", counterparty=None, site=None))["id"]}  # fmt: skip
    assert len(ids) == 5
    again = await publish(firms, "2", counterparty=None, site=None)
    assert (again["id"] in ids, again["versionNo"]) == (True, 2)


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"points": []}, ("REQUIRED", "input.points")),
        ({"points": [{"startsOn": "2026-03-03", "quantity": "1"}]}, ("INVALID", "input.points.0.startsOn")),
        ({"bucket": "MONTH"}, ("INVALID", "input.points.0.startsOn")),
        ({"points": [{"startsOn": week(0), "quantity": "-1"}]}, ("OUT_OF_RANGE", "input.points.0.quantity")),
        ({"points": [{"startsOn": week(0), "quantity": "0.1234567"}]}, ("INVALID", "input.points.0.quantity")),
        (
            {"points": [{"startsOn": week(0), "quantity": "1", "upside": "-1"}]},
            ("OUT_OF_RANGE", "input.points.0.upside"),
        ),
        ({"points": [{"startsOn": week(0), "quantity": "1"}] * 2}, ("INVALID", "input.points.1.startsOn")),
        ({"unit": "KGM"}, ("UNIT_MISMATCH", "input.unit")),
        ({"unit": "PCE"}, ("INVALID", "input.unit")),
        ({"category": "XXXX"}, ("INVALID", "input.category")),
        ({"category": ""}, ("INVALID", "input.category")),
        ({"replace": True}, ("REQUIRED", "input.horizonStart")),
        ({"replace": True, "horizonStart": week(0)}, ("REQUIRED", "input.horizonEnd")),
        ({"horizonEnd": week(0)}, ("INVALID", "input.horizonEnd")),
        ({"replace": True, "horizonStart": week(1), "horizonEnd": week(0)}, ("INVALID", "input.horizonEnd")),
        ({"replace": True, "horizonStart": week(1), "horizonEnd": week(2)}, ("INVALID", "input.points.0.startsOn")),
        ({"replace": True, "horizonStart": week(0), "horizonEnd": week(1000)}, ("OUT_OF_RANGE", "input.horizonEnd")),
        ({"reason": ""}, ("REQUIRED", "input.reason")),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_with_its_path(firms: Firms, more: dict[str, Any], refusal: tuple[str, str]) -> None:
    await publish(firms, "5", first=50)
    assert await firms.refused("acme", "forecastPublish", **demand(firms, "1", "2", **more)) == refusal


async def test_a_publish_has_at_most_a_thousand_points(firms: Firms) -> None:
    assert (await publish(firms, *["1"] * 1000))["versionNo"] == 1
    assert await firms.refused("acme", "forecastPublish", **demand(firms, *["2"] * 1001)) == (
        "OUT_OF_RANGE", "input.points",
    )  # fmt: skip


async def test_withdrawing_from_nothing_begins_no_series(firms: Firms) -> None:
    given = demand(firms, replace=True, horizonStart=week(0), horizonEnd=week(5))
    assert await firms.refused("acme", "forecastPublish", **given) == ("REQUIRED", "input.points")


@pytest.mark.parametrize(
    ("firm", "more", "refusal"),
    [
        ("acme", {"counterparty": "dyna"}, ("FORBIDDEN", "input.counterparty")),
        ("bolt", {"counterparty": "cargo"}, ("NOT_FOUND", "input.counterparty")),
        ("bolt", {"counterparty": "acme"}, ("FORBIDDEN", "input.counterparty")),
        ("cargo", {"counterparty": None}, ("NOT_FOUND", "input.item")),
        ("acme", {"item": "bolt-casting"}, ("NOT_FOUND", "input.item")),
        ("acme", {"site": "cargo-plant"}, ("NOT_FOUND", "input.site")),
        ("acme", {"item": "acme-plant"}, ("NOT_FOUND", "input.item")),
    ],
)
async def test_who_and_what_must_be_ones_own_to_name(
    firms: Firms, firm: str, more: dict[str, str | None], refusal: tuple[str, str]
) -> None:
    named = {name: firms.ids[value] if value else None for name, value in more.items()}
    assert await firms.refused(firm, "forecastPublish", **(demand(firms, "1") | named)) == refusal


async def test_a_third_partners_item_and_site_are_not_ours_to_show(firms: Firms) -> None:
    await firms.grant("cargo", "acme", "ITEM", "identifiers")
    await firms.grant("cargo", "acme", "SITE", "identifiers")
    for name, what in (("item", "cargo-casting"), ("site", "cargo-plant")):
        given = demand(firms, "1") | {name: firms.ids[what]}
        assert await firms.refused("acme", "forecastPublish", **given) == ("FORBIDDEN", f"input.{name}")


@pytest.mark.parametrize("state", ["PROPOSED", "SUSPENDED", "ENDED"])
async def test_new_flows_need_an_active_relationship_and_the_past_stays_readable(firms: Firms, state: str) -> None:
    series = (await publish(firms, "40"))["id"]
    await firms.relationship("bolt", "acme", state)
    assert await firms.refused("acme", "forecastPublish", **demand(firms, "50")) == ("FORBIDDEN", "input.counterparty")
    assert await numbers(firms, "bolt", series) == {week(0): "40"}


async def test_sell_out_is_about_periods_that_have_begun(firms: Firms) -> None:
    given = {"item": firms.ids["acme-casting"], "bucket": "WEEK", "unit": "EA"}
    future = {**given, "points": [{"startsOn": week(0), "quantity": "7"}, {"startsOn": week(1), "quantity": "7"}]}
    assert await firms.refused("acme", "sellOutPublish", **future) == ("OUT_OF_RANGE", "input.points.1.startsOn")
    payload = await firms.run(
        "acme", "sellOutPublish", "sellOut { unit versionNo points { nodes { quantity } } }",
        **given, points=[{"startsOn": week(0), "quantity": "7"}, {"startsOn": week(-1), "quantity": "9"}],
    )  # fmt: skip
    assert payload["sellOut"] == {
        "unit": "EA", "versionNo": 1, "points": {"nodes": [{"quantity": "9"}, {"quantity": "7"}]},
    }  # fmt: skip


async def test_production_and_capacity_are_meant_for_a_recipient(firms: Firms) -> None:
    given = {
        "counterparty": firms.ids["acme"], "item": firms.ids["bolt-oil"], "bucket": "MONTH", "unit": "LTR",
        "points": [{"startsOn": "2026-04-01", "quantity": "1.5"}],
    }  # fmt: skip
    made = await firms.run("bolt", "productionPlanPublish", "productionPlan { id versionNo }", **given)
    assert made["productionPlan"]["versionNo"] == 1
    payload = await firms.run("bolt", "capacityPublish", "capacity { basis versionNo }", **given, basis="AGREED")
    assert payload["capacity"] == {"basis": "AGREED", "versionNo": 1}
    given["item"] = firms.ids["acme-oil"]
    given["counterparty"] = firms.ids["bolt"]
    assert await firms.refused("acme", "productionPlanPublish", **given) == ("FORBIDDEN", "input.counterparty")


async def test_maximum_capacity_is_at_least_the_actual(firms: Firms) -> None:
    given = {"item": firms.ids["bolt-casting"], "bucket": "WEEK", "unit": "C62"}

    def of(quantity: str) -> list[dict[str, str]]:
        return [{"startsOn": week(1), "quantity": quantity}]

    assert not (await firms.run("bolt", "capacityPublish", "", **given, basis="ACTUAL", points=of("100")))["userErrors"]
    too_low = await firms.refused("bolt", "capacityPublish", **given, basis="MAXIMUM", points=of("99.999999"))
    assert too_low == ("OUT_OF_RANGE", "input.points.0.quantity")
    assert not (await firms.run("bolt", "capacityPublish", "", **given, basis="MAXIMUM", points=of("100")))[
        "userErrors"
    ]
    too_high = await firms.refused("bolt", "capacityPublish", **given, basis="ACTUAL", points=of("101"))
    assert too_high == ("OUT_OF_RANGE", "input.points.0.quantity")
    assert not (await firms.run("bolt", "capacityPublish", "", **given, basis="AGREED", points=of("1")))["userErrors"]
