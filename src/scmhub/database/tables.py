"""What every table shares: naming, exact column types, and the row level security that stands behind commands.

acme's planner sends a command that, by a bug, updates bolt's row. The command's own check is missing; PostgreSQL still
answers "0 rows", because ``hub_write`` reaches a governed row only while ``hub.partner`` (set with BEGIN by the unit of
work) names its owner or one of its parties. Reads are not filtered here: ``hub_read`` is guarded by the plan's proof.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata
metadata.naming_convention = NAMING

OWNER_ROLE, WRITE_ROLE, READ_ROLE, PUMP_ROLE = "hub_owner", "hub_write", "hub_read", "hub_pump"
HUB_PARTNER = uuid.UUID(int=0)
"""The reserved partner of the hub operator: CHECKs forbid it as owner or party, so it sees no business row."""
OF_THE_HUB = "of_the_hub"
"""In a governed table's ``info``: its rows may be the operator's own (audit trail, idempotency keys)."""


class Record(SQLModel):
    """A row with an id that sorts by birth."""

    id: uuid.UUID = Field(primary_key=True, sa_type=Uuid)


def _kept(column: Column[Any], default: Any) -> Any:
    """A field kept in ``column``; ``...`` means a value must be given."""
    return Field(sa_column=column) if default is ... else Field(sa_column=column, default=default)


def key(target: str | None = None, *, optional: bool = False, unique: bool = False) -> Any:
    """A column that names another row."""
    args = [ForeignKey(f"{target}.id")] if target else []
    return _kept(Column(Uuid, *args, nullable=optional, unique=unique), None if optional else ...)


def symbol(*, optional: bool = False, default: Any = ...) -> Any:
    """Text compared byte for byte (``COLLATE "C"``): codes, numbers, names of states."""
    return _kept(Column(String(collation="C"), nullable=optional), None if optional else default)


def words(*, optional: bool = False) -> Any:
    """Text for people."""
    return _kept(Column(Text, nullable=optional), None if optional else ...)


def amount(*, optional: bool = False, default: Decimal | None = None) -> Any:
    """An exact number, numeric(21,6)."""
    return _kept(Column(Numeric(21, 6), nullable=optional), default if optional or default is not None else ...)


def limit() -> Any:
    """Names to which something is limited, at least one; null: it is not."""
    return _kept(Column(ARRAY(String), nullable=True), None)


def instant(*, optional: bool = False) -> Any:
    """An instant, UTC."""
    return _kept(Column(DateTime(timezone=True), nullable=optional), None if optional else ...)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list; also what lets the engine print the column without escaping."""
    return CheckConstraint(f"{column} in {listed(values)}", name=column)


def listed(names: Iterable[str]) -> str:
    """Names of states or kinds, our own words, as a list for SQL: ``('SENT', 'CONFIRMED')``."""
    return f"({', '.join(map(repr, names))})"


def plain(column: str) -> CheckConstraint:
    """Text of printable ASCII without quote or backslash: safe inside JSON as it stands."""
    return CheckConstraint(f"{column} ~ '^[ !#-\\[\\]-~]*$'", name=f"{column}_plain")


def governed(
    *,
    owner: str = "",
    parties: tuple[str, ...] = (),
    read: str = "parties",
    add: str = "parties",
    part_of: str | None = None,
    write: str = "select, insert, update, delete",
) -> dict[str, Any]:
    """Table arguments for a row that belongs to someone.

    ``owner`` and ``parties`` are columns that hold partner ids; ``part_of`` "column:table" makes the row follow its
    parent instead. ``read`` is what the write role may select, a coarse superset of what its partner sees, because a
    payload is read back on the command's own connection: "parties"; "grantees" adds owners who share anything with it;
    "all" is for reference records, whose card any visible row may show. ``add`` says who may insert: "parties", or
    "owner" alone. ``write`` are the privileges of the write role.
    """
    return {"info": {"owner": owner, "parties": parties, "read": read, "add": add, "part_of": part_of, "write": write}}


