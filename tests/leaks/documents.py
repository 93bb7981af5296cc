"""Random documents over the declared kinds: a tree of picks, its GraphQL text, and values for its variables.

One document is asked again in many worlds by many partners; its variables are drawn anew each time, from rows of the
world whether the partner may see them or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any

from graphql import GraphQLEnumType, get_named_type

from scmhub.graph.declare import Kind
from scmhub.graph.specs import Banded, Column, Latest, Many, One, Pair, Withheld
from scmhub.graph.where import camel
from scmhub.schema import load_schema

from ..support.world import World
from .drawing import cursor_of, rows_of, some_id, some_value
from .oracle import LAWS

SCHEMA = load_schema()
KINDS = {name: kind for name, kind in SCHEMA.registry.kinds.items() if name in LAWS}
PATIENCE = (2, 3, 3, 4)
"""Levels of records below a root field."""


@dataclass(frozen=True)
class Var:
    """A place in an argument that is filled anew for each execution."""

    name: str
    type: str
    draw: Callable[[World, Random], Any]


@dataclass
class Pick:
    """One selected field. ``type`` is the kind its children are picked from; ``on`` an inline fragment around it."""

    key: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)
    picks: list[Pick] = field(default_factory=list)
    kind: str = ""
    on: str = ""

    def text(self) -> str:
        head = self.name if self.key == self.name else f"{self.key}: {self.name}"
        args = f"({', '.join(f'{name}: {_literal(value)}' for name, value in self.args.items())})" if self.args else ""
        body = f"{{{' '.join(each.text() for each in self.picks)}}}" if self.picks else ""
        return f"... on {self.on} {{{head}{args}{body}}}" if self.on else f"{head}{args}{body}"


def _literal(value: Any) -> str:
    match value:
        case Var():
            return f"${value.name}"
        case dict():
            return f"{{{', '.join(f'{key}: {_literal(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case bool():
            return str(value).lower()
    return str(value)


@dataclass
class Document:
    """A document and what it is made of."""

    picks: list[Pick]
    variables: list[Var]
    text: str = ""

    def __post_init__(self) -> None:
        declared = ", ".join(f"${var.name}: {var.type}" for var in self.variables)
        body = " ".join(each.text() for each in self.picks)
        self.text = f"query({declared}) {{{body}}}" if declared else f"{{{body}}}"

    def values(self, world: World, rng: Random) -> dict[str, Any]:
        return {var.name: var.draw(world, rng) for var in self.variables}


class Writer:
    """Writes one document."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.variables: list[Var] = []
        self._aliases = 0
        self.patience = rng.choice(PATIENCE)

    def document(self) -> Document:
        picks = [self._root() for _ in range(self.rng.choice((1, 1, 1, 2)))]
        return Document(picks, self.variables)

    def var(self, type_: str, draw: Callable[[World, Random], Any]) -> Var:
        made = Var(f"v{len(self.variables)}", type_, draw)
        self.variables.append(made)
        return made

    def key(self, name: str, *, always: bool = False) -> str:
        if not always and self.rng.random() < 0.8:
            return name
        self._aliases += 1
        return f"k{self._aliases}"

    # -- roots ---------------------------------------------------------------------------------------------------------

    def _root(self) -> Pick:
        sort = self.rng.choices(("page", "single", "node", "nodes", "viewer"), (14, 3, 3, 2, 1))[0]
        if sort == "page":
            kind = self.rng.choices(_PAGED, [3 if kind.name in ("Order", "OrderLine", "Shipment") else 1 for kind in _PAGED])[0]
            return self._connection(kind, kind.plural, self._page_args(kind), always=True)
        if sort == "viewer":
            return Pick(self.key("viewer", always=True), "viewer", {}, self._fields(KINDS["Partner"], 1), "Partner")
        if sort == "single":
            return self._single(self.rng.choice([kind for kind in KINDS.values() if kind.single]))
        kinds = [kind for kind in KINDS.values() if not kind.part_of]
        asked = self.rng.sample(kinds, k=2)
        picks = [Pick("__typename", "__typename"), Pick("id", "id")]
        for kind in asked:
            picks += [Pick(f"{kind.prefix}_{p.key}", p.name, p.args, p.picks, p.kind, kind.name) for p in self._fields(kind, 1)]
        names = tuple(kind.name for kind in (*asked, self.rng.choice(list(KINDS.values()))))
        if sort == "node":
            one = self.var("ID!", lambda world, rng: some_id(world, rng, KINDS[rng.choice(names)]))
            return Pick(self.key("node", always=True), "node", {"id": one}, picks)
        many = self.var(
            "[ID!]!", lambda world, rng: [some_id(world, rng, KINDS[rng.choice(names)]) for _ in range(rng.randrange(6))]
        )
        return Pick(self.key("nodes", always=True), "nodes", {"ids": many}, picks)

    def _single(self, kind: Kind) -> Pick:
        way = self.rng.choice(("id", *kind.keys))
        if way == "id":
            given = self.var("ID!", lambda world, rng: some_id(world, rng, kind))
        else:
            given = self.var("String!", lambda world, rng: some_value(world, rng, kind, kind.keys[way]) or "nothing")
        args = {"by": {camel(way): given}}
        return Pick(self.key(kind.single, always=True), kind.single, args, self._fields(kind, self.patience), kind.name)

    # -- selections ----------------------------------------------------------------------------------------------------

    def _fields(self, kind: Kind, patience: int) -> list[Pick]:
        """Some fields of a record, at least one; links only while there is patience."""
        flat = {name: spec for name, spec in kind.fields.items() if isinstance(spec, Column | Pair | Banded | Withheld)}
        links = {name: spec for name, spec in kind.fields.items() if name not in flat}
        chosen = self.rng.sample(list(flat), k=min(len(flat), self.rng.randrange(1, 5)))
        if "withheld" in flat and self.rng.random() < 0.3 and "withheld" not in chosen:
            chosen.append("withheld")
        picks = [self._field(kind, name, flat[name], patience) for name in chosen]
        if patience and links:
            for name in self.rng.sample(list(links), k=min(len(links), self.rng.choice((0, 1, 1, 2)))):
                if not isinstance(links[name], Many | One | Latest) or links[name].kind in KINDS:
                    picks.append(self._field(kind, name, links[name], patience - 1))
        if not picks or self.rng.random() < 0.6:
            picks.append(Pick(self.key("id"), "id"))
        return picks

    def _field(self, kind: Kind, name: str, spec: Any, patience: int) -> Pick:
        shown = camel(name)
        match spec:
            case Pair() | Banded():
                names = [*spec.names, "__typename"]
                parts = self.rng.sample(names, k=self.rng.randrange(1, 3))
                return Pick(self.key(shown), shown, {}, [Pick(each, each) for each in parts])
            case One() | Latest():
                return Pick(self.key(shown), shown, {}, self._fields(KINDS[spec.kind], patience), spec.kind)
            case Many():
                return self._connection(KINDS[spec.kind], shown, self._nested_args(spec), patience=patience, always=True)
        return Pick(self.key(shown), shown)

    def _connection(
        self, kind: Kind, name: str, args: dict[str, Any], *, patience: int | None = None, always: bool = False
    ) -> Pick:
        patience = self.patience - 1 if patience is None else patience
        parts: list[Pick] = []
        chosen = self.rng.choice((("nodes",), ("nodes",), ("edges",), ("nodes", "edges"), ("nodes",)))
        for part in chosen:
            if part == "nodes":
                parts.append(Pick("nodes", "nodes", {}, self._fields(kind, patience), kind.name))
            else:
                node = Pick("node", "node", {}, self._fields(kind, patience), kind.name)
                parts.append(Pick("edges", "edges", {}, [Pick("cursor", "cursor"), node], kind.name))
        if self.rng.random() < 0.4:
            parts.append(Pick("totalCount", "totalCount"))
        if self.rng.random() < 0.4:
            names = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
            parts.append(Pick("pageInfo", "pageInfo", {}, [Pick(each, each) for each in names]))
        return Pick(self.key(name, always=always), name, args, parts, kind.name)

    # -- arguments -----------------------------------------------------------------------------------------------------

    def _page_args(self, kind: Kind) -> dict[str, Any]:
        args: dict[str, Any] = {}
        column, descending = None, True
        if self.rng.random() < 0.4:
            name = self.rng.choice(("ID", *kind.orders))
            column, descending = kind.orders.get(name), self.rng.random() < 0.5
            args["orderBy"] = {"field": name, "direction": "DESC" if descending else "ASC"}
        if kind.filters and self.rng.random() < 0.65:
            args["where"] = self._where(kind, 2)
        if self.rng.random() < 0.6:
            args |= self._stretch(kind, column, descending)
        return args

    def _nested_args(self, spec: Many) -> dict[str, Any]:
        args = self._stretch(KINDS[spec.kind], None if spec.order == "id" else spec.order, False)
        if "first" not in args and "last" not in args:
            args["first"] = 4
        for narrow in spec.narrow:
            if self.rng.random() < 0.3:
                args[camel(narrow.argument)] = self.var(_GRAPHQL_TYPES[narrow.type], _narrowing(KINDS[spec.kind], narrow.column))
        return args

    def _stretch(self, kind: Kind, column: str | None, descending: bool) -> dict[str, Any]:
        args: dict[str, Any] = {}
        amount = self.rng.choice((None, "first", "first", "last"))
        if amount:
            args[amount] = self.var("Int", lambda _, rng: rng.choice((0, 1, 2, 3, 5)))
        for name in ("after", "before"):
            if self.rng.random() < 0.25:
                args[name] = self.var(
                    "String", lambda world, rng: cursor_of(world, rng, kind, column, descending)
                )
        return args

    def _where(self, kind: Kind, patience: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name in self.rng.sample(kind.filters, k=min(len(kind.filters), self.rng.randrange(1, 3))):
            made[camel(name)] = self._comparators(kind, name)
        if patience and self.rng.random() < 0.5:
            word = self.rng.choice(("and", "or", "or", "not"))
            number = 1 if word == "not" else self.rng.choice((0, 1, 2, 2))
            parts = [self._where(kind, patience - 1) for _ in range(number)]
            made[word] = parts[0] if word == "not" else parts
        return made

    def _comparators(self, kind: Kind, name: str) -> dict[str, Any]:
        spec = kind.fields[name]
        column = spec.by if isinstance(spec, One) else (spec.source or name)  # type: ignore[union-attr]
        named = get_named_type(SCHEMA.core.type_map[f"{kind.name}Where"].fields[camel(name)].type)  # type: ignore[union-attr]
        op = self.rng.choice(list(named.fields))
        of = named.fields[op].type
        target = KINDS[spec.kind] if isinstance(spec, One) else None
        enum = isinstance(get_named_type(of), GraphQLEnumType)
        return {op: self.var(str(of), _drawing(kind, column, op, target, enum))}


def _drawing(kind: Kind, column: str, op: str, target: Kind | None, enum: bool) -> Callable[[World, Random], Any]:
    def one(world: World, rng: Random) -> Any:
        if target is not None:
            return some_id(world, rng, target)
        value = some_value(world, rng, kind, column)
        return value if value is not None or not enum else some_other(world, kind, column)

    def draw(world: World, rng: Random) -> Any:
        if op == "isNull":
            return rng.random() < 0.5
        if op in ("in", "nin"):
            return [each for each in (one(world, rng) for _ in range(rng.randrange(4))) if each is not None]
        value = one(world, rng)
        if op in ("contains", "startsWith") and value is not None:
            begin = 0 if op == "startsWith" or len(value) < 4 else rng.randrange(len(value) - 2)
            value = value[begin : begin + rng.randrange(2, 6)]
            return value if len(value) >= 2 else "zz"
        return value

    return draw


_GRAPHQL_TYPES: dict[Any, str] = {date: "Date", datetime: "DateTime", int: "Int"}


def _narrowing(kind: Kind, column: str) -> Callable[[World, Random], Any]:
    return lambda world, rng: some_value(world, rng, kind, column) if rng.random() < 0.9 else None


def some_other(world: World, kind: Kind, column: str) -> Any:
    return next((row[column] for row in rows_of(world, kind) if row[column] is not None), None)


_PAGED = [kind for kind in KINDS.values() if kind.plural]


def documents(seed: int, number: int) -> Iterator[Document]:
    """So many documents, always the same ones."""
    for each in range(number):
        yield Writer(Random(f"{seed}:{each}")).document()
