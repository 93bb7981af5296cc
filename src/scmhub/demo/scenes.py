"""What firms do in a day: order, answer, delay, ship, receive, plan, commit, count, report trouble and its end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from scmhub.demo.chance import workday
from scmhub.demo.lanes import LANES, Lane
from scmhub.demo.live import Scene, Stage

_LINES = """query Lines($where: OrderLineWhere!) {
  orderLines(where: $where, first: 20) { nodes {
    order { buyerNumber buyer { code } seller { code } } item { number } unit: quantity { unit }
    schedule { nodes { id version state requestedQuantity requestedOn lastPromiseQuantity lastPromiseOn
      revisions(last: 1) { nodes { side } } } } } } }
"""
_SHIPMENTS = """query Shipments($where: ShipmentWhere!) {
  shipments(where: $where, first: 20) { nodes { id version number seller { code } buyer { code } consignee { code }
    lines(first: 20) { nodes { id quantity { value } } } } } }
"""
_FORECASTS = """query Forecasts($publisher: ID!, $counterparty: ID!) {
  forecasts(where: {publisher: {eq: $publisher}, counterparty: {eq: $counterparty}}, first: 30) { nodes {
    id versionNo unit category item { id number } site { id } } } }
"""
_NEXT_WEEKS = """query Weeks($id: ID!, $start: Date!, $end: Date!) {
  forecast(by: {id: $id}) { points(start: $start, end: $end, first: 8) { nodes { startsOn quantity } } } }
"""
_STEP = "ScheduleLineStepInput"
_ORDER = "order { id status }"
_TROUBLES = (
    ("CAST", "TORQ", "PRODUCTION_INCIDENT", "A mould is broken; castings come a week late."),
    ("CAST", "KINE", "LOGISTICS_DISRUPTION", "No lorry since Monday; two deliveries wait."),
    ("CELL", "TORQ", "PRODUCTION_INCIDENT", "The coating line is down for some days."),
    ("HAUL", "VELO", "LOGISTICS_DISRUPTION", "The motorway is closed; deliveries come a day late."),
)
_OWN_WORDS = ("One of our own supplies is late, and so are we.", "There is a delay; we will say more on Friday.")


def _today(stage: Stage) -> date:
    return stage.clock().date()


async def _key(stage: Stage, firm: str, code: str) -> str:
    found = await stage.firms.ask(firm, "query P($code: String!) { partner(by: {code: $code}) { id } }", code=code)
    return str(found["partner"]["id"])


async def order(stage: Stage) -> str | None:
    """A buyer orders something of a lane, as in the year before."""
    lane, chance = stage.chance.one(LANES), stage.chance
    number, site = chance.one(lane.items), lane.sites[0].partition("/")[2]
    found = await stage.firms.ask(
        lane.buyer,
        "query Goods($number: String!, $site: String!) { items(where: {number: {eq: $number}}, first: 1)"
        " { nodes { id unit } } sites(where: {code: {eq: $site}}, first: 1) { nodes { id } } }",
        number=number, site=site,
    )  # fmt: skip
    if not found["items"]["nodes"] or not found["sites"]["nodes"]:
        return None
    [item], [place] = found["items"]["nodes"], found["sites"]["nodes"]
    quantity = chance.one(lane.lots) // (40 if item["unit"] == "KGM" else 1)
    day = workday(_today(stage) + timedelta(days=chance.number(*lane.lead_days)))
    given = {
        "seller": await _key(stage, lane.buyer, lane.seller), "shipTo": place["id"], "currency": "EUR",
        "buyerNumber": stage.number(lane.numbers[0]),
        "lines": [{"item": item["id"], "quantity": {"value": str(quantity), "unit": item["unit"]},
                   "requestedOn": day.isoformat()}],
    }  # fmt: skip
    await stage.firms.act(lane.buyer, "orderPlace", "OrderPlaceInput", given, _ORDER)
    return f"{lane.buyer} orders {quantity} x {number} from {lane.seller} for {day} ({given['buyerNumber']})"


async def _lines(stage: Stage, lane: Lane, firm: str, *states: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Lines with the first schedule line of theirs that is in one of the states, of one lane, newest first."""
    buyer = await _key(stage, firm, lane.buyer) if firm != lane.buyer else None
    seller = await _key(stage, firm, lane.seller) if firm != lane.seller else None
    where: dict[str, Any] = {"status": {"in": list(states)}}
    where |= {"buyer": {"eq": buyer}} if buyer else {}
    where |= {"seller": {"eq": seller}} if seller else {}
    found = await stage.firms.ask(firm, _LINES, where=where)
    return [
        (line, wish) for line in found["orderLines"]["nodes"] for wish in line["schedule"]["nodes"][:1]
        if wish["state"] in states and (line["order"]["buyer"], line["order"]["seller"]) == (
            {"code": lane.buyer}, {"code": lane.seller}
        )
    ]  # fmt: skip


