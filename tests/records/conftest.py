"""A hub of four firms on a fresh database: acme buys from bolt, dyna carries for bolt, cargo knows nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.database.unit import Database
from scmhub.schema import load_schema
from scmhub.settings import Settings
from tests.conftest import clone, execute
from tests.records.firms import Firms

_TEMPLATE = "records_template"


@pytest.fixture(scope="session")
async def founded(server: Address, settings: Settings, secret: HubSecret) -> Firms:
    """The firms in a database to be cloned: roles, the tables of all models, and what they did before the tests."""
    load_schema()
    await execute(server, f"create database {_TEMPLATE}")
    address = server.to(_TEMPLATE)
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    database = await Database.open(address, settings, secret=secret)
    firms = Firms(database, address, datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    await firms.found()
    await database.close()
    return firms


@pytest.fixture
async def firms(server: Address, founded: Firms, settings: Settings, secret: HubSecret) -> AsyncIterator[Firms]:
    """The firms on a database of their own."""
    async with clone(server, _TEMPLATE) as address:
        database = await Database.open(address, settings, secret=secret)
        yield replace(founded, database=database, address=address)
        await database.close()
