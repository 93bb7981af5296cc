"""The feed brought up and taken down: pump, tail, routes, connections set aside, in that order and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Protocol

import asyncpg  # type: ignore[import-untyped]

from scmhub.clock import Clock
from scmhub.database.address import Address
from scmhub.database.pool import ReadPool
from scmhub.database.roles import check_session, login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import PUMP_ROLE, READ_ROLE
from scmhub.database.unit import Database
from scmhub.feed.cursor import Cursors
from scmhub.feed.pump import Pump
from scmhub.feed.tail import Tail
from scmhub.feed.timers import LoopTimers, Timers
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.documents import Documents
from scmhub.graph.plan import Planner
from scmhub.graph.rates import Bucket
from scmhub.graph.receipts import Receipts
from scmhub.identity.hourly import notary, warden
from scmhub.identity.standing import Standing
from scmhub.settings import Settings
from scmhub.sharing.sweep import sweep

CONNECTIONS = 4
"""Connections set aside for delivery, so that slow queries of others do not delay changes."""


class Around(Protocol):
    """What the feed needs of the hub it belongs to."""

    settings: Settings
    database: Database
    documents: Documents
    planner: Planner
    costs: Bucket
    compilations: Bucket
    clock: Clock
    standing: Standing
    receipts: Receipts


@asynccontextmanager
async def follow_log(
    admin: Address, secret: HubSecret, hub: Around, timers: Timers | None = None, *, by_itself: bool = True
) -> AsyncIterator[Feed]:
    """The feed, its pump and its tail running, until the end of the block.

    ``by_itself`` False: the caller moves pump and tail step by step.
    """
    reader = login(admin, READ_ROLE, secret)

    async def check(connection: asyncpg.Connection) -> None:
        await check_session(connection, READ_ROLE, hub.settings)

    pump = Pump(login(admin, PUMP_ROLE, secret), hub.settings, hub.clock)
    pump.chores += [sweep, notary(hub.database, lambda: hub.standing.ring), warden(hub.database)]
    tail = Tail(reader)
    reads = await ReadPool.open(reader, CONNECTIONS, hub.settings.pool_wait_seconds, check)
    tasks: list[asyncio.Task[None]] = []
    try:
        await pump.once()
        feed = Feed(
            tail, reads, Cursors(secret), hub.documents, hub.planner, hub.clock, timers or LoopTimers(), hub.costs,
            hub.compilations, hub.standing, timedelta(hours=hub.settings.change_retention_hours),
            hub.receipts,
        )  # fmt: skip
        feed.pump = pump
        await tail.start()
        await hub.standing.follow(tail)
        await feed.routes.load(reads)
        hub.database.on_change.append(pump.wake)
        if by_itself:
            tasks += [asyncio.create_task(each) for each in (pump.run(), tail.run(), feed.watch())]
        try:
            yield feed
        finally:
            hub.database.on_change.remove(pump.wake)
            hub.standing.unfollow()
            await feed.close()
    finally:
        await _stop(tasks)
        await pump.close()
        await tail.close()
        await reads.close()


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
