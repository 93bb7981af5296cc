"""Rows as plain dictionaries, and the way of many of them into a database at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, Column

from scmhub.database.tables import metadata

Row = dict[str, Any]
Tables = dict[str, list[Row]]

_FILLERS: dict[type, Any] = {
    int: 1, bool: True, str: "x", Decimal: Decimal(1), date: date(2026, 3, 1), datetime: datetime(2026, 1, 1, tzinfo=UTC),
}  # fmt: skip


def complete(table: str, row: Row) -> Row:
    """The row with every column of the table: null where it may be, a filler where it may not."""
    columns = [column for column in metadata.tables[table].columns if column.computed is None]
    unknown = row.keys() - {column.name for column in columns}
    assert not unknown, f"{table} has no column {unknown}"
    return {column.name: row[column.name] if column.name in row else _filler(column) for column in columns}


def _filler(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    if column.server_default is not None and column.type.python_type is bool:
        return False
    return [] if isinstance(column.type, ARRAY) else _FILLERS[column.type.python_type]


async def insert(connection: asyncpg.Connection, tables: Tables) -> None:
    """All rows of all tables, parents first, by COPY."""
    for table in metadata.sorted_tables:
        rows = tables.get(table.name)
        if rows:
            columns = [name for name in rows[0] if table.columns[name].computed is None]
            records = [tuple(row[name] for name in columns) for row in rows]
            await connection.copy_records_to_table(table.name, records=records, columns=columns)


async def replace(connection: asyncpg.Connection, tables: Tables) -> None:
    """The tables hold exactly these rows from now on; all other tables named nowhere keep theirs."""
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")  # no foreign key is asked
        for table in reversed(metadata.sorted_tables):
            if table.name in tables:
                await connection.execute(f'delete from "{table.name}"')
        await insert(connection, tables)


def copied(tables: Tables) -> Tables:
    """Rows that can be changed without changing the originals."""
    return {name: [dict(row) for row in rows] for name, rows in tables.items()}


def by_id(rows: Iterable[Row]) -> dict[Any, Row]:
    return {row["id"]: row for row in rows}
