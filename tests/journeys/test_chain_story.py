"""A quarter in the life of a chain: planned, promised short, ordered, late, explained and settled.

Velora sells bikes and buys drive units from Torq, and Kineta's motors too; Torq buys castings from Alba and cells from
Voltcell; Nordhaul carries. After every step each of the six is asked over HTTP what it can see of it.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from .conftest import SIX, Chain
from .test_order_story import ORDER, partner_id, related, schedule

NOW = datetime.now(UTC)
MONDAY = NOW.date() - timedelta(days=NOW.weekday())
WEEKS = [(MONDAY + timedelta(weeks=number)).isoformat() for number in range(4)]
CHANNEL = """query C($item: ID!, $start: Date!, $end: Date!) {
  channel(item: $item, start: $start, end: $end, bucket: WEEK) {
    sites { code buckets { startsOn projectedStock { value } } } } }"""
LINKS = "{ relationships(first: 9) { nodes { id provider { code } } } }"
RESOLVED = "{ disruptions(first: 5) { nodes { state measure } } }"
NOTICE = "disruption { id version state text origin { code } source { id } sites { nodes { site { name } } } }"
CASE = "case { id version state }"
BREACH = """{ breaches(first: 20, where: {criterion: {eq: FORECAST_MISMATCH}}) { nodes {
  id bucket allowed basis variance { value unit } other { code } cases(first: 1) { nodes { id version state } } } } }"""


class Story:
    """What the firms do, what the acts hand on to each other, and who can see it afterwards."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.do = chain.do
        self.item = self.site = self.torq = ""
        self.forecast: dict[str, Any] = {}
        self.case: dict[str, Any] = {}
        self.wish: dict[str, Any] = {}
        self.furnace: dict[str, Any] = {}

    async def known_to(self, record: dict[str, Any], *firms: str) -> None:
        """Exactly these firms get the record by its id; for the others it does not exist."""
        query = "query N($id: ID!) { node(id: $id) { id } }"
        found = {code: (await self.chain.ask(code, query, id=record["id"]))["node"] for code in SIX}
        assert [code for code, node in found.items() if node] == [code for code in SIX if code in firms]

    async def counted(self, field: str, **firms: int) -> None:
        """How many of a kind each firm counts; whoever is not named counts none."""
        query = f"{{ {field}(first: 1) {{ totalCount }} }}"
        found = {code: (await self.chain.ask(code, query))[field]["totalCount"] for code in SIX}
        assert found == dict.fromkeys(SIX, 0) | firms

    async def found_by_the_hub(self, firm: str, bucket: str) -> dict[str, Any]:
        """What the hub finds in a period, as soon as it has looked."""
        async with asyncio.timeout(30):
            while True:
                found = (await self.chain.ask(firm, BREACH))["breaches"]["nodes"]
                if here := [each for each in found if each["bucket"] == bucket]:
                    return dict(here[0])

    async def stock_as_seen_by(self, firm: str) -> list[str | None]:
        """The projected stock of four weeks at Velora's plant."""
        given = {"item": self.item, "start": WEEKS[0], "end": (MONDAY + timedelta(days=27)).isoformat()}
        channel = (await self.chain.ask(firm, CHANNEL, **given))["channel"]
        if channel is None:
            return []
        [plant] = [site for site in channel["sites"] if site["code"] == "UTR"]
        return [bucket["projectedStock"]["value"] for bucket in plant["buckets"]]

    async def stock_is(self, *values: str) -> None:
        """Velora sees these four weeks; Torq, and whoever is no part of it, see none of its stock."""
        assert await self.stock_as_seen_by("VELO") == list(values)
        assert await self.stock_as_seen_by("TORQ") in ([], [None] * 4)
        assert [await self.stock_as_seen_by(code) for code in SIX[2:]] == [[]] * 4

    async def words_of(self, firm: str) -> str:
        """Everything a firm can read about disruptions, as one text."""
        query = f"{{ disruptions(first: 50) {{ nodes {{ {NOTICE.removeprefix('disruption { ')} }} }}"
        return str(await self.chain.ask(firm, query))


