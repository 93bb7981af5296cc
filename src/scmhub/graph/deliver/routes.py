"""Who might be concerned by an event: a superset, held in memory, that only ever grows between two loads.

A superfluous candidate costs a few microseconds of a statement; a missing one would cost a change. So whoever was ever
a neighbour of an owner (by relationship or scope) since the load stays one.
"""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from scmhub.database.pool import ReadPool
from scmhub.feed.log import ACCESS, Event

_NEIGHBOURS = """
select distinct s.owner as a, s.grantee as b from scope s
union select r.provider_id, r.recipient_id from relationship r
union select r.recipient_id, r.provider_id from relationship r
"""


class Routes:
    """Owner -> partners who may see something of it; None while not loaded: everybody is a candidate."""

    def __init__(self) -> None:
        self._of: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._to: defaultdict[UUID, set[UUID]] = defaultdict(set)
        self._loaded = False

    async def load(self, reads: ReadPool) -> None:
        """Read who is whose neighbour; the tail must have been started before, so that no event falls between."""
        for row in await reads.rows(_NEIGHBOURS):
            self._add(row["a"], row["b"])
        self._loaded = True

    def follow(self, event: Event) -> None:
        """Learn from an event before anybody is asked about it or the next."""
        if event.kind == ACCESS:
            for grantee in event.only_for or ():
                self._add(event.owner_id, grantee)
        elif event.kind == "RELATIONSHIP":
            for party in event.parties:
                self._add(event.owner_id, party)
                self._add(party, event.owner_id)

    def concerns(self, event: Event, partner: UUID) -> bool:
        """Whether the partner must be asked about the event."""
        if event.audience is not None:
            return False
        if event.only_for is not None:
            return partner in event.only_for
        if partner == event.owner_id or partner in event.parties or not self._loaded:
            return True
        return partner in self._of.get(event.owner_id, ())

    def owners_near(self, partner: UUID) -> list[UUID]:
        """The partner and everybody whose records it may see; what a scan of the log looks for."""
        return [partner, *self._to.get(partner, ())]

    def _add(self, owner: UUID, partner: UUID) -> None:
        self._of[owner].add(partner)
        self._to[partner].add(owner)
