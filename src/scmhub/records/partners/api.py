"""Partner, Site, Item and ItemAlias as callers see them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.scalars import CountryCode, UnitCode
from scmhub.graph.specs import column, many, one, withheld
from scmhub.partners.tables import ItemAliasTable, ItemTable, PartnerTable, SiteTable
from scmhub.sharing.access import OWNER_ONLY, PUBLIC, shareable
from scmhub.sharing.directory import Directory
from scmhub.sharing.policy import Owned


@strawberry.enum(description="What a site is for.")
class SiteKind(Enum):
    PLANT = strawberry.enum_value("PLANT", description="Goods are made here.")
    WAREHOUSE = strawberry.enum_value("WAREHOUSE", description="Goods are kept here.")
    STORE = strawberry.enum_value("STORE", description="Goods are sold or handed out here.")
    PORT = strawberry.enum_value("PORT", description="Goods change their means of transport here.")


@strawberry.enum(description="Where an item stands in its life.")
class ItemLifecycle(Enum):
    CONCEPT = strawberry.enum_value("CONCEPT", description="Not yet made.")
    RAMP_UP = strawberry.enum_value("RAMP_UP", description="Production is starting.")
    SERIES = strawberry.enum_value("SERIES", description="In regular production.")
    PHASE_OUT = strawberry.enum_value("PHASE_OUT", description="Production is ending.")
    ENDED = strawberry.enum_value("ENDED", description="No longer made.")


@kind(
    PartnerTable,
    prefix="ptr",
    policy=Directory(),
    needs=None,
    reference=True,
    single="partner",
    plural="partners",
    orders={"CODE": "code"},
    filters=("code", "name", "country"),
    keys={"code": "code"},
)
class Partner:
    """A firm or a division of one. You find yourself and those you have, had or were offered a relationship with."""

    code: str = column(PUBLIC, "Short code, unique in the hub.", plain=True)
    name: str = column(PUBLIC, "Name of the firm.")
    country: CountryCode | None = column(PUBLIC, "Country of its seat.")
    gln: str | None = column(PUBLIC, "GS1 Global Location Number, 13 digits.")
    lei: str | None = column(PUBLIC, "Legal Entity Identifier, ISO 17442.")
    created_at: datetime = column(PUBLIC, "When it joined the hub.")
    four_eyes: bool | None = column(
        OWNER_ONLY, "Whether your sharing rules are put into force by another person than who wrote them last."
    )


@kind(
    SiteTable,
    prefix="sit",
    policy=Owned(owner="partner_id", kind="SITE", site="id"),
    reference=True,
    single="site",
    plural="sites",
    orders={"CODE": "code"},
    filters=("code", "name", "kind", "country", "partner"),
    keys={"code": "code"},
)
class Site:
    """A place of a partner. Its card comes with every record you see that names it."""

    code: str = column(PUBLIC, "The owner's code for it.")
    name: str = column(PUBLIC, "Name of the place.")
    kind: SiteKind = column(PUBLIC, "What it is for.")
    country: CountryCode | None = column(PUBLIC, "Country it lies in.")
    time_zone: str = column(PUBLIC, "IANA time zone; its days are local to it.")
    gln: str | None = column(shareable("identifiers"), "GS1 Global Location Number, 13 digits.")
    partner = one("Partner", PUBLIC, "Whose site it is.", by="partner_id")
    version: int | None = column(OWNER_ONLY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


@kind(
    ItemTable,
    prefix="itm",
    policy=Owned(owner="owner_id", kind="ITEM", item="id"),
    reference=True,
    single="item",
    plural="items",
    orders={"NUMBER": "number"},
    filters=("number", "description", "lifecycle", "owner"),
    keys={"number": "number"},
)
class Item:
    """A good under its owner's number. Its card comes with every record you see that names it."""

    number: str = column(PUBLIC, "The owner's item number.")
    description: str = column(PUBLIC, "What it is.")
    unit: UnitCode = column(PUBLIC, "Base unit.", plain=True)
    gtin: str | None = column(shareable("identifiers"), "GS1 Global Trade Item Number, padded to 14 digits.")
    lifecycle: ItemLifecycle | None = column(shareable("lifecycle"), "Where it stands in its life.")
    owner = one("Partner", PUBLIC, "Whose item it is.", by="owner_id")
    aliases = many("ItemAlias", "What others call it; your own claims and, for the owner, all.", by="item_id")
    version: int | None = column(OWNER_ONLY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


@kind(
    ItemAliasTable,
    prefix="als",
    family="ITEM",
    policy=Owned(owner="owner_id", parties=("partner_id",)),
    plural="itemAliases",
    filters=("number", "item", "partner"),
)
class ItemAlias:
    """What another partner calls an item: a claim until the other side confirms it."""

    number: str = column(PUBLIC, "The number used by `partner`.")
    item = one("Item", PUBLIC, "The item meant.", by="item_id")
    partner = one("Partner", PUBLIC, "Who uses this number.", by="partner_id")
    claimed_by = one("Partner", PUBLIC, "Who claimed it.", by="claimed_by")
    confirmed_at: datetime | None = column(PUBLIC, "When the other side confirmed it; null while it is a claim.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
