"""One large database per run of the plans' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple
from uuid import UUID

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.settings import Settings

from ..conftest import clone
from ..support.hub import Bench, bench, template_of_models
from ..support.world import World
from .explain import SMALL
from .seed import fill


class Busy(NamedTuple):
    """A hub on a large database; ``quiet`` is a partner with one order in it, ``large`` its large tables."""

    bench: Bench
    worlds: list[World]
    quiet: UUID
    large: set[str]


@pytest.fixture(scope="session")
async def template(server: Address, settings: Settings, secret: HubSecret) -> str:
    return await template_of_models(server, settings, secret)


@pytest.fixture(scope="session")
async def busy(server: Address, template: str, settings: Settings) -> AsyncIterator[Busy]:
    async with clone(server, template) as admin, bench(admin, settings) as made:
        worlds, quiet = await fill(made.superuser)
        rows = await made.superuser.fetch("select relname from pg_class where relkind = 'r' and reltuples > $1", SMALL)
        made.clock.set(worlds[0].now)
        yield Busy(made, worlds, quiet, {row["relname"] for row in rows})
