"""Reads: hot connections first, nobody's connection is lost, a lost one is replaced, waits have an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.pool import NAMED_STATEMENTS, WAITERS_PER_CONNECTION, ReadPool
from scmhub.errors import ServiceUnavailable, TimedOut

from ..conftest import execute

PID = "select pg_backend_pid()"


async def nothing(_: asyncpg.Connection) -> None:
    """A set-up that accepts every connection."""


@pytest.fixture
async def pool(admin: Address) -> AsyncIterator[ReadPool]:
    opened = await ReadPool.open(admin, 2, 5.0, nothing)
    yield opened
    await opened.close()


@pytest.fixture
async def single(admin: Address) -> AsyncIterator[ReadPool]:
    """One connection, short waits."""
    opened = await ReadPool.open(admin, 1, 0.2, nothing)
    yield opened
    await opened.close()


@pytest.fixture
async def other(admin: Address) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection, to watch from and to hold locks with."""
    connection = await admin.connect()
    yield connection
    await connection.close()


async def busy(other: asyncpg.Connection, count: int = 1) -> list[int]:
    """Backends that wait for the advisory lock 1, once there are so many."""
    while True:
        rows = await other.fetch(
            "select pid from pg_locks join pg_database d on d.oid = database"
            " where locktype = 'advisory' and not granted and datname = current_database()"
        )
        if len(rows) == count:
            return [row["pid"] for row in rows]


WAIT_FOR_LOCK = "select pg_advisory_xact_lock(1)::text"


async def test_the_connection_returned_last_is_used_first(pool: ReadPool) -> None:
    first = await pool.fetch(PID)
    assert [await pool.fetch(PID) for _ in range(5)] == [first] * 5


async def test_first_column_of_first_row_or_nothing(pool: ReadPool) -> None:
    assert await pool.fetch("select convert_to($1, 'UTF8')", "grüß") == "grüß".encode()
    assert await pool.fetch("select 1 where false") is None
    assert [tuple(row) for row in await pool.rows("select x, x * 2 from generate_series(1, 3) x")] == [
        (1, 2),
        (2, 4),
        (3, 6),
    ]
    assert pool.stats.in_use == 0


async def test_a_statement_is_kept_from_its_second_use_on_and_only_so_many_are(single: ReadPool) -> None:
    names = "select array_agg(statement order by statement) from pg_prepared_statements where name <> ''"
    for _ in range(3):
        await single.fetch("select 1")
    assert await single.fetch(names) == ["select 1"]
    for number in range(NAMED_STATEMENTS + 20):
        for _ in range(2):
            await single.fetch(f"select {number}")
    assert await single.fetch("select count(*) from pg_prepared_statements where name <> ''") <= NAMED_STATEMENTS + 1


async def test_a_wait_ends_at_its_deadline(single: ReadPool, other: asyncpg.Connection) -> None:
    await other.execute("select pg_advisory_lock(1)")
    holder = asyncio.create_task(single.fetch(WAIT_FOR_LOCK))
    await busy(other)
    with pytest.raises(ServiceUnavailable):
        await single.fetch("select 1")
    assert (single.stats.in_use, single.stats.waiting) == (1, 0)
    await other.execute("select pg_advisory_unlock(1)")
    await holder
    assert await single.fetch("select 1") == 1


async def test_a_full_queue_refuses_at_once(single: ReadPool, other: asyncpg.Connection) -> None:
    await other.execute("select pg_advisory_lock(1)")
    holder = asyncio.create_task(single.fetch(WAIT_FOR_LOCK))
    await busy(other)
    waiters = [asyncio.create_task(single.fetch("select 1")) for _ in range(WAITERS_PER_CONNECTION)]
    while single.stats.waiting < WAITERS_PER_CONNECTION:
        await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable):
        single.fetch("select 1").send(None)  # in its first step, so it did not wait
    await other.execute("select pg_advisory_unlock(1)")
    await holder
    assert await asyncio.gather(*waiters) == [1] * WAITERS_PER_CONNECTION


async def test_a_cancelled_waiter_takes_no_connection_with_it(pool: ReadPool, other: asyncpg.Connection) -> None:
    await other.execute("select pg_advisory_lock(1)")
    holders = [asyncio.create_task(pool.fetch(WAIT_FOR_LOCK)) for _ in range(2)]
    await busy(other, 2)
    waiters = [asyncio.create_task(pool.fetch("select 1")) for _ in range(3)]
    while pool.stats.waiting < 3:
        await asyncio.sleep(0)
    waiters[0].cancel()
    await other.execute("select pg_advisory_unlock(1)")
    assert await asyncio.gather(*waiters[1:]) == [1, 1]
    await asyncio.gather(*holders)
    assert pool.stats == type(pool.stats)(size=2, in_use=0, waiting=0)
    with pytest.raises(asyncio.CancelledError):
        await waiters[0]


