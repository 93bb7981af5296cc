"""What the change log says of the last days, as in a hub that has been running; older changes have expired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from scmhub.demo.book import Book, Row
from scmhub.demo.chance import Chance
from scmhub.feed.log import Change

TOLD_DAYS = 14


@dataclass(slots=True)
class News:
    """Changes told so far, of the days before ``now``."""

    now: datetime
    _told: list[tuple[datetime, Row]] = field(default_factory=list)

    def of(
        self, chance: Chance, kind: str, action: str, at: datetime, row: Row, owner: str, parties: Iterable[str],
        changed: list[str],
    ) -> None:  # fmt: skip
        """A change, if it is recent; ``owner`` and ``parties`` are columns of the row."""
        if at < self.now - timedelta(days=TOLD_DAYS):
            return
        others = [row[column] for column in parties if row[column] is not None and row[column] != row[owner]]
        news = {
            "event_id": chance.key(at), "at": at, "kind": kind, "action": action, "record_id": row["id"],
            "owner_id": row[owner], "parties": others, "changed": changed, "actor": "demo",
        }  # fmt: skip
        self._told.append((at, news))

    def enter(self, book: Book, writer: UUID) -> None:
        """All of it into the book, in the order in which it happened."""
        for _, news in sorted(self._told, key=lambda each: each[0]):
            book.add(Change, writer, **news)
