"""A template database made from the models, and the four firms on a fresh copy of it for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import ddl
from scmhub.schema import load_schema
from scmhub.settings import Settings

from ...conftest import clone, execute
from .firms import Firms, settled

TEMPLATE = "hub_from_models"


@pytest.fixture(scope="session")
async def modelled(server: Address, settings: Settings, secret: HubSecret) -> str:
    """Name of a database with roles and all tables of the models, for cloning."""
    if await _is_made(server):  # by the other folder: it imports this fixture, which pytest then runs once for each
        return TEMPLATE
    load_schema()
    await execute(server, f"create database {TEMPLATE}")
    await ensure_roles(server.to(TEMPLATE), secret, settings)
    await execute(server.to(TEMPLATE), "set role hub_owner; " + "; ".join(ddl()))
    return TEMPLATE


async def _is_made(server: Address) -> bool:
    connection = await server.connect()
    try:
        return bool(await connection.fetchval("select 1 from pg_database where datname = $1", TEMPLATE))
    finally:
        await connection.close()


@pytest.fixture
async def firms(server: Address, modelled: str, settings: Settings) -> AsyncIterator[Firms]:
    async with clone(server, modelled) as admin, settled(admin, settings) as firms:
        yield firms
