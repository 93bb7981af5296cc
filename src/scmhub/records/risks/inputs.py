"""What the commands on risks and disruptions take."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from scmhub.graph.values import MoneyInput
from scmhub.records.risks.api import DisruptionEffect, ForwardConsent, RootCause

MOST_RECIPIENTS, MOST_SUBJECTS = 50, 100


@strawberry.input(description="An entry for your risk register; about an item, a site, or both.")
class RiskRegisterInput:
    item: strawberry.ID | None = strawberry.field(description="An item of yours.", default=None)
    site: strawberry.ID | None = strawberry.field(description="A site of yours.", default=None)
    title: str = strawberry.field(description="What might happen; at most 200 characters.")
    cause: RootCause = strawberry.field(description="What would cause it.")
    likelihood: int = strawberry.field(description="How likely, from 1 to 5.")
    impact: int = strawberry.field(description="How bad, from 1 to 5.")
    impact_amount: MoneyInput | None = strawberry.field(description="How bad in money.", default=None)
    note: str | None = strawberry.field(description="More about it; at most 4,000 characters.", default=None)
    time_to_recover_days: int | None = strawberry.field(description="Days until full recovery.", default=None)
    mitigation: str | None = strawberry.field(description="What is done about it.", default=None)
    mitigation_owner: str | None = strawberry.field(description="Who does it; at most 200 characters.", default=None)
    mitigation_due_on: date | None = strawberry.field(description="By when.", default=None)
    review_on: date | None = strawberry.field(description="When it will be looked at again.", default=None)


@strawberry.input(description="Changes of a risk. What is absent stays, null clears.")
class RiskReviseInput:
    risk: strawberry.ID = strawberry.field(description="Which of your risks.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    title: strawberry.Maybe[str] = strawberry.field(description="What might happen.", default=None)
    cause: strawberry.Maybe[RootCause] = strawberry.field(description="What would cause it.", default=None)
    likelihood: strawberry.Maybe[int] = strawberry.field(description="How likely, from 1 to 5.", default=None)
    impact: strawberry.Maybe[int] = strawberry.field(description="How bad, from 1 to 5.", default=None)
    impact_amount: strawberry.Maybe[MoneyInput | None] = strawberry.field(description="In money.", default=None)
    note: strawberry.Maybe[str | None] = strawberry.field(description="More about it.", default=None)
    time_to_recover_days: strawberry.Maybe[int | None] = strawberry.field(
        description="Days until full recovery; given anew, it counts as declared today.", default=None
    )
    mitigation: strawberry.Maybe[str | None] = strawberry.field(description="What is done about it.", default=None)
    mitigation_owner: strawberry.Maybe[str | None] = strawberry.field(description="Who does it.", default=None)
    mitigation_due_on: strawberry.Maybe[date | None] = strawberry.field(description="By when.", default=None)
    review_on: strawberry.Maybe[date | None] = strawberry.field(description="When it is looked at again.", default=None)


@strawberry.input(description="A risk to take a step with.")
class RiskStepInput:
    risk: strawberry.ID = strawberry.field(description="Which of your risks.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    measure: str | None = strawberry.field(description="Of riskResolve: what resolved it.", default=None)


@strawberry.input(description="Something has happened, to be told to direct partners: each gets a notice of its own.")
class DisruptionReportInput:
    recipients: list[strawberry.ID] = strawberry.field(
        description="1 to 50 partners with whom you have an ACTIVE relationship; none learns of another."
    )
    cause: RootCause = strawberry.field(description="Leading root cause.")
    effect: DisruptionEffect = strawberry.field(description="What it does.")
    starts_at: datetime = strawberry.field(description="Since when.")
    expected_end_at: datetime | None = strawberry.field(description="Until when, as expected.", default=None)
    text: str = strawberry.field(description="What happened; at most 4,000 characters.")
    items: list[strawberry.ID] = strawberry.field(
        description="At most 100 items: yours go to all, a recipient's to that recipient only.", default_factory=list
    )
    sites: list[strawberry.ID] = strawberry.field(
        description="At most 100 sites: yours go to all, a recipient's to that recipient only.", default_factory=list
    )
    consent: ForwardConsent = strawberry.field(description="What recipients may pass on.", default=ForwardConsent.NONE)
    reference: str | None = strawberry.field(description="A key of your own, seen by you only.", default=None)


@strawberry.input(description="News about a disruption you sent; newer than the last.")
class DisruptionUpdateInput:
    disruption: strawberry.ID = strawberry.field(description="Which of your notices.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    text: str = strawberry.field(description="What is new; at most 4,000 characters.")
    as_of: datetime | None = strawberry.field(description="As of when; absent: now.", default=None)
    expected_end_at: strawberry.Maybe[datetime | None] = strawberry.field(
        description="Until when, as expected now; null: not known any more.", default=None
    )


@strawberry.input(description="A disruption you sent is over; so are forwards of it that follow their source.")
class DisruptionResolveInput:
    disruption: strawberry.ID = strawberry.field(description="Which of your notices.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    measure: str | None = strawberry.field(description="What resolved it; at most 4,000 characters.", default=None)


@strawberry.input(description="A notice you received, to be told to your own direct partners in your own words.")
class DisruptionForwardInput:
    disruption: strawberry.ID = strawberry.field(
        description="A notice you received; cause, effect and dates are copied."
    )
    recipients: list[strawberry.ID] = strawberry.field(
        description="1 to 50 partners with whom you have an ACTIVE relationship; none learns of another."
    )
    text: str = strawberry.field(description="Your own words; at most 4,000 characters.")
    items: list[strawberry.ID] = strawberry.field(
        description="At most 100 items: yours go to all, a recipient's to that recipient only.", default_factory=list
    )
    sites: list[strawberry.ID] = strawberry.field(
        description="At most 100 sites: yours go to all, a recipient's to that recipient only.", default_factory=list
    )
    name_origin: bool = strawberry.field(description="Whether it names the origin; needs NAMED consent.", default=False)
    consent: ForwardConsent = strawberry.field(
        description="What recipients may pass on; never more than you were allowed.", default=ForwardConsent.NONE
    )
    keep_source: bool = strawberry.field(description="Whether you keep, for yourself, what it forwards.", default=True)
    resolve_with_source: bool = strawberry.field(
        description="Whether it is resolved when its source is; needs `keepSource`.", default=True
    )
    reference: str | None = strawberry.field(description="A key of your own, seen by you only.", default=None)
