"""What is sent is read, too: changes, snapshots and pages of the log leave receipts where rules ask for them."""

from __future__ import annotations

import asyncio
from typing import Any

from feed_chain import DOCUMENT, PULL, Chain
from tests.records.firms import Placed

from scmhub.graph.receipts import FEED


async def shared(chain: Chain, receipts: str | None) -> Placed:
    """An order of acme and bolt that east sees by a rule."""
    order = await chain.firms.placed()
    await chain.share("east")
    await chain.superuser("update scope set receipts = $1", receipts)
    return order


async def written(chain: Chain) -> list[tuple[Any, ...]]:
    """(reader, actor, kind, records) of what is in the log, which is emptied."""
    rows = await chain.bench.superuser.fetch(
        "with gone as (delete from access_log returning *)"
        " select p.code, g.actor, g.kind, g.records from gone g join partner p on p.id = g.reader_id"
    )
    return sorted(map(tuple, rows))


async def told(chain: Chain) -> list[tuple[Any, ...]]:
    await chain.bench.hub.receipts.flush()
    return await written(chain)


LINKING = DOCUMENT.replace(
    "withheld }", "withheld lines(first: 9) { nodes { item { number lifecycle } } } } ... on OrderLine { lineNo order { id } }"
)
SENT = [("EAST", FEED, "Order", 1), ("EAST", FEED, "OrderLine", 1)]


async def test_a_change_that_is_sent_under_a_rule_is_told_of(chain: Chain) -> None:
    order = await shared(chain, "BATCHED")
    screens = [await chain.follow(firm) for firm in ("acme", "bolt", "east", "cargo")]
    await order.confirm()
    await chain.step()
    assert sorted(each["kind"] for each in screens[2].items) == ["ORDER", "ORDER_LINE"]
    assert await told(chain) == SENT


async def test_a_change_that_is_sent_under_a_rule_that_does_not_ask_is_not(chain: Chain) -> None:
    order = await shared(chain, None)
    await chain.follow("east")
    await order.confirm()
    await chain.step()
    assert await told(chain) == []


async def test_what_hides_all_it_changed_is_not_sent_and_not_told_of(chain: Chain) -> None:
    order = await shared(chain, "BATCHED")
    east = await chain.follow("east")
    await chain.tell("ORDER", order.key, changed=["buyerNumber", "version"])
    assert east.items == []
    assert await told(chain) == []


async def test_strict_is_written_before_anything_is_sent(chain: Chain) -> None:
    order = await shared(chain, "STRICT")
    await chain.follow("east")
    await order.confirm()
    await chain.step()
    assert await written(chain) == SENT


async def test_a_snapshot_and_a_page_of_the_log_are_told_of(chain: Chain) -> None:
    order = await shared(chain, "STRICT")
    east = await chain.follow("east", DOCUMENT, snapshot=True)
    assert {each["kind"] for each in east.items if each["__typename"] == "SnapshotRecord"} >= {"ORDER", "ORDER_LINE"}
    assert await written(chain) == SENT
    await order.confirm()
    await chain.step()
    await written(chain)
    found = await chain.pull("east", PULL, first=250)
    assert any(each["__typename"] == "Changed" for each in found["nodes"])
    assert {row[:3] for row in await written(chain)} == {row[:3] for row in SENT}


async def items_too(chain: Chain, receipts: str) -> None:
    """acme's items are open to east as well, by another rule."""
    await chain.superuser(
        "insert into scope (id, rule_id, granter, grantee, kind, owner, tokens, valid_from, receipts)"
        " select gen_random_uuid(), rule_id, granter, grantee, 'ITEM', owner, '{lifecycle}', valid_from, $1 from scope",
        receipts,
    )


async def test_what_a_sent_record_links_to_is_told_of(chain: Chain) -> None:
    """The order was sent with its line and item, the line with its order: each counts once in either."""
    order = await shared(chain, "BATCHED")
    await items_too(chain, "BATCHED")
    screens = [await chain.follow(firm, LINKING) for firm in ("bolt", "east")]
    await order.confirm()
    await chain.step()
    assert not any(b"\\u001e" in each or b"\x1e" in each for screen in screens for each in screen.raw)
    [shown] = [each["record"]["lines"]["nodes"] for each in screens[1].items if each["kind"] == "ORDER"]
    assert shown == [{"item": {"number": "4711", "lifecycle": "SERIES"}}]
    assert await told(chain) == sorted([("EAST", FEED, "Item", 1), *SENT, *SENT])


async def test_a_linked_record_alone_is_told_of(chain: Chain) -> None:
    """bolt sees the line as a party; only the item behind it is opened by a rule that asks."""
    order = await shared(chain, None)
    await items_too(chain, "STRICT")
    await chain.follow("east", LINKING)
    await order.confirm()
    await chain.step()
    assert await written(chain) == [("EAST", FEED, "Item", 1)]


async def test_what_a_snapshot_and_a_page_link_to_is_told_of(chain: Chain) -> None:
    order = await shared(chain, "STRICT")
    await items_too(chain, "STRICT")
    linking = LINKING.replace("record { id ... on Order { status buyerNumber } }", "record { ... on Order { lines { nodes { item { gtin } } } } }")
    east = await chain.follow("east", linking, snapshot=True)
    assert not any(b"\\u001e" in each for each in east.raw)
    assert {row[:3] for row in await written(chain)} >= {("EAST", FEED, "Item"), ("EAST", FEED, "OrderLine")}
    await order.confirm()
    await chain.step()
    await written(chain)
    page = PULL.replace("status buyerNumber withheld", "two: lines(first: 1) { nodes { item { gtin } } }")
    found = await chain.pull("east", page, first=250)
    assert [each["record"]["two"]["nodes"] for each in found["nodes"] if each.get("kind") == "ORDER" and each["record"]]
    assert ("EAST", FEED, "Item") in {row[:3] for row in await written(chain)}


async def test_one_statement_tells_of_each_partner_by_its_own_rules(chain: Chain) -> None:
    order = await shared(chain, "BATCHED")
    await chain.superuser(
        "insert into scope (id, rule_id, granter, grantee, kind, owner, tokens, valid_from)"
        " select gen_random_uuid(), rule_id, granter, $1, kind, owner, tokens, valid_from from scope",
        chain.firms.ids["dyna"],
    )
    await asyncio.gather(chain.follow("east"), chain.follow("dyna"))
    statements = chain.feed.judge.statements
    await order.confirm()
    await chain.step()
    assert chain.feed.judge.statements - statements <= 4
    assert await told(chain) == SENT
