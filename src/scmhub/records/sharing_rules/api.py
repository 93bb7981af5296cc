"""SharingRule as its owner sees it; nobody else ever does."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, keys, one
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned
from scmhub.sharing.tables import SharingRuleTable


@strawberry.enum(description="What kind of records a sharing rule opens.")
class ShareableKind(Enum):
    ORDER = strawberry.enum_value("ORDER", description="Orders and their lines, owned by the buyer.")
    SHIPMENT = strawberry.enum_value("SHIPMENT", description="Shipments and their lines, owned by the seller.")
    FORECAST = strawberry.enum_value("FORECAST", description="Forecasts, owned by who publishes them.")
    COMMIT = strawberry.enum_value("COMMIT", description="Answers to forecasts, owned by who commits.")
    SELL_OUT = strawberry.enum_value("SELL_OUT", description="What final users took, owned by who reports it.")
    PRODUCTION = strawberry.enum_value("PRODUCTION", description="Production plans, owned by who makes.")
    CAPACITY = strawberry.enum_value("CAPACITY", description="What could be made, owned by who states it.")
    INVENTORY = strawberry.enum_value("INVENTORY", description="Stock as stated, owned by who states it.")
    ITEM = strawberry.enum_value("ITEM", description="Items, owned by who numbers them.")
    SITE = strawberry.enum_value("SITE", description="Sites, owned by the partner they belong to.")
    RISK = strawberry.enum_value("RISK", description="Entries of a risk register, owned by who keeps it.")
    STRUCTURE = strawberry.enum_value("STRUCTURE", description="Links between items, owned by who owns the parent.")


@strawberry.enum(description="Where a sharing rule stands. Whether it is valid today is said by its dates, not here.")
class SharingRuleState(Enum):
    DRAFT = strawberry.enum_value("DRAFT", description="Written, or rewritten; opens nothing.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="Opens what it says while it is valid.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="Opens nothing until it is resumed.")
    REVOKED = strawberry.enum_value("REVOKED", description="Over for good; kept as history.")


@strawberry.enum(description="How reads under a rule are written to the access log of its owner.")
class ReadReceipts(Enum):
    BATCHED = strawberry.enum_value(
        "BATCHED", description="Within a second after the answer; a crash of the hub may lose that second."
    )
    STRICT = strawberry.enum_value("STRICT", description="Before the answer leaves; it costs each read a transaction.")


@strawberry.enum(description="What a partner is to the owner of a rule, by an ACTIVE relationship.")
class GranteeRole(Enum):
    SUPPLIER = strawberry.enum_value("SUPPLIER", description="It supplies the owner.")
    CUSTOMER = strawberry.enum_value("CUSTOMER", description="The owner supplies it.")
    CONTRACT_MANUFACTURER = strawberry.enum_value("CONTRACT_MANUFACTURER", description="It makes goods for the owner.")
    DISTRIBUTOR = strawberry.enum_value("DISTRIBUTOR", description="It distributes the owner's goods.")
    LOGISTICS_PROVIDER = strawberry.enum_value("LOGISTICS_PROVIDER", description="It carries or keeps its goods.")


@kind(SharingRuleTable, prefix="rul", policy=Owned(owner="owner_id"), single="sharingRule", plural="sharingRules",
      filters=("kind", "state", "grantee", "grantee_role", "valid_from", "valid_until"))  # fmt: skip
class SharingRule:
    """One permission of yours: these records, these field groups, to this partner or role, in this window."""

    kind: ShareableKind = column(PUBLIC, "Kind of records it opens; only your own ever.")
    state: SharingRuleState = column(PUBLIC, "Where it stands.")
    grantee = one("Partner", PUBLIC, "The partner it opens them to; null if it names a role.", by="grantee_id")
    grantee_role: GranteeRole | None = column(PUBLIC, "Whoever is this to you, now or later; null for a partner.")
    item_ids: list[strawberry.ID] | None = keys(
        "Item", PUBLIC, "Only records of these items; null: of all, future ones included.", source="items"
    )
    site_ids: list[strawberry.ID] | None = keys(
        "Site", PUBLIC, "Only records of these sites; null: of all, future ones included.", source="sites"
    )
    field_groups: list[str] = column(
        PUBLIC, "Field groups it opens, besides what comes with every record; `stock~band`: as bands."
    )
    purposes: list[str] | None = column(PUBLIC, "It opens to who reads for one of these; null: for anything.")
    days_back: int | None = column(PUBLIC, "How many days before today it reaches; null: open.")
    days_ahead: int | None = column(PUBLIC, "How many days after today it reaches; null: open.")
    valid_from: datetime = column(PUBLIC, "It opens nothing before this instant.")
    valid_until: datetime | None = column(PUBLIC, "It opens nothing from this instant on; null: open.")
    receipts: ReadReceipts | None = column(PUBLIC, "How `accessLog` is told of reads under it; null: it is not.")
    note: str | None = column(PUBLIC, "Why it is there, for your own people.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    created_at: datetime = column(PUBLIC, "When it was first drafted.")
