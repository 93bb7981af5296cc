"""Operations made from the schema alone: together they use every type, field and argument a caller can reach.

Whoever adds a field, a filter or a root query gets it asked here without doing anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    is_union_type,
)

from scmhub.ids import public_id

from ..support.rows import Tables
from .documents import KINDS, SCHEMA

Path = tuple[tuple[str, str], ...]
"""Steps from the root: (type, field)."""
_CORE = SCHEMA.core
_PAGE = {"first": 3, "last": 2}
Covered = set[tuple[str, ...]]


@dataclass
class Question:
    """One operation, and what of the schema it uses: (type, field) and (type, field, argument, ...)."""

    text: str
    variables: dict[str, Any]
    covers: Covered = field(default_factory=set)


class Asker:
    """Writes operations whose values come from rows the caller may have no right to see."""

    def __init__(self, tables: Tables, seed: int, *, depth: int = 2) -> None:
        self.rng = Random(seed)
        self.depth = depth
        self.ids = [public_id(kind.prefix, row["id"]) for kind in KINDS.values() for row in tables.get(kind.table.name, ())]
        self.by_name = {
            kind.name.lower(): [each for each in self.ids if each.startswith(f"{kind.prefix}_")] for kind in KINDS.values()
        }
        texts = [v for rows in tables.values() for row in rows for v in row.values() if isinstance(v, str) and 2 <= len(v) <= 40]
        self.texts = sorted(set(texts))
        self._variables: dict[str, tuple[str, Any]] = {}
        self._covers: Covered = set()

    # -- operations ----------------------------------------------------------------------------------------------------

    def along(self, path: Path, *, wanted: tuple[str, ...] = (), operation: str = "query") -> Question:
        """Everything flat of the type at the end of the path; ``wanted``: an argument of the last field to be used."""
        self._variables, self._covers = {}, set()
        body = self._step(path, 0, wanted)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        text = f"{operation}({declared}) {{{body}}}" if declared else f"{operation} {{{body}}}"
        return Question(text, {name: value for name, (_, value) in self._variables.items()}, self._covers)

    def _step(self, path: Path, number: int, wanted: tuple[str, ...]) -> str:
        owner, name = path[number]
        if name.startswith("... on "):
            return f"{name} {{{self._below(path, number, _CORE.type_map[name[7:]], wanted)}}}"
        definition: GraphQLField = _CORE.type_map[owner].fields[name]  # type: ignore[attr-defined]
        self._covers.add((owner, name))
        args = self._arguments(owner, name, definition, wanted if number == len(path) - 1 else ())
        of = get_named_type(definition.type)
        body = "" if is_leaf_type(of) else f"{{{self._below(path, number, of, wanted)}}}"
        return f"{name}{args}{body}"

    def _below(self, path: Path, number: int, of: Any, wanted: tuple[str, ...]) -> str:
        if number + 1 < len(path):
            return f"__typename {self._step(path, number + 1, wanted)}"
        return self._flat(of, self.depth)

    def _flat(self, of: Any, depth: int, alias: str = "") -> str:
        """Leaves of a type, and the leaves of what it links to without asking anything."""
        parts = ["__typename"]
        if is_abstract_type(of):
            return " ".join([*parts, *(f"... on {each.name} {{{self._flat(each, depth, f'{each.name}_')}}}" for each in _CORE.get_possible_types(of))])
        for name, definition in of.fields.items():
            target = get_named_type(definition.type)
            if any(is_required_argument(argument) for argument in definition.args.values()):
                continue
            label = f"{alias}{name}: {name}" if alias else name
            if is_leaf_type(target):
                parts.append(label)
            elif depth and not (is_abstract_type(target) and _is_node(target)):
                args = f"(first: {_PAGE['first']})" if "first" in definition.args else ""
                parts.append(f"{label}{args}{{{self._flat(target, depth - 1)}}}")
            else:
                continue
            self._covers.add((of.name, name))
        return " ".join(parts)

    # -- arguments -----------------------------------------------------------------------------------------------------

    def _arguments(self, owner: str, name: str, definition: GraphQLField, wanted: tuple[str, ...]) -> str:
        given = []
        for argument_name, argument in definition.args.items():
            chosen = wanted[:1] == (argument_name,)
            if not chosen and not is_required_argument(argument) and not (argument_name == "first" and wanted[:1] != ("last",)):
                continue
            self._covers.add((owner, name, argument_name))
            value = _PAGE.get(argument_name) or self.value(argument.type, wanted[1:] if chosen else (), argument_name)
            variable = f"v{len(self._variables)}"
            self._variables[variable] = (str(argument.type), value)
            given.append(f"{argument_name}: ${variable}")
            if chosen and len(wanted) > 1:
                self._covers.add((owner, name, *wanted))
        return f"({', '.join(given)})" if given else ""

    def value(self, of: GraphQLInputType, wanted: tuple[str, ...] = (), name: str = "") -> Any:
        """Some value of an input type; ``wanted`` names the fields to go through."""
        if isinstance(of, GraphQLNonNull):
            of = of.of_type
        if isinstance(of, GraphQLList):
            return [self.value(of.of_type, wanted, name) for _ in range(self.rng.choice((1, 2)))]
        if isinstance(of, GraphQLInputObjectType):
            return self._object(of, wanted)
        if isinstance(of, GraphQLEnumType):
            return self.rng.choice(list(of.values))
        return self._scalar(of.name, name)  # type: ignore[union-attr]

    def _object(self, of: GraphQLInputObjectType, wanted: tuple[str, ...]) -> dict[str, Any]:
        if _is_one_of(of):
            chosen = [wanted[0] if wanted else self.rng.choice(list(of.fields))]
        else:
            chosen = [n for n, each in of.fields.items() if is_required_input_field(each)]
            chosen += [n for n in wanted[:1] if n not in chosen]
            if not wanted and not of.name.endswith("Where"):
                chosen += [n for n in of.fields if n not in chosen and self.rng.random() < 0.5]
        return {n: self.value(of.fields[n].type, wanted[1:] if wanted[:1] == (n,) else (), of.name if n == "id" else n) for n in chosen}

    def _scalar(self, type_name: str, name: str) -> Any:
        match type_name:
            case "ID":
                fitting = self.by_name.get(name.removesuffix("Ref").lower(), self.ids)
                return self.rng.choice(fitting if fitting and self.rng.random() < 0.8 else self.ids)
            case "Int":
                return self.rng.choice((0, 1, 3, 28))
            case "Boolean":
                return self.rng.random() < 0.5
            case "Date":
                return "2026-03-05"
            case "DateTime":
                return "2026-03-05T12:00:00Z"
            case "Decimal":
                return "10.5"
            case "CountryCode":
                return "DE"
            case "CurrencyCode":
                return "EUR"
            case "UnitCode":
                return "C62"
        # A document is read, and the caller's own words come back in what is wrong with it.
        return "{ viewer { code } }" if name == "document" else self.rng.choice(self.texts)


def _is_one_of(of: GraphQLInputObjectType) -> bool:
    definition = of.extensions.get("strawberry-definition")
    return bool(getattr(of, "is_one_of", False) or getattr(definition, "is_one_of", False))


def _is_node(of: Any) -> bool:
    """``Node`` stands for any record; a document would have to spell out all kinds."""
    return bool(of.name == "Node")


def _paths() -> Iterator[Path]:
    """A shortest way from Query to each field of each type, and every way of at most three steps."""
    todo: deque[tuple[str, Path]] = deque([("Query", ())])
    used: set[tuple[str, str]] = set()
    while todo:
        type_name, path = todo.popleft()
        for name, definition in _CORE.type_map[type_name].fields.items():  # type: ignore[attr-defined]
            if (type_name, name) in used and len(path) > 1:
                continue
            used.add((type_name, name))
            target = get_named_type(definition.type)
            here: Path = (*path, (type_name, name))
            yield here
            if is_abstract_type(target):
                todo.extend((each.name, (*here, (target.name, f"... on {each.name}"))) for each in _CORE.get_possible_types(target))
            elif not is_leaf_type(target):
                todo.append((target.name, here))


def _leaves(of: GraphQLInputType, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Ways into an input type, down to its scalars; within itself (``and``, ``not``) only one."""
    named = get_named_type(of)
    if not isinstance(named, GraphQLInputObjectType):
        yield ()
        return
    for name, each in named.fields.items():
        own = get_named_type(each.type) is named
        if own and named.name in inside:
            continue
        ways = _leaves(each.type, (*inside, named.name))
        for rest in [list(ways)[-1]] if own else ways:
            yield (name, *rest)


