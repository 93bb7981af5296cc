"""What the operator does from a shell: partners, signing keys, administrators' tokens; ``open_hub`` serves the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from scmhub.admin.partners import change_status, invite
from scmhub.clock import system_clock
from scmhub.database.address import DatabaseUnusable
from scmhub.database.embedded import attach
from scmhub.database.migrate import pending
from scmhub.database.secret import load_secret
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.hub import Hub
from scmhub.identity.keys import revoke_key, rotate_keys
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.settings import load_settings

ACTOR = "operator"
HUB = "hub"
"""The operator's own name where a partner's code is asked for."""


@asynccontextmanager
async def open_hub() -> AsyncIterator[Hub]:
    """The configured hub, not serving; DatabaseUnusable if it was not migrated."""
    settings = load_settings()
    with attach(settings) as admin:
        if await pending(admin):
            raise DatabaseUnusable("The database is not up to date: run 'scmhub migrate --apply' first.")
        async with Hub.open(admin, settings) as hub:
            yield hub


@asynccontextmanager
async def acting(hub: Hub, partner: UUID = HUB_PARTNER) -> AsyncIterator[Unit]:
    """One transaction of the operator, on rows of ``partner``."""
    async with hub.database.unit(partner, ACTOR, hub.clock) as unit:
        yield unit


async def partner_of(hub: Hub, code: str) -> UUID:
    """The key of the partner with this code; Refusal NOT_FOUND says where to look."""
    if code == HUB:
        return HUB_PARTNER
    rows = await hub.database.read.rows("select id from partner where code = $1", code)
    if not rows:
        raise Refusal("NOT_FOUND", f"No partner has the code {code}: 'scmhub partners' lists them.", ["partner"])
    return rows[0]["id"]  # type: ignore[no-any-return]


async def add_partner(code: str, name: str) -> None:
    async with open_hub() as hub, acting(hub) as unit:
        await invite(unit, code, name)


async def set_partner_status(code: str, status: str) -> None:
    async with open_hub() as hub, acting(hub) as unit:
        await change_status(unit, code, status)


async def admin_token(code: str, minutes: int) -> str:
    """A token that may administer a partner (or, for ``hub``, the partners); its making is in the audit trail."""
    async with open_hub() as hub:
        partner = await partner_of(hub, code)
        async with acting(hub, partner) as unit:
            await audit.record(unit, "adminToken.issued", f"cli:{code}", {"minutes": minutes})
        return issue_token(
            hub.ring, issuer=hub.settings.url, partner_id=partner, subject=f"cli:{code}",
            token_scopes=frozenset({TokenScope.READ, TokenScope.ADMIN}), now=hub.clock(),
            life=timedelta(minutes=minutes),
        )  # fmt: skip


async def list_keys() -> list[Mapping[str, Any]]:
    async with open_hub() as hub, acting(hub) as unit:
        rows = await unit.rows("select kid, state, created_at from signing_key order by created_at")
        return [dict(row) for row in rows]


async def rotate() -> tuple[str, str]:
    """What was done (PENDING: published, ACTIVE: signs from now on), and the kid."""
    async with open_hub() as hub:
        return await rotate_keys(hub.database, load_secret(hub.settings), system_clock())


async def revoke(kid: str) -> None:
    async with open_hub() as hub:
        await revoke_key(hub.database, load_secret(hub.settings), kid, system_clock())
