"""Whatever order writers commit in, whoever rolls back, however many pumps run: dense numbers, nothing lost or swapped.

Eight writers are moved step by step in a random order, so that every interleaving is one a test can repeat. Two readers
that look right are run beside the hub's: the promise is worth something only if they are caught.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from scmhub.cli.feed import begin_epoch
from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.database.doctor import examine
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import PUMP_ROLE, READ_ROLE
from scmhub.feed.pump import _MOVE, LOCK, Pump
from scmhub.feed.tail import Tail
from scmhub.ids import new_id
from scmhub.settings import Settings
from tests.conftest import execute

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RECORDS = [UUID(int=number) for number in range(1, 4)]
OUTBOX = """
insert into change_outbox (event_id, at, kind, action, record_id, owner_id, parties, changed, actor)
values ($1, $2, 'ORDER', 'X', $3, $3, '{}', array[$4::text], 'w')
"""


def pump_of(admin: Address, secret: HubSecret, settings: Settings) -> Pump:
    return Pump(login(admin, PUMP_ROLE, secret), settings, system_clock)


class Readers:
    """What two plausible readers of an outbox have seen, in their order."""

    def __init__(self) -> None:
        self.naive: list[tuple[UUID, int]] = []
        self.by_xid: list[tuple[UUID, int]] = []
        self._cursor = 0
        self._xid_cursor = (0, 0)

    async def look(self, connection: asyncpg.Connection) -> None:
        for row in await connection.fetch("select * from twin where id > $1 order by id", self._cursor):
            self._cursor = row["id"]
            self.naive.append((row["record"], row["version"]))
        rows = await connection.fetch(
            "select *, xid::text::bigint as x from twin where (xid::text::bigint, id) > ($1, $2)"
            " and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, id", *self._xid_cursor,
        )  # fmt: skip
        for row in rows:
            self._xid_cursor = (row["x"], row["id"])
            self.by_xid.append((row["record"], row["version"]))


class Writer:
    """One connection: begins (and so gets its xid), locks a record, tells, and commits or rolls back."""

    def __init__(self, connection: asyncpg.Connection, rng: random.Random, held: set[UUID]) -> None:
        self.connection, self.rng, self.held = connection, rng, held
        self.step, self.record, self.version = 0, RECORDS[0], 0
        self.committed: list[tuple[UUID, int]] = []

    async def advance(self) -> None:
        if self.step == 0:
            self.record = self.rng.choice(RECORDS)
            await self.connection.execute("begin; insert into scratch values (1)")
            self.step = 1
        elif self.step == 1 and self.record not in self.held:
            self.held.add(self.record)
            self.version = await self.connection.fetchval(
                "update counter set version = version + 1 where record = $1 returning version", self.record
            )
            self.step = 2
        elif self.step == 2:
            await self.connection.execute(OUTBOX, new_id(NOW), NOW, self.record, str(self.version))
            await self.connection.execute(
                "insert into twin (record, version) values ($1, $2)", self.record, self.version
            )
            self.step = 3
        elif self.step == 3:
            await self.end(keep=self.rng.random() > 0.1)

    async def end(self, *, keep: bool) -> None:
        if self.step:
            await self.connection.execute("commit" if keep else "rollback")
        if self.step == 3 and keep:
            self.committed.append((self.record, self.version))
        if self.step >= 2:
            self.held.discard(self.record)
        self.step = 0


@asynccontextmanager
async def connections(admin: Address, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            connection = await admin.connect()
            stack.push_async_callback(connection.close)
            found.append(connection)
        yield found


def inversions(seen: list[tuple[UUID, int]]) -> int:
    last: dict[UUID, int] = defaultdict(int)
    wrong = 0
    for record, version in seen:
        wrong += version < last[record]
        last[record] = max(last[record], version)
    return wrong


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_log_is_dense_complete_and_in_order(
    admin: Address, secret: HubSecret, settings: Settings, seed: int
) -> None:
    rng = random.Random(seed)
    await execute(
        admin, "create table counter (record uuid primary key, version int)", "create table scratch (n int)",
        "create table twin (id bigint generated always as identity (cache 1), xid xid8 default pg_current_xact_id(),"
        " record uuid, version int)",
        *(f"insert into counter values ('{each}', 0)" for each in RECORDS),
    )  # fmt: skip
    pumps = [pump_of(admin, secret, settings) for _ in range(3)]
    tail = Tail(login(admin, READ_ROLE, secret))
    await pumps[0].once()
    await tail.start()
    seen: list[tuple[UUID, int]] = []
    tail.on_event.append(lambda event: seen.append((event.record_id, int(event.changed[0]))))
    readers = Readers()
    async with connections(admin, 10) as opened:
        # A transaction elsewhere that stays open: a horizon of transaction ids would stand still behind it.
        await opened[9].execute("begin; select pg_current_xact_id()")
        held: set[UUID] = set()
        writers = [Writer(each, rng, held) for each in opened[:8]]
        for number in range(600):
            await rng.choice(writers).advance()
            if number == 300:
                await opened[9].execute("rollback")
            if rng.random() < 0.3:
                await asyncio.gather(*(pump.once() for pump in rng.sample(pumps, 2)))
                await tail.read()
                await readers.look(opened[8])
        for writer in writers:
            await writer.end(keep=writer.step == 3)
        await asyncio.gather(*(pump.drain() for pump in pumps))
        await pumps[0].drain()
        await tail.read()
        await readers.look(opened[8])
        numbers = [row["seq"] for row in await opened[8].fetch("select seq from change_log order by seq")]
        left = await opened[8].fetchval("select count(*) from change_outbox")
    for pump in pumps:
        await pump.close()
    await tail.close()
    committed = [each for writer in writers for each in writer.committed]
    assert len(committed) > 50
    assert numbers == list(range(1, len(committed) + 1))
    assert left == 0
    assert sorted(seen) == sorted(committed)
    assert inversions(seen) == 0
    # The known-bad readers: one loses changes, the other swaps them.
    assert len(readers.naive) < len(committed)
    assert inversions(readers.by_xid) > 0


async def test_a_pump_that_dies_in_the_middle_moves_nothing(
    admin: Address, secret: HubSecret, settings: Settings
) -> None:
    pump, other = pump_of(admin, secret, settings), pump_of(admin, secret, settings)
    assert await other.once() == 0
    async with connections(admin, 1) as [connection]:
        for number in range(5):
            await connection.execute(OUTBOX, new_id(NOW), NOW, RECORDS[0], str(number))
        inner = await pump._connected()
        await inner.execute("begin")
        assert await inner.fetchval("select pg_try_advisory_xact_lock($1)", LOCK)
        assert len(await inner.fetch(_MOVE)) == 5
        assert await other.once() == 0  # the lock is held: nobody else numbers
        inner.terminate()
        while (
            await connection.fetchval("select count(*) from pg_stat_activity where application_name = 'scmhub-pump'")
            > 1
        ):
            pass
        assert await other.once() == 5
        assert [row["seq"] for row in await connection.fetch("select seq from change_log order by seq")] == [
            1,
            2,
            3,
            4,
            5,
        ]
    await other.close()


async def test_old_rows_go_from_the_old_end_only(admin: Address, secret: HubSecret, settings: Settings) -> None:
    pump = pump_of(admin, secret, settings)
    old, young = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    async with connections(admin, 1) as [connection]:
        for at in (old, old, young, old):
            await connection.execute(OUTBOX, new_id(NOW), at, RECORDS[0], "1")
        await pump.drain()
        assert await pump.trim(datetime(2025, 1, 1, tzinfo=UTC)) == 2
        assert [row["seq"] for row in await connection.fetch("select seq from change_log order by seq")] == [3, 4]
        assert await connection.fetchval("select floor_seq from change_head") == 2
        assert await pump.trim(datetime(2025, 1, 1, tzinfo=UTC)) == 0
        assert await connection.fetchval("select floor_seq from change_head") == 2
    await pump.close()


@pytest.mark.parametrize("left", [0, 1])
async def test_a_tail_goes_on_behind_what_went_before_it_was_read(
    admin: Address, secret: HubSecret, settings: Settings, left: int
) -> None:
    pump, tail = pump_of(admin, secret, settings), Tail(login(admin, READ_ROLE, secret))
    async with connections(admin, 1) as [connection]:
        await tail.start()
        resets: list[int] = []
        tail.on_reset.append(lambda: resets.append(tail.head))
        old, young = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
        for at in [old, old, *[young] * left]:
            await connection.execute(OUTBOX, new_id(NOW), at, RECORDS[0], "1")
        await pump.drain()
        assert await pump.trim(datetime(2025, 1, 1, tzinfo=UTC)) == 2
        assert await tail.read() == 0
        assert (tail.trouble(), resets) == (None, [2 + left])
        await connection.execute(OUTBOX, new_id(NOW), young, RECORDS[0], "1")
        await pump.drain()
        assert await tail.read() == 1
        assert tail.head == 3 + left
    await tail.close()
    await pump.close()


async def test_a_hole_breaks_the_tail(admin: Address, secret: HubSecret, settings: Settings) -> None:
    pump, tail = pump_of(admin, secret, settings), Tail(login(admin, READ_ROLE, secret))
    async with connections(admin, 1) as [connection]:
        await pump.once()
        await tail.start()
        for number in range(3):
            await connection.execute(OUTBOX, new_id(NOW), NOW, RECORDS[0], str(number))
        await pump.drain()
        await connection.execute("delete from change_log where seq = 2")
        await tail.run()
    assert tail.trouble() == "the change log skips a number behind 0"
    await pump.close()
    await tail.close()


async def test_a_new_epoch_is_noticed(admin: Address, secret: HubSecret, settings: Settings) -> None:
    pump, tail = pump_of(admin, secret, settings), Tail(login(admin, READ_ROLE, secret))
    await pump.once()
    await tail.start()
    before = tail.epoch
    await pump.new_epoch()
    await tail.read()
    assert tail.epoch != before
    await pump.close()
    other = pump_of(admin, secret, settings)
    await execute(admin, "update change_head set timeline = timeline + 1")  # as after a promotion
    now = tail.epoch
    await other.once()
    await tail.read()
    assert tail.epoch != now
    await other.close()
    await tail.close()


async def test_a_tail_that_cannot_read_says_so(admin: Address, secret: HubSecret, settings: Settings) -> None:
    time = [0.0]
    pump, tail = pump_of(admin, secret, settings), Tail(login(admin, READ_ROLE, secret), lambda: time[0])
    await pump.once()
    await tail.start()
    time[0] = 10.0
    assert tail.trouble() is None
    time[0] = 10.1
    assert tail.trouble() == "the change log was not read for too long"
    await tail.read()
    assert tail.trouble() is None
    await pump.close()
    await tail.close()


async def test_the_pump_can_do_nothing_else(admin: Address, secret: HubSecret) -> None:
    connection = await login(admin, PUMP_ROLE, secret).connect()
    for forbidden in (
        "select * from partner", "update change_outbox set owner_id = null", "delete from scope",
        "update change_log set seq = 1", "delete from change_head",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(forbidden)
    await connection.close()


async def test_after_a_restore_the_operator_begins_a_new_epoch(admin: Address, settings: Settings) -> None:
    await begin_epoch(admin, settings)
    connection = await admin.connect()
    before = await connection.fetchval("select epoch from change_head")
    await begin_epoch(admin, settings)
    assert await connection.fetchval("select epoch from change_head") != before
    await connection.close()


async def test_what_waits_too_long_is_told(admin: Address, secret: HubSecret, settings: Settings) -> None:
    pump = pump_of(admin, secret, settings)
    async with connections(admin, 1) as [connection]:
        await connection.execute(OUTBOX, new_id(NOW), NOW, RECORDS[0], "1")
        [told] = [each for each in await examine(settings, admin) if each.name == "changes"]
        assert (told.level, told.todo) == ("warn", "start a hub: it moves them on")
        await pump.once()
        assert pump.oldest_pending == NOW
        await pump.once()
        assert pump.oldest_pending is None
        [told] = [each for each in await examine(settings, admin) if each.name == "changes"]
        assert told.level == "ok"
    await pump.close()
