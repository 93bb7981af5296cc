"""What a document answers, worked out over the rows the oracle lets a partner see: filters, pages, links, nothing else."""

from __future__ import annotations

import base64
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.graph.declare import Kind, optional
from scmhub.graph.specs import Banded, Column, Latest, Many, Narrow, One, Pair, Withheld
from scmhub.graph.where import camel
from scmhub.ids import public_id
from scmhub.sharing.access import PARTY

from ..support.rows import Row
from .documents import KINDS, Document, Pick, Var
from .drawing import cursor_text, rendered
from .oracle import LAWS, Oracle, ladder

_BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()}
_COUNTED = 10_000


class Refused(Exception):
    """The operation must be answered with an error of this reason."""


class Answering:
    """One execution of a document for one partner."""

    def __init__(self, oracle: Oracle, values: dict[str, Any]) -> None:
        self.oracle = oracle
        self.values = values

    def data(self, document: Document) -> dict[str, Any]:
        self._check_cursors(document.picks, None)
        return {each.key: self._root(each) for each in document.picks}

    def given(self, value: Any) -> Any:
        """An argument with its variables filled in."""
        match value:
            case Var():
                return self.values[value.name]
            case dict():
                return {name: self.given(each) for name, each in value.items()}
            case list():
                return [self.given(each) for each in value]
        return value

    def _check_cursors(self, picks: list[Pick], parent: Kind | None) -> None:
        """Cursors are read before anything is looked up, wherever they stand."""
        for each in picks:
            if each.name in ("node", "nodes") and each.args:
                ids = self.given(each.args.get("ids", [each.args.get("id")]))
                kinds = {kind.name for kind in map(_kind_of, ids) if kind is not None}
                self._check_cursors([pick for pick in each.picks if pick.on in kinds], None)
                continue
            kind, parent = KINDS.get(each.kind), KINDS.get(each.on) or parent
            if kind and {"after", "before"} & each.args.keys():
                column, descending = _order(kind, each, parent)
                for name in ("after", "before"):
                    _place(self.given(each.args.get(name)), kind, column, descending)
            self._check_cursors(each.picks, kind or parent)

    # -- roots ---------------------------------------------------------------------------------------------------------

    def _root(self, pick: Pick) -> Any:
        match pick.name:
            case "viewer":
                return self.record(KINDS["Partner"], self.oracle.rows["Partner"][self.oracle.me], pick.picks)
            case "node":
                return self._node(self.given(pick.args["id"]), pick)
            case "nodes":
                return [self._node(each, pick) for each in self.given(pick.args["ids"])]
        kind = KINDS[pick.kind]
        if pick.name == kind.plural:
            rows = [row for row in self.oracle.rows[kind.name].values() if self.oracle.visible(kind.name, row)]
            where = self.given(pick.args.get("where"))
            if where:
                rows = [row for row in rows if self._holds(kind, row, where)]
            return self.connection(kind, rows, pick, None)
        return self._single(kind, pick)

    def _node(self, text: str, pick: Pick) -> Any:
        kind = _kind_of(text)
        return None if kind is None else self._found(kind, _key(kind, text), pick)

    def _found(self, kind: Kind, key: UUID | None, pick: Pick) -> Any:
        row = self.oracle.rows[kind.name].get(key)  # type: ignore[arg-type]
        if row is None or not self.oracle.visible(kind.name, row):
            return None
        return self.record(kind, row, pick.picks)

    def _single(self, kind: Kind, pick: Pick) -> Any:
        ((name, value),) = self.given(pick.args["by"]).items()
        if name == "id":
            return self._found(kind, _key(kind, value), pick)
        column = next(column for each, column in kind.keys.items() if camel(each) == name)
        owner = LAWS[kind.name].owner  # of partners, anyone who may be found; of all else, one's own
        for row in self.oracle.rows[kind.name].values():
            mine = not owner or row[owner] == self.oracle.me
            if mine and row[column] == value and self.oracle.visible(kind.name, row):
                return self.record(kind, row, pick.picks)
        return None

    # -- records -------------------------------------------------------------------------------------------------------

    def record(self, kind: Kind, row: Row, picks: list[Pick], named_by: tuple[Kind, Row] | None = None) -> dict[str, Any]:
        return {each.key: self._member(kind, row, each, named_by) for each in picks if not each.on or each.on == kind.name}

    def _member(self, kind: Kind, row: Row, pick: Pick, named_by: tuple[Kind, Row] | None) -> Any:
        if pick.name == "__typename":
            return kind.name
        if pick.name == "id":
            return public_id(kind.prefix, row["id"])
        name = next(each for each in kind.fields if camel(each) == pick.name)
        spec = kind.fields[name]
        match spec:
            case Withheld():
                return self._withheld(kind, row, spec)
            case Banded():
                return self._band(kind, row, spec, pick)
            case Pair():
                return self._pair(kind, row, spec, pick)
            case One():
                return self._one(kind, row, spec, pick, named_by)
            case Many():
                return self._many(kind, row, spec, pick)
            case Latest():
                return self._latest(row, spec, pick)
        value = self.masked(kind, row, spec, spec.source or name)
        if isinstance(spec, Column) and spec.or_since:
            return (self.oracle.now - (value or row[spec.or_since])) // timedelta(days=1)
        return rendered_column(spec, value)

    def masked(self, kind: Kind, row: Row, spec: Column | One, column: str) -> Any:
        return row[column] if self.oracle.granted(kind.name, row, spec.access) else None

    def _pair(self, kind: Kind, row: Row, spec: Pair, pick: Pick) -> Any:
        amount, unit = row[spec.amount], row[spec.unit]
        if amount is None or unit is None or not self.oracle.granted(kind.name, row, spec.access):
            return None
        values = {spec.names[0]: rendered(amount), spec.names[1]: unit, "__typename": spec.type_name}
        return {each.key: values[each.name] for each in pick.picks}

    def _withheld(self, kind: Kind, row: Row, spec: Withheld) -> list[str]:
        """Groups of which nothing is shown, or those of which only bands are."""
        bands = {each.access.group.partition("~")[0]: each.access for each in kind.fields.values() if isinstance(each, Banded)}
        as_bands = [group for group, access in bands.items() if self.oracle.granted(kind.name, row, access)]
        if spec.banded:
            return [group for group in kind.groups() if group in as_bands]
        hidden = [g for g, access in kind.groups().items() if not self.oracle.granted(kind.name, row, access)]
        return [group for group in hidden if group not in as_bands]

    def _band(self, kind: Kind, row: Row, spec: Banded, pick: Pick) -> Any:
        found = ladder(row[spec.amount])
        unit = row[spec.unit[0]] if spec.unit else ""
        if found is None or unit is None or not self.oracle.granted(kind.name, row, spec.access):
            return None
        values = {"low": rendered(found[0]), "high": rendered(found[1]), "__typename": spec.type_name}
        values |= {spec.unit[1]: unit} if spec.unit else {}
        return {each.key: values[each.name] for each in pick.picks}

    def _one(self, kind: Kind, row: Row, spec: One, pick: Pick, named_by: tuple[Kind, Row] | None) -> Any:
        if named_by and spec.by == LAWS[kind.name].owner and not self._tells_owner(kind, row, *named_by):
            return None
        key = self.masked(kind, row, spec, spec.by)
        target = KINDS[spec.kind]
        found = self.oracle.rows[spec.kind].get(key)
        if found is None or not self.oracle.held(spec.kind, found):
            return None
        if not (target.reference or self.oracle.visible(spec.kind, found)):
            return None
        return self.record(target, found, pick.picks, (kind, row) if target.reference else None)

    def _tells_owner(self, card: Kind, row: Row, kind: Kind, naming: Row) -> bool:
        """A card gives its owner away if it is mine, the naming row's owner, no secret there, or to be seen anyway."""
        owner = row[LAWS[card.name].owner]
        whole, judged = self.oracle.whole(kind.name, naming)
        law = LAWS[whole]
        if not law.owner or owner in (self.oracle.me, judged[law.owner]):
            return True
        if self.oracle.visible(card.name, row):
            return True
        near = owner in [judged[side] for side in law.parties] or owner not in self.oracle.apart(judged[law.owner])
        return near and self.oracle.granted(kind.name, naming, kind.groups().get("parties") or PARTY)

    def _latest(self, row: Row, spec: Latest, pick: Pick) -> Any:
        rows = self._belonging(row, spec)
        newest = max(rows, key=lambda each: (each[spec.order], each["id"]), default=None)
        return newest and self.record(KINDS[spec.kind], newest, pick.picks)

    def _belonging(self, row: Row, spec: Many | Latest) -> list[Row]:
        rows = [each for each in self.oracle.rows[spec.kind].values() if each[spec.by] == row["id"]]
        return [each for each in rows if self.oracle.visible(spec.kind, each)]

    def _many(self, kind: Kind, row: Row, spec: Many, pick: Pick) -> Any:
        rows = self._belonging(row, spec)
        for narrow in spec.narrow:
            given = self.given(pick.args.get(camel(narrow.argument)))
            rows = [each for each in rows if _within(narrow, each, given)]
        return self.connection(KINDS[spec.kind], rows, pick, kind)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def connection(self, kind: Kind, rows: list[Row], pick: Pick, parent: Kind | None) -> dict[str, Any]:
        column, descending = _order(kind, pick, parent)
        default = 50
        rank = (lambda row: (_sortable(row[column]), row["id"].int)) if column else (lambda row: ("", row["id"].int))
        args = {name: self.given(value) for name, value in pick.args.items()}
        rows = sorted(rows, key=rank, reverse=descending)
        total = len(rows) if len(rows) <= _COUNTED else None
        for name, later in (("after", True), ("before", False)):
            bound = _place(args.get(name), kind, column, descending)
            if bound is not None:
                rows = [row for row in rows if (rank(row) != bound) and ((rank(row) > bound) != descending) == later]
        first, last = args.get("first"), args.get("last")
        backward = last is not None or (args.get("before") is not None and first is None)
        size = first if first is not None else last if last is not None else default
        more = len(rows) > size
        page = rows[max(0, len(rows) - size) :] if backward else rows[:size]
        cursors = [cursor_text(kind, column, descending, row) for row in page]
        info = {
            "hasNextPage": args.get("before") is not None if backward else more,
            "hasPreviousPage": more if backward else args.get("after") is not None,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        }
        return {each.key: self._part(kind, each, page, cursors, info, total) for each in pick.picks}

    def _part(
        self, kind: Kind, pick: Pick, page: list[Row], cursors: list[str], info: dict[str, Any], total: int | None
    ) -> Any:
        match pick.name:
            case "nodes":
                return [self.record(kind, row, pick.picks) for row in page]
            case "totalCount":
                return total
            case "pageInfo":
                return {each.key: info[each.name] for each in pick.picks}
        edges = []
        for row, cursor in zip(page, cursors, strict=True):
            parts = {"cursor": lambda _, cursor=cursor: cursor, "node": lambda p, row=row: self.record(kind, row, p.picks)}
            edges.append({each.key: parts[each.name](each) for each in pick.picks})
        return edges

    # -- filters: three-valued, like everything that compares a null ------------------------------------------------------

    def _holds(self, kind: Kind, row: Row, where: dict[str, Any]) -> bool | None:
        results: list[bool | None] = []
        for name, each in where.items():
            if each is None:
                continue
            if name == "and":
                results.append(_all([self._holds(kind, row, part) for part in each]))
            elif name == "or":
                results.append(_any([self._holds(kind, row, part) for part in each]))
            elif name == "not":
                inner = self._holds(kind, row, each)
                results.append(True if inner is None else not inner)
            else:
                results.append(self._compared(kind, row, name, each))
        return _all(results)

    def _compared(self, kind: Kind, row: Row, shown: str, comparators: dict[str, Any]) -> bool | None:
        name = next(each for each in kind.filters if camel(each) == shown)
        spec = kind.fields[name]
        assert isinstance(spec, Column | One)
        value = self.masked(kind, row, spec, spec.by if isinstance(spec, One) else spec.source or name)
        of = None if isinstance(spec, One) else optional(kind.types[name])[0]

        def read(text: Any) -> Any:
            if isinstance(spec, One):
                return _key(KINDS[spec.kind], text)
            if of is datetime:
                return datetime.fromisoformat(text)
            return date.fromisoformat(text) if of is date else Decimal(text) if of is Decimal else text

        return _all([_compare(op, value, each, read) for op, each in comparators.items() if each is not None])


