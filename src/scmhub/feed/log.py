"""The outbox: where a transaction leaves word of what it changed."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Column, Identity, String, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import instant, symbol


class Change(SQLModel, table=True):
    """One change of one record: keys and names of changed fields, never values.

    ``id`` is taken under the record's row lock (the insert is the last statement before COMMIT), so ids of one record
    follow the order of its changes.
    """

    __tablename__ = "change_outbox"
    __table_args__ = {"info": {"write": "insert"}}

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True, cache=1), primary_key=True))
    event_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    at: datetime = instant()
    kind: str = symbol()
    action: str = symbol()
    record_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    owner_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    parties: list[uuid.UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    changed: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    actor: str = symbol()
