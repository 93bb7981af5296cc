"""How a partner joins the hub: the operator registers it (command line, demo, import), nobody registers oneself."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.ids import new_id
from scmhub.partners import countries, identifiers
from scmhub.partners.tables import PartnerTable

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,39}")
MOST_NAME = 200


async def register_partner(
    unit: Unit, code: str, name: str, country: str | None = None, gln: str | None = None
) -> UUID:
    """The key of a new partner. Refusal: INVALID for a malformed value, DUPLICATE for a code in use.

    Codes are not secret: whoever proposes a relationship must be able to name the other side.
    """
    if not _CODE.fullmatch(code):
        raise Refusal(
            "INVALID", "A partner code has 1 to 40 characters: A-Z, 0-9, - and _, not - or _ first.", ["code"]
        )
    if not name.strip() or len(name) > MOST_NAME:
        raise Refusal("INVALID", f"A name has 1 to {MOST_NAME} characters.", ["name"])
    partner = PartnerTable(
        id=new_id(unit.now), code=code, name=name, country=_checked(country, countries.country, "country"),
        gln=_checked(gln, identifiers.gln, "gln"), created_at=unit.now,
    )  # fmt: skip
    unit.session.add(partner)
    try:
        await unit.session.flush()
    except IntegrityError:
        raise Refusal("DUPLICATE", f"The code {code} is in use.", ["code"]) from None
    unit.change("PARTNER", "REGISTERED", partner.id, partner.id, changed=["code", "name", "country", "gln"])
    return partner.id


def storable(code: str) -> str:
    """What may be compared with codes: PostgreSQL has no NUL in text, and no partner's code has what stands for it."""
    return code.replace("\0", "\ufffd")


async def with_code(unit: Unit, code: str, path: list[str]) -> PartnerTable:
    """Any partner of the hub: codes are not secret. NOT_FOUND for a code that is not in use."""
    found = await unit.session.exec(select(PartnerTable).where(PartnerTable.code == storable(code)))
    partner = found.first()
    if partner is None or partner.id == HUB_PARTNER:
        raise Refusal("NOT_FOUND", "No partner has this code.", path)
    return partner


def _checked(value: str | None, check: Callable[[str], str], field: str) -> str | None:
    if value is None:
        return None
    try:
        return check(value)
    except ValueError as error:
        raise Refusal("INVALID", f"{error}.", [field]) from None
