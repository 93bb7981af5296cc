"""Links between items as they are stored."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol


class ItemLinkTable(Record, table=True):
    """One link from a parent item to another; ends on ``valid_until``, not included, and is never removed."""

    __tablename__ = "item_link"
    __table_args__ = (
        one_of("kind", "COMPONENT", "SUBSTITUTE", "SUPERSEDES", "PACKAGING"),
        CheckConstraint("parent_id <> item_id", name="two_items"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("(quantity is null) = (unit is null)", name="measured"),
        CheckConstraint("kind not in ('COMPONENT', 'PACKAGING') or quantity is not null", name="counted"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        CheckConstraint("valid_until > valid_from", name="validity"),
        CheckConstraint(f"owner_id <> '{HUB_PARTNER}'", name="not_the_hub"),
        Index(None, "owner_id", "id"),
        Index(None, "owner_id", "parent_id", "id"),
        Index(None, "parent_id", "id"),
        Index(None, "item_id", "id"),
        governed(owner="owner_id", read="grantees", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    parent_id: uuid.UUID = key("item")
    item_id: uuid.UUID = key("item")
    kind: str = symbol()
    quantity: Decimal | None = amount(optional=True)
    unit: str | None = symbol(optional=True)
    valid_from: date
    valid_until: date | None = Field(default=None)
    version: int = Field(default=1)
    created_at: datetime = instant()