async def test_from_a_plan_to_a_closed_case_every_firm_sees_its_own(six: Chain) -> None:
    story = Story(six)
    await they_become_partners(story)
    await velora_keeps_drive_units_at_its_plant(story)
    await velora_and_torq_agree_how_short_a_commit_may_be(story)
    await velora_tells_torq_what_it_needs(story)
    await torq_commits_short(story)
    await the_hub_opens_a_case_by_the_signed_tolerance(story)
    await velora_orders_and_torq_counters(story)
    await albas_furnace_stops(story)
    await torq_ships_late_and_the_stock_falls(story)
    await torq_passes_the_news_on_and_names_nobody(story)
    await the_furnace_burns_again(story)
    await torq_settles_the_case_and_velora_agrees(story)
    await the_others_have_seen_nothing_of_all_this(story)


async def they_become_partners(story: Story) -> None:
    """Torq supplies Velora, and so does its rival Kineta; Alba and Voltcell supply Torq."""
    for provider, recipient in (("TORQ", "VELO"), ("KINE", "VELO"), ("CAST", "TORQ"), ("CELL", "TORQ")):
        await related(story.chain, provider, recipient)
    await story.counted("relationships", VELO=2, TORQ=3, KINE=1, CELL=1, CAST=1)


async def velora_keeps_drive_units_at_its_plant(story: Story) -> None:
    """150 of them today, and that is nobody else's business."""
    plant = await story.do("VELO", "siteAdd", {"code": "UTR", "name": "Utrecht", "kind": "PLANT"}, "site { id }")
    given = {"number": "DRV-1", "description": "Drive unit", "unit": "H87"}
    unit = await story.do("VELO", "itemAdd", given, "item { id }")
    story.item, story.site = unit["item"]["id"], plant["site"]["id"]
    story.torq = await partner_id(story.chain, "VELO", "TORQ")
    shelf = {"site": story.site, "item": story.item, "unit": "H87", "available": "150"}
    stated = (await story.do("VELO", "inventorySet", shelf, "inventoryPosition { id }"))["inventoryPosition"]
    await story.known_to(stated, "VELO")


async def velora_and_torq_agree_how_short_a_commit_may_be(story: Story) -> None:
    """Up to a fifth below the plan. Nobody else knows of it."""
    links = (await story.chain.ask("VELO", LINKS))["relationships"]["nodes"]
    [link] = [each["id"] for each in links if each["provider"]["code"] == "TORQ"]
    terms = {
        "relationship": link, "title": "Frame agreement", "inForceFrom": NOW.date().isoformat(),
        "clauses": [{"tolerance": {"criterion": "FORECAST_MISMATCH", "allowed": "20", "grave": "30"}}],
    }  # fmt: skip
    contract = (await story.do("VELO", "agreementPropose", terms, "agreement { id version }"))["agreement"]
    signed = {"agreement": contract["id"], "expectedVersion": contract["version"]}
    await story.do("TORQ", "agreementSign", signed, "agreement { id state }")
    await story.known_to(contract, "VELO", "TORQ")


async def velora_tells_torq_what_it_needs(story: Story) -> None:
    """A hundred a week; to the rival there is no plan."""
    plan = {
        "counterparty": story.torq, "item": story.item, "site": story.site, "bucket": "WEEK", "unit": "H87",
        "points": [{"startsOn": week, "quantity": "100"} for week in WEEKS],
    }  # fmt: skip
    story.forecast = (await story.do("VELO", "forecastPublish", plan, "forecast { id versionNo }"))["forecast"]
    await story.known_to(story.forecast, "VELO", "TORQ")
    await story.counted("forecasts", VELO=1, TORQ=1)


