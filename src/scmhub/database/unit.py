"""The unit of work: one command, one transaction, one partner; its changes are told in the same transaction.

acme confirms an order. The unit begins by telling PostgreSQL that acme is acting, so row level security lets it touch
only what is acme's or what acme is a party to. The command edits records through ``session`` and says what changed. At
the end the changes are inserted by ONE statement, the last before COMMIT: their ids are taken while the rows are
locked, so the order of ids is the order of changes. Nothing but this module commits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from scmhub.clock import Clock
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.amounts import Amounts
from scmhub.database.pool import LOST, NAMED_STATEMENTS, RECONNECT_SECONDS, ReadPool
from scmhub.database.roles import check_session, login
from scmhub.database.secret import HubSecret, load_secret
from scmhub.database.tables import READ_ROLE, WRITE_ROLE
from scmhub.errors import Refusal, ServiceUnavailable, TimedOut
from scmhub.ids import new_id
from scmhub.settings import Settings

log = logging.getLogger(__name__)

CHANGES_PER_UNIT = 10_000
_OUTBOX = """
insert into change_outbox (event_id, at, kind, action, record_id, owner_id, parties, changed, actor, acting_id, was,
                           audience, only_for)
select event_id, at, kind, action, record_id, owner_id, parties, changed, actor, acting_id, was, audience, only_for
from jsonb_to_recordset(convert_from($1, 'UTF8')::jsonb) as change(
  event_id uuid, at timestamptz, kind text, action text, record_id uuid, owner_id uuid, parties uuid[], changed text[],
  actor text, acting_id uuid, was jsonb, audience text, only_for uuid[])
