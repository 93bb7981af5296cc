"""Integrations, their credentials and the audit trail as their partner sees them; a secret is in none of them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.feed import audit
from scmhub.feed.audit import AuditEntryTable
from scmhub.graph.declare import kind, question
from scmhub.graph.specs import column, days_since, many, one
from scmhub.identity.tables import CredentialTable, IntegrationTable
from scmhub.identity.viewer import Permission
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned


@strawberry.enum(description="Whether an integration may call.")
class IntegrationState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="It gets tokens.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="It gets none, and those it has do not work.")


@strawberry.enum(description="How a credential proves an integration.")
class CredentialKind(Enum):
    SECRET = strawberry.enum_value("SECRET", description="A client secret (client_secret_basic).")
    PUBLIC_KEY = strawberry.enum_value("PUBLIC_KEY", description="A key of its own (private_key_jwt).")


@strawberry.enum(description="Which documents an integration may send.")
class IntegrationDocuments(Enum):
    ANY = strawberry.enum_value("ANY", description="Any, within the limits.")
    TRUSTED = strawberry.enum_value(
        "TRUSTED", description="Those in `documents` only; others are refused unread (PERSISTED_QUERY_NOT_IN_LIST)."
    )


@kind(
    IntegrationTable,
    prefix="int",
    policy=Owned(owner="partner_id"),
    filters=("name", "state", "created_at", "last_used_at"),
    single="integration",
    plural="integrations",
    needs=Permission.ACCESS,
)
class Integration:
    """A machine of yours that calls the hub. Its id is its OAuth client id."""

    name: str = column(PUBLIC, "What you call it.")
    token_scopes: list[str] = column(PUBLIC, "What its tokens may do at most.")
    purposes: list[str] | None = column(PUBLIC, "What it may read for; null: for any purpose.")
    kinds: list[str] | None = column(PUBLIC, "Records of which kinds there are for it; null: all.")
    documents: IntegrationDocuments = column(PUBLIC, "Which documents it may send.")
    state: IntegrationState = column(PUBLIC, "Whether it may call.")
    created_at: datetime = column(PUBLIC, "When it was created.")
    last_used_at: datetime | None = column(PUBLIC, "When it last got a token, to the minute.")
    stale_for: int = days_since(
        "last_used_at", "created_at", "Whole days since it last got a token, or since it was created if it got none."
    )
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    credentials = many("Credential", "What proves it, oldest first.", by="integration_id")


@kind(CredentialTable, prefix="crd", policy=Owned(owner="partner_id"), plural="credentials", needs=Permission.ACCESS)
class Credential:
    """One way an integration proves who it is; the secret itself is kept nowhere."""

    kind: CredentialKind = column(PUBLIC, "How it proves the integration.")
    integration = one("Integration", PUBLIC, "Whose it is.", by="integration_id")
    created_at: datetime = column(PUBLIC, "When it was made.")
    expires_at: datetime = column(PUBLIC, "When it ends by itself.")
    revoked_at: datetime | None = column(PUBLIC, "When it was revoked.")
    last_used_at: datetime | None = column(PUBLIC, "When it last proved the integration, to the minute.")
    stale_for: int = days_since(
        "last_used_at", "created_at", "Whole days since it last proved the integration, or since it was made."
    )


@kind(
    AuditEntryTable, prefix="aud", policy=Owned(owner="partner_id"), plural="auditTrail", needs=Permission.AUDIT,
    filters=("at", "actor", "action", "subject"),
)  # fmt: skip
class AuditEntry:
    """One change of a right, made by your people or machines; sealed by the hash of the row before it."""

    seq: int = column(PUBLIC, "Its number in your chain, from 1.")
    at: datetime = column(PUBLIC, "When it was made.")
    actor: str = column(PUBLIC, "Who made it.")
    action: str = column(PUBLIC, "What was done.")
    subject: str = column(PUBLIC, "What it was done to.")
    reason: str | None = column(PUBLIC, "Why, in the words of who did it.")
    previous: str = column(PUBLIC, "Hash of the row before it, SHA-256 in hexadecimal.")
    hash: str = column(PUBLIC, "SHA-256 of `previous` and the row, in hexadecimal.")


@strawberry.type(description="Whether your audit trail is whole.")
class AuditVerification:
    intact: bool = strawberry.field(description="Whether every row fits, and every checkpoint.")
    rows: int = strawberry.field(description="How many rows fit.")
    broken_at: int | None = strawberry.field(description="Number of the first row that does not; null if all fit.")
    reason: str | None = strawberry.field(description="What is wrong with it.")


@question("auditVerify", "Walks your audit trail from its first row on.", needs=Permission.AUDIT, price=5_000)
async def audit_verify(info: strawberry.Info) -> AuditVerification:
    of = info.context["viewer"].lens.partner_id
    found = await audit.verify(info.context["reads"].rows, info.context["keys"](), of)
    return AuditVerification(intact=found.intact, rows=found.rows, broken_at=found.broken_at, reason=found.reason)


@strawberry.type(description="A place of your audit trail, signed by the hub: who keeps it finds every later rewrite.")
class AuditCheckpoint:
    seq: int = strawberry.field(description="Number of the row it stands at.")
    at: datetime = strawberry.field(description="When it was signed.")
    hash: str = strawberry.field(description="Hash of that row, SHA-256 in hexadecimal.")
    signed: str = strawberry.field(
        description="Partner, number, hash and time as a compact JWS; the hub's published keys verify it."
    )


@question(
    "auditCheckpoint", "The newest place of your audit trail that the hub has signed; null in its first hour.",
    needs=Permission.AUDIT,
)  # fmt: skip
async def audit_checkpoint(info: strawberry.Info) -> AuditCheckpoint | None:
    found = await audit.newest_checkpoint(info.context["reads"].rows, info.context["viewer"].lens.partner_id)
    return AuditCheckpoint(**found) if found else None
