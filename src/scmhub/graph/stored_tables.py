"""The table of registered documents."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, Column, Index, String
from sqlmodel import Field

from scmhub.database.tables import Record, governed, instant, key, one_of, symbol, words

REGISTERED, RETIRED = STATES = ("REGISTERED", "RETIRED")


class StoredDocumentTable(Record, table=True):
    """A document that a partner's clients may send by its hash; ``answers_until`` is set when it is retired."""

    __tablename__ = "stored_document"
    __table_args__ = (
        one_of("state", *STATES),
        Index(None, "partner_id", "sha256", unique=True),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id"),
    )
    partner_id: uuid.UUID = key("partner")
    sha256: str = symbol()
    name: str = words()
    text: str = words()
    operations: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    cost: int = Field()
    state: str = symbol(default=REGISTERED)
    registered_by: str = symbol()
    created_at: datetime = instant()
    answers_until: datetime | None = instant(optional=True)
    last_used_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
