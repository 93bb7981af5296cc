"""Machines that send documents by their hash, and administrators that register them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from tests.admin.test_administration import do
from tests.identity.conftest import Live

ME = "query Me { viewer { code } }"
REGISTER = """mutation ($input: DocumentRegisterInput!) { documentRegister(input: $input) {
  document { id sha256 name operations cost state answersUntil version } userErrors { code message path } } }"""
GRAPHQL = "application/graphql-response+json"
ALL = frozenset(TokenScope)


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def apq(text: str, version: Any = 1) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": hash_of(text)}}}


@dataclass
class Caller:
    """A machine of one partner."""

    live: Live
    bearer: str

    async def post(self, accept: str = GRAPHQL, **body: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", "Accept": accept}
        return await self.live.http.post("/graphql", json=body, headers=headers)

    async def get(self, **parameters: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", "Accept": GRAPHQL}
        return await self.live.http.get("/graphql", params=parameters, headers=headers)


def machine(live: Live, partner: UUID, subject: str = "integration:test") -> Caller:
    now = live.hub.clock()
    return Caller(
        live,
        issue_token(
            live.hub.ring, issuer=live.url, partner_id=partner, subject=subject, token_scopes=ALL, now=now,
            life=timedelta(minutes=5),
        ),
    )  # fmt: skip


@pytest.fixture
def acme(live: Live) -> Caller:
    return machine(live, live.acme)


@pytest.fixture
def bolt(live: Live) -> Caller:
    return machine(live, live.bolt)


def refusal(answer: httpx2.Response, status: int = 400) -> tuple[str, str]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert "data" not in body
    [error] = body["errors"]
    return error["extensions"]["code"], error["message"]


async def registered(live: Live, text: str, partner: UUID | None = None) -> dict[str, Any]:
    done = await do(live, partner or live.acme, REGISTER, text=text)
    assert done["userErrors"] == []
    return dict(done["document"])


async def over_socket(caller: Caller, *payloads: dict[str, Any]) -> list[tuple[str, Any]]:
    """Type and payload of the first answer to each operation."""
    url = caller.live.url.replace("http", "ws") + "/graphql"
    found = []
    async with connect(url, proxy=None, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {caller.bearer}"}}
        await ws.send(orjson.dumps(init).decode())
        assert orjson.loads(await ws.recv())["type"] == "connection_ack"
        for number, payload in enumerate(payloads):
            await ws.send(orjson.dumps({"type": "subscribe", "id": str(number), "payload": payload}).decode())
            while (message := orjson.loads(await ws.recv()))["id"] != str(number):
                pass
            found.append((message["type"], message["payload"]))
    return found