def _mine(columns: tuple[str, ...]) -> str:
    me = "nullif(current_setting('hub.partner', true), '')::uuid"
    return " or ".join(f"{column} = {me}" for column in columns)


def _with_whole(table: Table) -> tuple[str, str]:
    """When a part may be read (with its parent, under the parent's policy) and written (by the sides of its whole)."""
    column, parent = table.info["part_of"].split(":")
    seen = f'exists (select from "{parent}" p1 where p1.id = "{table.name}".{column})'
    joined, step, whole = f'"{parent}" p1', 1, table.metadata.tables[parent]
    while whole.info["part_of"]:
        above, parent = whole.info["part_of"].split(":")
        joined += f' join "{parent}" p{step + 1} on p{step + 1}.id = p{step}.{above}'
        step, whole = step + 1, whole.metadata.tables[parent]
    sides = _mine(tuple(f"p{step}.{side}" for side in (whole.info["owner"], *whole.info["parties"])))
    return seen, f'exists (select from {joined} where p1.id = "{table.name}".{column} and ({sides}))'


def _security(table: Table) -> Iterator[str]:
    """Who may stand in one governed table, and its row level security: ENABLE, FORCE and the policies."""
    info = table.info
    if "owner" not in info:
        return
    yield f'alter table "{table.name}" enable row level security'
    yield f'alter table "{table.name}" force row level security'
    checked = any("not_the_hub" in str(each.name) for each in table.constraints)
    if not checked and not info.get(OF_THE_HUB) and not info["part_of"]:
        sides = ", ".join((info["owner"], *info["parties"]))
        check = f"check ('{HUB_PARTNER}'::uuid <> all (array[{sides}]))"
        yield f'alter table "{table.name}" add constraint "ck_{table.name}_not_the_hub" {check}'
    readers = f"{READ_ROLE}, {PUMP_ROLE}" if "pump" in info else READ_ROLE
    yield f'create policy read_all on "{table.name}" for select to {readers} using (true)'
    if info["part_of"]:
        seen, mine = _with_whole(table)
        added = mine
    else:
        mine = _mine((info["owner"], *info["parties"]))
        granting = f"{info['owner']} in (select s.owner from scope s where {_mine(('s.grantee',))})"
        added = _mine((info["owner"],)) if info["add"] == "owner" else mine
        seen = {"parties": mine, "grantees": f"{mine} or {granting}", "all": "true"}[info["read"]]
    yield f'create policy see on "{table.name}" for select to {WRITE_ROLE} using ({seen})'
    yield f'create policy add on "{table.name}" for insert to {WRITE_ROLE} with check ({added})'
    yield f'create policy change on "{table.name}" for update to {WRITE_ROLE} using ({mine}) with check ({mine})'
    yield f'create policy remove on "{table.name}" for delete to {WRITE_ROLE} using ({mine})'


def _grants(table: Table) -> Iterator[str]:
    write = table.info.get("write", "select, insert, update, delete")
    if write:
        yield f'grant {write} on "{table.name}" to {WRITE_ROLE}'
    if "pump" in table.info:
        yield f'grant {table.info["pump"]} on "{table.name}" to {PUMP_ROLE}'
    if not table.info.get("secret", False):
        yield f'grant select on "{table.name}" to {READ_ROLE}'


def ddl(source: MetaData = metadata) -> list[str]:
    """Every statement that makes the schema from the models, in order; run by the owner role."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements: list[str] = []
    for table in source.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes]
    for table in source.sorted_tables:
        statements += [*_security(table), *_grants(table), *table.info.get("then", ())]
    return statements


__all__ = [
    "HUB_PARTNER",
    "Column",
    "Index",
    "Record",
    "amount",
    "datetime",
    "ddl",
    "governed",
    "instant",
    "key",
    "limit",
    "metadata",
    "one_of",
    "plain",
    "symbol",
    "words",
]
