"""The unit of work: all or nothing, for one partner, and what changed is told last."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import Column, MetaData, Table, Text, Uuid, select, update
from sqlalchemy.orm import DeclarativeBase

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl, governed
from scmhub.database.unit import Database
from scmhub.errors import ServiceUnavailable, TimedOut
from scmhub.settings import Settings

from ..conftest import execute

ACME, BOLT, CARGO = (uuid.UUID(int=number) for number in (1, 2, 3))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Models(DeclarativeBase):
    metadata = MetaData()


class Note(Models):
    """A governed row: acme's, with bolt as a party."""

    __table__ = Table(
        "note",
        Models.metadata,
        Column("id", Uuid, primary_key=True),
        Column("owner_id", Uuid, nullable=False),
        Column("party_id", Uuid),
        Column("body", Text, nullable=False),
        **governed(owner="owner_id", parties=("party_id",)),
    )


def noon() -> datetime:
    return NOON


def note(owner: uuid.UUID = ACME, body: str = "first") -> Note:
    return Note(id=uuid.uuid4(), owner_id=owner, party_id=BOLT, body=body)


@pytest.fixture
async def database(admin: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Database]:
    """A Database with a governed table."""
    await execute(admin, f"set role {OWNER_ROLE}; {'; '.join(ddl(Models.metadata))}")
    opened = await Database.open(admin, settings, secret=secret)
    yield opened
    await opened.close()


@pytest.fixture
async def other(admin: Address) -> AsyncIterator[asyncpg.Connection]:
    connection = await admin.connect()
    yield connection
    await connection.close()


async def test_records_and_their_changes_are_committed_together(database: Database, other: asyncpg.Connection) -> None:
    told: list[bool] = []
    database.on_change.append(lambda: told.append(True))
    async with database.unit(ACME, "planner@acme", noon) as unit:
        row = note()
        unit.session.add(row)
        unit.change("NOTE", "CREATE", row.id, ACME, [BOLT], ["body"])
        unit.change("NOTE", "TOUCH", row.id, ACME)
        assert unit.now == NOON
        assert not told
    assert told == [True]
    assert row.body == "first", "records stay readable after the unit"
    assert await other.fetchval("select body from note") == "first"
    first, second = await other.fetch("select * from change_outbox order by id")
    assert dict(first) | {"id": 0, "event_id": 0} == {
        "id": 0, "event_id": 0, "at": NOON, "kind": "NOTE", "action": "CREATE", "record_id": row.id, "owner_id": ACME,
        "parties": [BOLT], "changed": ["body"], "actor": "planner@acme", "acting_id": ACME, "was": None, "audience": None,
        "only_for": None,
    }  # fmt: skip
    assert (second["action"], second["parties"], second["changed"]) == ("TOUCH", [], [])
    assert first["event_id"] != second["event_id"]


async def test_changes_are_one_statement_the_last_before_commit(database: Database, other: asyncpg.Connection) -> None:
    """A trigger writes down the order in which the server met the statements."""
    await other.execute("""
        create table met (at serial, what text);
        create function met() returns trigger security definer language plpgsql as
          $$ begin insert into met (what) values (tg_table_name || ' ' || lower(tg_op)); return null; end $$;
        create trigger met after insert or update on note for each statement execute function met();
        create trigger met after insert on change_outbox for each statement execute function met();
    """)
    async with database.unit(ACME, "a", noon) as unit:
        row = note()
        unit.change("NOTE", "CREATE", row.id, ACME)
        unit.session.add(row)
        await unit.session.flush()
        unit.change("NOTE", "UPDATE", row.id, ACME)
        row.body = "second"  # flushed by the unit itself
    met = [row["what"] for row in await other.fetch("select what from met order by at")]
    assert met == ["note insert", "note update", "change_outbox insert"]


async def test_any_exception_rolls_everything_back(database: Database, other: asyncpg.Connection) -> None:
    told: list[bool] = []
    database.on_change.append(lambda: told.append(True))
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with database.unit(ACME, "a", noon) as unit:
            unit.session.add(note())
            unit.change("NOTE", "CREATE", ACME, ACME)
            await unit.session.flush()
            raise ZeroDivisionError
    assert not told
    assert await other.fetchval("select (select count(*) from note) + (select count(*) from change_outbox)") == 0


async def test_a_swallowed_error_of_a_statement_is_no_success(database: Database, other: asyncpg.Connection) -> None:
    with pytest.raises(RuntimeError, match="swallowed"):  # noqa: PT012
        async with database.unit(ACME, "a", noon) as unit:
            await unit.rows("insert into note values ($1, $2, null, 'x')", uuid.uuid4(), ACME)
            with suppress(asyncpg.DivisionByZeroError):
                await unit.fetch("select 1 / 0")
    assert await other.fetchval("select count(*) from note") == 0
    async with database.unit(ACME, "a", noon) as unit:
        assert await unit.fetch("select 1") == 1


