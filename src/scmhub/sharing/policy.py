"""Policy as SQL: the only place that can reach a governed table, and the only place that can unmask a cell.

acme buys castings from bolt; cargo is bolt's rival. acme lets bolt's customer dyna see, of one item, quantities but no
prices, 28 days ahead. When dyna reads acme's order lines:

* ``visible`` is true for lines of that item requested within 28 days: a *scope* covers the row. For acme the row is its
  own, for bolt it is a party; neither needs a scope, so scopes are not even read.
* ``granted(price)`` asks for a scope that covers *this row and* carries ``price``. A second rule that opens prices for
  7 days opens nothing on day 10: conditions travel with the field, nothing is merged across rules.
* cargo gets ``false`` and the same bytes as for a row that never existed.
* Were bolt and dyna kept apart (``BlockPairTable``), dyna's scopes would carry bolt as a hidden party, and no line that
  bolt supplies would be covered by them.

How it stays fast: a row asks for its scopes by an index that begins with grantee, kind and owner, once, whatever number
of fields hang on the answer; own and party rows never ask. A page does not ask row by row at all: it starts from the
caller's live scopes and takes the first rows of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from scmhub.database.fragment import Bind, Cell, Fragment, Relation, all_of, any_of, join, literal, sql
from scmhub.sharing.access import BAND, OWNER_ONLY, PARTY, PUBLIC, Access
from scmhub.sharing.precision import in_full, rather
from scmhub.sharing.preview import PREVIEWER, Seal, own_rows

ME = Bind(("partner",), "uuid", lambda inputs: inputs.lens.partner_id)
NOW = Bind(("now",), "timestamptz", lambda inputs: inputs.now)
TODAY = Bind(("today",), "date", lambda inputs: inputs.today)
_ALL = UUID(int=0)
_SEAL = Seal.ROW


@dataclass(frozen=True, slots=True)
class Row:
    """A row in scope of a statement: its table and alias, and the row policy is asked of (a part asks its whole)."""

    policy: Policy
    table: str
    alias: str
    subject: Row | None = None
    shows_owner: Callable[[], Fragment] | None = field(default=None, compare=False)
    """On a card: when the row that names it lets its owner be named; None: this row is no card."""
    asked: dict[tuple[str, bool], tuple[int, Access | None]] | None = field(default=None, compare=False)
    """What was asked of the scopes that cover this row: (group, whole) -> bit. None: every question is asked alone."""
    inside: bool = False
    """Read by policy itself and never shown: scopes, relationships, what a row is judged through."""

    @property
    def judged(self) -> Row:
        return self.subject or self

    def cell(self, column: str) -> Fragment:
        """A stored value, unmasked: for keys, order and what policy itself reads."""
        return Fragment((Cell(self.table, self.alias, column, _SEAL),))

    def masked(self, column: str, access: Access) -> tuple[Fragment, Fragment | None]:
        """The cell, and the condition under which its value may be used (None: always)."""
        subject = self.judged
        return self.cell(column), subject.policy.granted(subject, access)

    def source(self) -> Fragment:
        """The table to read; in a preview only the previewer's own rows of it, and what they bring along."""
        if self.inside:
            return Fragment((Relation(self.table, self.alias, Seal.INSIDE),))
        if self.policy.previewed is None:
            return Fragment((Relation(self.table, self.alias, _SEAL),))
        if self.subject is not None or self.shows_owner is not None:
            return Fragment((Relation(self.table, self.alias, Seal.BROUGHT),))
        return own_rows(self.table, self.alias, self.cell(self.policy.previewed))

    def own_card(self) -> list[Fragment]:
        """In a preview a card of somebody else's shows what is PUBLIC in it, and nothing that policy would judge."""
        owner = self.policy.previewed
        return [] if owner is None or self.shows_owner is None else [sql("{} = {}", self.cell(owner), PREVIEWER)]

    def names_owner(self, column: str) -> Fragment | None:
        """Whether a link by ``column`` may be followed: a card gives its owner away only if nothing else hides it.

        acme hides from dyna that bolt makes the castings; the castings' item is bolt's, and its card must not tell.
        """
        if self.shows_owner is None or not isinstance(self.policy, Owned) or column != self.policy.owner:
            return None
        own = sql("{} = {}", self.cell(column), ME)
        return any_of([own, self.shows_owner(), self.policy.visible(self)])

    def grants(self, group: str, access: Access | None) -> Fragment:
        """Whether a covering scope carries ``group`` ("" asks for any scope), as a test of the column ``grants``."""
        assert self.asked is not None
        whole = access is not None and access.whole
        bit, _ = self.asked.setdefault((group, whole), (1 << len(self.asked), access))
        return sql("{} & {} > 0", self.cell("grants"), _number(bit))

    def clause(self, keys: list[Fragment], tests: list[Fragment]) -> Fragment:
        """FROM and WHERE: rows found by ``keys`` that pass ``tests``, with the column ``grants`` if anything asked.

        Ask first (compile the masks and tests), then call this. The fence keeps the scopes from being asked twice.
        """
        if not self.asked:
            return sql("{} where {}", self.source(), all_of([*keys, *tests]))
        inner = sql(
            "select {}, {} as grants from {} where {} offset 0",
            self.cell("*"), self.policy.grants(self), self.source(), all_of(keys),
        )  # fmt: skip
        return sql("({}) {} where {}", inner, Fragment((self.alias,)), all_of(tests))


