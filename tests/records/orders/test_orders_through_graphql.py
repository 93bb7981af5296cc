"""The whole way of a casting through GraphQL: what acme, bolt and dyna send, and what each of them gets back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from scmhub.settings import Settings
from tests.records.firms import Firms
from tests.support.hub import Bench, bench

ERRORS = "userErrors { code path }"
STEPS = {"scheduleLineAccept": "ScheduleLineStepInput", "relationshipAccept": "RelationshipStepInput"}


async def send(hub: Bench, firms: Firms, firm: str, mutation: str, given: dict[str, Any], wanted: str) -> Any:
    """The payload of one mutation; no error beside it."""
    own = f"{mutation[0].upper()}{mutation[1:]}Input"
    name = STEPS.get(mutation, own)
    document = f"mutation ($input: {name}!) {{ done: {mutation}(input: $input) {{ {wanted} {ERRORS} }} }}"
    answer = orjson.loads(await hub.ask(firms.ids[firm], document, {"input": given}))
    assert "errors" not in answer, answer
    return answer["data"]["done"]


def order(firms: Firms) -> dict[str, Any]:
    line = {
        "item": firms.item, "quantity": {"value": "100", "unit": "H87"},
        "unitPrice": {"amount": "2.50", "currencyCode": "EUR"}, "requestedOn": "2026-04-06",
    }  # fmt: skip
    return {
        "seller": firms.partner("bolt"), "shipTo": firms.site, "buyerNumber": "PO-1", "currency": "EUR",
        "incoterm": "FCA", "incotermPlace": "Kobe", "lines": [line],
    }  # fmt: skip


ORDER = (
    "order { id kind status version total { amount currencyCode } lines(first: 2) { nodes { id status shipped { value }"
    " schedule(first: 2) { nodes { id state version firstPromiseOn revisions(first: 5) { nodes { side act } } } } } } }"
)
SHIPMENT = "shipment { id state version lines { nodes { id arrivalOn } } events { nodes { seq certainty } } }"


async def test_an_order_is_placed_argued_over_shipped_and_received(firms: Firms, settings: Settings) -> None:
    async with bench(firms.address, settings) as hub:
        placed = (await send(hub, firms, "acme", "orderPlace", order(firms), ORDER))["order"]
        assert (placed["kind"], placed["status"], placed["version"]) == ("PURCHASE", "SENT", 1)
        assert placed["total"] == {"amount": "250", "currencyCode": "EUR"}

        wish = placed["lines"]["nodes"][0]["schedule"]["nodes"][0]
        slices = [{"quantity": "100", "dueOn": "2026-04-13"}]
        later = {"scheduleLine": wish["id"], "expectedVersion": 1, "slices": slices}
        await send(hub, firms, "bolt", "scheduleLinePropose", later, ORDER)
        accept = {"scheduleLine": wish["id"], "expectedVersion": 2, "reason": "Late is\nbetter than never."}
        agreed = (await send(hub, firms, "acme", "scheduleLineAccept", accept, ORDER))["order"]
        wish = agreed["lines"]["nodes"][0]["schedule"]["nodes"][0]
        assert (agreed["status"], agreed["version"], wish["firstPromiseOn"]) == ("CONFIRMED", 3, "2026-04-13")
        said = [(each["side"], each["act"]) for each in wish["revisions"]["nodes"]]
        assert said == [("BUYER", "REQUEST"), ("SELLER", "PROPOSE"), ("BUYER", "ACCEPT")]

        plan = {
            "number": "D-1", "carrier": firms.partner("dyna"), "mode": "TRUCK",
            "lines": [{"scheduleLine": wish["id"], "quantity": {"value": "100", "unit": "C62"}}],
            "plannedDeparture": "2026-03-01T13:00:00+01:00", "plannedArrival": "2026-03-03T13:00:00+01:00",
        }  # fmt: skip
        shipment = (await send(hub, firms, "bolt", "shipmentPlan", plan, SHIPMENT))["shipment"]
        report = {
            "shipment": shipment["id"], "expectedVersion": 1, "milestone": "DEPARTURE", "certainty": "ACTUAL",
            "at": "2026-03-01T12:00:00Z",
        }  # fmt: skip
        left = (await send(hub, firms, "dyna", "shipmentReport", report, SHIPMENT))["shipment"]
        assert (left["state"], left["version"], len(left["events"]["nodes"])) == ("DEPARTED", 2, 3)
        report |= {"expectedVersion": 2, "milestone": "ARRIVAL"}
        await send(hub, firms, "dyna", "shipmentReport", report, SHIPMENT)
        line = left["lines"]["nodes"][0]
        count = {"shipment": shipment["id"], "expectedVersion": 3, "lines": [{"line": line["id"], "good": "100"}]}
        received = (await send(hub, firms, "acme", "shipmentReceive", count, SHIPMENT))["shipment"]
        assert received["state"] == "RECEIVED"
        close = {"order": placed["id"], "expectedVersion": 5}
        closed = (await send(hub, firms, "acme", "orderClose", close, ORDER))["order"]
        assert (closed["status"], closed["lines"]["nodes"][0]["shipped"]) == ("CLOSED", {"value": "100"})


async def test_a_refusal_shows_the_order_as_the_caller_sees_it_and_a_stranger_gets_nothing(
    firms: Firms, settings: Settings
) -> None:
    placed = await firms.placed()
    given = {"order": placed.id, "expectedVersion": 1}
    async with bench(firms.address, settings) as hub:
        mine = await send(hub, firms, "acme", "orderConfirm", given, "order { status }")
        theirs = await send(hub, firms, "cargo", "orderConfirm", given, "order { status }")
    assert mine == {"order": {"status": "SENT"}, "userErrors": [{"code": "FORBIDDEN", "path": ["input", "order"]}]}
    assert theirs == {"order": None, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "order"]}]}


@pytest.mark.parametrize(
    ("given", "name", "gln"),
    [({}, "Hall 1", None), ({"name": "Hall One"}, "Hall One", None), ({"gln": None, "kind": "PORT"}, "Hall 1", None)],
)
async def test_absent_keeps_and_null_clears(
    firms: Firms, settings: Settings, given: dict[str, Any], name: str, gln: str | None
) -> None:
    async with bench(firms.address, settings) as hub:
        revised = {"site": firms.site, "expectedVersion": 1} | given
        done = await send(hub, firms, "acme", "siteRevise", revised, "site { name gln version }")
    assert done == {"site": {"name": name, "gln": gln, "version": 1 + bool(given)}, "userErrors": []}


async def test_a_relationship_is_offered_and_taken(firms: Firms, settings: Settings) -> None:
    offer = {"partnerCode": "ACME", "kind": "SUPPLY", "mySide": "PROVIDER"}
    async with bench(firms.address, settings) as hub:
        offered = await send(hub, firms, "cargo", "relationshipPropose", offer, "relationship { id state version }")
        taken = {"relationship": offered["relationship"]["id"], "expectedVersion": 1}
        wanted = "relationship { state since provider { code } }"
        done = await send(hub, firms, "acme", "relationshipAccept", taken, wanted)
    assert done["relationship"] == {"state": "ACTIVE", "since": "2026-03-01", "provider": {"code": "CARGO"}}
