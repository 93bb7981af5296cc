"""What one side writes about a relationship for itself, and what it tells the other that it wants."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import visible_key
from scmhub.graph.values import MoneyInput, QuantityInput
from scmhub.ids import new_id
from scmhub.partners import currencies, units
from scmhub.partners.tables import RelationshipTable
from scmhub.records.relationships import objectives
from scmhub.records.relationships.model import ObjectiveTable, RelationshipProfileTable
from scmhub.records.relationships.profile_api import ObjectiveAim, PartnershipType

_MEASURE = re.compile(r"[A-Z][A-Z0-9_]{0,39}", re.ASCII)


@strawberry.input(description="Your view of a relationship, as a whole: what is left out is not known.")
class RelationshipProfileSetInput:
    relationship: strawberry.ID = strawberry.field(description="A relationship of yours.")
    supply_risk: int | None = strawberry.field(description="Of your supplier: from 1 to 5.", default=None)
    profit_impact: int | None = strawberry.field(description="Of your supplier: from 1 to 5.", default=None)
    partnership: PartnershipType | None = strawberry.field(description="How close you take it to be.", default=None)
    review_on: date | None = strawberry.field(description="When you will look at it again.", default=None)
    segment: str | None = strawberry.field(description="Of your customer; at most 200 characters.", default=None)
    value: MoneyInput | None = strawberry.field(description="Of your customer.", default=None)
    potential: int | None = strawberry.field(description="Of your customer: from 1 to 5.", default=None)
    note: str | None = strawberry.field(description="More about it; at most 4,000 characters.", default=None)


@strawberry.input(description="What you want of a measure; the other side reads it.")
class ObjectiveSetInput:
    relationship: strawberry.ID = strawberry.field(description="An ACTIVE relationship of yours.")
    measure: str = strawberry.field(description="Code such as OTIF: capitals, digits and _; at most 40.")
    aim: ObjectiveAim = strawberry.field(description="Which way the target is meant.")
    target: QuantityInput = strawberry.field(
        description="The target; unit C62 for a count or a share of 1, DAY for days."
    )


async def _relationship(unit: Unit, given: str) -> RelationshipTable:
    key = await visible_key(unit, "Relationship", given, ["input", "relationship"])
    return (await unit.session.exec(select(RelationshipTable).where(RelationshipTable.id == key))).one()


@command(
    "relationshipProfileSet", payload="RelationshipProfile",
    description="Writes what you think of a relationship: the recipient on supply risk and profit impact, the provider "
    "on segment, value and potential, either on partnership and review. FORBIDDEN: what the other side writes. Nobody "
    "but you ever sees it.",
)  # fmt: skip
async def relationship_profile_set(unit: Unit, given: RelationshipProfileSetInput) -> UUID:
    link = await _relationship(unit, given.relationship)
    _check_side(given, provides=link.provider_id == unit.partner_id)
    values = {
        "supply_risk": _grade(given.supply_risk, "supplyRisk"),
        "profit_impact": _grade(given.profit_impact, "profitImpact"),
        "kraljic": objectives.kraljic(given.supply_risk, given.profit_impact),
        "partnership": given.partnership.name if given.partnership else None, "review_on": given.review_on,
        "segment": take.some_text(given.segment, take.NAME, ["input", "segment"]), **_money(given.value),
        "potential": _grade(given.potential, "potential"),
        "note": take.some_text(given.note, take.NOTE, ["input", "note"], lines=True),
    }  # fmt: skip
    found = await unit.session.exec(
        select(RelationshipProfileTable).where(
            RelationshipProfileTable.owner_id == unit.partner_id, RelationshipProfileTable.relationship_id == link.id
        ).with_for_update()
    )  # fmt: skip
    profile = found.first()
    if profile is None:
        profile = RelationshipProfileTable(
            id=new_id(unit.now), owner_id=unit.partner_id, relationship_id=link.id, version=0, updated_at=unit.now
        )
    for name, value in values.items():
        setattr(profile, name, value)
    profile.version += 1
    profile.updated_at = unit.now
    unit.session.add(profile)
    unit.change("RELATIONSHIP_PROFILE", "SET", profile.id, profile.owner_id, changed=["relationship", "version"])
    await unit.session.flush()
    return profile.id


def _check_side(given: RelationshipProfileSetInput, *, provides: bool) -> None:
    others = ("supply_risk", "profit_impact") if provides else ("segment", "value", "potential")
    for name in others:
        if getattr(given, name) is not None:
            field = {"supply_risk": "supplyRisk", "profit_impact": "profitImpact"}.get(name, name)
            side = "recipient" if provides else "provider"
            raise Refusal("FORBIDDEN", f"Only the {side} of a relationship writes this.", ["input", field])


def _grade(grade: int | None, field: str) -> int | None:
    if grade is not None and not 1 <= grade <= 5:
        raise Refusal("OUT_OF_RANGE", "It must lie between 1 (least) and 5 (most).", ["input", field])
    return grade


def _money(given: MoneyInput | None) -> dict[str, Decimal | str | None]:
    if given is None:
        return {"value_amount": None, "currency": None}
    return {
        "value_amount": take.not_negative(given.amount, ["input", "value", "amount"]),
        "currency": take.known(given.currency_code, currencies.currency, ["input", "value", "currencyCode"]),
    }


@command(
    "objectiveSet", payload="Objective",
    description="Tells the other side what you want of a measure, in place of what you wanted before.",
)  # fmt: skip
async def objective_set(unit: Unit, given: ObjectiveSetInput) -> UUID:
    link = await _relationship(unit, given.relationship)
    if link.state != "ACTIVE":
        raise Refusal("ILLEGAL_TRANSITION", f"The relationship is {link.state}, not ACTIVE.", ["input", "relationship"])
    if not _MEASURE.fullmatch(given.measure):
        raise Refusal("INVALID", "It must be capitals, digits and _, at most 40.", ["input", "measure"])
    target = take.not_negative(given.target.value, ["input", "target", "value"])
    code = take.known(given.target.unit, units.unit, ["input", "target", "unit"])
    other = link.recipient_id if link.provider_id == unit.partner_id else link.provider_id
    found = await unit.session.exec(
        select(ObjectiveTable).where(
            ObjectiveTable.owner_id == unit.partner_id, ObjectiveTable.relationship_id == link.id,
            ObjectiveTable.measure == given.measure,
        ).with_for_update()
    )  # fmt: skip
    objective = found.first() or ObjectiveTable(
        id=new_id(unit.now), owner_id=unit.partner_id, counterparty_id=other, relationship_id=link.id, version=0,
        measure=given.measure, aim=given.aim.name, target=target, unit=code, since=unit.now.date(), updated_at=unit.now,
    )  # fmt: skip
    objective.aim, objective.target, objective.unit = given.aim.name, target, code
    objective.since, objective.updated_at = unit.now.date(), unit.now
    objective.version += 1
    unit.session.add(objective)
    changed = ["measure", "aim", "target", "since", "version"]
    unit.change("OBJECTIVE", "SET", objective.id, objective.owner_id, [other], changed)
    await unit.session.flush()
    return objective.id