class Policy(Protocol):
    """What a kind must be able to say about its rows."""

    @property
    def previewed(self) -> str | None: ...
    def visible(self, row: Row) -> Fragment: ...
    def granted(self, row: Row, access: Access) -> Fragment | None: ...
    def unmasked(self, side: str, access: Access) -> bool: ...
    def mine(self, row: Row) -> list[Branch]: ...
    def scoped(self, table: str, alias: str) -> list[Scoped]: ...
    def nameable(self, row: Row) -> Fragment: ...
    def grants(self, row: Row) -> Fragment: ...


@dataclass(frozen=True, slots=True)
class Branch:
    """A page branch of rows that need no scope: the condition, and the side of the row the viewer stands on in it."""

    side: str
    condition: Fragment


@dataclass(frozen=True, slots=True)
class Scoped:
    """A page branch over scopes of one shape: which scopes, the table whose index serves them, the key it yields."""

    scopes: Fragment
    gate: Fragment
    row: Row
    key: str
    condition: Fragment


@dataclass(frozen=True, slots=True)
class Owned:
    """Rows with an owner, perhaps parties, perhaps scopes.

    ``kind`` names what rules share (None: never shared by rule). ``item``, ``site``, ``day`` are columns a scope
    compares. ``through`` (policy, table, foreign key) makes a header visible through its lines. ``only`` (column, code)
    confines the kind to some rows of a table it shares with other kinds. ``evidence`` (table, foreign key) holds what a
    record was computed from: whoever sees all of it exactly sees the record too (``_proven``).
    """

    owner: str
    parties: tuple[str, ...] = ()
    kind: str | None = None
    item: str | None = None
    site: str | None = None
    day: str | None = None
    through: tuple[Owned, str, str] | None = field(default=None)
    only: tuple[str, str] | None = None
    evidence: tuple[str, str] | None = None
    in_preview: bool = False

    @property
    def previewed(self) -> str | None:
        """In a preview: the column that names the owner."""
        return self.owner if self.in_preview else None

    def visible(self, row: Row) -> Fragment:
        sides = [sql("{} = {}", row.cell(column), ME) for column in (self.owner, *self.parties)]
        return all_of([*self._kin(row), any_of([*sides, *self._covered(row, None), *self._proven(row)])])

    def _kin(self, row: Row) -> list[Fragment]:
        """Whether a row is of this kind at all."""
        only = [sql("{} = {}", row.cell(self.only[0]), literal(self.only[1]))] if self.only else []
        return [*only, *row.own_card()]

    def mine(self, row: Row) -> list[Branch]:
        """Own, then one branch per party column; each served by its own index. Last what evidence opens."""
        sides = [
            Branch(column, all_of([sql("{} = {}", row.cell(column), ME), *self._kin(row)]))
            for column in (self.owner, *self.parties)
        ]
        return [*sides, *(Branch("", each) for each in self._proven(row))]

    def _proven(self, row: Row) -> list[Fragment]:
        """Whether the viewer's scopes reach the evidence, and no piece of it is hidden or less than exact to it.

        Each piece carries what policy reads of the row it was taken from, as it was then, and the field groups of what
        was taken; null: only who stands on that row saw it. bolt, to whom acme opens stock and target of one item,
        finds what the hub found in them; dyna, to whom acme opens the stock alone, finds nothing.
        """
        if self.evidence is None:
            return []
        table, key = self.evidence
        found, hidden = (Row(self, table, f"{row.alias}{letter}", inside=True) for letter in "eh")
        stands = sql("{} = any({})", ME, hidden.cell("seen_by"))
        opened = sql("exists (select from {} where {})", _SCOPE.source(), _reaches(hidden))
        closed = sql(
            "exists (select from unnest({}) g where not exists (select from {} where {} and g = any({})))",
            hidden.cell("field_groups"), _SCOPE.source(), _reaches(hidden), _SCOPE.cell("tokens"),
        )  # fmt: skip
        exact = sql("coalesce({} or {} is not null and {} and not {}, false)",
                    stands, hidden.cell("field_groups"), opened, closed)  # fmt: skip
        if self.in_preview:  # what others let the partner see is theirs to tell
            exact = sql("({} = {} and {})", hidden.cell("owner_id"), PREVIEWER, exact)
        # Scope by scope, each through the index of the evidence: the fence keeps it from being read as a whole.
        reached = sql(
            "select {} as key from {} where {} offset 0", found.cell(key), found.source(), all_of(_spans(found))
        )
        return [
            sql(
                "{} in (select f.key from {} cross join lateral ({}) f where {})"
                " and not exists (select from {} where {} = {} and not {})",
                row.cell("id"), _SCOPE.source(), reached, all_of(_mine()),
                hidden.source(), hidden.cell(key), row.cell("id"), exact,
            )
        ]  # fmt: skip

    def nameable(self, row: Row) -> Fragment:
        """Rows a business key is looked up among: one's own, because the key is unique per owner only."""
        return sql("{} = {}", row.cell(self.owner), ME)

    def unmasked(self, side: str, access: Access) -> bool:
        """Whether rows found by the branch of ``side`` show the field exactly."""
        if side == self.owner or access == PUBLIC:
            return True
        return access != OWNER_ONLY and side in (self.parties if access.sides is None else access.sides)

    def granted(self, row: Row, access: Access) -> Fragment | None:
        if access == PUBLIC:
            return None
        return all_of([self._granted(row, access), *row.own_card()])

    def _granted(self, row: Row, access: Access) -> Fragment:
        own = sql("{} = {}", row.cell(self.owner), ME)
        if access == OWNER_ONLY:
            return own
        if access.name == BAND:
            exact = self.granted(row, in_full(access)) or own
            return rather(exact, any_of(self._covered(row, access)))
        sides = self.parties if access.sides is None else access.sides
        party = [sql("{} = {}", row.cell(column), ME) for column in sides]
        if access.name == PARTY.name:
            return any_of([own, *party])
        return any_of([own, *party, *self._covered(row, access)])

    def _covered(self, row: Row, access: Access | None) -> list[Fragment]:
        """Whether some scope covers the row (and carries the group of ``access``)."""
        if self.kind is None:
            return []
        group = access.group if access and access.group else ""
        if row.asked is not None:
            return [row.grants(group, access)]
        return [sql("exists (select from {} where {})", *self._covering(row, _carries(group, access)))]

    def grants(self, row: Row) -> Fragment:
        """One bit per question asked of the row, over all scopes that cover it; null if there is none.

        Whoever stands on a side of the row that sees everything asked for is not looked up at all.
        """
        assert row.asked
        sees_all = [
            side for side in (self.owner, *self.parties)
            if all(access is None or self.unmasked(side, access) for _, access in row.asked.values())
        ]  # fmt: skip
        standing = any_of(sql("{} = {}", row.cell(side), ME) for side in sees_all)
        carried = [
            sql("case when {} then {} else 0 end", all_of(carries), _number(bit)) if carries else _number(bit)
            for (group, _), (bit, access) in row.asked.items()
            for carries in [_carries(group, access)]
        ]
        source, covers = self._covering(row, [])
        looked_up = sql("select bit_or({}) from {} where {}", join(" | ", carried), source, covers)
        return sql("case when {} then 0 else ({}) end", standing, looked_up)

    def covering(self, row: Row) -> tuple[Fragment, Fragment]:
        """FROM items and condition under which some scope of the viewer covers a row."""
        return self._covering(row, [])

    def _covering(self, row: Row, more: list[Fragment]) -> tuple[Fragment, Fragment]:
        """The scopes that cover a row: FROM items and condition. A header is covered through each of its lines."""
        if self.through is None:
            return _SCOPE.source(), all_of([*self._covers(row), *more])
        lines, table, foreign_key = self.through
        line = Row(lines, table, f"{row.alias}l", inside=True)
        own_lines = sql("{} = {}", line.cell(foreign_key), row.cell("id"))
        return sql("{}, {}", line.source(), _SCOPE.source()), all_of([own_lines, *lines._covers(line), *more])

    def _covers(self, row: Row) -> list[Fragment]:
        """``covers(scope, row)`` of the law, for the viewer's live scopes: served by ``ix_scope_lookup``."""
        scope, every = _SCOPE, sql("{}::uuid", literal(str(_ALL)))
        tests = [
            sql("{} = {}", scope.cell("grantee"), ME),
            sql("{} = {}", scope.cell("kind"), literal(self.kind or "")),
            sql("{} = {}", scope.cell("owner"), row.cell(self.owner)),
        ]
        for key, column in (("item_key", self.item), ("site_key", self.site)):
            either = sql("any (array[{}, {}])", every, row.cell(column)) if column else every
            tests.append(sql("{} = {}", scope.cell(key), either))
        if self.day:
            first = sql("{} - coalesce({}, 1000000)", TODAY, scope.cell("days_back"))
            last = sql("{} + coalesce({}, 1000000)", TODAY, scope.cell("days_ahead"))
            tests.append(sql("{} between {} and {}", row.cell(self.day), first, last))
        return [*tests, *self._shows_parties(row, scope.cell("hidden_parties")), _in_force()]

    def _shows_parties(self, row: Row, hidden: Fragment) -> list[Fragment]:
        """No party of the row is kept apart from the grantee; ``hidden`` is null for most scopes: then always so."""
        named = [sql("{} = any({})", row.cell(column), hidden) for column in self.parties]
        return [sql("{} is not true", any_of(named))] if named else []

    def scoped(self, table: str, alias: str) -> list[Scoped]:
        """One page branch per shape of scope: (all | item) x (all | site), each on its own index."""
        if self.kind is None:
            return []
        lines, table, key = self.through or (self, table, "id")
        row = Row(lines, table, alias)
        return [
            Scoped(live_scopes(self.kind), gate, row, key, condition)
            for gate, condition in lines._shape_conditions(row)
        ]

    def _shape_conditions(self, row: Row) -> Iterator[tuple[Fragment, Fragment]]:
        every = sql("{}::uuid", literal(str(_ALL)))
        nobody = [sql("s.hidden is null")] if self.parties else []
        tests = [sql("{} = s.owner", row.cell(self.owner)), *self._kin(row)]
        tests += [sql("{} between s.first_day and s.last_day", row.cell(self.day))] if self.day else []
        for by_item in (True, False) if self.item else (False,):
            gate = [sql("s.of_item {} {}", _differs(by_item), every)]
            items = [sql("{} = s.of_item", row.cell(self.item))] if by_item and self.item else []
            for by_site in (True, False) if self.site else (False,):
                at = [sql("{} = s.of_site", row.cell(self.site))] if by_site and self.site else []
                yield (
                    all_of([*gate, sql("s.of_site {} {}", _differs(by_site), every), *nobody]),
                    all_of([*tests, *items, *at]),
                )
            if self.parties:  # apart, because it must look into the rows: nearly nobody has such scopes
                site = sql(" or {} = s.of_site", row.cell(self.site)) if self.site else sql("")
                anywhere = sql("(s.of_site = {}{})", every, site)
                yield (
                    all_of([*gate, sql("s.hidden is not null")]),
                    all_of([*tests, *items, anywhere, *self._shows_parties(row, sql("s.hidden"))]),
                )


