"""A real hub on a real server whose sockets and event streams a test opens, with timers that ring when it says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
from tests.conftest import NO_CERTIFICATES
from tests.records.firms import Firms
from tests.support.timers import HandTimers
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scmhub.app import create_app
from scmhub.database.address import Address
from scmhub.graph.transport.http import GraphQLEndpoint
from scmhub.graph.transport.server import Server, server_config
from scmhub.graph.transport.sse import SseDoor
from scmhub.graph.transport.stream import StreamLimits
from scmhub.graph.transport.ws import WebSocketDoor
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope

NOW = datetime.now(UTC)
"""The hub runs by the system's clock, and changes of long ago are not delivered."""
PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = """subscription ($after: String) { changes(after: $after) { __typename cursor
  ... on Changed { kind recordId action record { ... on Order { buyerNumber status } } } } }"""
LIMITS = StreamLimits(operations=3, pings=5, lines=20)


@dataclass
class Streaming:
    hub: Hub
    firms: Firms
    timers: HandTimers
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
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20, verify=NO_CERTIFICATES) as client,
            client.stream("POST", "/graphql", json=body, headers=headers) as answer,
        ):
            yield answer

    async def narrow(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection that is soon full; the system would make it wider by itself."""
        line = socket.create_connection(("127.0.0.1", self.port))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        return await asyncio.open_connection(sock=line, limit=1024)

    async def filled(
        self, writer: asyncio.StreamWriter, room: asyncio.Event, write: Callable[[bytes], object]
    ) -> None:
        """Not reading from here on: the hub writes while there is ``room``; when it stays away the follower is let go."""
        assert self.hub.feed
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        turns_full = 0
        async with asyncio.timeout(60):
            while turns_full < 50:
                turns_full = 0 if room.is_set() else turns_full + 1
                if room.is_set():
                    write(b"x" * 50_000)
                await asyncio.sleep(0)
        [group] = self.hub.feed.groups.values()
        group._checkpoint()
        assert not group.members

    async def cut_off(self) -> None:
        """Half a minute later nothing of it is left."""
        assert self.hub.feed
        async with asyncio.timeout(10):
            while self.hub.feed.lines:
                self.timers.advance(31)
                await asyncio.sleep(0)

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


@asynccontextmanager
async def serving(admin: Address, hub: Hub, template: dict[str, Any]) -> AsyncIterator[Streaming]:
    """The hub behind a server of its own, on a port of its own."""
    timers = HandTimers()
    app = create_app(hub, websocket=WebSocketDoor(hub, LIMITS, timers))
    endpoint = GraphQLEndpoint(hub.authenticate, hub.execute)
    app.routes["/graphql"] = SseDoor(hub, endpoint, limits=LIMITS, timers=timers)
    listening = socket.create_server(("127.0.0.1", 0))
    uvicorn = Server(server_config(app))
    task = asyncio.ensure_future(uvicorn.serve([listening]))
    async with asyncio.timeout(10):
        while not uvicorn.started:
            await asyncio.sleep(0)
    yield Streaming(hub, Firms(hub.database, admin, NOW, **template), timers, listening.getsockname()[1], uvicorn)
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
