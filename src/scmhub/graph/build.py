"""From declarations to a Strawberry schema: one pass over the registry, after every room has been found."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from scmhub.graph import values
from scmhub.graph.checks import check_kind
from scmhub.graph.declare import Command, Kind, Registry, optional
from scmhub.graph.deliver.types import add_feed
from scmhub.graph.idempotency import IDEMPOTENT
from scmhub.graph.preview import PREVIEW_AS
from scmhub.graph.scalars import SCALARS
from scmhub.graph.signatures import MODULE, annotation, describe, signature, type_name
from scmhub.graph.specs import Many, One

_PAGING = {
    "first": (int | None, "How many from the start; at most {most}, default {default}."),
    "after": (str | None, "Continue after this cursor."),
    "last": (int | None, "How many from the end; at most {most}. Not together with `first`."),
    "before": (str | None, "Stop before this cursor."),
}


class Built:
    """The schema under construction: finished types by name, in a module of their own so that names resolve."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.module = types.ModuleType(MODULE)
        sys.modules[MODULE] = self.module
        for name in ("Money", "MoneyBand", "Quantity", "QuantityBand", "Band", "PageInfo", "UserError"):
            setattr(self.module, name, getattr(values, name))
        self.module.Node = self._node_interface()  # type: ignore[attr-defined]

    def _node_interface(self) -> type:
        made = type("Node", (), {"__annotations__": {"id": strawberry.ID}, "__module__": MODULE})
        made.id = strawberry.field(description="Opaque id, unique in the hub.")  # type: ignore[attr-defined]
        interface: type = strawberry.interface(made, description="A record that can be read again by its id.")
        return interface

    def add(
        self, name: str, annotations: dict[str, Any], fields: dict[str, Any], description: str, **options: Any
    ) -> type:
        bases = options.pop("bases", ())
        make = options.pop("make", strawberry.type)
        bare = type(name, bases, {"__annotations__": annotations, "__module__": MODULE, **fields})
        made: type = make(bare, name=name, description=description)
        setattr(self.module, name, made)
        return made

    # -- kinds --------------------------------------------------------------------------------------------------------

    def kind(self, kind: Kind) -> None:
        annotations: dict[str, Any] = {"id": strawberry.ID}
        fields: dict[str, Any] = {
            "id": strawberry.field(description="Opaque id, unique in the hub.", metadata={"spec": "id"})
        }
        for name, spec in kind.fields.items():
            meta = {"spec": spec}
            if isinstance(spec, Many):
                fields[name] = self._connection_field(self.registry.kinds[spec.kind], spec.description, meta, spec)
            else:
                annotations[name] = annotation(kind, name, spec)
                fields[name] = strawberry.field(description=describe(spec), metadata=meta)
        bases = () if kind.part_of else (self.module.Node,)
        self.add(kind.name, annotations, fields, kind.description, bases=bases)

    def connections(self, kind: Kind) -> None:
        name = kind.name
        self.add(
            f"{name}Edge",
            {"cursor": str, "node": name},
            {
                "cursor": strawberry.field(description="Position of this record; grants no right."),
                "node": strawberry.field(description="The record."),
            },
            f"One {name} and its position.",
        )
        self.add(
            f"{name}Connection",
            {
                "nodes": f"list[{name}]",
                "edges": f"list[{name}Edge]",
                "page_info": "PageInfo",
                "total_count": int | None,
            },
            {
                "nodes": strawberry.field(description="The records of this page."),
                "edges": strawberry.field(description="The records with their positions."),
                "page_info": strawberry.field(description="Where this page stands."),
                "total_count": strawberry.field(
                    description="How many records there are for you, exact to 10,000; null above. Costs 50."
                ),
            },
            f"A page of {name} records.",
        )

    def _connection_field(self, target: Kind, description: str, meta: dict[str, Any], bounds: Any) -> Any:
        arguments = {
            name: (type_, text.format(most=bounds.most, default=bounds.default))
            for name, (type_, text) in _PAGING.items()
        }
        if isinstance(bounds, Root):
            arguments |= self._page_arguments(target)
        else:
            arguments |= {each.argument: (each.type | None, each.description) for each in bounds.narrow}
        return strawberry.field(
            resolver=signature(arguments, f"{target.name}Connection"), description=description, metadata=meta
        )

    def _page_arguments(self, kind: Kind) -> dict[str, tuple[Any, str]]:
        arguments: dict[str, tuple[Any, str]] = {}
        if kind.filters:
            arguments["where"] = (f"{kind.name}Where | None", "Only records that fulfil this.")
        arguments["order_by"] = (f"{kind.name}OrderBy | None", "The order; default: newest first.")
        return arguments

    def where(self, kind: Kind) -> None:
        if kind.filters:
            name = f"{kind.name}Where"
            annotations: dict[str, Any] = {
                "and_": f"list[{name}] | None",
                "or_": f"list[{name}] | None",
                "not_": f"{name} | None",
            }
            fields: dict[str, Any] = {
                "and_": strawberry.field(name="and", description="All of these.", default=strawberry.UNSET),
                "or_": strawberry.field(name="or", description="At least one of these.", default=strawberry.UNSET),
                "not_": strawberry.field(name="not", description="Not this.", default=strawberry.UNSET),
            }
            for each in kind.filters:
                annotations[each] = f"{self._comparators(kind, each)} | None"
                fields[each] = strawberry.field(description=describe(kind.fields[each]), default=strawberry.UNSET)
            self.add(
                name,
                annotations,
                fields,
                f"Conditions on {kind.name}; all given ones must hold.",
                make=strawberry.input,
            )
        self._order_by(kind)

    def _comparators(self, kind: Kind, name: str) -> str:
        spec = kind.fields[name]
        of: Any = strawberry.ID if isinstance(spec, One) else optional(kind.types.get(name, Decimal))[0]
        comparators = f"{'Id' if of is strawberry.ID else type_name(of)}Comparators"
        if not hasattr(self.module, comparators):
            ordered = of in (int, Decimal, date, datetime)
            setattr(self.module, comparators, values.make_comparators(comparators, of, ordered=ordered, text=of is str))
        return comparators

    def _order_by(self, kind: Kind) -> None:
        members = {"ID": "Birth of the record."} | {
            name: f"The field `{column}`." for name, column in kind.orders.items()
        }
        members = {name: strawberry.enum_value(name, description=text) for name, text in members.items()}  # type: ignore[misc]
        made = Enum(f"{kind.name}OrderField", members, module=MODULE)  # type: ignore[misc]
        setattr(
            self.module, made.__name__, strawberry.enum(made, description=f"What {kind.name} records are ordered by.")
        )
        self.add(
            f"{kind.name}OrderBy",
            {"field": made, "direction": values.Direction},
            {
                "field": strawberry.field(description="What to order by."),
                "direction": strawberry.field(description="Which way."),
            },
            f"An order of {kind.name} records; ties are broken by id.",
            make=strawberry.input,
        )

    # -- roots --------------------------------------------------------------------------------------------------------

    def query(self, **more: Any) -> type:
        fields: dict[str, Any] = {
            **more,
            "viewer": strawberry.field(
                resolver=signature({}, "Partner"), description="The partner you act for.", metadata={"spec": "viewer"}
            ),
            "node": strawberry.field(
                resolver=signature({"id": (strawberry.ID, "Id of any record.")}, "Node | None"),
                description="One record by id; null if there is none that you may see.",
                metadata={"spec": "node"},
            ),
            "nodes": strawberry.field(
                resolver=signature({"ids": (list[strawberry.ID], "At most 250 ids.")}, "list[Node | None]"),
                description="Records by id, in the order asked; null for those you may not see.",
                metadata={"spec": "nodes"},
            ),
        }
        for kind in self.registry.kinds.values():
            fields |= self._root_fields(kind)
        for asked in self.registry.questions.values():
            fields[asked.name] = strawberry.field(
                resolver=asked.resolver, description=asked.description, metadata={"price": asked.price}
            )
        return self.add("Query", {}, fields, "What you may see of the chain.")

    def _root_fields(self, kind: Kind) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if kind.single:
            self._reference(kind)
            fields[kind.single] = strawberry.field(
                resolver=signature({"by": (f"{kind.name}Ref", "Which one.")}, f"{kind.name} | None"),
                description=f"One {kind.name}; null if there is none that you may see.",
                metadata={"spec": Single(kind.name)},
            )
        if kind.plural:
            root = Root(kind.name)
            fields[kind.plural] = self._connection_field(
                kind, f"{kind.name} records that you may see.", {"spec": root}, root
            )
        return fields

    def _reference(self, kind: Kind) -> None:
        fields: dict[str, Any] = {
            "id": strawberry.field(description="Its id.", default=strawberry.UNSET),
        }
        for name, column in kind.keys.items():
            fields[name] = strawberry.field(
                description=f"Its `{column}`: looked up among your own records.", default=strawberry.UNSET
            )
        annotations: dict[str, Any] = dict.fromkeys(fields, str | None) | {"id": strawberry.ID | None}
        self.add(
            f"{kind.name}Ref",
            annotations,
            fields,
            f"Names one {kind.name}: give exactly one field.",
            make=lambda made, **options: strawberry.input(made, one_of=True, **options),
        )

    def mutation(self) -> type:
        fields: dict[str, Any] = {}
        for command in self.registry.commands.values():
            self._payload(command)
            fields[command.name] = strawberry.field(
                resolver=signature({"input": (command.input_type, "What to do.")}, f"{payload_name(command)} | None"),
                description=command.description,
                metadata={"spec": command},
                name=command.name,
            )
        return self.add("Mutation", {}, fields, "What you may do. Each field is one transaction, executed in order.")

    def _payload(self, command: Command) -> None:
        name = command.payload[0].lower() + command.payload[1:]
        texts = command.shown_once
        self.add(
            payload_name(command),
            {
                "record": f"{command.payload} | None",
                **dict.fromkeys(texts, str | None),
                "user_errors": "list[UserError]",
            },
            {
                "record": strawberry.field(
                    name=name, description="The record as you see it now; null if there is none that you may see."
                ),
                **{each: strawberry.field(description=text) for each, text in texts.items()},
                "user_errors": strawberry.field(description="Why nothing was changed; empty if it was done."),
            },
            f"Result of `{command.name}`.",
        )


