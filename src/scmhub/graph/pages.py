"""Connections: which keys stand on a page, and the page as JSON.

A root page never filters all rows by policy. It takes the first keys of each *branch* (own, each party column, each
live scope) from that branch's index, and the first of their union; when own and party rows already fill the page, their
last key bounds the scopes' branches. So a partner with three orders among two million reads three.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scmhub.database.fragment import Bind, Fragment, all_of, join, literal, sql
from scmhub.graph.arguments import Site
from scmhub.graph.cursor import cursor_sql, read_cursor
from scmhub.graph.declare import Kind
from scmhub.graph.json import Pieces, obj
from scmhub.graph.where import Where
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import Row, Scoped

COUNT_LIMIT = 10_000


@dataclass(slots=True)
class Order:
    """The order of a connection and the stretch of it that is asked for."""

    kind: Kind
    column: str | None
    descending: bool
    site: Site
    values: dict[str, Any]
    default: int
    most: int
    told_apart: bool = False
    """Whether the column alone makes the order, so that an index of it serves and nothing has to be sorted."""

    @property
    def backward(self) -> bool:
        return self.values.get("last") is not None or (
            self.values.get("before") is not None and self.values.get("first") is None
        )

    @property
    def tag(self) -> str:
        return f"{self.kind.name}.{self.column or 'id'}.{'desc' if self.descending else 'asc'}"

    def limit(self, extra: int) -> Bind:
        default, most = self.default, self.most

        def take(values: dict[str, Any]) -> int:
            asked = values.get("first") if values.get("first") is not None else values.get("last")
            return min(default if asked is None else asked, most) + extra

        return self.site.bind("bigint", f"limit{extra}", take)

    def by(self, key: Fragment, sort: Fragment | None, *, travel: bool) -> Fragment:
        """ORDER BY terms: in reading order, or in the order the index is walked (``travel``)."""
        down = self.descending != (travel and self.backward)
        terms = [key] if sort is None else [sort] if self.told_apart else [sort, key]
        return join(", ", [sql("{} desc", term) if down else term for term in terms])

    def stretch(self, key: Fragment, sort: Fragment | None) -> list[Fragment]:
        """Conditions of ``after`` and ``before``."""
        return [
            self._beyond(key, sort, argument, greater=self.descending == (argument == "before"))
            for argument in ("after", "before")
            if self.values.get(argument) is not None
        ]

    def _beyond(self, key: Fragment, sort: Fragment | None, argument: str, *, greater: bool) -> Fragment:
        kind_column = self.kind.table.columns[self.column] if self.column else None
        sort_type = kind_column.type.python_type if kind_column is not None else None
        tag = self.tag

        def take(part: int) -> Callable[[dict[str, Any]], Any]:
            return lambda values: read_cursor(values[argument], tag, sort_type, argument)[part]

        bound = self.site.bind("uuid", f"{argument}.key", take(0))
        if sort is None:
            return sql("{} > {}", key, bound) if greater else sql("{} < {}", key, bound)
        assert kind_column is not None
        sort_bound = self.site.bind(pg_type(kind_column), f"{argument}.sort", take(1))
        return (
            sql("({}, {}) > ({}, {})", sort, key, sort_bound, bound)
            if greater
            else sql("({}, {}) < ({}, {})", sort, key, sort_bound, bound)
        )

    def sort_cell(self, row: Row) -> Fragment | None:
        return row.cell(self.column) if self.column else None


def pg_type(column: Any) -> str:
    names = {
        "VARCHAR": "text",
        "TEXT": "text",
        "INTEGER": "int",
        "DATE": "date",
        "TIMESTAMP": "timestamptz",
        "NUMERIC": "numeric",
    }
    return names[
        type(column.type)
        .__name__.upper()
        .replace("DATETIME", "TIMESTAMP")
        .replace("STRING", "VARCHAR")
        .replace("AUTOVARCHAR", "VARCHAR")
    ]


@dataclass(slots=True)
class Branches:
    """The keys of a root connection."""

    kind: Kind
    order: Order
    where: Where
    alias: str

    def keys(self, limit: Bind | Fragment, *, page: bool) -> tuple[Fragment, Fragment]:
        """(what comes by own and party branches, what comes by scopes): SELECTs of (id, sort), each limited.

        ``page``: only the stretch that is asked for; else all, to be counted.
        """
        mine = [self._mine(branch.side, branch.condition, limit, page) for branch in self.kind.policy.mine(self._row())]
        scoped = [
            self._scoped(each, limit, page) for each in self.kind.policy.scoped(self.kind.table.name, f"{self.alias}s")
        ]
        return join(" union ", mine), join(" union ", scoped)

    def _row(self) -> Row:
        return Row(self.kind.policy, self.kind.table.name, self.alias)

    def _mine(self, side: str, condition: Fragment, limit: Bind | Fragment, page: bool) -> Fragment:
        row = self._row()
        key, sort = row.cell("id"), self.order.sort_cell(row)
        tests = [condition, *(self.order.stretch(key, sort) if page else [])]
        if self.where:
            tests.append(self.where.condition(row, side))
        return sql(
            "(select {} from {} where {} order by {} limit {})",
            named(key, sort),
            row.source(),
            all_of(tests),
            self.order.by(key, sort, travel=True),
            limit,
        )

    def _scoped(self, each: Scoped, limit: Bind | Fragment, page: bool) -> Fragment:
        header = self._row()
        direct = each.key == "id"
        sort = self.order.sort_cell(each.row if direct else header)
        if direct or not (self.where or sort):
            inner = self._covered(each, limit, page, sort)
        else:
            inner = self._headers(each, header, limit, page, sort)
        columns = sql("k.id, k.sort") if sort else sql("k.id")
        policy = self.kind.policy
        wanted = []
        if self.where and isinstance(policy, Owned):
            wanted = self.where.on_owner(policy.owner, sql("s.owner"))
        gate = all_of([each.gate, *wanted])
        return sql("(select {} from {} s cross join lateral ({}) k where {})", columns, each.scopes, inner, gate)

    def _covered(self, each: Scoped, limit: Bind | Fragment, page: bool, sort: Fragment | None) -> Fragment:
        """The first keys that one scope covers."""
        key = each.row.cell(each.key)
        tests = [each.condition, *(self._stretch(key, sort) if page else [])]
        if self.where:
            tests.append(self.where.condition(each.row, None))
        return sql(
            "select distinct {} from {} where {} order by {} limit {}",
            named(key, sort), each.row.source(), all_of(tests), self.order.by(key, sort, travel=True), limit,
        )  # fmt: skip

    def _headers(
        self, each: Scoped, header: Row, limit: Bind | Fragment, page: bool, sort: Fragment | None
    ) -> Fragment:
        """The first headers that one scope covers by a line: each is looked up once, however many lines it has."""
        key, found = each.row.cell(each.key), sql("d.id")
        tests = [each.condition, *(self._stretch(key, None) if page and sort is None else [])]
        covered = sql(
            "select distinct {} from {} where {} order by {}",
            named(key, None), each.row.source(), all_of(tests), self.order.by(key, None, travel=True),
        )  # fmt: skip
        by_key = sql("select * from {} where {} = d.id offset 0", header.source(), header.cell("id"))
        tests = self.order.stretch(found, sort) if page and sort is not None else []
        if self.where:
            tests.append(self.where.condition(header, None))
        return sql(
            "select {} from ({}) d cross join lateral ({}) {} where {} order by {} limit {}",
            named(found, sort), covered, by_key, Fragment((header.alias,)), all_of(tests),
            self.order.by(found, sort, travel=True), limit,
        )  # fmt: skip

    def _stretch(self, key: Fragment, sort: Fragment | None) -> list[Fragment]:
        """Conditions of the stretch that is asked for, and of the cut-off where keys alone make the order."""
        return [*self.order.stretch(key, sort), *([self._cut_off(key)] if sort is None else [])]

    def _cut_off(self, key: Fragment) -> Fragment:
        """When own and party rows fill the page, their last key bounds what else can stand on it."""
        return sql("{} {} (select b.id from bound b)", key, sql(">=") if self.down else sql("<="))

    @property
    def down(self) -> bool:
        """Whether keys are travelled from the greatest to the smallest."""
        return self.order.descending != self.order.backward

    def bound(self) -> Fragment:
        """The common table expression behind the cut-off: one key."""
        by, none = ("m.id desc", UUID(int=0)) if self.down else ("m.id", UUID(int=2**128 - 1))
        last = sql("select m.id from mine m order by {} offset {} limit 1", sql(by), self.order.limit(0))
        return sql("bound as materialized (select coalesce(({}), {}::uuid) as id)", last, literal(str(none)))


def named(key: Fragment, sort: Fragment | None) -> Fragment:
    return sql("{} as id, {} as sort", key, sort) if sort else sql("{} as id", key)


def page_keys(branches: Branches) -> Fragment:
    """Common table expressions ending in ``keys``: one more than the page, in travelling order."""
    order = branches.order
    columns, sort = (sql("u.id, u.sort"), sql("u.sort")) if order.column else (sql("u.id"), None)
    by = order.by(sql("u.id"), sort, travel=True)
    mine, scoped = branches.keys(order.limit(1), page=True)
    own = sql("mine as materialized (select {} from ({}) u order by {} limit {})", columns, mine, by, order.limit(1))
    if not scoped.parts:
        return sql("{}, keys as materialized (select u.* from mine u order by {})", own, by)
    ways = own if order.column else sql("{}, {}", own, branches.bound())
    return sql(
        "{}, keys as materialized (select {} from (select m.* from mine m union {}) u order by {} limit {})",
        ways,
        columns,
        scoped,
        by,
        order.limit(1),
    )


def total_count(branches: Branches) -> Fragment:
    """Distinct visible records, exact to COUNT_LIMIT, null above."""
    return bounded_count(all_keys(branches))


def all_keys(branches: Branches) -> Fragment:
    """SELECT of the ids of all visible records, COUNT_LIMIT and one more of each branch."""
    limit = Fragment((str(COUNT_LIMIT + 1),))
    mine, scoped = branches.keys(limit, page=False)
    everything = sql("{} union {}", mine, scoped) if scoped.parts else mine
    return sql("select u.id from ({}) u", everything)


def bounded_count(rows: Fragment) -> Fragment:
    """How many rows, as JSON: exact to COUNT_LIMIT, null above."""
    most, beyond = (Fragment((str(COUNT_LIMIT + more),)) for more in (0, 1))
    counted = sql(
        "select case when count(*) <= {} then count(*) end from (select from ({}) r limit {}) c", most, rows, beyond
    )
    return sql("coalesce(({})::text, 'null')", counted)


def page_info(order: Order, wanted: list[tuple[str, str]]) -> Pieces:
    """``pageInfo`` of the page around it (aliases ``page`` and ``keys``)."""
    more = sql("(select count(*) from keys) > {}", order.limit(0))
    after, before = order.values.get("after") is not None, order.values.get("before") is not None
    flags = {
        "hasNextPage": sql("{}", sql("true") if before else sql("false")) if order.backward else more,
        "hasPreviousPage": more if order.backward else (sql("true") if after else sql("false")),
    }
    members = []
    for key, name in wanted:
        if name == "__typename":
            members.append((key, Pieces().text('"PageInfo"')))
        elif name in flags:
            members.append((key, Pieces().value(sql("case when {} then 'true' else 'false' end", flags[name]))))
        else:
            members.append((key, _page_end(order, sql("1") if name == "startCursor" else sql("cardinality(page.ids)"))))
    return obj(members)


def _page_end(order: Order, place: Fragment) -> Pieces:
    """The cursor of the first or last row of the page; null if it is empty."""
    sort = sql("page.sorts[{}]", place) if order.column else None
    cursor = cursor_sql(order.tag, sql("page.ids[{}]", place), sort)
    return Pieces().value(sql("case when page.ids is null then 'null' else '\"' || {} || '\"' end", cursor))


def row_cursor(order: Order, row: Row) -> Fragment:
    return cursor_sql(order.tag, row.cell("id"), order.sort_cell(row))


def chosen_order(kind: Kind, values: dict[str, Any]) -> tuple[str | None, bool]:
    """The column of `orderBy` (None: by id) and whether it descends; newest first unless said."""
    chosen = values.get("orderBy")
    if chosen is None:
        return None, True
    name, direction = (getattr(each, "value", each) for each in (chosen["field"], chosen["direction"]))
    return (None if name == "ID" else kind.orders[name]), direction == "DESC"
