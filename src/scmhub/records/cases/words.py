"""What is kept of a case: each thing done or said is an entry, and the case counts it; the hub speaks here too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scmhub.database.unit import Unit
from scmhub.ids import new_id
from scmhub.records.cases import rules
from scmhub.records.cases.model import CaseEntryTable, CaseTable


@dataclass(frozen=True, slots=True)
class Word:
    """One entry to be. ``by_hub``: nobody's words but the hub's."""

    act: str
    text: str | None
    by_hub: bool = False


async def keep(unit: Unit, case: CaseTable, word: Word, action: str, fields: Iterable[str]) -> None:
    """The entry, and the case with it; both sides told. The case is locked."""
    number = await unit.fetch("select coalesce(max(entry_no), 0) + 1 from case_entry where case_id = $1", case.id)
    _enter(unit, case, number, word, action, fields)
    await unit.session.flush()


def begin(unit: Unit, case: CaseTable, word: Word, fields: Iterable[str]) -> None:
    """The first entry of a case that was just stored."""
    _enter(unit, case, 1, word, "OPENED", fields)


def _enter(unit: Unit, case: CaseTable, number: int, word: Word, action: str, fields: Iterable[str]) -> None:
    entry = CaseEntryTable(
        id=new_id(unit.now), case_id=case.id, entry_no=number, act=word.act,
        author_id=None if word.by_hub else unit.partner_id, text=word.text, recorded_at=unit.now,
    )  # fmt: skip
    case.version += 1
    unit.session.add_all([case, entry])
    parties = [case.counterparty_id] if case.counterparty_id else []
    unit.change("CASE", action, case.id, case.opener_id, parties, [*fields, "entries", "version"])


async def escalate(unit: Unit, case: CaseTable, word: Word) -> None:
    """One level up, and the severity with it."""
    case.level = min(case.level + 1, rules.MOST_LEVELS)
    case.severity = rules.raised(case.severity, 1)
    await keep(unit, case, word, "ESCALATED", ["level", "severity"])
