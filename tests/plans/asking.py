"""The documents whose plans are looked at: every page in every order and with every filter, every record by its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, get_named_type

from scmhub.graph.declare import Kind
from scmhub.graph.specs import Banded, Latest, Many, One, Pair
from scmhub.graph.where import camel
from scmhub.ids import public_id
from scmhub.schema import load_schema

SCHEMA = load_schema()
KINDS = SCHEMA.registry.kinds
NOBODY = "019ca22a-cd40-7107-86f8-da3eabe19f58"


class Asked(NamedTuple):
    """One document, and what it stands for."""

    name: str
    text: str
    variables: dict[str, Any]


def flat(kind: Kind) -> str:
    """Everything a record shows of itself, and the keys of what it links to."""
    parts = ["id"]
    for name, spec in kind.fields.items():
        if isinstance(spec, Pair | Banded):
            parts.append(f"{camel(name)}{{{' '.join(spec.names)}}}")
        elif isinstance(spec, One | Latest):
            parts.append(f"{camel(name)}{{id}}")
        elif not isinstance(spec, Many):
            parts.append(camel(name))
    return " ".join(parts)


def pages() -> Iterator[Asked]:
    """Root pages: plain, counted, in every order from both ends, and after a cursor."""
    for kind in (each for each in KINDS.values() if each.plural):
        yield Asked(f"{kind.plural} page", f"{{{kind.plural}(first: 50){{nodes{{{flat(kind)}}}}}}}", {})
        yield Asked(f"{kind.plural} count", f"{{{kind.plural}{{totalCount}}}}", {})
        for order in ("ID", *kind.orders):
            for direction in ("ASC", "DESC"):
                for size in ("first", "last"):
                    args = f"{size}: 20, orderBy: {{field: {order}, direction: {direction}}}"
                    text = f"{{{kind.plural}({args}){{edges{{cursor node{{id}}}} pageInfo{{endCursor hasNextPage}}}}}}"
                    yield Asked(f"{kind.plural} by {order} {direction} {size}", text, {})


def filters() -> Iterator[Asked]:
    """Root pages with every filter and comparator."""
    for kind in (each for each in KINDS.values() if each.plural and each.filters):
        where = SCHEMA.core.type_map[f"{kind.name}Where"]
        for name in kind.filters:
            comparators = get_named_type(where.fields[camel(name)].type)  # type: ignore[attr-defined]
            for op, definition in comparators.fields.items():
                text = (
                    f"query($v: {definition.type}){{{kind.plural}(first: 20, where: {{{camel(name)}: {{{op}: $v}}}})"
                    f"{{nodes{{id}}}}}}"
                )
                yield Asked(f"{kind.plural} where {name} {op}", text, {"v": value(definition.type)})


def records() -> Iterator[Asked]:
    """Every record by id, by its business keys, and every list and link of it."""
    for kind in KINDS.values():
        key = public_id(kind.prefix, NOBODY)  # type: ignore[arg-type]
        if not kind.part_of:
            text = f"query($id: ID!){{node(id: $id){{... on {kind.name}{{{flat(kind)}}}}}}}"
            yield Asked(f"{kind.name} by id", text, {"id": key})
            for name, spec in kind.fields.items():
                if isinstance(spec, Many):
                    inner = f"{camel(name)}(first: 20){{totalCount edges{{cursor}} nodes{{{flat(KINDS[spec.kind])}}}}}"
                    text = f"query($id: ID!){{node(id: $id){{... on {kind.name}{{{inner}}}}}}}"
                    yield Asked(f"{kind.name}.{name}", text, {"id": key})
        for name in kind.keys if kind.single else ():
            text = f"query($v: String!){{{kind.single}(by: {{{camel(name)}: $v}}){{{flat(kind)}}}}}"
            yield Asked(f"{kind.single} by {name}", text, {"v": "X"})


def value(of: Any) -> Any:
    """A value of an input type; it is never looked at by a generic plan."""
    if isinstance(of, GraphQLNonNull):
        of = of.of_type
    if isinstance(of, GraphQLList):
        return [value(of.of_type)]
    if isinstance(of, GraphQLEnumType):
        return next(iter(of.values))
    made = {
        "Int": 3, "Boolean": True, "Date": "2026-03-05", "DateTime": "2026-03-05T12:00:00Z", "Decimal": "1", "CountryCode": "DE",
        "ID": public_id("ptr", NOBODY),  # type: ignore[arg-type]
    }  # fmt: skip
    return made.get(of.name, "text")


