"""What a document asks of the feed, compiled: which members each item has, and one statement per kind of record.

The statement takes pairs (record, partner) and answers for each: may this partner see it, which accesses are granted,
and the record as the document selects it. It is the plan of a query with two holes: the record and whose eyes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from graphql import VariableNode

from scmhub.database.amounts import MOVED
from scmhub.database.fragment import Bind, Fragment, Relation, join, literal, sql
from scmhub.errors import BadUserInput
from scmhub.feed.log import ACCESS, Event
from scmhub.graph.collect import Selected
from scmhub.graph.compile import Compiler
from scmhub.graph.declare import Kind, Registry
from scmhub.graph.deliver.types import ITEM_TYPES, MOST_IDS, PAGE_DEFAULT, PAGE_MOST, Stream
from scmhub.graph.pages import Branches, page_keys
from scmhub.graph.specs import Banded, Many, Withheld
from scmhub.graph.where import camel
from scmhub.ids import parse_id
from scmhub.sharing.access import OWNER_ONLY, PARTY, PUBLIC, Access
from scmhub.sharing.limits import Governed, finished
from scmhub.sharing.receipts import asked_of, asked_of_me, mark, reads_scopes
from scmhub.sharing.rows import ME, Row
from scmhub.sharing.scopes import with_scopes

START = UUID(int=0)
"""Before every record."""
SNAPSHOT_PAGE = 200
"""Records of one statement of a snapshot."""
_LENSES = Bind(("lenses",), "uuid[]", lambda inputs: inputs.lenses)
_RECORDS = Bind(("records",), "uuid[]", lambda inputs: inputs.records)
_WAS = Bind(("was",), "jsonb", lambda inputs: inputs.was)
_AFTER = Bind(("after",), "uuid", lambda inputs: inputs.after)
_RECORD = Bind(("record",), "uuid", lambda inputs: inputs.record)
_HOLES: dict[Bind, str] = {ME: "v.who", _RECORD: "v.rec"}


@dataclass(slots=True)
class FeedInputs:
    """What the binds of a feed statement are taken from."""

    now: datetime
    today: date
    args: list[dict[str, Any]]
    records: list[UUID] = field(default_factory=list)
    lenses: list[UUID] = field(default_factory=list)
    lens: Any = None
    after: UUID = START
    was: str | None = None


@dataclass(frozen=True, slots=True)
class KindPlan:
    """How records of one kind are judged and written."""

    kind: Kind
    code: str
    accesses: tuple[Access, ...]
    """Accesses whose grants ``judge`` answers, in this order."""
    field_access: Mapping[str, Access]
    """Access of each field, by its GraphQL name; None of it for fields that go with the record."""
    judge: Governed
    """Its column ``mark`` says whether reads of the partner must be told of; then ``judge_marked`` is asked instead."""
    judge_marked: Governed
    was: Governed
    snapshot: Governed
    snapshot_marked: Governed
    bands: Mapping[str, str] = field(default_factory=dict)
    """What the log calls an amount that moved to another band -> the field that tells it."""

    def shown(self, changed: Iterable[str], granted: list[bool]) -> list[str]:
        """The changed fields this viewer may know of. An unknown name is told to owner and parties only.

        Who sees an amount as a band is told of it when the band has changed, and then by the name of the band's field.
        """
        allowed = {access for access, yes in zip(self.accesses, granted, strict=True) if yes}
        names = [self.bands.get(name, name) for name in changed if name in self.bands or not name.startswith(MOVED)]
        return [name for name in names if self.field_access.get(name, PARTY) in allowed]


@dataclass(frozen=True, slots=True)
class Where:
    """The envelope filter; None: no condition."""

    kinds: frozenset[str] | None = None
    actions: frozenset[str] | None = None
    owners: frozenset[UUID] | None = None
    records: frozenset[UUID] | None = None

    def admits(self, event: Event) -> bool:
        """Whether the event fulfils all conditions; changes of access concern whatever their owner and kinds do."""
        if self.owners is not None and event.owner_id not in self.owners:
            return False
        if event.kind == ACCESS:
            return True
        return (
            (self.kinds is None or event.kind in self.kinds)
            and (self.actions is None or event.action in self.actions)
            and (self.records is None or event.record_id in self.records)
        )


@dataclass(frozen=True, slots=True)
class FeedSelection:
    """One field of the feed in a document."""

    stream: Stream
    key: str
    site: int
    members: Mapping[str, tuple[tuple[str, str], ...]]
    """Item type -> (response key, field) in order."""
    plans: Mapping[str, KindPlan]
    """Kind code -> plan."""
    starts: frozenset[str] = frozenset()
    """Variables that say where it starts; they make no item differ."""
    page: tuple[Selected, ...] = ()
    """What a connection selects."""
    document: str = ""
    """SHA-256 of the document, and the name of its operation: for receipts."""
    operation: str | None = None
    page_info: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Response key of each ``pageInfo`` -> (response key, field) in it."""

    def item(self, type_name: str, values: Mapping[str, Any], records: Mapping[str, bytes]) -> bytes:
        """One item as JSON; ``records``: response key -> record."""
        shown: dict[str, Any] = {}
        for key, name in self.members[type_name]:
            if name == "record":
                shown[key] = orjson.Fragment(records.get(key, b"null"))
            else:
                shown[key] = self.stream.shown(type_name) if name == "__typename" else values[name]
        return orjson.dumps(shown)

    def where(self, values: Mapping[str, Any]) -> Where:
        """The filter in the arguments of the field. Ids that name nothing match nothing."""
        where = values.get("where") or {}
        kinds = where.get("kinds") if self.stream.kind is None else self.plans
        return Where(
            None if kinds is None else frozenset(getattr(each, "value", each) for each in kinds),
            None if where.get("actions") is None else frozenset(where["actions"]),
            _keys(where.get("owners"), "ptr"), _keys(where.get("recordIds"), None),
        )  # fmt: skip


