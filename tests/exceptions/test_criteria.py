"""Each criterion: found, brought up to date, back in tolerance. One breach per criterion, subject and period, for ever."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..records.forecasts.firms import week
from ..records.risks.acts import do
from .signed import agreed
from .watched import Watched


def said(breach: dict[str, Any]) -> tuple[str, str, str, bool]:
    """Variance, unit, severity, and whether it is out of tolerance."""
    return breach["variance"]["value"], breach["variance"]["unit"], breach["severity"], breach["returnedAt"] is None


def values(breach: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["kind"], each["field"], each["value"]) for each in breach["evidence"]["nodes"]]


def sides(breach: dict[str, Any]) -> tuple[str, str | None]:
    return breach["affected"]["code"], breach["other"] and breach["other"]["code"]


async def test_a_late_order(watched: Watched) -> None:
    clock = watched.firms.clock
    order = await watched.ordered("100", "2026-03-10")
    first = await watched.shipped(order, "60", "2026-03-05T08:00:00Z", "2026-03-09T08:00:00Z")
    clock.pass_by(days=1)
    await watched.received(first, "60")
    await watched.look()
    assert await watched.breaches("acme", "LATE_ORDER") == []  # 40 outstanding, and time
    clock.pass_by(days=7)
    await watched.look()
    late = await watched.breach("acme", "LATE_ORDER")
    assert (said(late), sides(late), late["version"]) == (("2", "DAY", "LOW", True), ("ACME", "BOLT"), 1)
    assert values(late) == [
        ("OrderLine", "schedule.lastPromiseOn", "2026-03-10"), ("OrderLine", "schedule.lastPromiseQuantity", "100"),
        ("OrderLine", "schedule.received", "60"),
    ]  # fmt: skip
    [case] = late["cases"]["nodes"]
    assert (case["state"], case["template"], case["severity"], case["dueOn"]) == ("OPEN", "EXCEPTION", "LOW", "2026-03-22")
    assert case["entries"]["nodes"] == [{"act": "OPEN", "text": "2 days off; 0 days are tolerated.", "author": None}]
    assert late == await watched.breach("bolt", "LATE_ORDER")
    await watched.shipped(order, "40", "2026-03-13T08:00:00Z", "2026-03-19T08:00:00Z")
    await watched.look()
    late = await watched.breach("acme", "LATE_ORDER")
    assert (said(late), late["version"]) == (("9", "DAY", "MEDIUM", True), 2)
    assert values(late)[-1] == ("ShipmentLine", "arrivalOn", "2026-03-19")
    await watched.promise(order, "2026-03-20")
    await watched.look()
    late = await watched.breach("acme", "LATE_ORDER")
    assert (said(late)[3], late["version"]) == (False, 3)
    assert [each["act"] for each in late["cases"]["nodes"][0]["entries"]["nodes"]] == ["OPEN", "BREACH", "RETURN"]


async def test_an_early_order(watched: Watched) -> None:
    order = await watched.ordered("100", "2026-03-20")
    shipment = await watched.shipped(order, "100", "2026-03-05T08:00:00Z", "2026-03-14T08:00:00Z")
    await watched.look()
    early = await watched.breach("acme", "EARLY_ORDER")
    assert (said(early), sides(early), early["allowed"]) == (("6", "DAY", "LOW", True), ("ACME", "BOLT"), "5")
    assert [each[1:] for each in values(early)] == [("schedule.lastPromiseOn", "2026-03-20"), ("arrivalOn", "2026-03-14")]
    await watched.received(shipment, "100")
    await watched.look()
    assert said(await watched.breach("acme", "EARLY_ORDER"))[3] is False


async def test_a_proposal_that_waits(watched: Watched) -> None:
    clock = watched.firms.clock
    order = await watched.ordered("100", "2026-04-20", confirm=False)
    clock.pass_by(days=5)
    await watched.look()
    assert await watched.breaches("acme") == []  # five days are tolerated
    clock.pass_by(hours=6)
    await watched.look()
    waits = await watched.breach("acme", "RESPONSE_REQUIRED")
    assert (said(waits), sides(waits)) == (("6", "DAY", "LOW", True), ("ACME", "BOLT"))
    line = (await watched.reread(order))["lines"]["nodes"][0]["schedule"]["nodes"][0]
    slices = [{"quantity": "100", "dueOn": "2026-04-27"}]
    payload = await watched.firms.run(
        "bolt", "scheduleLinePropose", "", scheduleLine=line["id"], expectedVersion=line["version"], slices=slices
    )
    assert payload["userErrors"] == []
    await watched.look()
    assert said(await watched.breach("acme", "RESPONSE_REQUIRED"))[3] is False
    clock.pass_by(days=12)
    await watched.look()
    found = [(sides(each), said(each)) for each in await watched.breaches("bolt", "RESPONSE_REQUIRED")]
    assert found == [
        (("ACME", "BOLT"), ("6", "DAY", "LOW", False)), (("BOLT", "ACME"), ("12", "DAY", "MEDIUM", True))
    ]  # fmt: skip


async def test_less_received_than_sent(watched: Watched) -> None:
    order = await watched.ordered("200", "2026-03-10")
    shipment = await watched.shipped(order, "200", "2026-03-05T08:00:00Z", "2026-03-10T08:00:00Z")
    shipment = await watched.received(shipment, "180", "10")
    await watched.look()
    off = await watched.breach("acme", "RECEIPT_VARIANCE")
    assert (said(off), sides(off)) == (("5", "P1", "LOW", True), ("ACME", "BOLT"))
    assert [each[1:] for each in values(off)] == [("quantity", "200"), ("receipts.good", "180"), ("receipts.damaged", "10")]
    shipment = await watched.counted(shipment, "150", "10")
    await watched.look()
    assert said(await watched.breach("acme", "RECEIPT_VARIANCE"))[:3] == ("20", "P1", "HIGH")
    await watched.counted(shipment, "190", "10")
    await watched.look()
    assert said(await watched.breach("acme", "RECEIPT_VARIANCE"))[3] is False


async def test_a_commit_below_the_demand(watched: Watched) -> None:
    forecast = await watched.forecast("100", "120", "100", first=1)
    await watched.commit(forecast, "100", "90", "96", first=1)
    await watched.look()
    short = await watched.breach("acme", "FORECAST_MISMATCH")
    assert (said(short), sides(short), short["bucket"]) == (("25", "P1", "LOW", True), ("ACME", "BOLT"), week(2))
    assert values(short) == [("ForecastPoint", "quantity", "120"), ("CommitPoint", "quantity", "90")]
    assert [each["recordVersion"] for each in short["evidence"]["nodes"]] == [1, 1]
    await watched.commit(forecast, "104", first=2)
    await watched.look()
    assert said(await watched.breach("acme", "FORECAST_MISMATCH")) == ("13.3333", "P1", "LOW", True)
    await watched.forecast("108", first=2)  # the publisher comes down
    await watched.look()
    back = await watched.breach("acme", "FORECAST_MISMATCH")
    assert (said(back)[3], back["version"], values(back)[1][2]) == (False, 3, "104")
    await watched.forecast("140", first=2)
    await watched.look()
    again = await watched.breach("acme", "FORECAST_MISMATCH")
    assert (again["id"], said(again), again["version"]) == (back["id"], ("25.7143", "P1", "LOW", True), 4)


async def test_a_forecast_nobody_answers(watched: Watched) -> None:
    forecast = await watched.forecast("100", "100", "100", "100", first=1)
    watched.firms.clock.pass_by(days=4)
    await watched.forecast("120", first=1)  # its own four days begin now, those of the others are over first
    watched.firms.clock.pass_by(days=2)
    await watched.look()
    waits = await watched.breach("acme", "RESPONSE_REQUIRED")
    assert (said(waits), sides(waits)) == (("6", "DAY", "LOW", True), ("ACME", "BOLT"))
    await watched.commit({**forecast, "versionNo": 2}, "120", "100", "100", "100", first=1)
    await watched.look()
    assert said(await watched.breach("acme", "RESPONSE_REQUIRED"))[3] is False


async def test_a_forecast_that_is_not_renewed(watched: Watched) -> None:
    forecast = await watched.forecast(*["100"] * 12, first=1)
    await watched.commit(forecast, *["100"] * 12, first=1)
    watched.firms.clock.pass_by(days=14)
    await watched.look()
    assert await watched.breaches("bolt") == []
    watched.firms.clock.pass_by(days=1)
    await watched.look()
    stale = await watched.breach("bolt", "STALE")
    assert (said(stale), sides(stale)) == (("15", "DAY", "LOW", True), ("BOLT", "ACME"))
    await watched.forecast("110", first=12)
    await watched.look()
    assert said(await watched.breach("bolt", "STALE"))[3] is False


async def test_a_change_inside_the_frozen_fence(watched: Watched) -> None:
    """Weeks enter the fence 14 days before they begin: week 3 on the Monday of week 1."""
    await watched.forecast("100", "100", "100", first=2)
    watched.firms.clock.pass_by(days=7)  # week 2 was first stated inside the fence, week 4 is still outside
    await watched.forecast("500", "130", "200", first=2)
    await watched.look()
    moved = await watched.breach("bolt", "FROZEN_CHANGE")
    assert (said(moved), sides(moved), moved["bucket"]) == (("30", "P1", "MEDIUM", True), ("BOLT", "ACME"), week(3))
    assert [each[2] for each in values(moved)] == ["100", "130"]
    await watched.forecast("60", first=3)
    await watched.look()
    assert said(await watched.breach("bolt", "FROZEN_CHANGE")) == ("40", "P1", "MEDIUM", True)
    await watched.forecast("95", first=3)
    await watched.look()
    assert said(await watched.breach("bolt", "FROZEN_CHANGE"))[3] is False


async def test_stock_below_its_target_is_the_owners_own_matter(watched: Watched) -> None:
    position = await watched.stock("300")
    await watched.targets(position, target="400")
    await watched.look()
    below = await watched.breach("acme", "BELOW_TARGET")
    assert (said(below), sides(below)) == (("25", "P1", "MEDIUM", True), ("ACME", None))
    assert [each[1:] for each in values(below)] == [("available", "300"), ("target", "400")]
    await watched.stock("150")
    await watched.look()
    assert said(await watched.breach("acme", "BELOW_TARGET")) == ("62.5", "P1", "HIGH", True)
    await watched.stock("400")
    await watched.look()
    assert said(await watched.breach("acme", "BELOW_TARGET"))[3] is False


async def test_stock_that_another_keeps_is_a_matter_of_both(watched: Watched) -> None:
    position = await watched.stock("300", by="bolt", holder="bolt", at="bolt")
    await watched.targets(position, target="400")
    await watched.look()
    assert sides(await watched.breach("bolt", "BELOW_TARGET")) == ("ACME", "BOLT")
    watched.firms.clock.pass_by(days=15)
    await watched.look()
    assert (sides(stale := await watched.breach("acme", "STALE")), said(stale)[0]) == (("ACME", "BOLT"), "15")
    await watched.stock("400", by="bolt", holder="bolt", at="bolt")
    await watched.look()
    assert {said(each)[3] for each in await watched.breaches("acme")} == {False}


async def test_where_stock_will_go(watched: Watched) -> None:
    """On a Wednesday 5 of 7 days are to come: 200 - 50, - 70, - 70 + 30, - 70 is 30 short of the fourth week's 70."""
    position = await watched.stock("200")
    await watched.targets(position, maximum="230")
    await watched.forecast("70", "70", "70", "70", site=True)
    order = await watched.ordered("30", "2026-03-17")
    await watched.look()
    short = await watched.breach("acme", "SHORTAGE")
    assert (said(short), sides(short), short["bucket"]) == (("42.8571", "P1", "MEDIUM", True), ("ACME", None), week(3))
    assert [each[2] for each in values(short)] == ["200", "70", "70", "70", "30 on 2026-03-17", "70"]
    await watched.promise(order, "2026-03-31", "30")  # beyond what is forecast: the third week lacks it
    await watched.look()
    assert said(await watched.breach("acme", "SHORTAGE")) == ("85.7143", "P1", "HIGH", True)
    await watched.ordered("200", "2026-03-10")  # 150, 280: 50 above 230
    await watched.look()
    assert said(await watched.breach("acme", "SHORTAGE"))[3] is False
    full = await watched.breach("acme", "EXCESS")
    assert (said(full), sides(full), full["bucket"]) == (("21.7391", "P1", "LOW", True), ("ACME", None), week(1))
    await watched.targets({**position, "version": 2}, maximum="300")
    await watched.look()
    assert said(await watched.breach("acme", "EXCESS"))[3] is False


