"""What holds between two partners on a day: the clauses in force, and the hub's defaults where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from scmhub.graph.declare import question
from scmhub.graph.families import rows_of
from scmhub.graph.scalars import UnitCode
from scmhub.ids import key_of, own_key, public_id
from scmhub.measures.exceptions import CRITERIA
from scmhub.partners import clauses
from scmhub.partners.clauses import (
    Clause,
    Fences,
    ResponseTime,
    Rows,
    ServiceLevel,
    Tolerance,
    clauses_in_force,
    fitting,
    versions_in_force,
)
from scmhub.records.relationships.agreement_api import (
    InsideFrozen,
    ResponseSubject,
    ServiceDue,
    ServiceMeasure,
    ServicePeriod,
    ToleranceCriterion,
)

_SIDES = """
query($link: ID!) { viewer { id } link: relationship(by: {id: $link}) { id provider { id } recipient { id } } }
"""
_CLAUSE = "The clause; null: the default of the hub, equal for everybody."
_VERSION = "Number of the version of the agreement that holds it; null for a default."


@strawberry.type(description="How far off something may be on that day.")
class ToleranceInForce:
    criterion: ToleranceCriterion = strawberry.field(description="What for.")
    allowed: Decimal = strawberry.field(description="How far off is tolerated.")
    grave: Decimal | None = strawberry.field(description="From here on it is HIGH.")
    unit: UnitCode = strawberry.field(description="Unit of both: DAY, or P1 for per cent.")
    clause: strawberry.ID | None = strawberry.field(description=_CLAUSE)
    version_no: int | None = strawberry.field(description=_VERSION)


@strawberry.type(description="How many days an answer may take, counted from that day.")
class ResponseTimeInForce:
    subject: ResponseSubject = strawberry.field(description="An answer to what.")
    days: int = strawberry.field(description="Calendar days after the day of the question.")
    clause: strawberry.ID = strawberry.field(description="The clause.")
    version_no: int = strawberry.field(description="Number of the version of the agreement that holds it.")


@strawberry.type(description="The fences of that day.")
class FencesInForce:
    frozen_days: int = strawberry.field(description="Days of the frozen zone.")
    firm_days: int = strawberry.field(description="Day up to which plans are firm.")
    flexible_days: int = strawberry.field(description="Day up to which plans are flexible.")
    inside_frozen: InsideFrozen = strawberry.field(description="What happens to a change inside the frozen zone.")
    clause: strawberry.ID = strawberry.field(description="The clause.")
    version_no: int = strawberry.field(description="Number of the version of the agreement that holds it.")


@strawberry.type(description="What service is owed in the period of that day.")
class ServiceLevelInForce:
    measure: ServiceMeasure = strawberry.field(description="Which measure.")
    at_least: Decimal = strawberry.field(description="The least, in per cent.")
    period: ServicePeriod = strawberry.field(description="How long the periods are in which it is judged.")
    due: ServiceDue | None = strawberry.field(
        description="Which quantity and day of a delivery count; null for READY_RATE."
    )
    early_days: int | None = strawberry.field(description="How many days before that day are on time; null: any.")
    late_days: int | None = strawberry.field(description="How many days after it are on time; null for READY_RATE.")
    short_allowed: Decimal | None = strawberry.field(
        description="Per cent that may be missing of a delivery in full; null where that is not measured."
    )
    clause: strawberry.ID = strawberry.field(description="The clause.")
    version_no: int = strawberry.field(description="Number of the version of the agreement that holds it.")


@strawberry.type(description="What holds between two partners on a day. Both sides get the same answer.")
class TermsInForce:
    on: date = strawberry.field(description="The day, in UTC.")
    versions: list[strawberry.ID] = strawberry.field(description="Ids of those in force, newest first; at most 50.")
    tolerances: list[ToleranceInForce] = strawberry.field(description="One for each criterion: agreed, or the default.")
    response_times: list[ResponseTimeInForce] = strawberry.field(description="Those agreed; else nothing is due.")
    fences: FencesInForce | None = strawberry.field(description="The agreed fences; null: nothing is frozen.")
    service_levels: list[ServiceLevelInForce] = strawberry.field(description="Those agreed; else none is owed.")


@question(
    "termsInForce",
    "What holds between the two sides of a relationship on a day: the clauses in force and, where nothing is agreed, "
    "the default tolerances. Null if there is no such relationship that you are a side of.",
    price=500,
)
async def terms_in_force(
    info: strawberry.Info,
    relationship: Annotated[strawberry.ID, strawberry.argument(description="Id of the relationship.")],
    on: Annotated[date | None, strawberry.argument(description="The day, in UTC; default: today.")] = None,
    item: Annotated[strawberry.ID | None, strawberry.argument(description="For this item; default: for all.")] = None,
) -> TermsInForce | None:
    day, rows = on or info.context["now"].date(), rows_of(info.context, "AGREEMENT")
    found = await info.context["ask"](_SIDES, {"link": relationship})
    sides = found["link"] and [found["link"][end]["id"] for end in ("provider", "recipient")]
    if not sides or found["viewer"]["id"] not in sides:
        return None
    link, one, other = (own_key(each) for each in (found["link"]["id"], *sides))
    held = await versions_in_force(rows, one, other, day)
    versions = [public_id("agv", each["id"]) for each in reversed(held) if each["relationship_id"] == link]
    terms = _Terms(rows, link, one, other, day)
    about = key_of("itm", item)
    tolerances, answers, fences, services = [
        await terms.of(kind) for kind in (Tolerance, ResponseTime, Fences, ServiceLevel)
    ]
    return TermsInForce(
        on=day, versions=[strawberry.ID(each) for each in versions],
        tolerances=[_tolerance(name, tolerances, about) for name in clauses.TOLERANCES],
        response_times=list(_response_times(answers)), fences=_fences(fences, about),
        service_levels=list(_service_levels(services, about)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the two sides of one relationship agreed in it, as of a day."""

    rows: Rows
    link: UUID
    one: UUID
    other: UUID
    day: date

    async def of(self, kind: type[Any]) -> list[Clause[Any]]:
        found = await clauses_in_force(self.rows, kind, self.one, self.other, self.day)
        return [each for each in found if each.relationship_id == self.link]


