"""A hub on a fresh database, and short ways to import into it and to look at everything it holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.database.unit import Database
from scmhub.exchange.mapping import Map, load_map
from scmhub.exchange.run import Report, Request, import_file
from scmhub.records.partners import commands as masters
from scmhub.schema import load_schema
from scmhub.settings import Settings
from tests.conftest import clone, execute
from tests.records.firms import Firms

EXCERPT = Path(__file__).with_name("data") / "scms_excerpt.tsv"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RECORDS = (
    "partner", "site", "item", "relationship", "purchase_order", "order_line", "schedule_line", "schedule_revision",
    "schedule_slice", "shipment", "shipment_line", "shipment_event", "receipt", "imported",
)  # fmt: skip
_TEMPLATE = "exchange_template"


@dataclass
class Desk:
    """An operator's desk."""

    database: Database
    address: Address
    scms: Map

    async def load(
        self, file: Path = EXCERPT, given: Map | None = None, *, apply: bool = True, partner: str = "SCMS"
    ) -> Report:
        request = Request(file, given or self.scms, partner, apply=apply, most_findings=1000)
        return await import_file(self.database, self.address, request, lambda: NOW)

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        connection = await self.address.connect()
        try:
            return [tuple(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    async def value(self, sql: str, *args: Any) -> Any:
        [(only,)] = await self.rows(sql, *args)
        return only

    async def everything(self, *tables: str) -> dict[str, list[str]]:
        """All rows of these tables, or of all records."""
        return {
            name: [row for (row,) in await self.rows(f'select t::text from "{name}" t order by 1')]
            for name in tables or RECORDS
        }


@pytest.fixture(scope="session")
async def exchange_template(server: Address, settings: Settings, secret: HubSecret) -> str:
    """Name of a database with roles and the tables of all models."""
    load_schema()
    await execute(server, f"create database {_TEMPLATE}")
    address = server.to(_TEMPLATE)
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    return _TEMPLATE


@pytest.fixture
async def desk(server: Address, exchange_template: str, settings: Settings, secret: HubSecret) -> AsyncIterator[Desk]:
    async with clone(server, exchange_template) as address:
        database = await Database.open(address, settings, secret=secret)
        yield Desk(database, address, load_map("scms"))
        await database.close()


def counts(report: Report, how: str) -> dict[str, int]:
    """Records of the report that were ``how``, without zeros."""
    return {what: row[how] for what, row in report.counts.as_json().items() if row[how]}


def codes(report: Report, *levels: str) -> dict[str, int]:
    """Findings by code."""
    found: dict[str, int] = {}
    for each in report.findings.summaries():
        if each.level in (levels or ("NOTE", "WARNING", "ERROR")):
            found[each.code] = found.get(each.code, 0) + each.count
    return found


@pytest.fixture
async def firms(desk: Desk) -> Firms:
    """acme buys castings 4711 and alloy 4712 from bolt, and keeps them in its hall; cargo is a stranger."""
    firms = Firms(desk.database, desk.address, NOW)
    await firms.found()
    alloy = masters.ItemAddInput(number="4712", description="Alloy", unit="KGM")  # type: ignore[arg-type]
    await firms.act("acme", masters.item_add, alloy)
    return firms
