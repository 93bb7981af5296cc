"""Sockets and event streams of a real hub on a real server: every close code, every way a stream begins and ends."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from tests.conftest import clone, execute
from tests.records.firms import Firms
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from scmhub.app import create_app
from scmhub.client import Refused, follow
from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.graph.request import GraphQLRequest
from scmhub.graph.transport.http import GraphQLEndpoint
from scmhub.graph.transport.server import Server, server_config
from scmhub.graph.transport.sse import SseDoor
from scmhub.graph.transport.stream import StreamLimits
from scmhub.graph.transport.ws import WebSocketDoor
from scmhub.hub import Hub
from scmhub.identity.barring import bar, name_of
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.schema import load_schema
from scmhub.settings import Settings

NOW = datetime.now(UTC)
"""The hub runs by the system's clock, and changes of long ago are not delivered."""
PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = """subscription ($after: String) { changes(after: $after) { __typename cursor
  ... on Changed { kind recordId action record { ... on Order { buyerNumber status } } } } }"""
PAGE = "{ changes { pageInfo { endCursor } } }"
LIMITS = StreamLimits(operations=3, pings=5, lines=20)


class Timers:
    """Timers that ring when a test moves time; asked for by name of their delay."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting: list[list[Any]] = []

    def call_later(self, seconds: float, callback: Any) -> Any:
        entry = [self.now + seconds, callback]
        self.waiting.append(entry)
        waiting = self.waiting

        class Handle:
            def cancel(self) -> None:
                if entry in waiting:
                    waiting.remove(entry)

        return Handle()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for entry in sorted(self.waiting, key=lambda each: each[0]):
            if entry[0] <= self.now and entry in self.waiting:
                self.waiting.remove(entry)
                entry[1]()


@dataclass
class Served:
    hub: Hub
    firms: Firms
    timers: Timers
    port: int
    server: Server

    def token(self, firm: str, minutes: int = 60, scopes: frozenset[TokenScope] = frozenset(TokenScope)) -> str:
        return issue_token(
            self.hub.standing.ring, issuer=self.hub.settings.url, partner_id=self.firms.ids[firm],
            subject=f"integration:{firm}", token_scopes=scopes, now=self.hub.clock(), life=timedelta(minutes=minutes),
        )  # fmt: skip

    @asynccontextmanager
    async def raw(self, **options: Any) -> AsyncIterator[ClientConnection]:
        options.setdefault("subprotocols", [PROTOCOL])
        async with connect(f"ws://127.0.0.1:{self.port}/graphql", proxy=None, **options) as ws:
            yield ws

    @asynccontextmanager
    async def socket(self, firm: str = "acme", **more: Any) -> AsyncIterator[ClientConnection]:
        async with self.raw() as ws:
            await say(
                ws, {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.token(firm, **more)}"}}
            )
            assert orjson.loads(await ws.recv())["type"] == "connection_ack"
            yield ws

    @asynccontextmanager
    async def stream(
        self,
        firm: str,
        query: str = FOLLOW,
        accept: str = "text/event-stream",
        last: str | None = None,
        **variables: Any,
    ) -> AsyncIterator[httpx2.Response]:
        headers = {"Authorization": f"Bearer {self.token(firm)}", "Accept": accept}
        if last:
            headers["Last-Event-ID"] = last
        body = {"query": query, "variables": variables}
        async with (
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20) as client,
            client.stream("POST", "/graphql", json=body, headers=headers) as answer,
        ):
            yield answer

    async def until_followers(self, count: int) -> None:
        feed = self.hub.feed
        assert feed
        async with asyncio.timeout(10):
            while sum(len(group.members) for group in feed.groups.values()) != count:
                await asyncio.sleep(0)

    async def until_lines(self, count: int) -> None:
        assert self.hub.feed
        async with asyncio.timeout(10):
            while len(self.hub.feed.lines) != count:
                await asyncio.sleep(0)


@pytest.fixture(scope="session")
async def stream_template(server: Address, settings: Settings, secret: HubSecret) -> dict[str, Any]:
    load_schema()
    await execute(server, "create database stream_template")
    address = server.to("stream_template")
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    async with Hub.open(address, settings) as hub:
        firms = Firms(hub.database, address, NOW)
        await firms.found()
    return {"ids": firms.ids, "item": firms.item, "site": firms.site}


@pytest.fixture
async def served(server: Address, stream_template: dict[str, Any], settings: Settings) -> AsyncIterator[Served]:
    timers = Timers()
    async with clone(server, "stream_template") as admin, Hub.open(admin, settings) as hub:
        door = WebSocketDoor(hub, LIMITS, timers)
        app = create_app(hub, websocket=door)
        endpoint = GraphQLEndpoint(hub.authenticate, hub.execute)
        app.routes["/graphql"] = SseDoor(hub, endpoint, limits=LIMITS, timers=timers)
        listening = socket.create_server(("127.0.0.1", 0))
        uvicorn = Server(server_config(app))
        task = asyncio.ensure_future(uvicorn.serve([listening]))
        async with asyncio.timeout(10):
            while not uvicorn.started:
                await asyncio.sleep(0)
        yield Served(
            hub, Firms(hub.database, admin, NOW, **stream_template), timers, listening.getsockname()[1], uvicorn
        )
        uvicorn.should_exit = True
        await task


async def recv(ws: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return orjson.loads(await ws.recv())


async def closed(ws: ClientConnection) -> int:
    async with asyncio.timeout(10):
        try:
            while True:
                await ws.recv()
        except ConnectionClosed:
            assert ws.close_code is not None
            return ws.close_code


async def say(ws: ClientConnection, message: Any) -> None:
    await ws.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())


def subscribe(operation: Any = "1", query: Any = FOLLOW, **payload: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": operation, "payload": {"query": query, **payload}}


async def test_a_change_reaches_a_socket_and_a_stream_with_the_same_cursor(served: Served) -> None:
    async with served.socket("bolt") as ws, served.stream("bolt") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        await say(ws, subscribe())
        await served.until_followers(2)
        order = await served.firms.placed()
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
    await served.until_followers(0)
    await served.until_lines(0)


async def test_queries_and_mutations_travel_over_the_socket(served: Served) -> None:
    async with served.socket("acme") as ws:
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
async def test_what_is_no_message_closes_4400(served: Served, message: str | bytes) -> None:
    async with served.socket() as ws:
        await say(ws, message)
        assert await closed(ws) == 4400
    await served.until_lines(0)


async def test_each_close_code_has_its_cause(served: Served) -> None:
    async with served.raw() as ws:
        await say(ws, subscribe())
        assert await closed(ws) == 4401
    async with served.raw() as ws:
        served.timers.advance(5.1)
        assert await closed(ws) == 4408
    for payload in ({"Authorization": "Bearer x"}, {}, None, {"Authorization": 7}, {"Authorization": "Basic eDp4"}):
        async with served.raw() as ws:
            await say(ws, {"type": "connection_init", "payload": payload})
            assert await closed(ws) == 4403
    async with served.raw() as ws:
        await say(ws, {"type": "connection_init", "payload": "x"})
        assert await closed(ws) == 4400
    async with served.socket() as ws:
        await say(ws, {"type": "connection_init"})
        assert await closed(ws) == 4429
    async with served.socket() as ws:
        for _ in range(6):
            await say(ws, {"type": "ping"})
        assert await closed(ws) == 4429
    async with served.socket() as ws:
        await say(ws, subscribe("1"))
        await served.until_followers(1)
        await say(ws, subscribe("1"))
        assert await closed(ws) == 4409
    await served.until_followers(0)
    for offered in ([Subprotocol("graphql-ws")], None):
        async with served.raw(subprotocols=offered) as ws:
            assert await closed(ws) == 4406
    async with served.socket() as ws:
        with suppress(ConnectionClosed):
            await ws.send("x" * (2 * 1024 * 1024))
        assert await closed(ws) == 1009
    with pytest.raises(InvalidStatus) as refused:
        async with served.raw(origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with served.raw(origin=f"http://127.0.0.1:{served.port}"):
        pass


async def test_a_token_that_ends_ends_the_socket_and_the_stream(served: Served) -> None:
    async with served.socket("bolt", minutes=1) as ws, served.stream("bolt") as stream:
        await say(ws, subscribe())
        await served.until_followers(2)
        served.timers.advance(61)
        assert await closed(ws) == 4403
        await served.until_followers(1)
        served.timers.advance(3600)
        text = "".join([part async for part in stream.aiter_text()])
        assert "complete" not in text
    await served.until_followers(0)


async def test_revocation_reaches_every_open_line(served: Served) -> None:
    async with served.socket("bolt") as ws, served.socket("acme") as other, served.stream("bolt") as stream:
        await say(ws, subscribe())
        await say(other, subscribe())
        await served.until_followers(3)
        async with served.firms.database.unit(served.firms.ids["bolt"], "operator", lambda: NOW) as unit:
            bar(unit, name_of("partner", served.firms.ids["bolt"]))
        assert await closed(ws) == 4403
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
        await say(other, {"type": "ping"})
        assert (await recv(other))["type"] == "pong"


async def test_operations_and_sockets_have_a_limit(served: Served) -> None:
    async with served.socket() as ws:
        for number in range(3):
            await say(ws, subscribe(str(number)))
        await served.until_followers(3)
        await say(ws, subscribe("3"))
        error = await recv(ws)
        assert (error["type"], error["id"], error["payload"][0]["extensions"]["code"]) == ("error", "3", "RATE_LIMITED")
        await say(ws, {"type": "complete", "id": "0"})
        await served.until_followers(2)
        await say(ws, subscribe("3"))
        await served.until_followers(3)
    await served.until_followers(0)
    async with served.socket() as ws:
        for number in range(300):
            await say(ws, subscribe(str(number)))
            await say(ws, {"type": "complete", "id": str(number)})
        await say(ws, {"type": "ping"})
        while (await recv(ws))["type"] != "pong":
            pass
    await served.until_followers(0)
    assert served.hub.feed
    assert served.hub.feed.groups == {}


async def test_a_reader_that_never_reads_is_cut_and_holds_nothing(served: Served) -> None:
    """It fills its transport, is let go, and after half a minute closed with 1013; nothing queues behind it."""
    assert served.hub.feed
    feed = served.hub.feed
    feed.timers = served.timers
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
    writer.write(
        b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")

    def frame(message: Any) -> bytes:
        data = orjson.dumps(message)
        head = bytes((0x81, 0x80 | 126)) + len(data).to_bytes(2, "big")
        return head + b"\0\0\0\0" + data

    writer.write(frame({"type": "connection_init", "payload": {"Authorization": f"Bearer {served.token('bolt')}"}}))
    writer.write(frame(subscribe(query="subscription { changes(snapshot: true) { cursor ... on Checkpoint { at } } }")))
    await served.until_followers(1)
    # Not reading from here on. Many checkpoints fill it.
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    [group] = feed.groups.values()
    async with asyncio.timeout(20):
        while group.members:
            for _ in range(2000):
                group._checkpoint()
            await asyncio.sleep(0)
    [line] = feed.lines
    assert line._line.transport.get_write_buffer_size() < 128 * 1024  # type: ignore[attr-defined]
    async with asyncio.timeout(10):
        while feed.lines:
            served.timers.advance(31)
            await asyncio.sleep(0)
    writer.close()


async def test_a_stream_resumes_where_it_broke(served: Served) -> None:
    async with served.socket("bolt") as ws:
        await say(ws, subscribe())
        await served.until_followers(1)
        placed = [await served.firms.placed(buyer_number=f"N{number}") for number in range(3)]
        messages = [await recv(ws) for _ in range(6)]
    items = [each["payload"]["data"]["changes"] for each in messages]
    assert [each["recordId"] for each in items if each["kind"] == "ORDER"] == [each.id for each in placed]
    # The header beats the argument: a retry repeats the old body.
    async with served.stream("bolt", last=items[2]["cursor"], after=items[0]["cursor"]) as stream:
        text = ""
        async for part in stream.aiter_text():
            text += part
            if text.count("event: next") == 3:
                break
    got = [orjson.loads(each.split("data: ")[1])["data"]["changes"] for each in text.split("\n\n") if "data: " in each]
    assert got == items[3:]


async def test_event_streams_answer_what_is_wrong_as_events(served: Served) -> None:
    async def whole(**options: Any) -> tuple[int, str]:
        async with served.stream(**options) as stream:
            return stream.status_code, "".join([part async for part in stream.aiter_text()])

    status, text = await whole(firm="bolt", query="subscription { nonsense }")
    assert status == 200
    assert "GRAPHQL_VALIDATION_FAILED" in text
    assert text.endswith("event: complete\ndata:\n\n")
    status, text = await whole(firm="bolt", after="forged")
    assert "BAD_CURSOR" in text
    assert text.endswith("event: complete\ndata:\n\n")
    status, text = await whole(firm="bolt", query="{ viewer { code } }")
    assert '{"data":{"viewer":{"code":"BOLT"}}' in text
    assert text.endswith("event: complete\ndata:\n\n")
    # Whoever takes JSON too gets JSON, unless it subscribes.
    both = "application/graphql-response+json, application/json, text/event-stream"
    async with served.stream("bolt", "{ viewer { code } }", both) as stream:
        assert stream.headers["content-type"].startswith("application/graphql-response+json")
        assert orjson.loads(await stream.aread())["data"] == {"viewer": {"code": "BOLT"}}
    async with served.stream("bolt", FOLLOW, both) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as client:
        answer = await client.post("/graphql", json={"query": FOLLOW}, headers={"Accept": "text/event-stream"})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        bearer = f"Bearer {served.token('bolt')}"
        headers = {"Accept": "text/event-stream", "Authorization": bearer, "Content-Type": "application/json"}
        answer = await client.post("/graphql", content=b"[1", headers=headers)
        assert (answer.status_code, answer.text.count("event: next")) == (200, 1)
        assert "BAD_REQUEST" in answer.text
        answer = await client.delete("/graphql", headers=headers)
        assert answer.status_code == 405


async def test_comments_keep_a_quiet_stream_alive(served: Served) -> None:
    async with served.stream("bolt") as stream:
        await served.until_followers(1)
        parts = stream.aiter_text()
        assert await anext(parts) == ":\n\n"
        served.timers.advance(15.1)
        assert await anext(parts) == ":\n\n"


async def test_shutdown_says_1012_and_cuts_streams_without_complete(served: Served) -> None:
    assert served.hub.feed
    async with served.socket("bolt") as ws, served.stream("bolt") as stream:
        await say(ws, subscribe())
        await served.until_followers(2)
        await served.hub.feed.close()
        assert await closed(ws) == 1012
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
    await served.until_followers(0)


async def test_the_client_comes_back_and_gets_everything_once(served: Served) -> None:
    """The socket is cut again and again, with a fresh token each time; nothing is missing and nothing comes twice."""
    assert served.hub.feed
    feed = served.hub.feed
    tokens, pauses, saved = [], [], []

    async def token() -> str:
        tokens.append(served.token("bolt"))
        return tokens[-1]

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    document = "subscription ($after: String) { changes(after: $after) { cursor ... on Changed { id recordId kind } } }"
    url = f"ws://127.0.0.1:{served.port}/graphql"
    items = follow(url, token, document, save=saved.append, pause=pause)
    first = asyncio.ensure_future(anext(items))
    await served.until_followers(1)
    placed, got = [], []
    for number in range(4):
        placed.append(await served.firms.placed(buyer_number=f"N{number}"))
        got.append((await first)["recordId"])
        first = asyncio.ensure_future(anext(items))
        got.append((await first)["recordId"])
        for line in list(feed.lines):
            line.cut(1012, "restart")
        first = asyncio.ensure_future(anext(items))
    assert sorted(each for each in got if each.startswith("ord_")) == sorted(each.id for each in placed)
    assert len(got) == len(set(got)) == 8
    async with asyncio.timeout(10):
        while len(tokens) < 5:
            await asyncio.sleep(0)
    await served.until_followers(1)
    assert len(saved) == 8
    assert len(tokens) == 5
    assert all(0.5 <= each <= 30 for each in pauses)
    first.cancel()
    await asyncio.wait([first])
    await items.aclose()
    with pytest.raises(Refused, match="not a cursor"):
        await anext(follow(url, token, document, after="forged", pause=pause))


async def test_a_draining_hub_takes_nobody_and_lets_everybody_go(served: Served) -> None:
    assert served.hub.feed
    served.hub.feed.timers = served.timers
    async with served.socket("bolt") as ws, served.socket("acme") as other, served.stream("bolt") as stream:
        await say(ws, subscribe())
        await served.until_followers(2)
        served.hub.draining = True
        assert await served.hub.ready() == "shutting down"
        async with asyncio.timeout(10):
            while served.hub.feed.lines:
                served.timers.advance(0.6)
                await asyncio.sleep(0)
        assert await closed(ws) == await closed(other) == 1012
        assert "complete" not in "".join([part async for part in stream.aiter_text()])
    async with served.raw() as ws:
        await say(ws, {"type": "connection_init", "payload": {"Authorization": f"Bearer {served.token('acme')}"}})
        assert await closed(ws) == 1013


OURS = Path(__file__).parents[3] / "clients" / "typescript" / "examples" / "follow.ts"
"""Our own client, which needs no package."""


def script_of(who: str, node_packages: Callable[[str], Path]) -> Path:
    """The script that follows with a client and prints each item."""
    if who == "ours":
        return OURS
    return node_packages("stream_clients") / "follow.mjs"


@pytest.mark.parametrize("transport", ["ws", "sse"])
@pytest.mark.parametrize("who", ["graphql", "ours"])
async def test_the_clients_come_back_where_they_broke(
    served: Served, node: str, node_packages: Callable[[str], Path], tmp_path: Path, who: str, transport: str
) -> None:
    """graphql-ws and graphql-sse, unmodified, and our own TypeScript client: restart, overload,
    expired token, each followed by what was missed."""
    assert served.hub.feed
    feed, token = served.hub.feed, tmp_path / "token"
    token.write_text(served.token("bolt"))
    scheme = "ws" if transport == "ws" else "http"
    client = await asyncio.create_subprocess_exec(
        node, str(script_of(who, node_packages)), transport, f"{scheme}://127.0.0.1:{served.port}/graphql", str(token),
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "FOLLOW_PAUSE": "20"},
    )  # fmt: skip
    assert client.stdout
    got, codes, placed = [], [], []
    await served.until_followers(1)
    for number, code in enumerate((1012, 1013, 4403, 1012)):
        placed.append(await served.firms.placed(buyer_number=f"N{number}"))
        async with asyncio.timeout(20):
            while len(got) < 2 * len(placed):
                line = orjson.loads(await client.stdout.readline())
                assert "error" not in line, line
                assert "complete" not in line
                codes.append(line["closed"]) if "closed" in line else got.append(line)
        for each in list(feed.lines):
            each.cut(code, "test")
        # What happens while the client is away must reach it as well.
        placed.append(await served.firms.placed(buyer_number=f"M{number}"))
    async with asyncio.timeout(20):
        while len(got) < 2 * len(placed):
            line = orjson.loads(await client.stdout.readline())
            assert "error" not in line, line
            codes.append(line["closed"]) if "closed" in line else got.append(line)
    orders = [each["recordId"] for each in got if each["kind"] == "ORDER"]
    assert orders == [each.id for each in placed]
    assert len({each["id"] for each in got}) == len(got)
    if transport == "ws":
        assert codes == [1012, 1013, 4403, 1012]
    client.terminate()
    await client.communicate()


@pytest.mark.parametrize("transport", ["ws", "sse"])
async def test_our_typescript_client_keeps_its_place_and_gives_up_on_a_forged_one(
    served: Served, node: str, tmp_path: Path, transport: str
) -> None:
    token, cursor = tmp_path / "token", tmp_path / "cursor"
    token.write_text(served.token("bolt"))
    arguments = [node, str(OURS), transport, f"http://127.0.0.1:{served.port}/graphql", str(token), str(cursor)]
    start = (await served.hub.execute(GraphQLRequest(PAGE), await served.hub.authenticate(f"Bearer {served.token('bolt')}"))).body
    cursor.write_text(orjson.loads(start)["data"]["changes"]["pageInfo"]["endCursor"])
    placed = [await served.firms.placed(buyer_number=f"N{number}") for number in range(2)]
    got: list[str] = []
    for rounds in (1, 2):
        client = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert client.stdout
        async with asyncio.timeout(20):
            while placed[rounds * 2 - 1].id not in got:
                line = orjson.loads(await client.stdout.readline())
                got += [line["recordId"]] if line.get("kind") == "ORDER" else []
        client.terminate()
        await client.communicate()
        placed += [await served.firms.placed(buyer_number=f"M{rounds}{number}") for number in range(2)]
    assert [each for number, each in enumerate(got) if each not in got[:number]] == [each.id for each in placed[:4]]
    cursor.write_text("forged")
    client = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        out, _ = await client.communicate()
    assert "not a cursor" in out.decode()
    assert client.returncode == 1


@pytest.mark.parametrize(("transport", "shown"), [("ws", "not a cursor"), ("sse", "BAD_CURSOR")])
async def test_the_published_clients_give_up_on_a_forged_cursor(
    served: Served, node: str, node_packages: Callable[[str], Path], tmp_path: Path, transport: str, shown: str
) -> None:
    token = tmp_path / "token"
    token.write_text(served.token("bolt"))
    source = node_packages("stream_clients") / "follow.mjs"
    script = source.with_name(f"forged-{transport}.mjs")
    script.write_text(source.read_text().replace("after: null", "after: 'forged'"))
    scheme = "ws" if transport == "ws" else "http"
    client = await asyncio.create_subprocess_exec(
        node, str(script), transport, f"{scheme}://127.0.0.1:{served.port}/graphql", str(token),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(20):
        out, _ = await client.communicate()
    assert shown in out.decode()
