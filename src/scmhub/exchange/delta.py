"""What an import is about to write: rows by table, changes to tell, and how much of it is new, changed or as before."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from scmhub.ids import new_id

Row = dict[str, Any]
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


class Counts:
    """Records by sort and by what happened to them. ``sorts``: those that are shown, zeros included."""

    def __init__(self, sorts: Sequence[str] = (), given: dict[str, dict[str, int]] | None = None) -> None:
        self._sorts = sorts
        self._found = Counter({(what, how): n for what, row in (given or {}).items() for how, n in row.items()})

    def add(self, what: str, how: str, number: int = 1) -> None:
        self._found[what, how] += number

    def merge(self, other: Counts) -> None:
        self._found.update(other._found)

    def as_json(self) -> dict[str, dict[str, int]]:
        return {what: {how: self._found[what, how] for how in (CREATED, UPDATED, UNCHANGED)} for what in self._sorts}


@dataclass(frozen=True, slots=True)
class Told:
    """A change for the outbox."""

    kind: str
    action: str
    record: UUID
    owner: UUID
    parties: list[UUID]
    changed: list[str]
    was: Row | None = None


@dataclass
class Delta:
    """Rows to insert and rows to update (by ``id``), each by table; what they mean for the counts and the outbox."""

    inserts: dict[type[SQLModel], list[Row]] = field(default_factory=dict)
    updates: dict[type[SQLModel], list[Row]] = field(default_factory=dict)
    remembered: list[Row] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    def insert(self, table: type[SQLModel], **row: Any) -> Row:
        self.inserts.setdefault(table, []).append(row)
        return row

    def update(self, table: type[SQLModel], row: Row) -> None:
        """All rows of one table have the same columns."""
        self.updates.setdefault(table, []).append(row)

    def remember(self, kind: str, external_id: str, record: UUID, digest: str) -> None:
        """What the file said about a record, for the next time."""
        self.remembered.append({"kind": kind, "external_id": external_id, "record_id": record, "digest": digest})

    def tell(
        self, kind: str, action: str, record: UUID, owner: UUID, parties: Iterable[UUID | None], changed: Sequence[str],
        was: Row | None = None,
    ) -> None:  # fmt: skip
        """``was``: old values of columns that decide who sees the record, if one of them changed."""
        self.told.append(Told(kind, action, record, owner, [each for each in parties if each], list(changed), was))


def made_id(kind: str, at: datetime, *keys: str) -> UUID:
    """The id of an imported record: born when the trade says it was, the rest a digest of its keys.

    The same file gives the same ids in every hub, so a resumed import ends as an uninterrupted one.
    """
    digest = hashlib.sha256("\x1f".join((kind, *keys)).encode()).digest()
    return new_id(at, int.from_bytes(digest[:10], "big"))


def noon(day: date) -> datetime:
    """The instant kept for a day without a time: noon UTC, which is on that day in nearly every time zone."""
    return datetime.combine(day, time(12), UTC)


def digest_of(*values: object) -> str:
    return hashlib.sha256("\x1f".join("" if each is None else str(each) for each in values).encode()).hexdigest()[:32]
