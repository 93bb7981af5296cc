"""Which series a publish means: counterparty, item, site and unit, each checked as the acting partner."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.lookup import visible_key
from scmhub.partners import units
from scmhub.partners.tables import ItemTable, RelationshipTable, SiteTable
from scmhub.records.forecasts.inputs import PublishInput
from scmhub.records.forecasts.series import Key

PROVIDER, RECIPIENT = "provider", "recipient"
"""What a counterparty is to the publisher, by an ACTIVE relationship of whatever kind."""


async def key_of(unit: Unit, given: PublishInput, measure: str, basis: str, roles: tuple[str, ...]) -> Key:
    """The key of the series; Refusal with the path of whatever cannot be used. ``roles``: what the counterparty is."""
    counterparty = None
    if given.counterparty is not None:
        counterparty = await visible_key(unit, "Partner", given.counterparty, ["input", "counterparty"])
        await check_relationship(unit, counterparty, roles, ["input", "counterparty"])
    item = await _item(unit, given.item, counterparty)
    unit_code = take.known(given.unit, units.unit, ["input", "unit"])
    if not units.compatible(unit_code, item.unit):
        raise Refusal("UNIT_MISMATCH", f"The item is counted in {item.unit}, not in {unit_code}.", ["input", "unit"])
    site = await _site(unit, given.site, counterparty)
    return Key(measure, item.id, counterparty, site, basis, given.bucket.name, unit_code)


async def check_relationship(unit: Unit, other: UUID, roles: tuple[str, ...], path: list[str]) -> None:
    """FORBIDDEN unless the other is one of ``roles`` to the acting partner in an ACTIVE relationship."""
    link = RelationshipTable
    for role in roles:
        provider, recipient = (other, unit.partner_id) if role == PROVIDER else (unit.partner_id, other)
        found = await unit.session.exec(
            select(link.id).where(link.provider_id == provider, link.recipient_id == recipient, link.state == "ACTIVE")
        )
        if found.first() is not None:
            return
    raise Refusal("FORBIDDEN", f"You need an ACTIVE relationship in which it is your {' or '.join(roles)}.", path)


async def _item(unit: Unit, given: str, counterparty: UUID | None) -> ItemTable:
    """An item of one of the two: the other side will read its card, so a third partner's is not ours to show."""
    key = await visible_key(unit, "Item", given, ["input", "item"])
    item = (await unit.session.exec(select(ItemTable).where(ItemTable.id == key))).one()
    if item.owner_id not in (unit.partner_id, counterparty):
        raise Refusal("FORBIDDEN", "It must be an item of yours or of the counterparty.", ["input", "item"])
    return item


async def _site(unit: Unit, given: str | None, counterparty: UUID | None) -> UUID | None:
    if given is None:
        return None
    key = await visible_key(unit, "Site", given, ["input", "site"])
    site = (await unit.session.exec(select(SiteTable).where(SiteTable.id == key))).one()
    if site.partner_id not in (unit.partner_id, counterparty):
        raise Refusal("FORBIDDEN", "It must be a site of yours or of the counterparty.", ["input", "site"])
    return key
