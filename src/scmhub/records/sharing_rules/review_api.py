"""AccessReview and its lines, as the owner's stewards and auditors see them; nobody else ever does."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, one
from scmhub.identity.viewer import Permission
from scmhub.records.sharing_rules.api import GranteeRole, ShareableKind
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned
from scmhub.sharing.reviews import AccessReviewLineTable, AccessReviewTable

_OWN = Owned(owner="owner_id")
_WHO = "as the audit trail names it"


@strawberry.enum(description="Where an access review stands.")
class AccessReviewState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="Its lines are being attested. It is never closed by the clock.")
    CLOSED = strawberry.enum_value("CLOSED", description="Over: what was to be revoked is. Kept as history.")


@strawberry.enum(description="Where a line of an access review stands. In a closed review it stays as it was.")
class AccessReviewLineState(Enum):
    PENDING = strawberry.enum_value("PENDING", description="Nobody has said anything of it; it stays as it is.")
    ATTESTED = strawberry.enum_value("ATTESTED", description="A steward has decided, about it as it is.")
    CHANGED = strawberry.enum_value(
        "CHANGED", description="It has changed since it was listed or attested: look again. No decision counts."
    )
    GONE = strawberry.enum_value("GONE", description="It was revoked by other means: nothing to attest.")


@strawberry.enum(description="What a line of an access review is about.")
class AccessReviewSubject(Enum):
    RULE = strawberry.enum_value("RULE", description="A sharing rule; REVOKE revokes it.")
    INTEGRATION = strawberry.enum_value("INTEGRATION", description="An integration; REVOKE suspends it.")
    PERSON = strawberry.enum_value(
        "PERSON", description="One role of a person; REVOKE takes it. Who has no role left is deactivated."
    )


@strawberry.enum(description="What a steward decides of a line.")
class AccessReviewDecision(Enum):
    KEEP = strawberry.enum_value("KEEP", description="It stays.")
    REVOKE = strawberry.enum_value("REVOKE", description="It is revoked, for good, when the review is closed.")


@kind(AccessReviewTable, prefix="arv", policy=_OWN, single="accessReview", plural="accessReviews",
      filters=("state", "started_at", "due_at", "closed_at"), needs=Permission.REVIEWS)  # fmt: skip
class AccessReview:
    """One round of looking through your sharing rules, or who may call. For your stewards and auditors only."""

    state: AccessReviewState = column(PUBLIC, "Where it stands.")
    reason: str = column(PUBLIC, "Why it was started, in your words.")
    started_by: str = column(PUBLIC, f"Who started it, {_WHO}.")
    started_at: datetime = column(PUBLIC, "When it was started; it lists the rules that stood then.")
    due_at: datetime = column(PUBLIC, "From when on it may be closed with lines that nobody attested.")
    lines = many("AccessReviewLine", "What it lists.", by="review_id", order="line_no")
    closed_by: str | None = column(PUBLIC, f"Who closed it, {_WHO}; null while it is OPEN.")
    closed_at: datetime | None = column(PUBLIC, "When it was closed.")
    close_reason: str | None = column(PUBLIC, "What was said on closing it.")
    revoked: int | None = column(PUBLIC, "How many lines were revoked on closing it; null while it is OPEN.")
    unattested: int | None = column(
        PUBLIC,
        "How many lines were PENDING or CHANGED on closing it: they were left as they are. Null while OPEN.",
    )
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")


@kind(AccessReviewLineTable, prefix="arl", policy=_OWN, single="accessReviewLine", plural="accessReviewLines",
      filters=("review", "state", "decision", "about", "kind", "grantee", "last_used_at"),
      needs=Permission.REVIEWS)  # fmt: skip
class AccessReviewLine:
    """One rule, integration or person's role as it stood when a review was started, and what was decided.

    Seen as the review is.
    """

    review = one("AccessReview", PUBLIC, "The review it is a line of.", by="review_id")
    line_no: int = column(PUBLIC, "Number within the review, from 1; oldest rules first.")
    sharing_rule = one(
        "SharingRule", PUBLIC, "The rule as it is now; to ask for it takes the permission `READ`.", by="rule_id"
    )
    about: AccessReviewSubject = column(PUBLIC, "What it is about.")
    subject_version: int = column(
        PUBLIC, "Version of the rule when it was listed; of an integration or person it counts the changes of rights."
    )
    name: str | None = column(PUBLIC, "Name of the integration or person; null for a rule.")
    role: str | None = column(PUBLIC, "Which role of the person; null for others.")
    token_scopes: list[str] | None = column(PUBLIC, "What the integration's tokens may do; null for others.")
    purposes: list[str] | None = column(PUBLIC, "What the integration may read for; null: for any purpose.")
    kinds: list[str] | None = column(PUBLIC, "Records of which kinds there are for the integration; null: all.")
    expires_at: datetime | None = column(
        PUBLIC, "When the first of the integration's credentials ended by itself, as things stood then."
    )
    stale_days: int | None = column(
        PUBLIC, "Whole days since the integration last got a token, or was created if it got none, as of the start."
    )
    kind: ShareableKind | None = column(PUBLIC, "Kind of records the rule opened then; null for others.")
    grantee = one("Partner", PUBLIC, "The partner it opened them to; null if it named a role.", by="grantee_id")
    grantee_role: GranteeRole | None = column(PUBLIC, "The role it named; null for a partner.")
    field_groups: list[str] | None = column(PUBLIC, "Field groups the rule opened; null for others.")
    activated_by: str | None = column(PUBLIC, f"Who had put it into force last, {_WHO}; null: that was not audited.")
    activated_at: datetime | None = column(PUBLIC, "When it was put into force last.")
    last_used_at: datetime | None = column(
        PUBLIC,
        "When somebody last read under the rule, in the year before (null: nobody, or it asks for no receipts), the "
        "integration last got a token, or the person last logged in.",
    )
    state: AccessReviewLineState = column(PUBLIC, "Where it stands.")
    decision: AccessReviewDecision | None = column(PUBLIC, "What was decided last; it counts while ATTESTED.")
    attested_version: int | None = column(PUBLIC, "Version of the rule that was looked at.")
    attested_by: str | None = column(PUBLIC, f"Who decided, {_WHO}.")
    attested_at: datetime | None = column(PUBLIC, "When it was decided.")
    reason: str | None = column(PUBLIC, "Why it was decided so.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
