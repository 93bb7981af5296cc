"""Several publishes of one series at the same moment: each is a version, none is lost, and limits between two hold."""

from __future__ import annotations

import asyncio

from .firms import Firms, week
from .test_publish import demand


async def test_first_publishes_at_once_begin_one_series(firms: Firms) -> None:
    payloads = await asyncio.gather(
        *(
            firms.run("acme", "forecastPublish", "forecast { id versionNo }", **demand(firms, str(each)))
            for each in range(1, 9)
        )
    )
    assert len({each["forecast"]["id"] for each in payloads}) == 1
    assert sorted(each["forecast"]["versionNo"] for each in payloads) == list(range(1, 9))
    assert await firms.count("series_point where known_until is null") == 1
    assert await firms.count("series_version where state = 'PUBLISHED'") == 1
    overlapping = await firms.count(
        "series_point a join series_point b on a.id < b.id and a.known_from < coalesce(b.known_until, 'infinity')"
        " and b.known_from < coalesce(a.known_until, 'infinity')"
    )
    assert overlapping == 0


async def test_of_two_that_expect_one_version_one_wins(firms: Firms) -> None:
    payloads = await asyncio.gather(
        *(firms.run("acme", "forecastPublish", "", **demand(firms, str(each), expectedVersion=0)) for each in (1, 2))
    )
    assert sorted(error["code"] for each in payloads for error in each["userErrors"]) == ["CONFLICT"]


async def test_actual_and_maximum_published_at_once_never_contradict(firms: Firms) -> None:
    given = {"item": firms.ids["bolt-casting"], "bucket": "WEEK", "unit": "C62"}
    for round_no in range(4):
        points = {
            "ACTUAL": [{"startsOn": week(round_no), "quantity": "101"}],
            "MAXIMUM": [{"startsOn": week(round_no), "quantity": "100"}],
        }
        payloads = await asyncio.gather(
            *(firms.run("bolt", "capacityPublish", "", **given, basis=each, points=points[each]) for each in points)
        )
        assert [error["code"] for each in payloads for error in each["userErrors"]] == ["OUT_OF_RANGE"]
