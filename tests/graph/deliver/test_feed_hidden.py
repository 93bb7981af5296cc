"""What is hidden leaves no trace in a page of the log: not in items, not in ``hasNextPage``, not in cursors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from feed_chain import NOW, PULL, Chain

from scmhub.graph.deliver import pull
from scmhub.ids import new_id


async def pages(chain: Chain, firm: str, start: str) -> list[bytes]:
    """Pages of every size from one place, and from each cursor of the first; the last cursor of the log blanked."""
    found = []
    for first in (1, 2, 3, 4, 50):
        found.append(await chain.bench.ask(chain.firms.ids[firm], PULL, {"first": first, "after": start}))
    for cursor in re.findall(rb'"cursor":"([^"]+)"', found[-1]):
        found.append(await chain.bench.ask(chain.firms.ids[firm], PULL, {"first": 1, "after": cursor.decode()}))
    found.append(await chain.bench.ask(chain.firms.ids[firm], PULL, {"first": 250}))
    return [re.sub(rb'"endCursor":"[^"]+","hasNextPage":false', b'"hasNextPage":false', each) for each in found]


async def hidden_things_happen(chain: Chain, seen: UUID) -> None:
    """Between others, about others, for the hub, and in fields of a record of which east sees other fields."""
    acme, dyna = chain.firms.ids["acme"], chain.firms.ids["dyna"]
    for _ in range(3):
        await chain.tell("ORDER", new_id(NOW), changed=["status"])
        await chain.tell("ORDER", seen, changed=["buyerNumber", "version"])
        await chain.tell("ORDER", seen, changed=["status"], only_for=[dyna])
        await chain.tell("ORDER", seen, changed=["status"], audience="HUB")
        await chain.tell("ACCESS", acme, changed=["ORDER"], only_for=[dyna])
        await chain.tell("SHARING_RULE", new_id(NOW), changed=["state"])


async def test_a_page_is_the_same_bytes_whatever_happens_unseen(chain: Chain) -> None:
    seen = await chain.firms.placed()
    start = (await chain.pull("east", first=250))["pageInfo"]["endCursor"]
    await chain.share("east")
    for _ in range(2):
        await chain.tell("ORDER", seen.key, changed=["status"])
    stream = await chain.follow("east")
    before = await pages(chain, "east", start)
    assert b'"hasNextPage":true' in before[0]
    await hidden_things_happen(chain, seen.key)
    assert stream.items == []
    assert await pages(chain, "east", start) == before
    await chain.tell("ORDER", seen.key, changed=["status"])
    assert len(stream.items) == 1
    assert await pages(chain, "east", start) != before, "what is seen does show"


async def test_a_cursor_at_the_end_is_new_each_time_and_one_of_an_item_never(chain: Chain) -> None:
    """So neither tells whether anything happened in between."""
    await chain.firms.placed()
    await chain.step()
    clock = chain.bench.clock
    first = await chain.pull("bolt", first=1)
    ends, items = set(), set()
    for _ in range(3):
        clock.now += timedelta(microseconds=1)  # type: ignore[attr-defined]
        page = await chain.pull("bolt", first=250)
        assert page["pageInfo"]["hasNextPage"] is False
        ends.add(page["pageInfo"]["endCursor"])
        items.add(page["nodes"][0]["cursor"])
    assert len(ends) == 3
    assert items == {first["nodes"][0]["cursor"]}
    assert first["pageInfo"]["endCursor"] == first["nodes"][-1]["cursor"]


async def test_a_cursor_expires_by_its_age_however_much_others_write(chain: Chain) -> None:
    hours = chain.bench.hub.settings.change_retention_hours
    clock = chain.bench.clock
    stale = (await chain.pull("cargo", first=250))["pageInfo"]["endCursor"]
    clock.now += timedelta(hours=hours + 1, seconds=-1)  # type: ignore[attr-defined]
    fresh = (await chain.pull("cargo", first=250))["pageInfo"]["endCursor"]
    assert (await chain.pull("cargo", after=stale))["nodes"] == []
    clock.now += timedelta(seconds=2)  # type: ignore[attr-defined]
    assert [each["reason"] for each in (await chain.pull("cargo", after=stale))["nodes"]] == ["EXPIRED"]
    assert (await chain.pull("cargo", after=fresh))["nodes"] == []


async def test_a_page_that_takes_too_long_is_cut_and_goes_on(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await chain.firms.placed()
    await chain.step()
    whole = (await chain.pull("bolt", first=250))["nodes"]
    monkeypatch.setattr(pull, "PAGE_SECONDS", -1.0)
    cut = await chain.pull("bolt", first=250)
    assert cut["nodes"] == []
    assert cut["pageInfo"]["hasNextPage"] is True
    monkeypatch.undo()
    assert (await chain.pull("bolt", first=250, after=cut["pageInfo"]["endCursor"]))["nodes"] == whole
    assert order.id in {each.get("recordId") for each in whole}


async def told(chain: Chain, screen: Any) -> list[tuple[str, list[str]]]:
    """Kind and changed fields of what a firm was sent, which is forgotten."""
    await chain.step()
    found = [(each["kind"], each["changedFields"]) for each in screen.items if each["__typename"] == "Changed"]
    screen.items.clear()
    return found


async def test_goods_that_move_are_told_to_who_may_see_what_has_moved(chain: Chain) -> None:
    """A count that changes no state is told by the amounts; "schedule" would tell it to who may not see them."""
    order = await chain.firms.placed()
    await chain.share("east", ["promises"])
    await order.confirm()
    east, bolt = await chain.follow("east"), await chain.follow("bolt")
    first, second = await order.ship("D-1", "40"), await order.ship("D-2", "10")
    await first.report("bolt", "DEPARTURE")
    assert "ORDER_LINE" in dict(await told(chain, east)), "its state is no secret"
    await told(chain, bolt)
    await second.report("bolt", "DEPARTURE")
    assert await told(chain, east) == [], "more has left, and the line is partly shipped as it was"
    assert dict(await told(chain, bolt))["ORDER_LINE"] == ["shipped", "version"]


async def test_a_list_of_other_records_is_told_to_its_parties(chain: Chain) -> None:
    """east sees the order by one of its lines; that another one changed is not for it."""
    order = await chain.firms.placed()
    await chain.share("east", ["promises"])
    east, bolt = await chain.follow("east"), await chain.follow("bolt")
    await chain.tell("ORDER", order.key, changed=["lines", "version"])
    await chain.tell("ORDER", order.key, changed=["lines", "shipTo"])
    assert [each["changedFields"] for each in bolt.items] == [["lines", "version"], ["lines", "shipTo"]]
    assert [each["changedFields"] for each in east.items] == [["shipTo"]]
