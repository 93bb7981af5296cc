"""Agreements as they are stored: versions that both sides sign, and the clauses in them that the hub carries out.

They lie on this floor because what a clause says is asked in many rooms (orders, stock, cases), and a room never
imports another. Each sort of clause has a table of its own: no column of one is empty in another.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import Record, amount, governed, instant, key, one_of, symbol, words
from scmhub.measures import exceptions

STATES = ("PROPOSED", "COUNTERED", "DECLINED", "WITHDRAWN", "SIGNED", "SUPERSEDED", "TERMINATED")
BINDING = ("SIGNED", "SUPERSEDED", "TERMINATED")
"""States of a version that both signed: it holds from its first day to its last, whichever of them it is in."""
AGREEMENT_STATES = ("PROPOSED", "DECLINED", "WITHDRAWN", "SIGNED", "TERMINATED")
CRITERIA = tuple(each for each in exceptions.CRITERIA if each not in ("RESPONSE_REQUIRED", "SERVICE_LEVEL"))
"""What a tolerance can be agreed for; how long an answer may take, and what service is owed, have their clauses."""
SUBJECTS = ("ORDER", "CHANGE", "FORECAST", "CASE")
SERVICE_MEASURES = ("OTIF", "FILL_RATE", "ON_TIME", "READY_RATE")
SERVICE_PERIODS = ("WEEK", "MONTH", "QUARTER")
DUE = ("REQUESTED", "FIRST_PROMISE", "LAST_PROMISE")
"""Which quantity and day of a delivery count."""
INSIDE = ("REFUSED", "MARKED")


class AgreementTable(Record, table=True):
    """What two sides of a relationship agreed, through all its versions."""

    __tablename__ = "agreement"
    __table_args__ = (
        one_of("state", *AGREEMENT_STATES),
        Index(None, "provider_id", "id"),
        Index(None, "recipient_id", "id"),
        Index(None, "relationship_id", "id"),
        governed(owner="provider_id", parties=("recipient_id",), write="select, insert, update"),
    )
    relationship_id: uuid.UUID = key("relationship")
    provider_id: uuid.UUID = key("partner")
    recipient_id: uuid.UUID = key("partner")
    title: str = words()
    state: str = symbol(default="PROPOSED")
    version_no: int = Field(default=1)
    version: int = Field(default=1)
    created_at: datetime = instant()


class AgreementVersionTable(Record, table=True):
    """One text of an agreement. In force from ``in_force_from`` to ``in_force_until``, both included, once signed."""

    __tablename__ = "agreement_version"
    __table_args__ = (
        UniqueConstraint("agreement_id", "version_no"),
        one_of("state", *STATES),
        CheckConstraint("notice_days >= 0", name="notice_days"),
        Index(None, "provider_id", "id"),
        Index(None, "recipient_id", "id"),
        governed(owner="provider_id", parties=("recipient_id",), write="select, insert, update"),
    )
    agreement_id: uuid.UUID = key("agreement")
    relationship_id: uuid.UUID = key("relationship")
    provider_id: uuid.UUID = key("partner")
    recipient_id: uuid.UUID = key("partner")
    version_no: int
    state: str = symbol(default="PROPOSED")
    proposed_by: uuid.UUID = key("partner")
    in_force_from: date
    in_force_until: date | None = Field(default=None)
    notice_days: int = Field(default=0)
    note: str | None = words(optional=True)
    reason: str | None = words(optional=True)
    ending_reason: str | None = words(optional=True)
    digest: str = symbol()
    proposed_at: datetime = instant()
    signed_at: datetime | None = instant(optional=True)


class AgreementSignatureTable(Record, table=True):
    """One side's signature under one version; never changed, never removed."""

    __tablename__ = "agreement_signature"
    __table_args__ = (
        UniqueConstraint("version_id", "partner_id"),
        governed(part_of="version_id:agreement_version", write="select, insert"),
    )
    version_id: uuid.UUID = key("agreement_version")
    partner_id: uuid.UUID = key("partner")
    signatory: str | None = words(optional=True)
    digest: str = symbol()
    signed_at: datetime = instant()


