"""The watch: follows the change log and the clock, and has every subject in question judged; one hub at a time.

Its place in the log is stored after the work, so a crash in between repeats work, never loses it; and work repeated
writes nothing. Every replica runs one; whoever gets the lock works, nobody leads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import BigInteger, CheckConstraint, Column, Integer
from sqlmodel import Field, SQLModel, col, select

from scmhub.clock import Clock
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.roles import check_session
from scmhub.database.tables import HUB_PARTNER, READ_ROLE, instant, listed
from scmhub.database.unit import Database, Unit
from scmhub.errors import HubError, ServiceUnavailable
from scmhub.exceptions import books, routes
from scmhub.exceptions.routes import FAMILIES, Family, Subjects
from scmhub.feed.log import EVENT_COLUMNS, HEAD, Event
from scmhub.feed.tail import Tail
from scmhub.records.cases import rules
from scmhub.records.cases.model import CaseTable
from scmhub.records.cases.words import Word, escalate
from scmhub.settings import Settings

log = logging.getLogger(__name__)

PAGE = 500
"""Changes of one turn."""
CHUNK = 100
"""Subjects judged in one transaction."""
POLL_SECONDS = 5.0
SWEEP_SECONDS = 3_600
"""Between two sweeps, by the hub's clock."""
LOCK = 0x5C4D_4855_44
ACTOR = "hub"
_RETRY_SECONDS = 1.0
_PLACE = "select p.seq, p.epoch, p.swept_at from watch_place p"
_READ = f"select {EVENT_COLUMNS} from change_log l where l.seq > $1 order by l.seq limit {PAGE}"
_KEEP = """
insert into watch_place (id, seq, epoch, swept_at) values (1, $1, $2, $3)
on conflict (id) do update set seq = excluded.seq, epoch = excluded.epoch, swept_at = excluded.swept_at
"""
_OVERDUE = f"""
select distinct c.opener_id from case_file c
where c.state not in {listed(rules.SETTLED)} and c.due_on < $1 and c.escalated_for is distinct from c.due_on
"""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class WatchPlace(SQLModel, table=True):
    """How far the watch has read and when it last looked at the clock: one row."""

    __tablename__ = "watch_place"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"info": {"write": "select, insert, update"}})

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False))
    swept_at: datetime = instant()


class Watch:
    """Judges what changed and what is due. ``wake`` it when the log has grown; it polls besides."""

    def __init__(self, address: Address, settings: Settings, database: Database, clock: Clock) -> None:
        """``address`` logs in as hub_read, directly: the lock belongs to its session."""
        self._address = address
        self._settings = settings
        self._database = database
        self._clock = clock
        self._connection: asyncpg.Connection | None = None
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There may be something in the log."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self._woken.clear()
                if await self.once():
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnusable, HubError) as error:
                log.warning("the watch for exceptions was interrupted and tries again: %s", error)
                await self.close()
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception:
                log.exception("the watch for exceptions failed and tries again")
                await self.close()
                await asyncio.sleep(_RETRY_SECONDS)

    async def once(self) -> bool:
        """One page of the log, and a sweep if one is due; whether there may be more. False also while another works."""
        connection = await self._connected()
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            return False
        try:
            return await self._turn(connection)
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.execute("select pg_advisory_unlock($1)", LOCK)

    async def _turn(self, connection: asyncpg.Connection) -> bool:
        head, place = await connection.fetchrow(HEAD), await connection.fetchrow(_PLACE)
        if head is None:
            return False
        now = self._clock()
        seq, swept = (place["seq"], place["swept_at"]) if place else (head["floor_seq"], NEVER)
        if place and (place["epoch"] != head["epoch"] or not head["floor_seq"] <= seq <= head["seq"]):
            seq, swept = head["seq"], NEVER  # what was missed is put right by looking at everything
        events = [Event.of(row) for row in await connection.fetch(_READ, seq)]
        await self.judge(await routes.changed(connection.fetch, events))
        if (now - swept).total_seconds() >= SWEEP_SECONDS:
            await self.judge(await routes.due(connection.fetch, now, None if swept == NEVER else swept.date()))
            await self._escalate(connection, now)
            swept = now
        seq = events[-1].seq if events else seq
        if place is None or (seq, head["epoch"], swept) != tuple(place):
            async with self._unit(HUB_PARTNER) as unit:
                await unit.rows(_KEEP, seq, head["epoch"], swept)
        return len(events) == PAGE

    async def judge(self, subjects: Subjects) -> None:
        """Every subject in the eyes of every partner it may affect."""
        for partner in sorted(subjects):
            for family in FAMILIES:
                keys = sorted(subjects[partner].get(family.name, ()))
                for chunk in _chunks(keys):
                    await self._judge(partner, family, chunk)

    async def _judge(self, partner: UUID, family: Family, keys: list[UUID]) -> None:
        """A subject that cannot be judged is logged and holds up no other: neither its chunk nor other partners."""
        try:
            async with self._unit(partner) as unit:
                judged, findings = await family.judge(unit, keys)
                await books.enter(unit, judged, family.criteria, findings)
        except (ServiceUnavailable, OSError):
            raise
        except Exception:
            if len(keys) == 1:
                log.exception("%s of %s could not be judged", family.name, partner)
                return
            for each in keys:
                await self._judge(partner, family, [each])

    async def _escalate(self, connection: asyncpg.Connection, now: datetime) -> None:
        """Cases whose due day has passed go up a level, once for each due day."""
        for row in await connection.fetch(_OVERDUE, now.date()):
            more = True
            while more:
                async with self._unit(row["opener_id"]) as unit:
                    more = await _escalate_overdue(unit) == CHUNK

    def _unit(self, partner: UUID) -> Any:
        return self._database.unit(partner, ACTOR, self._clock)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            connection = await self._address.connect(name="scmhub-watch", statement_cache_size=20)
            try:
                await check_session(connection, READ_ROLE, self._settings)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def close(self) -> None:
        """Let go of the connection, and of the lock with it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close(timeout=1)


def _chunks(keys: list[UUID]) -> Iterator[list[UUID]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


async def _escalate_overdue(unit: Unit) -> int:
    """Up to ``CHUNK`` overdue cases of the acting partner; how many."""
    rows = await unit.session.exec(
        select(CaseTable).where(
            CaseTable.opener_id == unit.partner_id, col(CaseTable.due_on) < unit.now.date(),
            col(CaseTable.state).not_in(rules.SETTLED),
            col(CaseTable.escalated_for).is_distinct_from(col(CaseTable.due_on)),
        ).order_by(col(CaseTable.id)).limit(CHUNK).with_for_update()
    )  # fmt: skip
    overdue = rows.all()
    for case in overdue:
        case.escalated_for = case.due_on
        await escalate(unit, case, Word("ESCALATE", f"It was due on {case.due_on}.", by_hub=True))
    return len(overdue)


@asynccontextmanager
async def watching(
    address: Address, settings: Settings, database: Database, clock: Clock, tail: Tail
) -> AsyncIterator[Watch]:
    """A watch at work inside the block, woken by what the tail reads."""
    watch = Watch(address, settings, database, clock)

    def wake(event: Event) -> None:
        """The other kinds are passed over with the next that matters, or at the next poll."""
        if event.kind in routes.KINDS:
            watch.wake()

    tail.on_event.append(wake)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        tail.on_event.remove(wake)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await watch.close()
