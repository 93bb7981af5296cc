"""What a command answers is read, too: under a rule that asks for receipts it leaves one, also refused or repeated."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from scmhub.graph.request import GraphQLRequest

from ..support.chain import Chain
from ..support.hub import viewer_of

PLACE = """
mutation Place($i: OrderPlaceInput!) { orderPlace(input: $i) {
  order { id lines { nodes { item { number lifecycle } } } } userErrors { code }
} }
"""
CONFIRM = """
mutation ($i: OrderConfirmInput!) { orderConfirm(input: $i) {
  a: order { buyerNumber } b: order { lines { nodes { id } } } userErrors { code }
} }
"""


@pytest.fixture
async def wish(chain: Chain) -> dict[str, Any]:
    """dyna, to whom acme opens one item, wants it at its own door."""
    given = {"code": "D1", "name": "Dock", "kind": "PLANT", "timeZone": "UTC"}
    site = await chain.done("dyna", "siteAdd", given, record="site", show="id")
    line = {"item": chain.item(0), "quantity": {"value": "5", "unit": "C62"}, "requestedOn": "2026-03-20"}
    return {
        "kind": "PURCHASE", "seller": chain.partner("acme"), "shipTo": site["id"], "buyerNumber": "D-1",
        "currency": "EUR", "lines": [line],
    }  # fmt: skip


async def opened(chain: Chain, receipts: str | None) -> None:
    await chain.active(
        kind="ITEM", grantee={"code": "DYNA"}, fieldGroups=["lifecycle"], items={"ids": [chain.item(0)]}, sites=..., daysBack=...,
        daysAhead=..., receipts=receipts,
    )


async def sent(chain: Chain, firm: str, text: str, given: dict[str, Any], key: str | None = None) -> Any:
    request = GraphQLRequest(text, {"i": given}, idempotency_key=key)
    answer = await chain.bench.hub.execute(request, viewer_of(chain.firms[firm]))
    assert b"\x1e" not in answer.body
    return orjson.loads(answer.body)


async def told(chain: Chain) -> list[tuple[Any, ...]]:
    """What is in the log, without waiting for the queue; it is emptied."""
    rows = await chain.bench.superuser.fetch(
        "with gone as (delete from access_log returning *)"
        " select p.code, g.kind, g.records, g.operation from gone g join partner p on p.id = g.reader_id"
    )
    return sorted(map(tuple, rows))


@pytest.mark.parametrize("receipts", ["BATCHED", "STRICT"])
async def test_what_a_payload_shows_is_written_with_what_was_done(
    chain: Chain, wish: dict[str, Any], receipts: str
) -> None:
    await opened(chain, receipts)
    payload = (await sent(chain, "dyna", PLACE, wish))["data"]["orderPlace"]
    assert payload["order"]["lines"]["nodes"] == [{"item": {"number": "I0", "lifecycle": "SERIES"}}]
    assert await told(chain) == [("DYNA", "Item", 1, "Place")]


async def test_a_rule_that_does_not_ask_is_not_told_of(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, None)
    assert (await sent(chain, "dyna", PLACE, wish))["data"]["orderPlace"]["order"]
    assert await told(chain) == []


async def test_a_payload_that_selects_no_record_is_no_reading(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, "STRICT")
    short = "mutation($i: OrderPlaceInput!) { orderPlace(input: $i) { order { id buyerNumber } userErrors { code } } }"
    assert (await sent(chain, "dyna", short, wish))["data"]["orderPlace"]["order"]["buyerNumber"] == "D-1"
    assert await told(chain) == []


async def test_a_repeat_shows_it_again_and_is_told_of_again(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, "BATCHED")
    first = (await sent(chain, "dyna", PLACE, wish, "k1"))["data"]
    assert await told(chain) == [("DYNA", "Item", 1, "Place")]
    assert (await sent(chain, "dyna", PLACE, wish, "k1"))["data"] == first
    assert await told(chain) == [("DYNA", "Item", 1, "Place")]
    assert await chain.bench.superuser.fetchval("select count(*) from purchase_order where buyer_number = 'D-1'") == 1


async def test_a_repeat_after_the_rule_asks_is_told_of(chain: Chain, wish: dict[str, Any]) -> None:
    """The kept answer has no marks: the change of access makes it be read anew."""
    await opened(chain, None)
    first = (await sent(chain, "dyna", PLACE, wish, "k1"))["data"]
    await opened(chain, "STRICT")
    assert (await sent(chain, "dyna", PLACE, wish, "k1"))["data"] == first
    assert await told(chain) == [("DYNA", "Item", 1, "Place")]


async def test_without_the_receipt_nothing_is_done(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, "STRICT")
    await chain.bench.superuser.execute("revoke insert on access_log from hub_write")
    answer = await sent(chain, "dyna", PLACE, wish)
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert await chain.bench.superuser.fetchval("select count(*) from purchase_order where buyer_number = 'D-1'") == 0


async def test_a_refusal_that_shows_the_record_is_a_reading(chain: Chain) -> None:
    """bolt is a party to the order, and acme's rule covers it too."""
    await chain.active(grantee={"code": "BOLT"}, receipts="STRICT")
    payload = (await sent(chain, "bolt", CONFIRM, {"order": chain.order(0), "expectedVersion": 99}))["data"]
    assert payload["orderConfirm"]["userErrors"] and payload["orderConfirm"]["a"] == {"buyerNumber": "PO0"}
    assert await told(chain) == [("BOLT", "Order", 1, None), ("BOLT", "OrderLine", 3, None)]


async def test_two_steps_of_a_document_each_tell_of_their_own(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, "BATCHED")
    text = PLACE.replace("{ orderPlace", "{ a: orderPlace").replace(
        "\n} }", "\n} b: orderPlace(input: $i) { order { id } userErrors { code } } }"
    )
    found = (await sent(chain, "dyna", text, wish))["data"]
    assert [each["userErrors"] for each in found.values()] == [[], [{"code": "DUPLICATE"}]]
    assert await told(chain) == [("DYNA", "Item", 1, "Place")]


async def test_many_at_once_are_each_told_of(chain: Chain, wish: dict[str, Any]) -> None:
    await opened(chain, "BATCHED")
    await asyncio.gather(*(sent(chain, "dyna", PLACE, wish | {"buyerNumber": f"D-{n}"}) for n in range(5)))
    assert await told(chain) == [("DYNA", "Item", 1, "Place")] * 5
