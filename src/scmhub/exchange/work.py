"""What an import of one subject consists of, whatever the subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from scmhub.clock import Clock
from scmhub.database.unit import Database, Unit
from scmhub.errors import Refusal
from scmhub.exchange.delta import Counts
from scmhub.exchange.findings import Findings
from scmhub.exchange.reading import Row
from scmhub.exchange.scratch import Scratch

ACTOR = "operator:import"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step needs. ``apply``: write, or only look."""

    database: Database
    clock: Clock
    apply: bool
    counts: Counts
    findings: Findings


class Batch(Protocol):
    """Whole atoms in order of the file. ``last`` is the checkpoint after them."""

    @property
    def last(self) -> int: ...

    @property
    def rows(self) -> int: ...


class Work(Protocol):
    """First ``begin``, ``take`` row after row, ``settle``; then ``prepare`` once, and ``write`` batch after batch."""

    @property
    def scratch(self) -> Scratch: ...

    def begin(self, header: Sequence[str]) -> None: ...

    def take(self, row: Row) -> None: ...

    def settle(self) -> None: ...

    async def prepare(self, desk: Desk) -> UUID:
        """What has to be there before the first batch; the key of the partner it is all written for."""

    def batches(self, after: int) -> Iterator[Any]:
        """Batches behind a checkpoint."""

    async def write(self, unit: Unit, desk: Desk, batch: Any) -> Counts:
        """One batch in one transaction, which a dry run undoes."""


async def partner_of(desk: Desk, code: str) -> UUID:
    """The key of the partner a file belongs to; Refusal NOT_FOUND."""
    rows = await desk.database.read.rows("select id, status from partner where code = $1", code)
    if not rows:
        raise Refusal("NOT_FOUND", f"No partner has the code {code}; 'scmhub partners' lists them.", ["as"])
    if rows[0]["status"] != "ACTIVE":
        raise Refusal("INVALID", f"{code} is suspended.", ["as"])
    key: UUID = rows[0]["id"]
    return key
