"""One database with many worlds side by side: each is also what the others must never hear of."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.settings import Settings

from ..conftest import clone
from ..support.hub import Bench, bench, template_of_models
from ..support.rows import insert
from ..support.world import World

WORLDS = 40


@pytest.fixture(scope="session")
def worlds() -> list[World]:
    return [World(seed) for seed in range(WORLDS)]


@pytest.fixture(scope="session")
async def template(server: Address, settings: Settings, secret: HubSecret) -> str:
    return await template_of_models(server, settings, secret)


@pytest.fixture(scope="session")
async def crowded(server: Address, template: str, settings: Settings, worlds: list[World]) -> AsyncIterator[Bench]:
    """A hub whose database holds all the worlds; nobody changes it."""
    async with clone(server, template) as admin, bench(admin, settings) as made:
        for world in worlds:
            await insert(made.superuser, world.tables)
        await made.superuser.execute("analyze")
        yield made


@pytest.fixture
async def alone(admin: Address, settings: Settings) -> AsyncIterator[Bench]:
    """A hub on an empty database of this test."""
    async with bench(admin, settings) as made:
        yield made