class Root:
    """A root connection over all visible records of a kind."""

    default, most = 50, 250

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Single:
    """A root field for one record by reference."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def payload_name(command: Command) -> str:
    return f"{command.name[0].upper()}{command.name[1:]}Payload"


def build_schema(registry: Registry, scalars: Iterable[tuple[object, Any]] = ()) -> strawberry.Schema:
    """The finished schema. ValueError names kind and field of any declaration that policy or paging cannot honour."""
    built = Built(registry)
    for kind in registry.kinds.values():
        check_kind(registry, kind)
        built.connections(kind)
    for kind in registry.kinds.values():
        if kind.plural:
            built.where(kind)
        built.kind(kind)
    changes, subscription, items = add_feed(built, signature)
    return strawberry.Schema(
        query=built.query(changes=changes),
        mutation=built.mutation() if registry.commands else None,
        subscription=subscription,
        types=[*(getattr(built.module, name) for name in registry.kinds), *items],
        config=StrawberryConfig(
            auto_camel_case=True, scalar_map=SCALARS | dict(scalars), disable_field_suggestions=True
        ),
    )


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """graphql-core's view of the schema, with the hub's operation directives."""
    core = schema._schema
    if IDEMPOTENT not in core.directives:
        core.directives = (*core.directives, IDEMPOTENT, PREVIEW_AS)
    return core
