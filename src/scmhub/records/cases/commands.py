"""What the two sides of a case do with it: open it, move it, talk, agree who does what, raise it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import strawberry
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import REGISTRY, command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.ids import new_id, parse_id
from scmhub.partners.clauses import ResponseTime, clause_in_force
from scmhub.partners.tables import RelationshipTable
from scmhub.records.cases import rules
from scmhub.records.cases.api import CaseSeverity, CaseTemplate
from scmhub.records.cases.breach_model import BreachTable
from scmhub.records.cases.model import CaseReferenceTable, CaseStepTable, CaseTable
from scmhub.records.cases.words import Word, begin, escalate, keep

MOST_REFERENCES = 50
MOST_STEPS = 100


@strawberry.input(description="A case to open.")
class CaseOpenInput:
    counterparty: strawberry.ID = strawberry.field(description="Who has to settle it: in a relationship with you.")
    template: CaseTemplate = strawberry.field(description="What sort of matter it is.")
    severity: CaseSeverity = strawberry.field(description="How grave it is.")
    title: str = strawberry.field(description="What it is about; at most 200 characters.")
    text: str = strawberry.field(description="What is the matter; at most 4,000 characters.")
    due_on: date | None = strawberry.field(
        description="By when it is to be settled; left out, it follows from the response time the two have agreed for "
        "a CASE, if one is in force.",
        default=None,
    )
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


@strawberry.input(description="What the opener wants otherwise; at least one of the two.")
class CaseReviseInput:
    case: strawberry.ID = strawberry.field(description="Which case; you opened it.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    severity: CaseSeverity | None = strawberry.field(
        description="How grave it is; not of a breach, whose severity is computed.", default=None
    )
    due_on: date | None = strawberry.field(description="By when it is to be settled; today or later.", default=None)
    text: str | None = strawberry.field(description="Why; at most 4,000 characters.", default=None)


@strawberry.input(description="A record that a case shall point at as well.")
class CaseReferInput:
    case: strawberry.ID = strawberry.field(description="Which case.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    reference: strawberry.ID = strawberry.field(
        description="A record that you may see; the other side reads its id. At most 50 in a case."
    )


@strawberry.input(description="Something to be done in a case.")
class CaseStepAddInput:
    case: strawberry.ID = strawberry.field(description="Which case.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    what: str = strawberry.field(description="What is to be done; at most 200 characters. At most 100 steps in a case.")
    owner: strawberry.ID = strawberry.field(description="Who is to do it: one of the two sides.")
    due_on: date | None = strawberry.field(description="By when.", default=None)


@strawberry.input(description="A step that was done.")
class CaseStepDoneInput:
    case: strawberry.ID = strawberry.field(description="Which case.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    step_no: int = strawberry.field(description="Which step; you are its owner.")
    text: str | None = strawberry.field(description="What you say about it; at most 4,000 characters.", default=None)


@command(
    "caseOpen", payload="Case",
    description="Opens a case with a partner you have an ACTIVE or SUSPENDED relationship with.",
)  # fmt: skip
async def case_open(unit: Unit, given: CaseOpenInput) -> UUID:
    other = await _counterparty(unit, given.counterparty)
    case = CaseTable(
        id=new_id(unit.now), opener_id=unit.partner_id, counterparty_id=other, template=given.template.name,
        severity=given.severity.name, due_on=given.due_on or await _agreed_due(unit, other), created_at=unit.now,
        title=take.text(given.title, take.NAME, ["input", "title"]), version=0,
    )  # fmt: skip
    text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
    references = await _references(unit, given.references)
    unit.session.add(case)
    await unit.session.flush()
    for record, kind in references.items():
        unit.session.add(CaseReferenceTable(id=new_id(unit.now), case_id=case.id, kind=kind, record=record))
    fields = ["template", "severity", "state", "title", "dueOn", "references"]
    begin(unit, case, Word("OPEN", text), fields)
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


async def _agreed_due(unit: Unit, other: UUID) -> date | None:
    """The day by which the two have agreed to settle a case that is opened today."""
    today = unit.now.date()
    found = await clause_in_force(unit.rows, ResponseTime, unit.partner_id, other, today, about="CASE")
    return today + timedelta(days=found.terms.days) if found else None


async def _references(unit: Unit, given: list[strawberry.ID]) -> dict[str, str]:
    """Public id -> kind of records the opener may see; NOT_FOUND for any other text."""
    if len(given) > MOST_REFERENCES:
        raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_REFERENCES} of these.", ["input", "references"])
    return dict([await _reference(unit, each, ["input", "references", str(place)]) for place, each in enumerate(given)])


async def _reference(unit: Unit, given: str, path: list[str]) -> tuple[str, str]:
    """Public id and kind of a record the acting partner may see."""
    parsed = parse_id(given)
    kind = REGISTRY.by_prefix.get(parsed[0]) if parsed else None
    if kind is None or kind.part_of:
        raise Refusal("NOT_FOUND", "There is no record with this id that you may see.", path)
    await visible_key(unit, kind.name, given, path)
    return str(given), kind.name


async def _mine(
    unit: Unit, given: str, expected_version: int | None, sides: tuple[str, ...] = ("opener_id", "counterparty_id")
) -> CaseTable:
    return await changeable(unit, CaseTable, "Case", given, expected_version, ["input", "case"], sides)


async def _open(
    unit: Unit, given: str, expected_version: int, step: str, sides: tuple[str, ...] = ("opener_id", "counterparty_id")
) -> CaseTable:
    """The case, if it is not settled."""
    case = await _mine(unit, given, expected_version, sides)
    with take.about(case.id):
        rules.check_open(case.state, step, _standing(unit, case))
    return case


def _standing(unit: Unit, case: CaseTable) -> tuple[str, ...]:
    return rules.sides(case.opener_id == unit.partner_id, case.counterparty_id is None)


async def _returned(unit: Unit, case: CaseTable) -> bool:
    """Whether the breach behind a case is back in tolerance."""
    if case.breach_id is None:
        return False
    found = await unit.session.exec(select(BreachTable.returned_at).where(BreachTable.id == case.breach_id))
    return found.first() is not None


async def _step(unit: Unit, given: CaseStepInput, step: str, action: str) -> UUID:
    case = await _mine(unit, given.case, given.expected_version)
    with take.about(case.id):
        standing, returned = _standing(unit, case), await _returned(unit, case)
        state = rules.after(case.state, f"case{step.capitalize()}", standing, returned=returned)
        text = take.some_text(given.text, take.NOTE, ["input", "text"], lines=True)
    case.state = state
    await keep(unit, case, Word(step, text), action, ["state"])
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


@command(
    "caseEscalate", payload="Case",
    description="Either side raises it by a level, and its severity with it. The hub does so when the due day is over.",
)  # fmt: skip
async def case_escalate(unit: Unit, given: CaseStepInput) -> UUID:
    case = await _open(unit, given.case, given.expected_version, "caseEscalate")
    with take.about(case.id):
        text = take.some_text(given.text, take.NOTE, ["input", "text"], lines=True)
        if case.level >= rules.MOST_LEVELS:
            raise Refusal("OUT_OF_RANGE", f"It stands at level {rules.MOST_LEVELS}, the highest.", ["input", "case"])
    await escalate(unit, case, Word("ESCALATE", text))
    return case.id


@command(
    "caseRevise", payload="Case",
    description="The opener sets another severity or due day, while it is not settled.",
)  # fmt: skip
async def case_revise(unit: Unit, given: CaseReviseInput) -> UUID:
    case = await _open(unit, given.case, given.expected_version, "caseRevise", sides=("opener_id",))
    with take.about(case.id):
        text = take.some_text(given.text, take.NOTE, ["input", "text"], lines=True)
        if given.severity is None and given.due_on is None:
            raise Refusal("REQUIRED", "Say what shall change: severity or dueOn.", ["input"])
        if given.severity is not None and case.breach_id is not None:
            raise Refusal(
                "INVALID", "The severity of a breach is computed; escalate it instead.", ["input", "severity"]
            )
        if given.due_on is not None and given.due_on < unit.now.date():
            raise Refusal("OUT_OF_RANGE", "It lies in the past.", ["input", "dueOn"])
    changed = []
    if given.severity is not None:
        case.severity = given.severity.name
        changed.append("severity")
    if given.due_on is not None:
        case.due_on = given.due_on
        changed.append("dueOn")
    await keep(unit, case, Word("REVISE", text), "REVISED", changed)
    return case.id


@command(
    "caseRefer", payload="Case", description="Either side adds a record that it may see to what the case points at."
)
async def case_refer(unit: Unit, given: CaseReferInput) -> UUID:
    case = await _mine(unit, given.case, given.expected_version)
    with take.about(case.id):
        record, kind = await _reference(unit, given.reference, ["input", "reference"])
        known = await unit.session.exec(select(CaseReferenceTable.record).where(CaseReferenceTable.case_id == case.id))
        records = known.all()
        if record in records:
            return case.id
        if len(records) >= MOST_REFERENCES:
            raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_REFERENCES} of these.", ["input", "reference"])
    unit.session.add(CaseReferenceTable(id=new_id(unit.now), case_id=case.id, kind=kind, record=record))
    await keep(unit, case, Word("REFER", None), "REFERRED", ["references"])
    return case.id


@command(
    "caseStepAdd", payload="Case", description="Either side says what one of them is to do, while it is not settled."
)
async def case_step_add(unit: Unit, given: CaseStepAddInput) -> UUID:
    case = await _open(unit, given.case, given.expected_version, "caseStepAdd")
    with take.about(case.id):
        what = take.text(given.what, take.NAME, ["input", "what"])
        owner = await visible_key(unit, "Partner", given.owner, ["input", "owner"])
        if owner not in (case.opener_id, case.counterparty_id):
            raise Refusal("FORBIDDEN", "Only a side of the case can be given something to do.", ["input", "owner"])
        known = await unit.session.exec(select(CaseStepTable.step_no).where(CaseStepTable.case_id == case.id))
        step_no = len(known.all()) + 1
        if step_no > MOST_STEPS:
            raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_STEPS} of these.", ["input"])
    unit.session.add(
        CaseStepTable(
            id=new_id(unit.now), case_id=case.id, step_no=step_no, what=what, owner_id=owner, due_on=given.due_on
        )
    )
    await keep(unit, case, Word("STEP_ADD", what), "STEP_ADDED", ["steps"])
    return case.id


@command("caseStepDone", payload="Case", description="The owner of a step says that it is done.")
async def case_step_done(unit: Unit, given: CaseStepDoneInput) -> UUID:
    case = await _mine(unit, given.case, given.expected_version)
    path = ["input", "stepNo"]
    with take.about(case.id):
        text = take.some_text(given.text, take.NOTE, ["input", "text"], lines=True)
        found = await unit.session.exec(
            select(CaseStepTable).where(CaseStepTable.case_id == case.id, CaseStepTable.step_no == given.step_no)
        )
        step = found.first()
        if step is None:
            raise Refusal("NOT_FOUND", "The case has no step with this number.", path)
        if step.owner_id != unit.partner_id:
            raise Refusal("FORBIDDEN", "Only its owner may say that a step is done.", path)
        if step.done_at is not None:
            raise Refusal(
                "ILLEGAL_TRANSITION", "The step is done; caseStepDone is not possible. Allowed steps: none.", path
            )
    step.done_at = unit.now
    unit.session.add(step)
    await keep(unit, case, Word("STEP_DONE", text or step.what), "STEP_DONE", ["steps"])
    return case.id


@command("caseComment", payload="Case", description="Either side says something; it stays.")
async def case_comment(unit: Unit, given: CaseCommentInput) -> UUID:
    case = await _mine(unit, given.case, None)
    with take.about(case.id):
        text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
    await keep(unit, case, Word("COMMENT", text), "COMMENTED", [])
    return case.id