def arguments(definition: dict[str, GraphQLArgument]) -> Iterator[tuple[str, ...]]:
    for name, argument in definition.items():
        for rest in _leaves(argument.type):
            yield (name, *rest)


def questions(tables: Tables, seed: int, *, roots_only: bool = False) -> list[Question]:
    """Queries that use each path, and each argument in each way; fewer with ``roots_only``."""
    asker = Asker(tables, seed, depth=1)
    made: list[Question] = []
    used: set[tuple[str, str]] = set()
    for path in _paths():
        owner, name = path[-1]
        if roots_only and len(path) > 1:
            break
        definition = _CORE.type_map[owner].fields[name]  # type: ignore[attr-defined]
        if not is_leaf_type(get_named_type(definition.type)):
            made.append(asker.along(path))
        if (owner, name) not in used:
            used.add((owner, name))
            made += [asker.along(path, wanted=way) for way in arguments(definition.args)]
    return made


def commands(tables: Tables, seed: int, times: int) -> list[Question]:
    """Every mutation so many times, with random input."""
    asker = Asker(tables, seed)
    assert _CORE.mutation_type is not None
    return [
        asker.along((("Mutation", name),), operation="mutation") for _ in range(times) for name in _CORE.mutation_type.fields
    ]


def streams() -> dict[str, str]:
    """Every subscription to one kind, with all its records first and everything flat of each item."""
    asker = Asker({}, 0)
    assert _CORE.subscription_type is not None
    return {
        name: f"subscription {{{name}(snapshot: true) {{{asker._flat(get_named_type(definition.type), asker.depth)}}}}}"
        for name, definition in _CORE.subscription_type.fields.items()
        if is_union_type(get_named_type(definition.type))
    }


def reachable() -> Covered:
    """Every (type, field) and (type, field, argument) under Query."""
    found: Covered = set()
    todo: list[Any] = [_CORE.query_type]
    seen = set()
    while todo:
        each = todo.pop()
        if each.name in seen or is_leaf_type(each):
            continue
        seen.add(each.name)
        if is_abstract_type(each):
            todo += _CORE.get_possible_types(each)
            continue
        for name, definition in each.fields.items():
            found.add((each.name, name))
            found |= {(each.name, name, argument) for argument in definition.args}
            todo.append(get_named_type(definition.type))
    return found
