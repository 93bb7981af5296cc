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
NOTICE = "disruption { id version state text origin { code } source { id } sites { nodes { site { name } } } }"
CASE = "case { id version state }"
BREACH = """{ breaches(first: 20, where: {criterion: {eq: FORECAST_MISMATCH}}) { nodes {
  id bucket allowed basis variance { value unit } other { code } cases(first: 1) { nodes { id version state } } } } }"""


class Story:
    """What the firms do, and who can see it afterwards."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

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

    async def stock_as_seen_by(self, firm: str, item: str) -> list[str | None]:
        """The projected stock of four weeks at Velora's plant."""
        given = {"item": item, "start": WEEKS[0], "end": (MONDAY + timedelta(days=27)).isoformat()}
        channel = (await self.chain.ask(firm, CHANNEL, **given))["channel"]
        if channel is None:
            return []
        [plant] = [site for site in channel["sites"] if site["code"] == "UTR"]
        return [bucket["projectedStock"]["value"] for bucket in plant["buckets"]]

    async def words_of(self, firm: str) -> str:
        """Everything a firm can read about disruptions, as one text."""
        query = f"{{ disruptions(first: 50) {{ nodes {{ {NOTICE.removeprefix('disruption { ')} }} }}"
        return str(await self.chain.ask(firm, query))


