"""Tables of the machines that call: integrations, their credentials, and what may not be used again.

What proves a credential lies in ``credential_proof``, which ``hub_read`` cannot select: no plan can reach a secret, not
even its digest. Only the token endpoint reads it, acting for the partner that owns it.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, LargeBinary, String, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import Record, governed, instant, key, limit, one_of, symbol, words

ANY, TRUSTED = "ANY", "TRUSTED"
"""Which documents an integration may send: any, or registered ones only."""
_SECRET = {"secret": True}


def _secretly(**options: Any) -> dict[str, Any]:
    """A governed table that the read role may not select."""
    return {"info": governed(**options)["info"] | _SECRET}


class IntegrationTable(Record, table=True):
    """A machine of a partner; its OAuth client id is the public id of this row."""

    __tablename__ = "integration"
    __table_args__ = (
        one_of("state", "ACTIVE", "SUSPENDED"),
        one_of("documents", ANY, TRUSTED),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id", write="select, insert, update"),
    )
    partner_id: uuid.UUID = key("partner")
    name: str = words()
    documents: str = symbol(default=ANY)
    token_scopes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    purposes: list[str] | None = limit()
    kinds: list[str] | None = limit()
    state: str = symbol(default="ACTIVE")
    version: int = Field(default=1)
    grade: int = Field(default=1)
    """Counts the changes of what it may: tokens with the rights before stand on a grade that is barred."""
    created_at: datetime = instant()
    last_used_at: datetime | None = instant(optional=True)


class CredentialTable(Record, table=True):
    """One way an integration proves who it is; two are active while it rotates."""

    __tablename__ = "credential"
    __table_args__ = (
        one_of("kind", "SECRET", "PUBLIC_KEY"),
        Index(None, "partner_id", "id"),
        Index(None, "integration_id", "id"),
        governed(owner="partner_id", write="select, insert, update"),
    )
    partner_id: uuid.UUID = key("partner")
    integration_id: uuid.UUID = key("integration")
    kind: str = symbol()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(optional=True)
    last_used_at: datetime | None = instant(optional=True)


class CredentialProofTable(SQLModel, table=True):
    """What proves a credential: the SHA-256 of a 256-bit secret, or a public JWK as JSON."""

    __tablename__ = "credential_proof"
    __table_args__ = (
        CheckConstraint("(secret_sha256 is null) <> (public_jwk is null)", name="one_proof"),
        _secretly(owner="partner_id", write="select, insert"),
    )
    credential_id: uuid.UUID = Field(primary_key=True, sa_type=Uuid, foreign_key="credential.id")
    partner_id: uuid.UUID = key("partner")
    secret_sha256: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    public_jwk: str | None = symbol(optional=True)


class UsedAssertionTable(SQLModel, table=True):
    """A client assertion that was used; kept until it could not be used anyway."""

    __tablename__ = "used_assertion"
    __table_args__ = (Index(None, "expires_at"), {"info": _SECRET | {"write": "select, insert, delete"}})
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    expires_at: datetime = instant()


class RevokedTokenTable(SQLModel, table=True):
    """An access token that ended before its time; kept until it would have ended."""

    __tablename__ = "revoked_token"
    __table_args__ = (Index(None, "until"), {"info": {"write": "select, insert, delete"}})
    token_id: str = Field(primary_key=True)
    until: datetime = instant()
