"""Agreement, its versions, and one type for each sort of clause, as both sides see them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.specs import column, many, measured, one
from scmhub.partners import agreements as model
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned

MOST_CLAUSES = 100
POLICY = Owned(owner="provider_id", parties=("recipient_id",))
_NO = "Number within the version, from 1, over all sorts of clauses."
_ITEM = "The only item it is about; null: all. A clause for an item takes precedence over one for all."


@strawberry.enum(description="Where an agreement stands: what became of its newest version.")
class AgreementState(Enum):
    PROPOSED = strawberry.enum_value("PROPOSED", description="A version waits for the other side's answer.")
    DECLINED = strawberry.enum_value("DECLINED", description="Its newest version was declined; an older may hold.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="Its newest version was taken back; an older may hold.")
    SIGNED = strawberry.enum_value("SIGNED", description="Both signed; `inForceFrom` of the version says from when.")
    TERMINATED = strawberry.enum_value("TERMINATED", description="Over after its last day, for good.")


@strawberry.enum(description="Where a version of an agreement stands. Whether it is in force is a matter of its days.")
class AgreementVersionState(Enum):
    PROPOSED = strawberry.enum_value("PROPOSED", description="Waits for the other side's signature.")
    COUNTERED = strawberry.enum_value("COUNTERED", description="Answered by another version.")
    DECLINED = strawberry.enum_value("DECLINED", description="The other side said no.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="Taken back by who proposed it.")
    SIGNED = strawberry.enum_value("SIGNED", description="Both signed: holds from its first day to its last.")
    SUPERSEDED = strawberry.enum_value(
        "SUPERSEDED", description="Both signed a later version: holds up to the day before that one's first."
    )
    TERMINATED = strawberry.enum_value("TERMINATED", description="Terminated: holds up to its last day.")


@strawberry.enum(description="What a tolerance is agreed for.")
class ToleranceCriterion(Enum):
    LATE_ORDER = strawberry.enum_value("LATE_ORDER", description="Days behind the last promise.")
    EARLY_ORDER = strawberry.enum_value("EARLY_ORDER", description="Days before the promise.")
    RECEIPT_VARIANCE = strawberry.enum_value(
        "RECEIPT_VARIANCE", description="Quantity received over or under what was despatched, in per cent of that."
    )
    FORECAST_MISMATCH = strawberry.enum_value(
        "FORECAST_MISMATCH", description="Commit below the demand of a period, in per cent of the demand."
    )
    FROZEN_CHANGE = strawberry.enum_value(
        "FROZEN_CHANGE",
        description="Change of a forecast or an order inside the frozen fence, in per cent of what it was.",
    )
    STALE = strawberry.enum_value("STALE", description="Days since a forecast or a stock was last stated.")
    BELOW_TARGET = strawberry.enum_value("BELOW_TARGET", description="Stock below its target, in per cent of it.")
    SHORTAGE = strawberry.enum_value(
        "SHORTAGE",
        description="Projected stock below zero, in per cent of the demand. Judged for the owner of the stock, by the "
        "least that it agreed with whoever keeps or supplies it.",
    )
    EXCESS = strawberry.enum_value(
        "EXCESS", description="Projected stock above its maximum, in per cent of it. Judged as SHORTAGE."
    )


@strawberry.enum(description="What an answer is agreed for.")
class ResponseSubject(Enum):
    ORDER = strawberry.enum_value("ORDER", description="An order, or a proposal before the first agreement on it.")
    CHANGE = strawberry.enum_value("CHANGE", description="A change, or cancellation, asked for after that.")
    FORECAST = strawberry.enum_value("FORECAST", description="A commit to a new version of a forecast.")
    CASE = strawberry.enum_value("CASE", description="Settling a case that names no due day itself.")


@strawberry.enum(description="A measure of service.")
class ServiceMeasure(Enum):
    OTIF = strawberry.enum_value("OTIF", description="Share of the deliveries that came on time and in full.")
    FILL_RATE = strawberry.enum_value(
        "FILL_RATE", description="Share of the quantity due that came inside the window; of one item."
    )
    ON_TIME = strawberry.enum_value("ON_TIME", description="Share of the deliveries that came on time.")
    READY_RATE = strawberry.enum_value(
        "READY_RATE",
        description="Share of days that ended with stock, of one item that one side owns and the other keeps.",
    )


@strawberry.enum(description="How long the periods are in which a service level is judged.")
class ServicePeriod(Enum):
    WEEK = strawberry.enum_value("WEEK", description="Seven days from a Monday.")
    MONTH = strawberry.enum_value("MONTH", description="A calendar month.")
    QUARTER = strawberry.enum_value("QUARTER", description="Three calendar months, from January on.")


@strawberry.enum(description="Which quantity and day of a delivery count.")
class ServiceDue(Enum):
    REQUESTED = strawberry.enum_value("REQUESTED", description="What was asked for.")
    FIRST_PROMISE = strawberry.enum_value("FIRST_PROMISE", description="What both agreed first.")
    LAST_PROMISE = strawberry.enum_value("LAST_PROMISE", description="What both agreed last.")


@strawberry.enum(description="What happens to a change of an order inside the frozen fence.")
class InsideFrozen(Enum):
    REFUSED = strawberry.enum_value("REFUSED", description="It is refused.")
    MARKED = strawberry.enum_value("MARKED", description="It may be asked for; the revision says `insideFrozen`.")


@kind(
    model.AgreementTable, prefix="agr", policy=POLICY, single="agreement", plural="agreements",
    filters=("relationship", "state", "provider", "recipient"),
)  # fmt: skip
class Agreement:
    """What the two sides of a relationship agreed, through all versions. Nobody but the two ever sees it."""

    relationship = one("Relationship", PUBLIC, "The relationship it belongs to.", by="relationship_id")
    provider = one("Partner", PUBLIC, "Who provides in that relationship.", by="provider_id")
    recipient = one("Partner", PUBLIC, "Who receives.", by="recipient_id")
    title: str = column(PUBLIC, "What it is called.")
    state: AgreementState = column(PUBLIC, "Where it stands.")
    version_no: int = column(PUBLIC, "Number of the newest version, from 1.")
    versions = many("AgreementVersion", "Its versions, oldest first.", by="agreement_id", order="version_no")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    created_at: datetime = column(PUBLIC, "When it was first proposed.")


@kind(
    model.AgreementVersionTable, prefix="agv", policy=POLICY, plural="agreementVersions",
    filters=("agreement", "relationship", "state", "in_force_from", "in_force_until"), family="AGREEMENT",
)  # fmt: skip
class AgreementVersion:
    """One text of an agreement; never changed once proposed. It binds from its first day, if both have signed."""

    agreement = one("Agreement", PUBLIC, "The agreement.", by="agreement_id")
    relationship = one("Relationship", PUBLIC, "The relationship it belongs to.", by="relationship_id")
    version_no: int = column(PUBLIC, "Number within the agreement, from 1.")
    state: AgreementVersionState = column(PUBLIC, "Where it stands.")
    proposed_by = one("Partner", PUBLIC, "Who proposed it, and signed by that.", by="proposed_by")
    in_force_from: date = column(PUBLIC, "First day, in UTC, on which it holds once both have signed.")
    in_force_until: date | None = column(PUBLIC, "Last day, in UTC; null: open. A later version may bring it forward.")
    notice_days: int = column(PUBLIC, "Days between a termination and the earliest last day.")
    note: str | None = column(PUBLIC, "What else is agreed, in words; the hub does not act on it.")
    reason: str | None = column(PUBLIC, "Why it was proposed.")
    ending_reason: str | None = column(PUBLIC, "Why it was declined, withdrawn or terminated.")
    digest: str = column(PUBLIC, "SHA-256 of its text and clauses as canonical JSON (RFC 8785): what is signed.")
    proposed_at: datetime = column(PUBLIC, "When it was proposed.")
    signed_at: datetime | None = column(PUBLIC, "When the second side signed.")
    signatures = many("AgreementSignature", "Who signed it; two at most.", by="version_id", default=2)
    tolerances = many("ToleranceClause", "Tolerances.", by="version_id", order="clause_no", most=MOST_CLAUSES)
    response_times = many("ResponseClause", "Response times.", by="version_id", order="clause_no", most=MOST_CLAUSES)
    stock_policies = many("StockPolicyClause", "Stock policies.", by="version_id", order="clause_no", most=MOST_CLAUSES)
    service_levels = many(
        "ServiceLevelClause", "Service levels.", by="version_id", order="clause_no", most=MOST_CLAUSES
    )
    fences = many("FenceClause", "Fences.", by="version_id", order="clause_no", most=MOST_CLAUSES)


@kind(model.AgreementSignatureTable, prefix="asg", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class AgreementSignature:
    """One side's signature under a version."""

    partner = one("Partner", PUBLIC, "Who signed.", by="partner_id")
    signatory: str | None = column(PUBLIC, "The person who signed for it, as that side says.")
    digest: str = column(PUBLIC, "What was signed: the digest of the version.")
    signed_at: datetime = column(PUBLIC, "When.")


