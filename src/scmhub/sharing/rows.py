"""A row in a statement: the only way to a governed table and to its cells, and what a policy can say about a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from scmhub.database.fragment import Bind, Cell, Fragment, Relation, all_of, any_of, sql
from scmhub.sharing.access import Access
from scmhub.sharing.preview import PREVIEWER, Seal, own_rows

ME = Bind(("partner",), "uuid", lambda inputs: inputs.lens.partner_id)
NOW = Bind(("now",), "timestamptz", lambda inputs: inputs.now)
TODAY = Bind(("today",), "date", lambda inputs: inputs.today)


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
    header: Row | None = None
    """The row in scope whose lines are listed: what all of them answer alike is asked of it, once per list."""

    @property
    def judged(self) -> Row:
        return self.subject or self

    def cell(self, column: str) -> Fragment:
        """A stored value, unmasked: for keys, order and what policy itself reads."""
        return Fragment((Cell(self.table, self.alias, column, Seal.ROW),))

    def masked(self, column: str, access: Access) -> tuple[Fragment, Fragment | None]:
        """The cell, and the condition under which its value may be used (None: always)."""
        subject = self.judged
        return self.cell(column), subject.policy.granted(subject, access)

    def source(self) -> Fragment:
        """The table to read; in a preview only the previewer's own rows of it, and what they bring along."""
        if self.inside:
            return Fragment((Relation(self.table, self.alias, Seal.INSIDE),))
        if self.policy.previewed is None:
            return Fragment((Relation(self.table, self.alias, Seal.ROW),))
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
        if self.shows_owner is None or column != self.policy.owned_by:
            return None
        own = sql("{} = {}", self.cell(column), ME)
        return any_of([own, self.shows_owner(), self.policy.visible(self)])

    def grants(self, group: str, access: Access | None) -> Fragment:
        """Whether a covering scope carries ``group`` ("" asks for any scope), as a test of the column ``grants``."""
        assert self.asked is not None
        whole = access is not None and access.whole
        bit, _ = self.asked.setdefault((group, whole), (1 << len(self.asked), access))
        return sql("{} & {} > 0", self.cell("grants"), number(bit))

    def clause(self, keys: list[Fragment], tests: list[Fragment], by: Fragment | None = None) -> Fragment:
        """FROM, WHERE and ORDER BY: rows found by ``keys`` that pass ``tests``, with ``grants`` if anything asked.

        Ask first (compile the masks and tests), then call this. The fence keeps the scopes from being asked twice. The
        order stands inside it too: an index may then serve it, and a limit ends the asking.
        """
        order = sql(" order by {}", by) if by else sql("")
        if not self.asked:
            return sql("{} where {}{}", self.source(), all_of([*keys, *tests]), order)
        scopes, grants = self.policy.grants(self)
        inner = sql(
            "{}select {}, {} as grants from {} where {}{} offset 0",
            scopes, self.cell("*"), grants, self.source(), all_of(keys), order,
        )  # fmt: skip
        return sql("({}) {} where {}{}", inner, Fragment((self.alias,)), all_of(tests), order)


class Policy(Protocol):
    """What a kind must be able to say about its rows."""

    @property
    def owned_by(self) -> str | None: ...
    @property
    def previewed(self) -> str | None: ...
    @property
    def repeated(self) -> tuple[str, ...]: ...
    def visible(self, row: Row) -> Fragment: ...
    def granted(self, row: Row, access: Access) -> Fragment | None: ...
    def unmasked(self, side: str, access: Access) -> bool: ...
    def mine(self, row: Row) -> list[Branch]: ...
    def scoped(self, table: str, alias: str) -> list[Scoped]: ...
    def nameable(self, row: Row) -> Fragment: ...
    def grants(self, row: Row) -> tuple[Fragment, Fragment]: ...


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


def number(bit: int) -> Fragment:
    return Fragment((str(bit),))
