"""``scmhub user`` and ``scmhub admin bootstrap``: people of a partner, from a shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scmhub.admin.people_commands import INVITATION_PAGE
from scmhub.cli.admin import acting, open_hub, partner_of
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.identity import people
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.roles import Role
from scmhub.ids import key_of, public_id

_LIST = "select id, name, email, roles, state, last_login_at from person where partner_id = $1 order by id"


async def bootstrap(name: str, email: str) -> dict[str, Any]:
    """The link for the hub's first operator."""
    async with open_hub() as hub, acting(hub) as unit:
        made, token = await people.bootstrap(unit, name, email)
        return {"link": hub.settings.url + INVITATION_PAGE + token, "expiresAt": made.expires_at}


async def invite(partner: str, name: str, email: str, roles: list[str], *, reason: str | None) -> dict[str, Any]:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), reason=reason) as unit:
        made, token = await people.invite(unit, name, email, roles_of(roles))
        return {
            "invitation": public_id("ivt", made.id), "link": hub.settings.url + INVITATION_PAGE + token,
            "expiresAt": made.expires_at,
        }  # fmt: skip


async def listed(partner: str) -> list[Mapping[str, Any]]:
    async with open_hub() as hub:
        rows = await hub.database.read.rows(_LIST, await partner_of(hub, partner))
    return [
        {
            "id": public_id("per", row["id"]), "name": row["name"], "email": row["email"],
            "roles": " ".join(row["roles"]), "state": row["state"], "lastLoginAt": row["last_login_at"],
        }
        for row in rows
    ]  # fmt: skip


async def set_roles(partner: str, person: str, roles: list[str], *, reason: str | None) -> None:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), reason=reason) as unit:
        await people.set_roles(unit, await _find(unit, person), roles_of(roles))


async def deactivate(partner: str, person: str, *, reason: str | None) -> None:
    async with open_hub() as hub, acting(hub, await partner_of(hub, partner), reason=reason) as unit:
        await people.deactivate(unit, await _find(unit, person))


def roles_of(given: list[str]) -> list[str]:
    """Role names as typed, in capitals; ValueError names those there are."""
    known = {each.value for each in Role}
    names = [each.upper() for each in given]
    for each in names:
        if each not in known:
            raise ValueError(f"There is no role {each}: there are {', '.join(sorted(known))}.")
    return names


async def _find(unit: Unit, person: str) -> PersonTable:
    key = key_of("per", person)
    found = await people.find(unit, key) if key else None
    if found is None:
        text = f"This partner has no person {person}: 'scmhub user list' shows them."
        raise Refusal("NOT_FOUND", text, ["person"])
    return found