@kind(model.ToleranceClauseTable, prefix="clt", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class ToleranceClause:
    """How far off something may be before the hub opens an exception."""

    clause_no: int = column(PUBLIC, _NO)
    item = one("Item", PUBLIC, _ITEM, by="item_id")
    criterion: ToleranceCriterion = column(PUBLIC, "What for.")
    allowed = measured(PUBLIC, "How far off is tolerated: DAY, or P1 for per cent.", value="allowed")
    grave = measured(
        PUBLIC, "From here on it is HIGH; null: from the hub's own, or from `allowed` if that is more.", value="grave",
        nullable=True,
    )  # fmt: skip


@kind(model.ResponseClauseTable, prefix="clr", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class ResponseClause:
    """How long an answer may take: it sets the day by which it is due."""

    clause_no: int = column(PUBLIC, _NO)
    subject: ResponseSubject = column(PUBLIC, "An answer to what.")
    days: int = column(PUBLIC, "Calendar days, in UTC, after the day of the question.")


@kind(model.StockPolicyClauseTable, prefix="cls", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class StockPolicyClause:
    """How much of an item there should be at a site: counts where its owner has set no targets for the place."""

    clause_no: int = column(PUBLIC, _NO)
    item = one("Item", PUBLIC, "Of what.", by="item_id")
    site = one("Site", PUBLIC, "Where.", by="site_id")
    owner = one("Partner", PUBLIC, "Whose stock.", by="stock_owner_id")
    minimum = measured(PUBLIC, "The least there should be.", value="minimum", nullable=True)
    maximum = measured(PUBLIC, "The most there should be.", value="maximum", nullable=True)
    target = measured(PUBLIC, "What there should be.", value="target", nullable=True)


@kind(model.ServiceLevelClauseTable, prefix="clv", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class ServiceLevelClause:
    """The least of a service measure that the provider owes in each period; below it the hub opens an exception."""

    clause_no: int = column(PUBLIC, _NO)
    item = one("Item", PUBLIC, _ITEM, by="item_id")
    measure: ServiceMeasure = column(PUBLIC, "Which measure.")
    at_least = measured(PUBLIC, "The least; P1 (per cent).", value="at_least")
    period: ServicePeriod = column(PUBLIC, "How long the periods are in which it is judged.")
    due: ServiceDue | None = column(PUBLIC, "Which quantity and day of a delivery count; null for READY_RATE.")
    early_days: int | None = column(PUBLIC, "How many days before that day are on time; null: any.")
    late_days: int | None = column(PUBLIC, "How many days after it are on time; null for READY_RATE.")
    short_allowed: Decimal | None = column(
        PUBLIC, "Per cent that may be missing of a delivery in full; null where that is not measured."
    )


@kind(model.FenceClauseTable, prefix="clf", policy=POLICY, part_of=("AgreementVersion", "version_id"))
class FenceClause:
    """Until when orders and plans are frozen, firm and flexible, counted in days from the day of a change."""

    clause_no: int = column(PUBLIC, _NO)
    item = one("Item", PUBLIC, _ITEM, by="item_id")
    frozen_days: int = column(PUBLIC, "Days of the frozen zone: the hub acts on changes in it.")
    firm_days: int = column(PUBLIC, "Day up to which plans are firm; not less than `frozenDays`.")
    flexible_days: int = column(PUBLIC, "Day up to which plans are flexible; not less than `firmDays`.")
    inside_frozen: InsideFrozen = column(PUBLIC, "What happens to a change of an order inside the frozen zone.")


extend("Relationship", agreements=many("Agreement", "What the two sides agreed.", by="relationship_id"))
