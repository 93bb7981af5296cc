"""Risks and disruption notices as they are stored."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol, words

CAUSES = (
    "STRIKE", "NATURAL_DISASTER", "PRODUCTION_INCIDENT", "PANDEMIC_OR_EPIDEMIC", "LOGISTICS_DISRUPTION", "WAR", "OTHER",
)  # fmt: skip
EFFECTS = ("DEMAND_REDUCTION", "DEMAND_INCREASE", "CAPACITY_REDUCTION", "CAPACITY_INCREASE")
CONSENTS = ("NONE", "MASKED", "NAMED")
"""What a recipient may pass on, the least first."""


class RiskTable(Record, table=True):
    """One entry of a partner's risk register: about an item, a site, or both."""

    __tablename__ = "risk"
    __table_args__ = (
        one_of("cause", *CAUSES),
        one_of("state", "REGISTERED", "OPEN", "RESOLVED", "RETIRED"),
        CheckConstraint("item_id is not null or site_id is not null", name="subject"),
        CheckConstraint("likelihood between 1 and 5", name="likelihood"),
        CheckConstraint("impact between 1 and 5", name="impact"),
        CheckConstraint("impact_amount >= 0", name="impact_amount"),
        CheckConstraint("(impact_amount is null) = (currency is null)", name="money"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("time_to_recover_days >= 0", name="time_to_recover_days"),
        CheckConstraint("(time_to_recover_days is null) = (declared_on is null)", name="declared"),
        CheckConstraint(f"owner_id <> '{HUB_PARTNER}'", name="not_the_hub"),
        Index(None, "owner_id", "id"),
        Index(None, "owner_id", "item_id", "id"),
        Index(None, "owner_id", "site_id", "id"),
        Index(None, "item_id", "id"),
        Index(None, "site_id", "id"),
        governed(owner="owner_id", read="grantees", write="select, insert, update"),
    )
    owner_id: uuid.UUID = key("partner")
    item_id: uuid.UUID | None = key("item", optional=True)
    site_id: uuid.UUID | None = key("site", optional=True)
    title: str = words()
    cause: str = symbol()
    state: str = symbol(default="REGISTERED")
    likelihood: int
    impact: int
    impact_amount: Decimal | None = amount(optional=True)
    currency: str | None = symbol(optional=True)
    note: str | None = words(optional=True)
    time_to_recover_days: int | None = Field(default=None)
    declared_on: date | None = Field(default=None)
    mitigation: str | None = words(optional=True)
    mitigation_owner: str | None = words(optional=True)
    mitigation_due_on: date | None = Field(default=None)
    review_on: date | None = Field(default=None)
    occurred_at: datetime | None = instant(optional=True)
    resolved_at: datetime | None = instant(optional=True)
    measure: str | None = words(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class DisruptionTable(Record, table=True):
    """One notice from a sender to one recipient. What the recipient must not know stands in columns of the sender."""

    __tablename__ = "disruption"
    __table_args__ = (
        one_of("cause", *CAUSES),
        one_of("effect", *EFFECTS),
        one_of("consent", *CONSENTS),
        one_of("state", "OPEN", "RESOLVED"),
        CheckConstraint("sender_id <> recipient_id", name="two_firms"),
        CheckConstraint("expected_end_at > starts_at", name="dates"),
        CheckConstraint("forwarded or source_id is null", name="source"),
        CheckConstraint("source_id is not null or not resolve_with_source", name="resolve_with_source"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (sender_id, recipient_id)", name="not_the_hub"),
        Index(None, "sender_id", "id"),
        Index(None, "recipient_id", "id"),
        Index(None, "sender_id", "starts_at", "id"),
        Index(None, "recipient_id", "starts_at", "id"),
        Index(None, "source_id", "sender_id"),
        governed(owner="sender_id", parties=("recipient_id",), add="owner", write="select, insert, update"),
    )
    sender_id: uuid.UUID = key("partner")
    recipient_id: uuid.UUID = key("partner")
    reference: str | None = symbol(optional=True)
    cause: str = symbol()
    effect: str = symbol()
    starts_at: datetime = instant()
    expected_end_at: datetime | None = instant(optional=True)
    text: str = words()
    state: str = symbol(default="OPEN")
    measure: str | None = words(optional=True)
    reported_at: datetime = instant()
    updated_at: datetime = instant()
    resolved_at: datetime | None = instant(optional=True)
    consent: str = symbol(default="NONE")
    origin_id: uuid.UUID | None = key("partner", optional=True)
    forwarded: bool = Field(default=False)
    source_id: uuid.UUID | None = key("disruption", optional=True)
    resolve_with_source: bool = Field(default=False)
    version: int = Field(default=1)
    created_at: datetime = instant()


class DisruptionItemTable(Record, table=True):
    """One item a notice speaks of."""

    __tablename__ = "disruption_item"
    __table_args__ = (
        UniqueConstraint("disruption_id", "item_id"),
        governed(part_of="disruption_id:disruption", write="select, insert"),
    )
    disruption_id: uuid.UUID = key("disruption")
    item_id: uuid.UUID = key("item")


class DisruptionSiteTable(Record, table=True):
    """One site a notice speaks of."""

    __tablename__ = "disruption_site"
    __table_args__ = (
        UniqueConstraint("disruption_id", "site_id"),
        governed(part_of="disruption_id:disruption", write="select, insert"),
    )
    disruption_id: uuid.UUID = key("disruption")
    site_id: uuid.UUID = key("site")


class DisruptionUpdateTable(Record, table=True):
    """What a sender said later; never changed, never removed."""

    __tablename__ = "disruption_update"
    __table_args__ = (
        UniqueConstraint("disruption_id", "update_no"),
        governed(part_of="disruption_id:disruption", write="select, insert"),
    )
    disruption_id: uuid.UUID = key("disruption")
    update_no: int
    as_of: datetime = instant()
    text: str = words()
    expected_end_at: datetime | None = instant(optional=True)
    recorded_at: datetime = instant()
