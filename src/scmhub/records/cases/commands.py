"""What the two sides of a case do with it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import strawberry
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import REGISTRY, command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.ids import new_id, parse_id
from scmhub.partners.tables import RelationshipTable
from scmhub.records.cases import rules
from scmhub.records.cases.api import CaseSeverity, CaseTemplate
from scmhub.records.cases.model import CaseEntryTable, CaseReferenceTable, CaseTable

MOST_REFERENCES = 50


@strawberry.input(description="A case to open.")
class CaseOpenInput:
    counterparty: strawberry.ID = strawberry.field(description="Who has to settle it: in a relationship with you.")
    template: CaseTemplate = strawberry.field(description="What sort of matter it is.")
    severity: CaseSeverity = strawberry.field(description="How grave it is.")
    title: str = strawberry.field(description="What it is about; at most 200 characters.")
    text: str = strawberry.field(description="What is the matter; at most 4,000 characters.")
    due_on: date | None = strawberry.field(description="By when it is to be settled.", default=None)
    references: list[strawberry.ID] = strawberry.field(
        description="At most 50 records that you may see. The other side reads their ids.", default_factory=list
    )


@strawberry.input(description="A case to take a step with.")
class CaseStepInput:
    case: strawberry.ID = strawberry.field(description="Which case.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    text: str | None = strawberry.field(description="What you say about it; at most 4,000 characters.", default=None)


@strawberry.input(description="Something to say in a case; whatever its state and version.")
class CaseCommentInput:
    case: strawberry.ID = strawberry.field(description="Which case.")
    text: str = strawberry.field(description="What you say; at most 4,000 characters.")


@command(
    "caseOpen", payload="Case",
    description="Opens a case with a partner you have an ACTIVE or SUSPENDED relationship with.",
)  # fmt: skip
async def case_open(unit: Unit, given: CaseOpenInput) -> UUID:
    case = CaseTable(
        id=new_id(unit.now), opener_id=unit.partner_id, counterparty_id=await _counterparty(unit, given.counterparty),
        template=given.template.name, severity=given.severity.name, due_on=given.due_on, created_at=unit.now,
        title=take.text(given.title, take.NAME, ["input", "title"]), version=0,
    )  # fmt: skip
    text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
    references = await _references(unit, given.references)
    unit.session.add(case)
    await unit.session.flush()
    for record, kind in references.items():
        unit.session.add(CaseReferenceTable(id=new_id(unit.now), case_id=case.id, kind=kind, record=record))
    fields = ["template", "severity", "state", "title", "dueOn", "references"]
    await _keep(unit, case, "OPEN", text, "OPENED", fields)
    return case.id


async def _counterparty(unit: Unit, given: str) -> UUID:
    path = ["input", "counterparty"]
    other = await visible_key(unit, "Partner", given, path)
    if other == unit.partner_id:
        raise Refusal("INVALID", "A case has two sides.", path)
    mine, theirs = col(RelationshipTable.provider_id), col(RelationshipTable.recipient_id)
    between = ((mine == unit.partner_id) & (theirs == other)) | ((theirs == unit.partner_id) & (mine == other))
    states = col(RelationshipTable.state).in_(("ACTIVE", "SUSPENDED"))
    if (await unit.session.exec(select(RelationshipTable.id).where(between, states))).first() is None:
        raise Refusal("FORBIDDEN", "You need an ACTIVE or SUSPENDED relationship with it.", path)
    return other


async def _references(unit: Unit, given: list[strawberry.ID]) -> dict[str, str]:
    """Public id -> kind of records the opener may see; NOT_FOUND for any other text."""
    if len(given) > MOST_REFERENCES:
        raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_REFERENCES} of these.", ["input", "references"])
    found: dict[str, str] = {}
    for place, each in enumerate(given):
        path = ["input", "references", str(place)]
        parsed = parse_id(each)
        kind = REGISTRY.by_prefix.get(parsed[0]) if parsed else None
        if kind is None or kind.part_of:
            raise Refusal("NOT_FOUND", "There is no record with this id that you may see.", path)
        await visible_key(unit, kind.name, each, path)
        found[str(each)] = kind.name
    return found


async def _keep(unit: Unit, case: CaseTable, act: str, text: str | None, action: str, fields: list[str]) -> None:
    """The entry, and the case with it; both sides told."""
    said = await unit.session.exec(select(CaseEntryTable.id).where(CaseEntryTable.case_id == case.id))
    entry = CaseEntryTable(
        id=new_id(unit.now), case_id=case.id, entry_no=len(said.all()) + 1, act=act, author_id=unit.partner_id,
        text=text, recorded_at=unit.now,
    )  # fmt: skip
    case.version += 1
    unit.session.add_all([case, entry])
    unit.change("CASE", action, case.id, case.opener_id, [case.counterparty_id], [*fields, "entries", "version"])
    await unit.session.flush()


async def _mine(unit: Unit, given: str, expected_version: int | None) -> CaseTable:
    sides = ("opener_id", "counterparty_id")
    return await changeable(unit, CaseTable, "Case", given, expected_version, ["input", "case"], sides)


async def _step(unit: Unit, given: CaseStepInput, step: str, action: str) -> UUID:
    case = await _mine(unit, given.case, given.expected_version)
    side = "OPENER" if case.opener_id == unit.partner_id else "COUNTERPARTY"
    with take.about(case.id):
        state = rules.after(case.state, f"case{step.capitalize()}", side)
        text = take.some_text(given.text, take.NOTE, ["input", "text"], lines=True)
    case.state = state
    await _keep(unit, case, step, text, action, ["state"])
    return case.id


@command("caseAcknowledge", payload="Case", description="The counterparty has seen it.")
async def case_acknowledge(unit: Unit, given: CaseStepInput) -> UUID:
    return await _step(unit, given, "ACKNOWLEDGE", "ACKNOWLEDGED")


@command("caseStart", payload="Case", description="The counterparty works on it.")
async def case_start(unit: Unit, given: CaseStepInput) -> UUID:
    return await _step(unit, given, "START", "STARTED")


@command("caseResolve", payload="Case", description="The counterparty says that it is settled.")
async def case_resolve(unit: Unit, given: CaseStepInput) -> UUID:
    return await _step(unit, given, "RESOLVE", "RESOLVED")


@command("caseClose", payload="Case", description="The opener agrees that it is settled.")
async def case_close(unit: Unit, given: CaseStepInput) -> UUID:
    return await _step(unit, given, "CLOSE", "CLOSED")


@command("caseReopen", payload="Case", description="The opener does not agree, or it came back.")
async def case_reopen(unit: Unit, given: CaseStepInput) -> UUID:
    return await _step(unit, given, "REOPEN", "REOPENED")


@command("caseComment", payload="Case", description="Either side says something; it stays.")
async def case_comment(unit: Unit, given: CaseCommentInput) -> UUID:
    case = await _mine(unit, given.case, None)
    with take.about(case.id):
        text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
    await _keep(unit, case, "COMMENT", text, "COMMENTED", [])
    return case.id
