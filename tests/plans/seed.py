"""A chain as large as a busy hub's, made in seconds: a few small worlds, multiplied inside the database.

A copy of a row has ids that are a function of the old id and the copy's number, so copies hang together as the
originals do. Partners and relationships are not copied: each partner gets many records, as in life.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import asyncpg
from sqlalchemy import String, Table, UniqueConstraint, Uuid

from scmhub.database.tables import metadata

from ..support.rows import Tables, insert
from ..support.world import World

WORLDS = 6
ONCE = (
    "partner", "relationship", "relationship_profile", "relationship_contact", "relationship_event", "objective",
    "sharing_rule", "block_pair", "audit_entry", "stored_document",
)  # fmt: skip
"""Not copied."""
MANY = {
    "purchase_order": 140, "order_line": 140, "schedule_line": 140, "item": 140, "site": 140, "breach": 400,
    "breach_evidence": 400, "case_file": 140,
}  # fmt: skip
COPIES = 40
SCOPES, OWN_SCOPES = 120, 12


async def fill(connection: asyncpg.Connection) -> tuple[list[World], UUID]:
    """The worlds that were multiplied, and a partner who has next to nothing."""
    worlds = [World(900 + number) for number in range(WORLDS)]
    await connection.execute("set session_replication_role = replica")
    for world in worlds:
        await insert(connection, world.tables)
    tables = [metadata.tables[name] for name in worlds[0].tables if name not in ONCE]
    for table in tables:
        await connection.execute(_copying(table, [each.name for each in tables]))
    await connection.execute("reset session_replication_role")
    quiet, rows = _quiet(worlds[0])
    await insert(connection, rows)
    await connection.execute("analyze")
    return worlds, quiet


def _quiet(world: World) -> tuple[UUID, Tables]:
    """A partner with one order, which is one of its seller's thousands."""
    before, world.tables = world.tables, {}
    try:
        partner = world._partner("QUIET")
        seller = world.partners[1]
        world.add("relationship", provider_id=seller, recipient_id=partner, kind="SUPPLY", state="ACTIVE", proposed_by=seller)
        site = world.add("site", partner_id=partner, code="Q", name="Quiet", kind="STORE", time_zone="UTC")
        world.add(
            "purchase_order", kind="PURCHASE", buyer_id=partner, seller_id=seller, buyer_number="Q-1",
            ship_to_id=site["id"], currency="EUR", status="SENT", placed_at=world.now,
        )  # fmt: skip
        return partner, world.tables
    finally:
        world.tables = before


def _copying(table: Table, copied: Iterable[str]) -> str:
    """INSERT .. SELECT of all copies of all rows of one table."""
    number = SCOPES if table.name == "scope" else MANY.get(table.name, COPIES)
    columns = [column for column in table.columns if column.computed is None]
    unique = {
        column.name for constraint in table.constraints if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns if isinstance(column.type, String)
    }  # fmt: skip
    values = []
    for column in columns:
        targets = {key.column.table.name for key in column.foreign_keys}
        mapped = isinstance(column.type, Uuid) and (column.name == "id" or targets & (set(copied) - {"scope"}))
        if mapped:
            values.append(f'case when t."{column.name}" is not null then md5(t."{column.name}"::text || k)::uuid end')
        elif (table.name, column.name) == ("scope", "grantee"):  # most of them are of hundreds of other partners
            values.append(f"case when k <= {OWN_SCOPES} then t.grantee else md5(t.grantee::text || k)::uuid end")
        elif column.name in unique and column.name not in ("basis", "bucket", "unit", "measure", "criterion"):
            values.append(f't."{column.name}" || \'-\' || k')
        else:
            values.append(f't."{column.name}"')
    names = ", ".join(f'"{column.name}"' for column in columns)
    return f'insert into "{table.name}" ({names}) select {", ".join(values)} from "{table.name}" t, generate_series(1, {number}) k'
