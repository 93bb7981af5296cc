"""A hub whose log is moved step by step: acme buys from bolt, dyna carries, cargo is a stranger; nothing runs alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from tests.records.firms import Firms
from tests.support.hub import Bench, viewer_of
from tests.support.timers import HandTimers

from scmhub.graph.deliver.feed import Feed
from scmhub.graph.request import GraphQLRequest

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DOCUMENT = """
subscription ($after: String, $where: ChangeFilter, $snapshot: Boolean) {
  changes(after: $after, where: $where, snapshot: $snapshot) {
    __typename cursor
    ... on Changed {
      id kind action actor recordId changedFields record { id ... on Order { status buyerNumber withheld } }
    }
    ... on NoLongerVisible { kind recordId }
    ... on SnapshotRecord { kind recordId record { id ... on Order { status buyerNumber } } }
    ... on AccessChanged { owner kinds direction }
    ... on Reset { reason owners kinds }
    ... on Checkpoint { at }
  }
}
"""
PULL = (
    DOCUMENT.replace("subscription (", "query ($first: Int, ")
    .replace(", $snapshot: Boolean", "")
    .replace(
        ", snapshot: $snapshot) {",
        ", first: $first) { pageInfo { endCursor hasNextPage startCursor hasPreviousPage } nodes {",
    )
    + "}"
)


@dataclass
class Screen:
    """A sink that keeps what it gets and is full when told so."""

    full: bool = False
    items: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def push(self, payload: bytes, cursor: str) -> bool:
        self.raw.append(payload)
        shown = orjson.loads(payload)
        assert shown["extensions"] == {"cursor": cursor}
        self.items.append(shown["data"]["changes"])
        self.news.set()
        return not self.full

    def push_all(self, frames: Any) -> tuple[int, bool]:
        for count, frame in enumerate(frames, 1):
            if not self.push(frame.payload, frame.cursor):
                return count, False
        return len(frames), True

    async def writable(self) -> None:
        await self.room.wait()

    def names(self) -> list[str]:
        return [each["__typename"] for each in self.items]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """The first ``count`` items, once they have come."""
        async with asyncio.timeout(10):
            while len(self.items) < count:
                assert self.task is None or not self.task.done(), self.task
                self.news.clear()
                await self.news.wait()
        return self.items[:count]


@dataclass
class Chain:
    """The firms, the hub and its feed."""

    bench: Bench
    firms: Firms
    feed: Feed
    timers: HandTimers
    screens: list[Screen] = field(default_factory=list)

    async def step(self) -> None:
        """What is committed goes into the log, and what is in the log to everybody who follows."""
        assert self.feed.pump
        await self.feed.pump.drain()
        await self.feed.tail.read()
        await self.settled()

    async def settled(self) -> None:
        """Return when every group has reached the end of the log."""
        async with asyncio.timeout(10):
            while any(group.position < self.feed.tail.head for group in list(self.feed.groups.values())):
                await asyncio.sleep(0)

    async def follow(
        self, firm: str, document: str = DOCUMENT, *, wait: bool = True, screen: Screen | None = None, **variables: Any
    ) -> Screen:
        screen = screen or Screen()
        viewer = viewer_of(self.firms.ids[firm])
        run = await self.feed.follow(GraphQLRequest(document, variables), viewer, screen)
        screen.task = asyncio.ensure_future(run())
        self.screens.append(screen)
        if wait:
            await self.attached(screen)
        return screen

    async def attached(self, screen: Screen) -> None:
        """Return when the screen's follower is in its group."""
        async with asyncio.timeout(10):
            while not any(m._sink is screen for g in self.feed.groups.values() for m in g.members):
                assert screen.task is not None
                if screen.task.done():
                    screen.task.result()
                await asyncio.sleep(0)

    async def pull(self, firm: str, document: str = PULL, **variables: Any) -> dict[str, Any]:
        answer = orjson.loads(await self.bench.ask(self.firms.ids[firm], document, variables))
        return answer["data"]["changes"] if "data" in answer else answer

    async def ask(self, firm: str, document: str, **variables: Any) -> dict[str, Any]:
        answer = orjson.loads(await self.bench.ask(self.firms.ids[firm], document, variables))
        assert "errors" not in answer, answer
        return answer["data"]

    async def share(
        self, firm: str, groups: list[str] | None = None, *, valid_from: datetime = NOW, valid_until: datetime | None = None,
        days_ahead: int | None = None,
    ) -> tuple[str, int]:
        """acme opens its orders to a firm: id and version of the rule."""
        drafted = await self.ask(
            "acme",
            "mutation ($i: SharingRuleDraftInput!) { r: sharingRuleDraft(input: $i) {"
            " sharingRule { id version } userErrors { message } } }",
            i={
                "grantee": {"code": firm.upper()},
                "kind": "ORDER",
                "items": {"all": True},
                "sites": {"all": True},
                "fieldGroups": groups or ["promises"],
                "validFrom": valid_from.isoformat(),
                "validUntil": valid_until.isoformat() if valid_until else None,
                "daysBack": None,
                "daysAhead": days_ahead,
            },
        )
        assert drafted["r"]["userErrors"] == []
        rule = drafted["r"]["sharingRule"]
        opened = await self._step("Activate", rule["id"], rule["version"])
        await self.step()
        return opened

    async def revoke(self, rule: tuple[str, int]) -> None:
        await self._step("Revoke", *rule)

    async def _step(self, step: str, rule: str, version: int) -> tuple[str, int]:
        done = await self.ask(
            "acme",
            f"mutation ($i: SharingRuleStepInput!) {{ r: sharingRule{step}(input: $i) {{"
            " sharingRule { id version } userErrors { message } } }",
            i={"sharingRule": rule, "expectedVersion": version},
        )
        assert done["r"]["userErrors"] == []
        return done["r"]["sharingRule"]["id"], done["r"]["sharingRule"]["version"]

    async def superuser(self, sql: str, *args: Any) -> None:
        await self.bench.superuser.execute(sql, *args)

    async def tell(self, kind: str, key: Any, *, parties: list[str] | None = None, **more: Any) -> None:
        """An event of acme in the log, and everybody told."""
        async with self.firms.database.unit(self.firms.ids["acme"], "integration:acme", lambda: NOW) as unit:
            concerned = [self.firms.ids[firm] for firm in parties or ()]
            unit.change(kind, "REVISED", key, self.firms.ids["acme"], concerned, **more)
        await self.step()

    async def leave(self, screen: Screen) -> None:
        assert screen.task
        screen.task.cancel()
        await asyncio.wait([screen.task])
