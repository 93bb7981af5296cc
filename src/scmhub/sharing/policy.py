"""Policy as SQL: the only place that can reach a governed table, and the only place that can unmask a cell.

acme buys castings from bolt; cargo is bolt's rival. acme lets bolt's customer dyna see, of one item, quantities but no
prices, 28 days ahead. When dyna reads acme's order lines:

* ``visible`` is true for lines of that item requested within 28 days: a *scope* covers the row. For acme the row is its
  own, for bolt it is a party; neither needs a scope, so scopes are not even read.
* ``granted(price)`` asks for a scope that covers *this row and* carries ``price``. A second rule that opens prices for
  7 days opens nothing on day 10: conditions travel with the field, nothing is merged across rules.
* cargo gets ``false`` and the same bytes as for a row that never existed.

How it stays fast: a caller's live scopes have few *shapes* (which window; all items or one; all sites or one). They
are read once per statement, and a row asks, per shape, one question of a hash table. Own and party rows never ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from scmhub.database.fragment import Bind, Cell, Fragment, Relation, all_of, any_of, join, literal, sql
from scmhub.sharing.access import OWNER_ONLY, PARTY, PUBLIC, Access

ME = Bind(("partner",), "uuid", lambda inputs: inputs.lens.partner_id)
NOW = Bind(("now",), "timestamptz", lambda inputs: inputs.now)
TODAY = Bind(("today",), "date", lambda inputs: inputs.today)
_ALL = UUID(int=0)
_SEAL = object()
"""Held by fragments of this module only: what ``proof`` looks for."""


def vouched(seal: object) -> bool:
    """Whether a relation or cell was made here."""
    return seal is _SEAL


@dataclass(frozen=True, slots=True)
class Row:
    """A row in scope of a statement: its table and alias, and the row policy is asked of (a part asks its whole)."""

    policy: Policy
    table: str
    alias: str
    subject: Row | None = None

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
        return Fragment((Relation(self.table, self.alias, _SEAL),))


class Policy(Protocol):
    """What a kind must be able to say about its rows."""

    def visible(self, row: Row) -> Fragment: ...
    def granted(self, row: Row, access: Access) -> Fragment | None: ...
    def unmasked(self, side: str, access: Access) -> bool: ...
    def mine(self, row: Row) -> list[Branch]: ...
    def scoped(self, table: str, alias: str) -> list[Scoped]: ...


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
    confines the kind to some rows of a table it shares with other kinds.
    """

    owner: str
    parties: tuple[str, ...] = ()
    kind: str | None = None
    item: str | None = None
    site: str | None = None
    day: str | None = None
    through: tuple[Owned, str, str] | None = field(default=None)
    only: tuple[str, str] | None = None

    def visible(self, row: Row) -> Fragment:
        sides = [sql("{} = {}", row.cell(column), ME) for column in (self.owner, *self.parties)]
        return all_of([*self._kin(row), any_of([*sides, *self._covered(row, None)])])

    def _kin(self, row: Row) -> list[Fragment]:
        """Whether a row is of this kind at all."""
        return [sql("{} = {}", row.cell(self.only[0]), literal(self.only[1]))] if self.only else []

    def mine(self, row: Row) -> list[Branch]:
        """Own, then one branch per party column; each served by its own index."""
        return [
            Branch(column, all_of([sql("{} = {}", row.cell(column), ME), *self._kin(row)]))
            for column in (self.owner, *self.parties)
        ]

    def unmasked(self, side: str, access: Access) -> bool:
        """Whether rows found by the branch of ``side`` show the field exactly."""
        if side == self.owner or access == PUBLIC:
            return True
        return access != OWNER_ONLY and side in (self.parties if access.sides is None else access.sides)

    def granted(self, row: Row, access: Access) -> Fragment | None:
        if access == PUBLIC:
            return None
        own = sql("{} = {}", row.cell(self.owner), ME)
        if access == OWNER_ONLY:
            return own
        sides = self.parties if access.sides is None else access.sides
        party = [sql("{} = {}", row.cell(column), ME) for column in sides]
        if access == PARTY:
            return any_of([own, *party])
        return any_of([own, *party, *self._covered(row, access.group)])

    def _covered(self, row: Row, token: str | None) -> Iterator[Fragment]:
        """Whether some scope covers the row (and carries ``token``)."""
        if self.kind is None:
            return
        if self.through is None:
            yield self._shape_test(row, token)
            return
        lines, table, foreign_key = self.through
        line = Row(lines, table, f"{row.alias}l")
        inner = all_of([sql("{} = {}", line.cell(foreign_key), row.cell("id")), *lines._covered(line, token)])
        guard = sql("exists (select from {})", live_scopes(self.kind))
        yield sql("({} and exists (select from {} where {}))", guard, line.source(), inner)

    def _shape_test(self, row: Row, token: str | None) -> Fragment:
        assert self.kind
        carries = sql(" where {} = any(k.tokens)", literal(token)) if token else Fragment()
        keys = sql("select k.owner, k.of_item, k.of_site, k.shape from {} k{}", live_scopes(self.kind), carries)
        tests = [sql("({}, {}, {}, h.shape) in ({})", row.cell(self.owner), *self._keys(row), keys)]
        if self.day:
            tests.insert(0, sql("{} between h.first_day and h.last_day", row.cell(self.day)))
        return sql("exists (select from {} h where {})", shapes(self.kind), all_of(tests))

    def _keys(self, row: Row) -> tuple[Fragment, Fragment]:
        every = sql("{}::uuid", literal(str(_ALL)))
        item = sql("case when h.all_items then {} else {} end", every, row.cell(self.item)) if self.item else every
        site = sql("case when h.all_sites then {} else {} end", every, row.cell(self.site)) if self.site else every
        return item, site

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
        for by_item in (True, False) if self.item else (False,):
            for by_site in (True, False) if self.site else (False,):
                gate = [
                    sql("s.of_item {} {}", _differs(by_item), every),
                    sql("s.of_site {} {}", _differs(by_site), every),
                ]
                tests = [sql("{} = s.owner", row.cell(self.owner))]
                tests += [sql("{} = s.of_item", row.cell(self.item))] if by_item and self.item else []
                tests += [sql("{} = s.of_site", row.cell(self.site))] if by_site and self.site else []
                tests += [sql("{} between s.first_day and s.last_day", row.cell(self.day))] if self.day else []
                tests += self._kin(row)
                yield all_of(gate), all_of(tests)


