"""Persons and browsers of the identity tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from scmhub.identity import sessions
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.roles import Role
from scmhub.ids import new_id
from tests.identity.conftest import Live

ME = "{ me { subject name roles permissions } }"


async def person(live: Live, partner: UUID, *roles: Role, name: str = "Ann") -> PersonTable:
    """A person of this partner."""
    async with live.acting(partner) as unit:
        made = PersonTable(
            id=new_id(unit.now), partner_id=partner, name=name, roles=sorted(roles), created_at=unit.now
        )
        unit.session.add(made)
    return made


async def login(live: Live, someone: PersonTable) -> Browser:
    """A browser in which this person is logged in, by the front of the session store."""
    async with live.acting(someone.partner_id) as unit:
        merged = await unit.session.merge(someone)
        cookie = await sessions.begin(unit, merged, "LOCAL", unit.now)
    return Browser(live, cookie)


@dataclass
class Browser:
    """What the hub's own page sends, with the cookie it was given."""

    live: Live
    cookie: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        own = {"Origin": self.live.url, "Sec-Fetch-Site": "same-origin", "X-Scmhub": "1"}
        return own | ({"Cookie": f"scmhub={self.cookie}"} if self.cookie else {})

    async def post(self, path: str, body: Any, **changed: str | None) -> httpx2.Response:
        headers: dict[str, str | None] = {"Content-Type": "application/json", **self.headers}
        for name, value in changed.items():
            headers[name.replace("_", "-")] = value
        given = {name: value for name, value in headers.items() if value is not None}
        return await self.live.http.post(path, json=body, headers=given)

    async def graphql(self, query: str = ME, given: Any = None, **changed: str | None) -> httpx2.Response:
        return await self.post("/graphql", {"query": query, "variables": {"input": given}}, **changed)

    async def do(self, query: str, **given: Any) -> dict[str, Any]:
        """The payload of one mutation."""
        answer = await self.graphql(query, given)
        assert answer.status_code == 200, answer.text
        assert answer.json().get("data") is not None, answer.text
        return next(iter(answer.json()["data"].values()))  # type: ignore[no-any-return]
