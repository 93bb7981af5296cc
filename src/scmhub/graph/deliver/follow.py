"""One follower: where it stands, how it catches up, and what it does when it was let go.

bolt's screen slept for a minute. Its transport was full, so the group let it go; nothing waits for it anywhere. When it
reads again it goes through the log from its own place, page by page, judged by today's rules, and re-joins the group in
the very turn of the event loop in which it has seen what the group has seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from scmhub.feed.cursor import Place
from scmhub.feed.timers import within
from scmhub.graph.deliver.group import Asked, Frame
from scmhub.graph.deliver.judge import Item
from scmhub.graph.deliver.pages import Page
from scmhub.graph.deliver.selection import START
from scmhub.sharing.lens import Lens

if TYPE_CHECKING:
    from scmhub.graph.deliver.feed import Feed
    from scmhub.graph.deliver.group import Group

UNWRITABLE_SECONDS = 30.0


class Sink(Protocol):
    """A transport, as a follower sees it."""

    def push(self, payload: bytes, cursor: str) -> bool:
        """Take one item; False if it should get no more until ``writable``."""

    def push_all(self, frames: Sequence[Frame]) -> tuple[int, bool]:
        """Take the first of these items, one at least; (how many, whether it should get more before ``writable``)."""

    async def writable(self) -> None:
        """Return when there is room again."""


class Cut(Exception):
    """The stream ends here; the client should come back with its cursor."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Renewal:
    """Records to be sent anew: all, or those of some kinds and owners."""

    kinds: frozenset[str] | None = None
    owners: frozenset[str] | None = None


