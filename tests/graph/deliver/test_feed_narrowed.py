"""Less is shared: whoever loses a record is told of that record, at the right instant, and of nothing it never saw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from feed_chain import NOW, Chain, Screen

from scmhub.graph.deliver import narrowed
from scmhub.sharing import announce


def lost(items: list[dict[str, Any]], kind: str = "ORDER") -> list[str]:
    return sorted(each["recordId"] for each in items if each["__typename"] == "NoLongerVisible" and each["kind"] == kind)


def of_access(screen: Screen) -> list[str]:
    shown = ("AccessChanged", "Reset", "NoLongerVisible")
    return [f"{each['__typename']} {each.get('direction', each.get('kind', ''))}".strip() for each in screen.items if each["__typename"] in shown]


async def pulled(chain: Chain, firm: str, after: str) -> list[dict[str, Any]]:
    return (await chain.pull(firm, first=250, after=after))["nodes"]


async def end(chain: Chain, firm: str) -> str:
    return (await chain.pull(firm, first=250))["pageInfo"]["endCursor"]


async def test_each_record_that_was_lost_is_told_on_streams_and_in_pages(chain: Chain) -> None:
    placed = [await chain.firms.placed(buyer_number=f"N{n}") for n in range(3)]
    rule = await chain.share("east")
    east, bolt, cargo = [await chain.follow(firm) for firm in ("east", "bolt", "cargo")]
    after = await end(chain, "east")
    await chain.revoke(rule)
    await chain.step()
    assert lost(east.items) == sorted(each.id for each in placed)
    assert len(lost(east.items, "ORDER_LINE")) == 3
    assert "Reset" not in east.names()
    assert bolt.items == cargo.items == []
    assert await pulled(chain, "east", after) == east.items
    again = await chain.follow("east", after=east.items[3]["cursor"])
    assert again.items == east.items, "a stream that broke among them begins with the first of them again"
    kinds = await chain.follow("east", after=after, where={"kinds": ["ORDER_LINE"]})
    assert lost(kinds.items) == []
    assert len(lost(kinds.items, "ORDER_LINE")) == 3


async def test_what_another_rule_still_opens_is_not_lost_but_read_anew(chain: Chain) -> None:
    """Its fields may be fewer now."""
    await chain.firms.placed()
    rule = await chain.share("east", ["price"])
    await chain.share("east", ["promises"])
    east = await chain.follow("east")
    await chain.revoke(rule)
    await chain.step()
    assert of_access(east) == ["AccessChanged NARROWED", "Reset"]


async def test_what_came_only_afterwards_is_not_told(chain: Chain) -> None:
    """Neither a record made after the rule was cut, nor one whose making was under way."""
    old = await chain.firms.placed()
    rule = await chain.share("east")
    east = await chain.follow("east")
    await chain.revoke(rule)
    chain.firms.now = NOW + timedelta(minutes=1)
    await chain.firms.placed(buyer_number="later")
    chain.firms.now = NOW - timedelta(minutes=1)
    await chain.firms.placed(buyer_number="under way")
    await chain.step()
    assert lost(east.items) == [old.id]
    assert "Reset" not in east.names()


async def test_what_moved_since_is_told_by_the_keys_it_had(chain: Chain) -> None:
    """An order that left the owner's hands behind the cut was seen; one that came into them was not."""
    left, came, stayed = [await chain.firms.placed(buyer_number=name) for name in ("left", "came", "stayed")]
    acme, cargo = chain.firms.ids["acme"], chain.firms.ids["cargo"]
    await chain.superuser("update purchase_order set buyer_id = $1 where id = $2", cargo, came.key)
    await chain.superuser("update order_line set buyer_id = $1 where order_id = $2", cargo, came.key)
    rule = await chain.share("east")
    east = await chain.follow("east")
    await chain.revoke(rule)
    await chain.superuser("update purchase_order set buyer_id = $1 where id = $2", acme, came.key)
    await chain.superuser("update order_line set buyer_id = $1 where order_id = $2", acme, came.key)
    await chain.superuser("update purchase_order set buyer_id = $1 where id = $2", cargo, left.key)
    async with chain.firms.database.unit(acme, "integration:acme", lambda: NOW) as unit:
        unit.change("ORDER", "MOVED", left.key, acme, changed=["buyer"], was={"buyer_id": acme})
        unit.change("ORDER", "MOVED", came.key, acme, changed=["buyer"], was={"buyer_id": cargo})
    await chain.step()
    assert lost(east.items) == sorted([left.id, stayed.id])


async def test_beyond_the_bound_one_reads_anew(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    [await chain.firms.placed(buyer_number=f"N{n}") for n in range(3)]
    for module, name, bound, expected in (
        (narrowed, "MOST_LOST", 5, ["AccessChanged NARROWED", "Reset"]),
        (narrowed, "MOST_LOST", 6, ["AccessChanged NARROWED", *["NoLongerVisible ORDER"] * 3, *["NoLongerVisible ORDER_LINE"] * 3]),
        (announce, "MOST_TOLD", 0, ["AccessChanged NARROWED", "Reset"]),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, bound)
            chain.feed.judge._narrowed._made.clear()
            rule = await chain.share("east")
            east = await chain.follow("east")
            await chain.revoke(rule)
            await chain.step()
            assert of_access(east) == expected
            assert [each.get("owners") for each in east.items if each["__typename"] == "Reset"] in (
                [], [[chain.firms.partner("acme")]],
            )  # fmt: skip
    after = await end(chain, "east")
    await chain.revoke(await chain.share("east"))
    await chain.step()
    chain.bench.clock.now += timedelta(hours=25)  # type: ignore[attr-defined]
    told = [each["__typename"] for each in await pulled(chain, "east", after)]
    assert told == ["AccessChanged", "Reset"] * 2, "of long ago: read anew"


async def test_a_validity_is_told_when_it_begins_and_ends_and_by_one_hub_only(chain: Chain) -> None:
    order = await chain.firms.placed()
    clock, pump = chain.bench.clock, chain.feed.pump
    assert pump
    await pump.beside()
    east = await chain.follow("east", snapshot=True)
    before = len(east.items)
    await chain.share("east", valid_from=NOW + timedelta(hours=1), valid_until=NOW + timedelta(hours=2))
    for minutes, expected in (
        (59, []),
        (60, ["AccessChanged WIDENED", "Reset"]),
        (119, []),
        (120, ["AccessChanged NARROWED", "NoLongerVisible ORDER", "NoLongerVisible ORDER_LINE"]),
        (180, []),
    ):
        clock.now = NOW + timedelta(minutes=minutes)  # type: ignore[attr-defined]
        for _ in range(3):
            await pump.beside()
        await chain.step()
        await chain.attached(east)
        assert of_access(east) == expected, minutes
        seen = [each["recordId"] for each in east.items[before:] if each["__typename"] == "SnapshotRecord" and each["kind"] == "ORDER"]
        assert seen == ([order.id] if minutes == 60 else [])
        east.items.clear()
        before = 0


async def test_windows_of_days_move_at_midnight(chain: Chain) -> None:
    pump, clock = chain.feed.pump, chain.bench.clock
    assert pump
    await pump.beside()
    await chain.share("east", days_ahead=10)
    await chain.share("bolt")
    east, bolt = await chain.follow("east"), await chain.follow("bolt")
    for hours in (15.99, 16.01, 17, 41):
        clock.now = NOW + timedelta(hours=hours)  # type: ignore[attr-defined]
        await pump.beside()
        await chain.step()
    assert of_access(east) == ["AccessChanged WINDOW"] * 2
    assert bolt.items == []
