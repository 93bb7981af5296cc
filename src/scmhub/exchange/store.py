"""The one way of imported rows into the database: one statement per table and batch, under row level security."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from scmhub.database.amounts import banded
from scmhub.database.unit import Unit
from scmhub.exchange.delta import Delta, Row
from scmhub.exchange.tables import ImportedTable
from scmhub.partners.tables import ItemTable
from scmhub.records.orders.model import OrderLineTable, OrderTable, RevisionTable, ScheduleLineTable, SliceTable
from scmhub.records.orders.shipment_model import ReceiptTable, ShipmentEventTable, ShipmentLineTable, ShipmentTable

PARENTS_FIRST: tuple[type[SQLModel], ...] = (
    ItemTable, OrderTable, OrderLineTable, ScheduleLineTable, RevisionTable, SliceTable, ShipmentTable,
    ShipmentLineTable, ShipmentEventTable, ReceiptTable,
)  # fmt: skip
_ROWS = "jsonb_to_recordset(convert_from($1, 'UTF8')::jsonb) as given({})"


async def write(unit: Unit, delta: Delta) -> None:
    """Everything a delta holds, and its changes into the outbox; the unit acts for the buyer."""
    for table in PARENTS_FIRST:
        if rows := delta.inserts.get(table):
            await insert(unit, table, rows)
        if rows := delta.updates.get(table):
            await _update(unit, table, rows)
    if delta.remembered:
        rows = [{"partner_id": unit.partner_id, **each} for each in delta.remembered]
        await unit.rows(_remember(), _dumps(rows))
    tell(unit, delta)


def tell(unit: Unit, delta: Delta) -> None:
    for each in delta.told:
        unit.change(each.kind, each.action, each.record, each.owner, each.parties, each.changed, was=each.was)


async def insert(unit: Unit, table: type[SQLModel], rows: list[Row]) -> None:
    """Rows without the columns that have a default in the database; a missing nullable one is null."""
    for row in rows:
        unit.amounts.born(row["id"], {name: row.get(name) for name in _banded(table)})
    await unit.rows(_insert(table), _dumps(rows))


async def _update(unit: Unit, table: type[SQLModel], rows: list[Row]) -> None:
    amounts = [name for name in _banded(table) if name in rows[0]]
    if amounts:
        before = await unit.rows(_amounts_text(table, tuple(amounts)), [row["id"] for row in rows])
        stood = {row["id"]: row for row in before}
        for row in rows:
            for name in amounts:
                unit.amounts.changed(row["id"], name, stood[row["id"]][name], row[name])
    await unit.rows(_update_text(table, tuple(rows[0])), _dumps(rows))


def _dumps(rows: list[Row]) -> bytes:
    return orjson.dumps(rows, default=str)


def _types(table: type[SQLModel]) -> dict[str, str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    columns: Any = table.__table__.columns  # type: ignore[attr-defined]
    return {column.name: column.type.compile(dialect=dialect) for column in columns}


def _given(types: dict[str, str]) -> str:
    return _ROWS.format(", ".join(f"{name} {kind}" for name, kind in types.items()))


@cache
def _insert(table: type[SQLModel]) -> str:
    columns: Any = table.__table__.columns  # type: ignore[attr-defined]
    types = {name: kind for name, kind in _types(table).items() if columns[name].server_default is None}
    names = ", ".join(types)
    return f'insert into "{table.__tablename__}" ({names}) select {names} from {_given(types)}'


@cache
def _update_text(table: type[SQLModel], columns: tuple[str, ...]) -> str:
    types = _types(table)
    sets = ", ".join(f"{name} = given.{name}" for name in columns if name != "id")
    given = _given({name: types[name] for name in columns})
    return f'update "{table.__tablename__}" t set {sets} from {given} where t.id = given.id'


def _banded(table: type[SQLModel]) -> tuple[str, ...]:
    return banded(table.__table__)  # type: ignore[attr-defined]


@cache
def _amounts_text(table: type[SQLModel], columns: tuple[str, ...]) -> str:
    return f'select id, {", ".join(columns)} from "{table.__tablename__}" where id = any($1::uuid[])'


@cache
def _remember() -> str:
    return (
        _insert(ImportedTable) + " on conflict (partner_id, kind, external_id)"
        " do update set record_id = excluded.record_id, digest = excluded.digest"
    )
