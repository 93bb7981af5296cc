"""Following: where a stream starts, what a slow or returning follower misses (nothing), and what it leaves behind."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import orjson
import pytest
from feed_chain import DOCUMENT, NOW, Chain, Screen
from graphql import GraphQLError
from tests.support.hub import viewer_of

from scmhub.errors import BadUserInput, Forbidden, ValidationFailed
from scmhub.feed.tail import RING
from scmhub.graph.deliver.feed import CATCH_UPS
from scmhub.graph.deliver.follow import Cut
from scmhub.graph.request import GraphQLRequest
from scmhub.identity.tables import IntegrationTable
from scmhub.ids import new_id


async def orders(chain: Chain, count: int, start: int = 0) -> list[Any]:
    return [await chain.firms.placed(buyer_number=f"N{start + number}") for number in range(count)]


def ids(screen: Screen, kind: str = "ORDER") -> list[str]:
    return [each["recordId"] for each in screen.items if each.get("kind") == kind]


async def test_a_slow_follower_is_let_go_and_misses_nothing(chain: Chain) -> None:
    slow, quick = await chain.follow("bolt"), await chain.follow("bolt")
    slow.full = True
    placed = await orders(chain, 4)
    await chain.step()
    assert len(slow.items) == 1, "it took the item that filled it, and no other"
    assert ids(quick) == [each.id for each in placed]
    placed += await orders(chain, 2, 10)
    await chain.step()
    assert len(slow.items) == 1
    slow.full = False
    slow.room.set()
    await chain.attached(slow)
    assert ids(slow) == ids(quick) == [each.id for each in placed]
    [last] = await orders(chain, 1, 20)
    await chain.step()
    assert ids(slow)[-1] == last.id, "it lives in its group again"


async def test_half_a_minute_without_reading_ends_in_1013(chain: Chain) -> None:
    slow = await chain.follow("bolt")
    slow.full = True
    await orders(chain, 2)
    await chain.step()
    async with asyncio.timeout(5):
        while len(chain.timers.waiting) < 1:
            await asyncio.sleep(0)
    chain.timers.advance(29.9)
    await asyncio.sleep(0)
    assert slow.task
    assert not slow.task.done()
    chain.timers.advance(0.2)
    with pytest.raises(Cut) as cut:
        await slow.task
    assert cut.value.code == 1013


async def test_a_stream_resumes_from_any_of_its_cursors(chain: Chain) -> None:
    whole = await chain.follow("bolt")
    placed = await orders(chain, 3)
    await placed[0].confirm()
    await chain.step()
    assert len(whole.items) == 8
    for number, item in enumerate(whole.items):
        resumed = await chain.follow("bolt", after=item["cursor"])
        assert [each["id"] for each in resumed.items] == [each["id"] for each in whole.items[number + 1 :]]
        assert [each["cursor"] for each in resumed.items] == [each["cursor"] for each in whole.items[number + 1 :]]
        await chain.leave(resumed)


async def test_what_left_the_ring_is_read_from_the_log(chain: Chain) -> None:
    screen = await chain.follow("bolt")
    cursor = (await chain.pull("bolt", first=1))["pageInfo"]["endCursor"]
    placed = await orders(chain, 3)
    await chain.step()
    chain.feed.tail._ring.clear()
    resumed = await chain.follow("bolt", after=screen.items[0]["cursor"])
    assert [each["id"] for each in resumed.items] == [each["id"] for each in screen.items[1:]]
    assert cursor
    assert placed
    assert RING == 10_000


async def test_checkpoints_carry_a_cursor_however_quiet_it_is(chain: Chain) -> None:
    cargo = await chain.follow("cargo")
    await orders(chain, 2)
    await chain.step()
    chain.timers.advance(18.1)
    assert cargo.names() == ["Checkpoint"]
    place = chain.feed.place(viewer_of(chain.firms.ids["cargo"]).lens, cargo.items[0]["cursor"])
    assert place.seq == chain.feed.tail.head
    chain.timers.advance(18.1)
    assert cargo.names() == ["Checkpoint"] * 2


async def test_a_snapshot_then_the_stream_gives_the_final_state(chain: Chain) -> None:
    placed = await orders(chain, 5)
    await chain.step()
    screen = await chain.follow("bolt", snapshot=True)
    end = screen.names().index("SnapshotEnd")
    assert set(screen.names()[:end]) == {"SnapshotRecord"}
    sent = {each["recordId"]: each["record"]["status"] for each in screen.items[:end] if each["kind"] == "ORDER"}
    assert sent == {each.id: "SENT" for each in placed}
    await placed[2].confirm()
    await chain.step()
    assert (
        screen.items[-1]["record"]["status"] == "CONFIRMED" or of_order(screen)[-1]["record"]["status"] == "CONFIRMED"
    )


async def test_a_snapshot_holds_records_and_nobody_who_calls(chain: Chain) -> None:
    """Who may only read records is not answered about people and machines, and the feed is no way around that."""
    await orders(chain, 1)
    async with chain.firms.database.unit(chain.firms.ids["bolt"], "person:ann", lambda: NOW) as unit:
        unit.session.add(IntegrationTable(
            id=new_id(NOW), partner_id=unit.partner_id, name="EDI", token_scopes=["hub:read"], created_at=NOW,
        ))  # fmt: skip
    await chain.step()
    screen = await chain.follow("bolt", snapshot=True)
    kinds = {each["kind"] for each in screen.items if each["__typename"] == "SnapshotRecord"}
    assert "ORDER" in kinds
    assert "INTEGRATION" not in kinds
    assert b"EDI" not in b"".join(screen.raw)


def of_order(screen: Screen) -> list[dict[str, Any]]:
    return [each for each in screen.items if each.get("kind") == "ORDER"]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_breaks_inside_a_snapshot_converge(chain: Chain, seed: int) -> None:
    """A client that applies what comes, saves cursors and breaks anywhere ends with exactly what it may see."""
    rng = random.Random(seed)
    placed = await orders(chain, 4)
    await chain.step()
    kept: dict[str, Any] = {}
    cursor, stop = None, False
    while not stop:
        screen = Screen()
        follower = await chain.follow("bolt", screen=screen, wait=False, after=cursor, snapshot=True)
        most = rng.randrange(1, 12)
        if rng.random() < 0.5 and placed:
            await placed.pop().confirm()
            await chain.step()
        if not placed:
            await chain.attached(screen)
            most, stop = len(screen.items), True
        else:
            async with asyncio.timeout(5):
                while len(screen.items) < most and not any(
                    m._sink is screen for g in chain.feed.groups.values() for m in g.members
                ):
                    await asyncio.sleep(0)
        await chain.leave(follower)
        for item in screen.items[:most]:
            if item["__typename"] in ("SnapshotRecord", "Changed"):
                kept[item["recordId"]] = item["record"].get("status")
            elif item["__typename"] == "NoLongerVisible":
                kept.pop(item["recordId"], None)
            cursor = item["cursor"]
    seen = await chain.ask("bolt", "{ orders { nodes { id status } } }")
    assert {k: v for k, v in kept.items() if k.startswith("ord_")} == {
        each["id"]: each["status"] for each in seen["orders"]["nodes"]
    }


async def test_wider_access_sends_the_records_to_who_asked_for_snapshots(chain: Chain) -> None:
    placed = await orders(chain, 2)
    await chain.step()
    with_, without = await chain.follow("east", snapshot=True), await chain.follow("east")
    before = len(with_.items)
    await chain.share("east")
    await chain.attached(with_)
    new = with_.items[before:]
    assert [each["__typename"] for each in new[:2]] == ["AccessChanged", "Reset"]
    assert new[-1]["__typename"] == "SnapshotEnd"
    sent = [each["recordId"] for each in new if each["__typename"] == "SnapshotRecord" and each["kind"] == "ORDER"]
    assert sorted(sent) == sorted(each.id for each in placed)
    assert without.names() == ["AccessChanged", "Reset"]


async def test_old_and_void_places_reset(chain: Chain) -> None:
    screen = await chain.follow("bolt")
    await orders(chain, 2)
    await chain.step()
    cursor = screen.items[0]["cursor"]
    await chain.superuser("update change_head set floor_seq = seq - 1")
    expired = await chain.follow("bolt", after=cursor)
    assert [(each["__typename"], each["reason"], each["owners"]) for each in expired.items] == [
        ("Reset", "EXPIRED", None)
    ]
    assert (await chain.pull("bolt", after=cursor))["nodes"][0]["reason"] == "EXPIRED"
    assert chain.feed.pump
    await chain.feed.pump.new_epoch()
    await chain.feed.tail.read()
    async with asyncio.timeout(5):
        while not screen.items[-1].get("reason"):
            await asyncio.sleep(0)
    assert screen.items[-1]["reason"] == "EPOCH"
    again = await chain.follow("bolt", after=cursor, snapshot=True)
    assert again.items[0]["reason"] == "EPOCH"
    assert again.names()[-1] == "SnapshotEnd"
    page = await chain.pull("bolt", after=cursor)
    assert [each["reason"] for each in page["nodes"]] == ["EPOCH"]
    assert page["pageInfo"]["hasNextPage"] is False
    new = await chain.follow("bolt", after=page["pageInfo"]["endCursor"])
    await orders(chain, 1, 50)
    await chain.step()
    assert "Changed" in new.names()


async def test_a_lost_log_ends_every_stream(chain: Chain) -> None:
    screens = [await chain.follow("bolt"), await chain.follow("acme")]
    chain.feed.tail.broken = "the change log skips a number"
    chain.feed.tail.tell()
    for screen in screens:
        assert screen.task
        with pytest.raises(Cut) as cut:
            await screen.task
        assert cut.value.code == 1013


async def test_a_poisoned_statement_ends_the_operation_after_three_tries(chain: Chain) -> None:
    screen = await chain.follow("acme")
    tries = []

    async def poisoned(*_: Any) -> Any:
        tries.append(1)
        raise RuntimeError("division by zero")

    chain.feed.judge.items = poisoned  # type: ignore[method-assign]
    await chain.firms.placed()
    assert chain.feed.pump
    await chain.feed.pump.drain()
    await chain.feed.tail.read()
    assert screen.task
    async with asyncio.timeout(5):
        while not screen.task.done():
            chain.timers.advance(0.6)
            await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        screen.task.result()
    assert len(tries) == 3


async def test_bad_input_is_refused_before_anything_starts(chain: Chain) -> None:
    acme = await chain.follow("acme")
    await orders(chain, 1)
    await chain.step()
    cursor = acme.items[0]["cursor"]
    texts = set()
    foreign = [cursor[:-1] + "A", cursor + "A", cursor[4:], "", "x" * 300, "é", "AAAA", cursor.upper(), cursor + "="]
    for text in [cursor, *foreign]:
        firm = "bolt" if text == cursor else "acme"
        with pytest.raises(BadUserInput) as refused:
            await chain.follow(firm, after=text, wait=False)
        texts.add((refused.value.message, refused.value.reason))
    assert len(texts) == 1
    assert texts.pop()[1] == "BAD_CURSOR"
    with pytest.raises(GraphQLError):
        await chain.follow("acme", where={"kinds": ["NONSENSE"]}, wait=False)
    with pytest.raises(ValidationFailed):
        await chain.follow("acme", "subscription { changes(where: {kinds: [NONSENSE]}) { cursor } }", wait=False)
    with pytest.raises(BadUserInput) as refused:
        await chain.follow("acme", where={"recordIds": ["x"] * 501}, wait=False)
    assert refused.value.reason == "TOO_MANY"
    await chain.follow("acme", where={"recordIds": ["x"] * 500})
    for first in (-1, 0, 251):
        answer = await chain.pull("acme", first=first)
        assert answer["errors"][0]["extensions"]["reason"] == "BAD_PAGE"
    viewer = viewer_of(chain.firms.ids["acme"])
    object.__setattr__(viewer, "token_scopes", frozenset())
    with pytest.raises(Forbidden):
        await chain.feed.follow(GraphQLRequest(DOCUMENT), viewer, Screen())


async def test_pages_go_to_the_end_and_hold_what_the_stream_held(chain: Chain) -> None:
    screen = await chain.follow("bolt")
    start = (await chain.pull("bolt", first=250))["pageInfo"]["endCursor"]
    placed = await orders(chain, 5)
    await placed[1].confirm()
    await chain.step()
    for first in (1, 2, 3, 250):
        got, after = [], start
        while True:
            page = await chain.pull("bolt", first=first, after=after)
            assert len(page["nodes"]) <= first
            got += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert got == screen.items
        assert after == (await chain.pull("bolt", first=first, after=after))["pageInfo"]["endCursor"]
    nobody = await chain.pull("cargo", first=1)
    assert nobody["nodes"] == [each for each in nobody["nodes"] if each["__typename"] == "Changed"]
    mixed = orjson.loads(
        await chain.bench.ask(
            chain.firms.ids["bolt"],
            "query ($a: String) { one: changes(after: $a, first: 1) { nodes { cursor } } viewer { code }"
            " two: changes(after: $a) { __typename pageInfo { hasNextPage } } }",
            {"a": start},
        )
    )["data"]
    assert list(mixed) == ["one", "viewer", "two"]
    assert mixed["one"]["nodes"] == [{"cursor": screen.items[0]["cursor"]}]
    assert mixed["two"] == {"__typename": "ChangeConnection", "pageInfo": {"hasNextPage": False}}


async def test_many_come_and_go_and_nothing_is_left(chain: Chain) -> None:
    for _ in range(200):
        await chain.leave(await chain.follow("bolt", wait=False))
    assert chain.feed.groups == {}
    assert chain.timers.waiting == []


async def test_who_comes_back_to_the_same_place_shares_a_page(chain: Chain) -> None:
    """Screens of a firm whose hub was killed: one reading for all, and everybody has everything."""
    whole = await chain.follow("bolt")
    await orders(chain, 4)
    await chain.step()
    judged = chain.feed.judge.statements
    for _ in range(CATCH_UPS):
        await chain.feed.catch_ups.acquire()
    start = whole.items[0]["cursor"]
    screens = [await chain.follow("bolt", wait=False, after=start) for _ in range(20)]
    async with asyncio.timeout(10):
        while [each.waiting for each in chain.feed.pages._under_way.values()] != [20]:
            await asyncio.sleep(0)
    await chain.leave(screens.pop(0))
    for _ in range(CATCH_UPS):
        chain.feed.catch_ups.release()
    for screen in screens:
        assert await screen.until(7) == whole.items[1:]
    assert chain.feed.judge.statements == judged + 2, "one for each kind"
    assert chain.feed.pages._under_way == {}
