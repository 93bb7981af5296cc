"""Tables of identity providers: a partner's own OpenID Connect issuer, in versions; one is in force."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, Column, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import Record, governed, instant, key, one_of, symbol


class IdentityProviderTable(Record, table=True):
    """An issuer that a partner's people log in at. An issuer in force belongs to one partner."""

    __tablename__ = "identity_provider"
    __table_args__ = (
        one_of("state", "DRAFT", "ACTIVE", "REMOVED"),
        Index("uq_identity_provider_issuer", "issuer", unique=True, postgresql_where="state = 'ACTIVE'"),
        Index("uq_identity_provider_partner", "partner_id", unique=True, postgresql_where="state = 'ACTIVE'"),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id", add="owner", write="select, insert, update"),
    )
    partner_id: uuid.UUID = key("partner")
    issuer: str = symbol()
    state: str = symbol(default="DRAFT")
    active_number: int | None = Field(default=None)
    """Which of its versions is in force."""
    version: int = Field(default=1)
    created_at: datetime = instant()


class ProviderVersionTable(Record, table=True):
    """How the hub is a client of the issuer, and which of its claims are roles; never changed, only followed."""

    __tablename__ = "identity_provider_version"
    __table_args__ = (
        UniqueConstraint("provider_id", "number"),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id", add="owner", write="select, insert, update"),
    )
    partner_id: uuid.UUID = key("partner")
    provider_id: uuid.UUID = key("identity_provider")
    number: int
    client_id: str = symbol()
    role_claim: str = symbol()
    mappings: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    """``value=ROLE``."""
    creates_people: bool
    created_at: datetime = instant()
    tested_at: datetime | None = instant(optional=True)


class ProviderSecretTable(SQLModel, table=True):
    """The hub's client secret at an issuer, sealed with a key of the hub secret."""

    __tablename__ = "identity_provider_secret"
    __table_args__ = (
        {"info": governed(owner="partner_id", add="owner", write="select, insert")["info"] | {"secret": True}},
    )
    version_id: uuid.UUID = Field(primary_key=True, sa_type=Uuid, foreign_key="identity_provider_version.id")
    partner_id: uuid.UUID = key("partner")
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
