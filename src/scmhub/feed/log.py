"""The tables of the log: the outbox a transaction leaves word in, the log in order, and the head that counts it.

A row holds keys and names of changed fields, never values: those are read at delivery, under today's policy.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Identity, Index, Integer, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from scmhub.database.tables import instant, key, symbol

HUB = "HUB"
"""Audience of events for the hub's own processes."""
ACCESS = "ACCESS"
"""The kind of events that say that what somebody may see has changed."""
NARROWED, WIDENED, WINDOW = "NARROWED", "WIDENED", "WINDOW"
"""What an ACCESS event says: less, more, or that a window of days has moved."""
CHANNEL = "scmhub_change"
"""Where PostgreSQL tells that the log has grown; a hint, never a promise."""


def _uuid() -> Any:
    return Field(sa_column=Column(Uuid, nullable=False))


def _keys(*, optional: bool = False) -> Any:
    column: Column[Any] = Column(ARRAY(Uuid), nullable=optional)
    return Field(sa_column=column, default=None) if optional else Field(sa_column=column)


def _names() -> Any:
    return Field(sa_column=Column(ARRAY(String), nullable=False))


def _old_keys() -> Any:
    """Old values of the columns policy reads (owner, parties, item, site, day) where a change touched one."""
    return Field(sa_column=Column(JSONB, nullable=True), default=None)


class Change(SQLModel, table=True):
    """One change of one record: keys and names of changed fields, never values.

    ``id`` is taken under the record's row lock (the insert is the last statement before COMMIT), so ids of one record
    follow the order of its changes.
    """

    __tablename__ = "change_outbox"
    __table_args__ = {"info": {"write": "insert", "pump": "select, insert, delete"}}

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True, cache=1), primary_key=True))
    event_id: uuid.UUID = _uuid()
    at: datetime = instant()
    kind: str = symbol()
    action: str = symbol()
    record_id: uuid.UUID = _uuid()
    owner_id: uuid.UUID = _uuid()
    parties: list[uuid.UUID] = _keys()
    changed: list[str] = _names()
    actor: str = symbol()
    acting_id: uuid.UUID | None = key(optional=True)
    was: dict[str, Any] | None = _old_keys()
    audience: str | None = symbol(optional=True)
    only_for: list[uuid.UUID] | None = _keys(optional=True)


class LoggedChange(SQLModel, table=True):
    """The same in its place: ``seq`` is dense and follows the order in which the changes were committed."""

    __tablename__ = "change_log"
    __table_args__ = (
        Index("ix_change_log_owner", "owner_id", "seq"),
        Index("ix_change_log_parties", "parties", postgresql_using="gin"),
        Index("ix_change_log_only_for", "only_for", postgresql_using="gin", postgresql_where="only_for is not null"),
        {"info": {"write": "", "pump": "select, insert, delete"}},
    )

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False, unique=True))
    at: datetime = instant()
    kind: str = symbol()
    action: str = symbol()
    record_id: uuid.UUID = _uuid()
    owner_id: uuid.UUID = _uuid()
    parties: list[uuid.UUID] = _keys()
    changed: list[str] = _names()
    actor: str = symbol()
    acting_id: uuid.UUID | None = key(optional=True)
    was: dict[str, Any] | None = _old_keys()
    audience: str | None = symbol(optional=True)
    only_for: list[uuid.UUID] | None = _keys(optional=True)


class Head(SQLModel, table=True):
    """Where the log ends and begins, and which log it is: one row.

    ``epoch`` is drawn anew when numbers may be issued twice (failover, restore); a cursor of another epoch is void.
    """

    __tablename__ = "change_head"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        {"info": {"write": "", "pump": "select, insert, update"}},
    )

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    floor_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    system_identifier: int = Field(sa_column=Column(BigInteger, nullable=False))
    timeline: int = Field(sa_column=Column(Integer, nullable=False))
    swept_at: datetime = instant()
    """Up to here beginnings and ends of what is shared have been told."""


HEAD = "select h.seq, h.floor_seq, h.epoch from change_head h"
"""Where the log ends and begins, and which log it is."""
COLUMNS = tuple(name for name in LoggedChange.model_fields if name != "seq")
"""What outbox and log have in common."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log in memory."""

    seq: int
    event_id: uuid.UUID
    at: datetime
    kind: str
    action: str
    record_id: uuid.UUID
    owner_id: uuid.UUID
    parties: tuple[uuid.UUID, ...]
    changed: tuple[str, ...]
    actor: str
    acting_id: uuid.UUID | None
    was: dict[str, Any] | None
    audience: str | None
    only_for: frozenset[uuid.UUID] | None

    @classmethod
    def of(cls, row: Any) -> Event:
        """The event in a row that holds ``seq`` and COLUMNS."""
        return cls(
            row["seq"], row["event_id"], row["at"], row["kind"], row["action"], row["record_id"], row["owner_id"],
            tuple(row["parties"]), tuple(row["changed"]), row["actor"], row["acting_id"],
            orjson.loads(row["was"]) if row["was"] else None, row["audience"],
            frozenset(row["only_for"]) if row["only_for"] is not None else None,
        )  # fmt: skip


EVENT_COLUMNS = ", ".join(f"l.{name}" for name in ("seq", *COLUMNS))
"""What ``Event.of`` reads, of a log named ``l``."""
