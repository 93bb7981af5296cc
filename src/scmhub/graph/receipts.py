"""Receipts on their way to the access log: at most a second behind the answer, or before it where a rule says STRICT.

Nothing is dropped: when too many wait to be written, the read waits. What a crash can lose is what the last moment's
BATCHED receipts said.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import orjson

from scmhub.database.unit import Database, Unit
from scmhub.feed.timers import Handle, LoopTimers
from scmhub.graph.documents import Document
from scmhub.identity.viewer import Viewer
from scmhub.ids import new_id
from scmhub.sharing.receipts import Receipt, taken

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.5
"""From the first receipt that waits to the writing of all."""
MOST_WAITING = 10_000
"""Receipts; beyond it reads wait."""
FEED = "feed"
"""Stands for the reader of what is sent: many followers share one judgement."""
REMEMBERED_SECONDS = 60.0
"""How long a partner whose reads asked for receipts is answered with marks at once, without asking the gate first."""
_INSERT = """
insert into access_log (id, at, owner_id, reader_id, actor, document, operation, kind, rules, records, counted)
select id, at, owner_id, $2, actor, document, operation, kind, rules, records, counted
from jsonb_to_recordset(convert_from($1, 'UTF8')::jsonb) as r(
  id uuid, at timestamptz, owner_id uuid, actor text, document text, operation text, kind text, rules uuid[],
  records int, counted int)
on conflict do nothing
"""
"""A batch that broke off in the middle is written again whole."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who read, by what."""

    partner: UUID
    actor: str
    document: str
    operation: str | None
    at: datetime


class Receipts:
    """The receipts of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._timers = LoopTimers()
        self._waiting: list[tuple[UUID, dict[str, Any]]] = []
        self._handle: Handle | None = None
        self._closed = False
        self._room = asyncio.Condition()
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._remembered: dict[UUID, float] = {}
        self.most_waiting = MOST_WAITING

    def expected(self, partner: UUID) -> bool:
        """Whether this partner's last reads asked for receipts."""
        return bool(self._remembered) and self._remembered.get(partner, 0.0) > monotonic()

    async def take(self, answer: bytes, reader: Reader, unit: Unit | None = None) -> bytes:
        """The answer without its marks, once its receipts are written (STRICT) or wait to be.

        With ``unit``, the transaction of a command whose answer it is, they are written in it.
        """
        shown, receipts = taken(answer)
        if unit is None:
            await self._keep(receipts, reader)
        elif receipts:
            await _insert(unit, [_row(each, reader) for each in receipts], reader.partner)
        return shown

    async def sent(
        self, marked: Iterable[tuple[UUID, bytes]], document: str, operation: str | None, at: datetime
    ) -> None:
        """What is about to be sent, with its marks, each with the partner that gets it."""
        of_partner: defaultdict[UUID, list[bytes]] = defaultdict(list)
        for partner, each in marked:
            of_partner[partner].append(each)
        for partner, several in of_partner.items():
            await self._keep(taken(b"".join(several))[1], Reader(partner, FEED, document, operation, at))

    async def _keep(self, receipts: list[Receipt], reader: Reader) -> None:
        rows = [(reader.partner, _row(each, reader)) for each in receipts]
        if any(each.strict for each in receipts):
            await self._write(rows)
        elif rows:
            await self._put(rows)

    def remember(self, partner: UUID) -> None:
        """The gate has just said that rules ask for receipts of this partner's reads."""
        if len(self._remembered) > 10_000:
            self._remembered.clear()
        self._remembered[partner] = monotonic() + REMEMBERED_SECONDS

    async def _put(self, rows: list[tuple[UUID, dict[str, Any]]]) -> None:
        async with self._room:
            await self._room.wait_for(lambda: len(self._waiting) < self.most_waiting)
            self._waiting += rows
            self._later()

    def _later(self) -> None:
        if self._handle is None and not self._closed:
            self._handle = self._timers.call_later(BATCH_SECONDS, self._begin)

    def _begin(self) -> None:
        task = asyncio.ensure_future(self._try())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self) -> None:
        self._handle = None
        try:
            await self.flush()
        except Exception as error:
            log.warning("%d read receipts wait, they could not be written: %s", len(self._waiting), error)
            self._later()

    async def close(self) -> None:
        """The last are written; what cannot be now is lost, and said so."""
        self._closed = True
        if self._handle is not None:
            self._handle.cancel()
        try:
            await self.flush()
        except Exception:
            log.exception("%d read receipts could not be written and are lost", len(self._waiting))

    async def flush(self) -> None:
        """Everything that waits now is written; whatever cannot be goes on waiting."""
        async with self._writing:
            rows = self._waiting[:]
            if rows:
                await self._write(rows)
        async with self._room:
            del self._waiting[: len(rows)]
            self._room.notify_all()

    async def _write(self, rows: list[tuple[UUID, dict[str, Any]]]) -> None:
        of_reader: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for reader, row in rows:
            of_reader[reader].append(row)
        for reader, each in of_reader.items():
            async with self._database.unit(reader, "receipts", lambda: rows[-1][1]["at"]) as unit:
                await _insert(unit, each, reader)


async def _insert(unit: Unit, rows: list[dict[str, Any]], reader: UUID) -> None:
    await unit.rows(_INSERT, orjson.dumps(rows, default=str), reader)


def reader_of(viewer: Viewer, document: Document, at: datetime) -> Reader:
    """Who reads by this document."""
    name = document.operation.name
    return Reader(viewer.lens.partner_id, viewer.subject, document.sha256, name.value if name else None, at)


def _row(receipt: Receipt, reader: Reader) -> dict[str, Any]:
    return {
        "id": new_id(reader.at), "at": reader.at, "owner_id": receipt.owner, "actor": reader.actor,
        "document": reader.document, "operation": reader.operation, "kind": receipt.kind,
        "rules": list(receipt.rules), "records": receipt.records, "counted": receipt.counted,
    }  # fmt: skip


def with_marks(document: Document) -> Document:
    """The same document, whose plans mark what they answer."""
    kept: Document | None = document.plans.get("marked")
    if kept is None:
        kept = document.plans["marked"] = copy(document)
        kept.plans, kept.marked = {}, True
    return kept
