"""A hub under test on a database of its own: ask as any partner, at any instant, and get bytes back.

The clock is moved by the test, rates never run out, and each answer starts from a full cost bucket: two equal
questions get equal bytes, ``extensions`` included.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.graph.answers import answer_for
from scmhub.graph.limits import Limits
from scmhub.graph.request import GraphQLRequest
from scmhub.hub import Hub
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.schema import load_schema
from scmhub.settings import Settings
from scmhub.sharing.lens import Lens

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MovableClock:
    """A clock that stands still until it is set; each task has its own time, so that worlds can be asked at once."""

    def __init__(self) -> None:
        self._now: ContextVar[datetime] = ContextVar("now", default=EPOCH)

    def __call__(self) -> datetime:
        return self._now.get()

    def set(self, now: datetime) -> None:
        self._now.set(now)


class Bench:
    """One hub, its clock, and a superuser connection for what no partner could do."""

    def __init__(self, hub: Hub, clock: MovableClock, superuser: asyncpg.Connection, admin: Address) -> None:
        self.hub = hub
        self.clock = clock
        self.superuser = superuser
        self.admin = admin
        self.statements: list[str] = []
        """Text of every statement that was read, if ``record_statements`` was called."""
        hub.costs._now = lambda: 0.0
        hub.documents._limits = Limits(operation_cost=10**9)  # a document of the dice may cost what it will

    async def ask(
        self, partner: UUID | Lens, document: str, variables: Mapping[str, Any] | None = None, **request: Any
    ) -> bytes:
        """The whole answer to one operation of this partner, errors included."""
        self.hub.costs._levels.clear()
        asked = GraphQLRequest(document, dict(variables or {}), **request)
        try:
            return (await self.hub.execute(asked, viewer_of(partner))).body
        except Exception as error:
            return answer_for(error, "request").body

    def record_statements(self) -> None:
        """From now on, keep the text of whatever is sent to the read pool."""
        fetch = self.hub.database.read.fetch

        async def recorded(text: str, *parameters: Any) -> Any:
            self.statements.append(text)
            return await fetch(text, *parameters)

        self.hub.database.read.fetch = recorded  # type: ignore[method-assign]


def viewer_of(partner: UUID | Lens) -> Viewer:
    """A caller with every token scope, acting for ``partner``, or seeing with this lens."""
    lens = partner if isinstance(partner, Lens) else Lens(partner)
    return Viewer(lens, "integration:test", frozenset(TokenScope), "token", datetime(2100, 1, 1, tzinfo=UTC), permissions=frozenset(Permission))


def another(bench: Bench) -> Bench:
    """A second hub on the same database, with nothing compiled yet."""
    hub = bench.hub
    return Bench(Hub(hub.settings, hub.database, hub.ring, hub.schema, bench.clock), bench.clock, bench.superuser, bench.admin)


@asynccontextmanager
async def bench(admin: Address, settings: Settings) -> AsyncIterator[Bench]:
    """A hub on a database that is migrated already."""
    clock = MovableClock()
    roomy = settings.model_copy(
        update={
            "compile_per_minute": 10**12, "cost_bucket": 10**12, "read_pool": 2, "write_pool": 1,
            "operation_timeout_seconds": 120.0,
        }
    )  # fmt: skip
    superuser = await admin.connect()
    try:
        async with Hub.open(admin, roomy, clock) as hub:
            yield Bench(hub, clock, superuser, admin)
    finally:
        await superuser.close()


async def template_of_models(server: Address, settings: Settings, secret: HubSecret) -> str:
    """Name of a database made from the models as they stand; that migrations make the same is proved elsewhere."""
    name = "models_template"
    connection = await server.connect()
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f"create database {name}")
            await ensure_roles(server.to(name), secret, settings)
            await _make_schema(server.to(name))
    finally:
        await connection.close()
    return name


async def _make_schema(address: Address) -> None:
    load_schema()
    connection = await address.connect()
    try:
        await connection.execute(f"set role {OWNER_ROLE}")
        for statement in ddl():
            await connection.execute(statement)
    finally:
        await connection.close()
