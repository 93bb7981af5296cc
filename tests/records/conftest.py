"""A hub of four firms on a fresh database: acme buys from bolt, dyna carries for bolt, cargo knows nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
async def records_template(server: Address, settings: Settings, secret: HubSecret) -> str:
    """Name of a database with roles and the tables of all models."""
    load_schema()
    await execute(server, f"create database {_TEMPLATE}")
    address = server.to(_TEMPLATE)
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    return _TEMPLATE


@pytest.fixture
async def firms(
    server: Address, records_template: str, settings: Settings, secret: HubSecret
) -> AsyncIterator[Firms]:
    async with clone(server, records_template) as address:
        database = await Database.open(address, settings, secret=secret)
        firms = Firms(database, address, datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
        await firms.found()
        yield firms
        await database.close()
