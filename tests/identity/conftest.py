"""A hub on a real socket, with two partners; times are the wall clock's, because clients look at theirs too."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from scmhub.app import create_app
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.graph.transport.server import Server, server_config
from scmhub.hub import Hub
from scmhub.identity import integrations
from scmhub.identity.tables import IntegrationTable
from scmhub.identity.viewer import TokenScope
from scmhub.ids import public_id
from scmhub.partners.registry import register_partner
from scmhub.settings import Settings
from tests.conftest import NO_CERTIFICATES, clone, execute
from tests.support.hub import template_of_models

READ_WRITE = (TokenScope.READ, TokenScope.WRITE)


@dataclass
class Live:
    """A served hub. ``http`` talks to it; ``client_id`` and ``secret`` are of acme's first integration."""

    hub: Hub
    admin: Address
    http: httpx2.AsyncClient
    acme: UUID
    bolt: UUID
    client_id: str = ""
    secret: str = ""

    @property
    def url(self) -> str:
        return self.hub.settings.url

    @asynccontextmanager
    async def acting(self, partner: UUID, actor: str = "person:test") -> AsyncIterator[Unit]:
        async with self.hub.database.unit(partner, actor, self.hub.clock) as unit:
            yield unit

    async def integration(self, partner: UUID, *scopes: TokenScope) -> tuple[IntegrationTable, str, str]:
        """A new integration, its client id and its secret."""
        async with self.acting(partner) as unit:
            made, secret = await integrations.create(unit, "ERP", scopes or READ_WRITE)
        return made, public_id("int", made.id), secret

    async def token(self, **form: str) -> httpx2.Response:
        """A token for acme's integration."""
        return await self.ask(auth=(self.client_id, self.secret), **form)

    async def ask(self, auth: tuple[str, str] | None = None, **form: str) -> httpx2.Response:
        data = {"grant_type": "client_credentials"} | form
        return await self.http.post("/oauth/token", data=data, auth=auth)

    async def graphql(self, token: str, query: str = "{ viewer { code } }", **variables: Any) -> httpx2.Response:
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})

    async def sql(self, *statements: str) -> None:
        """As the administrator, past every wall."""
        await execute(self.admin, *statements)


async def eventually(check: Any, seconds: float = 2.0) -> None:
    """Until ``check()`` holds; fails after the time the design promises."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(hub: Hub, port: int) -> AsyncIterator[httpx2.AsyncClient]:
    """The hub on a loopback socket, and a client that talks to it."""
    server = Server(server_config(create_app(hub, fallback=hub.oauth), "127.0.0.1", port))
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_CERTIFICATES) as client:
        yield client
    server.should_exit = True
    await running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def models(server: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Address]:
    """A fresh database made from the models."""
    async with clone(server, await template_of_models(server, settings, secret)) as address:
        yield address


@pytest.fixture
async def live(models: Address, settings: Settings) -> AsyncIterator[Live]:
    port = free_port()
    async with Hub.open(models, settings.model_copy(update={"port": port})) as hub, serving(hub, port) as http:
        found = Live(hub, models, http, HUB_PARTNER, HUB_PARTNER)
        async with found.acting(HUB_PARTNER, "operator") as unit:
            found.acme = await register_partner(unit, "ACME", "Acme")
            found.bolt = await register_partner(unit, "BOLT", "Bolt")
        _, found.client_id, found.secret = await found.integration(found.acme)
        yield found
