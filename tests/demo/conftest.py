"""One filled hub for all tests of the folder: they only read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.settings import Settings
from tests.conftest import clone
from tests.demo.telling import Told, filled_template, telling


@pytest.fixture(scope="session")
async def told(server: Address, template: str, settings: Settings, secret: HubSecret) -> AsyncIterator[Told]:
    """The demo as it was filled."""
    name = await filled_template(server, template, settings, secret)
    async with clone(server, name) as address, telling(address, settings) as one:
        yield one
