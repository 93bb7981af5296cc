"""A hub is told to stop while two hundred follow and commands run: everybody is answered or sent on, and misses nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.identity.keys import load_ring
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET
from tests.records.firms import Firms

from .chaos import Replica
from .test_chaos import token_of

EACH = 50
"""Streams of each of two firms over each of two transports."""
ORDERS = "subscription ($after: String) { orderChanges(after: $after) { ... on OrderChanged { recordId } } }"
ADD = 'mutation { itemAdd(input: {number: "%s", description: "x", unit: "C62"}) { item { number } userErrors { code } } }'


@dataclass
class Place:
    """Two hubs on one database; the first will be told to stop."""

    admin: Address
    firms: Firms
    first: Replica
    second: Replica
    tokens: dict[str, str]
    http: httpx2.AsyncClient

    async def get(self, replica: Replica, path: str) -> httpx2.Response | None:
        with suppress(httpx2.TransportError):
            return await self.http.get(f"http://127.0.0.1:{replica.port}{path}")
        return None

    async def until(self, test: Callable[[], Awaitable[object]]) -> None:
        """Return when something holds that the hubs bring about by themselves."""
        async with asyncio.timeout(30):
            while not await test():
                await asyncio.sleep(0.02)

    async def is_ready(self, replica: Replica) -> bool:
        answer = await self.get(replica, "/readyz")
        return answer is not None and answer.status_code == 200

    async def followers(self, replica: Replica) -> int:
        answer = await self.get(replica, "/metrics")
        assert answer is not None
        found = re.search(r"scmhub_feed_followers (\d+)", answer.text)
        return int(found[1]) if found else 0

    async def waiting(self) -> int:
        """Commands that wait for a lock."""
        [row] = await self.firms.rows(
            "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return int(row["n"])


@pytest.fixture
async def place(admin: Address, settings: Settings, secret: HubSecret, tmp_path: Path) -> AsyncIterator[Place]:
    more = {
        "SCMHUB_DRAIN_SECONDS": "3", "SCMHUB_WRITE_POOL": "2", "SCMHUB_STATEMENT_TIMEOUT_SECONDS": "20",
        "SCMHUB_OPERATION_TIMEOUT_SECONDS": "20",
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        database = await Database.open(admin, settings, secret=secret)
        stack.push_async_callback(database.close)
        firms = Firms(database, admin, system_clock())
        await firms.found()
        # Roles belong to the whole server: the other tests have the usual limits.
        stack.push_async_callback(ensure_roles, admin, secret, settings)
        replicas = [Replica(admin, tmp_path, TEST_SECRET, **more) for _ in range(2)]
        for each in replicas:
            stack.callback(each.kill)
            each.start()
        ring = await load_ring(admin, secret, system_clock())
        tokens = {firm: await token_of(ring, firms, firm)() for firm in ("acme", "bolt")}
        limits = httpx2.Limits(max_connections=None)
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits))
        made = Place(admin, firms, *replicas, tokens, http)
        for each in replicas:
            await made.until(lambda each=each: made.is_ready(each))  # type: ignore[misc]
        yield made


@dataclass
class Watcher:
    """One stream. ``end``: the close code of its socket, or what its body ended with."""

    firm: str
    over: str
    orders: list[str] = field(default_factory=list)
    cursor: str | None = None
    end: int | str | None = None

    async def follow(self, place: Place, replica: Replica) -> None:
        """Until the hub ends it."""
        self.end = None
        await (self._socket if self.over == "ws" else self._body)(place, replica)

    def _take(self, payload: Any) -> None:
        self.cursor = payload["extensions"]["cursor"]
        if "recordId" in payload["data"]["orderChanges"]:
            self.orders.append(payload["data"]["orderChanges"]["recordId"])

    async def _socket(self, place: Place, replica: Replica) -> None:
        async with opened(place, replica, self.firm, ORDERS, after=self.cursor) as ws:
            try:
                while True:
                    self._take(orjson.loads(await ws.recv())["payload"])
            except ConnectionClosed:
                self.end = ws.close_code

    async def _body(self, place: Place, replica: Replica) -> None:
        headers = {"Authorization": f"Bearer {place.tokens[self.firm]}", "Accept": "text/event-stream"}
        body = {"query": ORDERS, "variables": {"after": self.cursor}}
        url, text = f"http://127.0.0.1:{replica.port}/graphql", ""
        async with place.http.stream("POST", url, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            async for part in answer.aiter_text():
                *whole, text = (text + part).split("\n\n")
                for each in whole:
                    if "data: {" in each:
                        self._take(orjson.loads(each.split("data: ")[1]))
                    self.end = "complete" if "complete" in each else "cut"


@asynccontextmanager
async def opened(place: Place, replica: Replica, firm: str, query: str, **variables: Any) -> AsyncIterator[ClientConnection]:
    """A socket with one operation."""
    url, protocol = f"ws://127.0.0.1:{replica.port}/graphql", Subprotocol("graphql-transport-ws")
    async with connect(url, subprotocols=[protocol], proxy=None) as ws:
        payload = {"Authorization": f"Bearer {place.tokens[firm]}"}
        await ws.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
        assert orjson.loads(await ws.recv())["type"] == "connection_ack"
        operation = {"query": query, "variables": variables}
        await ws.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": operation}).decode())
        yield ws


async def add_over_http(place: Place) -> Any:
    headers = {"Authorization": f"Bearer {place.tokens['acme']}"}
    url = f"http://127.0.0.1:{place.first.port}/graphql"
    return (await place.http.post(url, json={"query": ADD % "H-1"}, headers=headers)).json()


async def add_over_a_socket(place: Place) -> tuple[Any, str, int | None]:
    """The answer, the message behind it, and how the socket ended."""
    async with opened(place, place.first, "acme", ADD % "S-1") as ws:
        answer, behind = orjson.loads(await ws.recv()), orjson.loads(await ws.recv())
        with suppress(ConnectionClosed):
            await ws.recv()
        return answer["payload"], behind["type"], ws.close_code


async def test_a_hub_that_is_told_to_stop_finishes_commands_and_sends_everybody_on(place: Place) -> None:
    watchers = [Watcher(firm, over) for firm in ("acme", "bolt") for over in ("ws", "sse") for _ in range(EACH)]
    streams = [asyncio.ensure_future(each.follow(place, place.first)) for each in watchers]

    async def all_follow() -> bool:
        assert not any(each.done() for each in streams)
        return await place.followers(place.first) == len(watchers)

    await place.until(all_follow)
    placed = [(await place.firms.placed(buyer_number="PO-0")).id]
    await place.until(lambda: _all_have(watchers, placed))

    holder = await place.admin.connect()
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("lock table item in share row exclusive mode")
    commands = [asyncio.ensure_future(each(place)) for each in (add_over_http, add_over_a_socket)]
    await place.until(lambda: _equals(place.waiting, 2))

    place.first.stop()
    await place.until(lambda: _is_red(place))
    assert sum(not each.done() for each in streams) > len(watchers) // 2, "readiness is red before streams are closed"
    placed.append((await place.firms.placed(buyer_number="PO-1")).id)
    await transaction.rollback()
    await holder.close()

    over_http, (over_socket, behind, code) = await asyncio.gather(*commands)
    assert over_http["data"]["itemAdd"] == {"item": {"number": "H-1"}, "userErrors": []}
    assert over_socket["data"]["itemAdd"] == {"item": {"number": "S-1"}, "userErrors": []}
    assert (behind, code) == ("complete", 1012)
    await asyncio.gather(*streams)
    assert {(each.over, each.end) for each in watchers} == {("ws", 1012), ("sse", "cut")}
    assert await place.first.ended() == 0

    placed.append((await place.firms.placed(buyer_number="PO-2")).id)
    streams = [asyncio.ensure_future(each.follow(place, place.second)) for each in watchers]
    await place.until(lambda: _all_have(watchers, placed))
    for each in streams:
        each.cancel()
    await asyncio.wait(streams)


async def _all_have(watchers: list[Watcher], placed: list[str]) -> bool:
    """Each order once and in order; nobody has any other."""
    for each in watchers:
        assert each.orders == placed[: len(each.orders)], each
    return all(each.orders == placed for each in watchers)


async def _is_red(place: Place) -> bool:
    answer = await place.get(place.first, "/readyz")
    assert answer is not None, "it takes connections while it sends its followers away"
    return answer.status_code == 503 and "shutting down" in answer.text


async def _equals(asked: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await asked() == wanted
