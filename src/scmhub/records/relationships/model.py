"""What each side writes about a relationship, and the objectives both see, as they are stored."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import Record, amount, governed, instant, key, one_of, symbol, words

KRALJIC = ("STRATEGIC", "LEVERAGE", "BOTTLENECK", "NON_CRITICAL")


class RelationshipProfileTable(Record, table=True):
    """One side's private view. An owner and no parties: the other side has no column it could be found by."""

    __tablename__ = "relationship_profile"
    __table_args__ = (
        UniqueConstraint("owner_id", "relationship_id"),
        one_of("kraljic", *KRALJIC),
        CheckConstraint("supply_risk between 1 and 5", name="supply_risk"),
        CheckConstraint("profit_impact between 1 and 5", name="profit_impact"),
        CheckConstraint("potential between 1 and 5", name="potential"),
        CheckConstraint("value_amount >= 0", name="value_amount"),
        CheckConstraint("(value_amount is null) = (currency is null)", name="money"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index(None, "owner_id", "id"),
        Index(None, "relationship_id", "id"),
        governed(owner="owner_id", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    relationship_id: uuid.UUID = key("relationship")
    supply_risk: int | None = Field(default=None)
    profit_impact: int | None = Field(default=None)
    kraljic: str | None = symbol(optional=True)
    segment: str | None = words(optional=True)
    value_amount: Decimal | None = amount(optional=True)
    currency: str | None = symbol(optional=True)
    potential: int | None = Field(default=None)
    note: str | None = words(optional=True)
    version: int = Field(default=1)
    updated_at: datetime = instant()


class ObjectiveTable(Record, table=True):
    """What one side wants of a measure, said to the other. One per side, relationship and measure."""

    __tablename__ = "objective"
    __table_args__ = (
        UniqueConstraint("owner_id", "relationship_id", "measure"),
        one_of("aim", "AT_LEAST", "AT_MOST"),
        CheckConstraint("measure ~ '^[A-Z][A-Z0-9_]{0,39}$'", name="measure"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        Index(None, "owner_id", "id"),
        Index(None, "counterparty_id", "id"),
        Index(None, "relationship_id", "measure", "id"),
        governed(owner="owner_id", parties=("counterparty_id",), add="owner", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID = key("partner")
    relationship_id: uuid.UUID = key("relationship")
    measure: str = symbol()
    aim: str = symbol()
    target: Decimal = amount()
    unit: str = symbol()
    since: date
    version: int = Field(default=1)
    updated_at: datetime = instant()