def _reaches(piece: Row) -> Fragment:
    """Whether a live scope of the viewer covers a piece of evidence."""
    return all_of([*_mine(), *_spans(piece)])


def _mine() -> list[Fragment]:
    """A scope that is the viewer's and live."""
    return [sql("{} = {}", _SCOPE.cell("grantee"), ME), _in_force()]


def _spans(piece: Row) -> list[Fragment]:
    """``covers``, with the kind of rule in the row."""
    every = sql("{}::uuid", literal(str(_ALL)))
    first = sql("{} - coalesce({}, 1000000)", TODAY, _SCOPE.cell("days_back"))
    last = sql("{} + coalesce({}, 1000000)", TODAY, _SCOPE.cell("days_ahead"))
    return [
        sql("{} = {}", _SCOPE.cell("kind"), piece.cell("rule_kind")),
        sql("{} = {}", _SCOPE.cell("owner"), piece.cell("owner_id")),
        sql("{} = any (array[{}, {}])", _SCOPE.cell("item_key"), every, piece.cell("item_id")),
        sql("{} = any (array[{}, {}])", _SCOPE.cell("site_key"), every, piece.cell("site_id")),
        sql("({} is null or {} between {} and {})", piece.cell("day"), piece.cell("day"), first, last),
        sql("({} && {}) is not true", piece.cell("seen_by"), _SCOPE.cell("hidden_parties")),
    ]


