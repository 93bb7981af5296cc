"""``scmhub integration``: machines of a partner, and their secrets, from a shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import select

from scmhub.cli.admin import acting, open_hub, partner_of
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.identity import integrations
from scmhub.identity.tables import CredentialTable, IntegrationTable
from scmhub.identity.viewer import TokenScope
from scmhub.ids import key_of, public_id

_LIST = """
select i.id, i.name, i.state, i.token_scopes, i.last_used_at,
  (select min(c.expires_at) from credential c
   where c.integration_id = i.id and c.revoked_at is null and c.expires_at > now()) as first_expiry
from integration i where i.partner_id = $1 order by i.id
"""


async def create(partner: str, name: str, scopes: list[TokenScope]) -> dict[str, str]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner)) as unit:
        made, secret = await integrations.create(unit, name, scopes)
        url = f"{hub.settings.url}/oauth/token"
    return {"clientId": public_id("int", made.id), "clientSecret": secret, "tokenEndpoint": url}


async def rotate(partner: str, client_id: str, overlap_hours: int) -> dict[str, str]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner)) as unit:
        _, secret = await integrations.rotate_secret(unit, await _find(unit, client_id), overlap_hours)
    return {"clientId": client_id, "clientSecret": secret}


async def revoke(partner: str, name: str) -> None:
    """Suspend an integration (int_...), or revoke one of its credentials (crd_...)."""
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner)) as unit:
        if name.startswith("int_"):
            await integrations.suspend(unit, await _find(unit, name))
        else:
            await integrations.revoke_credential(unit, await _credential(unit, key_of("crd", name)))


async def listed(partner: str) -> list[Mapping[str, Any]]:
    async with open_hub() as hub:
        rows = await hub.database.read.rows(_LIST, await partner_of(hub, partner))
    return [
        {
            "clientId": public_id("int", row["id"]), "name": row["name"], "state": row["state"],
            "scopes": " ".join(row["token_scopes"]),
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
