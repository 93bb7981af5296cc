"""What the commands of access reviews take."""

from __future__ import annotations

from datetime import datetime

import strawberry

from scmhub.graph.reason import MOST
from scmhub.records.sharing_rules.api import ShareableKind
from scmhub.records.sharing_rules.review_api import AccessReviewDecision, AccessReviewSubject

_REASON = f"Why, for yourselves and the audit trail; at most {MOST} characters."


@strawberry.input(description="A review of your sharing rules, or of who may call, to start.")
class AccessReviewStartInput:
    due_at: datetime = strawberry.field(
        description="By when every line is to be attested; after now, at most 366 days ahead."
    )
    about: list[AccessReviewSubject] = strawberry.field(
        description="What to list: rules, integrations, roles of people. Default: rules.",
        default_factory=lambda: [AccessReviewSubject.RULE],
    )
    kinds: list[ShareableKind] | None = strawberry.field(
        description="Only rules that open records of these kinds. Absent: all your rules.", default=None
    )
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="What you decide of one line of an open review.")
class AccessReviewAttestInput:
    access_review_line: strawberry.ID = strawberry.field(description="Which line.")
    expected_version: int = strawberry.field(description="The line's `version` as you know it.")
    subject_version: int = strawberry.field(
        description="`version` of its rule, or `subjectVersion` of a line about others, as you looked at it. CONFLICT "
        "if it has moved on: look at it again."
    )
    decision: AccessReviewDecision = strawberry.field(description="Whether the rule stays.")
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="A review to close.")
class AccessReviewCloseInput:
    access_review: strawberry.ID = strawberry.field(description="Which of your reviews.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    reason: str = strawberry.field(description=_REASON)