async def test_a_waiter_cancelled_after_the_hand_over_passes_the_connection_on(single: ReadPool) -> None:
    slot = single._idle.pop()
    waiter = asyncio.create_task(single._wait())
    await asyncio.sleep(0)
    single._give_back(slot)  # handed over; the waiter has not run yet
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert single.stats.in_use == 0
    assert await single.fetch("select 1") == 1


async def test_a_cancelled_read_is_stopped_in_the_server_and_its_connection_reused(
    single: ReadPool, other: asyncpg.Connection
) -> None:
    first = await single.fetch(PID)
    await other.execute("select pg_advisory_lock(1)")
    reader = asyncio.create_task(single.fetch(WAIT_FOR_LOCK))
    await busy(other)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await single.fetch(PID) == first  # while the lock is still held: the server had been told
    await busy(other, 0)


async def test_a_closed_connection_is_replaced_and_the_read_done_again(
    single: ReadPool, other: asyncpg.Connection
) -> None:
    for _ in range(3):
        first = await single.fetch(PID)
    await other.execute("select pg_terminate_backend($1, 5000)", first)
    assert await single.fetch(PID) != first


async def test_a_connection_lost_in_the_middle_is_replaced_and_the_read_done_again(
    single: ReadPool, other: asyncpg.Connection
) -> None:
    await other.execute("select pg_advisory_lock(1)")
    reader = asyncio.create_task(single.fetch(WAIT_FOR_LOCK))
    (first,) = await busy(other)
    await other.execute("select pg_terminate_backend($1, 5000)", first)
    (second,) = await busy(other)
    assert second != first
    await other.execute("select pg_advisory_unlock(1)")
    await reader


async def test_a_read_is_done_again_once_only(single: ReadPool, other: asyncpg.Connection) -> None:
    await other.execute("select pg_advisory_lock(1)")
    reader = asyncio.create_task(single.fetch(WAIT_FOR_LOCK))
    for _ in range(2):
        (pid,) = await busy(other)
        await other.execute("select pg_terminate_backend($1, 5000)", pid)
    with pytest.raises(ServiceUnavailable):
        await reader
    assert await single.fetch("select 1") == 1


async def test_a_migration_under_a_prepared_statement_is_not_noticed(
    single: ReadPool, other: asyncpg.Connection
) -> None:
    await other.execute("create table moving (x int); insert into moving values (1)")
    for _ in range(3):
        assert await single.fetch("select x from moving") == 1
    await other.execute("alter table moving alter x type text")
    assert await single.fetch("select x from moving") == "1"


async def test_errors_of_a_statement_are_its_own_and_the_connection_stays(single: ReadPool) -> None:
    first = await single.fetch(PID)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await single.fetch("select 1 / 0")
    with pytest.raises(asyncpg.DataError):
        await single.fetch("select $1::int", "no number")
    with pytest.raises(asyncpg.UndefinedTableError):
        await single.rows("select * from nowhere")
    assert await single.fetch(PID) == first


async def test_the_servers_timeout_is_told_as_a_timeout(single: ReadPool) -> None:
    await single.fetch("select set_config('statement_timeout', '20ms', false)")
    with pytest.raises(TimedOut):
        await single.fetch("select pg_sleep(60)::text")
    assert single.stats.in_use == 0


async def test_a_database_that_is_gone_is_unavailable_and_back_when_it_is_back(
    server: Address, single: ReadPool, admin: Address
) -> None:
    await execute(
        server,
        f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{admin.database}'",
        f"alter database {admin.database} with allow_connections false connection limit 0",
    )
    with pytest.raises(ServiceUnavailable):
        await single.fetch("select 1")
    await execute(server, f"alter database {admin.database} with allow_connections true connection limit -1")
    assert await single.fetch("select 1") == 1


async def test_a_closed_pool_refuses(admin: Address) -> None:
    pool = await ReadPool.open(admin, 1, 1.0, nothing)
    await pool.close()
    with pytest.raises(ServiceUnavailable):
        await pool.fetch("select 1")


async def test_a_refused_connection_refuses_the_pool(admin: Address) -> None:
    async def refuse(_: asyncpg.Connection) -> None:
        raise DatabaseUnusable("not this one")

    with pytest.raises(DatabaseUnusable, match="not this one"):
        await ReadPool.open(admin, 2, 1.0, refuse)
