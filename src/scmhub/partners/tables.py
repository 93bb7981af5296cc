"""Master data. A *reference record* (partner, site, item) shows its public card wherever a visible row names it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, governed, instant, key, one_of, symbol, words

_OPERATOR = (
    "insert into partner (id, code, name, status, version, created_at) "
    f"values ('{HUB_PARTNER}', 'HUB', 'Operator of this hub', 'ACTIVE', 1, '2026-01-01T00:00:00Z')"
)


class PartnerTable(Record, table=True):
    """A firm, or a division of one (``parent_id``); the top of the tree is the group. One row is the operator's.

    ``four_eyes``: its sharing rules are put into force by another person than who wrote them last.
    """

    __tablename__ = "partner"
    __table_args__ = (
        UniqueConstraint("code"),
        one_of("status", "ACTIVE", "SUSPENDED"),
        CheckConstraint("code ~ '^[A-Z0-9][A-Z0-9_-]{0,39}$'", name="code"),
        {"info": {"write": "select, insert, update", "then": (_OPERATOR,)}},
    )
    code: str = symbol()
    name: str = words()
    country: str | None = symbol(optional=True)
    parent_id: uuid.UUID | None = key("partner", optional=True)
    gln: str | None = symbol(optional=True)
    lei: str | None = symbol(optional=True)
    status: str = symbol(default="ACTIVE")
    four_eyes: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    version: int = Field(default=1)
    created_at: datetime = instant()


class SiteTable(Record, table=True):
    """A place where goods are made, kept, sold or handed over; its days are local to ``time_zone``."""

    __tablename__ = "site"
    __table_args__ = (
        UniqueConstraint("partner_id", "code"),
        one_of("kind", "PLANT", "WAREHOUSE", "STORE", "PORT"),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id", read="all"),
    )
    partner_id: uuid.UUID = key("partner")
    code: str = symbol()
    name: str = words()
    kind: str = symbol()
    country: str | None = symbol(optional=True)
    time_zone: str = symbol(default="UTC")
    gln: str | None = symbol(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class ItemTable(Record, table=True):
    """A good under its owner's own number; a GTIN is a hint, never a hub-wide key."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("owner_id", "number"),
        one_of("lifecycle", "CONCEPT", "RAMP_UP", "SERIES", "PHASE_OUT", "ENDED"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        Index(None, "owner_id", "id"),
        governed(owner="owner_id", read="all"),
    )
    owner_id: uuid.UUID = key("partner")
    number: str = symbol()
    description: str = words()
    unit: str = symbol()
    gtin: str | None = symbol(optional=True)
    lifecycle: str = symbol(default="SERIES")
    version: int = Field(default=1)
    created_at: datetime = instant()


class ItemAliasTable(Record, table=True):
    """What another partner calls an item: a claim until the other side confirms it."""

    __tablename__ = "item_alias"
    __table_args__ = (
        UniqueConstraint("item_id", "partner_id", "number"),
        Index(None, "item_id", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "partner_id", "id"),
        governed(owner="owner_id", parties=("partner_id",)),
    )
    owner_id: uuid.UUID = key("partner")
    item_id: uuid.UUID = key("item")
    partner_id: uuid.UUID = key("partner")
    number: str = symbol()
    claimed_by: uuid.UUID = key("partner")
    confirmed_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class RelationshipTable(Record, table=True):
    """One provider, one recipient, one kind; roles live here and nowhere else."""

    __tablename__ = "relationship"
    __table_args__ = (
        one_of("kind", "SUPPLY", "CONTRACT_MANUFACTURING", "DISTRIBUTION", "LOGISTICS"),
        one_of("state", "PROPOSED", "ACTIVE", "SUSPENDED", "ENDED", "DECLINED"),
        CheckConstraint("provider_id <> recipient_id", name="two_firms"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (provider_id, recipient_id)", name="not_the_hub"),
        CheckConstraint("suspended_by is null or state = 'SUSPENDED'", name="suspended"),
        Index(
            "uq_relationship_standing",
            "provider_id",
            "recipient_id",
            "kind",
            unique=True,
            postgresql_where="state in ('PROPOSED', 'ACTIVE', 'SUSPENDED')",
        ),
        Index(None, "provider_id", "id"),
        Index(None, "recipient_id", "id"),
        governed(owner="provider_id", parties=("recipient_id",)),
    )
    provider_id: uuid.UUID = key("partner")
    recipient_id: uuid.UUID = key("partner")
    kind: str = symbol()
    state: str = symbol(default="PROPOSED")
    proposed_by: uuid.UUID = key("partner")
    suspended_by: uuid.UUID | None = key("partner", optional=True)
    since: date | None = Field(default=None)
    until: date | None = Field(default=None)
    version: int = Field(default=1)
    created_at: datetime = instant()