def _number(bit: int) -> Fragment:
    return Fragment((str(bit),))


def _differs(specific: bool) -> Fragment:
    return sql("<>") if specific else sql("=")


@dataclass(frozen=True, slots=True)
class Directory:
    """Partners: one finds oneself and those one has, had or was offered a relationship with, but whom one is kept apart
    from."""

    in_preview: bool = False

    @property
    def previewed(self) -> str | None:
        return "id" if self.in_preview else None

    def visible(self, row: Row) -> Fragment:
        return any_of(branch.condition for branch in self.mine(row))

    def nameable(self, row: Row) -> Fragment:
        """A partner's code is unique in the hub: looked up among those one may find."""
        return self.visible(row)

    def unmasked(self, side: str, access: Access) -> bool:
        return access == PUBLIC or side == "id"

    def mine(self, row: Row) -> list[Branch]:
        link = Row(self, "relationship", f"{row.alias}r", inside=True)
        pair = Row(self, "block_pair", f"{row.alias}b", inside=True)
        ends = ("provider_id", "recipient_id")
        apart = join(" union all ", [
            sql("select {} from {} where {} = {} and {} = 'ACTIVE' and not {}",
                pair.cell(there), pair.source(), pair.cell(here), ME, pair.cell("state"), pair.cell("own_records_only"))
            for here, there in (("one_id", "other_id"), ("other_id", "one_id"))
        ])  # fmt: skip
        related = [
            Branch(
                there,
                sql(
                    "{} in (select {} from {} where {} = {} and {} <> 'DECLINED' and {} <> all (array({})))",
                    row.cell("id"),
                    link.cell(there),
                    link.source(),
                    link.cell(here),
                    ME,
                    link.cell("state"),
                    link.cell(there),
                    apart,
                ),
            )
            for here, there in (ends, ends[::-1])
        ]
        return [Branch("id", sql("{} = {}", row.cell("id"), ME)), *related]

    def granted(self, row: Row, access: Access) -> Fragment | None:
        return None if access == PUBLIC else all_of([sql("{} = {}", row.cell("id"), ME), *row.own_card()])

    def scoped(self, table: str, alias: str) -> list[Scoped]:
        return []

    def grants(self, row: Row) -> Fragment:
        raise AssertionError("nobody asks scopes about a partner")


