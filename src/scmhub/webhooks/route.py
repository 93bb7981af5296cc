"""A webhook's way through the log: the next event that may concern its partner, from the ring or from the table."""

from __future__ import annotations

from collections import deque

from scmhub.feed.log import EVENT_COLUMNS, Event
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.deliver.group import Asked
from scmhub.graph.deliver.judge import Item
from scmhub.sharing.lens import Lens

_EVENT = f"select {EVENT_COLUMNS} from change_log l where l.seq = $1"


class Route:
    """``position``: everything up to here was told or did not concern the partner. Only envelopes are read ahead."""

    def __init__(self, feed: Feed, asked: Asked, lens: Lens, position: int) -> None:
        self._feed = feed
        self._asked = asked
        self._lens = lens
        self.position = position
        self.epoch = feed.tail.epoch
        self._ahead: deque[Event] = deque()
        self._read = position

    async def next(self) -> Event | None:
        """The next event worth a judgement; None at the end of the log."""
        while not self._ahead:
            if self._read >= self._feed.tail.head:
                self.position = self._read
                return None
            page, self._read = await self._feed.behind(self._lens, self._read)
            self._ahead.extend(event for event in page if self._may_concern(event))
        return self._ahead[0]

    def passed(self, event: Event) -> None:
        """The event is done with."""
        self._ahead.popleft()
        self.position = event.seq

    async def event(self, epoch: int, seq: int) -> Event | None:
        """An event by its number; None if the log holds it no more, or it does not concern this route."""
        rows = await self._feed.reads.rows(_EVENT, seq) if epoch == self._feed.tail.epoch else []
        event = Event.of(rows[0]) if rows else None
        return event if event is not None and self._may_concern(event) else None

    async def items(self, event: Event) -> list[Item]:
        """What the partner is told of an event, by the rules of this moment."""
        judge, asked = self._feed.judge, self._asked
        return (await judge.items(asked.selection, asked.args, [(event, self._lens)], asked.where))[0]

    def _may_concern(self, event: Event) -> bool:
        return self._asked.where.admits(event) and self._feed.routes.concerns(event, self._lens.partner_id)
