"""What a declaration may not be: each refusal names kind and field, at schema build, before anything is served."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import CHAR, CheckConstraint, Float, Index, Table, UniqueConstraint

from scmhub.graph.declare import Kind, Registry, optional
from scmhub.graph.deliver.types import is_followed
from scmhub.graph.specs import Banded, Column, Latest, Many, One, Pair
from scmhub.sharing.access import BAND, PUBLIC
from scmhub.sharing.policy import Owned


class BadDeclaration(ValueError):
    """A room declares something that policy, paging or JSON cannot honour."""


def check_kind(registry: Registry, kind: Kind) -> None:
    """Raise BadDeclaration for the first promise this kind cannot keep."""
    _check_text(kind, "", kind.description)
    for name, spec in kind.fields.items():
        _check_text(kind, name, spec.description)
        match spec:
            case Column():
                _check_column(kind, name, spec)
                _require(spec.keys is None or spec.keys in registry.kinds, kind, name, f"unknown kind {spec.keys}")
            case Pair():
                _check_pair(kind, name, spec)
            case Banded():
                _check_band(kind, name, spec)
            case One():
                _require(spec.kind in registry.kinds, kind, name, f"links to unknown kind {spec.kind}")
                _stored(kind, name, spec.by)
            case Many():
                _check_many(registry, kind, name, spec)
            case Latest():
                target = registry.kinds[spec.kind]
                _require(indexed(target.table, spec.by, spec.order), kind, name, f"no index on {spec.by}, {spec.order}")
                for column in (spec.by, spec.order):
                    _require(_never_hidden(target, column), kind, name, f"goes by {column}, which may be hidden")
    _check_groups(kind)
    _require(is_followed(kind) or not kind.stream, kind, "", "has a stream, but the feed does not speak of it")
    if kind.plural:
        _check_page(kind)


def _require(holds: object, kind: Kind, name: str, what: str) -> None:
    if not holds:
        raise BadDeclaration(f"{kind.name}.{name}: {what}" if name else f"{kind.name}: {what}")


def _check_text(kind: Kind, name: str, text: str) -> None:
    _require(text and text[0].isupper(), kind, name, "needs a description that starts with a capital letter")


def _stored(kind: Kind, name: str, column: str) -> Any:
    _require(column in kind.table.columns, kind, name, f"table {kind.table.name} has no column {column}")
    stored = kind.table.columns[column]
    _require(not isinstance(stored.type, Float | CHAR), kind, name, f"{column} is a float or char(n): not exact")
    return stored


def _check_column(kind: Kind, name: str, spec: Column) -> None:
    stored = _stored(kind, name, spec.or_since or spec.source or name)
    _require(name in kind.types, kind, name, "needs a type annotation")
    nullable = optional(kind.types[name])[1]
    _require(nullable or spec.access == PUBLIC, kind, name, "may be masked, so its type must be optional")
    _require(nullable or not stored.nullable, kind, name, "its column is nullable, so its type must be optional")
    if spec.plain:
        checks = [str(c.sqltext) for c in kind.table.constraints if isinstance(c, CheckConstraint)]
        _require(any(stored.name in text for text in checks), kind, name, "is plain but no CHECK constrains its text")


def _check_pair(kind: Kind, name: str, spec: Pair) -> None:
    amount, unit = _stored(kind, name, spec.amount), _stored(kind, name, spec.unit)
    _require(amount.type.python_type is Decimal, kind, name, f"{spec.amount} is not numeric")
    _require(spec.nullable or spec.access == PUBLIC, kind, name, "may be masked, so it must be nullable")
    _require(spec.nullable or not (amount.nullable or unit.nullable), kind, name, "its columns are nullable")


def _check_band(kind: Kind, name: str, spec: Banded) -> None:
    _require(_stored(kind, name, spec.amount).type.python_type is Decimal, kind, name, f"{spec.amount} is not numeric")
    _require(spec.access.name == BAND and spec.access.group, kind, name, "is a band that no rule can open")
    _require(spec.amount in kind.table.info.get("banded", ()), kind, name, f"changes of {spec.amount} would be told")


def _check_many(registry: Registry, kind: Kind, name: str, spec: Many) -> None:
    _require(spec.kind in registry.kinds, kind, name, f"lists unknown kind {spec.kind}")
    target = registry.kinds[spec.kind]
    for column in (spec.by, spec.order):
        _require(column in target.table.columns, kind, name, f"table {target.table.name} has no column {column}")
    _require(not target.table.columns[spec.order].nullable, kind, name, f"order {spec.order} is nullable")
    _require(0 < spec.default <= spec.most <= 250, kind, name, "needs 0 < default <= most <= 250")
    _require(indexed(target.table, spec.by), kind, name, f"no index of {target.table.name} begins with {spec.by}")
    for column in (spec.by, spec.order, *(narrow.column for narrow in spec.narrow)):
        _require(_never_hidden(target, column), kind, name, f"goes by {column}, which may be hidden: it would tell it")


def _check_groups(kind: Kind) -> None:
    sides: dict[str, Any] = {}
    for name, spec in kind.fields.items():
        access = getattr(spec, "access", None)
        if access is not None and access.group:
            known = sides.setdefault(access.group, access.sides)
            _require(known == access.sides, kind, name, f"group {access.group} is seen by different sides")
    _require(not sides or getattr(kind.policy, "kind", None), kind, "", "has shareable fields but no rule kind")


def _check_page(kind: Kind) -> None:
    if isinstance(kind.policy, Owned):
        for side in (kind.policy.owner, *kind.policy.parties):
            for order in (None, *kind.orders.values()):
                only = [kind.policy.only[0]] if kind.policy.only else []
                columns = [side, *only, order, "id"] if order else [side, *only, "id"]
                served = indexed(kind.table, *columns) or (order and _unique(kind.table, side, order))
                _require(served, kind, "", f"a page needs an index that begins with {columns}")
    for name, column in kind.orders.items():
        _require(not kind.table.columns[column].nullable, kind, name, "an order by a nullable column")
        _require(_never_hidden(kind, column), kind, name, "an order by a column that may be hidden would tell it")
    for name in kind.filters:
        _require(isinstance(kind.fields.get(name), Column | One), kind, name, "only columns and links can be filtered")


def _never_hidden(kind: Kind, column: str) -> bool:
    """Whether all that shows the column comes with the row: orders and bounds compare stored values, not masks."""
    kept: tuple[str, ...]
    for name, spec in kind.fields.items():
        match spec:
            case Column():
                kept = (spec.source or name,)
            case Pair():
                kept = (spec.amount, spec.unit)
            case Banded():
                kept = (spec.amount,)
            case One():
                kept = (spec.by,)
            case _:
                continue
        if column in kept and spec.access != PUBLIC:
            return False
    return True


def _unique(table: Table, *columns: str) -> bool:
    keys = [[c.name for c in u.columns] for u in table.constraints if isinstance(u, UniqueConstraint)]
    return list(columns) in keys


def indexed(table: Table, *columns: str) -> bool:
    """Whether an index, unique constraint or the primary key begins with these columns."""
    keys = [[c.name for c in table.primary_key.columns]]
    keys += [[str(getattr(e, "name", "")) for e in i.expressions] for i in table.indexes if isinstance(i, Index)]
    keys += [[c.name for c in u.columns] for u in table.constraints if isinstance(u, UniqueConstraint)]
    if columns == ("id", "id"):
        columns = ("id",)
    return any(key[: len(columns)] == list(columns) for key in keys)
