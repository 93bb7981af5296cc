"""Inventory as it is stored: the last statement of each stater, and everything that was ever stated."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol, words

QUANTITIES = ("available", "blocked", "allocated", "in_transit", "on_order")
TARGETS = ("minimum", "maximum", "target", "safety_stock")


def _not_negative(*columns: str) -> list[CheckConstraint]:
    return [CheckConstraint(f"{column} >= 0", name=column) for column in columns]


class InventoryPositionTable(Record, table=True):
    """What one partner last said of an owner's stock of an item, at a site of a holder.

    ``as_of_on`` is the UTC day of ``as_of``: what policy reads. Targets belong to the place: equal for all staters.
    """

    __tablename__ = "inventory_position"
    __table_args__ = (
        UniqueConstraint("owner_id", "holder_id", "site_id", "item_id", "stated_by"),
        CheckConstraint("stated_by in (owner_id, holder_id)", name="stater"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        CheckConstraint("maximum >= minimum", name="range"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (owner_id, holder_id)", name="not_the_hub"),
        *_not_negative(*QUANTITIES, *TARGETS),
        Index(None, "owner_id", "id"),
        Index(None, "holder_id", "id"),
        Index(None, "owner_id", "as_of", "id"),
        Index(None, "holder_id", "as_of", "id"),
        Index("ix_inventory_position_item", "owner_id", "item_id", "id", postgresql_include=["as_of_on", "site_id"]),
        Index("ix_inventory_position_site", "owner_id", "site_id", "id", postgresql_include=["as_of_on", "item_id"]),
        Index(None, "item_id", "as_of", "id"),
        Index(None, "item_id", "id"),
        governed(owner="owner_id", parties=("holder_id",), read="grantees", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    holder_id: uuid.UUID = key("partner")
    site_id: uuid.UUID = key("site")
    item_id: uuid.UUID = key("item")
    unit: str = symbol()
    stated_by: uuid.UUID = key("partner")
    as_of: datetime = instant()
    as_of_on: date
    available: Decimal = amount()
    blocked: Decimal | None = amount(optional=True)
    allocated: Decimal | None = amount(optional=True)
    in_transit: Decimal | None = amount(optional=True)
    on_order: Decimal | None = amount(optional=True)
    minimum: Decimal | None = amount(optional=True)
    maximum: Decimal | None = amount(optional=True)
    target: Decimal | None = amount(optional=True)
    safety_stock: Decimal | None = amount(optional=True)
    targets_set_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class InventoryStatementTable(Record, table=True):
    """One statement, as it was made; never changed, never removed. Carries what policy reads."""

    __tablename__ = "inventory_statement"
    __table_args__ = (
        CheckConstraint("stated_by in (owner_id, holder_id)", name="stater"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        CheckConstraint("(source = 'ADJUST') = (delta is not null)", name="delta"),
        *_not_negative(*QUANTITIES),
        one_of("source", "SET", "ADJUST"),
        Index(None, "position_id", "as_of", "id"),
        governed(owner="owner_id", parties=("holder_id",), read="grantees", write="select, insert"),
    )
    position_id: uuid.UUID = key("inventory_position")
    owner_id: uuid.UUID = key("partner")
    holder_id: uuid.UUID = key("partner")
    site_id: uuid.UUID = key("site")
    item_id: uuid.UUID = key("item")
    unit: str = symbol()
    stated_by: uuid.UUID = key("partner")
    as_of: datetime = instant()
    as_of_on: date
    available: Decimal = amount()
    blocked: Decimal | None = amount(optional=True)
    allocated: Decimal | None = amount(optional=True)
    in_transit: Decimal | None = amount(optional=True)
    on_order: Decimal | None = amount(optional=True)
    source: str = symbol()
    delta: Decimal | None = amount(optional=True)
    reason: str | None = words(optional=True)
    recorded_at: datetime = instant()