def _within(narrow: Narrow, row: Row, given: Any) -> bool:
    """A narrowing argument; of record time, what was known at an instant, or is known now if none is given."""
    if given is None:
        return narrow.until is None or row[narrow.until] is None
    bound = narrow.type.fromisoformat(given) if narrow.type in (date, datetime) else given
    if narrow.until is not None:
        until = row[narrow.until]
        return row[narrow.column] <= bound and (until is None or until > bound)
    return row[narrow.column] >= bound if narrow.op == ">=" else row[narrow.column] <= bound


def rendered_column(spec: Any, value: Any) -> Any:
    target = getattr(spec, "keys", None)
    if target and value is not None:
        return [public_id(KINDS[target].prefix, each) for each in value]
    return rendered(value)


def _compare(op: str, value: Any, given: Any, read: Any) -> bool | None:
    if op == "isNull":
        return (value is None) == given
    if op in ("in", "nin"):
        found = _any([_equal(value, read(each)) for each in given])
        return found if op == "in" else None if found is None else not found
    bound = given if op in ("contains", "startsWith") else read(given)
    if value is None or bound is None:
        return None
    match op:
        case "contains":
            return bound in value
        case "startsWith":
            return bool(value.startswith(bound))
        case "eq" | "neq":
            return (value == bound) == (op == "eq")
        case "gt" | "gte":
            return value > bound or (op == "gte" and value == bound)
    return value < bound or (op == "lte" and value == bound)


