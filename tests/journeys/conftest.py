"""A hub as a partner meets it: a real server on loopback, tokens, JSON over HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from scmhub.app import create_app
from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.graph.transport.server import Server, server_config
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.partners.registry import register_partner
from scmhub.settings import Settings

from ..conftest import NO_CERTIFICATES, clone
from ..support.hub import template_of_models

FIRMS = ("ACME", "BOLT", "CARGO", "DYNA")
SIX = ("VELO", "TORQ", "KINE", "CELL", "CAST", "HAUL")


class Chain:
    """A running hub and the firms in it."""

    def __init__(self, hub: Hub, url: str, firms: dict[str, UUID]) -> None:
        self.hub = hub
        self.firms = firms
        self._client = httpx2.AsyncClient(base_url=url, timeout=20, verify=NO_CERTIFICATES)
        self._tokens = {code: self._token(code) for code in firms}

    def _token(self, code: str) -> str:
        return issue_token(
            self.hub.ring,
            issuer=self.hub.settings.url,
            partner_id=self.firms[code],
            subject=f"cli:{code}",
            token_scopes=frozenset({TokenScope.READ, TokenScope.WRITE}),
            now=system_clock(),
            life=timedelta(hours=1),
        )

    async def post(
        self, firm: str, query: str, headers: dict[str, str] | None = None, sent: dict[str, Any] | None = None,
        **variables: Any,
    ) -> httpx2.Response:  # fmt: skip
        """``sent``: what else stands in the body."""
        own = {"Authorization": f"Bearer {self._tokens[firm]}", "Accept": "application/graphql-response+json"}
        return await self._client.post(
            "/graphql", json={"query": query, "variables": variables} | (sent or {}), headers=own | (headers or {})
        )

    async def ask(self, firm: str, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = (await self.post(firm, query, **variables)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, firm: str, mutation: str, input: dict[str, Any], selection: str) -> Any:
        """The payload of one mutation that was not refused."""
        payload = await self.attempt(firm, mutation, input, selection)
        assert payload["userErrors"] == [], payload
        return payload

    async def attempt(self, firm: str, mutation: str, input: dict[str, Any], selection: str) -> Any:
        """The payload of one mutation, refused or not."""
        field = self.hub.schema.core.mutation_type.fields[mutation]  # type: ignore[union-attr]
        body = f"{mutation}(input: $input) {{ {selection} userErrors {{ code path message }} }}"
        query = f"mutation M($input: {field.args['input'].type}) {{ {body} }}"
        return (await self.ask(firm, query, input=input))[mutation]

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture
async def chain(server: Address, settings: Settings, secret: Any) -> AsyncIterator[Chain]:
    """Four firms on an empty hub, served over HTTP."""
    async with serving(server, settings, secret, FIRMS) as chain:
        yield chain


@pytest.fixture
async def six(server: Address, settings: Settings, secret: Any) -> AsyncIterator[Chain]:
    """The six firms of the demo's chain on an empty hub, served over HTTP; nothing between them yet."""
    async with serving(server, settings, secret, SIX) as chain:
        yield chain


@asynccontextmanager
async def serving(server: Address, settings: Settings, secret: Any, firms: tuple[str, ...]) -> AsyncIterator[Chain]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    mine = settings.model_copy(update={"port": port})
    template = await template_of_models(server, settings, secret)
    with listener:
        async with _served(server, template, mine, listener, firms) as chain:
            yield chain


@asynccontextmanager
async def _served(
    server: Address, template: str, mine: Settings, listener: socket.socket, codes: tuple[str, ...]
) -> AsyncIterator[Chain]:
    port = mine.port
    async with clone(server, template) as admin, Hub.open(admin, mine) as hub:
        firms = {}
        async with hub.database.unit(UUID(int=0), "operator", system_clock) as unit:
            for code in codes:
                firms[code] = await register_partner(unit, code, f"{code.title()} Ltd")
        web = Server(server_config(create_app(hub), "127.0.0.1", port))
        serving = asyncio.ensure_future(web.serve([listener]))
        started = asyncio.Event()
        web.on_started = lambda: _set(started)
        await asyncio.wait_for(started.wait(), 10)
        chain = Chain(hub, f"http://127.0.0.1:{port}", firms)
        try:
            yield chain
        finally:
            await chain.close()
            web.should_exit = True
            await serving


async def _set(event: asyncio.Event) -> None:
    event.set()