CHANNEL = """query($item: ID!, $sites: [ID!], $start: Date!, $end: Date!) {
  channel(item: $item, sites: $sites, start: $start, end: $end, bucket: WEEK) {
    sites { buckets { startsOn demand { value } projectedStock { value evidence } } } } }"""


async def test_stock_runs_out_in_the_very_week_that_the_channel_shows(watched: Watched) -> None:
    """Commits, what is promised, on its way and made count as they do there: one definition."""
    firms = watched.firms
    await watched.stock("100")
    forecast = await watched.forecast("70", "70", "70", "70", site=True)
    await watched.commit(forecast, "0", "20", "40", "0")
    order = await watched.ordered("50", week(1))
    shipment = await watched.shipped(order, "50", "2026-03-04T13:00:00Z", f"{week(3)}T08:00:00Z")
    firms.clock.pass_by(hours=2)
    await do(
        firms, "bolt", "shipmentReport", "shipment { id }", shipment=shipment["id"], milestone="DEPARTURE",
        expectedVersion=shipment["version"], certainty="ACTUAL", at=firms.clock.now.isoformat(),
    )  # fmt: skip
    points = [{"startsOn": week(n), "quantity": each} for n, each in enumerate(("0", "0", "15", "0"))]
    await do(
        firms, "acme", "productionPlanPublish", "productionPlan { id }", item=firms.ids["acme-casting"], bucket="WEEK",
        unit="C62", site=firms.ids["acme-plant"], points=points,
    )  # fmt: skip
    await watched.look()
    asked = {"item": firms.ids["acme-casting"], "sites": [firms.ids["acme-plant"]], "start": week(0), "end": week(3)}
    [plant] = (await firms.read("acme", CHANNEL, **asked))["channel"]["sites"]
    assert [each["projectedStock"]["value"] for each in plant["buckets"]] == ["50", "0", "-15", "-35"]
    short = await watched.breach("acme", "SHORTAGE")
    assert (short["bucket"], short["variance"]["value"]) == (week(2), "21.4286")  # 15 of 70
    named = {each for bucket in plant["buckets"][:3] for each in bucket["projectedStock"]["evidence"]}
    assert {each["record"] for each in short["evidence"]["nodes"]} == named


