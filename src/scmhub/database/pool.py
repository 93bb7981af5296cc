"""Connections for reads: last returned, first used, because a hot connection has the plans.

Nothing a read does leaves state in its session, so nothing is reset between two of them; that, and prepared statements
kept per connection, is a third of the CPU of asyncpg's own pool. A connection is a *slot* here: when the server went
away, the slot stays and whoever takes it next opens it anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.errors import ServiceUnavailable, TimedOut

log = logging.getLogger(__name__)

NAMED_STATEMENTS = 128
"""Statements kept prepared per connection; each costs PostgreSQL about half a megabyte."""
SEEN_STATEMENTS = 512
"""Texts remembered as used once, per connection."""
WAITERS_PER_CONNECTION = 64
_RECOVER_SECONDS = 5.0
RECONNECT_SECONDS = 0.05
_CONNECT_SECONDS = 5.0

LOST = (
    OSError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
"""The connection is of no use any more, or there is none to be had."""
STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError, asyncpg.InvalidSQLStatementNameError)
"""A migration went under a prepared statement."""

Setup = Callable[[asyncpg.Connection], Awaitable[None]]
Use = Callable[[Any, tuple[Any, ...]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How busy a pool is."""

    size: int
    in_use: int
    waiting: int


class _Slot:
    """A place for one connection, with the statements prepared on it."""

    __slots__ = ("connection", "number", "once", "statements")

    def __init__(self) -> None:
        self.connection: asyncpg.Connection | None = None
        self.number = 0
        self.once: OrderedDict[str, None] = OrderedDict()
        self.statements: OrderedDict[str, Any] = OrderedDict()

    def drop(self) -> None:
        """Forget the connection; the next to take the slot opens another."""
        if self.connection is not None:
            self.connection.terminate()
        self.connection = None
        self.once.clear()
        self.statements.clear()

    async def prepare(self, sql: str) -> Any:
        """The statement; unnamed at first sight, so that what is never asked again leaves nothing behind."""
        assert self.connection is not None
        if sql not in self.once:
            statement = await self.connection.prepare(sql, name="")
            self.once[sql] = None
            if len(self.once) > SEEN_STATEMENTS:
                self.once.popitem(last=False)
            return statement
        self.number += 1
        statement = await self.connection.prepare(sql, name=f"read_{self.number}")
        del self.once[sql]
        self.statements[sql] = statement
        if len(self.statements) > NAMED_STATEMENTS:
            self.statements.popitem(last=False)
        return statement


def _value(statement: Any, args: tuple[Any, ...]) -> Awaitable[Any]:
    return statement.fetchval(*args)  # type: ignore[no-any-return]


def _rows(statement: Any, args: tuple[Any, ...]) -> Awaitable[Any]:
    return statement.fetch(*args)  # type: ignore[no-any-return]


