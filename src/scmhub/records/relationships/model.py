"""What each side writes about a relationship, and the objectives both see, as they are stored."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import Record, amount, governed, instant, key, one_of, symbol, words

LAMBERT = ("ARMS_LENGTH", "TYPE_I", "TYPE_II", "TYPE_III", "JOINT_VENTURE", "VERTICAL_INTEGRATION")
FUNCTIONS = ("PURCHASING", "SALES", "PLANNING", "LOGISTICS", "QUALITY", "FINANCE", "IT", "MANAGEMENT")
KRALJIC = ("STRATEGIC", "LEVERAGE", "BOTTLENECK", "NON_CRITICAL")


class RelationshipProfileTable(Record, table=True):
    """One side's private view. An owner and no parties: the other side has no column it could be found by."""

    __tablename__ = "relationship_profile"
    __table_args__ = (
        UniqueConstraint("owner_id", "relationship_id"),
        one_of("kraljic", *KRALJIC),
        one_of("partnership", *LAMBERT),
        CheckConstraint("supply_risk between 1 and 5", name="supply_risk"),
        CheckConstraint("profit_impact between 1 and 5", name="profit_impact"),
        CheckConstraint("potential between 1 and 5", name="potential"),
        CheckConstraint("value_amount >= 0", name="value_amount"),
        CheckConstraint("(value_amount is null) = (currency is null)", name="money"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index(None, "owner_id", "id"),
        Index(None, "relationship_id", "updated_at", "id"),
        governed(owner="owner_id", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    relationship_id: uuid.UUID = key("relationship")
    supply_risk: int | None = Field(default=None)
    profit_impact: int | None = Field(default=None)
    kraljic: str | None = symbol(optional=True)
    partnership: str | None = symbol(optional=True)
    review_on: date | None = Field(default=None)
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


class RelationshipContactTable(Record, table=True):
    """Whom the other side calls about something. One per side, relationship and function; each side keeps its own."""

    __tablename__ = "relationship_contact"
    __table_args__ = (
        UniqueConstraint("owner_id", "relationship_id", "function"),
        one_of("function", *FUNCTIONS),
        Index(None, "owner_id", "id"),
        Index(None, "counterparty_id", "id"),
        Index(None, "relationship_id", "function", "id"),
        governed(owner="owner_id", parties=("counterparty_id",), add="owner"),
    )
    owner_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID = key("partner")
    relationship_id: uuid.UUID = key("relationship")
    function: str = symbol()
    name: str = words()
    email: str | None = words(optional=True)
    phone: str | None = words(optional=True)
    version: int = Field(default=1)
    updated_at: datetime = instant()


class RelationshipEventTable(Record, table=True):
    """One step of a relationship; never changed, never removed."""

    __tablename__ = "relationship_event"
    __table_args__ = (
        UniqueConstraint("relationship_id", "event_no"),
        one_of("state", "PROPOSED", "ACTIVE", "SUSPENDED", "ENDED", "DECLINED"),
        governed(part_of="relationship_id:relationship", write="select, insert"),
    )
    relationship_id: uuid.UUID = key("relationship")
    event_no: int
    state: str = symbol()
    by_id: uuid.UUID = key("partner")
    at: datetime = instant()
