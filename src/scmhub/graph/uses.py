"""When registered documents were last sent: noted in memory, written once a minute, to the hour."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from scmhub.clock import Clock
from scmhub.database.unit import Database
from scmhub.feed.timers import Timers, pause

WRITE_SECONDS = 60.0
EVERY = timedelta(hours=1)
_WRITE = """
update stored_document set last_used_at = $2
where id = any($1::uuid[]) and (last_used_at is null or last_used_at <= $3)
"""
log = logging.getLogger(__name__)


class Uses:
    """One process's notes; several processes may write of the same document, and the first of an hour counts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[UUID, dict[UUID, datetime]] = {}
        self._written: dict[UUID, datetime] = {}

    def note(self, partner: UUID, document: UUID) -> None:
        """The partner's document is sent now."""
        now = self._clock()
        written = self._written.get(document)
        if written is None or now - written >= EVERY:
            self._noted.setdefault(partner, {})[document] = now

    async def run(self, timers: Timers) -> None:
        """Until cancelled."""
        while True:
            await pause(timers, WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """What was noted; a partner whose notes cannot be written keeps them for the next time."""
        for partner in list(self._noted):
            noted = self._noted.pop(partner)
            now = max(noted.values())
            try:
                async with self._database.unit(partner, "hub", self._clock) as unit:
                    await unit.rows(_WRITE, sorted(noted), now, now - EVERY)
            except Exception as error:
                log.warning("the last uses of documents could not be written and wait: %s", error)
                self._noted[partner] = noted | self._noted.get(partner, {})
                continue
            self._written = {key: at for key, at in self._written.items() if now - at < EVERY}
            self._written |= dict.fromkeys(noted, now)
