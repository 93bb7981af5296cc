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
