"""Cases as they are stored, with what was said, what is to be done, and what they point at."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, governed, instant, key, one_of, symbol, words

STATES = ("OPEN", "ACKNOWLEDGED", "IN_PROGRESS", "RESOLVED", "CLOSED", "REOPENED")
ACTS = (
    "OPEN", "ACKNOWLEDGE", "START", "RESOLVE", "CLOSE", "REOPEN", "COMMENT", "ESCALATE", "REVISE", "REFER", "STEP_ADD",
    "STEP_DONE", "BREACH", "RETURN",
)  # fmt: skip
SEVERITIES = ("LOW", "MEDIUM", "HIGH")


class CaseTable(Record, table=True):
    """One matter between the partner that is affected and the one that has to settle it; alone with itself if none.

    ``escalated_for``: the due day that the hub last escalated for, so that it does so once.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        one_of("template", "EXCEPTION", "CLAIM", "INQUIRY", "DIVERGENCE", "DISPUTE", "IMPROVEMENT"),
        one_of("severity", *SEVERITIES),
        one_of("state", *STATES),
        CheckConstraint("level between 0 and 9", name="level"),
        CheckConstraint("opener_id <> counterparty_id", name="two_firms"),
        CheckConstraint("counterparty_id is not null or breach_id is not null", name="two_sides"),
        CheckConstraint(
            f"'{HUB_PARTNER}' not in (opener_id, coalesce(counterparty_id, opener_id))", name="not_the_hub"
        ),
        Index(None, "opener_id", "id"),
        Index(None, "counterparty_id", "id"),
        Index(None, "breach_id", "id", postgresql_where="breach_id is not null"),
        Index(None, "due_on", postgresql_where="state not in ('RESOLVED', 'CLOSED')"),
        governed(owner="opener_id", parties=("counterparty_id",), add="owner", write="select, insert, update"),
    )
    opener_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID | None = key("partner", optional=True)
    breach_id: uuid.UUID | None = key("breach", optional=True)
    template: str = symbol()
    severity: str = symbol()
    level: int = Field(default=0)
    state: str = symbol(default="OPEN")
    title: str = words()
    due_on: date | None = Field(default=None)
    escalated_for: date | None = Field(default=None)
    version: int = Field(default=1)
    created_at: datetime = instant()


class CaseEntryTable(Record, table=True):
    """One thing done or said in a case; never changed, never removed. Author null: the hub."""

    __tablename__ = "case_entry"
    __table_args__ = (
        UniqueConstraint("case_id", "entry_no"),
        one_of("act", *ACTS),
        governed(part_of="case_id:case_file", write="select, insert"),
    )
    case_id: uuid.UUID = key("case_file")
    entry_no: int
    act: str = symbol()
    author_id: uuid.UUID | None = key("partner", optional=True)
    text: str | None = words(optional=True)
    recorded_at: datetime = instant()


class CaseStepTable(Record, table=True):
    """Something to be done in a case by one of its sides."""

    __tablename__ = "case_step"
    __table_args__ = (
        UniqueConstraint("case_id", "step_no"),
        governed(part_of="case_id:case_file", write="select, insert, update"),
    )
    case_id: uuid.UUID = key("case_file")
    step_no: int
    what: str = words()
    owner_id: uuid.UUID = key("partner")
    due_on: date | None = Field(default=None)
    done_at: datetime | None = instant(optional=True)


class CaseReferenceTable(Record, table=True):
    """A record a case points at: its public id, as a text and nothing more."""

    __tablename__ = "case_reference"
    __table_args__ = (
        UniqueConstraint("case_id", "record"),
        governed(part_of="case_id:case_file", write="select, insert"),
    )
    case_id: uuid.UUID = key("case_file")
    kind: str = symbol()
    record: str = symbol()
