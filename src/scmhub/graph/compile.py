"""A validated selection becomes one SQL expression that yields the response as JSON text.

Read it as a walk: ``record`` writes one object, links and connections go to other tables and come back with more.
Every table is entered through a ``Row`` of ``sharing.policy``; nothing here could name a table if it wanted to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from graphql import FragmentDefinitionNode, GraphQLSchema, SelectionSetNode

from scmhub.database.fragment import Bind, Fragment, all_of, join, literal, sql
from scmhub.errors import BadUserInput
from scmhub.graph import bands, marks, pages
from scmhub.graph.arguments import Site, check_page, structure
from scmhub.graph.build import payload_name
from scmhub.graph.cards import tells_parties
from scmhub.graph.collect import Collector, Selected
from scmhub.graph.declare import Command, Kind, Registry, optional
from scmhub.graph.json import Pieces, key_list, obj, scalar, whole_days
from scmhub.graph.lists import Listed
from scmhub.graph.specs import Banded, Column, Latest, Many, One, Pair, Withheld
from scmhub.graph.where import Where, camel
from scmhub.identity.viewer import Permission
from scmhub.ids import parse_id
from scmhub.sharing.rows import ME, NOW, Row

Selections = list[SelectionSetNode]


class Compiler:
    """Compiles one operation under the variables of one request; ``sites`` are the fields with arguments it met."""

    def __init__(
        self,
        registry: Registry,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Any,
        sites: list[Site] | None = None,
        *,
        marked: bool = False,
    ) -> None:
        """``marked``: what each record says of itself for receipts stands before it."""
        self.registry = registry
        self._schema = schema
        self._variables = variables
        self._collector = Collector(fragments, variables.coerced)
        self._prefixes = {kind.name: kind.prefix for kind in registry.kinds.values()}
        self._aliases = 0
        self.sites: list[Site] = [] if sites is None else sites
        self.marks = marked
        self.needs: set[Permission] = set()
        """Permissions for the kinds that were compiled so far."""

    def marking(self) -> Compiler:
        """One for the same operation that marks what it answers."""
        twin = copy(self)
        twin.marks = True
        return twin

    # -- what a selection asks for -------------------------------------------------------------------------------------

    def fields(self, selections: Iterable[SelectionSetNode], *type_names: str) -> list[Selected]:
        return self._collector.collect(selections, lambda condition: condition in type_names)

    def site(
        self,
        type_name: str,
        selected: Selected,
        check: Callable[[dict[str, Any]], None],
        shape: Callable[[dict[str, Any]], Any] = structure,
    ) -> tuple[Site, dict[str, Any]]:
        field_def = self._schema.type_map[type_name].fields[selected.name]  # type: ignore[attr-defined]
        site = Site.make(len(self.sites), field_def, selected.node, check, shape, self._variables)
        self.sites.append(site)
        return site, site.values(self._variables)

    def _row(self, kind: Kind, subject: Row | None = None, header: Row | None = None) -> Row:
        self._aliases += 1
        if kind.needs is not None:
            self.needs.add(kind.needs)
        return Row(kind.policy, kind.table.name, f"t{self._aliases}", subject, asked={}, header=header)

    # -- one record ----------------------------------------------------------------------------------------------------

    def record(self, kind: Kind, row: Row, selections: Selections) -> Pieces:
        """The object for one row."""
        members = [(each.key, self._member(kind, row, each)) for each in self.fields(selections, kind.name, "Node")]
        return marks.marked(obj(members), row, kind) if self.marks else obj(members)

    def _member(self, kind: Kind, row: Row, selected: Selected) -> Pieces:
        if selected.name == "__typename":
            return Pieces().text(f'"{kind.name}"')
        if selected.name == "id":
            return Pieces().text(f'"{kind.prefix}_').value(row.cell("id")).text('"')
        name = next(each for each in kind.fields if camel(each) == selected.name)
        spec = kind.fields[name]
        match spec:
            case Column():
                return self._column(kind, row, name, spec)
            case Pair():
                return bands.exact(row, spec, self.fields(selected.selections, spec.type_name))
            case Banded():
                return bands.band(row, spec, self.fields(selected.selections, spec.type_name))
            case One():
                return self._one(kind, row, spec, selected)
            case Many():
                return self._many(kind, row, spec, selected)
            case Latest():
                return self._latest(row, spec, selected)
            case Withheld():
                return bands.withheld(kind, row.judged, spec)

    def _column(self, kind: Kind, row: Row, name: str, spec: Column) -> Pieces:
        of, nullable = optional(kind.types[name])
        cell, granted = row.masked(spec.source or name, spec.access)
        if spec.or_since:
            cell = whole_days(cell, row.cell(spec.or_since), NOW)
        if spec.keys:
            return key_list(cell, self.registry.kinds[spec.keys].prefix, granted=granted)
        return scalar(cell, of, plain=spec.plain, nullable=nullable, granted=granted)

    # -- links ---------------------------------------------------------------------------------------------------------

    def _one(self, kind: Kind, row: Row, spec: One, selected: Selected) -> Pieces:
        target = self.registry.kinds[spec.kind]
        key, granted = row.masked(spec.by, spec.access)
        found = self._by_key(target, key, selected.selections, named_by=(kind, row) if target.reference else None)
        tests = [each for each in (granted, row.names_owner(spec.by)) if each is not None]
        shown = sql("case when {} then {} end", all_of(tests), found) if tests else found
        return Pieces().value(sql("coalesce({}, 'null')", shown))

    def _latest(self, row: Row, spec: Latest, selected: Selected) -> Pieces:
        target = self.registry.kinds[spec.kind]
        newest = self._row(target)
        json = self.record(target, newest, selected.selections).build()
        visible = target.policy.visible(newest)
        by = join(", ", [sql("{} desc", newest.cell(column)) for column in (spec.order, "id")])
        found = newest.clause([sql("{} = {}", newest.cell(spec.by), row.cell("id"))], [visible], by)
        return _or_null(sql("(select {} from {} limit 1)", json, found))

    def _by_key(
        self, kind: Kind, key: Fragment | Bind, selections: Selections, *, named_by: tuple[Kind, Row] | None = None
    ) -> Fragment:
        """The record with this key as JSON text, NULL if there is none the viewer may see.

        ``named_by``: the visible row on which the key stands, in a field the viewer may see: its card comes with it.
        """
        row = self._row(kind)
        if named_by:
            row = replace(row, shows_owner=partial(tells_parties, *named_by, row))
        json = self.record(kind, row, selections).build()
        tests = [] if named_by else [kind.policy.visible(row)]
        return sql("(select {} from {})", json, row.clause([sql("{} = {}", row.cell("id"), key)], tests))

    # -- connections ---------------------------------------------------------------------------------------------------

    def _many(self, kind: Kind, row: Row, spec: Many, selected: Selected) -> Pieces:
        target = self.registry.kinds[spec.kind]
        site, values = self.site(kind.name, selected, lambda given: check_page(given, spec.most))
        column = None if spec.order == "id" else spec.order
        listed = Listed(target, row.judged if target.part_of else None, row, spec, site, values)
        order = pages.Order(target, column, False, site, values, spec.default, spec.most, listed.told_apart)
        fields = self.fields(selected.selections, f"{target.name}Connection")
        if {each.name for each in fields} <= {"nodes", "__typename"}:
            return self._nodes_only(listed, order, fields)
        inner = self._row(target, listed.whole, listed.header)
        count = pages.bounded_count(sql("select from {}", listed.clause(self._row(target, listed.whole), [])))
        if self.marks and listed.whole is None:
            each = self._row(target)
            every = sql("select {} as id from {}", each.cell("id"), listed.clause(each, []))
            count = marks.counted(count, self._row(target), target, every)
        key, sort = inner.cell("id"), order.sort_cell(inner)
        keys = sql(
            "keys as materialized (select {} from {} limit {})",
            pages.named(key, sort),
            listed.clause(inner, order.stretch(key, sort), order.by(key, sort, travel=True)),
            order.limit(1),
        )
        return self._page(target, listed.whole, order, keys, count, fields)

    def _nodes_only(self, listed: Listed, order: pages.Order, fields: list[Selected]) -> Pieces:
        """The common case, without keys or cursors: rows in order, limited, each written once."""
        members = []
        for each in fields:
            if each.name == "__typename":
                members.append((each.key, Pieces().text(f'"{listed.kind.name}Connection"')))
                continue
            row = self._row(listed.kind, listed.whole, listed.header)
            key, sort = row.cell("id"), order.sort_cell(row)
            json = self.record(listed.kind, row, each.selections).build()
            rows = sql(
                "(select * from {} limit {})",
                listed.clause(row, order.stretch(key, sort), order.by(key, sort, travel=True)),
                order.limit(0),
            )
            if order.backward:
                outer = sql("n.id") if sort is None else sql("n.{}, n.id", _name(order.column))
                rows = sql("(select n.* from {} n order by {})", rows, outer)
            text = sql("coalesce((select string_agg({}, ',') from {} {}), '')", json, rows, _name(row.alias))
            members.append((each.key, Pieces().text("[").value(text).text("]")))
        return obj(members)

    def root_page(self, kind: Kind, selected: Selected) -> Pieces:
        site, values = self.site("Query", selected, lambda given: check_page(given, 250))
        column, descending = pages.chosen_order(kind, values)
        order = pages.Order(kind, column, descending, site, values, 50, 250)
        where = Where(site, kind, self._prefixes, values)
        branches = pages.Branches(kind, order, where, self._row(kind).alias)
        count = pages.total_count(branches)
        if self.marks:
            count = marks.counted(count, self._row(kind), kind, pages.all_keys(branches))
        fields = self.fields(selected.selections, f"{kind.name}Connection")
        return self._page(kind, None, order, pages.page_keys(branches), count, fields)

    def _page(
        self, kind: Kind, whole: Row | None, order: pages.Order, keys: Fragment, count: Fragment, fields: list[Selected]
    ) -> Pieces:
        """A connection over the keys in the common table expression ``keys``."""
        row = self._row(kind, whole)
        columns: list[Fragment] = []
        members: list[tuple[str, Pieces]] = []
        for each in fields:
            match each.name:
                case "__typename":
                    members.append((each.key, Pieces().text(f'"{kind.name}Connection"')))
                case "totalCount":
                    members.append((each.key, Pieces().value(count)))
                case "pageInfo":
                    wanted = [(e.key, e.name) for e in self.fields(each.selections, "PageInfo")]
                    members.append((each.key, pages.page_info(order, wanted)))
                case "nodes":
                    columns.append(self.record(kind, row, each.selections).build())
                    members.append((each.key, _list(f"j{len(columns)}")))
                case "edges":
                    columns.append(self._edge(kind, row, order, each.selections))
                    members.append((each.key, _list(f"j{len(columns)}")))
        shown = obj(members)
        if self.marks and (found := marks.pointed_at(row, kind, self._page_names(kind, fields))) is not None:
            columns.append(found)
            shown = Pieces().value(marks.joined(sql("page.{}", _name(f"j{len(columns)}")))).add(shown)
        lists = self._lists(row, order, columns)
        return Pieces().value(sql("(with {} select {} from {} page)", keys, shown.build(), lists))

    def _page_names(self, kind: Kind, fields: list[Selected]) -> set[str]:
        """What a connection selects, and what its edges do."""
        edges = [part for each in fields if each.name == "edges" for part in each.selections]
        return {each.name for each in (*fields, *self.fields(edges, f"{kind.name}Edge"))}

    def _lists(self, row: Row, order: pages.Order, columns: list[Fragment]) -> Fragment:
        """One row: each column's values joined in reading order, and the keys of the page."""
        names = [_name(f"j{number + 1}") for number in range(len(columns))]
        sort = sql("k.sort") if order.column else None
        stretch = sql(
            "(select * from keys k order by {} limit {})", order.by(sql("k.id"), sort, travel=True), order.limit(0)
        )
        if order.backward:
            stretch = sql("(select * from {} k order by {})", stretch, order.by(sql("k.id"), sort, travel=False))
        selected = [sql("{} as {}", column, name) for column, name in zip(columns, names, strict=True)]
        selected.append(sql("k.id, k.sort") if sort else sql("k.id"))
        fetched = row.clause([sql("{} = k.id", row.cell("id"))], [])
        rows = sql(
            "(select {} from {} k cross join lateral (select {} from {} offset 0) {})",
            join(", ", selected), stretch, row.cell("*"), fetched, _name(row.alias),
        )  # fmt: skip
        joined = [sql("coalesce(string_agg(x.{}, ','), '') as {}", name, name) for name in names]
        joined.append(
            sql("array_agg(x.id) as ids, array_agg(x.sort) as sorts") if sort else sql("array_agg(x.id) as ids")
        )
        return sql("(select {} from {} x)", join(", ", joined), rows)

    def _edge(self, kind: Kind, row: Row, order: pages.Order, selections: Selections) -> Fragment:
        members = []
        for each in self.fields(selections, f"{kind.name}Edge"):
            match each.name:
                case "__typename":
                    members.append((each.key, Pieces().text(f'"{kind.name}Edge"')))
                case "cursor":
                    members.append((each.key, Pieces().text('"').value(pages.row_cursor(order, row)).text('"')))
                case "node":
                    members.append((each.key, self.record(kind, row, each.selections)))
        return obj(members).build()

    # -- roots ---------------------------------------------------------------------------------------------------------

    def viewer(self, selected: Selected) -> Pieces:
        return _or_null(self._by_key(self.registry.kinds["Partner"], ME, selected.selections))

    def single(self, kind: Kind, selected: Selected) -> Pieces:
        """``order(by: {...})``: by id under policy, by a business key among one's own."""
        site, values = self.site("Query", selected, lambda given: None)
        name = next(iter(values["by"]))
        if name == "id":
            key = site.bind("uuid", "by.id", lambda given: _key(kind, given["by"]["id"]))
            return _or_null(self._by_key(kind, key, selected.selections))
        row = self._row(kind)
        column = next(column for each, column in kind.keys.items() if camel(each) == name)
        given_key = site.bind("text", f"by.{name}", lambda given: given["by"][name].replace("\0", "\ufffd"))
        keys = [kind.policy.nameable(row), sql("{} = {}", row.cell(column), given_key)]
        json = self.record(kind, row, selected.selections).build()
        return _or_null(sql("(select {} from {})", json, row.clause(keys, [])))

    def node(self, selected: Selected) -> Pieces:
        site, values = self.site("Query", selected, lambda given: None, lambda given: self._kind_names([given["id"]]))
        kind = self._node_kind(values["id"])
        if kind is None:
            return Pieces().text("null")
        return _or_null(
            self._by_key(kind, site.bind("uuid", "id", lambda given: _key(kind, given["id"])), selected.selections)
        )

    def nodes(self, selected: Selected) -> Pieces:
        """One sub-select per kind that occurs among the ids, in the order asked."""
        site, values = self.site("Query", selected, check_ids, lambda given: self._kind_names(given["ids"]))
        kinds = {name: self.registry.kinds[name] for name in self._kind_names(values["ids"])}
        arrays = [site.bind("int[]", "ids", lambda given: list(range(len(given["ids"]))))]
        tries = []
        for number, (_, kind) in enumerate(kinds.items()):
            arrays.append(site.bind("uuid[]", f"ids.{kind.prefix}", _keys_of(kind)))
            tries.append(self._by_key(kind, sql("u.{}", _name(f"k{number}")), selected.selections))
        columns = join(", ", [sql("n"), *(_name(f"k{number}") for number in range(len(kinds)))])
        value = sql("coalesce({})", join(", ", [*tries, literal("null")]))
        listed = sql(
            "coalesce((select string_agg({}, ',' order by u.n) from unnest({}) as u({})), '')",
            value,
            join(", ", [Fragment((each,)) for each in arrays]),
            columns,
        )
        return Pieces().text("[").value(listed).text("]")

    def _kind_names(self, ids: list[object]) -> tuple[str, ...]:
        return tuple(sorted({kind.name for each in ids if (kind := self._node_kind(each))}))

    def _node_kind(self, text: object) -> Kind | None:
        parsed = parse_id(text)
        kind = self.registry.by_prefix.get(parsed[0]) if parsed else None
        return None if kind is None or kind.part_of else kind

    def payload_fields(self, command: Command, selected: Selected) -> list[Selected]:
        return self.fields(selected.selections, payload_name(command))

    def payload(self, kind: Kind, selections: Selections) -> Fragment:
        """The record a command answers with, read by the key it returned."""
        key = Bind(("record",), "uuid", lambda inputs: inputs.record)
        return _or_null(self._by_key(kind, key, selections)).build()


def check_ids(values: dict[str, Any]) -> None:
    if len(values["ids"]) > 250:
        raise BadUserInput("'ids' may hold at most 250 ids.", reason="TOO_MANY", input_path=["ids"])


def _key(kind: Kind, text: object) -> UUID | None:
    parsed = parse_id(text)
    return parsed[1] if parsed and parsed[0] == kind.prefix else None


def _keys_of(kind: Kind) -> Callable[[dict[str, Any]], list[UUID | None]]:
    return lambda given: [_key(kind, each) for each in given["ids"]]


def _or_null(found: Fragment) -> Pieces:
    return Pieces().value(sql("coalesce({}, 'null')", found))


def _list(name: str) -> Pieces:
    return Pieces().text("[").value(sql("page.{}", _name(name))).text("]")


def _name(name: str | None) -> Fragment:
    """An alias or column name made by this module or a declaration, never by a document."""
    return Fragment((str(name),))