# -- the scopes themselves ---------------------------------------------------------------------------------------------

_SCOPE = Row(Directory(), "scope", "s", inside=True)


def _carries(group: str, access: Access | None) -> list[Fragment]:
    """What a scope must say to open ``group`` of a row it covers.

    What sums up the lines of a header is opened by rules for all of the owner's records, never by looking whether this
    header happens to have no other lines: that would tell of lines that are hidden.
    """
    tests = [sql("{} = any({})", literal(group), _SCOPE.cell("tokens"))] if group else []
    return [*tests, *_unlimited()] if access and access.whole else tests


def _unlimited() -> list[Fragment]:
    """A scope of all items, all sites and all days."""
    every = sql("{}::uuid", literal(str(_ALL)))
    keys = [sql("{} = {}", _SCOPE.cell(key), every) for key in ("item_key", "site_key")]
    return keys + [sql("{} is null", _SCOPE.cell(days)) for days in ("days_back", "days_ahead")]


def _in_force() -> Fragment:
    """A scope is live from its start up to, not including, its end."""
    until = _SCOPE.cell("valid_until")
    return sql("{} <= {} and ({} is null or {} > {})", _SCOPE.cell("valid_from"), NOW, until, until, NOW)


@dataclass(frozen=True, slots=True)
class Live(Relation):
    """A reference to the common table expression of live scopes of one kind."""

    kind: str = ""


