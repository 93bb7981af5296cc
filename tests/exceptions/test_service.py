"""A signed service level: judged when a period is over, by what came in it since its first day; never before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ..records.agreements.acts import signed
from .signed import agreed
from .test_criteria import said, sides, values
from .watched import Watched

OTIF: dict[str, Any] = {
    "measure": "OTIF", "at_least": 75, "unit": "P1", "period": "MONTH", "due": "REQUESTED", "late_days": 2,
    "short_allowed": 0,
}  # fmt: skip
TABLE = "service_level_clause"


async def came(watched: Watched, on: str, good: str | None = "100", *, arrives: str | None = None) -> None:
    """acme wants 100 castings on a day of March; so many come on ``arrives``, at noon."""
    order = await watched.ordered("100", on)
    if good is None:
        return
    clock, day = watched.firms.clock, date.fromisoformat(arrives or on)
    shipment = await watched.shipped(order, "100", f"{on}T08:00:00Z", f"{on}T09:00:00Z")
    clock.pass_by(days=(day - clock.now.date()).days)
    await watched.received(shipment, good)


async def until(watched: Watched, day: str) -> None:
    clock = watched.firms.clock
    clock.pass_by(days=(date.fromisoformat(day) - clock.now.date()).days)
    await watched.look()


async def test_the_four_deliveries_of_the_measure_are_a_breach_once_their_month_is_over(watched: Watched) -> None:
    agreement = await agreed(watched, date(2026, 3, 1), TABLE, **OTIF)
    await came(watched, "2026-03-10")
    await came(watched, "2026-03-11", arrives="2026-03-15")
    await came(watched, "2026-03-12", "80", arrives="2026-03-16")
    await came(watched, "2026-03-18")
    await until(watched, "2026-04-03")
    assert await watched.breaches("acme", "SERVICE_LEVEL") == []  # the 31st may be two days late, and the day be over
    await until(watched, "2026-04-04")
    low = await watched.breach("acme", "SERVICE_LEVEL")
    assert (said(low), sides(low)) == (("25", "P1", "HIGH", True), ("ACME", "BOLT"))
    assert (low["bucket"], low["item"], low["basis"], low["basisVersion"]) == ("2026-03-01", None, "CLAUSE", 3)
    assert values(low) == [
        ("ServiceLevelClause", "OTIF", "50"),
        ("OrderLine", "schedule.requestedOn", "100 on 2026-03-11"), ("OrderLine", "schedule.receivedGood", "100 on 2026-03-15"),
        ("OrderLine", "schedule.requestedOn", "100 on 2026-03-12"), ("OrderLine", "schedule.receivedGood", "80 on 2026-03-16"),
        ("OrderLine", "schedule.requestedOn", "100 on 2026-03-10"), ("OrderLine", "schedule.receivedGood", "100 on 2026-03-10"),
        ("OrderLine", "schedule.requestedOn", "100 on 2026-03-18"), ("OrderLine", "schedule.receivedGood", "100 on 2026-03-18"),
        ("Agreement", "serviceLevels.atLeast", "75"),
    ]  # fmt: skip
    assert low["evidence"]["nodes"][-1]["record"] == agreement
    [case] = low["cases"]["nodes"]
    assert (case["title"], case["state"], case["severity"]) == ("Service is below what was agreed", "OPEN", "HIGH")
    assert case["entries"]["nodes"][0]["text"] == "25 percentage points below the agreed level."
    assert low == await watched.breach("bolt", "SERVICE_LEVEL")
    for firm in ("cargo", "dyna"):
        assert await watched.breaches(firm) == []


async def test_a_later_month_that_meets_the_level_brings_it_back(watched: Watched) -> None:
    await agreed(watched, date(2026, 3, 1), TABLE, **OTIF)
    await came(watched, "2026-03-20", None)
    await came(watched, "2026-04-15", None)
    await until(watched, "2026-05-04")
    assert {each["bucket"]: said(each) for each in await watched.breaches("acme", "SERVICE_LEVEL")} == {
        "2026-03-01": ("75", "P1", "HIGH", True), "2026-04-01": ("75", "P1", "HIGH", True),
    }  # fmt: skip
    before = await watched.written()
    await until(watched, "2026-06-05")  # in May nothing was due: it says nothing
    assert [said(each)[3] for each in await watched.breaches("acme", "SERVICE_LEVEL")] == [True, True]
    assert before.count("SERVICE_LEVEL") == (await watched.written()).count("SERVICE_LEVEL")
    await came(watched, "2026-06-10")
    await until(watched, "2026-07-04")
    low = await watched.breaches("acme", "SERVICE_LEVEL")
    assert [said(each)[3] for each in low] == [False, False]
    assert [each["act"] for each in low[0]["cases"]["nodes"][0]["entries"]["nodes"]] == [
        "OPEN", "ESCALATE", "RETURN",
    ]  # fmt: skip


async def test_what_was_due_before_its_first_day_or_after_its_last_counts_in_nothing(watched: Watched) -> None:
    await agreed(watched, date(2026, 3, 12), TABLE, until=date(2026, 3, 20), **OTIF)
    for on in ("2026-03-11", "2026-03-21"):
        await came(watched, on, None)
    await until(watched, "2026-04-10")
    assert await watched.breaches("acme", "SERVICE_LEVEL") == []
    await came(watched, "2026-03-12", None)
    await until(watched, "2026-04-11")
    low = await watched.breach("acme", "SERVICE_LEVEL")
    assert (low["bucket"], said(low)) == ("2026-03-12", ("75", "P1", "HIGH", True))
    await until(watched, "2026-06-05")
    assert said(await watched.breach("acme", "SERVICE_LEVEL"))[3] is False  # a month to settle it, and no clause any more


@pytest.mark.parametrize(
    ("terms", "low"),
    [
        ({}, "33.3333"),
        ({"measure": "ON_TIME"}, "33.3333"),
        ({"measure": "ON_TIME", "short_allowed": 20}, "66.6667"),
        ({"measure": "FILL_RATE", "short_allowed": None}, "60"),
        ({"short_allowed": 20}, "66.6667"),
        ({"late_days": 5}, "66.6667"),
        ({"late_days": 5, "short_allowed": 20}, None),
        ({"due": "LAST_PROMISE"}, "33.3333"),
        ({"early_days": 0}, "0"),
        ({"at_least": 33}, None),
        ({"period": "WEEK"}, "33.3333"),
        ({"period": "QUARTER"}, "33.3333"),
    ],
)
async def test_each_term_of_the_clause_counts(watched: Watched, terms: dict[str, Any], low: str | None) -> None:
    """One comes whole a day early, one with 80 of 100 a day late, one whole four days late."""
    item = {"item_id": watched.firms.keys["acme-casting"]} if terms.get("measure") == "FILL_RATE" else {}
    await agreed(watched, date(2026, 3, 1), TABLE, **{**OTIF, **terms, **item})
    await came(watched, "2026-03-11", arrives="2026-03-10")
    await came(watched, "2026-03-11", "80", arrives="2026-03-12")
    await came(watched, "2026-03-09", arrives="2026-03-13")
    await until(watched, "2026-07-04")
    found = await watched.breaches("acme", "SERVICE_LEVEL")
    assert [each["evidence"]["nodes"][0]["value"] for each in found] == ([] if low is None else [low])
    assert [each["bucket"] for each in found] == ([] if low is None else ["2026-03-09" if "WEEK" in terms.values() else "2026-03-01"])


async def test_a_clause_for_an_item_counts_for_it_in_place_of_the_one_for_all(watched: Watched) -> None:
    casting = {"item": watched.firms.ids["acme-casting"]}
    terms = {"period": "MONTH", "due": "REQUESTED", "lateDays": 2, "shortAllowed": "0", "measure": "OTIF"}
    await signed(
        watched.firms, {"serviceLevel": {**terms, "atLeast": "75"}}, {"serviceLevel": {**terms, **casting, "atLeast": "0"}},
        first=0,
    )  # fmt: skip
    await came(watched, "2026-03-10", None)
    await until(watched, "2026-04-10")
    assert await watched.breaches("acme", "SERVICE_LEVEL") == []


async def test_the_ready_rate_looks_at_what_one_owns_and_the_other_keeps(watched: Watched) -> None:
    """Of the 4th to the 31st 28 days are known, 14 ended with stock."""
    item = watched.firms.keys["acme-casting"]
    terms = {"measure": "READY_RATE", "at_least": 75, "unit": "P1", "period": "MONTH", "item_id": item}
    await agreed(watched, date(2026, 3, 1), TABLE, **terms)
    clock = watched.firms.clock
    for available, days in (("50", 6), ("0", 7), ("30", 7), ("20", 1), ("0", 0)):
        await watched.stock(available, holder="bolt")
        clock.pass_by(days=days)
    await until(watched, "2026-04-02")
    low = await watched.breach("bolt", "SERVICE_LEVEL")
    assert (said(low), low["item"]["number"]) == (("25", "P1", "HIGH", True), "casting")
    assert values(low) == [
        ("ServiceLevelClause", "READY_RATE", "50"), ("InventoryPosition", "available", "0"),
        ("InventoryPosition", "available", "0"), ("Agreement", "serviceLevels.atLeast", "75"),
    ]  # fmt: skip
