"""An import that gives commands: each series or position is taken or refused as if its partner had sent it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.exchange.delta import Counts
from scmhub.exchange.findings import ERROR, Findings
from scmhub.exchange.mapping import Map
from scmhub.exchange.names import Names, look_up
from scmhub.exchange.reading import Row
from scmhub.exchange.sheet import Form, Said, Sheaf, Sheet
from scmhub.exchange.work import Desk, partner_of


@dataclass(frozen=True, slots=True)
class Speech:
    """How rows become commands. ``say`` gives those of one atom and counts what they did; the path of a Refusal from
    it may name a row by its place (``input, points, 3, quantity``). ``columns``: target by field of the command."""

    form: Form
    say: Callable[[Unit, Names, list[Said], Counts], Awaitable[None]]
    columns: Mapping[str, str]


class CommandWork:
    """One file of series or stock for the partner with the code ``me``."""

    def __init__(self, speech: Speech, given: Map, findings: Findings, me: str) -> None:
        self._speech = speech
        self._sheet = Sheet(speech.form, given, findings)
        self._findings = findings
        self._counted = given.subject.counted
        self._me = me
        self.scratch = self._sheet.scratch

    def begin(self, header: Sequence[str]) -> None:
        self._sheet.begin(header)

    def take(self, row: Row) -> None:
        self._sheet.take(row)

    def settle(self) -> None:
        self._sheet.settle()

    async def prepare(self, desk: Desk) -> UUID:
        return await partner_of(desk, self._me)

    def batches(self, after: int) -> Iterator[Sheaf]:
        return self._sheet.batches(after)

    async def write(self, unit: Unit, desk: Desk, batch: Sheaf) -> Counts:
        counts = Counts(self._counted)
        everything = (each.values for rows in batch.atoms for each in rows)
        names = await look_up(unit, self._me, everything, self._speech.form.codes)
        for rows in batch.atoms:
            here = Counts()
            try:
                async with unit.attempt():
                    await self._speech.say(unit, names, rows, here)
                counts.merge(here)
            except Refusal as refusal:
                self._tell(refusal, rows)
        return counts

    def _tell(self, refusal: Refusal, rows: list[Said]) -> None:
        """At the row that is refused, or at the first one of its atom."""
        self.scratch.refused += 1
        place = next((int(each) for each in refusal.path if each.isdigit()), 0)
        column = self._speech.columns.get(refusal.path[-1], "") if refusal.path else ""
        value = rows[place].values.get(column)
        done = f"{refusal.message.rstrip('.')}: the {self._speech.form.what} is left out"
        shown = "" if value is None else str(value)
        self._findings.add(ERROR, refusal.refusal_code, rows[place].row, column, shown, done)
