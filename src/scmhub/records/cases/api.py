"""Case as its two sides see it."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, one
from scmhub.records.cases import model
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned


@strawberry.enum(description="What sort of matter a case is.")
class CaseTemplate(Enum):
    EXCEPTION = strawberry.enum_value("EXCEPTION", description="Something left its tolerance.")
    CLAIM = strawberry.enum_value("CLAIM", description="Something was wrong and is to be made good.")
    INQUIRY = strawberry.enum_value("INQUIRY", description="A question.")
    DIVERGENCE = strawberry.enum_value("DIVERGENCE", description="Objectives that cannot both be met.")
    DISPUTE = strawberry.enum_value("DISPUTE", description="Two statements that contradict each other.")
    IMPROVEMENT = strawberry.enum_value("IMPROVEMENT", description="Something could be better.")


@strawberry.enum(description="How grave a case is.")
class CaseSeverity(Enum):
    LOW = strawberry.enum_value("LOW", description="In its own time.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="Soon.")
    HIGH = strawberry.enum_value("HIGH", description="Now.")


@strawberry.enum(description="Where a case stands.")
class CaseState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="Opened; the other side has not said anything.")
    ACKNOWLEDGED = strawberry.enum_value("ACKNOWLEDGED", description="The other side has seen it.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="The other side works on it.")
    RESOLVED = strawberry.enum_value("RESOLVED", description="The other side says it is settled.")
    CLOSED = strawberry.enum_value("CLOSED", description="The opener agrees.")
    REOPENED = strawberry.enum_value("REOPENED", description="The opener does not agree, or it came back.")


@strawberry.enum(description="What an entry of a case means.")
class CaseAct(Enum):
    OPEN = strawberry.enum_value("OPEN", description="It was opened.")
    ACKNOWLEDGE = strawberry.enum_value("ACKNOWLEDGE", description="It was seen.")
    START = strawberry.enum_value("START", description="Work on it began.")
    RESOLVE = strawberry.enum_value("RESOLVE", description="It was settled.")
    CLOSE = strawberry.enum_value("CLOSE", description="It was closed.")
    REOPEN = strawberry.enum_value("REOPEN", description="It was opened again.")
    COMMENT = strawberry.enum_value("COMMENT", description="Something was said.")
    ESCALATE = strawberry.enum_value("ESCALATE", description="It was raised by a level.")
    REVISE = strawberry.enum_value("REVISE", description="The opener set another severity or due day.")
    REFER = strawberry.enum_value("REFER", description="A record was added to what it points at.")
    STEP_ADD = strawberry.enum_value("STEP_ADD", description="A step was added.")
    STEP_DONE = strawberry.enum_value("STEP_DONE", description="A step was done.")
    BREACH = strawberry.enum_value(
        "BREACH", description="The hub computed the breach anew; the text says what it found."
    )
    RETURN = strawberry.enum_value("RETURN", description="The breach is back in tolerance.")


POLICY = Owned(owner="opener_id", parties=("counterparty_id",))


@kind(
    model.CaseTable, prefix="cas", policy=POLICY, single="case", plural="cases",
    filters=("template", "severity", "state", "due_on", "opener", "counterparty", "level"),
)  # fmt: skip
class Case:
    """A matter between the partner affected and the one that has to settle it. The hub opens one for a breach."""

    opener = one(
        "Partner", PUBLIC, "Who is affected: opened it, or has it from the hub; owner of the record.", by="opener_id"
    )
    counterparty = one("Partner", PUBLIC, "Who has to settle it; null: the opener alone.", by="counterparty_id")
    breach = one("Breach", PUBLIC, "What the hub found; null if a partner opened the case.", by="breach_id")
    template: CaseTemplate = column(PUBLIC, "What sort of matter it is.")
    severity: CaseSeverity = column(PUBLIC, "How grave it is: as stated or computed, raised by each level.")
    level: int = column(
        PUBLIC, "How often it was escalated, by a side or by the hub when its due day had passed; 0 to 9."
    )
    state: CaseState = column(PUBLIC, "Where it stands.")
    title: str = column(PUBLIC, "What it is about, in a line.")
    due_on: date | None = column(PUBLIC, "By when it is to be settled.")
    steps = many("CaseStep", "What is to be done, by whom and when.", by="case_id", order="step_no")
    entries = many("CaseEntry", "What was done and said.", by="case_id", order="entry_no")
    references = many("CaseReference", "Records it points at.", by="case_id")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    created_at: datetime = column(PUBLIC, "When it was opened.")


@kind(model.CaseStepTable, prefix="cst", policy=POLICY, part_of=("Case", "case_id"))
class CaseStep:
    """Something to be done in a case by one of its sides."""

    step_no: int = column(PUBLIC, "Number within the case, from 1.")
    what: str = column(PUBLIC, "What is to be done.")
    owner = one("Partner", PUBLIC, "Who is to do it.", by="owner_id")
    due_on: date | None = column(PUBLIC, "By when.")
    done_at: datetime | None = column(PUBLIC, "When its owner said that it was done; null: not yet.")


@kind(model.CaseEntryTable, prefix="cen", policy=POLICY, part_of=("Case", "case_id"))
class CaseEntry:
    """One thing done or said in a case; never changed."""

    entry_no: int = column(PUBLIC, "Number within the case, from 1.")
    act: CaseAct = column(PUBLIC, "What it means.")
    author = one("Partner", PUBLIC, "Whose words they are; null: the hub's.", by="author_id")
    text: str | None = column(PUBLIC, "What was said.")
    recorded_at: datetime = column(PUBLIC, "When the hub recorded it.")


@kind(model.CaseReferenceTable, prefix="crf", policy=POLICY, part_of=("Case", "case_id"))
class CaseReference:
    """A record a case points at. Read it by its id: you get what you may see of it, perhaps nothing."""

    kind: str = column(PUBLIC, "Name of its kind.")
    record: str = column(PUBLIC, "Its id.")
