"""What holds between two partners on a day: the clauses in force, and the hub's defaults where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode, parse_date
from scmhub.ids import parse_id
from scmhub.measures.exceptions import CRITERIA
from scmhub.partners import clauses
from scmhub.partners.clauses import Clause, Fences, ResponseTime, Tolerance, fitting
from scmhub.quantity import parse_decimal
from scmhub.records.relationships.agreement_api import InsideFrozen, ResponseSubject, ToleranceCriterion

_HELD = """
query($link: ID!, $on: Date!) {
  link: relationship(by: {id: $link}) { id }
  held: agreementVersions(first: 50, where: {
    relationship: {eq: $link}, state: {in: [SIGNED, SUPERSEDED, TERMINATED]}, inForceFrom: {lte: $on},
    or: [{inForceUntil: {gte: $on}}, {inForceUntil: {isNull: true}}]
  }) { nodes {
    id versionNo inForceFrom signedAt agreement { id }
    tolerances(first: 100) { nodes { id item { id } criterion allowed { value } grave { value } } }
    responseTimes(first: 100) { nodes { id subject days } }
    fences(first: 100) { nodes { id item { id } frozenDays firmDays flexibleDays insideFrozen } }
  } }
}
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


@strawberry.type(description="What holds between two partners on a day. Both sides get the same answer.")
class TermsInForce:
    on: date = strawberry.field(description="The day, in UTC.")
    versions: list[strawberry.ID] = strawberry.field(description="Ids of those in force, newest first; at most 50.")
    tolerances: list[ToleranceInForce] = strawberry.field(description="One for each criterion: agreed, or the default.")
    response_times: list[ResponseTimeInForce] = strawberry.field(description="Those agreed; else nothing is due.")
    fences: FencesInForce | None = strawberry.field(description="The agreed fences; null: nothing is frozen.")


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
    day = on or info.context["now"].date()
    found = await info.context["ask"](_HELD, {"link": relationship, "on": str(day)})
    if found["link"] is None:
        return None
    held = sorted(found["held"]["nodes"], key=lambda each: (each["inForceFrom"], each["signedAt"]))
    about = _key(item)
    return TermsInForce(
        on=day, versions=[strawberry.ID(each["id"]) for each in reversed(held)],
        tolerances=[_tolerance(name, held, about) for name in clauses.TOLERANCES],
        response_times=list(_response_times(held)), fences=_fences(held, about),
    )  # fmt: skip


def _key(given: str | None) -> UUID | None:
    parsed = parse_id(given) if given else None
    return parsed[1] if parsed else None


def _clause(version: dict[str, Any], node: dict[str, Any], terms: Any) -> Clause[Any]:
    item = node.get("item")
    return Clause(
        id=_some(node["id"]), agreement_id=_some(version["agreement"]["id"]), version_no=version["versionNo"],
        in_force_from=parse_date(version["inForceFrom"]), sellers=(), item_id=_key(item["id"]) if item else None,
        site_id=None, terms=terms,
    )  # fmt: skip


def _some(given: str) -> UUID:
    key = _key(given)
    assert key is not None
    return key


def _all(held: list[dict[str, Any]], name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    return ((version, node) for version in held for node in version[name]["nodes"])


def _tolerance(criterion: str, held: list[dict[str, Any]], item: UUID | None) -> ToleranceInForce:
    known = [
        _clause(version, node, Tolerance(node["criterion"], parse_decimal(node["allowed"]["value"]), _grave(node)))
        for version, node in _all(held, "tolerances")
    ]
    best = fitting(known, about=criterion, item=item)
    terms = best.terms if best else clauses.default_tolerance(criterion)
    return ToleranceInForce(
        criterion=ToleranceCriterion[criterion], allowed=terms.allowed, grave=terms.grave,
        unit=UnitCode(CRITERIA[criterion]), clause=strawberry.ID(f"clt_{best.id}") if best else None,
        version_no=best.version_no if best else None,
    )  # fmt: skip


def _grave(node: dict[str, Any]) -> Decimal | None:
    return parse_decimal(node["grave"]["value"]) if node["grave"] else None


def _response_times(held: list[dict[str, Any]]) -> Iterator[ResponseTimeInForce]:
    known = [
        _clause(version, node, ResponseTime(node["subject"], node["days"]))
        for version, node in _all(held, "responseTimes")
    ]
    for subject in ResponseSubject:
        best = fitting(known, about=subject.name)
        if best:
            yield ResponseTimeInForce(
                subject=subject, days=best.terms.days, clause=strawberry.ID(f"clr_{best.id}"),
                version_no=best.version_no,
            )  # fmt: skip


def _fences(held: list[dict[str, Any]], item: UUID | None) -> FencesInForce | None:
    known = [
        _clause(version, node, Fences(node["frozenDays"], node["firmDays"], node["flexibleDays"], node["insideFrozen"]))
        for version, node in _all(held, "fences")
    ]
    best = fitting(known, item=item)
    if best is None:
        return None
    return FencesInForce(
        frozen_days=best.terms.frozen_days, firm_days=best.terms.firm_days, flexible_days=best.terms.flexible_days,
        inside_frozen=InsideFrozen[best.terms.inside_frozen], clause=strawberry.ID(f"clf_{best.id}"),
        version_no=best.version_no,
    )  # fmt: skip
