"""Which amounts a unit of work moves from one band of the ladder to another.

acme's stock falls from 137 to 120, then to 95. Who sees it exactly is told twice. bolt, who sees it as a band, is told
once: 137 and 120 lie in the same band. The log keeps names only, so the values are compared while both are at hand, and
the name of the column goes into the log with a mark before it if the band has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table, event, inspect
from sqlalchemy.orm import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from scmhub.ladder import band

MOVED = "~"
"""Before the name of a column in the log: its amount lies in another band now. Never told as such."""
Ends = dict[UUID, dict[str, tuple[Decimal | None, Decimal | None]]]


def banded(table: Table) -> tuple[str, ...]:
    """The columns of a table that some field tells as bands (``graph.bands`` declares them)."""
    names: tuple[str, ...] = table.info.get("banded", ())
    return names


class Amounts:
    """Amounts as they were at first and are at last, of the records that a session writes."""

    def __init__(self, session: AsyncSession) -> None:
        self._ends: Ends = {}
        event.listen(session.sync_session, "before_flush", self._look)

    def _look(self, session: Session, *_: Any) -> None:
        for record in session.new:
            names = banded(inspect(record).mapper.local_table)
            if names:
                self.born(record.id, {name: getattr(record, name) for name in names})
        for record in session.dirty:
            for name in banded(inspect(record).mapper.local_table):
                history = inspect(record).attrs[name].history
                if history.has_changes() and history.deleted:
                    self.changed(record.id, name, history.deleted[0], history.added[0] if history.added else None)

    def born(self, key: UUID, amounts: Mapping[str, Decimal | None]) -> None:
        """A new record; what it takes the place of may have been named before."""
        for name, amount in amounts.items():
            self.changed(key, name, None, amount)

    def changed(self, key: UUID, column: str, old: Decimal | None, new: Decimal | None) -> None:
        """What an amount was and is; of several changes the first old value and the last new one count."""
        ends = self._ends.setdefault(key, {})
        ends[column] = (ends.get(column, (old,))[0], new)

    def moved(self, key: UUID) -> list[str]:
        """The marked names of a record's columns whose band is another one now."""
        return [f"{MOVED}{name}" for name, (old, new) in self._ends.get(key, {}).items() if band(old) != band(new)]

    def copied(self) -> Ends:
        return {key: dict(ends) for key, ends in self._ends.items()}

    def restore(self, ends: Ends) -> None:
        """As they were when ``copied``: what came later was taken back."""
        self._ends = ends
