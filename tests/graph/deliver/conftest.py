"""A database of the firms, cloned for each test, and a hub on it whose log is moved step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from feed_chain import NOW, Chain
from tests.conftest import clone, execute
from tests.records.firms import Firms
from tests.support.hub import Bench
from tests.support.timers import HandClock, HandTimers

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.database.unit import Database
from scmhub.graph.deliver.start import follow_log
from scmhub.hub import Hub
from scmhub.schema import load_schema
from scmhub.settings import Settings


@pytest.fixture(scope="session")
async def founded(server: Address, settings: Settings, secret: HubSecret) -> Firms:
    """The firms in a database to be cloned."""
    load_schema()
    await execute(server, "create database feed_template")
    address = server.to("feed_template")
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    database = await Database.open(address, settings, secret=secret)
    firms = Firms(database, address, NOW)
    await firms.found()
    await database.close()
    return firms


@pytest.fixture
async def chain(server: Address, founded: Firms, settings: Settings, secret: HubSecret) -> AsyncIterator[Chain]:
    clock, timers = HandClock(NOW), HandTimers()
    roomy = settings.model_copy(update={"compile_per_minute": 10**12, "cost_bucket": 10**12})
    async with clone(server, "feed_template") as admin, Hub.open(admin, roomy, clock) as hub:
        superuser = await admin.connect()
        firms = replace(founded, database=hub.database, address=admin)
        async with follow_log(admin, secret, hub, timers, by_itself=False) as feed:
            hub.feed, hub.engine.pull = feed, feed.pull
            chain = Chain(Bench(hub, clock, superuser, admin), firms, feed, timers)  # type: ignore[arg-type]
            await chain.step()
            yield chain
            for screen in chain.screens:
                await chain.leave(screen)
            assert feed.groups == {}, "nobody follows any more, so nothing is left"
        await superuser.close()
