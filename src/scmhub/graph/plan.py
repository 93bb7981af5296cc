"""Plans: what is left of a document once it is compiled; nothing about a viewer, only how to fill the binds.

A document holds one *shape* per setting of its ``@skip``/``@include`` variables (which fields there are), and under it
one plan per *structure* of its arguments (which keys are given, null or not, which order). Statements of equal text are
one object, so PostgreSQL prepares them once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from graphql import GraphQLSchema

from scmhub.database.fragment import Fragment, sql
from scmhub.graph.arguments import Site
from scmhub.graph.build import Root, Single
from scmhub.graph.collect import Selected, switches
from scmhub.graph.compile import Compiler
from scmhub.graph.declare import Registry
from scmhub.graph.deliver.selection import FeedSelection, compile_feed
from scmhub.graph.deliver.types import Stream
from scmhub.graph.json import Pieces, obj
from scmhub.graph.preview import mark_of, previewed, refuse_unpreviewed
from scmhub.identity.viewer import Permission
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed, finished
from scmhub.sharing.receipts import gated, reads_scopes
from scmhub.sharing.scopes import with_scopes

_MOST_PLANS = 64


@dataclass(slots=True)
class Inputs:
    """What the binds of one request are taken from."""

    lens: Lens
    now: datetime
    today: date
    args: list[dict[str, Any]]
    record: UUID | None = None
    previewer: UUID | None = None
    """Whose rows a preview shows; the lens is that of the partner they are shown to."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement ready to run; ``rest`` are root fields that the standard executor answers."""

    statement: Governed | None
    planned: tuple[str, ...]
    rest: tuple[Selected, ...]
    keys: tuple[str, ...]
    feeds: tuple[FeedSelection, ...] = ()
    needs: frozenset[Permission] = frozenset()
    """Permissions without which a caller is not answered."""
    gated: bool = False
    """Whether the statement answers null to a viewer whose rules ask for receipts."""

    def parameters(self, inputs: Inputs) -> list[Any]:
        """Those of the statement as eyes without limits read it."""
        assert self.statement
        return [bind.take(inputs) for bind in self.statement.binds]


@dataclass(slots=True)
class Shape:
    """The fields with arguments of a document under one setting of its switches, and the plans made so far.

    ``node`` and ``nodes`` compile only the fragments of the kinds their ids are of, so other kinds are another shape.
    """

    sites: list[Site]
    choices: tuple[Any, ...] = ()
    plans: dict[Any, Any] = field(default_factory=dict)

    def read(self, variables: Any) -> tuple[list[dict[str, Any]], tuple[Any, ...]] | None:
        """Values and structure of the arguments; None if ids are of kinds this shape was not made for."""
        args: list[dict[str, Any]] = []
        structure: list[Any] = []
        choices = iter(self.choices)
        for site in self.sites:
            args.append(site.values(variables))
            structure.append(site.shape(args[-1]))
            if site.chooses and structure[-1] != next(choices):
                return None
        return args, tuple(structure)


