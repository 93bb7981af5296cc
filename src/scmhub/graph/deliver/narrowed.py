"""Which records a partner lost when scopes closed: what they covered at that instant and it cannot see now.

acme closes the rule that opened castings to dyna. The event lists the scopes that went. dyna is told of every record
these opened: not of one that another rule still opens, not of one that came or moved under them only afterwards. What
dyna could see then is the whole answer, so nothing else can be read from it. It is bounded; beyond the bound, and for
an event of long ago, dyna is told to read anew instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from scmhub.database.fragment import Bind, Fragment, Relation, join, sql
from scmhub.database.pool import ReadPool
from scmhub.database.tables import HUB_PARTNER
from scmhub.feed.log import Event
from scmhub.graph.declare import Kind
from scmhub.ids import new_id
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed, finished
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import Row, Scoped
from scmhub.sharing.scopes import scope_table

MOST_LOST = 500
"""Records told one by one."""
MOST_COVERED = 20_000
"""Records of one kind looked at."""
MOST_MOVED, MOST_MOVES = 100, 1_000
"""Records that have moved since and are looked at one by one."""
LONG_AGO = timedelta(hours=24)
YOUNG = timedelta(hours=1)
"""A transaction takes no longer: what was born before then was there when the scopes closed."""
_OWNER = Bind(("owner",), "uuid", lambda inputs: inputs.owner)
_CLOSED = Bind(("closed",), "jsonb", lambda inputs: inputs.closed)
_BORN = Bind(("born",), "uuid", lambda inputs: inputs.born)
_KEY = Bind(("key",), "uuid", lambda inputs: inputs.key)
_OLD = Bind(("old",), "jsonb", lambda inputs: inputs.old)
_SCOPES = (
    "jsonb_to_recordset({}) s(grantee uuid, kind text, owner uuid, item_key uuid, site_key uuid, tokens text[],"
    " days_back int, days_ahead int, hidden_parties uuid[], rule_id uuid, valid_from timestamptz,"
    " valid_until timestamptz)"
)
_MOVED = f"""
select m.record_id, m.was from (
  select l.record_id, l.was, l.seq as place from change_log l
  where l.owner_id = $1 and l.seq > $2 and l.kind = $3 and l.was is not null
  union all select o.record_id, o.was, 1::bigint << 62 | o.id from change_outbox o
  where o.owner_id = $1 and o.kind = $3 and o.was is not null) m
order by m.place desc limit {MOST_MOVES}
"""
_TOLD = """
select distinct l.record_id from change_log l where l.owner_id = $1 and l.seq < $2 and l.record_id = any($3)
"""


@dataclass(slots=True)
class _Inputs:
    """What the binds are taken from."""

    now: datetime
    lens: Lens
    owner: UUID
    closed: str
    born: UUID
    key: UUID | None = None
    old: str | None = None

    @property
    def today(self) -> Any:
        return self.now.date()


@dataclass(frozen=True, slots=True)
class _Statements:
    lost: Governed
    was_covered: Governed


class Narrowed:
    """Asks; the statements of a kind are made once."""

    def __init__(self, reads: ReadPool) -> None:
        self._reads = reads
        self._made: dict[str, _Statements] = {}

    async def lost(
        self, kinds: Mapping[str, Kind], event: Event, lens: Lens, now: datetime
    ) -> tuple[list[tuple[str, UUID]], bool]:
        """(kind code, record) of each record that was lost, and whether that is all there is to say."""
        told: list[tuple[str, UUID]] = []
        if event.was is None or event.at < now - LONG_AGO:
            return [], False
        closed = _closed(event, lens, now)
        whole = True
        for code, kind in kinds.items():
            inputs = _Inputs(now, lens, event.owner_id, closed, new_id(event.at + timedelta(milliseconds=1), 0))
            found = await self._of_kind(code, kind, event, inputs)
            if found is None:
                return [], False
            keys, remain = found
            whole = whole and not remain
            told += [(code, key) for key in sorted(keys)]
        return (told, whole) if len(told) <= MOST_LOST else ([], False)

    async def _of_kind(self, code: str, kind: Kind, event: Event, inputs: _Inputs) -> tuple[set[UUID], bool] | None:
        """Records lost, and whether some remain (other fields of them may be hidden now); None: too many."""
        if code not in self._made:
            self._made[code] = _Statements(_lost(kind), _was_covered(kind))
        made = self._made[code]
        [row] = await self._rows(made.lost, inputs)
        keys = set(row["lost"] or ())
        if row["covered"] >= MOST_COVERED or len(keys) > MOST_LOST:
            return None
        moved = await self._moved(code, event)
        if moved is None or len(moved) > MOST_MOVED:
            return None
        keys -= moved.keys()
        for key, old in moved.items():
            inputs.key, inputs.old = key, orjson.dumps(old).decode()
            if await self._rows(made.was_covered, inputs):
                keys.add(key)
        return await self._there_before(keys, event), bool(row["remain"])

    async def _moved(self, code: str, event: Event) -> dict[UUID, dict[str, Any]] | None:
        """Records whose keys have changed since, with what the keys were then. Read after the rows themselves.

        None if there are more moves than are read: what the keys were stands in the oldest of them.
        """
        moved: dict[UUID, dict[str, Any]] = {}
        rows = await self._reads.rows(_MOVED, event.owner_id, event.seq, code)
        if len(rows) == MOST_MOVES:
            return None
        for row in rows:
            moved.setdefault(row["record_id"], {}).update(orjson.loads(row["was"]))
        return moved

    async def _there_before(self, keys: set[UUID], event: Event) -> set[UUID]:
        """Without records that were still being made when the scopes closed: their first word came later."""
        young = [key for key in keys if key > new_id(event.at - YOUNG, 0)]
        if not young:
            return keys
        told = await self._reads.rows(_TOLD, event.owner_id, event.seq, young)
        return keys - (set(young) - {row["record_id"] for row in told})

    async def _rows(self, statement: Governed, inputs: _Inputs) -> list[Any]:
        return await self._reads.rows(*statement.asked(inputs))


def _closed(event: Event, lens: Lens, now: datetime) -> str:
    """The scopes this partner lost, in force for ever; their days count from the event's day, not from today."""
    assert event.was is not None
    later = (now.date() - event.at.date()).days
    return orjson.dumps(
        [
            {
                "grantee": grantee, "kind": kind, "owner": str(event.owner_id), "item_key": item or HUB_PARTNER,
                "site_key": site or HUB_PARTNER, "tokens": [], "valid_from": "-infinity",
                "days_back": None if back is None else back + later,
                "days_ahead": None if ahead is None else ahead - later,
                "hidden_parties": (hidden[0] or None) if hidden else None,  # events of before block pairs have none
            }
            for grantee, kind, item, site, back, ahead, *hidden in event.was["scopes"]
            if grantee == str(lens.partner_id)
        ]
    ).decode()  # fmt: skip


