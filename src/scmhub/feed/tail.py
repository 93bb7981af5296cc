"""The tail: one reader of the log per process; everybody else looks at the newest changes in its ring.

It is woken by NOTIFY and polls every second, and believes in nothing but numbers without a gap: a hole is read again,
and if it stays the tail is broken, says so, and whoever follows must let go. So is a tail that could not read for ten
seconds: it may have missed that somebody lost a right.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.pool import LOST
from scmhub.feed.log import CHANNEL, EVENT_COLUMNS, HEAD, Event

log = logging.getLogger(__name__)

PAGE = 500
RING = 10_000
POLL_SECONDS = 1.0
STALE_SECONDS = 10.0
_RETRY_SECONDS = 0.5
_READ_SECONDS = 5.0
"""Longest wait for one page; a server that hangs is as good as gone."""
_READ = f"select {EVENT_COLUMNS} from change_log l where l.seq > $1 order by l.seq limit {PAGE}"


class Hole(Exception):
    """The log skips a number: something the hub relies on is broken."""


class Tail:
    """The newest changes in memory. ``head`` is the last number read, ``epoch`` the log it belongs to."""

    def __init__(self, address: Address, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``address`` logs in as hub_read, directly: a transaction pooler never carries LISTEN."""
        self._address = address
        self._monotonic = monotonic
        self._connection: asyncpg.Connection | None = None
        self._ring: deque[Event] = deque(maxlen=RING)
        self._woken = asyncio.Event()
        self._moved: asyncio.Future[None] | None = None
        self._read_at = monotonic()
        self.head = 0
        self.floor = 0
        self.epoch = 0
        self.broken: str | None = None
        self.on_event: list[Callable[[Event], None]] = []
        """Called for every event as it is read, before anybody who waits for the tail goes on."""
        self.on_reset: list[Callable[[], None]] = []
        """Called when the log is another than before: what events said of it may be void."""

    @property
    def age(self) -> float:
        """Seconds since the log was read to its end."""
        return self._monotonic() - self._read_at

    def trouble(self) -> str | None:
        """Why nothing may be delivered now, or None."""
        if self.broken:
            return self.broken
        if self.age > STALE_SECONDS:
            return "the change log was not read for too long"
        return None

    def after(self, seq: int, most: int) -> Sequence[Event] | None:
        """Up to ``most`` events behind ``seq``; None if they have left the ring."""
        first = self.head - len(self._ring) + 1
        if seq + 1 < first:
            return None
        start = seq + 1 - first
        return [self._ring[index] for index in range(start, min(start + most, len(self._ring)))]

    async def moved(self) -> None:
        """Return at the next news: events, a new epoch, trouble."""
        if self._moved is None or self._moved.done():
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)

    def tell(self) -> None:
        """Wake everybody who waits in ``moved``."""
        if self._moved is not None and not self._moved.done():
            self._moved.set_result(None)

    async def start(self) -> None:
        """Connect and stand at the end of the log."""
        await self._connect()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow()
            except (*LOST, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnusable, TimeoutError) as error:
                log.warning("the change log's tail lost its connection and tries again: %s", error)
            except Hole as error:
                self.broken = str(error)
                log.critical("%s", error)
                self.tell()
                return
            await self.close()
            self.tell()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow(self) -> None:
        while True:
            self._woken.clear()
            await self.read()
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()
            if self.trouble():
                self.tell()

    async def read(self) -> int:
        """Everything behind ``head``; how many events. Hole if the log is not dense."""
        connection = self._connection or await self._connect()
        found = 0
        while True:
            page = await self._page(connection)
            self._read_at = self._monotonic()
            for event in page:
                self._ring.append(event)
                self.head = event.seq
                for listener in self.on_event:
                    listener(event)
            found += len(page)
            if page:
                self.tell()
            if len(page) < PAGE:
                self._adopt(await connection.fetchrow(HEAD, timeout=_READ_SECONDS))
                return found

    async def _page(self, connection: asyncpg.Connection) -> list[Event]:
        for _ in range(2):
            events = [Event.of(row) for row in await connection.fetch(_READ, self.head, timeout=_READ_SECONDS)]
            if all(event.seq == self.head + number for number, event in enumerate(events, 1)):
                return events
            log.warning("the change log skips a number behind %s; reading it again", self.head)
            self._adopt(await connection.fetchrow(HEAD, timeout=_READ_SECONDS))
        raise Hole(f"the change log skips a number behind {self.head}")

    async def _connect(self) -> asyncpg.Connection:
        connection = await self._address.connect(name="scmhub-tail", statement_cache_size=20)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._woken.set())
            connection.add_termination_listener(lambda *_: self._woken.set())
            self._adopt(await connection.fetchrow(HEAD))
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        return connection

    def _adopt(self, head: asyncpg.Record | None) -> None:
        """Stand at the head the first time, and whenever the log is another than the one we read.

        So it is, too, when rows went for their age before they were read, as they do for a hub that was down for days.
        """
        if head is None:
            return
        self.floor = head["floor_seq"]
        if head["epoch"] != self.epoch or head["seq"] < self.head or self.floor > self.head:
            self.epoch, self.head = head["epoch"], head["seq"]
            self._ring.clear()
            for listener in self.on_reset:
                listener()
            self.tell()
        self._read_at = self._monotonic()

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.close(timeout=1)
