"""What was found against what is written: new breaches open cases, known ones are brought up to date, others return.

Everything happens in the unit of the partner affected, under the lock of its rows. Equal findings write nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, or_, select

from scmhub.database.unit import Unit
from scmhub.exceptions.found import Finding, Piece
from scmhub.ids import new_id
from scmhub.measures.exceptions import CRITERIA
from scmhub.quantity import render_decimal
from scmhub.records.cases import rules
from scmhub.records.cases.breach_model import BreachEvidenceTable, BreachTable
from scmhub.records.cases.model import CaseTable
from scmhub.records.cases.words import Word, begin, keep

DUE_DAYS = {"HIGH": 2, "MEDIUM": 5, "LOW": 10}
"""Days until a new case is due, by severity."""
TITLES = {
    "LATE_ORDER": "A delivery is late", "EARLY_ORDER": "Goods come early", "RESPONSE_REQUIRED": "An answer is overdue",
    "RECEIPT_VARIANCE": "Less arrived than was despatched", "FORECAST_MISMATCH": "A commit is below the demand",
    "FROZEN_CHANGE": "A plan was changed inside the frozen fence", "STALE": "Data were not renewed",
    "BELOW_TARGET": "Stock is below its target", "SHORTAGE": "Stock will run out",
    "EXCESS": "Stock will exceed its maximum", "SERVICE_LEVEL": "Service is below what was agreed",
}  # fmt: skip
_WORDS = {"DAY": "days", "P1": "per cent"}
_Key = tuple[str, str, date | None]


async def enter(unit: Unit, subjects: Collection[str], criteria: Collection[str], findings: Iterable[Finding]) -> None:
    """Make the books say what was found about these subjects under these criteria, for the acting partner."""
    found = {(each.criterion, each.subject, each.bucket): each for each in findings}
    known = await _known(unit, subjects, criteria, {bucket for *_, bucket in found if bucket})
    evidence = await _evidence(unit, [each.id for key, each in known.items() if key in found])
    new: list[Finding] = []
    for key, finding in found.items():
        breach = known.get(key)
        if breach is None:
            new.append(finding)
        elif _differs(breach, finding) or evidence[breach.id] != [_values(each) for each in finding.evidence]:
            await _update(unit, breach, finding)
    if new:
        await _open(unit, new)
    for key, breach in known.items():
        if key not in found and breach.returned_at is None:
            await _return(unit, breach)


async def _known(
    unit: Unit, subjects: Collection[str], criteria: Collection[str], buckets: Collection[date]
) -> dict[_Key, BreachTable]:
    """What stands, and what once stood in the periods in question: periods long over are not read again and again."""
    breach = BreachTable
    period = col(breach.bucket)
    rows = await unit.session.exec(
        select(breach).where(
            breach.affected_id == unit.partner_id, col(breach.subject).in_(subjects),
            col(breach.criterion).in_(criteria),
            or_(col(breach.returned_at).is_(None), period.is_(None), period.in_(buckets)),
        ).order_by(col(breach.id)).with_for_update()
    )  # fmt: skip
    return {(each.criterion, each.subject, each.bucket): each for each in rows.all()}


_COMPARED = ("kind", "record", "field", "value", "record_version", "stated_at", "seen_by", "rule_kind", "owner_id",
             "item_id", "site_id", "day", "field_groups")  # fmt: skip


async def _evidence(unit: Unit, breaches: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    rows = await unit.session.exec(
        select(BreachEvidenceTable).where(col(BreachEvidenceTable.breach_id).in_(breaches))
        .order_by(col(BreachEvidenceTable.evidence_no))
    )  # fmt: skip
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for each in rows.all():
        found[each.breach_id].append({name: getattr(each, name) for name in _COMPARED})
    return found


def _values(piece: Piece) -> dict[str, Any]:
    where = piece.where
    return {
        "kind": piece.kind, "record": piece.record, "field": piece.field, "value": piece.value,
        "record_version": piece.version, "stated_at": piece.stated_at, "seen_by": list(where.sides),
        "rule_kind": where.rule_kind, "owner_id": where.owner, "item_id": where.item, "site_id": where.site,
        "day": where.day, "field_groups": None if piece.groups is None else list(piece.groups),
    }  # fmt: skip


def _stated(finding: Finding) -> dict[str, Any]:
    tolerance = finding.tolerance
    return {
        "other_id": finding.other, "variance": finding.variance, "allowed": tolerance.allowed, "basis": tolerance.basis,
        "basis_version": tolerance.version, "clause": tolerance.agreement, "severity": finding.severity,
    }  # fmt: skip


def _differs(breach: BreachTable, finding: Finding) -> bool:
    return breach.returned_at is not None or any(
        getattr(breach, name) != value for name, value in _stated(finding).items()
    )


async def _open(unit: Unit, findings: Sequence[Finding]) -> None:
    """New breaches, each with its evidence and its case: few statements for many of them, parents first."""
    opened = [(_breach(unit, each), each) for each in findings]
    unit.session.add_all([breach for breach, _ in opened])
    await unit.session.flush()
    cases = [_case(unit, breach) for breach, _ in opened]
    unit.session.add_all(cases)
    for breach, finding in opened:
        _add_evidence(unit, breach, finding)
    await unit.session.flush()
    for case, (breach, _) in zip(cases, opened, strict=True):
        _tell(unit, breach, "FOUND", ["variance", "severity", "evidence", "foundAt"])
        begin(unit, case, Word("OPEN", _said(breach), by_hub=True), ["state", "severity", "title", "dueOn"])


def _breach(unit: Unit, finding: Finding) -> BreachTable:
    return BreachTable(
        id=new_id(unit.now), affected_id=unit.partner_id, criterion=finding.criterion, subject=finding.subject,
        bucket=finding.bucket, item_id=finding.item, site_id=finding.site, unit=CRITERIA[finding.criterion],
        found_at=unit.now, created_at=unit.now, **_stated(finding),
    )  # fmt: skip


def _case(unit: Unit, breach: BreachTable) -> CaseTable:
    return CaseTable(
        id=new_id(unit.now), opener_id=unit.partner_id, counterparty_id=breach.other_id, breach_id=breach.id,
        template="EXCEPTION", severity=breach.severity, title=TITLES[breach.criterion], version=0,
        due_on=unit.now.date() + timedelta(days=DUE_DAYS[breach.severity]), created_at=unit.now,
    )  # fmt: skip


async def _update(unit: Unit, breach: BreachTable, finding: Finding) -> None:
    again, graver = breach.returned_at is not None, breach.severity != finding.severity
    for name, value in _stated(finding).items():
        setattr(breach, name, value)
    if again:
        breach.found_at, breach.returned_at = unit.now, None
    breach.version += 1
    unit.session.add(breach)
    await unit.rows("delete from breach_evidence where breach_id = $1", breach.id)
    _add_evidence(unit, breach, finding)
    _tell(unit, breach, "FOUND" if again else "UPDATED", ["variance", "severity", "evidence", "version"])
    if again or graver:
        await _say(unit, breach, "BREACH", reopen=again)


async def _return(unit: Unit, breach: BreachTable) -> None:
    """Marked, never deleted: the evidence stays what it was when it was last outside."""
    breach.returned_at = unit.now
    breach.version += 1
    unit.session.add(breach)
    _tell(unit, breach, "RETURNED", ["returnedAt", "version"])
    await _say(unit, breach, "RETURN", reopen=False)


def _add_evidence(unit: Unit, breach: BreachTable, finding: Finding) -> None:
    for number, piece in enumerate(finding.evidence, 1):
        unit.session.add(
            BreachEvidenceTable(id=new_id(unit.now), breach_id=breach.id, evidence_no=number, **_values(piece))
        )


async def _say(unit: Unit, breach: BreachTable, act: str, *, reopen: bool) -> None:
    """The hub's word in the case. What people settled stays settled, unless it happens anew."""
    rows = await unit.session.exec(select(CaseTable).where(CaseTable.breach_id == breach.id).with_for_update())
    case = rows.one()
    settled = case.state in rules.SETTLED
    if settled and not reopen:
        return
    fields = []
    severity = rules.raised(breach.severity, case.level)
    if act == "BREACH" and case.severity != severity:
        case.severity = severity
        fields.append("severity")
    if settled:
        case.state = "REOPENED"
        case.due_on = unit.now.date() + timedelta(days=DUE_DAYS[breach.severity])
        fields += ["state", "dueOn"]
    text = _said(breach) if act == "BREACH" else "Back in tolerance."
    await keep(unit, case, Word(act, text, by_hub=True), "RETURNED" if act == "RETURN" else "BREACHED", fields)


def _said(breach: BreachTable) -> str:
    if breach.criterion == "SERVICE_LEVEL":
        return f"{render_decimal(breach.variance)} percentage points below the agreed level."
    unit = _WORDS[breach.unit]
    return f"{render_decimal(breach.variance)} {unit} off; {render_decimal(breach.allowed)} {unit} are tolerated."


def _tell(unit: Unit, breach: BreachTable, action: str, fields: Sequence[str]) -> None:
    parties = [breach.other_id] if breach.other_id else []
    unit.change("BREACH", action, breach.id, breach.affected_id, parties, fields)
