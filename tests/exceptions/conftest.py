"""The four firms, with the pump and the watch moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.settings import Settings

from ..conftest import clone
from ..records.forecasts.conftest import modelled
from ..records.forecasts.firms import settled
from .watched import Watched, watched_of

__all__ = ["modelled", "watched"]


@pytest.fixture
async def admin_of(server: Address, modelled: str) -> AsyncIterator[Address]:
    """The database of the test."""
    async with clone(server, modelled) as admin:
        yield admin


@pytest.fixture
async def watched(admin_of: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Watched]:
    async with settled(admin_of, settings) as firms:
        made = watched_of(firms, admin_of, settings, secret)
        yield made
        await made.close()