FENCES = {"frozen_days": 7, "firm_days": 14, "flexible_days": 28, "inside_frozen": "MARKED"}
_LINE = "order { id lines { nodes { schedule { nodes { id version state } } } } }"


async def asked(watched: Watched, order: dict[str, Any], firm: str, act: str, **more: Any) -> None:
    line = (await watched.reread(order))["lines"]["nodes"][0]["schedule"]["nodes"][0]
    await do(watched.firms, firm, act, _LINE, scheduleLine=line["id"], expectedVersion=line["version"], **more)


async def test_an_order_changed_inside_the_signed_fence_is_a_matter_for_whom_it_was_promised_to(watched: Watched) -> None:
    agreement = await agreed(watched, date(2026, 3, 1), "fence_clause", **FENCES)
    order = await watched.ordered("100", "2026-03-09")
    later = {"slices": [{"quantity": "75", "dueOn": "2026-03-09"}, {"quantity": "25", "dueOn": "2026-03-20"}]}
    await asked(watched, order, "acme", "scheduleLinePropose", **later)
    await watched.look()
    moved = await watched.breach("bolt", "FROZEN_CHANGE")
    assert (said(moved), sides(moved), moved["bucket"]) == (("25", "P1", "LOW", True), ("BOLT", "ACME"), "2026-03-09")
    assert [each[2] for each in values(moved)[1:]] == ["100 on 2026-03-09", "75 on 2026-03-09", "7"]
    assert moved["evidence"]["nodes"][-1]["record"] == agreement
    assert moved == await watched.breach("acme", "FROZEN_CHANGE")
    assert await watched.breaches("cargo") == []
    await asked(watched, order, "bolt", "scheduleLineDeclineChange")
    await watched.look()
    assert said(await watched.breach("bolt", "FROZEN_CHANGE"))[3] is False
    await asked(watched, order, "bolt", "scheduleLinePropose", slices=[{"quantity": "100", "dueOn": "2026-03-24"}])
    await asked(watched, order, "acme", "scheduleLineAccept")
    await watched.look()
    [now] = [each for each in await watched.breaches("acme", "FROZEN_CHANGE") if each["returnedAt"] is None]
    assert (said(now)[0], sides(now)) == ("100", ("ACME", "BOLT"))  # agreed to, and still a change of frozen days
    watched.firms.clock.pass_by(days=6)
    await watched.look()
    assert {said(each)[3] for each in await watched.breaches("acme", "FROZEN_CHANGE")} == {False}


async def test_outside_the_fence_or_without_one_a_change_of_an_order_is_none(watched: Watched) -> None:
    order = await watched.ordered("100", "2026-03-09")
    for on in ("2026-03-20", "2026-03-24"):
        await asked(watched, order, "acme", "scheduleLinePropose", slices=[{"quantity": "100", "dueOn": on}])
        await asked(watched, order, "bolt", "scheduleLineAccept")
        await agreed(watched, date(2026, 3, 1), "fence_clause", **FENCES)
    await watched.look()
    assert await watched.breaches("bolt", "FROZEN_CHANGE") == []
