"""Where marks for receipts stand in an answer: before each record, and before what tells of records it does not show.

acme asks to know who reads its orders. bolt asks how many there are above 10,000 euros, and shows none: the count
reads them all the same, so each counted order is marked too, as *counted*.
"""

from __future__ import annotations

from scmhub.database.fragment import Fragment, literal, sql
from scmhub.graph.declare import Kind
from scmhub.graph.json import Pieces
from scmhub.graph.pages import COUNT_LIMIT
from scmhub.sharing.receipts import COUNTED, mark
from scmhub.sharing.rows import Row


def marked(json: Pieces, row: Row, kind: Kind) -> Pieces:
    """A record behind its mark."""
    found = mark(row, kind.name)
    return json if found is None else Pieces().value(sql("coalesce({}, '')", found)).add(json)


def counted(json: Fragment, row: Row, kind: Kind, keys: Fragment) -> Fragment:
    """A count behind the marks of what was counted; ``keys`` selects ids, ``row`` is a row of the kind of its own."""
    found = mark(row, COUNTED + kind.name)
    if found is None:
        return json
    rows = sql("({} limit {}) k join {} on {} = k.id", keys, _MOST, row.source(), row.cell("id"))
    return sql("concat((select string_agg({}, '') from {}), {})", found, rows, json)


def pointed_at(row: Row, kind: Kind, names: set[str]) -> Fragment | None:
    """The mark of a row of a page that shows cursors and no records: a column of its own, to be joined by commas."""
    only_cursors = names & {"edges", "pageInfo"} and not names & {"nodes", "node"}
    return mark(row, COUNTED + kind.name) if only_cursors else None


def joined(column: Fragment) -> Fragment:
    """The marks of ``pointed_at`` without the commas."""
    return sql("replace({}, {}, {})", column, literal("\x1e,\x1e"), literal("\x1e\x1e"))


_MOST = Fragment((str(COUNT_LIMIT + 1),))