class Planner:
    """Makes plans, proves them, and keeps one copy of each statement."""

    def __init__(self, registry: Registry, schema: GraphQLSchema) -> None:
        self._registry = registry
        self._schema = schema
        self._statements: dict[str, Governed] = {}
        self._previews: Registry | None = None
        self.compiled = 0

    def plan(
        self, document: Any, variables: Any, on_new: Callable[[], None], build: Callable[[Compiler, Any], Any]
    ) -> tuple[Any, list[dict[str, Any]]]:
        """What ``build`` makes of this document under these variables (kept), and the values of its arguments.

        ``on_new`` is called before anything is compiled; it may refuse.
        """
        names = document.plans.get("switches")
        if names is None:
            names = document.plans["switches"] = switches(document.operation, document.fragments)
        switched = tuple(variables.coerced.get(name) for name in names)
        for shape in document.plans.get(switched, ()):
            found = shape.read(variables)
            if found is None:
                continue
            args, structure = found
            if structure in shape.plans:
                return shape.plans[structure], args
        on_new()
        return self._new(document, variables, switched, build)

    def _new(
        self, document: Any, variables: Any, switched: tuple[Any, ...], build: Callable[[Compiler, Any], Any]
    ) -> tuple[Any, list[dict[str, Any]]]:
        registry = self._registry if mark_of(document.operation) is None else self._in_preview()
        compiler = Compiler(registry, self._schema, document.fragments, variables, marked=document.marked)
        plan = build(compiler, document)
        args = [site.values(variables) for site in compiler.sites]
        structure = tuple(site.shape(values) for site, values in zip(compiler.sites, args, strict=True))
        shapes: list[Shape] = document.plans.setdefault(switched, [])
        choices = tuple(part for site, part in zip(compiler.sites, structure, strict=True) if site.chooses)
        shape = next((each for each in shapes if each.choices == choices), None)
        if shape is None:
            shape = Shape(compiler.sites, choices)
            if len(shapes) < _MOST_PLANS:
                shapes.append(shape)
        if len(shape.plans) < _MOST_PLANS:
            shape.plans[structure] = plan
        return plan, args

    def _in_preview(self) -> Registry:
        if self._previews is None:
            self._previews = previewed(self._registry)
        return self._previews

    def query(self, compiler: Compiler, document: Any) -> Plan:
        members: list[tuple[str, Pieces]] = []
        rest: list[Selected] = []
        feeds: list[FeedSelection] = []
        selected = compiler.fields([document.operation.selection_set], "Query")
        for each in selected:
            pieces = self._root(compiler, each)
            asked = self._registry.questions.get(each.name)
            if asked is not None and asked.needs is not None:
                compiler.needs.add(asked.needs)
            feed = self._spec(each)
            if isinstance(feed, Stream):
                compiler.needs.add(Permission.READ)
                feeds.append(compile_feed(compiler, each, "Query", feed, document))
            elif pieces is None:
                rest.append(each)
            else:
                members.append((each.key, pieces))
        preview = mark_of(document.operation) is not None
        if preview:
            refuse_unpreviewed([each.name for each in selected if not self._is_previewed(each)])
        json = obj(members).build()
        gate = not (preview or document.marked) and reads_scopes(json)
        statement = self.finish(json, preview=preview, gate=gate) if members else None
        keys, needs = tuple(each.key for each in selected), frozenset(compiler.needs)
        return Plan(statement, tuple(key for key, _ in members), tuple(rest), keys, tuple(feeds), needs, gate)

    def _root(self, compiler: Compiler, selected: Selected) -> Pieces | None:
        """A root field as SQL; None if it is not answered from tables."""
        if selected.name == "__typename":
            return Pieces().text('"Query"')
        match spec := self._spec(selected):
            case Root():
                return compiler.root_page(compiler.registry.kinds[spec.kind], selected)
            case Single():
                return compiler.single(compiler.registry.kinds[spec.kind], selected)
            case "viewer":
                return compiler.viewer(selected)
            case "node":
                return compiler.node(selected)
            case "nodes":
                return compiler.nodes(selected)
        return None

    def _is_previewed(self, selected: Selected) -> bool:
        """Whether a root field is read under policy alone, or tells of the schema only."""
        spec = self._spec(selected)
        return isinstance(spec, Root | Single) or spec in ("node", "nodes") or selected.name.startswith("__")

    def _spec(self, selected: Selected) -> Any:
        """What was declared about a root field of a query."""
        definition = self._schema.query_type.fields.get(selected.name)  # type: ignore[union-attr]
        return spec_of(definition) if definition else None

    def finish(self, json: Fragment, *, preview: bool = False, gate: bool = False) -> Governed:
        """Scopes in front, bytes behind, proof, one copy."""
        answer = sql("convert_to({}, 'UTF8')", json)
        fragment = with_scopes(sql("select {}", gated(answer) if gate else answer))
        statement = finished(fragment, preview=preview)
        self.compiled += 1
        kept = self._statements.get(statement.text)
        return statement.shared(kept) if kept else self._keep(statement)

    def _keep(self, statement: Governed) -> Governed:
        if len(self._statements) > 2000:
            self._statements.clear()
        self._statements[statement.text] = statement
        return statement


def spec_of(definition: Any) -> Any:
    """What a room declared about a field of the built schema."""
    made = definition.extensions.get("strawberry-definition")
    return made.metadata.get("spec") if made is not None and made.metadata else None
