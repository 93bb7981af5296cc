"""What the commands on sharing rules take: that all are meant is said, never assumed."""

from __future__ import annotations

from datetime import datetime

import strawberry

from scmhub.graph.purposes import Purpose
from scmhub.records.sharing_rules.api import GranteeRole, ReadReceipts, ShareableKind

MOST_IDS = 1_000
"""Items, or sites, one rule may list."""


@strawberry.input(description="All of them, future ones included, or these; give exactly one field.", one_of=True)
class RuleExtentInput:
    all: bool | None = strawberry.field(description="True: every one, future ones included.", default=strawberry.UNSET)
    ids: list[strawberry.ID] | None = strawberry.field(
        description=f"1 to {MOST_IDS} ids, yours or ones you may see.", default=strawberry.UNSET
    )


@strawberry.input(description="To whom a rule opens records; give exactly one field.", one_of=True)
class RuleGranteeInput:
    id: strawberry.ID | None = strawberry.field(
        description="Id of a partner you have a relationship with.", default=strawberry.UNSET
    )
    code: str | None = strawberry.field(
        description="Code of a partner you have a relationship with.", default=strawberry.UNSET
    )
    role: GranteeRole | None = strawberry.field(
        description="Every partner that is this to you, now or later.", default=strawberry.UNSET
    )


@strawberry.input(description="A sharing rule to draft. It opens nothing before it is activated.")
class SharingRuleDraftInput:
    kind: ShareableKind = strawberry.field(description="Kind of your records it opens; never changes afterwards.")
    grantee: RuleGranteeInput = strawberry.field(description="To whom.")
    items: RuleExtentInput | None = strawberry.field(
        description="Of which items. Must be said for kinds whose records have an item.", default=None
    )
    sites: RuleExtentInput | None = strawberry.field(
        description="Of which sites. Must be said for kinds whose records have a site.", default=None
    )
    field_groups: list[str] = strawberry.field(
        description="Field groups it opens; [] opens what comes with every record. `stock` opens its values, "
        "`stock~band` only the bands its amounts lie in."
    )
    days_back: strawberry.Maybe[int | None] = strawberry.field(
        description="Days before today; null opens the past. Must be said for kinds whose records have a day.",
        default=None,
    )
    days_ahead: strawberry.Maybe[int | None] = strawberry.field(
        description="Days after today; null opens the future. Must be said for kinds whose records have a day.",
        default=None,
    )
    valid_from: datetime | None = strawberry.field(description="First instant; absent: now.", default=None)
    valid_until: datetime | None = strawberry.field(description="End; absent: open.", default=None)
    purposes: list[Purpose] | None = strawberry.field(
        description="It opens only to who reads for one of these; absent: for anything.", default=None
    )
    receipts: ReadReceipts | None = strawberry.field(
        description="Whether and how `accessLog` is told of reads under it; absent: it is not.", default=None
    )
    note: str | None = strawberry.field(description="Why, for your own people; at most 4000 characters.", default=None)


@strawberry.input(description="Changes of a rule. What is absent stays; new content makes it a DRAFT again.")
class SharingRuleReviseInput:
    sharing_rule: strawberry.ID = strawberry.field(description="Which of your rules.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    grantee: strawberry.Maybe[RuleGranteeInput] = strawberry.field(description="To whom.", default=None)
    items: strawberry.Maybe[RuleExtentInput] = strawberry.field(description="Of which items.", default=None)
    sites: strawberry.Maybe[RuleExtentInput] = strawberry.field(description="Of which sites.", default=None)
    field_groups: strawberry.Maybe[list[str]] = strawberry.field(
        description="Field groups it opens, such as `stock` or `stock~band`.", default=None
    )
    days_back: strawberry.Maybe[int | None] = strawberry.field(
        description="Days before today; null: open.", default=None
    )
    days_ahead: strawberry.Maybe[int | None] = strawberry.field(
        description="Days after today; null: open.", default=None
    )
    valid_from: strawberry.Maybe[datetime] = strawberry.field(description="First instant.", default=None)
    valid_until: strawberry.Maybe[datetime | None] = strawberry.field(description="End; null: open.", default=None)
    purposes: strawberry.Maybe[list[Purpose] | None] = strawberry.field(
        description="Only to who reads for one of these; null: for anything.", default=None
    )
    receipts: strawberry.Maybe[ReadReceipts | None] = strawberry.field(
        description="How `accessLog` is told of reads under it; null: it is not.", default=None
    )
    note: strawberry.Maybe[str | None] = strawberry.field(description="Why.", default=None)


@strawberry.input(description="A sharing rule to take a step with.")
class SharingRuleStepInput:
    sharing_rule: strawberry.ID = strawberry.field(description="Which of your rules.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
