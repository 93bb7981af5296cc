"""The records a nested connection or list is made of: which rows, under which arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scmhub.database.fragment import Fragment, sql
from scmhub.graph.arguments import Site
from scmhub.graph.declare import Kind
from scmhub.graph.specs import Many, Narrow
from scmhub.graph.where import SQL_TYPES, camel
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

    def clause(self, row: Row, more: list[Fragment]) -> Fragment:
        """FROM and WHERE for ``row``, after everything that is asked of it was compiled."""
        keys = [sql("{} = {}", row.cell(self.spec.by), self.parent.cell("id"))]
        tests = [] if self.kind.part_of else [self.kind.policy.visible(row)]
        narrowed = [_narrowed(each, row, self.site, self.values) for each in self.spec.narrow]
        keys += [each for each in narrowed if each is not None]
        return row.clause(keys, [*tests, *more])


def _narrowed(narrow: Narrow, row: Row, site: Site, values: dict[str, Any]) -> Fragment | None:
    """The condition of one narrowing argument; None if it is not given and nothing follows from that."""
    name = camel(narrow.argument)
    given = values.get(name) is not None
    cell = row.cell(narrow.column)
    if not given:
        return sql("{} is null", row.cell(narrow.until)) if narrow.until else None
    bound = site.bind(SQL_TYPES[narrow.type], name, lambda args: args[name])
    if narrow.until:
        until = row.cell(narrow.until)
        return sql("{} <= {} and ({} is null or {} > {})", cell, bound, until, until, bound)
    return sql("{} >= {}", cell, bound) if narrow.op == ">=" else sql("{} <= {}", cell, bound)
