"""Who may not call any more, and the keys in force, as this process knows them: kept by the tail of the change log.

acme revokes a leaked secret on one replica. The event is in the log behind the change itself; the tail of every replica
hands it over in the log's order, before anything later is delivered, and the connections that stand on the secret end
in that very turn. A replica whose tail has not read for ten seconds answers nobody: it may have missed such an event.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.address import DatabaseUnusable
from scmhub.database.pool import LOST
from scmhub.errors import HubError, ServiceUnavailable
from scmhub.feed.log import HUB, Event
from scmhub.feed.tail import Tail
from scmhub.identity.barring import BARRED, IDENTITY, LIFTED, RENEWED, name_of
from scmhub.identity.keys import KeyRing
from scmhub.identity.viewer import Viewer

LONGEST_TOKEN = timedelta(days=31)
"""No token lives longer: what was revoked before then need not be remembered."""
MOST_LEARNT = 10_000
"""Names learnt one by one before the list is read anew, which forgets those that have ended."""
logger = logging.getLogger(__name__)

_READ = """
select 'token:' || r.token_id as name from revoked_token r where r.until > $1
union all select 'credential:' || c.id from credential c where c.revoked_at > $2
union all select 'integration:' || i.id from integration i where i.state <> 'ACTIVE'
union all select 'frontend:' || f.id from frontend f where f.state <> 'ACTIVE'
union all select 'grant:' || g.id from login_grant g where g.ended_at > $2
union all select 'partner:' || p.id from partner p where p.status <> 'ACTIVE'
union all select 'person:' || p.id from person p where p.state <> 'ACTIVE'
union all select 'session:' || s.id from session s where s.ended_at is not null and s.expires_at > $1
union all select b.name from barred_name b where b.until > $1
"""
Rows = Callable[..., Awaitable[list[Any]]]


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says at one moment."""

    ring: KeyRing
    barred: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    """Origins of the partners' frontends."""
    bound: frozenset[str] = frozenset()
    """Integrations that may send registered documents only."""


async def read_known(rows: Rows, load_ring: Callable[[], Awaitable[KeyRing]], now: datetime) -> Known:
    """The keys in force, the names nobody may stand on, the frontends' origins, and who is bound to a list."""
    ring = await load_ring()
    found = await rows(_READ, now, now - LONGEST_TOKEN)
    origins = await rows("select distinct unnest(f.origins) as origin from frontend f where f.state = 'ACTIVE'")
    bound = await rows("select 'integration:' || i.id as name from integration i where i.documents = 'TRUSTED'")
    barred = {row["name"] for row in found} | {name_of("key", kid) for kid in ring.revoked}
    return Known(
        ring, frozenset(barred), frozenset(row["origin"] for row in origins), frozenset(row["name"] for row in bound)
    )


class Standing:
    """Keys and barred names. ``current`` must be awaited before one relies on them."""

    def __init__(self, ring: KeyRing, read: Callable[[], Awaitable[Known]]) -> None:
        """``read`` is asked at the start, when keys have changed, and when the log is another than before."""
        self.ring = ring
        self._read = read
        self.origins: frozenset[str] = frozenset()
        """Origins from which a browser may call."""
        self.bound: frozenset[str] = frozenset()
        """Subjects that may send registered documents only."""
        self._barred: set[str] = set()
        self._learnt: dict[str, bool] = {}
        """What events said since the last reading began: name -> whether it is barred."""
        self._wanted, self._done = 1, 0
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self.trouble: Callable[[], str | None] = _unfollowed
        """Why nobody may be answered now, or None."""
        self.on_barred: list[Callable[[], None]] = []
        """Called in the turn in which a name was barred."""

    async def follow(self, tail: Tail) -> None:
        """From now on what the tail reads counts; the tail stands at the end of the log."""
        tail.on_event.append(self.take)
        tail.on_reset.append(self.lapse)
        self.trouble = tail.trouble
        self._wanted += 1
        await self._renew()

    def unfollow(self) -> None:
        """Nobody is answered any more."""
        self.trouble = _unfollowed
        if self._renewing is not None:
            self._renewing.cancel()

    async def current(self) -> None:
        """Return when keys and names are those of the log; ServiceUnavailable if that cannot be known."""
        if trouble := self.trouble():
            raise ServiceUnavailable(f"The hub cannot answer at the moment: {trouble}.")
        if self._wanted != self._done:
            try:
                await self._renew()
            except _FAILURES as error:
                raise ServiceUnavailable from error

    def bars(self, viewer: Viewer) -> bool:
        """Whether the caller stands on a barred name."""
        return not viewer.stands_on.isdisjoint(self._barred)

    def take(self, event: Event) -> None:
        """One event of the log."""
        if event.audience != HUB or event.kind != IDENTITY:
            return
        if event.action == RENEWED or len(self._learnt) > MOST_LEARNT:
            self.lapse()
        self._learnt |= dict.fromkeys(event.changed, event.action == BARRED)
        if event.action == LIFTED:
            self._barred.difference_update(event.changed)
        elif event.action == BARRED:
            self._barred.update(event.changed)
            self._tell()

    def lapse(self) -> None:
        """What is known may be wrong: read it again before the next caller, and without waiting for one."""
        self._wanted += 1
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.ensure_future(self._try())

    async def _try(self) -> None:
        try:
            await self._renew()
        except _FAILURES as error:
            logger.warning("keys and revocations could not be read; nobody is answered until they are: %s", error)

    async def _renew(self) -> None:
        async with self._lock:
            while self._wanted != self._done:
                wanted, self._learnt = self._wanted, {}
                found = await self._read()
                said = self._learnt  # by events that came while it was read: they are the newer word
                self.ring, self.origins, self.bound = found.ring, found.origins, found.bound
                self._barred = {name for name in found.barred | said.keys() if said.get(name, True)}
                self._done = wanted
                self._tell()

    def _tell(self) -> None:
        for listener in self.on_barred:
            listener()


def _unfollowed() -> str | None:
    return "the change log is not followed"


_FAILURES = (HubError, *LOST, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnusable, TimeoutError)
