"""The walking hub in one story: acme orders from bolt, they argue, goods travel; dyna sees what acme opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from .conftest import Chain

ORDER = """order {
  id status version withheld buyerNumber total { amount currencyCode } seller { code }
  lines(first: 5) { nodes {
    id lineNo status quantity { value unit } unitPrice { amount } shipped { value } receivedGood { value } withheld
    schedule { nodes { id state version requestedQuantity firstPromiseQuantity firstPromiseOn lastPromiseQuantity
      lastPromiseOn revisions { nodes { side act slices { nodes { quantity dueOn } } } } } } } } }"""
READ = f"query R($id: ID!) {{ order(by: {{id: $id}}) {ORDER.removeprefix('order')} }}"
SOON = (datetime.now(UTC) + timedelta(days=20)).date()


async def related(chain: Chain, provider: str, recipient: str) -> None:
    proposed = await chain.do(
        provider, "relationshipPropose", {"partnerCode": recipient, "kind": "SUPPLY", "mySide": "PROVIDER"},
        "relationship { id version state }",
    )  # fmt: skip
    record = proposed["relationship"]
    assert record["state"] == "PROPOSED"
    accepted = await chain.do(
        recipient, "relationshipAccept", {"relationship": record["id"], "expectedVersion": record["version"]},
        "relationship { state }",
    )  # fmt: skip
    assert accepted["relationship"]["state"] == "ACTIVE"


async def partner_id(chain: Chain, asker: str, code: str) -> str:
    found = await chain.ask(asker, "query P($c: String!) { partner(by: {code: $c}) { id } }", c=code)
    return str(found["partner"]["id"])


async def placed(chain: Chain) -> dict[str, Any]:
    site = await chain.do("ACME", "siteAdd", {"code": "P1", "name": "Plant", "kind": "PLANT"}, "site { id }")
    item = await chain.do("ACME", "itemAdd", {"number": "C-1", "description": "Casting", "unit": "H87"}, "item { id }")
    given = {
        "seller": await partner_id(chain, "ACME", "BOLT"),
        "shipTo": site["site"]["id"],
        "buyerNumber": "PO-1",
        "currency": "EUR",
        "lines": [
            {
                "item": item["item"]["id"],
                "quantity": {"value": "100", "unit": "H87"},
                "unitPrice": {"amount": "2.50", "currencyCode": "EUR"},
                "requestedOn": SOON.isoformat(),
            }
        ],
    }
    return dict((await chain.do("ACME", "orderPlace", given, ORDER))["order"])


def schedule(order: dict[str, Any]) -> dict[str, Any]:
    return dict(order["lines"]["nodes"][0]["schedule"]["nodes"][0])


async def test_from_order_to_receipt_each_firm_sees_its_own(chain: Chain) -> None:
    await related(chain, "BOLT", "ACME")
    order = await placed(chain)
    assert (order["status"], order["total"]) == ("SENT", {"amount": "250", "currencyCode": "EUR"})

    # bolt answers with a split; acme accepts: that is the first promise, for ever
    later = (SOON + timedelta(days=7)).isoformat()
    line = schedule(order)
    slices = [{"quantity": "60", "dueOn": SOON.isoformat()}, {"quantity": "40", "dueOn": later}]
    split = {"scheduleLine": line["id"], "expectedVersion": line["version"], "slices": slices, "reason": "Furnace"}
    line = schedule((await chain.do("BOLT", "scheduleLinePropose", split, ORDER))["order"])
    assert line["state"] == "SELLER_PROPOSED"
    again = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    refused = await chain.attempt("BOLT", "scheduleLineAccept", again, ORDER)
    assert [error["code"] for error in refused["userErrors"]] == ["ILLEGAL_TRANSITION"]
    order = (await chain.do("ACME", "scheduleLineAccept", again, ORDER))["order"]
    line = schedule(order)
    assert (line["state"], line["firstPromiseQuantity"], line["firstPromiseOn"]) == ("CONFIRMED", "100", later)

    # goods travel; acme counts 98 good and 2 damaged
    now = datetime.now(UTC)
    plan = {
        "number": "DN-1", "lines": [{"scheduleLine": line["id"], "quantity": {"value": "100", "unit": "H87"}}],
        "plannedDeparture": now.isoformat(), "plannedArrival": (now + timedelta(days=2)).isoformat(),
    }  # fmt: skip
    shipment = (
        await chain.do("BOLT", "shipmentPlan", plan, "shipment { id version state lines(first: 5) { nodes { id } } }")
    )["shipment"]
    for milestone in ("DEPARTURE", "ARRIVAL"):
        event = {
            "shipment": shipment["id"], "expectedVersion": shipment["version"], "milestone": milestone,
            "certainty": "ACTUAL", "at": now.isoformat(),
        }  # fmt: skip
        shipment = (
            await chain.do(
                "BOLT", "shipmentReport", event, "shipment { id version state lines(first: 5) { nodes { id } } }"
            )
        )["shipment"]
    counted = {
        "shipment": shipment["id"], "expectedVersion": shipment["version"],
        "lines": [{"line": shipment["lines"]["nodes"][0]["id"], "good": "98", "damaged": "2"}],
    }  # fmt: skip
    received = await chain.do("ACME", "shipmentReceive", counted, "shipment { state }")
    assert received["shipment"]["state"] == "RECEIVED"
    order = (await chain.ask("BOLT", READ, id=order["id"]))["order"]
    shown = order["lines"]["nodes"][0]
    assert (order["status"], shown["receivedGood"]["value"], shown["shipped"]["value"]) == ("RECEIVED", "98", "100")


async def test_a_rule_opens_exactly_what_it_says_and_closes_again(chain: Chain) -> None:
    await related(chain, "BOLT", "ACME")
    await related(chain, "ACME", "DYNA")
    order = await placed(chain)
    unknown = order["id"][:-4] + "0000"
    for firm in ("CARGO", "DYNA"):
        hidden, absent = [await chain.post(firm, READ, id=each) for each in (order["id"], unknown)]
        assert hidden.content.partition(b',"extensions"')[0] == absent.content.partition(b',"extensions"')[0]

    rule = {
        "kind": "ORDER", "grantee": {"code": "DYNA"}, "items": {"all": True}, "sites": {"all": True},
        "fieldGroups": ["numbers"], "daysBack": None, "daysAhead": 28, "validFrom": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    drafted = (await chain.do("ACME", "sharingRuleDraft", rule, "sharingRule { id version state }"))["sharingRule"]
    assert (await chain.ask("DYNA", READ, id=order["id"]))["order"] is None
    step = {"sharingRule": drafted["id"], "expectedVersion": drafted["version"]}
    active = (await chain.do("ACME", "sharingRuleActivate", step, "sharingRule { version state }"))["sharingRule"]

    seen = (await chain.ask("DYNA", READ, id=order["id"]))["order"]
    assert (seen["buyerNumber"], seen["total"], seen["seller"], seen["version"]) == ("PO-1", None, None, None)
    assert seen["withheld"] == ["numbers", "parties", "price"][1:]
    assert seen["lines"]["nodes"][0]["unitPrice"] is None
    assert (await chain.ask("CARGO", READ, id=order["id"]))["order"] is None

    step = {"sharingRule": drafted["id"], "expectedVersion": active["version"]}
    await chain.do("ACME", "sharingRuleRevoke", step, "sharingRule { state }")
    assert (await chain.ask("DYNA", READ, id=order["id"]))["order"] is None


async def test_one_key_one_effect(chain: Chain) -> None:
    query = (
        'mutation { siteAdd(input: {code: "P1", name: "Plant", kind: PLANT}) { site { id code } userErrors { code } } }'
    )
    first = await chain.post("ACME", query, {"Idempotency-Key": "k-1"})
    again = await chain.post("ACME", query, {"Idempotency-Key": "k-1"})
    assert first.json()["data"] == again.json()["data"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await chain.post("ACME", query.replace("P1", "P2"), {"Idempotency-Key": "k-1"})
    assert other.json()["data"]["siteAdd"]["userErrors"] == [{"code": "KEY_REUSED"}]
    theirs = await chain.post("BOLT", query, {"Idempotency-Key": "k-1"})
    assert theirs.json()["data"]["siteAdd"]["userErrors"] == []
    assert len((await chain.ask("ACME", "{ sites { nodes { id } } }"))["sites"]["nodes"]) == 1