class Follower:
    """Follows the feed into one sink until it is cancelled or cut. ``position``: seen everything up to here."""

    def __init__(self, feed: Feed, key: object, asked: Asked, lens: Lens, sink: Sink, *, snapshot: bool) -> None:
        self._feed = feed
        self._key = key
        self._asked = asked
        self._sink = sink
        self._snapshot = snapshot
        self._freed = asyncio.Event()
        self._full = False
        self._error: Exception | None = None
        self._renewal: Renewal | None = None
        self.lens = lens
        self.group: Group | None = None
        self.position = 0
        self.epoch = feed.tail.epoch

    async def run(self, place: Place | None) -> None:
        """Until cancelled; Cut says with which close code, any other exception is the operation's error."""
        try:
            await self._begin(place)
            while True:
                await self._catch_up()
                await self._freed.wait()
                self._freed.clear()
                if self._error is not None:
                    raise self._error
                if self._renewal is not None:
                    renewal, self._renewal = self._renewal, None
                    await self._send_snapshot(renewal, None)
        finally:
            if self.group is not None:
                self.group.leave(self)

    # -- what the group does ------------------------------------------------------------------------------------------

    def take(self, frames: Sequence[Frame]) -> None:
        """Frames of the group, in order; after the last that it takes this follower may have been let go."""
        while frames and self.group is not None:
            last = self._as_far_as_it_takes(frames) if self._snapshot else len(frames)
            count, more = self._sink.push_all(frames[:last] if last < len(frames) else frames)
            if more and count == len(frames) and not self._snapshot:
                return
            taken = frames[count - 1]
            renews = self._note(taken.item)
            if not more or renews:
                self._full = not more
                self.let_go(taken.seq - 1 if taken.item.back else taken.seq)
            frames = frames[count:]

    def let_go(self, position: int, error: Exception | None = None) -> None:
        """Leave the group at ``position``."""
        self.position = max(self.position, position)
        self._error = error
        if self.group is not None:
            self.group.leave(self)
        self._freed.set()

    def _as_far_as_it_takes(self, frames: Sequence[Frame]) -> int:
        """How many frames until one after which records are sent anew, that one included; else all."""
        for number, each in enumerate(frames, 1):
            if each.item.type_name == "Reset":
                return number
        return len(frames)

    def _note(self, item: Item) -> bool:
        """Whether the item means that records are to be sent anew."""
        if not self._snapshot or item.type_name != "Reset":
            return False
        kinds, owners = item.values["kinds"], item.values["owners"]
        self._renewal = Renewal(frozenset(kinds) if kinds else None, frozenset(owners) if owners else None)
        return True

    # -- the beginning -------------------------------------------------------------------------------------------------

    async def _begin(self, place: Place | None) -> None:
        reason = None if place is None else await self._feed.stale(place)
        if place is not None and reason is None:
            self.position = place.seq
            if place.kind is not None:
                await self._send_snapshot(Renewal(), place)
            return
        self._stand_at_head()
        if reason is not None:
            await self._push(Item("Reset", {"reason": reason, "owners": None, "kinds": None}, {}))
        if self._snapshot:
            self._renewal = None
            await self._send_snapshot(Renewal(), None)

    def _stand_at_head(self) -> None:
        self.position, self.epoch = self._feed.tail.head, self._feed.tail.epoch

    # -- catching up ---------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """Go through the log until the group's place is reached, then join it without an await in between."""
        while True:
            await self._until_writable()
            self._check()
            if self._feed.tail.epoch != self.epoch:
                self._stand_at_head()
                await self._push(Item("Reset", {"reason": "EPOCH", "owners": None, "kinds": None}, {}))
            if self._renewal is not None:
                renewal, self._renewal = self._renewal, None
                await self._send_snapshot(renewal, None)
            group = self._feed.groups.get(self._key)
            goal = self._feed.tail.head if group is None else group.position
            if self.position >= goal:
                self._feed.join(self._key, self._asked, self)
                return
            place = (self._key, self.lens, self.epoch, self.position)
            await self._tell(await self._feed.pages.get(place, self._page))

    def _check(self) -> None:
        trouble = self._feed.tail.trouble()
        if trouble:
            raise Cut(1013, "the change log cannot be followed at the moment")

    async def _page(self) -> Page:
        """The next events that may concern this follower, and whoever else stands here."""
        events, until = await self._feed.behind(self.lens, self.position)
        concerns = self._feed.routes.concerns
        where, epoch = self._asked.where, self.epoch
        wanted = [each for each in events if where.admits(each) and concerns(each, self.lens.partner_id)]
        pairs = [(event, self.lens) for event in wanted]
        judged = await self._feed.judge.items(self._asked.selection, self._asked.args, pairs, where)
        frame = partial(self._feed.frame, self._asked.selection, self.lens)
        told = [
            (event.seq, [frame((epoch, event.seq, event.at), item) for item in items])
            for event, items in zip(wanted, judged, strict=True)
        ]
        return Page(told, until)

    async def _tell(self, page: Page) -> None:
        for seq, frames in page.told:
            for frame in frames:
                await self._hand(frame)
                if self._note(frame.item):
                    # Its records are read after this place, so what follows is repeated at worst.
                    self.position = seq
                    return
            self.position = seq
        self.position = max(self.position, page.until)

    async def _push(self, item: Item) -> None:
        """An item that speaks of the place reached."""
        place = (self.epoch, self.position, self._feed.clock())
        await self._hand(self._feed.frame(self._asked.selection, self.lens, place, item))

    async def _hand(self, frame: Frame) -> None:
        _, more = self._sink.push_all([frame])
        if not more:
            self._full = True
            await self._until_writable()

    async def _until_writable(self) -> None:
        if self._full:
            if not await within(self._feed.timers, UNWRITABLE_SECONDS, self._sink.writable()):
                raise Cut(1013, "too slow; come back with the last cursor")
            self._full = False

    # -- snapshot ------------------------------------------------------------------------------------------------------

    async def _send_snapshot(self, renewal: Renewal, place: Place | None) -> None:
        """Records by kind and id, each page with its own snapshot. What a page reads too new, the log repeats."""
        kinds = [code for code in sorted(self._asked.selection.plans) if self._wants(code, renewal)]
        after, at = START, self._feed.clock()
        if place is not None:
            at = place.at
            kinds = [code for code in kinds if place.kind is not None and code >= place.kind]
            after = place.key or START
        for code in kinds:
            await self._send_kind(code, after if place is not None and code == place.kind else START, renewal, at)
        await self._push(Item("SnapshotEnd", {}, {}))

    def _wants(self, code: str, renewal: Renewal) -> bool:
        kinds = self._asked.where.kinds
        return (kinds is None or code in kinds) and (renewal.kinds is None or code in renewal.kinds)

    async def _send_kind(self, code: str, after: UUID, renewal: Renewal, at: datetime) -> None:
        plan, where = self._asked.selection.plans[code], self._asked.where
        while True:
            async with self._feed.catch_ups:
                rows = await self._feed.judge.snapshot(self._asked.selection, plan, self._asked.args, self.lens, after)
            self._check()
            for key, owner, item in rows:
                after = key
                if where.owners is not None and owner not in where.owners:
                    continue
                if where.records is not None and key not in where.records:
                    continue
                if renewal.owners is not None and f"ptr_{owner}" not in renewal.owners:
                    continue
                await self._push_record(item, Place(self.epoch, self.position, at, code, key))
            if not rows:
                return

    async def _push_record(self, item: Item, place: Place) -> None:
        payload, cursor = self._feed.payload(self._asked.selection, self.lens, place, item)
        if not self._sink.push(payload, cursor):
            self._full = True
            await self._until_writable()
