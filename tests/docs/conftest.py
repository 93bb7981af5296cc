"""A hub with the demo for each file: what a guide does, the next one does not see."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import PUMP_ROLE, READ_ROLE
from scmhub.exceptions.watch import Watch
from scmhub.feed.pump import Pump
from scmhub.settings import Settings
from tests.conftest import clone
from tests.demo.telling import Told, clock, filled_template, telling


@pytest.fixture(scope="module")
async def told(server: Address, template: str, settings: Settings, secret: HubSecret) -> AsyncIterator[Told]:
    name = await filled_template(server, template, settings, secret)
    async with clone(server, name) as address, telling(address, settings) as one:
        await judge(one, settings, secret)
        yield one


async def judge(told: Told, settings: Settings, secret: HubSecret) -> None:
    """What a hub finds when it first looks at everything."""
    pump = Pump(login(told.address, PUMP_ROLE, secret), settings, clock)
    watch = Watch(login(told.address, READ_ROLE, secret), settings, told.hub.database, clock)
    await pump.once()
    await watch.once()
    await watch.close()
    await pump.close()