async def torq_commits_short(story: Story) -> None:
    """To a hundred, then to sixty, and to nothing after that."""
    points = [{"startsOn": week, "quantity": much} for week, much in zip(WEEKS, ("100", "60", "0", "0"), strict=True)]
    answer = {"forecast": story.forecast["id"], "forecastVersion": story.forecast["versionNo"], "points": points}
    shown = "commit { id points(first: 4) { nodes { response } } }"
    commit = (await story.do("TORQ", "commitPublish", answer, shown))["commit"]
    responses = [point["response"] for point in commit["points"]["nodes"]]
    assert responses == ["COMMITTED", "PARTIAL", "REJECTED", "REJECTED"]
    await story.known_to(commit, "VELO", "TORQ")
    await story.stock_is("150", "110", "10", "-90")


async def the_hub_opens_a_case_by_the_signed_tolerance(story: Story) -> None:
    """Forty per cent less is more than they signed."""
    breach = await story.found_by_the_hub("VELO", WEEKS[1])
    assert (breach["variance"], breach["basis"], breach["other"]) == (
        {"value": "40", "unit": "P1"}, "CLAUSE", {"code": "TORQ"}
    )  # fmt: skip
    await story.known_to(breach, "VELO", "TORQ")
    [story.case] = breach["cases"]["nodes"]
    await story.known_to(story.case, "VELO", "TORQ")


async def velora_orders_and_torq_counters(story: Story) -> None:
    """A hundred for the second week; Torq offers sixty in time and forty a week later; Velora agrees."""
    line = {"item": story.item, "quantity": {"value": "100", "unit": "H87"}, "requestedOn": WEEKS[1]}
    given = {"seller": story.torq, "shipTo": story.site, "buyerNumber": "PO-1", "currency": "EUR", "lines": [line]}
    order = (await story.do("VELO", "orderPlace", given, ORDER))["order"]
    await story.known_to(order, "VELO", "TORQ")
    wish = schedule(order)
    offer = {
        "scheduleLine": wish["id"], "expectedVersion": wish["version"], "reason": "Castings are short.",
        "slices": [{"quantity": "60", "dueOn": WEEKS[1]}, {"quantity": "40", "dueOn": WEEKS[2]}],
    }  # fmt: skip
    wish = schedule((await story.do("TORQ", "scheduleLinePropose", offer, ORDER))["order"])
    agreed = {"scheduleLine": wish["id"], "expectedVersion": wish["version"]}
    story.wish = schedule((await story.do("VELO", "scheduleLineAccept", agreed, ORDER))["order"])
    promised = tuple(story.wish[name] for name in ("state", "firstPromiseQuantity", "firstPromiseOn"))
    assert promised == ("CONFIRMED", "100", WEEKS[2])
    await story.counted("orders", VELO=1, TORQ=1)
    await story.stock_is("150", "110", "110", "10")


async def albas_furnace_stops(story: Story) -> None:
    """Alba tells Torq, which may pass it on but not say whose furnace it is."""
    told = {
        "recipients": [await partner_id(story.chain, "CAST", "TORQ")], "cause": "PRODUCTION_INCIDENT",
        "effect": "CAPACITY_REDUCTION", "startsAt": NOW.isoformat(), "text": "The furnace of Alba in Bilbao is cold.",
        "consent": "MASKED",
    }  # fmt: skip
    story.furnace = (await story.do("CAST", "disruptionReport", told, NOTICE))["disruption"]
    await story.known_to(story.furnace, "TORQ", "CAST")


