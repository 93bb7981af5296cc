"""Rules as their owner wrote them, and the small table of scopes they expand into."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, Computed, Index, String, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import HUB_PARTNER, OF_THE_HUB, Record, governed, instant, key, limit, one_of, symbol, words


def _ids() -> Any:
    """A list of keys; null means all."""
    return Field(sa_column=Column(ARRAY(Uuid), nullable=True), default=None)


def _key_or_all(column: str) -> Any:
    """The column, or the key of zeros for "all": what an index can look up with ``= any``."""
    return Field(
        sa_column=Column(Uuid, Computed(f"coalesce({column}, '{HUB_PARTNER}'::uuid)", persisted=True)), default=None
    )


class SharingRuleTable(Record, table=True):
    """One permission: these records, these field groups, to this grantee, in this window, while it is valid.

    ``items`` / ``sites`` null means all, future ones included. ``grantee_id`` null means every partner that stands in
    ``grantee_role`` (SUPPLIER, CUSTOMER, ...) towards the owner in an ACTIVE relationship.
    """

    __tablename__ = "sharing_rule"
    __table_args__ = (
        one_of("state", "DRAFT", "ACTIVE", "SUSPENDED", "REVOKED"),
        CheckConstraint("(grantee_id is null) <> (grantee_role is null)", name="one_grantee"),
        CheckConstraint("grantee_id <> owner_id", name="not_oneself"),
        CheckConstraint("valid_until > valid_from", name="validity"),
        CheckConstraint("cardinality(purposes) > 0", name="purposes"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (owner_id, coalesce(grantee_id, owner_id))", name="not_the_hub"),
        one_of("receipts", "BATCHED", "STRICT"),
        Index(None, "owner_id", "id"),
        governed(owner="owner_id"),
    )
    owner_id: uuid.UUID = key("partner")
    grantee_id: uuid.UUID | None = key("partner", optional=True)
    grantee_role: str | None = symbol(optional=True)
    kind: str = symbol()
    items: list[uuid.UUID] | None = _ids()
    sites: list[uuid.UUID] | None = _ids()
    purposes: list[str] | None = limit()
    field_groups: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    days_back: int | None = Field(default=None, ge=0)
    days_ahead: int | None = Field(default=None, ge=0)
    valid_from: datetime = instant()
    valid_until: datetime | None = instant(optional=True)
    receipts: str | None = symbol(optional=True)
    state: str = symbol(default="DRAFT")
    note: str | None = words(optional=True)
    authored_by: str | None = symbol(optional=True)
    """Who said last what it opens."""
    version: int = Field(default=1)
    created_at: datetime = instant()


_SCOPE = governed(owner="granter", parties=("grantee",), add="owner", write="select, insert, delete")


class ScopeTable(SQLModel, table=True):
    """What one live rule opens to one grantee: an item or all, a site or all. Never a row per record.

    ``tokens`` are field groups. The window is relative to the hub's date; null is open on that side.
    ``purposes``: whoever reads for none of them gets nothing through it; null: nobody is asked.
    ``hidden_parties``: who is kept apart from the grantee; rows they are a party to stay closed. Null: nobody.
    """

    __tablename__ = "scope"
    __table_args__ = (
        CheckConstraint("grantee <> owner", name="not_oneself"),
        Index("ix_scope_lookup", "grantee", "kind", "owner", "item_key"),
        Index("ix_scope_owner", "owner", "kind"),
        Index(None, "rule_id"),
        Index("ix_scope_receipts", "grantee", postgresql_where="receipts is not null"),
        Index(None, "valid_from"),
        Index(None, "valid_until", postgresql_where="valid_until is not null"),
        {"info": _SCOPE["info"] | {"pump": "select"}},
    )
    id: uuid.UUID = Field(primary_key=True, sa_type=Uuid)
    rule_id: uuid.UUID = key("sharing_rule")
    granter: uuid.UUID = key("partner")
    grantee: uuid.UUID = key("partner")
    kind: str = symbol()
    owner: uuid.UUID = key("partner")
    item: uuid.UUID | None = key("item", optional=True)
    site: uuid.UUID | None = key("site", optional=True)
    item_key: uuid.UUID = _key_or_all("item")
    site_key: uuid.UUID = _key_or_all("site")
    tokens: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    purposes: list[str] | None = limit()
    receipts: str | None = symbol(optional=True)
    days_back: int | None = Field(default=None)
    days_ahead: int | None = Field(default=None)
    hidden_parties: list[uuid.UUID] | None = _ids()
    valid_from: datetime = instant()
    valid_until: datetime | None = instant(optional=True)


_BLOCK = governed(owner="owner_id", read="all", add="owner", write="select, insert, update")
_STANDING = "state = 'ACTIVE'"


class BlockPairTable(Record, table=True):
    """Two partners kept apart, by one of them, by a customer of both or by the hub's operator (``owner_id``).

    ``own_records_only``: as far as the records of whoever set it go; else everywhere. Expansion for any owner reads it,
    so the write role may; of callers only its setter sees it.
    """

    __tablename__ = "block_pair"
    __table_args__ = (
        one_of("state", "ACTIVE", "LIFTED"),
        CheckConstraint("one_id <> other_id", name="two_partners"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (one_id, other_id)", name="not_the_hub"),
        CheckConstraint("(state = 'LIFTED') = (lifted_at is not null)", name="lifted"),
        Index(
            "uq_block_pair_standing", "owner_id", "one_id", "other_id", unique=True, postgresql_where="state = 'ACTIVE'"
        ),
        Index("ix_block_pair_one", "one_id", "other_id", postgresql_where=_STANDING),
        Index("ix_block_pair_other", "other_id", "one_id", postgresql_where=_STANDING),
        Index(None, "owner_id", "id"),
        {"info": _BLOCK["info"] | {OF_THE_HUB: True}},
    )
    owner_id: uuid.UUID = key("partner")
    one_id: uuid.UUID = key("partner")
    other_id: uuid.UUID = key("partner")
    own_records_only: bool = Field(default=False)
    state: str = symbol(default="ACTIVE")
    reason: str = words()
    lift_reason: str | None = words(optional=True)
    set_at: datetime = instant()
    lifted_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