def shared_as(kind: Kind) -> str | None:
    """The kind of scope that opens records of this kind."""
    return kind.policy.kind if isinstance(kind.policy, Owned) else None


def _lost(kind: Kind) -> Governed:
    """One row: how many records the closed scopes cover, the first that cannot be seen, whether any can."""
    policy, row = kind.policy, Row(kind.policy, kind.table.name, "t0")
    scope = shared_as(kind)
    assert scope is not None
    branches = join(" union all ", (_branch(each) for each in policy.scoped(kind.table.name, "t7s")))
    visible = sql("exists (select from {} where {} = c.id and {})", row.source(), row.cell("id"), policy.visible(row))
    most, covered = Fragment((str(MOST_LOST + 1),)), Fragment((str(MOST_COVERED),))
    return finished(
        sql(
            "with {}, b as materialized (select u.id from ({}) u where u.id < {} limit {}),"
            " c as materialized (select distinct b.id from b)"
            " select (select count(*) from b) as covered, coalesce(bool_or(d.seen), false) as remain,"
            " (array_agg(d.id) filter (where not d.seen))[1:{}] as lost from (select c.id, {} as seen from c) d",
            _with_closed(scope_table(scope)), branches, _BORN, covered, most, visible,
        )
    )  # fmt: skip


def _branch(each: Scoped) -> Fragment:
    """Keys found through one shape of scope."""
    return sql(
        "(select {} as id from {} s, {} where {} and {})",
        each.row.cell(each.key), each.scopes, each.row.source(), each.gate, each.condition,
    )  # fmt: skip


def _was_covered(kind: Kind) -> Governed:
    """A row if the record was covered under its old keys and cannot be seen now."""
    policy, row = kind.policy, Row(kind.policy, kind.table.name, "t0")
    stored = Row(kind.policy, kind.table.name, "t9", inside=True)
    assert isinstance(policy, Owned)
    now = Row(kind.policy, kind.table.name, "t8")
    as_it_was = sql(
        "jsonb_populate_record((select {} from {} where {} = {}), {}) {}",
        Fragment((stored.alias,)), stored.source(), stored.cell("id"), _KEY, _OLD, Fragment((row.alias,)),
    )  # fmt: skip
    source, covers = policy.covering(row)
    return finished(
        sql(
            "select {} from {} where {} = {} and exists (select from {} where {})"
            " and not exists (select from {} where {} = {} and {})",
            row.cell("id"), as_it_was, row.cell(policy.owner), _OWNER, _with_closed(source), covers, now.source(),
            now.cell("id"), _KEY, policy.visible(now),
        )
    )  # fmt: skip


def _with_closed(fragment: Fragment) -> Fragment:
    """The closed scopes in the place of the table of scopes."""
    closed = sql(_SCOPES, _CLOSED)
    parts: list[Any] = []
    for part in fragment.parts:
        parts += closed.parts if isinstance(part, Relation) and part.table == "scope" else (part,)
    return Fragment(tuple(parts))