async def test_a_cancelled_unit_rolls_back_and_frees_its_connection(
    database: Database, other: asyncpg.Connection, settings: Settings
) -> None:
    await other.execute("select pg_advisory_lock(1)")

    async def hang() -> None:
        async with database.unit(ACME, "a", noon) as unit:
            unit.session.add(note())
            await unit.fetch("select pg_advisory_xact_lock(1)::text")

    for _ in range(settings.write_pool + 1):
        task = asyncio.create_task(hang())
        while not await other.fetchval("select count(*) from pg_locks where locktype = 'advisory' and not granted"):
            pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with database.unit(ACME, "a", noon) as unit:
        assert await unit.fetch("select count(*) from note") == 0


async def test_raw_statements_see_what_the_session_did(database: Database) -> None:
    async with database.unit(ACME, "a", noon) as unit:
        unit.session.add(note(body="seen"))
        assert await unit.fetch("select body from note") == "seen"
        assert [row["body"] for row in await unit.rows("select body from note where owner_id = $1", ACME)] == ["seen"]


async def test_another_partners_row_is_out_of_reach(database: Database) -> None:
    async with database.unit(ACME, "a", noon) as unit:
        unit.session.add(row := note())
    stranger = uuid.UUID(int=9)
    async with database.unit(stranger, "s", noon) as unit:
        assert (await unit.session.exec(select(Note))).all() == []
        assert (await unit.session.exec(update(Note).values(body="mine now"))).rowcount == 0
        assert await unit.rows("delete from note returning id") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.unit(stranger, "s", noon) as unit:
            await unit.rows("insert into note values ($1, $2, null, 'forged')", uuid.uuid4(), ACME)
    async with database.unit(BOLT, "b", noon) as unit:
        assert (await unit.session.exec(update(Note).values(body="from a party"))).rowcount == 1
        assert await unit.fetch("select body from note where id = $1", row.id) == "from a party"


async def test_nothing_of_a_partner_stays_on_the_connection(database: Database, settings: Settings) -> None:
    for _ in range(settings.write_pool):
        async with database.unit(CARGO, "c", noon) as unit:
            assert await unit.fetch("select current_setting('hub.partner')") == str(CARGO)
    async with database.unit(BOLT, "b", noon) as unit:
        assert await unit.fetch("select current_setting('hub.partner')") == str(BOLT)
    raw = await database._engine.connect()
    driver = (await raw.get_raw_connection()).driver_connection
    assert driver is not None
    assert await driver.fetchval("select coalesce(current_setting('hub.partner', true), '')") == ""
    assert await driver.fetchval("select count(*) from note") == 0
    await raw.close()


async def test_the_read_door_cannot_write(database: Database) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await database.read.fetch("delete from note returning id")
    await database.read.fetch("select set_config('default_transaction_read_only', 'off', false)")
    with pytest.raises(
        asyncpg.InsufficientPrivilegeError
    ):  # even then: the grants are the wall, the setting is a fence
        await database.read.fetch("delete from note returning id")


async def test_a_lost_connection_is_not_noticed_by_the_next_unit(database: Database, other: asyncpg.Connection) -> None:
    with pytest.raises(ServiceUnavailable):  # noqa: PT012
        async with database.unit(ACME, "a", noon) as unit:
            pid = await unit.fetch("select pg_backend_pid()")
            await other.execute("select pg_terminate_backend($1, 5000)", pid)
            await unit.fetch("select 1")
    async with database.unit(ACME, "a", noon) as unit:
        pid = await unit.fetch("select pg_backend_pid()")
    await other.execute("select pg_terminate_backend($1, 5000)", pid)
    async with database.unit(ACME, "a", noon) as unit:
        assert await unit.fetch("select pg_backend_pid()") != pid


async def test_a_full_pool_is_unavailable_and_a_slow_statement_a_timeout(
    admin: Address, settings: Settings, secret: HubSecret
) -> None:
    tight = settings.model_copy(update={"write_pool": 1, "pool_wait_seconds": 0.05})
    database = await Database.open(admin, tight, secret=secret)
    async with database.unit(ACME, "a", noon):
        with pytest.raises(ServiceUnavailable):
            async with database.unit(ACME, "a", noon):
                pass
    with pytest.raises(TimedOut):  # noqa: PT012
        async with database.unit(ACME, "a", noon) as unit:
            await unit.fetch("select set_config('statement_timeout', '20ms', true)")
            await unit.fetch("select pg_sleep(60)::text")
    await database.close()
