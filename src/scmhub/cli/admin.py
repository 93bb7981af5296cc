"""What the operator does from a shell: partners, signing keys, administrators' tokens; ``open_hub`` serves the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from scmhub.admin.partners import change_status, invite
from scmhub.clock import Clock, system_clock
from scmhub.database.address import DatabaseUnusable
from scmhub.database.embedded import attach
from scmhub.database.migrate import pending
from scmhub.database.secret import load_secret
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database, Unit, rehearsed
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.graph.given import some_text
from scmhub.graph.reason import MOST
from scmhub.identity import keys
from scmhub.identity.keys import KeyRing, load_ring
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.settings import Settings, load_settings

ACTOR = "operator"
HUB = "hub"
"""The operator's own name where a partner's code is asked for."""


@dataclass(frozen=True, slots=True)
class Office:
    """What administration needs of a hub: no schema, which takes seconds to build, and no log to follow."""

    settings: Settings
    database: Database
    ring: KeyRing
    clock: Clock = system_clock


@asynccontextmanager
async def open_hub() -> AsyncIterator[Office]:
    """The configured hub, not serving; DatabaseUnusable if it was not migrated."""
    settings = load_settings()
    secret = load_secret(settings)
    with attach(settings) as admin:
        if await pending(admin):
            raise DatabaseUnusable("The database is not up to date: run 'scmhub migrate --apply' first.")
        database = await Database.open(admin, settings.model_copy(update={"read_pool": 1}), secret=secret)
        try:
            yield Office(settings, database, await load_ring(admin, secret, system_clock()))
        finally:
            await database.close()


@asynccontextmanager
async def acting(
    hub: Office, partner: UUID = HUB_PARTNER, *, dry_run: bool = False, reason: str | None = None
) -> AsyncIterator[Unit]:
    """One transaction of the operator, on rows of ``partner``; ``dry_run``: all of it but the commit.

    ``reason``: why, as administrators say it in GraphQL; the audit trail keeps it.
    """
    why = some_text(reason, MOST, ["reason"])
    async with rehearsed(hub.database, partner, ACTOR, hub.clock, dry_run=dry_run) as unit:
        unit.reason = why
        yield unit


async def partner_of(hub: Office, code: str) -> UUID:
    """The key of the partner with this code; Refusal NOT_FOUND says where to look."""
    if code == HUB:
        return HUB_PARTNER
    rows = await hub.database.read.rows("select id from partner where code = $1", code)
    if not rows:
        raise Refusal("NOT_FOUND", f"No partner has the code {code}: 'scmhub partners' lists them.", ["partner"])
    return rows[0]["id"]  # type: ignore[no-any-return]


async def add_partner(code: str, name: str, *, dry_run: bool, reason: str | None) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, dry_run=dry_run, reason=reason) as unit:
        await invite(unit, code, name)
    return {"code": code, "status": "ACTIVE", "dryRun": dry_run}


async def set_partner_status(code: str, status: str, *, dry_run: bool, reason: str | None) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, dry_run=dry_run, reason=reason) as unit:
        await change_status(unit, code, status)
    return {"code": code, "status": status, "dryRun": dry_run}


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
        rows = await unit.rows("select kid, state, created_at, signs_from, signs_until from signing_key order by id")
        return [dict(row) for row in rows]


async def rotate(*, dry_run: bool, reason: str | None) -> dict[str, Any]:
    """What was done (PENDING: published, ACTIVE: signs from now on), and the kid."""
    async with open_hub() as hub, acting(hub, dry_run=dry_run, reason=reason) as unit:
        found = await keys.rotate(unit)
        state, kid = found.state, found.kid
    new = state == "PENDING" and dry_run
    return {"kid": None if new else kid, "state": state, "dryRun": dry_run}


async def revoke(kid: str, *, dry_run: bool, reason: str | None) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, dry_run=dry_run, reason=reason) as unit:
        await keys.revoke(unit, kid)
    return {"kid": kid, "state": "REVOKED", "dryRun": dry_run}