"""


class Unit:
    """What a command works with. ``session`` holds records; ``now`` is the one instant of everything it does."""

    def __init__(
        self, session: AsyncSession, raw: asyncpg.Connection, partner_id: UUID, actor: str, now: datetime,
        secret: HubSecret,
    ) -> None:  # fmt: skip
        self.session = session
        self.partner_id = partner_id
        self.actor = actor
        self.now = now
        self.secret = secret
        """For what must be kept but not readable in the database."""
        self.reason: str | None = None
        """Why, in the words of whoever acts; the audit trail keeps it."""
        self.limits: tuple[frozenset[str] | None, frozenset[str] | None] | None = None
        """The purposes and kinds its caller is limited to; see ``sharing.lens``."""
        self._raw = raw
        self._changes: list[dict[str, Any]] = []
        self.amounts = Amounts(session)
        self._usable = True

    def change(
        self,
        kind: str,
        action: str,
        record_id: UUID,
        owner_id: UUID,
        parties: Iterable[UUID] = (),
        changed: Iterable[str] = (),
        *,
        was: Mapping[str, Any] | None = None,
        only_for: Iterable[UUID] | None = None,
        audience: str | None = None,
    ) -> None:
        """Say that a record changed: keys and names of fields, never values.

        ``was``: old values of the columns policy reads (owner, parties, item, site, day), if one of them changed; it
        decides who is told that the record is no longer visible. ``only_for``: partners besides whom nobody is told.
        ``audience`` "HUB": for the hub's own processes, not for partners.
        """
        if len(self._changes) >= CHANGES_PER_UNIT:
            raise ValueError(f"more than {CHANGES_PER_UNIT} changes in one unit of work")
        self._changes.append(
            {
                "event_id": new_id(self.now),
                "at": self.now,
                "kind": kind,
                "action": action,
                "record_id": record_id,
                "owner_id": owner_id,
                "parties": [*parties, *(each for each in (was or {}).values() if isinstance(each, UUID))],
                "changed": list(changed),
                "actor": self.actor,
                "acting_id": self.partner_id,
                "was": dict(was) if was else None,
                "audience": audience,
                "only_for": None if only_for is None else list(only_for),
            }
        )

    async def fetch(self, sql: str, *args: Any) -> Any:
        """First column of the first row of a statement that sees what this unit has done."""
        await self.session.flush()
        return await self._raw.fetchval(sql, *args)

    async def rows(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of a statement that sees what this unit has done."""
        await self.session.flush()
        return await self._raw.fetch(sql, *args)  # type: ignore[no-any-return]

    @property
    def told(self) -> int:
        """How many changes were said so far."""
        return len(self._changes)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part of the unit that leaves nothing when it is refused, neither rows nor changes; the refusal goes on."""
        told = self.told
        await self.session.flush()
        amounts = self.amounts.copied()
        await self._raw.execute("savepoint attempt")
        try:
            yield
            await self.session.flush()
        except Refusal:
            del self._changes[told:]
            self.amounts.restore(amounts)
            self.session.expunge_all()
            await self._raw.execute("rollback to savepoint attempt")
            raise
        await self._raw.execute("release savepoint attempt")

    @asynccontextmanager
    async def acting_for(self, partner_id: UUID) -> AsyncIterator[None]:
        """Row level security as another partner, for what follows from both sides' agreement (scopes of their rules).

        The one place where a unit leaves its own partner's rows; never for anything a caller may choose.
        """
        self._usable = False  # until the setting is back: an exception that a command swallows must not commit
        await self.fetch("select set_config('hub.partner', $1, true)", str(partner_id))
        yield
        await self.fetch("select set_config('hub.partner', $1, true)", str(self.partner_id))
        self._usable = True

    async def _finish(self) -> bool:
        """Everything to the server, the changes last; whether there were any."""
        if not self._usable:
            raise RuntimeError("an error while acting for another partner was swallowed: nothing was committed")
        await self.session.flush()
        for change in self._changes:
            # Without names everybody is told, whatever else may be said.
            change["changed"] += self.amounts.moved(change["record_id"]) if change["changed"] else []
        if self._changes:
            await self._raw.execute(_OUTBOX, orjson.dumps(self._changes, default=str))
        return bool(self._changes)


class Database:
    """The two doors to the data: ``read`` for plans, ``unit`` for commands."""

    def __init__(self, read: ReadPool, engine: AsyncEngine, wait_seconds: float, secret: HubSecret) -> None:
        self.read = read
        self._engine = engine
        self._wait_seconds = wait_seconds
        self.secret = secret
        self.on_change: list[Callable[[], None]] = []
        """Called after a commit that left changes in the outbox: whoever sequences them need not poll for ours."""

    @classmethod
    async def open(cls, admin: Address, settings: Settings, *, secret: HubSecret | None = None) -> Database:
        """Both pools, logged in as their own roles (the administrator's login is not used) and checked."""
        secret = secret or load_secret(settings)
        reader, writer = (login(admin, role, secret) for role in (READ_ROLE, WRITE_ROLE))

        async def check_read(connection: asyncpg.Connection) -> None:
            await check_session(connection, READ_ROLE, settings)

        engine = _engine(writer, settings)
        try:
            async with engine.connect():
                pass
            read = await ReadPool.open(reader, settings.read_pool, settings.pool_wait_seconds, check_read)
        except (ServiceUnavailable, DBAPIError, asyncpg.PostgresError, OSError) as error:
            await engine.dispose()
            where = f"{admin.host}:{admin.port}/{admin.database}"
            cause = error.__cause__ or error
            raise DatabaseUnusable(f"Cannot log in at {where} as {READ_ROLE} and {WRITE_ROLE}: {cause}") from error
        except BaseException:
            await engine.dispose()
            raise
        return cls(read, engine, settings.pool_wait_seconds, secret)

    async def close(self) -> None:
        """Close both pools."""
        await self.read.close()
        await self._engine.dispose()

    @asynccontextmanager
    async def unit(self, partner_id: UUID, actor: str, clock: Clock) -> AsyncIterator[Unit]:
        """One transaction for one partner: commits at the end of the block, rolls back on any exception from it."""
        connection, raw = await self._start(partner_id)
        try:
            async with _undo_on_error(connection, raw), AsyncSession(connection, expire_on_commit=False) as session:
                with _hub_errors(raw):
                    unit = Unit(session, raw, partner_id, actor, clock(), self.secret)
                    yield unit
                    told = await unit._finish()
                    await _commit(raw)
                    await session.commit()  # for the session's books only: the connection is in autocommit
        finally:
            await asyncio.shield(connection.close())
        if told:
            self._tell()

    def _tell(self) -> None:
        for listener in self.on_change:
            try:
                listener()
            except Exception:
                log.exception("a listener failed after a commit that stands")

    async def _start(self, partner_id: UUID) -> tuple[AsyncConnection, asyncpg.Connection]:
        """A connection in a new transaction. Tried again while a caller may wait: nothing has happened yet."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        while True:
            try:
                return await self._start_once(self._begin(partner_id))
            except ServiceUnavailable as error:
                if isinstance(error.__cause__, PoolTimeout) or loop.time() + RECONNECT_SECONDS >= deadline:
                    raise
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _start_once(self, begin: str) -> tuple[AsyncConnection, asyncpg.Connection]:
        with _hub_errors():
            connection = await self._engine.connect()
        try:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            async with _undo_on_error(connection, raw):
                with _hub_errors(raw):
                    await raw.execute(begin)
        except BaseException:
            await asyncio.shield(connection.close())
            raise
        return connection, raw

    def _begin(self, partner_id: UUID) -> str:
        """BEGIN and what row level security reads, in one round trip. The text of a UUID needs no quoting."""
        return f"begin; select set_config('hub.partner', '{UUID(str(partner_id))}', true)"


class _NotWritten(Exception):
    """Rolls a rehearsal back."""


@asynccontextmanager
async def rehearsed(
    database: Database, partner_id: UUID, actor: str, clock: Clock, *, dry_run: bool
) -> AsyncIterator[Unit]:
    """A unit of work; with ``dry_run`` it does everything but commit, so that whatever would refuse it does."""
    with suppress(_NotWritten):
        async with database.unit(partner_id, actor, clock) as unit:
            yield unit
            if dry_run:
                await unit.session.flush()
                raise _NotWritten


def _engine(address: Address, settings: Settings) -> AsyncEngine:
    """SQLAlchemy on asyncpg in autocommit: BEGIN and COMMIT are sent by the unit, which saves two round trips."""

    async def connect() -> asyncpg.Connection:
        connection = await address.connect(
            name="scmhub-write", statement_cache_size=NAMED_STATEMENTS, max_cacheable_statement_size=0,
            max_cached_statement_lifetime=0,
        )  # fmt: skip
        try:
            await check_session(connection, WRITE_ROLE, settings)
        except BaseException:
            connection.terminate()
            raise
        return connection

    return create_async_engine(
        "postgresql+asyncpg://", async_creator=connect, isolation_level="AUTOCOMMIT", pool_size=settings.write_pool,
        max_overflow=0, pool_timeout=settings.pool_wait_seconds, pool_use_lifo=True, pool_reset_on_return=None,
        query_cache_size=500,
    )  # fmt: skip


@asynccontextmanager
async def _undo_on_error(connection: AsyncConnection, raw: asyncpg.Connection) -> AsyncIterator[None]:
    """Roll back whatever an exception leaves open; a connection that cannot is thrown away, never handed on."""
    try:
        yield
    except BaseException:
        try:
            async with asyncio.timeout(5):
                await raw.execute("rollback")
        except BaseException:
            raw.terminate()
            with suppress(Exception):
                await connection.invalidate()
        raise


async def _commit(raw: asyncpg.Connection) -> None:
    """COMMIT, and believe its answer only: after a failed statement it is ROLLBACK, without an error."""
    status = await raw.execute("commit")
    if status != "COMMIT":
        raise RuntimeError("a statement of this unit failed and its error was swallowed: nothing was committed")


@contextmanager
def _hub_errors(raw: asyncpg.Connection | None = None) -> Iterator[None]:
    """Errors of the server or the way to it, as what a caller is told; what a statement did wrong stays as it is."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, *_UNAVAILABLE) as error:
        cause = _driver_error(error)
        if isinstance(cause, asyncpg.QueryCanceledError):
            raise TimedOut from error
        if isinstance(cause, _UNAVAILABLE) or (raw is not None and raw.is_closed()):
            raise ServiceUnavailable from error
        raise


_UNAVAILABLE = (
    *LOST, PoolTimeout, DatabaseUnusable, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError,
    asyncpg.SerializationError, asyncpg.IdleInTransactionSessionTimeoutError,
)  # fmt: skip


def _driver_error(error: BaseException) -> BaseException:
    """asyncpg's error inside SQLAlchemy's."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error.__cause__ if error.__cause__ is not None and not isinstance(error, asyncpg.PostgresError) else error