def _what(line: dict[str, Any], wish: dict[str, Any]) -> str:
    return f"{wish['requestedQuantity']} x {line['item']['number']} ({line['order']['buyerNumber']})"


async def answer(stage: Stage) -> str | None:
    """A seller agrees to what was asked, or offers another day."""
    lane, chance = stage.chance.one(LANES), stage.chance
    lines = await _lines(stage, lane, lane.seller, "SENT", "BUYER_PROPOSED")
    if not lines:
        return None
    line, wish = chance.one(lines)
    step = {"scheduleLine": wish["id"], "expectedVersion": wish["version"]}
    if chance.hit(0.65):
        await stage.firms.act(lane.seller, "scheduleLineAccept", _STEP, step, _ORDER)
        return f"{lane.seller} confirms {_what(line, wish)} to {lane.buyer}"
    day = await _offer(stage, lane.seller, step, wish["requestedQuantity"], wish["requestedOn"], "Capacity is taken.")
    return f"{lane.seller} offers {_what(line, wish)} to {lane.buyer} for {day} instead of {wish['requestedOn']}"


async def _offer(stage: Stage, firm: str, step: dict[str, Any], quantity: str, day: str, why: str) -> date:
    later = workday(max(date.fromisoformat(day), _today(stage)) + timedelta(days=stage.chance.number(3, 12)))
    given = step | {"slices": [{"quantity": quantity, "dueOn": later.isoformat()}], "reason": why}
    await stage.firms.act(firm, "scheduleLinePropose", "ScheduleLineProposeInput", given, _ORDER)
    return later


async def agree(stage: Stage) -> str | None:
    """A buyer takes what was offered, or a change of what was agreed."""
    lane = stage.chance.one(LANES)
    found = await _lines(stage, lane, lane.buyer, "SELLER_PROPOSED", "CHANGE_REQUESTED")
    lines = [each for each in found if each[1]["revisions"]["nodes"][0]["side"] == "SELLER"]
    if not lines:
        return None
    line, wish = stage.chance.one(lines)
    step = {"scheduleLine": wish["id"], "expectedVersion": wish["version"]}
    await stage.firms.act(lane.buyer, "scheduleLineAccept", _STEP, step, _ORDER)
    return f"{lane.buyer} accepts the new date of {_what(line, wish)} from {lane.seller}"


async def delay(stage: Stage) -> str | None:
    """A seller asks to move what was confirmed."""
    lane = stage.chance.one(LANES)
    lines = await _lines(stage, lane, lane.seller, "CONFIRMED")
    if not lines:
        return None
    line, wish = stage.chance.one(lines)
    step = {"scheduleLine": wish["id"], "expectedVersion": wish["version"]}
    why = "Our own material comes later than promised."
    day = await _offer(stage, lane.seller, step, wish["lastPromiseQuantity"], wish["lastPromiseOn"], why)
    return f"{lane.seller} delays {_what(line, wish)} to {lane.buyer} until {day}"


async def ship(stage: Stage) -> str | None:
    """A seller sends what is due first; it leaves at once."""
    lane, firms, now = stage.chance.one(LANES), stage.firms, stage.clock()
    lines = await _lines(stage, lane, lane.seller, "CONFIRMED")
    if not lines:
        return None
    line, wish = min(lines, key=lambda each: (each[1]["lastPromiseOn"], each[1]["id"]))
    quantity = {"value": wish["lastPromiseQuantity"], "unit": line["unit"]["unit"]}
    given = {
        "number": stage.number(lane.numbers[2]), "lines": [{"scheduleLine": wish["id"], "quantity": quantity}],
        "plannedDeparture": now.isoformat(), "plannedArrival": (now + timedelta(hours=lane.hours[1])).isoformat(),
        "mode": lane.modes[0],
    }  # fmt: skip
    made = await firms.act(lane.seller, "shipmentPlan", "ShipmentPlanInput", given, "shipment { id version }")
    await _report(stage, lane.seller, made, "DEPARTURE")
    return f"{lane.seller} ships {_what(line, wish)} to {lane.buyer} as {given['number']}"