def compile_feed(compiler: Compiler, selected: Selected, root: str, stream: Stream, document: Any) -> FeedSelection:
    """The plan of one field of the feed under Query or Subscription."""
    site, _ = compiler.site(root, selected, _check, lambda _: None)
    selections = selected.selections
    page: list[Selected] = []
    if root == "Query":
        page = compiler.fields(selections, "ChangeConnection")
        selections = [part for each in page if each.name == "nodes" for part in each.selections]
    fields = {name: compiler.fields(selections, stream.shown(name), stream.items, "FeedItem") for name in ITEM_TYPES}
    kinds = stream.followed(compiler.registry)
    plans = {code: _kind_plan(compiler, code, kind, fields) for code, kind in kinds.items()}
    members = {name: tuple((each.key, each.name) for each in found) for name, found in fields.items()}
    info = {
        each.key: tuple((one.key, one.name) for one in compiler.fields(each.selections, "PageInfo"))
        for each in page if each.name == "pageInfo"
    }  # fmt: skip
    starts = frozenset(
        each.value.name.value
        for each in selected.node.arguments or ()
        if each.name.value in ("after", "snapshot") and isinstance(each.value, VariableNode)
    )
    name = document.operation.name
    return FeedSelection(
        stream, selected.key, site.index, members, plans, starts, tuple(page), document.sha256,
        name.value if name else None, info,
    )  # fmt: skip


def _check(values: dict[str, Any]) -> None:
    first = values.get("first")
    if first is not None and not 1 <= first <= PAGE_MOST:
        raise BadUserInput(
            f"'first' must lie between 1 and {PAGE_MOST}; got {first}.", reason="BAD_PAGE", input_path=["first"]
        )
    where = values.get("where") or {}
    for name in ("actions", "owners", "recordIds"):
        if len(where.get(name) or ()) > MOST_IDS:
            raise BadUserInput(
                f"'{name}' may hold at most {MOST_IDS} values.", reason="TOO_MANY", input_path=["where", name]
            )


def page_size(values: Mapping[str, Any]) -> int:
    """How many items a page of the pull may have."""
    first = values.get("first")
    return PAGE_DEFAULT if first is None else int(first)


def _keys(ids: list[str] | None, prefix: str | None) -> frozenset[UUID] | None:
    if ids is None:
        return None
    parsed = [found for each in ids if (found := parse_id(each))]
    return frozenset(key for given, key in parsed if prefix in (None, given))


# -- statements --------------------------------------------------------------------------------------------------------


def _kind_plan(compiler: Compiler, code: str, kind: Kind, fields: Mapping[str, list[Selected]]) -> KindPlan:
    accesses, field_access = _accesses(compiler.registry, kind)
    judge, judge_marked = _both(compiler, lambda each: _judged(each, kind, accesses, fields["Changed"]))
    snapshot, snapshot_marked = _both(compiler, lambda each: _snapshot(each, kind, fields["SnapshotRecord"]))
    return KindPlan(
        kind, code, accesses, field_access, judge, judge_marked, finished(_was(kind)), snapshot, snapshot_marked,
        {f"{MOVED}{spec.amount}": camel(name) for name, spec in kind.fields.items() if isinstance(spec, Banded)},
    )  # fmt: skip


def _both(compiler: Compiler, build: Callable[[Compiler], Fragment]) -> tuple[Governed, Governed]:
    """The statement, and the same with marks; one for both if no rule opens anything in it."""
    plain = build(compiler)
    made = finished(plain)
    return made, finished(build(compiler.marking())) if reads_scopes(plain) else made


def _judged(compiler: Compiler, kind: Kind, accesses: tuple[Access, ...], fields: list[Selected]) -> Fragment:
    row = Row(kind.policy, kind.table.name, "t0", asked={})
    records = _records(compiler, kind, row, fields)
    granted = join(", ", [kind.policy.granted(row, each) or sql("true") for each in accesses])
    told = _told(compiler, row, kind, records, asked_of(_LENSES))
    found = row.clause([sql("{} = {}", row.cell("id"), _RECORD)], [kind.policy.visible(row)])
    return _judging(sql("select array[{}] as granted, {} as record, {} as mark from {}", granted, records, told, found))


