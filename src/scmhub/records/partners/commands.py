"""What a partner does with its own sites and items, and how two partners agree on what an item is called."""

from __future__ import annotations

from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.graph.scalars import CountryCode, UnitCode
from scmhub.ids import new_id
from scmhub.partners import countries, identifiers, units
from scmhub.partners.tables import ItemAliasTable, ItemTable, SiteTable
from scmhub.records.partners.api import ItemLifecycle, SiteKind


@strawberry.input(description="A site to add.")
class SiteAddInput:
    code: str = strawberry.field(description="Your code for it; unique among your sites, at most 80 characters.")
    name: str = strawberry.field(description="Name of the place; at most 200 characters.")
    kind: SiteKind = strawberry.field(description="What it is for.")
    country: CountryCode | None = strawberry.field(description="Country it lies in.", default=None)
    time_zone: str = strawberry.field(description="IANA time zone, such as Europe/Berlin.", default="UTC")
    gln: str | None = strawberry.field(description="GS1 Global Location Number, 13 digits.", default=None)


@strawberry.input(description="Changes of a site. What is absent stays, null clears.")
class SiteReviseInput:
    site: strawberry.ID = strawberry.field(description="Which of your sites.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    name: strawberry.Maybe[str] = strawberry.field(description="Name of the place.", default=None)
    kind: strawberry.Maybe[SiteKind] = strawberry.field(description="What it is for.", default=None)
    country: strawberry.Maybe[CountryCode | None] = strawberry.field(description="Country it lies in.", default=None)
    time_zone: strawberry.Maybe[str] = strawberry.field(description="IANA time zone.", default=None)
    gln: strawberry.Maybe[str | None] = strawberry.field(description="GS1 Global Location Number.", default=None)


@strawberry.input(description="An item to add under your own number.")
class ItemAddInput:
    number: str = strawberry.field(description="Your number for it; unique among your items, at most 80 characters.")
    description: str = strawberry.field(description="What it is; at most 200 characters.")
    unit: UnitCode = strawberry.field(description="Base unit; never changes afterwards.")
    gtin: str | None = strawberry.field(
        description="GS1 Global Trade Item Number of 8, 12, 13 or 14 digits.", default=None
    )
    lifecycle: ItemLifecycle = strawberry.field(
        description="Where it stands in its life.", default=ItemLifecycle.SERIES
    )


@strawberry.input(description="Changes of an item. What is absent stays, null clears.")
class ItemReviseInput:
    item: strawberry.ID = strawberry.field(description="Which of your items.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    description: strawberry.Maybe[str] = strawberry.field(description="What it is.", default=None)
    gtin: strawberry.Maybe[str | None] = strawberry.field(description="GS1 Global Trade Item Number.", default=None)
    lifecycle: strawberry.Maybe[ItemLifecycle] = strawberry.field(
        description="Where it stands in its life.", default=None
    )


@strawberry.input(description="A claim that a partner calls an item by a number of its own.")
class ItemAliasClaimInput:
    item: strawberry.ID = strawberry.field(description="The item meant; yours, or one you may see.")
    number: str = strawberry.field(description="What the partner calls it; at most 80 characters.")
    partner: strawberry.ID | None = strawberry.field(
        description="Who calls it so: needed for your own item; for another's item it is you.", default=None
    )


@strawberry.input(description="An alias to confirm.")
class ItemAliasConfirmInput:
    alias: strawberry.ID = strawberry.field(description="Which alias, claimed by the other side.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@cache
def _time_zones() -> frozenset[str]:
    """Zones of the time zone database that mean the same everywhere: ``localtime`` is what this machine has."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def time_zone(name: str) -> str:
    """The name itself; ValueError if the time zone database does not have it."""
    if name not in _time_zones():
        raise ValueError("expected an IANA time zone such as Europe/Berlin")
    return name


@command("siteAdd", payload="Site", description="Adds a site of yours.")
async def site_add(unit: Unit, given: SiteAddInput) -> UUID:
    code = take.text(given.code, take.KEY, ["input", "code"])
    site = SiteTable(
        id=new_id(unit.now), partner_id=unit.partner_id, code=code,
        name=take.text(given.name, take.NAME, ["input", "name"]), kind=given.kind.name,
        country=take.some_known(given.country, countries.country, ["input", "country"]),
        time_zone=take.known(given.time_zone, time_zone, ["input", "timeZone"]),
        gln=take.some_known(given.gln, identifiers.gln, ["input", "gln"]), created_at=unit.now,
    )  # fmt: skip
    taken = Refusal("DUPLICATE", "You have a site with this code already.", ["input", "code"])
    found = await unit.session.exec(
        select(SiteTable.id).where(SiteTable.partner_id == unit.partner_id, SiteTable.code == code)
    )
    taken.record = found.first()
    if taken.record:
        raise taken
    await take.add_unique(unit, site, taken)
    unit.change(
        "SITE", "ADDED", site.id, site.partner_id, changed=["code", "name", "kind", "country", "timeZone", "gln"]
    )
    return site.id


@command("siteRevise", payload="Site", description="Changes a site of yours; its code stays.")
async def site_revise(unit: Unit, given: SiteReviseInput) -> UUID:
    site = await changeable(unit, SiteTable, "Site", given.site, given.expected_version, ["input", "site"])
    with take.about(site.id):
        new = {
            "name": take.kept(given.name, site.name, lambda text: take.text(text, take.NAME, ["input", "name"])),
            "kind": given.kind.value.name if given.kind else site.kind,
            "country": take.kept(
                given.country, site.country, lambda code: take.some_known(code, countries.country, ["input", "country"])
            ),
            "time_zone": take.kept(
                given.time_zone, site.time_zone, lambda name: take.known(name, time_zone, ["input", "timeZone"])
            ),
            "gln": take.kept(
                given.gln, site.gln, lambda text: take.some_known(text, identifiers.gln, ["input", "gln"])
            ),
        }
    changed = _apply(site, new)
    if changed:
        unit.session.add(site)
        unit.change("SITE", "REVISED", site.id, site.partner_id, changed=[*changed, "version"])
    return site.id


def _apply(record: SiteTable | ItemTable, new: dict[str, str | None]) -> list[str]:
    """Set what differs and count the version; GraphQL names of what changed. Equal values are no change at all."""
    different = [name for name, value in new.items() if getattr(record, name) != value]
    for name in different:
        setattr(record, name, new[name])
    record.version += bool(different)
    return [{"time_zone": "timeZone"}.get(name, name) for name in different]


@command("itemAdd", payload="Item", description="Adds an item under your own number.")
async def item_add(unit: Unit, given: ItemAddInput) -> UUID:
    number = take.text(given.number, take.KEY, ["input", "number"])
    item = ItemTable(
        id=new_id(unit.now), owner_id=unit.partner_id, number=number,
        description=take.text(given.description, take.NAME, ["input", "description"]),
        unit=take.known(given.unit, units.unit, ["input", "unit"]),
        gtin=take.some_known(given.gtin, identifiers.gtin, ["input", "gtin"]), lifecycle=given.lifecycle.name,
        created_at=unit.now,
    )  # fmt: skip
    taken = Refusal("DUPLICATE", "You have an item with this number already.", ["input", "number"])
    found = await unit.session.exec(
        select(ItemTable.id).where(ItemTable.owner_id == unit.partner_id, ItemTable.number == number)
    )
    taken.record = found.first()
    if taken.record:
        raise taken
    await take.add_unique(unit, item, taken)
    unit.change("ITEM", "ADDED", item.id, item.owner_id, changed=["number", "description", "unit", "gtin", "lifecycle"])
    return item.id


@command("itemRevise", payload="Item", description="Changes an item of yours; its number and base unit stay.")
async def item_revise(unit: Unit, given: ItemReviseInput) -> UUID:
    item = await changeable(unit, ItemTable, "Item", given.item, given.expected_version, ["input", "item"])
    with take.about(item.id):
        new = {
            "description": take.kept(
                given.description, item.description,
                lambda text: take.text(text, take.NAME, ["input", "description"]),
            ),
            "gtin": take.kept(
                given.gtin, item.gtin, lambda text: take.some_known(text, identifiers.gtin, ["input", "gtin"])
            ),
            "lifecycle": given.lifecycle.value.name if given.lifecycle else item.lifecycle,
        }  # fmt: skip
    changed = _apply(item, new)
    if changed:
        unit.session.add(item)
        unit.change("ITEM", "REVISED", item.id, item.owner_id, changed=[*changed, "version"])
    return item.id


@command(
    "itemAliasClaim", payload="ItemAlias",
    description="Claims that a partner calls an item by a number of its own; the other side confirms.",
)  # fmt: skip
async def item_alias_claim(unit: Unit, given: ItemAliasClaimInput) -> UUID:
    key = await visible_key(unit, "Item", given.item, ["input", "item"])
    item = (await unit.session.exec(select(ItemTable).where(ItemTable.id == key))).one()
    number = take.text(given.number, take.KEY, ["input", "number"])
    partner = await _caller_of(unit, item, given.partner)
    taken = Refusal("DUPLICATE", "This alias stands already.", ["input", "number"])
    found = await unit.session.exec(
        select(ItemAliasTable.id).where(
            ItemAliasTable.item_id == item.id, ItemAliasTable.partner_id == partner, ItemAliasTable.number == number
        )
    )
    taken.record = found.first()
    if taken.record:
        raise taken
    alias = ItemAliasTable(
        id=new_id(unit.now), owner_id=item.owner_id, item_id=item.id, partner_id=partner, number=number,
        claimed_by=unit.partner_id, created_at=unit.now,
    )  # fmt: skip
    await take.add_unique(unit, alias, taken)
    unit.change(
        "ITEM_ALIAS", "CLAIMED", alias.id, alias.owner_id, [partner], ["number", "item", "partner", "claimedBy"]
    )
    return alias.id


async def _caller_of(unit: Unit, item: ItemTable, partner: strawberry.ID | None) -> UUID:
    """Who calls the item by the alias: the acting partner, or for its own item the partner it names."""
    path = ["input", "partner"]
    if partner is None:
        if item.owner_id == unit.partner_id:
            raise Refusal("REQUIRED", "Say which partner calls your item so.", path)
        return unit.partner_id
    key = await visible_key(unit, "Partner", partner, path)
    if item.owner_id != unit.partner_id and key != unit.partner_id:
        raise Refusal("FORBIDDEN", "For another's item you can only claim what you call it yourself.", path)
    if item.owner_id == key:
        raise Refusal("INVALID", "The owner of an item has its own number for it; an alias is another's.", path)
    return key


@command("itemAliasConfirm", payload="ItemAlias", description="Confirms an alias that the other side claimed.")
async def item_alias_confirm(unit: Unit, given: ItemAliasConfirmInput) -> UUID:
    path = ["input", "alias"]
    alias = await changeable(
        unit, ItemAliasTable, "ItemAlias", given.alias, given.expected_version, path, sides=("owner_id", "partner_id")
    )
    if alias.confirmed_at is not None:
        raise Refusal("ILLEGAL_TRANSITION", "The alias is confirmed; there is no further step.", path, alias.id)
    if alias.claimed_by == unit.partner_id:
        raise Refusal("FORBIDDEN", "You claimed it; the other side confirms.", path, alias.id)
    alias.confirmed_at = unit.now
    alias.version += 1
    unit.session.add(alias)
    unit.change("ITEM_ALIAS", "CONFIRMED", alias.id, alias.owner_id, [alias.partner_id], ["confirmedAt", "version"])
    return alias.id
