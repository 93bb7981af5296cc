"""The records a nested connection or list is made of: which rows, under which arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import UniqueConstraint

from scmhub.database.fragment import Fragment, sql
from scmhub.graph.arguments import Site
from scmhub.graph.declare import Kind
from scmhub.graph.specs import Many, Narrow
from scmhub.graph.where import SQL_TYPES, camel
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import Row


@dataclass(frozen=True, slots=True)
class Listed:
    """The records of a nested connection: of which kind, of which parent, under which arguments."""

    kind: Kind
    whole: Row | None
    parent: Row
    spec: Many
    site: Site
    values: dict[str, Any]

    @property
    def header(self) -> Row | None:
        """The parent, if its records are seen through those listed here."""
        policy, here = self.parent.policy, (self.kind.table.name, self.spec.by)
        lines = policy.through if isinstance(policy, Owned) else None
        return self.parent if lines and (lines.table, lines.key) == here else None

    @property
    def told_apart(self) -> bool:
        """Whether the column of the order alone tells the records of one list apart, as some unique key promises."""
        wanted, table = {self.spec.by, self.spec.order}, self.kind.table
        current = {f"{each.until} is null" for each in self.spec.narrow if each.until and not self._given(each)}
        promised = [set(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
        for index in table.indexes:
            where = index.dialect_options["postgresql"]["where"]
            if index.unique and (where is None or str(where) in current):
                promised.append(set(index.columns))
        return any({column.name for column in columns} == wanted for columns in promised)

    def _given(self, narrow: Narrow) -> bool:
        return self.values.get(camel(narrow.argument)) is not None

    def clause(self, row: Row, more: list[Fragment], by: Fragment | None = None) -> Fragment:
        """FROM, WHERE and ORDER BY for ``row``, after everything that is asked of it was compiled."""
        keys = [sql("{} = {}", row.cell(self.spec.by), self.parent.cell("id"))]
        tests = [] if self.kind.part_of else [self.kind.policy.visible(row)]
        narrowed = [self._narrowed(each, row) for each in self.spec.narrow]
        keys += [each for each in narrowed if each is not None]
        return row.clause(keys, [*tests, *more], by)

    def _narrowed(self, narrow: Narrow, row: Row) -> Fragment | None:
        """The condition of one narrowing argument; None if it is not given and nothing follows from that."""
        if not self._given(narrow):
            return sql("{} is null", row.cell(narrow.until)) if narrow.until else None
        name, cell = camel(narrow.argument), row.cell(narrow.column)
        bound = self.site.bind(SQL_TYPES[narrow.type], name, lambda args: args[name])
        if narrow.until:
            until = row.cell(narrow.until)
            return sql("{} <= {} and ({} is null or {} > {})", cell, bound, until, until, bound)
        return sql("{} >= {}", cell, bound) if narrow.op == ">=" else sql("{} <= {}", cell, bound)
