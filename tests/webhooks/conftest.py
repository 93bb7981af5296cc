"""A database of the firms, cloned for each test, and a hub on it that delivers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.settings import Settings
from tests.conftest import clone
from tests.records.firms import Firms
from tests.support.hub import template_of_models
from tests.webhooks.post import NOW, Post, posting


@pytest.fixture(scope="session")
async def founded(server: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Firms]:
    """The firms in a database to be cloned."""
    async with clone(server, await template_of_models(server, settings, secret)) as address:
        database = await Database.open(address, settings, secret=secret)
        firms = Firms(database, address, NOW)
        await firms.found()
        await database.close()
        yield firms


@pytest.fixture
async def place(server: Address, founded: Firms) -> AsyncIterator[Address]:
    async with clone(server, founded.address.database) as admin:
        yield admin


@pytest.fixture
async def post(place: Address, founded: Firms, settings: Settings) -> AsyncIterator[Post]:
    async with posting(place, settings, founded) as made:
        yield made