async def _report(stage: Stage, firm: str, shipment: dict[str, Any], milestone: str) -> dict[str, Any]:
    event = {
        "shipment": shipment["id"], "expectedVersion": shipment["version"], "milestone": milestone,
        "certainty": "ACTUAL", "at": stage.clock().isoformat(),
    }  # fmt: skip
    found: dict[str, Any] = await stage.firms.act(
        firm, "shipmentReport", "ShipmentReportInput", event, "shipment { id version }"
    )
    return found


async def receive(stage: Stage) -> str | None:
    """What is under way arrives and is counted; now and then a piece is damaged."""
    lane, chance = stage.chance.one(LANES), stage.chance
    seller = await _key(stage, lane.buyer, lane.seller)
    found = await stage.firms.ask(
        lane.buyer, _SHIPMENTS, where={"state": {"in": ["DEPARTED"]}, "seller": {"eq": seller}}
    )
    waiting = [each for each in found["shipments"]["nodes"] if each["number"] and each["consignee"] is None]
    if not waiting:
        return None
    shipment = chance.one(waiting)
    arrived = await _report(stage, lane.seller, shipment, "ARRIVAL")
    counted, damaged = [], 0
    for line in shipment["lines"]["nodes"]:
        bad = 1 if chance.hit(0.1) and Decimal(line["quantity"]["value"]) > 1 else 0
        damaged += bad
        good = Decimal(line["quantity"]["value"]) - bad
        counted.append({"line": line["id"], "good": str(good), "damaged": str(bad)})
    given = {"shipment": shipment["id"], "expectedVersion": arrived["version"], "lines": counted}
    await stage.firms.act(lane.buyer, "shipmentReceive", "ShipmentReceiveInput", given, "shipment { state }")
    state = f", {damaged} damaged" if damaged else ""
    return f"{lane.buyer} receives {shipment['number']} from {lane.seller}{state}"


async def _forecast(stage: Stage, lane: Lane, firm: str) -> dict[str, Any] | None:
    buyer, seller = await _key(stage, firm, lane.buyer), await _key(stage, firm, lane.seller)
    found = (await stage.firms.ask(firm, _FORECASTS, publisher=buyer, counterparty=seller))["forecasts"]["nodes"]
    return stage.chance.one(found) if found else None


async def _weeks(stage: Stage, firm: str, forecast: dict[str, Any]) -> list[dict[str, Any]]:
    monday = _today(stage) + timedelta(days=7 - _today(stage).weekday())
    end = monday + timedelta(weeks=7)
    asked = {"id": forecast["id"], "start": monday.isoformat(), "end": end.isoformat()}
    found = (await stage.firms.ask(firm, _NEXT_WEEKS, **asked))["forecast"]
    return list(found["points"]["nodes"]) if found else []


async def plan(stage: Stage) -> str | None:
    """A buyer changes one of the coming weeks of what it expects to need."""
    lane, chance = stage.chance.one(LANES), stage.chance
    forecast = await _forecast(stage, lane, lane.buyer)
    weeks = await _weeks(stage, lane.buyer, forecast) if forecast else []
    if forecast is None or not weeks:
        return None
    week = chance.one(weeks)
    quantity = (Decimal(week["quantity"]) * chance.number(80, 125) / 100).quantize(Decimal(1))
    given = {
        "counterparty": await _key(stage, lane.buyer, lane.seller), "item": forecast["item"]["id"],
        "site": forecast["site"]["id"], "bucket": "WEEK", "unit": forecast["unit"], "category": forecast["category"],
        "points": [{"startsOn": week["startsOn"], "quantity": str(quantity)}],
    }  # fmt: skip
    await stage.firms.act(lane.buyer, "forecastPublish", "ForecastPublishInput", given, "forecast { versionNo }")
    number = forecast["item"]["number"]
    return f"{lane.buyer} expects {quantity} instead of {week['quantity']} x {number} in the week of {week['startsOn']}"


async def commit(stage: Stage) -> str | None:
    """A seller answers what it was asked for, in full or a fifth short."""
    lane, chance = stage.chance.one(LANES), stage.chance
    forecast = await _forecast(stage, lane, lane.seller)
    weeks = await _weeks(stage, lane.seller, forecast) if forecast else []
    if forecast is None or not weeks:
        return None
    share = chance.one((100, 100, 100, 80))
    points = [
        {"startsOn": week["startsOn"],
         "quantity": str((Decimal(week["quantity"]) * share / 100).quantize(Decimal(1)) if share < 100
                         else week["quantity"])}
        for week in weeks
    ]  # fmt: skip
    given = {"forecast": forecast["id"], "forecastVersion": forecast["versionNo"], "points": points}
    await stage.firms.act(lane.seller, "commitPublish", "CommitPublishInput", given, "commit { versionNo }")
    number = forecast["item"]["number"]
    return f"{lane.seller} commits to {share} % of {len(points)} weeks of {number} for {lane.buyer}"


