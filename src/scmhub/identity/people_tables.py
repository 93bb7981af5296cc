"""Tables of the people who call: persons, invitations, local accounts, browser sessions.

As with machines, what proves something (a password, a cookie, an invitation's link) lies in tables that ``hub_read``
cannot select. They are found by a digest before anybody is known, so they belong to no partner; they hold keys only.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import HUB_PARTNER, OF_THE_HUB, Record, governed, instant, key, one_of, symbol, words

_ROLES = "roles <@ array['READER','PLANNER','STEWARD','ADMIN','AUDITOR','OPERATOR']::varchar[] and roles <> '{}'"


def _own(**more: Any) -> dict[str, Any]:
    """Governed rows that the operator may have too: its own people log in like anybody's."""
    found = governed(owner="partner_id", add="owner", write="select, insert, update")["info"]
    return {"info": found | {OF_THE_HUB: True} | more}


def _roles() -> Any:
    return Field(sa_column=Column(ARRAY(String), nullable=False))


class PersonTable(Record, table=True):
    """Somebody who acts for one partner. At an identity provider: (provider, subject there), never an e-mail."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("state", "ACTIVE", "DEACTIVATED"),
        CheckConstraint(_ROLES, name="roles"),
        CheckConstraint("(provider_id is null) = (provider_subject is null)", name="provider"),
        CheckConstraint(f"('OPERATOR' = any (roles)) <= (partner_id = '{HUB_PARTNER}')", name="operator"),
        UniqueConstraint("provider_id", "provider_subject"),
        Index(None, "partner_id", "id"),
        _own(),
    )
    partner_id: uuid.UUID = key("partner")
    name: str = words()
    email: str | None = words(optional=True)
    roles: list[str] = _roles()
    state: str = symbol(default="ACTIVE")
    provider_id: uuid.UUID | None = key(optional=True)
    provider_subject: str | None = symbol(optional=True)
    last_login_at: datetime | None = instant(optional=True)
    version: int = Field(default=1)
    grade: int = Field(default=1)
    """Counts the changes of roles: whoever called with the roles before stands on a grade that is barred."""
    created_at: datetime = instant()


class InvitationTable(Record, table=True):
    """A link that makes somebody a person of a partner, once."""

    __tablename__ = "invitation"
    __table_args__ = (
        one_of("state", "OPEN", "ACCEPTED", "WITHDRAWN"),
        CheckConstraint(_ROLES, name="roles"),
        CheckConstraint(f"('OPERATOR' = any (roles)) <= (partner_id = '{HUB_PARTNER}')", name="operator"),
        Index(None, "partner_id", "id"),
        _own(),
    )
    partner_id: uuid.UUID = key("partner")
    name: str = words()
    email: str = words()
    roles: list[str] = _roles()
    state: str = symbol(default="OPEN")
    created_at: datetime = instant()
    expires_at: datetime = instant()
    bootstrap: bool = False
    """It makes the hub's first operator, and only the first."""
    person_id: uuid.UUID | None = key("person", optional=True)


class InvitationProofTable(SQLModel, table=True):
    """SHA-256 of an invitation's 256-bit token."""

    __tablename__ = "invitation_proof"
    __table_args__ = ({"info": {"secret": True, "write": "select, insert, delete"}},)
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    invitation_id: uuid.UUID = key("invitation")
    partner_id: uuid.UUID = key("partner")


class LocalAccountTable(SQLModel, table=True):
    """A password, where the partner has no identity provider. ``account`` is unique within the partner."""

    __tablename__ = "local_account"
    __table_args__ = (
        UniqueConstraint("partner_id", "account"),
        {"info": _own(write="select, insert, update, delete")["info"] | {"secret": True}},
    )
    person_id: uuid.UUID = Field(primary_key=True, sa_type=Uuid, foreign_key="person.id")
    partner_id: uuid.UUID = key("partner")
    account: str = symbol()
    password: str = symbol()
    """argon2id with its parameters, in PHC form."""


class SessionTable(Record, table=True):
    """One browser of a person, from login to logout, half an hour of silence or eight hours."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("door", "LOCAL", "PROVIDER", "INVITATION"),
        Index(None, "partner_id", "id"),
        Index(None, "person_id", "id"),
        _own(),
    )
    partner_id: uuid.UUID = key("partner")
    person_id: uuid.UUID = key("person")
    door: str = symbol()
    authenticated_at: datetime = instant()
    last_seen_at: datetime = instant()
    expires_at: datetime = instant()
    ended_at: datetime | None = instant(optional=True)


class SessionProofTable(SQLModel, table=True):
    """SHA-256 of a session's cookie."""

    __tablename__ = "session_proof"
    __table_args__ = (Index(None, "until"), {"info": {"secret": True, "write": "select, insert, delete"}})
    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    session_id: uuid.UUID = key("session")
    partner_id: uuid.UUID = key("partner")
    until: datetime = instant()


class BarredNameTable(SQLModel, table=True):
    """A name that nobody may stand on until then: for what has no row of its own that says so."""

    __tablename__ = "barred_name"
    __table_args__ = (Index(None, "until"), {"info": {"write": "select, insert, delete"}})
    name: str = Field(primary_key=True)
    until: datetime = instant()
