"""``where`` as SQL over *masked* values: a hidden value compares as null, so no filter is an oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from scmhub.database.fragment import Bind, Fragment, all_of, any_of, sql
from scmhub.graph.arguments import Site
from scmhub.graph.declare import Kind, optional
from scmhub.graph.specs import Column, One
from scmhub.ids import key_of
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.rows import Row

SQL_TYPES: dict[Any, str] = {int: "int", bool: "bool", Decimal: "numeric", date: "date", datetime: "timestamptz"}
_LIKE_ESCAPES = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
Path = tuple[str | int, ...]


class Where:
    """One ``where`` argument of one site, compiled for rows of one kind."""

    def __init__(self, site: Site, kind: Kind, prefixes: dict[str, str], values: dict[str, Any]) -> None:
        self._site = site
        self._kind = kind
        self._prefixes = prefixes
        self._value = values.get("where")

    def __bool__(self) -> bool:
        return bool(self._value)

    def condition(self, row: Row, side: str | None) -> Fragment:
        """Conditions on ``row``; what ``side``, the branch the row came by, never masks stays bare for the index."""
        return self._node(self._value, ("where",), row, side) if self._value else sql("true")

    def on_owner(self, column: str, owner: Fragment) -> list[Fragment]:
        """What must hold of the owner of any row that fulfils this, asked of a cell that equals ``column``.

        A scope opens the records of one owner: where another is wanted, its records need not be looked at.
        """
        tests = []
        for name, comparators in (self._value or {}).items():
            spec = self._kind.fields.get(next((each for each in self._kind.filters if camel(each) == name), ""))
            if comparators and isinstance(spec, One) and spec.by == column and spec.access == PUBLIC:
                read, sql_type = self._reading(name, spec)
                tests += [
                    self._compare(op, each, owner, ("where", name, op), read, sql_type)
                    for op, each in comparators.items() if each is not None
                ]  # fmt: skip
        return tests

    def _node(self, value: dict[str, Any], path: Path, row: Row, side: str | None) -> Fragment:
        tests = []
        for name, each in value.items():
            if each is None:
                continue
            here = (*path, name)
            if name in ("and", "or"):
                parts = [self._node(part, (*here, number), row, side) for number, part in enumerate(each)]
                tests.append(sql("({})", all_of(parts)) if name == "and" else any_of(parts))
            elif name == "not":
                tests.append(sql("coalesce(not ({}), true)", self._node(each, here, row, side)))
            else:
                tests.append(self._field(name, each, here, row, side))
        return sql("({})", all_of(tests)) if tests else sql("true")

    def _field(
        self, graphql_name: str, comparators: dict[str, Any], path: Path, row: Row, side: str | None
    ) -> Fragment:
        name = next(each for each in self._kind.filters if camel(each) == graphql_name)
        spec = self._kind.fields[name]
        assert isinstance(spec, Column | One)
        column = spec.by if isinstance(spec, One) else spec.source or name
        value, granted = row.masked(column, spec.access)
        if granted is not None and not (side and row.policy.unmasked(side, spec.access)):
            value = sql("case when {} then {} end", granted, value)
        read, sql_type = self._reading(name, spec)
        tests = [
            self._compare(op, each, value, (*path, op), read, sql_type)
            for op, each in comparators.items()
            if each is not None
        ]
        return all_of(tests)

    def _reading(self, name: str, spec: Column | One) -> tuple[Callable[[Any], Any], str]:
        if isinstance(spec, One):
            prefix = self._prefixes[spec.kind]
            return lambda value: key_of(prefix, value), "uuid"
        of = optional(self._kind.types[name])[0]
        return (lambda value: getattr(value, "value", value)), SQL_TYPES.get(of, "text")

    def _compare(self, op: str, given: Any, value: Fragment, path: Path, read: Any, sql_type: str) -> Fragment:
        if op == "isNull":
            return sql("({} is null) = {}", value, self._bind(path, "bool", lambda each: each))
        if op in ("in", "nin"):
            bound = self._bind(path, f"{sql_type}[]", lambda each: [read(one) for one in each])
            return sql("{} = any({})", value, bound) if op == "in" else sql("{} <> all({})", value, bound)
        if op in ("contains", "startsWith"):
            lead = "%" if op == "contains" else ""
            bound = self._bind(path, "text", lambda each: f"{lead}{each.translate(_LIKE_ESCAPES)}%")
            return sql("{} like {}", value, bound)
        bound = self._bind(path, sql_type, read)
        match op:
            case "eq":
                return sql("{} = {}", value, bound)
            case "neq":
                return sql("{} <> {}", value, bound)
            case "gt":
                return sql("{} > {}", value, bound)
            case "gte":
                return sql("{} >= {}", value, bound)
            case "lt":
                return sql("{} < {}", value, bound)
        return sql("{} <= {}", value, bound)

    def _bind(self, path: Path, sql_type: str, read: Callable[[Any], Any]) -> Bind:
        def take(values: dict[str, Any]) -> Any:
            for step in path:
                values = values[step]  # type: ignore[index]
            return read(values)

        return self._site.bind(sql_type, ".".join(map(str, path)), take)


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.capitalize() for each in rest)