async def count(stage: Stage) -> str | None:
    """Somebody looks at a shelf and finds a little more or less."""
    firm = stage.chance.one(("VELO", "TORQ", "KINE", "CELL", "CAST", "HAUL"))
    me = await _key(stage, firm, firm)
    found = await stage.firms.ask(
        firm,
        "query Stock($me: ID!) { inventoryPositions(where: {statedBy: {eq: $me}}, first: 50) { nodes {"
        " id version available { value unit } item { number } site { name } } } }",
        me=me,
    )
    if not found["inventoryPositions"]["nodes"]:
        return None
    position = stage.chance.one(found["inventoryPositions"]["nodes"])
    fewer = Decimal(position["available"]["value"]) > 5 and stage.chance.hit(0.6)
    delta = stage.chance.number(1, 5) * (-1 if fewer else 1)
    given = {
        "position": position["id"], "expectedVersion": position["version"], "delta": str(delta),
        "reason": "Counted by hand.",
    }  # fmt: skip
    await stage.firms.act(
        firm, "inventoryAdjust", "InventoryAdjustInput", given, "inventoryPosition { version }"
    )  # fmt: skip
    return f"{firm} counts {delta:+d} x {position['item']['number']} at {position['site']['name']}"


async def trouble(stage: Stage) -> str | None:
    """Something breaks, and whoever has to know is told; not more than a few at a time."""
    sender, recipient, cause, text = stage.chance.one(_TROUBLES)
    if len(await _open(stage, sender, "sender")) >= 3:
        return None
    now = stage.clock()
    given = {
        "recipients": [await _key(stage, sender, recipient)], "cause": cause, "effect": "CAPACITY_REDUCTION",
        "startsAt": now.isoformat(), "expectedEndAt": (now + timedelta(days=7)).isoformat(), "text": text,
        "consent": "MASKED",
    }  # fmt: skip
    await stage.firms.act(sender, "disruptionReport", "DisruptionReportInput", given, "disruption { id }")
    return f"{sender} warns {recipient}: {text}"


async def _open(stage: Stage, firm: str, side: str) -> list[dict[str, Any]]:
    """Open notices a firm sent or received."""
    found = await stage.firms.ask(
        firm,
        f"query Open($me: ID!) {{ disruptions(where: {{{side}: {{eq: $me}}, state: {{in: [OPEN]}}}}, first: 20) {{"
        " nodes { id version consent text source { id } recipient { code } } } }",
        me=await _key(stage, firm, firm),
    )
    return list(found["disruptions"]["nodes"])


async def forward(stage: Stage) -> str | None:
    """A supplier tells its customer that there is trouble, not whose it is."""
    firm = stage.chance.one(("TORQ", "KINE"))
    told = {each["source"]["id"] for each in await _open(stage, firm, "sender") if each["source"]}
    received = await _open(stage, firm, "recipient")
    fresh = [each for each in received if each["consent"] != "NONE" and each["id"] not in told]
    if not fresh:
        return None
    words = stage.chance.one(_OWN_WORDS)
    given = {
        "disruption": stage.chance.one(fresh)["id"], "recipients": [await _key(stage, firm, "VELO")], "text": words
    }  # fmt: skip
    await stage.firms.act(firm, "disruptionForward", "DisruptionForwardInput", given, "disruption { id }")
    return f"{firm} warns VELO: {words}"


async def recover(stage: Stage) -> str | None:
    """What began at a firm is over; whoever passed it on need not say so again."""
    firm = stage.chance.one(("CAST", "CELL", "HAUL"))
    own = [each for each in await _open(stage, firm, "sender") if each["source"] is None]
    if not own:
        return None
    notice = stage.chance.one(own)
    given = {"disruption": notice["id"], "expectedVersion": notice["version"], "measure": "Repaired."}
    await stage.firms.act(firm, "disruptionResolve", "DisruptionResolveInput", given, "disruption { state }")
    return f"{firm} tells {notice['recipient']['code'] if notice['recipient'] else 'its customer'} that it is over"


SCENES: list[Scene] = [
    order, order, answer, answer, agree, agree, delay, ship, ship, receive, receive, plan, plan, commit, count, trouble,
    forward, recover,
]  # fmt: skip
"""Those that are there twice happen more often."""