async def test_from_a_plan_to_a_closed_case_every_firm_sees_its_own(six: Chain) -> None:
    story = Story(six)
    do = six.do

    # Torq supplies Velora, and so does its rival Kineta; Alba and Voltcell supply Torq; Nordhaul carries for Velora.
    for provider, recipient in (("TORQ", "VELO"), ("KINE", "VELO"), ("CAST", "TORQ"), ("CELL", "TORQ")):
        await related(six, provider, recipient)
    await story.counted("relationships", VELO=2, TORQ=3, KINE=1, CELL=1, CAST=1)

    # Velora keeps drive units at its plant: 150 of them today.
    plant = await do("VELO", "siteAdd", {"code": "UTR", "name": "Utrecht", "kind": "PLANT"}, "site { id }")
    unit = await do("VELO", "itemAdd", {"number": "DRV-1", "description": "Drive unit", "unit": "H87"}, "item { id }")
    item, site, torq = unit["item"]["id"], plant["site"]["id"], await partner_id(six, "VELO", "TORQ")
    shelf = {"site": site, "item": item, "unit": "H87", "available": "150"}
    stated = (await do("VELO", "inventorySet", shelf, "inventoryPosition { id }"))["inventoryPosition"]
    await story.known_to(stated, "VELO")

    # The two agree that a commit may be up to a fifth below the plan. Nobody else knows of it.
    links = (await six.ask("VELO", "{ relationships(first: 9) { nodes { id provider { code } } } }"))["relationships"]
    [link] = [each["id"] for each in links["nodes"] if each["provider"]["code"] == "TORQ"]
    terms = {
        "relationship": link, "title": "Frame agreement", "inForceFrom": NOW.date().isoformat(),
        "clauses": [{"tolerance": {"criterion": "FORECAST_MISMATCH", "allowed": "20", "grave": "30"}}],
    }  # fmt: skip
    contract = (await do("VELO", "agreementPropose", terms, "agreement { id version }"))["agreement"]
    signed = {"agreement": contract["id"], "expectedVersion": contract["version"]}
    await do("TORQ", "agreementSign", signed, "agreement { id state }")
    await story.known_to(contract, "VELO", "TORQ")

    # It needs a hundred a week, and says so to Torq alone: to the rival there is no plan.
    plan = {
        "counterparty": torq, "item": item, "site": site, "bucket": "WEEK", "unit": "H87",
        "points": [{"startsOn": week, "quantity": "100"} for week in WEEKS],
    }  # fmt: skip
    forecast = (await do("VELO", "forecastPublish", plan, "forecast { id versionNo }"))["forecast"]
    await story.known_to(forecast, "VELO", "TORQ")
    await story.counted("forecasts", VELO=1, TORQ=1)

    # Torq commits to a hundred, then to sixty, and to nothing yet after that.
    answer = {
        "forecast": forecast["id"], "forecastVersion": forecast["versionNo"],
        "points": [
            {"startsOn": week, "quantity": much} for week, much in zip(WEEKS, ("100", "60", "0", "0"), strict=True)
        ],
    }  # fmt: skip
    points = "commit { id points(first: 4) { nodes { response } } }"
    commit = (await do("TORQ", "commitPublish", answer, points))["commit"]
    responses = [point["response"] for point in commit["points"]["nodes"]]
    assert responses == ["COMMITTED", "PARTIAL", "REJECTED", "REJECTED"]
    await story.known_to(commit, "VELO", "TORQ")
    assert await story.stock_as_seen_by("VELO", item) == ["150", "110", "10", "-90"]

    # Forty per cent less is more than they signed: the hub opens a case between the two.
    breach = await story.found_by_the_hub("VELO", WEEKS[1])
    assert (breach["variance"], breach["basis"], breach["other"]) == (
        {"value": "40", "unit": "P1"}, "CLAUSE", {"code": "TORQ"}
    )  # fmt: skip
    await story.known_to(breach, "VELO", "TORQ")
    [case] = breach["cases"]["nodes"]
    await story.known_to(case, "VELO", "TORQ")

    # Velora orders a hundred for that week; Torq offers sixty in time and forty a week later; Velora agrees.
    line = {"item": item, "quantity": {"value": "100", "unit": "H87"}, "requestedOn": WEEKS[1]}
    given = {"seller": torq, "shipTo": site, "buyerNumber": "PO-1", "currency": "EUR", "lines": [line]}
    order = (await do("VELO", "orderPlace", given, ORDER))["order"]
    await story.known_to(order, "VELO", "TORQ")
    wish = schedule(order)
    offer = {
        "scheduleLine": wish["id"], "expectedVersion": wish["version"], "reason": "Castings are short.",
        "slices": [{"quantity": "60", "dueOn": WEEKS[1]}, {"quantity": "40", "dueOn": WEEKS[2]}],
    }  # fmt: skip
    wish = schedule((await do("TORQ", "scheduleLinePropose", offer, ORDER))["order"])
    agreed = {"scheduleLine": wish["id"], "expectedVersion": wish["version"]}
    wish = schedule((await do("VELO", "scheduleLineAccept", agreed, ORDER))["order"])
    assert (wish["state"], wish["firstPromiseQuantity"], wish["firstPromiseOn"]) == ("CONFIRMED", "100", WEEKS[2])
    await story.counted("orders", VELO=1, TORQ=1)
    assert await story.stock_as_seen_by("VELO", item) == ["150", "110", "110", "10"]

    # Alba's furnace has stopped. Alba tells Torq, which may pass it on but not say whose it is.
    told = {
        "recipients": [await partner_id(six, "CAST", "TORQ")], "cause": "PRODUCTION_INCIDENT",
        "effect": "CAPACITY_REDUCTION", "startsAt": NOW.isoformat(), "text": "The furnace of Alba in Bilbao is cold.",
        "consent": "MASKED",
    }  # fmt: skip
    furnace = (await do("CAST", "disruptionReport", told, NOTICE))["disruption"]
    await story.known_to(furnace, "TORQ", "CAST")

    # So Torq ships late: everything will arrive in the fourth week, and the stock in between falls.
    sent = {
        "number": "DN-1", "lines": [{"scheduleLine": wish["id"], "quantity": {"value": "100", "unit": "H87"}}],
        "plannedDeparture": NOW.isoformat(), "plannedArrival": f"{WEEKS[1]}T10:00:00Z",
    }  # fmt: skip
    shipment = (await do("TORQ", "shipmentPlan", sent, "shipment { id version }"))["shipment"]
    for milestone, certainty, at in (
        ("DEPARTURE", "ACTUAL", NOW.isoformat()), ("ARRIVAL", "ESTIMATED", f"{WEEKS[3]}T10:00:00Z"),
    ):  # fmt: skip
        event = {
            "shipment": shipment["id"], "expectedVersion": shipment["version"], "milestone": milestone,
            "certainty": certainty, "at": at,
        }  # fmt: skip
        shipment = (await do("TORQ", "shipmentReport", event, "shipment { id version state }"))["shipment"]
    assert shipment["state"] == "DEPARTED"
    await story.known_to(shipment, "VELO", "TORQ")
    await story.counted("shipments", VELO=1, TORQ=1)
    assert await story.stock_as_seen_by("VELO", item) == ["150", "110", "10", "10"]
    assert [await story.stock_as_seen_by(code, item) for code in SIX[2:]] == [[]] * 4

    # Torq tells Velora why, in its own words; Velora learns of a delay and of nobody behind it.
    forward = {
        "disruption": furnace["id"], "recipients": [await partner_id(six, "TORQ", "VELO")],
        "text": "A pre-supplier has an outage; drive units come two weeks late.",
    }  # fmt: skip
    notice = (await do("TORQ", "disruptionForward", forward, NOTICE))["disruption"]
    await story.known_to(notice, "VELO", "TORQ")
    await story.known_to(furnace, "TORQ", "CAST")
    heard = await story.words_of("VELO")
    assert "two weeks late" in heard
    assert [name for name in ("CAST", "Alba", "Bilbao", "furnace", furnace["id"]) if name in heard] == []
    await story.counted("disruptions", VELO=1, TORQ=2, CAST=1)

    # The furnace burns again: Alba says so once, and Velora's notice is resolved with it.
    over = {"disruption": furnace["id"], "expectedVersion": furnace["version"], "measure": "Lined anew."}
    await do("CAST", "disruptionResolve", over, NOTICE)
    [seen] = (await six.ask("VELO", "{ disruptions(first: 5) { nodes { state measure } } }"))["disruptions"]["nodes"]
    assert seen == {"state": "RESOLVED", "measure": None}

    # Torq settles the case, and Velora agrees.
    for firm, step in (("TORQ", "caseStart"), ("TORQ", "caseResolve"), ("VELO", "caseClose")):
        taken = {"case": case["id"], "expectedVersion": case["version"], "text": "As agreed by telephone."}
        case = (await do(firm, step, taken, CASE))["case"]
    assert case["state"] == "CLOSED"
    await story.known_to(case, "VELO", "TORQ")

    # At the end the rival, the cell maker and the carrier have seen nothing of all this.
    for firm in SIX[2:]:
        strangers = await six.ask(firm, "{ cases(first: 1) { totalCount } breaches(first: 1) { totalCount } }")
        assert strangers == {"cases": {"totalCount": 0}, "breaches": {"totalCount": 0}}
    for field in ("forecasts", "commits", "orders", "shipments", "inventoryPositions"):
        await story.counted(field, VELO=1, **({} if field == "inventoryPositions" else {"TORQ": 1}))