def _clause(*checks: Any) -> tuple[Any, ...]:
    """What the tables of clauses share: part of a version, never changed."""
    return (
        UniqueConstraint("version_id", "clause_no"), *checks,
        governed(part_of="version_id:agreement_version", write="select, insert"),
    )  # fmt: skip


def _unit() -> CheckConstraint:
    return CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit")


def _not_negative(*columns: str) -> list[CheckConstraint]:
    return [CheckConstraint(f"{column} >= 0", name=column) for column in columns]


class ToleranceClauseTable(Record, table=True):
    """How far off something may be before it counts as an exception."""

    __tablename__ = "tolerance_clause"
    __table_args__ = _clause(one_of("criterion", *CRITERIA), _unit(), *_not_negative("allowed", "grave"))
    version_id: uuid.UUID = key("agreement_version")
    clause_no: int
    item_id: uuid.UUID | None = key("item", optional=True)
    criterion: str = symbol()
    allowed: Decimal = amount()
    grave: Decimal | None = amount(optional=True)
    unit: str = symbol()


class ResponseClauseTable(Record, table=True):
    """How many days an answer may take."""

    __tablename__ = "response_clause"
    __table_args__ = _clause(one_of("subject", *SUBJECTS), *_not_negative("days"))
    version_id: uuid.UUID = key("agreement_version")
    clause_no: int
    subject: str = symbol()
    days: int


class StockPolicyClauseTable(Record, table=True):
    """How much of an item there should be at a site, and whose it is."""

    __tablename__ = "stock_policy_clause"
    __table_args__ = _clause(
        _unit(),
        CheckConstraint("maximum >= minimum", name="range"),
        CheckConstraint("num_nonnulls(minimum, maximum, target) > 0", name="says_something"),
        *_not_negative("minimum", "maximum", "target"),
    )
    version_id: uuid.UUID = key("agreement_version")
    clause_no: int
    item_id: uuid.UUID = key("item")
    site_id: uuid.UUID = key("site")
    stock_owner_id: uuid.UUID = key("partner")
    unit: str = symbol()
    minimum: Decimal | None = amount(optional=True)
    maximum: Decimal | None = amount(optional=True)
    target: Decimal | None = amount(optional=True)


class ServiceLevelClauseTable(Record, table=True):
    """The least of a service measure that the provider owes in each period, and by which days that is measured.

    Stock is neither late nor short: of READY_RATE the last four are not said.
    """

    __tablename__ = "service_level_clause"
    __table_args__ = _clause(
        one_of("measure", *SERVICE_MEASURES), one_of("period", *SERVICE_PERIODS), one_of("due", *DUE), _unit(),
        CheckConstraint(
            "(measure = 'READY_RATE') = (due is null) and (due is null) = (late_days is null)", name="delivery"
        ),
        *_not_negative("at_least", "early_days", "late_days", "short_allowed"),
    )  # fmt: skip
    version_id: uuid.UUID = key("agreement_version")
    clause_no: int
    item_id: uuid.UUID | None = key("item", optional=True)
    measure: str = symbol()
    at_least: Decimal = amount()
    unit: str = symbol()
    period: str = symbol()
    due: str | None = symbol(optional=True)
    early_days: int | None = Field(default=None)
    late_days: int | None = Field(default=None)
    short_allowed: Decimal | None = amount(optional=True)


class FenceClauseTable(Record, table=True):
    """Until when plans are frozen, firm and flexible, in days from today."""

    __tablename__ = "fence_clause"
    __table_args__ = _clause(
        one_of("inside_frozen", *INSIDE),
        CheckConstraint("0 <= frozen_days and frozen_days <= firm_days and firm_days <= flexible_days", name="days"),
    )
    version_id: uuid.UUID = key("agreement_version")
    clause_no: int
    item_id: uuid.UUID | None = key("item", optional=True)
    frozen_days: int
    firm_days: int
    flexible_days: int
    inside_frozen: str = symbol()
