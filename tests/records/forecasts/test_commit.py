"""bolt answers what acme published, version by version."""

from __future__ import annotations

from typing import Any

from .firms import Firms, week
from .test_publish import numbers, publish

COMMIT = (
    "commit { id versionNo answersVersionNo bucket unit category counterparty { code } publisher { code }"
    " forecast { id } points { nodes { startsOn quantity response } }"
    " versions { nodes { versionNo answersVersionNo answersSuperseded periodsChanged } } }"
)


def answers(*each: tuple[int, str | None, str | None]) -> list[dict[str, Any]]:
    return [{"startsOn": week(place), "quantity": quantity, "response": response} for place, quantity, response in each]


async def commit(
    firms: Firms, forecast: str, version: int, *each: tuple[int, str | None, str | None]
) -> dict[str, Any]:
    payload = await firms.run(
        "bolt", "commitPublish", COMMIT, forecast=forecast, forecastVersion=version, points=answers(*each)
    )
    assert payload["userErrors"] == []
    found: dict[str, Any] = payload["commit"]
    return found


async def test_each_period_is_committed_partial_or_rejected(firms: Firms) -> None:
    forecast = await publish(firms, "100", "100", "100", "0", "50", "50")
    found = await commit(
        firms, forecast["id"], 1, (0, "100", None), (1, "99.5", None), (2, "0", None), (3, "0", None),
        (4, None, "COMMITTED"), (5, None, "REJECTED"),
    )  # fmt: skip
    assert found["points"]["nodes"] == [
        {"startsOn": week(0), "quantity": "100", "response": "COMMITTED"},
        {"startsOn": week(1), "quantity": "99.5", "response": "PARTIAL"},
        {"startsOn": week(2), "quantity": "0", "response": "REJECTED"},
        {"startsOn": week(3), "quantity": "0", "response": "COMMITTED"},
        {"startsOn": week(4), "quantity": "50", "response": "COMMITTED"},
        {"startsOn": week(5), "quantity": "0", "response": "REJECTED"},
    ]
    del found["id"], found["points"]
    assert found == {
        "versionNo": 1, "answersVersionNo": 1, "bucket": "WEEK", "unit": "C62", "category": "0001",
        "counterparty": {"code": "ACME"}, "publisher": {"code": "BOLT"}, "forecast": {"id": forecast["id"]},
        "versions": {
            "nodes": [{"versionNo": 1, "answersVersionNo": 1, "answersSuperseded": False, "periodsChanged": 6}]
        },
    }  # fmt: skip
    assert [change[:2] for change in (await firms.changes())[7:9]] == [
        ("COMMIT", "PUBLISHED"), ("COMMIT_POINT", "PUBLISHED"),
    ]  # fmt: skip
    read = "{ forecasts { nodes { commits { nodes { points(first: 1) { nodes { response } } } } } } }"
    for firm in ("acme", "bolt"):
        nodes = (await firms.read(firm, read))["forecasts"]["nodes"]
        assert nodes == [{"commits": {"nodes": [{"points": {"nodes": [{"response": "COMMITTED"}]}}]}}]
    assert (await firms.read("cargo", read))["forecasts"]["nodes"] == []


async def test_a_commit_on_a_superseded_version_is_taken_and_marked(firms: Firms) -> None:
    forecast = (await publish(firms, "100"))["id"]
    await publish(firms, "140")
    old = await commit(firms, forecast, 1, (0, "100", None))
    assert old["points"]["nodes"][0]["response"] == "COMMITTED"
    assert (old["answersVersionNo"], old["versions"]["nodes"][0]["answersSuperseded"]) == (1, True)
    new = await commit(firms, forecast, 2, (0, "100", None))
    assert new["id"] == old["id"]
    assert new["points"]["nodes"][0]["response"] == "PARTIAL"
    assert new["versions"]["nodes"][1] == {
        "versionNo": 2, "answersVersionNo": 2, "answersSuperseded": False, "periodsChanged": 1,
    }  # fmt: skip


async def test_the_same_answer_to_another_version_is_a_version_without_points(firms: Firms) -> None:
    forecast = (await publish(firms, "100", "100"))["id"]
    await commit(firms, forecast, 1, (0, "100", None))
    await publish(firms, "100", "120")
    again = await commit(firms, forecast, 2, (0, "100", None))
    assert (again["versionNo"], again["versions"]["nodes"][1]["periodsChanged"]) == (2, 0)
    before = await firms.written()
    await commit(firms, forecast, 2, (0, "100", None))
    assert await firms.written() == before


