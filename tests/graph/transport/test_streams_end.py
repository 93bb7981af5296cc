"""What ends sockets and streams alike: an expired token, a revocation, a hub that stops; and that both say the same."""

from __future__ import annotations

import asyncio
from typing import Any

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


async def test_a_lost_log_ends_every_line_and_takes_none(streaming: Streaming) -> None:
    """Sockets that follow nothing as well: the log may say who must go, and nobody reads it."""
    feed = streaming.hub.feed
    assert feed
    async with streaming.socket("acme") as idle, streaming.socket("bolt") as ws, streaming.stream("bolt") as stream:
        await say(ws, subscribe())
        await streaming.until_followers(2)
        feed.tail.broken = "the change log skips a number"
        feed.tail.tell()
        assert await closed(ws) == await closed(idle) == 1013
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
    async with streaming.stream("bolt") as stream:
        assert stream.status_code == 503
    feed.tail.broken = None


async def test_who_begins_while_the_hub_stops_is_sent_on_and_not_refused(streaming: Streaming) -> None:
    """An error message would be the end of the operation for a client; a close code is not."""
    feed = streaming.hub.feed
    assert feed
    async with streaming.socket("bolt") as ws:
        feed.closing = True
        await say(ws, subscribe())
        assert await closed(ws) == 1012
    feed.closing = False


async def test_what_fails_in_the_hub_ends_its_operation_and_tells_nothing(streaming: Streaming) -> None:
    feed = streaming.hub.feed
    assert feed

    async def poisoned(*_: Any) -> Any:
        raise RuntimeError("password=hunter2 in table partner_secret")

    async with streaming.socket("bolt") as ws, streaming.stream("acme") as stream:
        await say(ws, subscribe("feed"))
        await streaming.until_followers(2)
        feed.timers = streaming.timers
        feed.judge.items = poisoned  # type: ignore[method-assign]
        await streaming.firms.placed()
        pending = asyncio.ensure_future(recv(ws))
        while not pending.done():
            streaming.timers.advance(0.6)
            await asyncio.sleep(0)
        error, behind = pending.result(), await recv(ws)
        assert (error["type"], error["payload"]["data"], behind) == ("next", None, {"type": "complete", "id": "feed"})
        assert error["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        text = "".join([part async for part in stream.aiter_text()])
        assert "INTERNAL_SERVER_ERROR" in text
        assert text.endswith("event: complete\ndata:\n\n")
        assert "hunter2" not in text + str(error)
        await say(ws, {"type": "ping"})
        assert (await recv(ws))["type"] == "pong", "the socket lives"
    await streaming.until_followers(0)
