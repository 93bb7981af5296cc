"""Those who follow with one document: each change is judged once for all of them, and equal eyes get the same bytes.

A group stands at one place of the log and reads the ring at its own pace. A follower whose transport is full is let go
and owns nothing but its place; it comes back when it has caught up by itself. ``position`` moves before anything is
pushed, so whoever attaches in between has, by its own place, seen what is being pushed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from scmhub.clock import render
from scmhub.errors import ServiceUnavailable
from scmhub.feed.log import Event
from scmhub.feed.timers import Handle, pause
from scmhub.graph.deliver.judge import Item
from scmhub.graph.deliver.selection import FeedSelection, Where
from scmhub.sharing.lens import Lens

if TYPE_CHECKING:
    from scmhub.graph.deliver.feed import Feed
    from scmhub.graph.deliver.follow import Follower

log = logging.getLogger(__name__)

EVENTS_AT_ONCE = 50
PUSHES_AT_ONCE = 256
"""Pushes between two turns of the event loop."""
CHECKPOINT_SECONDS = 15.0
_JITTER = 0.2
_TRIES = 3
_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Frame:
    """One item as bytes, for every follower of one lens."""

    seq: int
    payload: bytes
    cursor: str
    item: Item
    wire: dict[bytes, bytes] = field(default_factory=dict)
    """The item as transports write it, made once for all who have it written alike."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a document asks of the feed under its variables."""

    selection: FeedSelection
    args: list[dict[str, Any]]
    where: Where


class Group:
    """Followers of one document and variables; one task, ended when the last of them leaves."""

    def __init__(self, feed: Feed, key: Any, asked: Asked, position: int) -> None:
        self._feed = feed
        self._key = key
        self.asked = asked
        self.position = position
        self.epoch = feed.tail.epoch
        self._seeing: dict[Lens, dict[Follower, None]] = {}
        """Followers by whose eyes they see with: a change that concerns few partners touches no others."""
        self._task: asyncio.Task[None] | None = None
        self._timer: Handle | None = None

    @property
    def members(self) -> list[Follower]:
        """Those who keep up."""
        return [follower for each in self._seeing.values() for follower in each]

    def attach(self, follower: Follower) -> None:
        """Take in a follower that has seen everything up to the group's position at least."""
        self._seeing.setdefault(follower.lens, {})[follower] = None
        follower.group = self
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
            self._plan_checkpoint()

    def leave(self, follower: Follower) -> None:
        """Let go of a follower, for whatever reason."""
        if follower.group is not self:
            return
        follower.group = None
        alike = self._seeing[follower.lens]
        del alike[follower]
        if not alike:
            del self._seeing[follower.lens]
        if not self._seeing:
            self._end()

    def _end(self) -> None:
        if self._feed.groups.get(self._key) is self:
            del self._feed.groups[self._key]
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def _run(self) -> None:
        tail = self._feed.tail
        while self._seeing:
            trouble = tail.trouble()
            events = None if trouble or tail.epoch != self.epoch else tail.after(self.position, EVENTS_AT_ONCE)
            if events is None:
                # Fallen out of the ring, another log, or no log: each looks after itself.
                self._let_go(None)
            elif events:
                try:
                    await self._deliver(events)
                except Exception as error:
                    log.exception("delivery of a change failed for good")
                    self._let_go(error)
            else:
                await tail.moved()

    def _let_go(self, error: Exception | None) -> None:
        for follower in self.members:
            follower.let_go(max(follower.position, self.position), error=error)

    async def _deliver(self, events: Sequence[Event]) -> None:
        frames = await self._frames([each for each in events if self.asked.where.admits(each)])
        self.position = events[-1].seq
        pushed = 0
        for lens, told in frames.items():
            for follower in list(self._seeing.get(lens, ())) if told else ():
                ahead = told[0].seq <= follower.position
                mine = [each for each in told if each.seq > follower.position] if ahead else told
                pushed += len(mine)
                follower.take(mine)
                if pushed >= PUSHES_AT_ONCE:
                    pushed = 0
                    await asyncio.sleep(0)

    async def _frames(self, events: Sequence[Event]) -> dict[Lens, list[Frame]]:
        """The frames of each lens; lenses that join while others are judged are judged too."""
        found: dict[Lens, list[Frame]] = {}
        concerns = self._feed.routes.concerns
        while events and (missing := [lens for lens in self._seeing if lens not in found]):
            pairs = [(event, lens) for event in events for lens in missing if concerns(event, lens.partner_id)]
            told: defaultdict[Lens, list[Frame]] = defaultdict(list)
            frame = partial(self._feed.frame, self.asked.selection)
            for (event, lens), items in zip(pairs, await self._judged(pairs), strict=True):
                told[lens] += [frame(lens, (self.epoch, event.seq, event.at), item) for item in items]
            found.update({lens: told[lens] for lens in missing})
        return found

    async def _judged(self, pairs: list[tuple[Event, Lens]]) -> list[list[Item]]:
        """Judged, trying again: while the database is away the tail decides how long; any other failure is ours."""
        failures = 0
        while True:
            try:
                return await self._feed.judge.items(self.asked.selection, self.asked.args, pairs, self.asked.where)
            except ServiceUnavailable:
                if self._feed.tail.trouble():
                    raise
            except Exception as error:
                log.warning("a change could not be judged: %r", error)
                failures += 1
                if failures == _TRIES:
                    raise
            await pause(self._feed.timers, _AGAIN_SECONDS)

    def _plan_checkpoint(self) -> None:
        seconds = CHECKPOINT_SECONDS * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
        self._timer = self._feed.timers.call_later(seconds, self._checkpoint)

    def _checkpoint(self) -> None:
        """Tell everybody how far they are, whatever the traffic: a filtered client must not scan the log on return."""
        if not self._seeing:
            return
        self._plan_checkpoint()
        if self._feed.tail.trouble():
            return
        now = self._feed.clock()
        item, place = Item("Checkpoint", {"at": render(now)}, {}), (self.epoch, self.position, now)
        for lens, alike in list(self._seeing.items()):
            told = [self._feed.frame(self.asked.selection, lens, place, item)]
            for follower in list(alike):
                if follower.position <= self.position:
                    follower.take(told)
