"""What can be done about a relationship: propose, answer, suspend, resume, end."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import strawberry
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable
from scmhub.ids import new_id
from scmhub.partners.registry import with_code
from scmhub.partners.tables import PartnerTable, RelationshipTable
from scmhub.records.relationships import rules
from scmhub.records.relationships.agreement_commands import end_agreements
from scmhub.records.relationships.api import RelationshipKind
from scmhub.records.relationships.model import RelationshipEventTable
from scmhub.sharing.expansion import relationship_changed

STANDING = ("PROPOSED", "ACTIVE", "SUSPENDED")


@strawberry.enum(description="The two sides of a relationship.")
class RelationshipSide(Enum):
    PROVIDER = strawberry.enum_value("PROVIDER", description="Who provides.")
    RECIPIENT = strawberry.enum_value("RECIPIENT", description="Who receives.")


@strawberry.input(description="A relationship to propose.")
class RelationshipProposeInput:
    partner_code: str = strawberry.field(description="Code of the other partner. Codes are not secret.")
    kind: RelationshipKind = strawberry.field(description="What one does for the other.")
    my_side: RelationshipSide = strawberry.field(description="The side on which you stand.")


@strawberry.input(description="A relationship to take a step with.")
class RelationshipStepInput:
    relationship: strawberry.ID = strawberry.field(description="Which relationship.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@command(
    "relationshipPropose", payload="Relationship",
    description="Proposes a relationship; the other side answers. NOT_FOUND: no partner has this code, and since codes "
    "are not secret, the answer differs from the one for a code in use. DUPLICATE: one of this kind stands already.",
)  # fmt: skip
async def relationship_propose(unit: Unit, given: RelationshipProposeInput) -> UUID:
    other = await _partner_with(unit, given.partner_code)
    mine, theirs = unit.partner_id, other.id
    provider, recipient = (mine, theirs) if given.my_side is RelationshipSide.PROVIDER else (theirs, mine)
    standing = await unit.session.exec(
        select(RelationshipTable.id).where(
            RelationshipTable.provider_id == provider, RelationshipTable.recipient_id == recipient,
            RelationshipTable.kind == given.kind.name, col(RelationshipTable.state).in_(STANDING),
        )
    )  # fmt: skip
    taken = Refusal("DUPLICATE", "A relationship of this kind stands or is proposed already.", ["input", "kind"])
    taken.record = standing.first()
    if taken.record:
        raise taken
    relationship = RelationshipTable(
        id=new_id(unit.now), provider_id=provider, recipient_id=recipient, kind=given.kind.name, state="PROPOSED",
        proposed_by=mine, created_at=unit.now,
    )  # fmt: skip
    await take.add_unique(unit, relationship, taken)
    await _remember(unit, relationship)
    _tell(unit, relationship, "PROPOSED", ["kind", "state", "provider", "recipient", "proposedBy"])
    await relationship_changed(unit, relationship)
    return relationship.id


async def _partner_with(unit: Unit, code: str) -> PartnerTable:
    path = ["input", "partnerCode"]
    partner = await with_code(unit, code, path)
    if partner.status != "ACTIVE":
        raise Refusal("NOT_FOUND", "No partner has this code.", path)
    if partner.id == unit.partner_id:
        raise Refusal("INVALID", "This is your own code; a relationship has two sides.", path)
    return partner


def _tell(unit: Unit, relationship: RelationshipTable, action: str, changed: list[str]) -> None:
    unit.change("RELATIONSHIP", action, relationship.id, relationship.provider_id, [relationship.recipient_id], changed)


async def _remember(unit: Unit, relationship: RelationshipTable) -> None:
    """What happened, when and by whom: kept for ever."""
    sql = "select coalesce(max(event_no), 0) + 1 from relationship_event where relationship_id = $1"
    number = await unit.fetch(sql, relationship.id)
    unit.session.add(
        RelationshipEventTable(
            id=new_id(unit.now), relationship_id=relationship.id, event_no=number, state=relationship.state,
            by_id=unit.partner_id, at=unit.now,
        )
    )  # fmt: skip


async def _step(unit: Unit, given: RelationshipStepInput, step: str, action: str) -> UUID:
    """One step of the state machine by either side, with all that follows from it for the sharing rules."""
    relationship = await changeable(
        unit, RelationshipTable, "Relationship", given.relationship, given.expected_version, ["input", "relationship"],
        sides=("provider_id", "recipient_id"),
    )  # fmt: skip
    with take.about(relationship.id):
        proposer = relationship.proposed_by == unit.partner_id
        by_other = relationship.suspended_by not in (None, unit.partner_id)
        relationship.state = rules.after(relationship.state, step, proposer=proposer, suspended_by_other=by_other)
    changed = ["state"]
    suspended_by = unit.partner_id if step == "SUSPEND" else None
    if relationship.suspended_by != suspended_by:
        relationship.suspended_by = suspended_by
        changed.append("suspendedBy")
    if step == "ACCEPT":
        relationship.since = unit.now.date()
        changed.append("since")
    if step == "END":
        relationship.until = unit.now.date()
        changed.append("until")
    relationship.version += 1
    unit.session.add(relationship)
    await _remember(unit, relationship)
    _tell(unit, relationship, action, [*changed, "version"])
    if step == "END":
        await end_agreements(unit, relationship)
    await relationship_changed(unit, relationship)
    return relationship.id


@command("relationshipAccept", payload="Relationship", description="Agrees to a proposal of the other side.")
async def relationship_accept(unit: Unit, given: RelationshipStepInput) -> UUID:
    return await _step(unit, given, "ACCEPT", "ACCEPTED")


@command("relationshipDecline", payload="Relationship", description="Says no to a proposal of the other side.")
async def relationship_decline(unit: Unit, given: RelationshipStepInput) -> UUID:
    return await _step(unit, given, "DECLINE", "DECLINED")


@command(
    "relationshipSuspend", payload="Relationship",
    description="Stops new orders and whatever sharing rules open to the other side; both still read their past.",
)  # fmt: skip
async def relationship_suspend(unit: Unit, given: RelationshipStepInput) -> UUID:
    return await _step(unit, given, "SUSPEND", "SUSPENDED")


@command("relationshipResume", payload="Relationship", description="The side that suspended it makes it active again.")
async def relationship_resume(unit: Unit, given: RelationshipStepInput) -> UUID:
    return await _step(unit, given, "RESUME", "RESUMED")


@command(
    "relationshipEnd", payload="Relationship",
    description="Ends it for good, and with it the sharing rules that stood on it. Orders and shipments stay readable.",
)  # fmt: skip
async def relationship_end(unit: Unit, given: RelationshipStepInput) -> UUID:
    return await _step(unit, given, "END", "ENDED")
