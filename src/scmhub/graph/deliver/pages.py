"""Pages of the log for those who catch up: a few at a time, and one for all who stand at the same place.

A replica dies and bolt's fifty screens come to another, all with the cursor of the last change they had. They wait for
the same page: it is read and judged once, and its bytes are theirs in common.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from scmhub.graph.deliver.group import Frame


@dataclass(frozen=True, slots=True)
class Page:
    """What is told behind a place, by number of the change, and the number up to which that is all."""

    told: Sequence[tuple[int, Sequence[Frame]]]
    until: int


@dataclass(slots=True, eq=False)
class _UnderWay:
    task: asyncio.Task[Page]
    waiting: int = 0


class Pages:
    """Reads pages, ``at_once`` at the same time; the rest wait in order of arrival."""

    def __init__(self, at_once: asyncio.Semaphore) -> None:
        self._at_once = at_once
        self._under_way: dict[Hashable, _UnderWay] = {}

    async def get(self, place: Hashable, read: Callable[[], Awaitable[Page]]) -> Page:
        """The page at a place, which says what is read and by whose eyes."""
        page = self._under_way.get(place)
        if page is None:
            page = self._under_way[place] = _UnderWay(asyncio.ensure_future(self._read(read)))
            page.task.add_done_callback(lambda _: self._forget(place, page))
        page.waiting += 1
        try:
            return await asyncio.shield(page.task)
        finally:
            page.waiting -= 1
            if not page.waiting:
                self._forget(place, page)
                page.task.cancel()

    async def _read(self, read: Callable[[], Awaitable[Page]]) -> Page:
        async with self._at_once:
            return await read()

    def _forget(self, place: Hashable, page: _UnderWay) -> None:
        """Who comes from now on has it read anew."""
        if self._under_way.get(place) is page:
            del self._under_way[place]