def _equal(left: Any, right: Any) -> bool | None:
    return None if left is None or right is None else left == right


def _all(results: list[bool | None]) -> bool | None:
    return False if False in results else None if None in results else True


def _any(results: list[bool | None]) -> bool | None:
    return True if True in results else None if None in results else False


def _kind_of(text: str) -> Kind | None:
    """The kind a public id is of; None for parts and for what is no id."""
    kind = _BY_PREFIX.get(text.partition("_")[0])
    return None if kind is None or kind.part_of or _key(kind, text) is None else kind


def _key(kind: Kind, text: str) -> UUID | None:
    prefix, _, key = text.partition("_")
    try:
        return UUID(key) if prefix == kind.prefix and len(key) == 36 and key == str(UUID(key)) else None
    except ValueError:
        return None


def _sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _order(kind: Kind, pick: Pick, parent: Kind | None) -> tuple[str | None, bool]:
    """Column (None: id) and direction of a connection."""
    if parent is not None:
        spec = next(each for name, each in parent.fields.items() if camel(name) == pick.name)
        assert isinstance(spec, Many)
        return (None if spec.order == "id" else spec.order), False
    chosen = pick.args.get("orderBy")
    return (kind.orders.get(chosen["field"]), chosen["direction"] == "DESC") if chosen else (None, True)


def _place(cursor: str | None, kind: Kind, column: str | None, descending: bool) -> tuple[Any, int] | None:
    """Where a cursor stands in its order; Refused unless it is one of this very order."""
    if cursor is None:
        return None
    tag = f"1|{kind.name}.{column or 'id'}.{'desc' if descending else 'asc'}"
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        version, order, key, sort = text.split("|", 3)
    except ValueError:
        raise Refused("BAD_CURSOR") from None
    if f"{version}|{order}" != tag:
        raise Refused("BAD_CURSOR")
    if column is None:
        return "", UUID(key).int
    read = {int: int, str: str.encode, date: date.fromisoformat, datetime: datetime.fromisoformat}
    return read[kind.table.columns[column].type.python_type](sort), UUID(key).int
