"""Values a caller might send: ids, cursors and filter values of rows it may or may not see, and some nonsense."""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from scmhub.clock import render
from scmhub.graph.declare import Kind
from scmhub.ids import new_id, public_id

from ..support.rows import Row
from ..support.world import World
from .oracle import LAWS


def rendered(value: Any) -> Any:
    """A stored value as it stands in an answer."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return render(value)
        case date():
            return value.isoformat()
    return value


def rows_of(world: World, kind: Kind) -> list[Row]:
    """The rows of a kind; several kinds may share a table."""
    law = LAWS[kind.name]
    return [row for row in world.tables.get(law.table, ()) if law.only is None or row[law.only[0]] == law.only[1]]


def some_id(world: World, rng: Random, kind: Kind) -> str:
    """Mostly the id of a row; else one of another kind, of no row, or no id at all."""
    luck = rng.random()
    rows = world.tables.get(kind.table.name)
    if luck < 0.8 and rows:
        return public_id(kind.prefix, rng.choice(rows)["id"])
    if luck < 0.85:
        return public_id(kind.prefix, new_id(world.now, rng.getrandbits(74)))
    if luck < 0.9:
        return public_id("ptr" if kind.prefix != "ptr" else "sit", rng.choice(world.tables["order_line"])["id"])
    return rng.choice((kind.prefix, f"{kind.prefix}_", "", "ord_'; drop table partner; --", "zzz_0", f"{kind.prefix}_{'0' * 36}"))


def some_value(world: World, rng: Random, kind: Kind, column: str) -> Any:
    """A filter value: of some row, or a neighbour of one."""
    rows = rows_of(world, kind)
    value = rng.choice(rows)[column] if rows else None
    if rng.random() < 0.2:
        match value:
            case datetime():
                value += timedelta(microseconds=rng.choice((-1, 1)))
            case date():
                value += timedelta(days=rng.choice((-1, 1)))
    return rendered(value)


def cursor_text(kind: Kind, column: str | None, descending: bool, row: Row) -> str:
    """The documented form: base64url of version, order, id and sort value, without padding."""
    sort = "" if column is None else rendered(row[column])
    if column is not None and isinstance(row[column], datetime):
        sort = sort.replace("T", " ").removesuffix(":00")  # as PostgreSQL writes it
    text = f"1|{kind.name}.{column or 'id'}.{'desc' if descending else 'asc'}|{row['id']}|{sort}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor_of(world: World, rng: Random, kind: Kind, column: str | None, descending: bool) -> str | None:
    """The cursor of a row, visible or not; seldom null or nonsense."""
    luck = rng.random()
    rows = world.tables.get(kind.table.name)
    if luck < 0.9 and rows:
        return cursor_text(kind, column, descending, rng.choice(rows))
    if luck < 0.93:
        return None
    if luck < 0.96 and rows:
        return cursor_text(kind, column, not descending, rng.choice(rows))
    return rng.choice(("", "nonsense", "MXw", "é", base64.urlsafe_b64encode(b"1|Order.id.desc|" + UUID(int=7).bytes).decode()))
