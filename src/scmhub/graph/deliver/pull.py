"""The same log in pages: for those who ask instead of being told. Same items, same cursors, same judgement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from scmhub.errors import ServiceUnavailable
from scmhub.feed.cursor import Place
from scmhub.feed.log import Event
from scmhub.graph.deliver.group import place_of
from scmhub.graph.deliver.judge import Item
from scmhub.graph.deliver.selection import FeedSelection, Where, page_size, where_of
from scmhub.sharing.lens import Lens

if TYPE_CHECKING:
    from scmhub.graph.deliver.feed import Feed

MOST_SCANS = 20
"""Statements over the log for one page; a page may come back short, and says that it goes on."""


class Page:
    """One page under construction."""

    def __init__(self, feed: Feed, selection: FeedSelection, args: list[dict[str, Any]], lens: Lens) -> None:
        self._feed = feed
        self._selection = selection
        self._args = args
        self._values = args[selection.site]
        self._where: Where = where_of(self._values)
        self._lens = lens
        self._size = page_size(self._values)
        self._nodes: list[bytes] = []
        self._cursors: list[str] = []
        self._place = Place(0, 0)
        self._head = 0

    async def read(self) -> bytes:
        """The connection as JSON."""
        if self._feed.tail.trouble():
            raise ServiceUnavailable
        start = await self._start()
        for _ in range(MOST_SCANS):
            if self._place.seq >= self._head or len(self._nodes) >= self._size:
                break
            events, until = await self._feed.scan(self._lens, self._place.seq)
            await self._take(events, until)
        return self._written(start)

    async def _start(self) -> bool:
        """Stand where the caller left off, at the oldest change kept, or, if that place is void, at the head."""
        tail = self._feed.tail
        self._head = tail.head
        after = self._values.get("after")
        if after is None:
            self._place = Place(tail.epoch, tail.floor)
            return False
        place = self._feed.place(self._lens, after)
        reason = await self._feed.stale(place)
        self._place = Place(tail.epoch, place.seq)
        if reason is not None:
            self._place = Place(tail.epoch, tail.head)
            self._add(Item("Reset", {"reason": reason, "owners": None, "kinds": None}, {}), tail.head)
        return True

    async def _take(self, events: Sequence[Event], until: int) -> None:
        """Items of these events while there is room; what one event says stays together."""
        wanted = [each for each in events if self._where.admits(each)]
        wanted = [each for each in wanted if self._feed.routes.concerns(each, self._lens.partner_id)]
        while wanted:
            chunk, wanted = wanted[: self._size], wanted[self._size :]
            judged = await self._feed.judge.items(self._selection, self._args, [(event, self._lens) for event in chunk])
            for event, items in zip(chunk, judged, strict=True):
                if len(self._nodes) >= self._size:
                    return
                for item in items:
                    self._add(item, event.seq)
                self._place = Place(self._place.epoch, event.seq)
        if len(self._nodes) < self._size:
            self._place = Place(self._place.epoch, max(until, self._place.seq))

    def _add(self, item: Item, seq: int) -> None:
        cursor = self._feed.cursor(self._lens, place_of(seq, item, self._place.epoch))
        self._cursors.append(cursor)
        self._nodes.append(self._selection.item(item.type_name, {**item.values, "cursor": cursor}, item.records))

    def _written(self, started: bool) -> bytes:
        end = self._feed.cursor(self._lens, self._place)
        info = {
            "hasNextPage": self._place.seq < self._head,
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
