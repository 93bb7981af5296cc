"""The pump: takes what transactions left in the outbox and puts it in the log, numbered without gaps.

Identity numbers of the outbox are taken in one order and committed in another, so they are no position to read from.
The pump numbers only what it can see, under one lock: what commits later gets a later number. Every replica runs one;
whoever gets the lock works, nobody leads, and a crash rolls the whole batch back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import asyncpg  # type: ignore[import-untyped]

from scmhub.clock import Clock
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.pool import LOST
from scmhub.database.roles import check_session
from scmhub.database.tables import PUMP_ROLE
from scmhub.feed.log import CHANNEL, COLUMNS
from scmhub.settings import Settings

log = logging.getLogger(__name__)

BATCH = 2_000
"""Changes numbered in one transaction."""
POLL_SECONDS = 0.25
TRIM_BATCH = 5_000
"""Rows of the log dropped in one transaction."""
CHORE_SECONDS = 1.0
TRIM_SECONDS = 60.0
CURSOR_SLACK, TRIM_SLACK = timedelta(hours=1), timedelta(hours=2)
"""Cursors live this much longer than what one may begin with, and rows longer still: who begins with the oldest change
has an hour to walk on, and a cursor expires by its age, never because the log was trimmed."""
LOCK = 0x5C4D_4855_43
"""Held by the one pump that works, and by whoever changes the head."""
_RETRY_SECONDS = 1.0
Chore = Callable[[asyncpg.Connection, datetime], Awaitable[object]]
_COLUMNS = ", ".join(COLUMNS)

# The order of ids is the order of changes within a batch, because an id is taken under its record's lock.
_MOVE = f"""
with taken as (
  delete from change_outbox where id in (select o.id from change_outbox o order by o.id limit {BATCH}) returning *
), total as (select count(*) as n from taken),
head as (update change_head set seq = seq + n from total where n > 0 returning seq, n)
insert into change_log (seq, {_COLUMNS})
select head.seq - head.n + row_number() over (order by taken.id), {", ".join(f"taken.{each}" for each in COLUMNS)}
from taken, head returning seq
"""
# A prefix only: the first row that is young enough ends it, whatever the clocks of the writers said.
_TRIM = f"""
with oldest as (select l.seq, l.at from change_log l order by l.seq limit {TRIM_BATCH}),
last as (select coalesce(min(seq) filter (where at >= $1) - 1, max(seq)) as seq from oldest),
gone as (delete from change_log l using last where l.seq <= last.seq returning l.seq),
head as (update change_head set floor_seq = greatest(floor_seq, coalesce((select max(g.seq) from gone g), 0)))
select count(*) from gone
"""
_SERVER = """
select s.system_identifier, c.timeline_id as timeline from pg_control_system() s, pg_control_checkpoint() c
"""


class Pump:
    """Numbers changes on one connection of its own; ``wake`` it after a commit, it polls besides."""

    def __init__(self, address: Address, settings: Settings, clock: Clock) -> None:
        """``address`` logs in as hub_pump."""
        self._address = address
        self._settings = settings
        self._clock = clock
        self._connection: asyncpg.Connection | None = None
        self._woken = asyncio.Event()
        self._trimmed_at: float = 0.0
        self._chores_at: float = 0.0
        self.oldest_pending: datetime | None = None
        """When the oldest change was made that waited in the outbox at the last look."""
        self.chores: list[Chore] = []
        """What is done beside the pumping, by one pump of the cluster at a time."""

    def wake(self) -> None:
        """There may be something in the outbox."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A lost connection is opened again: changes wait in the outbox meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._work(loop)
            except (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnusable, TimeoutError) as error:
                log.warning("the change pump lost its connection and tries again: %s", error)
                await self.close()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            self._woken.clear()
            if loop.time() - self._chores_at > CHORE_SECONDS:
                self._chores_at = loop.time()
                await self.beside()
            moved = await self.once()
            if loop.time() - self._trimmed_at > TRIM_SECONDS:
                self._trimmed_at = loop.time()
                kept = timedelta(hours=self._settings.change_retention_hours)
                await self.trim(self._clock() - kept - TRIM_SLACK)
            if moved < BATCH:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()

    async def once(self) -> int:
        """One batch from outbox to log; how many. 0 also when another pump is at work."""
        connection = await self._connected()
        oldest = await connection.fetchval("select o.at from change_outbox o order by o.id limit 1")
        self.oldest_pending = oldest
        if oldest is None:
            return 0
        async with connection.transaction():
            # Two statements: the second's snapshot must be taken under the lock, or it could miss what the pump before
            # has moved and number rows that a crash gave back.
            if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
                return 0
            rows = await connection.fetch(_MOVE)
            if rows:
                await connection.execute(f"notify {CHANNEL}")
        return len(rows)

    async def beside(self) -> None:
        """The chores, each in a transaction under the lock; none while another pump is at work."""
        connection = await self._connected()
        for chore in self.chores:
            async with connection.transaction():
                if await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
                    await chore(connection, self._clock())

    async def drain(self) -> None:
        """Everything that is committed now; for an orderly stop, and for tests."""
        while await self.once():
            pass

    async def trim(self, before: datetime) -> int:
        """Drop rows older than ``before`` from the old end, a batch at a time; how many. Cursors into them expire."""
        connection = await self._connected()
        dropped = 0
        while True:
            async with connection.transaction():
                if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
                    return dropped
                count = int(await connection.fetchval(_TRIM, before))
            dropped += count
            if count < TRIM_BATCH:
                return dropped

    async def new_epoch(self) -> None:
        """Void all cursors: numbers may have been issued before (a restored disk image looks identical)."""
        connection = await self._connected()
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            await connection.execute("update change_head set epoch = $1", _random_epoch())

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close(timeout=1)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            connection = await self._address.connect(name="scmhub-pump", statement_cache_size=20)
            try:
                await check_session(connection, PUMP_ROLE, self._settings)
                await _check_head(connection, self._clock())
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection


async def _check_head(connection: asyncpg.Connection, now: datetime) -> None:
    """The head exists and belongs to this server; a new epoch when the server is another or was promoted."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        server = await connection.fetchrow(_SERVER)
        await connection.execute(
            "insert into change_head (id, seq, floor_seq, epoch, system_identifier, timeline, swept_at)"
            " values (1, 0, 0, $1, $2, $3, $4) on conflict (id) do nothing",
            _random_epoch(), server["system_identifier"], server["timeline"], now,
        )  # fmt: skip
        changed = await connection.fetchval(
            "update change_head set epoch = $1, system_identifier = $2, timeline = $3"
            " where (system_identifier, timeline) <> ($2, $3) returning true",
            _random_epoch(), server["system_identifier"], server["timeline"],
        )  # fmt: skip
        # A log that reaches past its head was restored half: the head follows it, under a new epoch.
        behind = await connection.fetchval(
            "update change_head set epoch = $1, seq = m.seq from (select max(l.seq) as seq from change_log l) m"
            " where change_head.seq < m.seq returning true",
            _random_epoch(),
        )
    if changed or behind:
        log.warning("the database server is another than before: all change cursors start a new epoch")


def _random_epoch() -> int:
    return secrets.randbits(63)
