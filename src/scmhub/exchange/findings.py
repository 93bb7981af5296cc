"""What an import has to say about the file: every finding counted, the first of them listed, memory bounded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

NOTE, WARNING, ERROR = "NOTE", "WARNING", "ERROR"
MOST_SUMMARIES = 2_000
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """One cell or row. ``row`` is the line of the file (the header is 1); ``done`` is what was done about it.

    NOTE: as the map says, such as a word that means unknown. WARNING: a value could not be used and stays unknown.
    ERROR: something was left out.
    """

    level: str
    code: str
    row: int
    column: str
    value: str
    done: str


@dataclass(slots=True)
class Summary:
    """All findings of one sort in one column."""

    level: str
    code: str
    column: str
    done: str
    count: int = 0
    first_row: int = 0
    example: str = ""


@dataclass
class Findings:
    """A collection that keeps ``most`` findings of each level, and counts all."""

    most: int = 50
    listed: list[Finding] = field(default_factory=list)
    _kept: dict[str, int] = field(default_factory=dict)
    _summaries: dict[tuple[str, ...], Summary] = field(default_factory=dict)

    def add(self, level: str, code: str, row: int, column: str, value: str, done: str) -> None:
        shown = printable(value)
        key = (level, code, column, done)
        if key not in self._summaries and len(self._summaries) >= MOST_SUMMARIES:
            key = (level, code, "", "")
        summary = self._summaries.setdefault(key, Summary(*key, first_row=row, example=shown))
        summary.count += 1
        kept = self._kept.get(level, 0)
        if kept < self.most:
            self._kept[level] = kept + 1
            self.listed.append(Finding(level, code, row, column, shown, done))

    def count(self, *levels: str) -> int:
        return sum(each.count for each in self._summaries.values() if each.level in levels)

    def summaries(self) -> list[Summary]:
        """Worst first, then the most frequent."""
        ranks = {ERROR: 0, WARNING: 1, NOTE: 2}
        return sorted(self._summaries.values(), key=lambda each: (ranks[each.level], -each.count, each.column))

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.count(NOTE, WARNING, ERROR),
            "errors": self.count(ERROR),
            "warnings": self.count(WARNING),
            "summary": _dicts(self.summaries()),
            "listed": _dicts(sorted(self.listed, key=lambda each: each.row)),
        }


def _dicts(records: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(each) for each in records]


def printable(text: str) -> str:
    """The text cut to what a terminal line holds, control characters spelled out."""
    cut = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in cut)