def _tolerance(criterion: str, known: list[Clause[Tolerance]], item: UUID | None) -> ToleranceInForce:
    best = fitting(known, about=criterion, item=item)
    terms = best.terms if best else clauses.default_tolerance(criterion)
    return ToleranceInForce(
        criterion=ToleranceCriterion[criterion], allowed=terms.allowed, grave=terms.grave,
        unit=UnitCode(CRITERIA[criterion]), clause=strawberry.ID(public_id("clt", best.id)) if best else None,
        version_no=best.version_no if best else None,
    )  # fmt: skip


def _response_times(known: list[Clause[ResponseTime]]) -> Iterator[ResponseTimeInForce]:
    for subject in ResponseSubject:
        best = fitting(known, about=subject.name)
        if best:
            yield ResponseTimeInForce(
                subject=subject, days=best.terms.days, clause=strawberry.ID(public_id("clr", best.id)),
                version_no=best.version_no,
            )  # fmt: skip


def _service_levels(known: list[Clause[ServiceLevel]], item: UUID | None) -> Iterator[ServiceLevelInForce]:
    for name in ServiceMeasure:
        best = fitting(known, about=name.name, item=item)
        if best:
            terms = best.terms
            yield ServiceLevelInForce(
                measure=name, at_least=terms.at_least, period=ServicePeriod[terms.period],
                due=ServiceDue[terms.due] if terms.due else None, early_days=terms.early_days,
                late_days=terms.late_days, short_allowed=terms.short_allowed,
                clause=strawberry.ID(public_id("clv", best.id)), version_no=best.version_no,
            )  # fmt: skip


def _fences(known: list[Clause[Fences]], item: UUID | None) -> FencesInForce | None:
    best = fitting(known, item=item)
    if best is None:
        return None
    return FencesInForce(
        frozen_days=best.terms.frozen_days, firm_days=best.terms.firm_days, flexible_days=best.terms.flexible_days,
        inside_frozen=InsideFrozen[best.terms.inside_frozen], clause=strawberry.ID(public_id("clf", best.id)),
        version_no=best.version_no,
    )  # fmt: skip
