"""What the hub's operator does with partners; nobody else may, and the operator sees none of their records."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import select

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity import people
from scmhub.identity.barring import bar, lift, name_of
from scmhub.identity.roles import Role, check_operator
from scmhub.partners.registry import register_partner
from scmhub.partners.tables import PartnerTable


async def invite(unit: Unit, code: str, name: str) -> UUID:
    """The key of a new partner."""
    check_operator(unit)
    try:
        key = await register_partner(unit, code, name)
    except Refusal as refusal:
        raise Refusal(refusal.refusal_code, refusal.message, ["input", *refusal.path]) from None
    await audit.record(unit, "partner.registered", audit.subject_of("partner", key), {"code": code})
    return key


async def invite_administrator(unit: Unit, partner: UUID, name: str, email: str) -> str:
    """The token of the link for a partner's first administrator."""
    check_operator(unit)
    _, token = await people.invite(unit, name, email, [Role.ADMIN], partner=partner)
    return token


async def change_status(unit: Unit, code: str, status: str) -> UUID:
    """SUSPENDED or ACTIVE. ILLEGAL_TRANSITION if it is so already."""
    check_operator(unit)
    found = (await unit.session.exec(select(PartnerTable).where(PartnerTable.code == code).with_for_update())).first()
    if found is None or found.id == HUB_PARTNER:
        raise Refusal("NOT_FOUND", "There is no partner with this code.", ["input", "code"])
    if found.status == status:
        raise Refusal("ILLEGAL_TRANSITION", f"The partner is {status} already.", ["input", "code"])
    found.status = status
    found.version += 1
    unit.session.add(found)
    (bar if status == "SUSPENDED" else lift)(unit, name_of("partner", found.id))
    action = "partner.suspended" if status == "SUSPENDED" else "partner.reactivated"
    await audit.record(unit, action, audit.subject_of("partner", found.id), {"code": code})
    return found.id

