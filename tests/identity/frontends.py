"""A partner's frontend under test: it asks for a code as a browser would, redeems it, and is watched doing so."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2

from scmhub.identity import frontends
from scmhub.identity.viewer import TokenScope
from scmhub.ids import public_id
from tests.identity.conftest import Live

REDIRECT = "https://portal.acme.example/callback"
ORIGIN = "https://portal.acme.example"
SCOPES = (TokenScope.READ, TokenScope.SUBSCRIBE, TokenScope.WRITE)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Portal:
    """acme's frontend. ``cookies`` are what the browser of whoever uses it sends to the hub."""

    live: Live
    partner: UUID
    key: UUID
    cookies: dict[str, str] = field(default_factory=dict)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(40))

    @property
    def client_id(self) -> str:
        return public_id("fnt", self.key)

    def query(self, **changes: str | None) -> dict[str, str]:
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT, "state": self.state,
            "code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256", "scope": "hub:read hub:write",
        } | changes  # fmt: skip
        return {name: value for name, value in asked.items() if value is not None}

    async def ask(self, headers: dict[str, str] | None = None, **changes: str | None) -> httpx2.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = ({"Cookie": cookie} if cookie else {}) | (headers or {})
        return await self.live.http.get("/oauth/authorize", params=self.query(**changes), headers=sent)

    async def code(self, **changes: str | None) -> str:
        return str(answer_of(await self.ask(**changes))["code"])

    async def redeem(self, code: str, /, **changes: Any) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code", "client_id": self.client_id, "redirect_uri": REDIRECT, "code": code,
            "code_verifier": self.verifier,
        } | changes  # fmt: skip
        return await self.live.http.post("/oauth/token", data={k: v for k, v in form.items() if v is not None})

    async def refresh(self, token: str, /, **changes: Any) -> httpx2.Response:
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token} | changes
        return await self.live.http.post("/oauth/token", data=form)

    async def tokens(self, **changes: str | None) -> dict[str, Any]:
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def answer_of(response: httpx2.Response) -> dict[str, str]:
    """What a redirect to the frontend says."""
    assert response.status_code == 303, response.text
    parts = urlsplit(response.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


async def portal_of(live: Live, partner: UUID, scopes: tuple[TokenScope, ...] = SCOPES) -> Portal:
    """A registered frontend of a partner."""
    async with live.acting(partner) as unit:
        made = await frontends.register(unit, "Portal", [REDIRECT], [ORIGIN], scopes)
    return Portal(live, partner, made.id)
