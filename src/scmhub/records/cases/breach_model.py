"""Breaches as they are stored: what left its tolerance, by how much, and the statements that were compared."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, String, UniqueConstraint, Uuid
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol
from scmhub.measures.exceptions import CRITERIA
from scmhub.records.cases.model import SEVERITIES


class BreachTable(Record, table=True):
    """One criterion, one subject, one period: found by the hub for the partner affected, never deleted.

    ``other_id``: who has to settle it; null if the evidence is the affected partner's alone.
    """

    __tablename__ = "breach"
    __table_args__ = (
        UniqueConstraint(
            "affected_id", "criterion", "subject", "bucket", name="uq_breach_key", postgresql_nulls_not_distinct=True
        ),
        one_of("criterion", *CRITERIA),
        one_of("basis", "DEFAULT", "CLAUSE"),
        one_of("severity", *SEVERITIES),
        CheckConstraint("affected_id <> other_id", name="two_firms"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (affected_id, coalesce(other_id, affected_id))", name="not_the_hub"),
        Index(None, "affected_id", "id"),
        Index(None, "other_id", "id"),
        Index(None, "affected_id", "subject"),
        Index(None, "item_id", "id"),
        governed(owner="affected_id", parties=("other_id",), read="grantees", add="owner",
                 write="select, insert, update"),
    )  # fmt: skip
    affected_id: uuid.UUID = key("partner")
    other_id: uuid.UUID | None = key("partner", optional=True)
    criterion: str = symbol()
    subject: str = symbol()
    bucket: date | None = Field(default=None)
    item_id: uuid.UUID | None = key("item", optional=True)
    site_id: uuid.UUID | None = key("site", optional=True)
    variance: Decimal = amount()
    allowed: Decimal = amount()
    unit: str = symbol()
    basis: str = symbol()
    basis_version: int
    clause: str | None = symbol(optional=True)
    severity: str = symbol()
    found_at: datetime = instant()
    returned_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class BreachEvidenceTable(Record, table=True):
    """One value that was compared: of which record, as it stood then, and who could see it exactly.

    ``seen_by``: owner and parties of the row who see the value. The rest is what a scope compares: rule kind, owner,
    item, site and day of the row, and the field groups of the value (null: no rule opens it).
    """

    __tablename__ = "breach_evidence"
    __table_args__ = (
        UniqueConstraint("breach_id", "evidence_no"),
        Index("ix_breach_evidence_reach", "owner_id", "rule_kind", "item_id"),
        governed(part_of="breach_id:breach", write="select, insert, delete"),
    )
    breach_id: uuid.UUID = key("breach")
    evidence_no: int
    kind: str = symbol()
    record: str = symbol()
    field: str = symbol()
    value: str = symbol()
    record_version: int | None = Field(default=None)
    stated_at: datetime | None = instant(optional=True)
    seen_by: list[uuid.UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    rule_kind: str = symbol()
    owner_id: uuid.UUID = key("partner")
    item_id: uuid.UUID | None = key("item", optional=True)
    site_id: uuid.UUID | None = key("site", optional=True)
    day: date | None = Field(default=None)
    field_groups: list[str] | None = Field(sa_column=Column(ARRAY(String), nullable=True), default=None)
