"""What an import remembers: how far it came, and what it last read under which external id."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from scmhub.database.tables import Record, governed, instant, key, one_of, symbol, words

_SECRET = governed(owner="partner_id")["info"] | {"secret": True}
"""Not for the read role: an operator's books, no record of the trade."""


class ImportRunTable(Record, table=True):
    """One import of one file with one map for one partner. ``atoms_done`` is the checkpoint, in order of the file."""

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("state", "RUNNING", "DONE"),
        Index(
            "uq_import_run_running", "partner_id", "file_sha256", "map_sha256", unique=True,
            postgresql_where="state = 'RUNNING'",
        ),
        {"info": _SECRET},
    )  # fmt: skip
    partner_id: uuid.UUID = key("partner")
    file_name: str = words()
    file_sha256: str = symbol()
    map_sha256: str = symbol()
    state: str = symbol(default="RUNNING")
    atoms_done: int = Field(default=0)
    rows_done: int = Field(default=0)
    refused: int = Field(default=0)
    counts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    started_at: datetime = instant()
    updated_at: datetime = instant()


class ImportedTable(SQLModel, table=True):
    """What a partner's files last said about one record: its external id, and a digest of the cells behind it."""

    __tablename__ = "imported"
    __table_args__ = (one_of("kind", "ORDER", "ORDER_LINE", "SHIPMENT"), {"info": _SECRET})

    partner_id: uuid.UUID = Field(primary_key=True, foreign_key="partner.id")
    kind: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    record_id: uuid.UUID = key()
    digest: str = symbol()