def live_scopes(kind: str) -> Fragment:
    """The viewer's live scopes of a kind, read once per statement: where page branches start."""
    return Fragment((Live(f"live_{kind}", "", Seal.INSIDE, kind),))


def scope_table(kind: str, *, granted_by_me: bool = False) -> Fragment:
    """The common table expression behind ``live_scopes``: evaluated only if something reads it.

    It holds the scopes the viewer was granted; with ``granted_by_me`` those the viewer's own records opened to others.
    """
    cell = _SCOPE.cell
    return sql(
        "{} as materialized (select {} as owner, {} as of_item, {} as of_site, {} as tokens,"
        " {} - coalesce({}, 1000000) as first_day, {} + coalesce({}, 1000000) as last_day,"
        " {} as unlimited, {} as rule, {} as valid_until, {} as grantee, {} as hidden"
        " from {} where {} = {} and {} = {} and {})",
        live_scopes(kind), cell("owner"), cell("item_key"), cell("site_key"), cell("tokens"),
        TODAY, cell("days_back"), TODAY, cell("days_ahead"), all_of(_unlimited()),
        cell("rule_id"), cell("valid_until"), cell("grantee"), cell("hidden_parties"),
        _SCOPE.source(), cell("owner" if granted_by_me else "grantee"), ME, cell("kind"), literal(kind), _in_force(),
    )  # fmt: skip


def kinds_asked(fragment: Fragment) -> list[str]:
    """The kinds whose live scopes a fragment reads, sorted."""
    return sorted({part.kind for part in fragment.parts if isinstance(part, Live)})


def with_scopes(fragment: Fragment, *, granted_by_me: bool = False) -> Fragment:
    """The fragment behind the common table expressions it needs."""
    tables = [scope_table(kind, granted_by_me=granted_by_me) for kind in kinds_asked(fragment)]
    return sql("with {} {}", join(", ", tables), fragment) if tables else fragment
