"""Access reviews: a partner looks through what its rules open and who may call, line by line; keeps or revokes each.

acme opened orders to bolt two years ago, and nobody remembers why. A review freezes the list of acme's standing rules;
its stewards say of each KEEP or REVOKE. What they said is about a version: whatever changes a rule also says so on the
lines that list it, in the same transaction, so that nobody's word stands for a rule they have not looked at.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import Record, governed, instant, key, limit, one_of, symbol, words
from scmhub.database.unit import Unit
from scmhub.sharing.tables import SharingRuleTable

_OWN: dict[str, Any] = governed(owner="owner_id", add="owner", write="select, insert, update")


class AccessReviewTable(Record, table=True):
    """One round of looking through the rules that stood at ``started_at``. The counts are known when it is closed."""

    __tablename__ = "access_review"
    __table_args__ = (
        one_of("state", "OPEN", "CLOSED"),
        CheckConstraint("due_at >= started_at", name="due"),
        CheckConstraint("(state = 'CLOSED') = (closed_at is not null)", name="closed"),
        Index(None, "owner_id", "id"),
        _OWN,
    )
    owner_id: uuid.UUID = key("partner")
    state: str = symbol(default="OPEN")
    reason: str = words()
    started_by: str = symbol()
    started_at: datetime = instant()
    due_at: datetime = instant()
    closed_by: str | None = symbol(optional=True)
    closed_at: datetime | None = instant(optional=True)
    close_reason: str | None = words(optional=True)
    revoked: int | None = Field(default=None)
    unattested: int | None = Field(default=None)
    version: int = Field(default=1)


class AccessReviewLineTable(Record, table=True):
    """One rule, integration or role of a person as it stood when the review was started, and what was said of it.

    ``subject_version``: of a rule its version; of an integration or person its grade, kept up to date.
    """

    __tablename__ = "access_review_line"
    __table_args__ = (
        one_of("state", "PENDING", "ATTESTED", "CHANGED", "GONE"),
        one_of("decision", "KEEP", "REVOKE"),
        one_of("about", "RULE", "INTEGRATION", "PERSON"),
        CheckConstraint("num_nonnulls(rule_id, integration_id, person_id) = 1", name="one_subject"),
        CheckConstraint("(about = 'RULE') = (rule_id is not null and kind is not null)", name="rule"),
        CheckConstraint("(about = 'PERSON') = (person_id is not null and role is not null)", name="person"),
        UniqueConstraint("review_id", "rule_id"),
        UniqueConstraint("review_id", "integration_id"),
        UniqueConstraint("review_id", "person_id", "role"),
        UniqueConstraint("review_id", "line_no"),
        Index(None, "rule_id"),
        Index(None, "integration_id"),
        Index(None, "person_id"),
        Index(None, "owner_id", "id"),
        _OWN,
    )
    owner_id: uuid.UUID = key("partner")
    review_id: uuid.UUID = key("access_review")
    line_no: int = Field(default=0)
    about: str = symbol(default="RULE")
    rule_id: uuid.UUID | None = key("sharing_rule", optional=True)
    integration_id: uuid.UUID | None = key("integration", optional=True)
    person_id: uuid.UUID | None = key("person", optional=True)
    subject_version: int
    kind: str | None = symbol(optional=True)
    grantee_id: uuid.UUID | None = key("partner", optional=True)
    grantee_role: str | None = symbol(optional=True)
    field_groups: list[str] | None = limit()
    name: str | None = words(optional=True)
    role: str | None = symbol(optional=True)
    token_scopes: list[str] | None = limit()
    purposes: list[str] | None = limit()
    kinds: list[str] | None = limit()
    expires_at: datetime | None = instant(optional=True)
    stale_days: int | None = Field(default=None)
    activated_by: str | None = symbol(optional=True)
    activated_at: datetime | None = instant(optional=True)
    last_used_at: datetime | None = instant(optional=True)
    state: str = symbol(default="PENDING")
    decision: str | None = symbol(optional=True)
    attested_version: int | None = Field(default=None)
    attested_by: str | None = symbol(optional=True)
    attested_at: datetime | None = instant(optional=True)
    reason: str | None = words(optional=True)
    version: int = Field(default=1)


async def rule_moved(unit: Unit, rule: SharingRuleTable) -> None:
    """Lines of open reviews that list a rule which has just changed must be looked at again, or are over with it."""
    state = "GONE" if rule.state == "REVOKED" else "CHANGED"
    await unit.rows(
        "update access_review_line l set state = $2, version = l.version + 1 from access_review r"
        " where l.rule_id = $1 and r.id = l.review_id and r.state = 'OPEN'",
        rule.id, state,
    )  # fmt: skip


async def integration_moved(unit: Unit, integration: UUID, grade: int, *, over: bool) -> None:
    """Lines of open reviews that list an integration which may now do something else, or nothing any more."""
    await unit.rows(
        "update access_review_line l set state = $2, subject_version = $3, version = l.version + 1,"
        " purposes = i.purposes, kinds = i.kinds, token_scopes = i.token_scopes from access_review r, integration i"
        " where l.integration_id = $1 and i.id = $1 and r.id = l.review_id and r.state = 'OPEN'",
        integration, "GONE" if over else "CHANGED", grade,
    )  # fmt: skip


async def person_moved(unit: Unit, person: UUID, grade: int, roles: list[str]) -> None:
    """Lines of open reviews about roles a person has no more are over; what was said of the others stands."""
    await unit.rows(
        "update access_review_line l set subject_version = $2, version = l.version + 1,"
        " state = case when l.role = any ($3) then l.state else 'GONE' end from access_review r"
        " where l.person_id = $1 and r.id = l.review_id and r.state = 'OPEN'",
        person, grade, roles,
    )  # fmt: skip