async def test_what_cannot_be_answered_is_refused(firms: Firms) -> None:
    forecast = (await publish(firms, "100", None, "0"))["id"]

    async def refusal(firm: str, version: int, *each: tuple[int, str | None, str | None]) -> tuple[str, str]:
        return await firms.refused(
            firm, "commitPublish", forecast=forecast, forecastVersion=version, points=answers(*each)
        )

    assert await refusal("bolt", 2, (0, "1", None)) == ("OUT_OF_RANGE", "input.forecastVersion")
    assert await refusal("bolt", 0, (0, "1", None)) == ("OUT_OF_RANGE", "input.forecastVersion")
    assert await refusal("bolt", 1, (1, "1", None)) == ("INVALID", "input.points.0.startsOn")
    assert await refusal("bolt", 1, (0, "1", "COMMITTED")) == ("INVALID", "input.points.0.response")
    assert await refusal("bolt", 1, (0, None, None)) == ("REQUIRED", "input.points.0.quantity")
    assert await refusal("bolt", 1, (0, None, "PARTIAL")) == ("REQUIRED", "input.points.0.quantity")
    assert await refusal("bolt", 1, (2, "0", "REJECTED")) == ("INVALID", "input.points.0.response")
    assert await refusal("bolt", 1) == ("REQUIRED", "input.points")
    assert await refusal("acme", 1, (0, "1", None)) == ("FORBIDDEN", "input.forecast")
    assert await refusal("cargo", 1, (0, "1", None)) == ("NOT_FOUND", "input.forecast")
    await firms.relationship("bolt", "acme", "SUSPENDED")
    assert await refusal("bolt", 1, (0, "1", None)) == ("FORBIDDEN", "input.forecast")


async def test_seeing_a_forecast_by_a_rule_gives_no_right_to_commit(firms: Firms) -> None:
    forecast = (await publish(firms, "100"))["id"]
    await firms.grant("acme", "cargo", "FORECAST", "quantity")
    assert await numbers(firms, "cargo", forecast) == {week(0): "100"}
    given = {"forecast": forecast, "forecastVersion": 1, "points": answers((0, "100", None))}
    assert await firms.refused("cargo", "commitPublish", **given) == ("FORBIDDEN", "input.forecast")
    comment = {"series": forecast, "text": "We could do that."}
    assert await firms.refused("cargo", "forecastComment", **comment) == ("FORBIDDEN", "input.series")


async def test_both_sides_comment_and_nobody_else_reads_it(firms: Firms) -> None:
    forecast = (await publish(firms, "100", "100"))["id"]
    await firms.grant("acme", "dyna", "FORECAST", "quantity", "parties", "versions", "reasons")
    said = "seriesComment { author { code } startsOn text forecast { id } commit { id } }"
    payload = await firms.run(
        "bolt", "forecastComment", said, series=forecast, startsOn=week(1), text="Our furnace is down."
    )
    assert payload["seriesComment"] == {
        "author": {"code": "BOLT"}, "startsOn": week(1), "text": "Our furnace is down.", "forecast": {"id": forecast},
        "commit": None,
    }  # fmt: skip
    firms.clock.pass_by(minutes=1)
    await firms.run("acme", "forecastComment", "", series=forecast, text="All week?\nWe need 40.")
    document = "query($id: ID!) { forecast(by: {id: $id}) { comments { nodes { text } } versions { totalCount } } }"
    for firm in ("acme", "bolt"):
        found = (await firms.read(firm, document, id=forecast))["forecast"]
        assert [each["text"] for each in found["comments"]["nodes"]] == [
            "Our furnace is down.",
            "All week?\nWe need 40.",
        ]
    assert (await firms.read("dyna", document, id=forecast))["forecast"] == {
        "comments": {"nodes": []}, "versions": {"totalCount": 0},
    }  # fmt: skip
    assert (await firms.changes())[-1] == ("SERIES_COMMENT", "ADDED", ("text", "startsOn"))
    assert await firms.refused("cargo", "forecastComment", series=forecast, text="x") == ("NOT_FOUND", "input.series")
    for wrong in ("fcs_x", "itm_0190d3c2-0000-7000-8000-000000000000", ""):
        assert await firms.refused("bolt", "forecastComment", series=wrong, text="x") == ("NOT_FOUND", "input.series")
    given = {"series": forecast, "startsOn": str(week(0))[:-2] + "03", "text": "x"}
    assert await firms.refused("bolt", "forecastComment", **given) == ("INVALID", "input.startsOn")


async def test_demand_is_not_answered_under_another_face(firms: Firms) -> None:
    forecast = (await publish(firms, "100"))["id"]
    disguised = forecast.replace("fcs_", "cms_")
    document = "query($id: ID!) { commit(by: {id: $id}) { id } node(id: $id) { id } commits { totalCount } }"
    assert await firms.read("acme", document, id=disguised) == {
        "commit": None, "node": None, "commits": {"totalCount": 0},
    }  # fmt: skip
