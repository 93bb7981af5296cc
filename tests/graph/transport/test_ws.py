"""Sockets of a real hub: every message, every close code and its cause."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

import orjson
import pytest
from streaming import LIMITS, Streaming, closed, recv, say, subscribe
from tests.endurance import report
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from scmhub.graph.limits import Limits


async def test_queries_and_mutations_travel_over_the_socket(streaming: Streaming) -> None:
    async with streaming.socket("acme") as ws:
        await say(ws, subscribe("q", "{ viewer { code } }"))
        first, second = await recv(ws), await recv(ws)
        assert (first["type"], first["payload"]["data"]) == ("next", {"viewer": {"code": "ACME"}})
        assert second == {"type": "complete", "id": "q"}
        await say(ws, subscribe("bad", "{ nonsense }"))
        error = await recv(ws)
        assert (error["type"], error["payload"][0]["extensions"]["code"]) == ("error", "GRAPHQL_VALIDATION_FAILED")
        await say(ws, subscribe("syntax", "{ "))
        assert (await recv(ws))["payload"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
        await say(ws, subscribe("cursor", variables={"after": "forged"}))
        error = await recv(ws)
        assert (error["type"], error["payload"][0]["extensions"]["reason"]) == ("error", "BAD_CURSOR")
        add = 'itemAdd(input: {number: "77", description: "x", unit: "C62"}) { item { number } userErrors { code } }'
        await say(ws, subscribe("mutation", f"mutation {{ {add} }}"))
        message = await recv(ws)
        assert message["payload"]["data"]["itemAdd"] == {"item": {"number": "77"}, "userErrors": []}
        await recv(ws)
        await say(ws, {"type": "ping", "payload": {"a": 1}})
        assert await recv(ws) == {"type": "pong", "payload": {"a": 1}}


@pytest.mark.parametrize(
    "message",
    [
        "[]", "1", "null", '"x"', "not json", b"binary", "{}", '{"type": 7}', '{"type": "nonsense"}',
        "[" * 500 + "]" * 500,
        '{"type":"ping","payload":[1]}', '{"type":"complete","id":{}}', '{"type":"subscribe"}',
        '{"type":"subscribe","id":{},"payload":{"query":"{a}"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
        '{"type":"subscribe","id":"1","payload":[]}', '{"type":"subscribe","id":"1","payload":{"query":7}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
        '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}',
        orjson.dumps({"type": "subscribe", "id": "x" * 256, "payload": {"query": "{a}"}}).decode(),
    ],
)  # fmt: skip
async def test_what_is_no_message_closes_4400(streaming: Streaming, message: str | bytes) -> None:
    async with streaming.socket() as ws:
        await say(ws, message)
        assert await closed(ws) == 4400
    await streaming.until_lines(0)


async def test_each_close_code_has_its_cause(streaming: Streaming) -> None:
    async with streaming.raw() as ws:
        await say(ws, subscribe())
        assert await closed(ws) == 4401
    async with streaming.raw() as ws:
        streaming.timers.advance(5.1)
        assert await closed(ws) == 4408
    for payload in ({"Authorization": "Bearer x"}, {}, None, {"Authorization": 7}, {"Authorization": "Basic eDp4"}):
        async with streaming.raw() as ws:
            await say(ws, {"type": "connection_init", "payload": payload})
            assert await closed(ws) == 4403
    async with streaming.raw() as ws:
        await say(ws, {"type": "connection_init", "payload": "x"})
        assert await closed(ws) == 4400
    async with streaming.socket() as ws:
        await say(ws, {"type": "connection_init"})
        assert await closed(ws) == 4429
    async with streaming.socket() as ws:
        for _ in range(6):
            await say(ws, {"type": "ping"})
        assert await closed(ws) == 4429
    async with streaming.socket() as ws:
        await say(ws, subscribe("1"))
        await streaming.until_followers(1)
        await say(ws, subscribe("1"))
        assert await closed(ws) == 4409
    await streaming.until_followers(0)
    for offered in ([Subprotocol("graphql-ws")], None):
        async with streaming.raw(subprotocols=offered) as ws:
            assert await closed(ws) == 4406
    async with streaming.socket() as ws:
        with suppress(ConnectionClosed):
            await ws.send("x" * (2 * 1024 * 1024))
        assert await closed(ws) == 1009
    with pytest.raises(InvalidStatus) as refused:
        async with streaming.raw(origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with streaming.raw(origin=f"http://127.0.0.1:{streaming.port}"):
        pass


async def test_operations_and_sockets_have_a_limit(streaming: Streaming) -> None:
    async with streaming.socket() as ws:
        for number in range(3):
            await say(ws, subscribe(str(number)))
        await streaming.until_followers(3)
        await say(ws, subscribe("3"))
        error = await recv(ws)
        assert (error["type"], error["id"], error["payload"][0]["extensions"]["code"]) == ("error", "3", "RATE_LIMITED")
        await say(ws, {"type": "complete", "id": "0"})
        await streaming.until_followers(2)
        await say(ws, subscribe("3"))
        await streaming.until_followers(3)
    await streaming.until_followers(0)
    async with streaming.socket() as ws:
        for number in range(300):
            await say(ws, subscribe(str(number)))
            await say(ws, {"type": "complete", "id": str(number)})
        await say(ws, {"type": "ping"})
        while (await recv(ws))["type"] != "pong":
            pass
    await streaming.until_followers(0)
    assert streaming.hub.feed
    assert streaming.hub.feed.groups == {}


async def test_one_socket_too_many_is_told_to_come_later(streaming: Streaming) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(LIMITS.lines):
            await stack.enter_async_context(streaming.socket("bolt"))
        async with streaming.raw() as ws:
            bearer = f"Bearer {streaming.token('bolt')}"
            await say(ws, {"type": "connection_init", "payload": {"Authorization": bearer}})
            assert await closed(ws) == 1013
        async with streaming.socket("acme") as ws:
            await say(ws, {"type": "ping"})
            assert (await recv(ws))["type"] == "pong", "others have a limit of their own"
    await streaming.until_lines(0)


async def test_a_lost_keepalive_is_no_reason_to_stay_away(streaming: Streaming) -> None:
    """1011, as uvicorn says it, would be: clients never come back after that."""
    async with streaming.socket() as ws:
        [line] = streaming.hub.feed.lines  # type: ignore[union-attr]
        for _ in range(3):
            line._line.keep_alive(inf)  # type: ignore[attr-defined]
            await (await ws.ping())  # whoever answers it has answered ours before
        line._line.keep_alive(inf)  # type: ignore[attr-defined]
        line._line.keep_alive(inf)  # type: ignore[attr-defined]
        assert await closed(ws) == 1013
    await streaming.until_lines(0)


async def test_what_is_wrong_ends_its_operation_and_no_other(streaming: Streaming) -> None:
    async with streaming.socket("bolt") as ws:
        await say(ws, subscribe("feed"))
        await streaming.until_followers(1)
        for operation, wrong in (("syntax", {"query": "{"}), ("invalid", {"query": "subscription { nonsense }"})):
            await say(ws, subscribe(operation, **wrong))
            error = await recv(ws)
            assert (error["type"], error["id"]) == ("error", operation)
        await say(ws, subscribe("cursor", variables={"after": "forged"}))
        assert (await recv(ws))["type"] == "error"
        await streaming.firms.placed()
        message = await recv(ws)
        assert (message["type"], message["id"]) == ("next", "feed")


PAIRS = int(os.environ.get("PAIRS", "2000"))
"""Of subscribe and complete; ``make endurance`` sends 100,000."""


@pytest.fixture
def quiet_log() -> Iterator[None]:
    """No line at DEBUG: pytest keeps them all, and objects are counted here."""
    logging.disable(logging.DEBUG)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet_log")
async def test_many_operations_come_and_go_and_nothing_is_left(streaming: Streaming) -> None:
    async with streaming.socket() as ws:
        tasks = len(asyncio.all_tasks())
        await _subscribe_and_complete(ws, 500)
        objects, resident, began = _objects(), _resident_kib(), time.monotonic()
        await _subscribe_and_complete(ws, PAIRS)
        await streaming.until_followers(0)
        async with asyncio.timeout(10):
            while len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0)
        assert streaming.hub.feed
        assert streaming.hub.feed.groups == {}
        assert len(streaming.hub.feed.lines) == 1
        grown = _objects() - objects
        assert grown < 500
        report(
            "Subscribe and complete",
            {
                "pairs on one socket": PAIRS, "seconds": round(time.monotonic() - began), "objects more than before": grown,
                "KiB resident before, hub and client": resident, "after": _resident_kib(), "tasks, followers left": 0,
            },
        )  # fmt: skip
    await streaming.until_lines(0)


async def _subscribe_and_complete(ws: Any, pairs: int) -> None:
    """And return when the hub has taken all of it."""

    async def until_pong() -> None:
        while orjson.loads(await ws.recv())["type"] != "pong":
            pass

    answered = asyncio.ensure_future(until_pong())
    for number in range(pairs):
        await say(ws, subscribe(str(number % 2)))
        await say(ws, {"type": "complete", "id": str(number % 2)})
    await say(ws, {"type": "ping"})
    await answered


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def _resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() // 1024


def _frame(message: Any) -> bytes:
    data = orjson.dumps(message)
    return bytes((0x81, 0x80 | 126)) + len(data).to_bytes(2, "big") + b"\0\0\0\0" + data


async def _bare(streaming: Streaming, firm: str) -> asyncio.StreamWriter:
    """A socket by hand that has said who it is: nothing reads it unless we do."""
    reader, writer = await streaming.narrow()
    writer.write(
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_frame({"type": "connection_init", "payload": {"Authorization": f"Bearer {streaming.token(firm)}"}}))
    return writer


async def test_who_asks_and_never_reads_is_not_read_either(streaming: Streaming) -> None:
    """Answers nobody takes fill the transport once; from then on questions stay with who asks them."""
    writer = await _bare(streaming, "acme")
    assert streaming.hub.feed
    await streaming.until_lines(1)
    [line] = streaming.hub.feed.lines
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    numbers = count()
    async with asyncio.timeout(60):
        while writer.transport.get_write_buffer_size() < 2**20:
            writer.write(b"".join(_frame(subscribe(f"{next(numbers):0200}", "{ nonsense }")) for _ in range(20)))
            await asyncio.sleep(0)
            assert line._line.transport.get_write_buffer_size() < 2**18  # type: ignore[attr-defined]
    writer.close()
    writer.transport.abort()
    await streaming.until_lines(0)


async def test_a_reader_that_never_reads_is_cut_and_holds_nothing(streaming: Streaming) -> None:
    """It fills its transport, is let go, and after half a minute closed with 1013; nothing queues behind it."""
    assert streaming.hub.feed
    feed = streaming.hub.feed
    feed.timers = streaming.timers
    writer = await _bare(streaming, "bolt")
    writer.write(_frame(subscribe(query="subscription { changes(snapshot: true) { cursor ... on Checkpoint { at } } }")))
    await streaming.until_followers(1)
    [line] = feed.lines
    await streaming.filled(writer, line._line.writable, line._line.write_text)  # type: ignore[attr-defined]
    assert line._line.transport.get_write_buffer_size() < 128 * 1024  # type: ignore[attr-defined]
    await streaming.cut_off()
    writer.close()


async def test_a_message_has_a_quarter_of_a_mebibyte_at_most(streaming: Streaming) -> None:
    async with streaming.socket() as ws:
        ping = '{"type":"ping","payload":{"a":"%s"}}'
        await ws.send(ping % ("x" * (Limits().message_bytes - len(ping % ""))))
        assert (await recv(ws))["type"] == "pong"
        with suppress(ConnectionClosed):
            await ws.send(ping % ("x" * (Limits().message_bytes - len(ping % "") + 1)))
        assert await closed(ws) == 1009
    async with streaming.socket() as ws:
        await say(ws, subscribe("x" * 255, "{ viewer { code } }"))
        assert (await recv(ws))["id"] == "x" * 255
