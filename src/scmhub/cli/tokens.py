"""Tokens and partners from the shell: the operator's side door, which needs the hub's own secret and database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from scmhub.clock import system_clock
from scmhub.database.embedded import attach
from scmhub.database.roles import connect_admin
from scmhub.database.secret import load_secret
from scmhub.database.tables import HUB_PARTNER
from scmhub.errors import Refusal
from scmhub.identity.keys import load_ring
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.settings import load_settings

_FIRMS = f"partner where id <> '{HUB_PARTNER}'"


async def make_token(code: str, *, read_only: bool, minutes: int) -> str:
    """A token for the partner with this code; Refusal NOT_FOUND names codes that exist."""
    settings = load_settings()
    scopes = {TokenScope.READ, TokenScope.SUBSCRIBE} | (set() if read_only else {TokenScope.WRITE})
    with attach(settings) as admin:
        connection = await connect_admin(admin)
        try:
            key = await connection.fetchval(f"select id from {_FIRMS} and code = $1", code)
            known = [row["code"] for row in await connection.fetch(f"select code from {_FIRMS} order by code limit 12")]
        finally:
            await connection.close()
        if key is None:
            raise Refusal(
                "NOT_FOUND", f"No partner has the code {code}; there are {', '.join(known) or 'none'}.", ["partner"]
            )
        now = system_clock()
        ring = await load_ring(admin, load_secret(settings), now)
    return issue_token(
        ring,
        issuer=settings.url,
        partner_id=key,
        subject=f"cli:{code}",
        token_scopes=frozenset(scopes),
        now=now,
        life=timedelta(minutes=minutes),
    )


async def list_partners() -> list[Mapping[str, Any]]:
    """Code, name, country and state of every partner."""
    with attach(load_settings()) as admin:
        connection = await connect_admin(admin)
        try:
            rows = await connection.fetch(f"select code, name, country, status from {_FIRMS} order by code")
        finally:
            await connection.close()
    return [dict(row) for row in rows]
