"""The demo on a database of its own, told on a fixed day, and short ways to ask it as one of the six firms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.demo.fill import Filled, fill
from scmhub.errors import HubError
from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.hub import Hub
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.settings import Settings
from scmhub.sharing.lens import Lens
from tests.conftest import execute

TODAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FILLED = "demo_filled"
_SCOPES = frozenset({TokenScope.READ, TokenScope.WRITE, TokenScope.SUBSCRIBE})


def clock() -> datetime:
    """The clock of every hub in these tests."""
    return TODAY


async def filled_template(server: Address, template: str, settings: Settings, secret: HubSecret) -> str:
    """Name of a database with the demo in it, to be cloned; made once per run, whoever asks first."""
    connection = await server.connect()
    try:
        known = await connection.fetchval("select true from pg_database where datname = $1", FILLED)
    finally:
        await connection.close()
    if not known:
        await execute(server, f"create database {FILLED} template {template}")
        await fill_database(server.to(FILLED), settings, secret)
    return FILLED


async def fill_database(address: Address, settings: Settings, secret: HubSecret) -> Filled:
    database = await Database.open(address, settings, secret=secret)
    try:
        return await fill(database, clock)
    finally:
        await database.close()


@dataclass
class Told:
    """A hub with the demo in it. ``address`` is the superuser's, for what no partner could see."""

    hub: Hub
    address: Address
    partners: dict[str, UUID]

    async def bytes(self, code: str, query: str, **variables: Any) -> bytes:
        """The whole answer of an operation of this firm, errors included."""
        viewer = Viewer(Lens(self.partners[code]), f"test:{code}", _SCOPES, code, TODAY + timedelta(hours=1), permissions=frozenset(Permission))
        try:
            answer = await self.hub.execute(GraphQLRequest(query, variables), viewer)
        except HubError as error:
            answer = answer_for(error, "test")
        return answer.body

    async def ask(self, code: str, query: str, **variables: Any) -> Any:
        """Its data; an assertion if there are errors."""
        body = orjson.loads(await self.bytes(code, query, **variables))
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def rows(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        connection = await self.address.connect()
        try:
            return [dict(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()


@asynccontextmanager
async def telling(address: Address, settings: Settings) -> AsyncIterator[Told]:
    """A hub on a clone of the filled database."""
    async with Hub.open(address, settings, clock) as hub:
        rows = await hub.database.read.rows("select code, id from partner where code <> 'HUB'")
        yield Told(hub, address, {row["code"]: row["id"] for row in rows})
