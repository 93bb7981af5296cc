"""The same log in pages: for those who ask instead of being told. Same items, same cursors, same judgement.

A page ends when it is full and one more item was found, or at the head of the log. So ``hasNextPage`` says that there
is more for this viewer, never that something happened that it may not know of. The cursor of a page that ends at the
head is new each time, because it holds the instant.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from scmhub.errors import ServiceUnavailable
from scmhub.feed.cursor import Place
from scmhub.feed.log import Event
from scmhub.graph.deliver.judge import Item
from scmhub.graph.deliver.selection import FeedSelection, Where, page_size
from scmhub.sharing.lens import Lens

if TYPE_CHECKING:
    from scmhub.graph.deliver.feed import Feed

PAGE_SECONDS = 2.0
"""Time for one page, whatever it finds; then it is given as it is, and says that it goes on. Nothing but the time it
took, which cannot be hidden, tells how much there was to look through."""
CHUNK = 20
"""Events judged at once, at least."""


class Page:
    """One page under construction. ``_place`` is where it ends, ``_read`` how far the log was looked through."""

    def __init__(self, feed: Feed, selection: FeedSelection, args: list[dict[str, Any]], lens: Lens) -> None:
        self._feed = feed
        self._selection = selection
        self._args = args
        self._values = args[selection.site]
        self._where: Where = selection.where(self._values)
        self._lens = lens
        self._size = page_size(self._values)
        self._nodes: list[bytes] = []
        self._cursors: list[str] = []
        self._more = False
        self._oldest = datetime.min.replace(tzinfo=UTC)
        self._head = self._read = feed.tail.head
        self._place = Place(feed.tail.epoch, self._head, feed.clock())

    async def read(self) -> bytes:
        """The connection as JSON."""
        if self._feed.tail.trouble():
            raise ServiceUnavailable
        started = await self._start()
        until = time.monotonic() + PAGE_SECONDS
        while self._read < self._head and not self._more:
            if time.monotonic() > until:
                self._more = True
                self._stand_at(self._read, self._feed.clock())
                break
            events, read = await self._feed.scan(self._lens, self._read)
            await self._take(events, read)
        if not self._more:
            self._stand_at(self._head, self._feed.clock())
        return self._written(started)

    async def _start(self) -> bool:
        """Stand where the caller left off, at the oldest change kept, or, if that place is void, at the head."""
        after = self._values.get("after")
        if after is None:
            self._read, self._oldest = self._feed.tail.floor, self._feed.oldest()
            return False
        place = self._feed.place(self._lens, after)
        reason = await self._feed.stale(place)
        if reason is None:
            self._read = place.seq
        else:
            reset = Item("Reset", {"reason": reason, "owners": None, "kinds": None}, {})
            self._add(reset, self._head, self._feed.clock())
        return True

    async def _take(self, events: Sequence[Event], read: int) -> None:
        """Items of these events while there is room; what one event says stays together."""
        wanted = [each for each in events if self._where.admits(each) and each.at >= self._oldest]
        wanted = [each for each in wanted if self._feed.routes.concerns(each, self._lens.partner_id)]
        while wanted:
            count = max(self._size + 1 - len(self._nodes), CHUNK)
            chunk, wanted = wanted[:count], wanted[count:]
            pairs = [(event, self._lens) for event in chunk]
            judged = await self._feed.judge.items(self._selection, self._args, pairs, self._where)
            for event, items in zip(chunk, judged, strict=True):
                if items and len(self._nodes) >= self._size:
                    self._more = True
                    return
                for item in items:
                    self._add(item, event.seq, event.at)
                self._read = event.seq
        self._read = read

    def _stand_at(self, seq: int, at: datetime) -> None:
        self._place = Place(self._place.epoch, seq, at)

    def _add(self, item: Item, seq: int, at: datetime) -> None:
        self._place = self._feed.place_of(self._place.epoch, seq, at, item)
        cursor = self._feed.cursor(self._lens, self._place)
        self._cursors.append(cursor)
        self._nodes.append(self._selection.item(item.type_name, {**item.values, "cursor": cursor}, item.records))

    def _written(self, started: bool) -> bytes:
        end = self._feed.cursor(self._lens, self._place)
        info = {
            "hasNextPage": self._more,
            "hasPreviousPage": started,
            "startCursor": self._cursors[0] if self._cursors else None,
            "endCursor": end,
            "__typename": "PageInfo",
        }
        shown: dict[str, Any] = {}
        for field in self._selection.page:
            match field.name:
                case "nodes":
                    shown[field.key] = [orjson.Fragment(each) for each in self._nodes]
                case "pageInfo":
                    wanted = self._selection.page_info[field.key]
                    shown[field.key] = {key: info[name] for key, name in wanted}
                case _:
                    shown[field.key] = "ChangeConnection"
        return orjson.dumps(shown)
