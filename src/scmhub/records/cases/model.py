"""Cases as they are stored, with what was said and what they point at."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, governed, instant, key, one_of, symbol, words

STATES = ("OPEN", "ACKNOWLEDGED", "IN_PROGRESS", "RESOLVED", "CLOSED", "REOPENED")
ACTS = ("OPEN", "ACKNOWLEDGE", "START", "RESOLVE", "CLOSE", "REOPEN", "COMMENT")


class CaseTable(Record, table=True):
    """One matter between the partner that is affected and the one that has to settle it."""

    __tablename__ = "case_file"
    __table_args__ = (
        one_of("template", "EXCEPTION", "CLAIM", "INQUIRY", "DIVERGENCE", "DISPUTE", "IMPROVEMENT"),
        one_of("severity", "LOW", "MEDIUM", "HIGH"),
        one_of("state", *STATES),
        CheckConstraint("opener_id <> counterparty_id", name="two_firms"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (opener_id, counterparty_id)", name="not_the_hub"),
        Index(None, "opener_id", "id"),
        Index(None, "counterparty_id", "id"),
        governed(owner="opener_id", parties=("counterparty_id",), add="owner", write="select, insert, update"),
    )
    opener_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID = key("partner")
    template: str = symbol()
    severity: str = symbol()
    state: str = symbol(default="OPEN")
    title: str = words()
    due_on: date | None = Field(default=None)
    version: int = Field(default=1)
    created_at: datetime = instant()


class CaseEntryTable(Record, table=True):
    """One thing done or said in a case; never changed, never removed."""

    __tablename__ = "case_entry"
    __table_args__ = (
        UniqueConstraint("case_id", "entry_no"),
        one_of("act", *ACTS),
        governed(part_of="case_id:case_file", write="select, insert"),
    )
    case_id: uuid.UUID = key("case_file")
    entry_no: int
    act: str = symbol()
    author_id: uuid.UUID = key("partner")
    text: str | None = words(optional=True)
    recorded_at: datetime = instant()


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