def _differs(specific: bool) -> Fragment:
    return sql("<>") if specific else sql("=")


@dataclass(frozen=True, slots=True)
class Directory:
    """Partners: one finds oneself and those one has, had or was offered a relationship with."""

    def visible(self, row: Row) -> Fragment:
        return any_of(branch.condition for branch in self.mine(row))

    def unmasked(self, side: str, access: Access) -> bool:
        return access == PUBLIC or side == "id"

    def mine(self, row: Row) -> list[Branch]:
        link = Row(self, "relationship", f"{row.alias}r")
        ends = ("provider_id", "recipient_id")
        related = [
            Branch(
                there,
                sql(
                    "{} in (select {} from {} where {} = {} and {} <> 'DECLINED')",
                    row.cell("id"),
                    link.cell(there),
                    link.source(),
                    link.cell(here),
                    ME,
                    link.cell("state"),
                ),
            )
            for here, there in (ends, ends[::-1])
        ]
        return [Branch("id", sql("{} = {}", row.cell("id"), ME)), *related]

    def granted(self, row: Row, access: Access) -> Fragment | None:
        return None if access == PUBLIC else sql("{} = {}", row.cell("id"), ME)

    def scoped(self, table: str, alias: str) -> list[Scoped]:
        return []


# -- what a statement reads once: the caller's live scopes of a kind ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Live(Relation):
    """A reference to the common table expression of live scopes (or their shapes) of one kind."""

    kind: str = ""


def live_scopes(kind: str) -> Fragment:
    return Fragment((Live(f"live_{kind}", "", _SEAL, kind),))


def shapes(kind: str) -> Fragment:
    return Fragment((Live(f"shape_{kind}", "", _SEAL, kind),))


def scope_tables(kind: str, *, granted_by_me: bool = False) -> Fragment:
    """The two common table expressions behind ``live_scopes`` and ``shapes``: evaluated only if some row asks.

    They hold the scopes the viewer was granted; with ``granted_by_me`` those the viewer's own records opened to others.
    """
    scope = Row(Directory(), "scope", "s")
    every = literal(str(_ALL))
    live = sql(
        "{} as materialized (select {} as owner, coalesce({}, {}::uuid) as of_item, coalesce({}, {}::uuid) as of_site,"
        " {} as tokens,"
        " {} - coalesce({}, 1000000) as first_day, {} + coalesce({}, 1000000) as last_day,"
        " concat_ws(':', {} is null, {} is null, {}, '', {}) as shape, {} as rule, {} as valid_until, {} as grantee"
        " from {} where {} = {} and {} = {} and {} <= {} and ({} is null or {} > {}))",
        live_scopes(kind),
        scope.cell("owner"),
        scope.cell("item"),
        every,
        scope.cell("site"),
        every,
        scope.cell("tokens"),
        TODAY,
        scope.cell("days_back"),
        TODAY,
        scope.cell("days_ahead"),
        scope.cell("item"),
        scope.cell("site"),
        scope.cell("days_back"),
        scope.cell("days_ahead"),
        scope.cell("rule_id"),
        scope.cell("valid_until"),
        scope.cell("grantee"),
        scope.source(),
        scope.cell("owner" if granted_by_me else "grantee"),
        ME,
        scope.cell("kind"),
        literal(kind),
        scope.cell("valid_from"),
        NOW,
        scope.cell("valid_until"),
        scope.cell("valid_until"),
        NOW,
    )
    distinct = sql(
        "{} as materialized (select distinct k.shape, k.of_item = {}::uuid as all_items,"
        " k.of_site = {}::uuid as all_sites, k.first_day, k.last_day from {} k)",
        shapes(kind),
        every,
        every,
        live_scopes(kind),
    )
    return join(", ", [live, distinct])


def kinds_asked(fragment: Fragment) -> list[str]:
    """The kinds whose scopes a fragment reads, sorted."""
    return sorted({part.kind for part in fragment.parts if isinstance(part, Live)})


def with_scopes(fragment: Fragment, *, granted_by_me: bool = False) -> Fragment:
    """The fragment behind the common table expressions it needs."""
    tables = [scope_tables(kind, granted_by_me=granted_by_me) for kind in kinds_asked(fragment)]
    return sql("with {} {}", join(", ", tables), fragment) if tables else fragment
