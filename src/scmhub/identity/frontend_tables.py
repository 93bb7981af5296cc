"""Tables of partner frontends: the public clients, and what a person's login through one of them may be turned into.

A *login grant* is one login of one person through one frontend. Its code is used once; its refresh tokens follow each
other, each used once. Whoever shows a used one again has stolen it or was robbed of it: the whole grant ends.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Column, Index, LargeBinary, String
from sqlmodel import Field, SQLModel

from scmhub.database.tables import Record, governed, instant, key, one_of, symbol, words

_SECRET = {"info": governed(owner="partner_id")["info"] | {"secret": True}}


def _texts() -> Any:
    return Field(sa_column=Column(ARRAY(String(collation="C")), nullable=False))


class FrontendTable(Record, table=True):
    """A web page of a partner on an origin of its own; its OAuth client id is the public id of this row."""

    __tablename__ = "frontend"
    __table_args__ = (
        one_of("state", "ACTIVE", "SUSPENDED"),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id", write="select, insert, update"),
    )
    partner_id: uuid.UUID = key("partner")
    name: str = words()
    redirect_uris: list[str] = _texts()
    origins: list[str] = _texts()
    token_scopes: list[str] = _texts()
    state: str = symbol(default="ACTIVE")
    version: int = Field(default=1)
    created_at: datetime = instant()
    last_used_at: datetime | None = instant(optional=True)


class LoginGrantTable(Record, table=True):
    """One login of a person through a frontend, until it ends by itself or is ended."""

    __tablename__ = "login_grant"
    __table_args__ = (Index(None, "partner_id", "id"), governed(owner="partner_id"))
    partner_id: uuid.UUID = key("partner")
    frontend_id: uuid.UUID = key("frontend")
    subject: str = symbol()
    token_scopes: list[str] = _texts()
    authenticated_at: datetime = instant()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    ended_at: datetime | None = instant(optional=True)


class AuthorizationCodeTable(SQLModel, table=True):
    """The SHA-256 of a code, and what it was asked with."""

    __tablename__ = "authorization_code"
    __table_args__ = (Index(None, "grant_id"), _SECRET)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    partner_id: uuid.UUID = key("partner")
    grant_id: uuid.UUID = key("login_grant")
    redirect_uri: str = symbol()
    code_challenge: str = symbol()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class RefreshTokenTable(SQLModel, table=True):
    """The SHA-256 of a refresh token."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index(None, "grant_id"), _SECRET)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    partner_id: uuid.UUID = key("partner")
    grant_id: uuid.UUID = key("login_grant")
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)