async def torq_ships_late_and_the_stock_falls(story: Story) -> None:
    """Everything will arrive in the fourth week."""
    sent = {
        "number": "DN-1", "lines": [{"scheduleLine": story.wish["id"], "quantity": {"value": "100", "unit": "H87"}}],
        "plannedDeparture": NOW.isoformat(), "plannedArrival": f"{WEEKS[1]}T10:00:00Z",
    }  # fmt: skip
    shipment = (await story.do("TORQ", "shipmentPlan", sent, "shipment { id version }"))["shipment"]
    for milestone, certainty, at in (
        ("DEPARTURE", "ACTUAL", NOW.isoformat()), ("ARRIVAL", "ESTIMATED", f"{WEEKS[3]}T10:00:00Z"),
    ):  # fmt: skip
        event = {
            "shipment": shipment["id"], "expectedVersion": shipment["version"], "milestone": milestone,
            "certainty": certainty, "at": at,
        }  # fmt: skip
        shipment = (await story.do("TORQ", "shipmentReport", event, "shipment { id version state }"))["shipment"]
    assert shipment["state"] == "DEPARTED"
    await story.known_to(shipment, "VELO", "TORQ")
    await story.counted("shipments", VELO=1, TORQ=1)
    await story.stock_is("150", "110", "10", "10")


async def torq_passes_the_news_on_and_names_nobody(story: Story) -> None:
    """In its own words: Velora learns of a delay and of nobody behind it."""
    forward = {
        "disruption": story.furnace["id"], "recipients": [await partner_id(story.chain, "TORQ", "VELO")],
        "text": "A pre-supplier has an outage; drive units come two weeks late.",
    }  # fmt: skip
    notice = (await story.do("TORQ", "disruptionForward", forward, NOTICE))["disruption"]
    await story.known_to(notice, "VELO", "TORQ")
    await story.known_to(story.furnace, "TORQ", "CAST")
    heard = await story.words_of("VELO")
    assert "two weeks late" in heard
    assert [name for name in ("CAST", "Alba", "Bilbao", "furnace", story.furnace["id"]) if name in heard] == []
    await story.counted("disruptions", VELO=1, TORQ=2, CAST=1)


async def the_furnace_burns_again(story: Story) -> None:
    """Alba says so once, and Velora's notice is resolved with it; how it was mended stays between Alba and Torq."""
    furnace = story.furnace
    over = {"disruption": furnace["id"], "expectedVersion": furnace["version"], "measure": "Lined anew."}
    await story.do("CAST", "disruptionResolve", over, NOTICE)
    seen = {code: (await story.chain.ask(code, RESOLVED))["disruptions"]["nodes"] for code in SIX}
    assert seen["VELO"] == [{"state": "RESOLVED", "measure": None}]
    assert {each["state"] for each in seen["TORQ"]} == {"RESOLVED"}
    assert seen["CAST"] == [{"state": "RESOLVED", "measure": "Lined anew."}]
    assert [seen[code] for code in ("KINE", "CELL", "HAUL")] == [[]] * 3


async def torq_settles_the_case_and_velora_agrees(story: Story) -> None:
    """A step that is not possible is refused with those that are; then it goes its way."""
    early = {"case": story.case["id"], "expectedVersion": story.case["version"]}
    [refusal] = (await story.chain.attempt("VELO", "caseClose", early, CASE))["userErrors"]
    assert (refusal["code"], refusal["message"].split(". ")[-1]) == ("ILLEGAL_TRANSITION", "Allowed steps: none.")
    for firm, step in (("TORQ", "caseStart"), ("TORQ", "caseResolve"), ("VELO", "caseClose")):
        taken = {"case": story.case["id"], "expectedVersion": story.case["version"], "text": "As agreed by telephone."}
        story.case = (await story.do(firm, step, taken, CASE))["case"]
        await story.known_to(story.case, "VELO", "TORQ")
    assert story.case["state"] == "CLOSED"


async def the_others_have_seen_nothing_of_all_this(story: Story) -> None:
    """Neither the rival, nor the cell maker, nor the carrier; and Alba no more than its own notice."""
    for firm in SIX[2:]:
        strangers = await story.chain.ask(firm, "{ cases(first: 1) { totalCount } breaches(first: 1) { totalCount } }")
        assert strangers == {"cases": {"totalCount": 0}, "breaches": {"totalCount": 0}}
    for field in ("forecasts", "commits", "orders", "shipments", "inventoryPositions"):
        await story.counted(field, VELO=1, **({} if field == "inventoryPositions" else {"TORQ": 1}))
