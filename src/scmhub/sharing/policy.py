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

from collections.abc import Iterator
from dataclasses import dataclass

from scmhub.database.fragment import Fragment, all_of, any_of, join, literal, sql
from scmhub.sharing.access import BAND, OWNER_ONLY, PARTY, PUBLIC, Access
from scmhub.sharing.precision import in_full, rather
from scmhub.sharing.preview import PREVIEWER
from scmhub.sharing.rows import ME, TODAY, Branch, Row, Scoped, number
from scmhub.sharing.scopes import (
    ALL,
    SCOPE,
    carries,
    granted_to_me,
    in_force,
    listed_scopes,
    live_scopes,
    reaches,
    scopes_of_list,
    spans,
)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines through which a header is seen, in ``table``, found by ``key``.

    Every line repeats owner and parties of its header, and the columns named in ``repeats``: they never differ.
    """

    policy: Owned
    table: str
    key: str
    repeats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owned:
    """Rows with an owner, perhaps parties, perhaps scopes.

    ``kind`` names what rules share (None: never shared by rule). ``item``, ``site``, ``day`` are columns a scope
    compares. ``through`` makes a header visible through its lines. ``only`` (column, code)
    confines the kind to some rows of a table it shares with other kinds. ``evidence`` (table, foreign key) holds what a
    record was computed from: whoever sees all of it exactly sees the record too (``_proven``).
    """

    owner: str
    parties: tuple[str, ...] = ()
    kind: str | None = None
    item: str | None = None
    site: str | None = None
    day: str | None = None
    through: Lines | None = None
    only: tuple[str, str] | None = None
    evidence: tuple[str, str] | None = None
    in_preview: bool = False

    @property
    def owned_by(self) -> str:
        """The column that names the owner."""
        return self.owner

    @property
    def compared(self) -> Owned:
        """The policy whose item, site and day scopes are compared with: the lines' for a header."""
        return self.through.policy if self.through else self

    @property
    def repeated(self) -> tuple[str, ...]:
        """The columns that lines of such a header repeat, besides its owner and parties."""
        return self.through.repeats if self.through else ()

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
        opened = sql("exists (select from {} where {})", SCOPE.source(), reaches(hidden))
        closed = sql(
            "exists (select from unnest({}) g where not exists (select from {} where {} and g = any({})))",
            hidden.cell("field_groups"), SCOPE.source(), reaches(hidden), SCOPE.cell("tokens"),
        )  # fmt: skip
        exact = sql("coalesce({} or {} is not null and {} and not {}, false)",
                    stands, hidden.cell("field_groups"), opened, closed)  # fmt: skip
        if self.in_preview:  # what others let the partner see is theirs to tell
            exact = sql("({} = {} and {})", hidden.cell("owner_id"), PREVIEWER, exact)
        # Scope by scope, each through the index of the evidence: the fence keeps it from being read as a whole.
        reached = sql(
            "select {} as key from {} where {} offset 0", found.cell(key), found.source(), all_of(spans(found))
        )
        return [
            sql(
                "{} in (select f.key from {} cross join lateral ({}) f where {})"
                " and not exists (select from {} where {} = {} and not {})",
                row.cell("id"), SCOPE.source(), reached, all_of(granted_to_me()),
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
        return [sql("exists (select from {} where {})", *self._covering(row, carries(group, access)))]

    def grants(self, row: Row) -> tuple[Fragment, Fragment]:
        """One bit per question asked of the row, over all scopes that cover it; null if there is none.

        Whoever stands on a side of the row that sees everything asked for is not looked up at all. Before it, for lines
        in a list: WITH the scopes of their header, which no line looks up again.
        """
        assert row.asked
        sees_all = [
            side for side in (self.owner, *self.parties)
            if all(access is None or self.unmasked(side, access) for _, access in row.asked.values())
        ]  # fmt: skip
        standing = any_of(sql("{} = {}", row.cell(side), ME) for side in sees_all)
        carried = [
            sql("case when {} then {} else 0 end", all_of(tests), number(bit)) if tests else number(bit)
            for (group, _), (bit, access) in row.asked.items()
            for tests in [carries(group, access)]
        ]
        bits, before = join(" | ", carried), sql("")
        source, covers = self._covering(row, [])
        if row.header is not None:
            alike, own = self._covers(row, row.header)
            before = sql("with {} ", scopes_of_list(row.alias, bits, all_of(alike)))
            bits, source, covers = sql("s.bits"), listed_scopes(row.alias), all_of(own)
        looked_up = sql("select bit_or({}) from {} where {}", bits, source, covers)
        return before, sql("case when {} then 0 else ({}) end", standing, looked_up)

    def covering(self, row: Row) -> tuple[Fragment, Fragment]:
        """FROM items and condition under which some scope of the viewer covers a row."""
        return self._covering(row, [])

    def _covering(self, row: Row, more: list[Fragment]) -> tuple[Fragment, Fragment]:
        """The scopes that cover a row: FROM items and condition. A header is covered through any of its lines."""
        if self.through is None:
            alike, own = self._covers(row)
            return SCOPE.source(), all_of([*alike, *own, *more])
        line = Row(self.through.policy, self.through.table, f"{row.alias}l", inside=True)
        alike, own = self.through.policy._covers(line, row)
        own_lines = sql("{} = {}", line.cell(self.through.key), row.cell("id"))
        covered = sql("exists (select from {} where {})", line.source(), all_of([own_lines, *own]))
        return SCOPE.source(), all_of([*alike, *more, covered])

    def _covers(self, row: Row, header: Row | None = None) -> tuple[list[Fragment], list[Fragment]]:
        """``covers(scope, row)`` of the law, for the viewer's live scopes: served by ``ix_scope_lookup``.

        In two: what all lines of ``header`` answer alike, asked of the header; and what each answers on its own.
        """
        scope, every, head = SCOPE, sql("{}::uuid", literal(str(ALL))), header or row
        alike = [
            sql("{} = {}", scope.cell("grantee"), ME),
            sql("{} = {}", scope.cell("kind"), literal(self.kind or "")),
            sql("{} = {}", scope.cell("owner"), head.cell(self.owner)),
            *self._shows_parties(head, scope.cell("hidden_parties")),
            in_force(),
        ]
        own: list[Fragment] = []
        repeated = header.policy.repeated if header else ()
        for key, column in (("item_key", self.item), ("site_key", self.site)):
            of = head if column in repeated else row
            either = sql("any (array[{}, {}])", every, of.cell(column)) if column else every
            (alike if of is head else own).append(sql("{} = {}", scope.cell(key), either))
        if self.day:
            first = sql("{} - coalesce({}, 1000000)", TODAY, scope.cell("days_back"))
            last = sql("{} + coalesce({}, 1000000)", TODAY, scope.cell("days_ahead"))
            own.append(sql("{} between {} and {}", row.cell(self.day), first, last))
        return alike, own

    def _shows_parties(self, row: Row, hidden: Fragment) -> list[Fragment]:
        """No party of the row is kept apart from the grantee; ``hidden`` is null for most scopes: then always so."""
        named = [sql("{} = any({})", row.cell(column), hidden) for column in self.parties]
        return [sql("{} is not true", any_of(named))] if named else []

    def scoped(self, table: str, alias: str) -> list[Scoped]:
        """One page branch per shape of scope: (all | item) x (all | site), each on its own index."""
        if self.kind is None:
            return []
        lines = self.through or Lines(self, table, "id")
        row = Row(lines.policy, lines.table, alias)
        return [
            Scoped(live_scopes(self.kind), gate, row, lines.key, condition)
            for gate, condition in lines.policy._shape_conditions(row)
        ]

    def _shape_conditions(self, row: Row) -> Iterator[tuple[Fragment, Fragment]]:
        every = sql("{}::uuid", literal(str(ALL)))
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


def _differs(specific: bool) -> Fragment:
    return sql("<>") if specific else sql("=")