def _told(compiler: Compiler, row: Row, kind: Kind, records: Fragment, asked: Fragment) -> Fragment:
    """The mark of the record itself; of a statement without marks, whether there must be some."""
    found = mark(row, kind.name)
    if compiler.marks:
        return found or sql("null::text")
    return asked if found or reads_scopes(records) else sql("false")


def _judging(body: Fragment) -> Fragment:
    """What ``body`` yields for each pair that may see its record."""
    return sql(
        "select v.n::int as n, d.granted, d.record, d.mark from unnest({}, {}) with ordinality v(rec, who, n)"
        " cross join lateral ({}) d", _RECORDS, _LENSES, _with_holes(with_scopes(body)),
    )  # fmt: skip


def _accesses(registry: Registry, kind: Kind) -> tuple[tuple[Access, ...], dict[str, Access]]:
    """Distinct accesses of a kind, and the access of each field.

    Parts go with the record. A list of other records does not: that its "lines" changed may tell of a line that is
    hidden, and whoever sees the line is told of it as of any record.
    """
    lists = {name: registry.kinds[spec.kind] for name, spec in kind.fields.items() if isinstance(spec, Many)}
    field_access = {
        camel(name): PARTY if name in lists and not lists[name].part_of else getattr(spec, "access", PUBLIC)
        for name, spec in kind.fields.items()
        if not isinstance(spec, Withheld)
    } | {"id": PUBLIC}
    return tuple(dict.fromkeys((PUBLIC, PARTY, OWNER_ONLY, *field_access.values()))), field_access


def _records(compiler: Compiler, kind: Kind, row: Row, fields: list[Selected]) -> Fragment:
    """``{"key": record, ...}`` for each ``record`` an item selects, as bytes."""
    wanted = [each for each in fields if each.name == "record"]
    if not wanted:
        return sql("null::bytea")
    if len(wanted) == 1:
        return sql("convert_to({}, 'UTF8')", compiler.record(kind, row, wanted[0].selections).build())
    parts = [
        sql("concat({}, {})", literal(f'"{each.key}":'), compiler.record(kind, row, each.selections).build())
        for each in wanted
    ]
    opened, closed = literal("{"), literal("}")
    return sql("convert_to(concat({}, {}, {}), 'UTF8')", opened, join(", ',', ", parts), closed)


def _was(kind: Kind) -> Fragment:
    """For each partner whether it could see the record with the old keys: today's rules over yesterday's place."""
    row, stored = Row(kind.policy, kind.table.name, "t0"), Row(kind.policy, kind.table.name, "t9", inside=True)
    seen = with_scopes(sql("select from {} where {}", row.source(), kind.policy.visible(row)))
    as_it_was = sql(
        "jsonb_populate_record((select {} from {} where {} = {}), {}) {}",
        Fragment((stored.alias,)), stored.source(), stored.cell("id"), _RECORD, _WAS, Fragment((row.alias,)),
    )  # fmt: skip
    parts: list[Any] = []
    for part in seen.parts:
        own = isinstance(part, Relation) and part.alias == row.alias
        parts += as_it_was.parts if own else (part,)
    return sql(
        "select v.n::int as n from unnest({}, {}) with ordinality v(rec, who, n) where exists ({})",
        _RECORDS, _LENSES, _with_holes(Fragment(tuple(parts))),
    )  # fmt: skip


class _ById:
    """The order of a snapshot: by id, after the last one sent."""

    column = None
    descending = backward = False

    def limit(self, extra: int) -> Fragment:
        return Fragment((str(SNAPSHOT_PAGE - 1 + extra),))

    def stretch(self, key: Fragment, sort: Fragment | None) -> list[Fragment]:
        return [sql("{} > {}", key, _AFTER)]

    def by(self, key: Fragment, sort: Fragment | None, *, travel: bool) -> Fragment:
        return key

    def sort_cell(self, row: Row) -> Fragment | None:
        return None


def _snapshot(compiler: Compiler, kind: Kind, fields: list[Selected]) -> Fragment:
    """The next visible records by id, with their owners."""
    row = Row(kind.policy, kind.table.name, "t0", asked={})
    records = _records(compiler, kind, row, fields)
    keys = page_keys(Branches(kind, _ById(), None, "t7"))  # type: ignore[arg-type]
    told = _told(compiler, row, kind, records, asked_of_me())
    return with_scopes(
        sql(
            "select k.id, d.owner, d.record, d.mark from (with {} select k.id from keys k) k"
            " cross join lateral (select {} as owner, {} as record, {} as mark from {}) d order by k.id",
            keys, row.cell(getattr(kind.policy, "owner", "id")), records, told,
            row.clause([sql("{} = k.id", row.cell("id"))], []),
        )
    )  # fmt: skip


def _with_holes(fragment: Fragment) -> Fragment:
    """Whose eyes, and which record, are taken from the row ``v`` around it."""
    return Fragment(tuple(_HOLES.get(part, part) if isinstance(part, Bind) else part for part in fragment.parts))