class ReadPool:
    """A fixed number of connections to one database under a role that cannot write."""

    def __init__(self, address: Address, size: int, wait_seconds: float, setup: Setup) -> None:
        self._address = address
        self._size = size
        self._wait_seconds = wait_seconds
        self._setup = setup
        self._idle: list[_Slot] = [_Slot() for _ in range(size)]
        self._waiters: OrderedDict[asyncio.Future[_Slot], None] = OrderedDict()
        self._recovering: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    async def open(cls, address: Address, size: int, wait_seconds: float, setup: Setup) -> ReadPool:
        """Connect all; ``setup`` checks each new connection and raises DatabaseUnusable to refuse it."""
        pool = cls(address, size, wait_seconds, setup)
        try:
            await asyncio.gather(*(pool._connect(slot) for slot in pool._idle))
        except BaseException:
            await pool.close()
            raise
        return pool

    @property
    def stats(self) -> PoolStats:
        return PoolStats(self._size, self._size - len(self._idle), len(self._waiters))

    async def fetch(self, sql: str, *args: Any) -> Any:
        """First column of the first row, or None. ServiceUnavailable, TimedOut, or PostgreSQL's own error."""
        slot = self._idle.pop() if self._idle else await self._wait()
        try:
            statement = slot.statements.get(sql)
            if statement is None:
                statement = await self._prepare(slot, sql)
            else:
                slot.statements.move_to_end(sql)
            value = await statement.fetchval(*args)
        except BaseException as error:
            return await self._failed(error, slot, _value, sql, args)
        self._give_back(slot)
        return value

    async def rows(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows; errors as ``fetch``."""
        slot = self._idle.pop() if self._idle else await self._wait()
        try:
            found: list[asyncpg.Record] = await _rows(await self._prepare(slot, sql), args)
        except BaseException as error:
            found = await self._failed(error, slot, _rows, sql, args)
        else:
            self._give_back(slot)
        return found

    async def close(self) -> None:
        """Refuse those who wait, wait for nobody, close what is idle; what is in use closes when it comes back."""
        self._closed = True
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(ServiceUnavailable())
        for task in self._recovering:
            task.cancel()
        idle, self._idle = self._idle, []
        for slot in idle:
            if slot.connection is not None and not slot.connection.is_closed():
                with suppress(*LOST, asyncpg.InterfaceError, TimeoutError):
                    await slot.connection.close(timeout=1)
            slot.drop()

    async def _prepare(self, slot: _Slot, sql: str) -> Any:
        if slot.connection is None:
            await self._connect(slot)
        return slot.statements.get(sql) or await slot.prepare(sql)

    async def _connect(self, slot: _Slot) -> None:
        """Open the slot's connection, trying for as long as a caller may wait: servers restart in under a second."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_seconds
        while True:
            try:
                connection = await self._address.connect(name="scmhub-read", seconds=_CONNECT_SECONDS)
                break
            except LOST as error:
                if loop.time() + RECONNECT_SECONDS >= deadline:
                    raise ServiceUnavailable from error
                await asyncio.sleep(RECONNECT_SECONDS)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise DatabaseUnusable(f"PostgreSQL refuses the login of {self._address.user}: {error}") from error
        try:
            await self._setup(connection)
        except BaseException:
            connection.terminate()
            raise
        slot.connection = connection

    async def _failed(self, error: BaseException, slot: _Slot, use: Use, sql: str, args: tuple[Any, ...]) -> Any:
        """Try once more on a new connection if the old one was at fault; else give it back and say what happened."""
        if not _useless(error, slot):
            raise self._settle(error, slot) from error
        slot.drop()
        try:
            value = await use(await self._prepare(slot, sql), args)
        except BaseException as again:
            raise self._settle(again, slot) from again
        self._give_back(slot)
        return value

    def _settle(self, error: BaseException, slot: _Slot) -> BaseException:
        """Put the slot where it belongs after an error, and return what the caller is told."""
        if isinstance(error, asyncio.CancelledError) and slot.connection is not None:
            task = asyncio.get_running_loop().create_task(self._recover(slot))
            self._recovering.add(task)
            task.add_done_callback(self._recovering.discard)
            return error
        if useless := _useless(error, slot):
            slot.drop()
        self._give_back(slot)
        if isinstance(error, asyncpg.QueryCanceledError):
            return TimedOut()
        if isinstance(error, DatabaseUnusable):
            log.error("%s", error)
            return ServiceUnavailable()
        return ServiceUnavailable() if useless else error

    async def _recover(self, slot: _Slot) -> None:
        """A cancelled read still runs there; asyncpg has asked the server to stop it: wait for that, then reuse."""
        try:
            async with asyncio.timeout(_RECOVER_SECONDS):
                await slot.connection.execute("select 1")  # type: ignore[union-attr]
        except Exception:
            slot.drop()
        except BaseException:
            slot.drop()
            raise
        finally:
            self._give_back(slot)

    async def _wait(self) -> _Slot:
        """The next slot that comes back. ServiceUnavailable when the queue is full, or after the longest wait."""
        if self._closed or len(self._waiters) >= WAITERS_PER_CONNECTION * self._size:
            raise ServiceUnavailable
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[_Slot] = loop.create_future()
        self._waiters[waiter] = None
        timer = loop.call_later(self._wait_seconds, _expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())  # handed over, but its taker was cancelled before it woke
            raise
        finally:
            timer.cancel()
            self._waiters.pop(waiter, None)

    def _give_back(self, slot: _Slot) -> None:
        """To the first who waits and still wants it, else on top of the idle."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_result(slot)
                return
        if self._closed:
            slot.drop()
        else:
            self._idle.append(slot)


def _useless(error: BaseException, slot: _Slot) -> bool:
    """Whether the connection, not the statement, is at fault."""
    if isinstance(error, LOST + STALE):
        return True
    lost = slot.connection is not None and slot.connection.is_closed()
    return lost and isinstance(error, Exception)


def _expire(waiter: asyncio.Future[_Slot]) -> None:
    if not waiter.done():
        waiter.set_exception(ServiceUnavailable())
