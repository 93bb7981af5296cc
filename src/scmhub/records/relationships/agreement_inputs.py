"""What the commands on agreements take: each sort of clause has a shape of its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from scmhub.graph.scalars import UnitCode
from scmhub.records.relationships.agreement_api import (
    MOST_CLAUSES,
    InsideFrozen,
    ResponseSubject,
    ServiceDue,
    ServiceMeasure,
    ServicePeriod,
    ToleranceCriterion,
)

_ITEM = "An item of either side; leave it out for all."


@strawberry.input(description="How far off something may be before the hub opens an exception.")
class ToleranceClauseInput:
    criterion: ToleranceCriterion = strawberry.field(description="What for; by it, days or per cent are meant.")
    allowed: Decimal = strawberry.field(description="How far off is tolerated; at least 0.")
    grave: Decimal | None = strawberry.field(description="From here on it is HIGH; above `allowed`.", default=None)
    item: strawberry.ID | None = strawberry.field(description=_ITEM, default=None)


@strawberry.input(description="How long an answer may take.")
class ResponseClauseInput:
    subject: ResponseSubject = strawberry.field(description="An answer to what.")
    days: int = strawberry.field(description="Calendar days after the day of the question; 0 to 365.")


@strawberry.input(description="How much of an item there should be at a site; at least one of the three quantities.")
class StockPolicyClauseInput:
    item: strawberry.ID = strawberry.field(description="Of what: an item of either side.")
    site: strawberry.ID = strawberry.field(description="Where: a site of either side.")
    owner: strawberry.ID = strawberry.field(description="Whose stock: one of the two sides.")
    unit: UnitCode = strawberry.field(description="Unit of the quantities; it must fit the item.")
    minimum: Decimal | None = strawberry.field(description="The least there should be.", default=None)
    maximum: Decimal | None = strawberry.field(description="The most there should be.", default=None)
    target: Decimal | None = strawberry.field(description="What there should be.", default=None)


@strawberry.input(description="The least of a service measure that the provider owes in each period.")
class ServiceLevelClauseInput:
    measure: ServiceMeasure = strawberry.field(description="Which measure.")
    at_least: Decimal = strawberry.field(description="The least, in per cent; 0 to 100.")
    period: ServicePeriod = strawberry.field(description="How long the periods are in which it is judged.")
    due: ServiceDue | None = strawberry.field(
        description="Which quantity and day of a delivery count; needed for all but READY_RATE.", default=None
    )
    early_days: int | None = strawberry.field(
        description="How many days before that day are on time; 0 to 365. Leave it out for any.", default=None
    )
    late_days: int | None = strawberry.field(
        description="How many days after it are on time; 0 to 365. Needed for all but READY_RATE.", default=None
    )
    short_allowed: Decimal | None = strawberry.field(
        description="Per cent that may be missing of a delivery in full; 0 to 100. Needed for OTIF and ON_TIME.",
        default=None,
    )
    item: strawberry.ID | None = strawberry.field(
        description=f"{_ITEM} Needed for FILL_RATE and READY_RATE: quantities of different items do not add up.",
        default=None,
    )


@strawberry.input(description="Until when orders and plans are frozen, firm and flexible, in days from today.")
class FenceClauseInput:
    frozen_days: int = strawberry.field(description="Days of the frozen zone; 0: none. At most 730.")
    firm_days: int = strawberry.field(description="Day up to which plans are firm; not less than `frozenDays`.")
    flexible_days: int = strawberry.field(description="Day up to which they are flexible; not less than `firmDays`.")
    inside_frozen: InsideFrozen = strawberry.field(
        description="What happens to a change of an order inside the frozen zone.", default=InsideFrozen.REFUSED
    )
    item: strawberry.ID | None = strawberry.field(description=_ITEM, default=None)


@strawberry.input(description="One clause; give exactly one field.", one_of=True)
class ClauseInput:
    tolerance: ToleranceClauseInput | None = strawberry.field(description="A tolerance.", default=strawberry.UNSET)
    response_time: ResponseClauseInput | None = strawberry.field(
        description="A response time.", default=strawberry.UNSET
    )
    stock_policy: StockPolicyClauseInput | None = strawberry.field(
        description="A stock policy.", default=strawberry.UNSET
    )
    service_level: ServiceLevelClauseInput | None = strawberry.field(
        description="A service level.", default=strawberry.UNSET
    )
    fences: FenceClauseInput | None = strawberry.field(description="Fences.", default=strawberry.UNSET)


_CLAUSES = f"1 to {MOST_CLAUSES} clauses; no two that speak of the same."
_FROM = "First day on which it holds, in UTC; today or later."
_UNTIL = "Last day; leave it out for an open end."
_NOTICE = "Days between a termination and the earliest last day; at most 3,650."
_NOTE = "What else is agreed, in words; at most 4,000 characters. The hub does not act on it."
_REASON = "Why; the other side reads it. At most 4,000 characters."
_SIGNATORY = "The person who signs for you; the other side reads it. At most 200 characters."
_WHICH = "Which agreement."
_EXPECTED = "Its `version` as you know it."


@strawberry.input(description="An agreement to propose; with it you sign.")
class AgreementProposeInput:
    relationship: strawberry.ID = strawberry.field(description="An ACTIVE relationship of yours.")
    title: str = strawberry.field(description="What it is called; at most 200 characters.")
    in_force_from: date = strawberry.field(description=_FROM)
    in_force_until: date | None = strawberry.field(description=_UNTIL, default=None)
    notice_days: int = strawberry.field(description=_NOTICE, default=0)
    clauses: list[ClauseInput] = strawberry.field(description=_CLAUSES)
    note: str | None = strawberry.field(description=_NOTE, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    signatory: str | None = strawberry.field(description=_SIGNATORY, default=None)


@strawberry.input(description="The next version of an agreement, as a whole; with it you sign.")
class AgreementReviseInput:
    agreement: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_EXPECTED)
    in_force_from: date = strawberry.field(description=_FROM)
    in_force_until: date | None = strawberry.field(description=_UNTIL, default=None)
    notice_days: int = strawberry.field(description=_NOTICE, default=0)
    clauses: list[ClauseInput] = strawberry.field(description=_CLAUSES)
    note: str | None = strawberry.field(description=_NOTE, default=None)
    reason: str | None = strawberry.field(description=_REASON, default=None)
    signatory: str | None = strawberry.field(description=_SIGNATORY, default=None)


@strawberry.input(description="An agreement to sign: the version the other side proposed.")
class AgreementSignInput:
    agreement: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_EXPECTED)
    signatory: str | None = strawberry.field(description=_SIGNATORY, default=None)


@strawberry.input(description="An agreement whose open proposal comes to nothing.")
class AgreementStepInput:
    agreement: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_EXPECTED)
    reason: str | None = strawberry.field(description=_REASON, default=None)


@strawberry.input(description="An agreement to end.")
class AgreementTerminateInput:
    agreement: strawberry.ID = strawberry.field(description=_WHICH)
    expected_version: int = strawberry.field(description=_EXPECTED)
    last_day: date = strawberry.field(description="Its last day; today or later, after the agreed notice.")
    reason: str | None = strawberry.field(description=_REASON, default=None)


Text = AgreementProposeInput | AgreementReviseInput
