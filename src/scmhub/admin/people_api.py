"""People, invitations and sessions as their partner's administrators and auditors see them; no secret is in them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.admin.me import Role
from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, one
from scmhub.identity.people_tables import InvitationTable, PersonTable, SessionTable
from scmhub.identity.viewer import Permission
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned


@strawberry.enum(description="Whether a person may log in.")
class PersonState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="May log in.")
    DEACTIVATED = strawberry.enum_value("DEACTIVATED", description="May not; stays in the list for the audit trail.")


@strawberry.enum(description="What became of an invitation.")
class InvitationState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="Its link works until `expiresAt`.")
    ACCEPTED = strawberry.enum_value("ACCEPTED", description="It made a person.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="Its link works no more.")


@strawberry.enum(description="How a session began.")
class SessionDoor(Enum):
    LOCAL = strawberry.enum_value("LOCAL", description="With the password of a local account.")
    PROVIDER = strawberry.enum_value("PROVIDER", description="At the partner's identity provider.")
    INVITATION = strawberry.enum_value("INVITATION", description="With the link of an invitation.")


@kind(
    PersonTable, prefix="per", policy=Owned(owner="partner_id"), single="person", plural="people",
    needs=Permission.ACCESS,
)  # fmt: skip
class Person:
    """Somebody who acts for your firm."""

    name: str = column(PUBLIC, "Their name.")
    email: str | None = column(PUBLIC, "Where to write to; no identity, and never what a login is matched by.")
    roles: list[Role] = column(PUBLIC, "What they may be here.")
    state: PersonState = column(PUBLIC, "Whether they may log in.")
    provider_subject: str | None = column(PUBLIC, "Their `sub` at your identity provider; null for a local account.")
    last_login_at: datetime | None = column(PUBLIC, "When they last logged in.")
    created_at: datetime = column(PUBLIC, "When they came.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    sessions = many("Session", "Their browsers, oldest first.", by="person_id")


@kind(
    InvitationTable, prefix="ivt", policy=Owned(owner="partner_id"), plural="invitations", needs=Permission.ACCESS
)
class Invitation:
    """A link that makes somebody a person of your firm, once; the link itself is kept nowhere."""

    name: str = column(PUBLIC, "Whom it is for.")
    email: str = column(PUBLIC, "Where it was sent; the account name they will log in with.")
    roles: list[Role] = column(PUBLIC, "What they will be.")
    state: InvitationState = column(PUBLIC, "What became of it.")
    created_at: datetime = column(PUBLIC, "When it was made.")
    expires_at: datetime = column(PUBLIC, "Until when its link works.")
    person = one("Person", PUBLIC, "Whom it made.", by="person_id")


@kind(
    SessionTable, prefix="ses", policy=Owned(owner="partner_id"), plural="sessions", needs=Permission.ACCESS,
)  # fmt: skip
class Session:
    """One browser in which a person is, or was, logged in."""

    person = one("Person", PUBLIC, "Whose it is.", by="person_id")
    door: SessionDoor = column(PUBLIC, "How it began.")
    authenticated_at: datetime = column(PUBLIC, "When they logged in.")
    last_seen_at: datetime = column(PUBLIC, "When it was last used, to the minute.")
    expires_at: datetime = column(PUBLIC, "When it ends at the latest.")
    ended_at: datetime | None = column(PUBLIC, "When it was ended: logout, other roles, an administrator.")
