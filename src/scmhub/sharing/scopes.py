"""The viewer's scopes as policy reads them: which are live, what they carry, which rows they reach."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from scmhub.database.fragment import Fragment, Relation, all_of, join, literal, sql
from scmhub.sharing.access import Access
from scmhub.sharing.directory import Directory
from scmhub.sharing.preview import Seal
from scmhub.sharing.rows import ME, NOW, TODAY, Row

ALL = UUID(int=0)
SCOPE = Row(Directory(), "scope", "s", inside=True)


def carries(group: str, access: Access | None) -> list[Fragment]:
    """What a scope must say to open ``group`` of a row it covers.

    What sums up the lines of a header is opened by rules for all of the owner's records, never by looking whether this
    header happens to have no other lines: that would tell of lines that are hidden.
    """
    tests = [sql("{} = any({})", literal(group), SCOPE.cell("tokens"))] if group else []
    return [*tests, *unlimited()] if access and access.whole else tests


def unlimited() -> list[Fragment]:
    """A scope of all items, all sites and all days."""
    every = sql("{}::uuid", literal(str(ALL)))
    keys = [sql("{} = {}", SCOPE.cell(key), every) for key in ("item_key", "site_key")]
    return keys + [sql("{} is null", SCOPE.cell(days)) for days in ("days_back", "days_ahead")]


def in_force() -> Fragment:
    """A scope is live from its start up to, not including, its end."""
    until = SCOPE.cell("valid_until")
    return sql("{} <= {} and ({} is null or {} > {})", SCOPE.cell("valid_from"), NOW, until, until, NOW)


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
    cell = SCOPE.cell
    return sql(
        "{} as materialized (select {} as owner, {} as of_item, {} as of_site, {} as tokens,"
        " {} - coalesce({}, 1000000) as first_day, {} + coalesce({}, 1000000) as last_day,"
        " {} as unlimited, {} as rule, {} as valid_until, {} as grantee, {} as hidden"
        " from {} where {} = {} and {} = {} and {})",
        live_scopes(kind), cell("owner"), cell("item_key"), cell("site_key"), cell("tokens"),
        TODAY, cell("days_back"), TODAY, cell("days_ahead"), all_of(unlimited()),
        cell("rule_id"), cell("valid_until"), cell("grantee"), cell("hidden_parties"),
        SCOPE.source(), cell("owner" if granted_by_me else "grantee"), ME, cell("kind"), literal(kind), in_force(),
    )  # fmt: skip


def kinds_asked(fragment: Fragment) -> list[str]:
    """The kinds whose live scopes a fragment reads, sorted."""
    return sorted({part.kind for part in fragment.parts if isinstance(part, Live)})


def with_scopes(fragment: Fragment, *, granted_by_me: bool = False) -> Fragment:
    """The fragment behind the common table expressions it needs."""
    tables = [scope_table(kind, granted_by_me=granted_by_me) for kind in kinds_asked(fragment)]
    return sql("with {} {}", join(", ", tables), fragment) if tables else fragment


def listed_scopes(alias: str) -> Fragment:
    """The scopes that may cover lines of one header, as ``scopes_of_list`` found them."""
    return Fragment((Relation(f"scopes_{alias}", "s", Seal.INSIDE),))


def scopes_of_list(alias: str, bits: Fragment, alike: Fragment) -> Fragment:
    """The common table expression behind ``listed_scopes``: what their ``bits`` are, and what each line compares."""
    compared = [SCOPE.cell(column) for column in ("item_key", "site_key", "days_back", "days_ahead")]
    return sql(
        "{} as materialized (select {} as bits, {} from {} where {})",
        Fragment((f'"scopes_{alias}"',)), bits, join(", ", compared), SCOPE.source(), alike,
    )  # fmt: skip


def reaches(piece: Row) -> Fragment:
    """Whether a live scope of the viewer covers a piece of evidence."""
    return all_of([*granted_to_me(), *spans(piece)])


def granted_to_me() -> list[Fragment]:
    """A scope that is the viewer's and live."""
    return [sql("{} = {}", SCOPE.cell("grantee"), ME), in_force()]


def spans(piece: Row) -> list[Fragment]:
    """``covers``, with the kind of rule in the row."""
    every = sql("{}::uuid", literal(str(ALL)))
    first = sql("{} - coalesce({}, 1000000)", TODAY, SCOPE.cell("days_back"))
    last = sql("{} + coalesce({}, 1000000)", TODAY, SCOPE.cell("days_ahead"))
    return [
        sql("{} = {}", SCOPE.cell("kind"), piece.cell("rule_kind")),
        sql("{} = {}", SCOPE.cell("owner"), piece.cell("owner_id")),
        sql("{} = any (array[{}, {}])", SCOPE.cell("item_key"), every, piece.cell("item_id")),
        sql("{} = any (array[{}, {}])", SCOPE.cell("site_key"), every, piece.cell("site_id")),
        sql("({} is null or {} between {} and {})", piece.cell("day"), piece.cell("day"), first, last),
        sql("({} && {}) is not true", piece.cell("seen_by"), SCOPE.cell("hidden_parties")),
    ]
