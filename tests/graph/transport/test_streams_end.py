"""What ends sockets and streams alike: an expired token, a revocation, a hub that stops; and that both say the same."""

from __future__ import annotations

import asyncio

import orjson
from streaming import NOW, Streaming, closed, recv, say, subscribe

from scmhub.identity.barring import bar, name_of


async def test_a_change_reaches_a_socket_and_a_stream_with_the_same_cursor(streaming: Streaming) -> None:
    async with streaming.socket("bolt") as ws, streaming.stream("bolt") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        await say(ws, subscribe())
        await streaming.until_followers(2)
        order = await streaming.firms.placed()
        message = await recv(ws)
        while message["payload"]["data"]["changes"]["kind"] != "ORDER":
            message = await recv(ws)
        assert message["id"] == "1"
        change = message["payload"]["data"]["changes"]
        assert (change["recordId"], change["record"]["buyerNumber"]) == (order.id, "PO-1")
        assert message["payload"]["extensions"] == {"cursor": change["cursor"]}
        text = ""
        async for part in stream.aiter_text():
            text += part
            if change["cursor"] in text and text.endswith("\n\n"):
                break
        event = next(each for each in text.split("\n\n") if f"id: {change['cursor']}" in each)
        assert event.split("\n")[:2] == ["event: next", f"id: {change['cursor']}"]
        assert orjson.loads(event.split("data: ")[1]) == message["payload"]
        assert "\r" not in text
    await streaming.until_followers(0)
    await streaming.until_lines(0)


async def test_a_token_that_ends_ends_the_socket_and_the_stream(streaming: Streaming) -> None:
    async with streaming.socket("bolt", minutes=1) as ws, streaming.stream("bolt") as stream:
        await say(ws, subscribe())
        await streaming.until_followers(2)
        streaming.timers.advance(61)
        assert await closed(ws) == 4403
        await streaming.until_followers(1)
        streaming.timers.advance(3600)
        text = "".join([part async for part in stream.aiter_text()])
        assert "complete" not in text
    await streaming.until_followers(0)


async def test_revocation_reaches_every_open_line(streaming: Streaming) -> None:
    async with streaming.socket("bolt") as ws, streaming.socket("acme") as other, streaming.stream("bolt") as stream:
        await say(ws, subscribe())
        await say(other, subscribe())
        await streaming.until_followers(3)
        async with streaming.firms.database.unit(streaming.firms.ids["bolt"], "operator", lambda: NOW) as unit:
            bar(unit, name_of("partner", streaming.firms.ids["bolt"]))
        assert await closed(ws) == 4403
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
        await say(other, {"type": "ping"})
        assert (await recv(other))["type"] == "pong"


async def test_shutdown_says_1012_and_cuts_streams_without_complete(streaming: Streaming) -> None:
    assert streaming.hub.feed
    async with streaming.socket("bolt") as ws, streaming.stream("bolt") as stream:
        await say(ws, subscribe())
        await streaming.until_followers(2)
        await streaming.hub.feed.close()
        assert await closed(ws) == 1012
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
    await streaming.until_followers(0)


async def test_a_draining_hub_takes_nobody_and_lets_everybody_go(streaming: Streaming) -> None:
    assert streaming.hub.feed
    streaming.hub.feed.timers = streaming.timers
    async with streaming.socket("bolt") as ws, streaming.socket("acme") as other, streaming.stream("bolt") as stream:
        await say(ws, subscribe())
        await streaming.until_followers(2)
        streaming.hub.drain()
        assert await streaming.hub.ready() == "shutting down"
        async with asyncio.timeout(10):
            while streaming.hub.feed.lines:
                streaming.timers.advance(0.6)
                await asyncio.sleep(0)
        assert await closed(ws) == await closed(other) == 1012
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
    async with streaming.raw() as ws:
        await say(ws, {"type": "connection_init", "payload": {"Authorization": f"Bearer {streaming.token('acme')}"}})
        assert await closed(ws) == 1013
