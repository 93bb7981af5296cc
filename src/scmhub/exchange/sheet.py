"""Rows of a file about series or stock between the two passes: typed, grouped by what they are about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from scmhub.exchange.cells import CellReader, Values
from scmhub.exchange.findings import ERROR, NOTE, Findings
from scmhub.exchange.mapping import Map
from scmhub.exchange.reading import Row
from scmhub.exchange.scratch import Scratch

_TABLES = """
create table line (row integer primary key, seq int, part text, raw blob, unique (seq, part));
"""
_LOAD: dict[str, Any] = {"date": date.fromisoformat, "instant": datetime.fromisoformat, "decimal": Decimal}


@dataclass(frozen=True, slots=True)
class Said:
    """One row: its line in the file, and what it says by target."""

    row: int
    values: Values


@dataclass(frozen=True, slots=True)
class Sheaf:
    """Whole atoms in order of the file, each the list of its rows. ``last`` is the checkpoint after them."""

    last: int
    atoms: list[list[Said]]

    @property
    def rows(self) -> int:
        return sum(len(rows) for rows in self.atoms)


@dataclass(frozen=True, slots=True)
class Form:
    """``what`` the atoms are called; ``keys``: targets that tell one from the next; ``part``: what a row adds to it;
    ``codes``: targets that are codes of partners; ``most``: rows of one atom."""

    what: str
    keys: tuple[str, ...]
    part: str
    codes: tuple[str, ...]
    most: int


class Sheet:
    """Reads rows under one header, and gives them back in whole atoms."""

    def __init__(self, form: Form, given: Map, findings: Findings) -> None:
        self.scratch = Scratch(_TABLES)
        self._form = form
        self._map = given
        self._findings = findings
        names = (each.name for each in given.fields)
        self._load = {name: _LOAD.get(given.subject.targets[name].parsers[0]) for name in names}

    def begin(self, header: Sequence[str]) -> None:
        self._cells = CellReader(self._map, header, self._findings, self._form.keys)

    def take(self, row: Row) -> None:
        """Keep a row, or tell why not; what it is about is then left out as a whole, if that much is known."""
        if self._cells.in_trouble(row):
            return
        values, complete = self._cells.values(row)
        required = (name for name in self._form.keys if self._map.subject.targets[name].required)
        if self._cells.lost or any(values.get(name) is None for name in required):
            return
        seq = self.scratch.atom(self._name(values), row.number)
        if not complete or not self._cells.codes_fit(row.number, values, *self._form.codes):
            self.scratch.mark(seq)
            return
        self._keep(seq, row.number, values)

    def _name(self, values: Values) -> str:
        return "\x1f".join(str(values.get(name) or "") for name in self._form.keys)

    def _keep(self, seq: int, row: int, values: Values) -> None:
        part, raw = str(values[self._form.part]), orjson.dumps(list(values.values()), default=str)
        try:
            self.scratch.db.execute("insert into line values (?, ?, ?, ?)", (row, seq, part, raw))
        except sqlite3.IntegrityError:
            self._twice(seq, row, part, raw)
            return
        self.scratch.count_row(seq)

    def _twice(self, seq: int, row: int, part: str, raw: bytes) -> None:
        """The same once more is nothing new; different numbers for one period or instant cannot both be right."""
        first, known = self.scratch.db.execute(
            "select row, raw from line where seq = ? and part = ?", (seq, part)
        ).fetchone()  # fmt: skip
        if known == raw:
            self._findings.add(NOTE, "DUPLICATE", row, self._form.part, part, "the same row once more: skipped")
            return
        done = f"row {first} says something else of it: the {self._form.what} is left out"
        self._findings.add(ERROR, "CONFLICT", row, self._form.part, part, done)
        self.scratch.mark(seq)

    def settle(self) -> None:
        """Limits, and one finding for each atom left out."""
        self.scratch.db.execute("update atom set bad = 2 where rows > ? and bad = 0", (self._form.most,))
        why = {1: "a row of it cannot be used", 2: f"it has more than {self._form.most} rows"}
        for key, row, bad in self.scratch.bad():
            shown = " ".join(each for each in key.split("\x1f") if each)
            done = f"the {self._form.what} is left out: {why[bad]}"
            self._findings.add(ERROR, f"{self._form.what.upper()}_LEFT_OUT", row, "", shown, done)

    def batches(self, after: int) -> Iterator[Sheaf]:
        for first, last in self.scratch.spans(after):
            atoms: dict[int, list[Said]] = {}
            found = self.scratch.db.execute(
                "select seq, line.row, raw from line join atom using (seq) where bad = 0 and seq > ? and seq <= ?"
                " order by seq, part", (first, last),
            )  # fmt: skip
            for seq, row, raw in found.fetchall():
                atoms.setdefault(seq, []).append(Said(row, self._loaded(raw)))
            yield Sheaf(last, list(atoms.values()))

    def _loaded(self, raw: bytes) -> Values:
        pairs = zip(self._load.items(), orjson.loads(raw), strict=True)
        return {name: load(value) if load and value is not None else value for (name, load), value in pairs}
