"""``scmhub integration``: machines of a partner, and their secrets, from a shell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select

from scmhub.cli.admin import acting, open_hub, partner_of
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.identity import integrations
from scmhub.identity.tables import ANY, TRUSTED, CredentialTable, IntegrationTable
from scmhub.identity.viewer import TokenScope
from scmhub.ids import key_of, public_id

_LIST = """
select i.id, i.name, i.state, i.token_scopes, i.created_at, i.last_used_at,
  (select min(c.expires_at) from credential c
   where c.integration_id = i.id and c.revoked_at is null and c.expires_at > $2) as first_expiry
from integration i where i.partner_id = $1 and ($3::timestamptz is null
  or (i.state = 'ACTIVE' and coalesce(i.last_used_at, i.created_at) < $3)) order by i.id
"""


async def create(
    partner: str, name: str, scopes: list[TokenScope], *, dry_run: bool, reason: str | None
) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), dry_run=dry_run, reason=reason) as unit:
        made, secret = await integrations.create(unit, name, scopes)
        url = f"{hub.settings.url}/oauth/token"
    shown = {"clientId": public_id("int", made.id), "clientSecret": secret}
    return (dict.fromkeys(shown) if dry_run else shown) | {"tokenEndpoint": url, "dryRun": dry_run}


async def rotate(
    partner: str, client_id: str, overlap_hours: int, *, dry_run: bool, reason: str | None
) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), dry_run=dry_run, reason=reason) as unit:
        _, secret = await integrations.rotate_secret(unit, await _find(unit, client_id), overlap_hours)
    return {"clientId": client_id, "clientSecret": None if dry_run else secret, "dryRun": dry_run}


async def add_key(partner: str, client_id: str, jwk: str, *, dry_run: bool, reason: str | None) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), dry_run=dry_run, reason=reason) as unit:
        made = await integrations.add_key(unit, await _find(unit, client_id), jwk)
    credential = None if dry_run else public_id("crd", made.id)
    return {"clientId": client_id, "credential": credential, "expiresAt": made.expires_at, "dryRun": dry_run}


async def revoke(partner: str, name: str, *, dry_run: bool, reason: str | None) -> dict[str, Any]:
    """Suspend an integration (int_...), or revoke one of its credentials (crd_...)."""
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), dry_run=dry_run, reason=reason) as unit:
        if name.startswith("int_"):
            await integrations.suspend(unit, await _find(unit, name))
        else:
            await integrations.revoke_credential(unit, await _credential(unit, key_of("crd", name)))
    return {"ended": name, "dryRun": dry_run}


async def bind(partner: str, client_id: str, *, free: bool, dry_run: bool, reason: str | None) -> dict[str, Any]:
    """Bind it to registered documents, or set it free."""
    documents = ANY if free else TRUSTED
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), dry_run=dry_run, reason=reason) as unit:
        await integrations.set_documents(unit, await _find(unit, client_id), documents)
    return {"clientId": client_id, "documents": documents, "dryRun": dry_run}


async def listed(partner: str, stale_days: int | None) -> list[Mapping[str, Any]]:
    """All integrations, or the active ones that got no token for so many days."""
    async with open_hub() as hub:
        now = hub.clock()
        before = None if stale_days is None else now - timedelta(days=stale_days)
        rows = await hub.database.read.rows(_LIST, await partner_of(hub, partner), now, before)
    return [
        {
            "clientId": public_id("int", row["id"]), "name": row["name"], "state": row["state"],
            "scopes": " ".join(row["token_scopes"]),
            "createdAt": row["created_at"],
            "lastUsedAt": row["last_used_at"],
            "nextExpiry": row["first_expiry"],
        }
        for row in rows
    ]  # fmt: skip


async def _find(unit: Unit, client_id: str) -> IntegrationTable:
    key = key_of("int", client_id)
    found = await integrations.find(unit, key) if key else None
    if found is None:
        text = f"This partner has no integration {client_id}: 'scmhub integration list' shows them."
        raise Refusal("NOT_FOUND", text, ["integration"])
    return found


async def _credential(unit: Unit, key: UUID | None) -> CredentialTable:
    found = (await unit.session.exec(select(CredentialTable).where(CredentialTable.id == key))).first()
    if found is None:
        text = "This partner has no such integration (int_...) or credential (crd_...)."
        raise Refusal("NOT_FOUND", text, ["credential"])
    return found
