"""The Viewer: who calls, made once per request from a verified credential, immutable from then on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scmhub.sharing.lens import Lens

STEP_UP = timedelta(minutes=10)
"""How old a person's login may be for what is sensitive."""


class TokenScope(StrEnum):
    """What kind of operation a credential may start (OAuth scope; a *sharing* scope is something else)."""

    READ = "hub:read"
    WRITE = "hub:write"
    SUBSCRIBE = "hub:subscribe"
    ADMIN = "hub:admin"


class Permission(StrEnum):
    """What a caller may do with what is its partner's; *which* record it sees is policy."""

    READ = "READ"
    """Read and follow records."""
    WRITE = "WRITE"
    """Run commands on records."""
    RULES = "RULES"
    """Write sharing rules, and ask what they would do."""
    BLOCKS = "BLOCKS"
    """Keep two partners apart."""
    ACCESS = "ACCESS"
    """See who may call: people, sessions, integrations, identity providers; no secrets."""
    ADMIN = "ADMIN"
    """Change who may call."""
    AUDIT = "AUDIT"
    """Read the audit trail."""
    RECEIPTS = "RECEIPTS"
    """Read who read one's shared records."""
    REVIEWS = "REVIEWS"
    """Read access reviews."""
    PARTNERS = "PARTNERS"
    """Register and suspend partners, and turn the hub's signing keys: the hub's operator."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One verified caller."""

    lens: Lens
    subject: str
    """Who acts, for the audit trail and idempotency keys: ``integration:...`` or ``person:...``."""
    token_scopes: frozenset[TokenScope]
    token_id: str
    expires_at: datetime
    stands_on: frozenset[str] = frozenset()
    """Names (``partner:...``, ``token:...``, ...) of which none may be barred; see ``identity.barring``."""
    permissions: frozenset[Permission] = frozenset()
    """What role, token and kind of caller allow together; see ``identity.roles``."""
    roles: frozenset[str] = frozenset()
    """The roles of a person; none for others."""
    authenticated_at: datetime | None = None
    """When the person last proved who it is; None for machines."""
    session_id: UUID | None = None
    """The browser session, if the caller came with its cookie."""

    @property
    def is_person(self) -> bool:
        return self.subject.startswith("person:")

    def login_is_old(self, now: datetime) -> str | None:
        """What to tell a person whose login is too old for what is sensitive; None: it is not."""
        if self.authenticated_at is not None and now - self.authenticated_at <= STEP_UP:
            return None
        return f"This needs a login at most {STEP_UP.seconds // 60} minutes old: log in again."
