"""Why: the policy of a statement, asked for its reasons instead of its rows.

bolt asks why it sees acme's order: the scopes that cover it are *selected* with the very conditions a page tests them
by (``Owned.scoped``). acme asks why cargo does not: the same conditions are asked of scopes opened step by step (in
sites and days, in days, as they are); the first step at which nothing covers the row names what is missing. There is no
second evaluator of policy that could disagree with the first.
"""

from __future__ import annotations

from collections.abc import Iterable

from scmhub.database.fragment import Bind, Fragment, all_of, any_of, join, literal, sql
from scmhub.sharing.access import OWNER_ONLY, PARTY, Access
from scmhub.sharing.asking import MOST_ROWS, OTHER, RECORD, card_of, finish, kept
from scmhub.sharing.directory import Directory
from scmhub.sharing.limits import PURPOSES, Governed
from scmhub.sharing.policy import Owned
from scmhub.sharing.precision import as_band
from scmhub.sharing.rows import ME, NOW, Policy, Row, Scoped
from scmhub.sharing.scopes import ALL, live_scopes

STEPS = ("ITEM", "SITE", "WINDOW", "RELATIONSHIP", "FIELD", "COVERS")
"""What is missing when so many of the steps from an opened scope back to the real one still cover the row."""


# -- the scopes that cover a row ---------------------------------------------------------------------------------------


def covering(policy: Policy, table: str, key: Fragment | Bind, scopes: Fragment | None = None) -> Fragment | None:
    """``select rule, owner, grantee, tokens, unlimited, valid_until, step`` of the scopes that cover a row.

    None if rules cannot open such rows. ``scopes`` stands in for the live scopes and yields their columns and ``step``.
    """
    shapes = policy.scoped(table, "c")
    if not shapes:
        return None
    return join(" union ", [_of_shape(each, key, scopes) for each in shapes])


def _of_shape(shape: Scoped, key: Fragment | Bind, scopes: Fragment | None) -> Fragment:
    source = scopes if scopes is not None else sql("(select k.*, 0 as step from {} k)", shape.scopes)
    return sql(
        "select s.rule, s.owner, s.grantee, s.tokens, s.unlimited, s.valid_until, s.step"
        " from {} s join {} on {} where {} = {}",
        source, shape.row.source(), all_of([shape.gate, shape.condition]), shape.row.cell(shape.key), key,
    )  # fmt: skip


@kept
def reasons(policy: Policy, table: str, access: Access) -> Governed:
    """Why the viewer sees row ``record``: one row per covering scope (or one without), none if it does not see it.

    Columns: ``sides`` (on which sides of the row it stands, in the order of ``sides_of``), ``exact`` (whether a field
    of ``access`` is shown), ``banded`` (whether only its band is), then of the scope ``rule``, its owner's card,
    ``tokens``, ``unlimited``, ``valid_until``.
    """
    row = Row(policy, table, "t1")
    sides = join(", ", [branch.condition for branch in policy.mine(row)])
    exact = policy.granted(row, access) or sql("true")
    band = policy.granted(row, as_band(access)) if access.bands else None
    owner, card = card_of("p")
    scopes = covering(policy, table, row.cell("id")) or _NO_SCOPES
    reason = sql(
        "select distinct c.rule, c.tokens, c.unlimited, c.valid_until, {} from ({}) c join {} on {} = c.owner",
        card, scopes, owner.source(), owner.cell("id"),
    )  # fmt: skip
    return finish(
        sql(
            "select array[{}] as sides, coalesce({}, false) as exact, coalesce({}, false) as banded, r.*"
            " from {} left join lateral ({}) r on true where {} = {} and {}"
            " order by r.code, r.rule limit {}",
            sides, exact, band or sql("false"), row.source(), reason, row.cell("id"), RECORD, policy.visible(row),
            MOST_ROWS,
        )
    )  # fmt: skip


_NO_SCOPES = sql(
    "select null::uuid as rule, null::uuid as owner, null::uuid as grantee, null::text[] as tokens,"
    " null::bool as unlimited, null::timestamptz as valid_until, 0 as step where false"
)


def sides_of(policy: Policy) -> list[str]:
    """The sides a viewer can stand on, owner first."""
    return [branch.side for branch in policy.mine(Row(policy, "", "t1"))]


# -- who else ----------------------------------------------------------------------------------------------------------


@kept
def viewers(policy: Policy, table: str) -> Governed:
    """Who else sees row ``record`` of the viewer's own: parties by column ``side``, grantees by rule."""
    row = Row(policy, table, "t1")
    own = policy.mine(row)[0].condition
    found = join(" union ", [*_parties(policy, row), *_grantees(policy, table, row)])
    return finish(
        sql(
            "select v.* from {} cross join lateral ({}) v where {} = {} and {}"
            " order by v.code, v.side, v.rule limit {}",
            row.source(), found, row.cell("id"), RECORD, own, MOST_ROWS,
        ),
        granted_by_me=True,
    )  # fmt: skip


def _parties(policy: Policy, row: Row) -> Iterable[Fragment]:
    """Partners that stand on a side of the row. A relationship shows each partner to the other, so it is a mirror."""
    partner, card = card_of("p")
    tail = sql("null::uuid as rule, null::text[] as tokens, null::timestamptz as valid_until")
    if isinstance(policy, Directory):
        others = all_of([sql("{} <> {}", partner.cell("id"), ME), policy.visible(partner)])
        return [sql("select {}, 'related' as side, {} from {} where {}", card, tail, partner.source(), others)]
    return [
        sql(
            "select {}, {} as side, {} from {} where {} = {} and {} <> {}",
            card, literal(branch.side), tail, partner.source(), partner.cell("id"), row.cell(branch.side),
            partner.cell("id"), ME,
        )
        for branch in policy.mine(row)[1:]
        if branch.side
    ]  # fmt: skip


def _grantees(policy: Policy, table: str, row: Row) -> Iterable[Fragment]:
    partner, card = card_of("p")
    scopes = covering(policy, table, row.cell("id")) or _NO_SCOPES
    return [
        sql(
            "select {}, '' as side, c.rule, c.tokens, c.valid_until from ({}) c join {} on {} = c.grantee",
            card, scopes, partner.source(), partner.cell("id"),
        )
    ]  # fmt: skip


# -- why not -----------------------------------------------------------------------------------------------------------


@kept
def verdicts(policy: Policy, table: str, kind: str, access: Access) -> Governed:
    """Per rule of the viewer: the first condition that keeps partner ``other`` from row ``record``, nearest miss first.

    Columns ``rule``, ``verdict``. The viewer must own the record; a scope opened in every dimension asks only that.
    """
    rule = Row(Owned(owner="owner_id"), "sharing_rule", "r")
    reached = covering(policy, table, RECORD, _opened(kind, access))
    assert reached is not None
    step = sql("(select max(c.step) from ({}) c where c.rule = {})", reached, rule.cell("id"))
    steps = join(", ", [literal(each) for each in STEPS])
    verdict = sql(
        "case when {} <> 'ACTIVE' then 'STATE' when {} > {} or {} <= {} then 'VALIDITY' when {} <> {} then 'KIND'"
        " when {} <> {} then 'GRANTEE' when ({}::text[] && {}) is false then 'PURPOSE'"
        " when not exists (select from {} k where k.rule = {} and k.grantee = {}) then 'RELATIONSHIP'"
        " else (array[{}])[1 + coalesce({}, 0)] end",
        rule.cell("state"), rule.cell("valid_from"), NOW, rule.cell("valid_until"), NOW,
        rule.cell("kind"), literal(kind), rule.cell("grantee_id"), OTHER, rule.cell("purposes"), PURPOSES,
        live_scopes(kind), rule.cell("id"), OTHER,
        steps, step,
    )  # fmt: skip
    ranks = sql("array['STATE', 'KIND', 'GRANTEE', 'VALIDITY', 'PURPOSE', 'RELATIONSHIP', {}]", steps)
    order = sql("array_position({}, v.verdict) desc", ranks)
    return finish(
        sql(
            "select v.* from (select {} as rule, {} as verdict from {} where {}) v order by {}, v.rule desc limit {}",
            rule.cell("id"), verdict, rule.source(), rule.policy.visible(rule), order, MOST_ROWS,
        ),
        granted_by_me=True,
    )  # fmt: skip


def _opened(kind: str, access: Access) -> Fragment:
    """Scopes granted to ``other``, five times each: open in sites and days; in days; in parties; as they are; if they
    carry the field. Which party of the record it is kept apart from is said to nobody: RELATIONSHIP.
    """
    every = sql("{}::uuid", literal(str(ALL)))
    if access.group:
        names = [access.group, *([as_band(access).group or ""] if access.bands else [])]
        named = any_of(sql("{} = any(k.tokens)", literal(name)) for name in names)
        carries = sql("{} and (k.unlimited or {})", named, _either_way(access))
    else:
        closed = access.name in (PARTY.name, OWNER_ONLY.name)
        carries = sql("false") if closed else sql("k.unlimited or {}", _either_way(access))
    return sql(
        "(select k.rule, k.owner, k.grantee, k.tokens, k.unlimited, k.valid_until, k.of_item, n.step,"
        " case when n.step < 2 then {} else k.of_site end as of_site,"
        " case when n.step < 3 then '-infinity' else k.first_day end as first_day,"
        " case when n.step < 3 then 'infinity' else k.last_day end as last_day,"
        " case when n.step < 4 then null else k.hidden end as hidden"
        " from {} k cross join generate_series(1, 5) n(step) where k.grantee = {} and (n.step < 5 or {}))",
        every, live_scopes(kind), OTHER, carries,
    )  # fmt: skip


def _either_way(access: Access) -> Fragment:
    return sql("false") if access.whole else sql("true")


# -- the whole of what is open -----------------------------------------------------------------------------------------


@kept
def matrix(kind: str) -> Governed:
    """Which partner has which field group of the viewer's records open: its card, ``token``, ``rules``, ``until``."""
    partner, card = card_of("p")
    opened = sql(
        "select k.grantee, w.token, array_agg(distinct k.rule order by k.rule) as rules,"
        " case when bool_or(k.valid_until is null) then null else max(k.valid_until) end as until"
        " from {} k cross join lateral unnest(k.tokens) w(token) group by k.grantee, w.token",
        live_scopes(kind),
    )
    return finish(
        sql(
            "select {}, o.token, o.rules, o.until from ({}) o join {} on {} = o.grantee order by 2, 4 limit {}",
            card, opened, partner.source(), partner.cell("id"), MOST_ROWS,
        ),
        granted_by_me=True,
    )  # fmt: skip


@kept
def opened(kinds: tuple[str, ...], *, by_me: bool) -> Governed:
    """What is open by rules between the viewer and others: card of the other side, ``kind``, ``tokens``, ``until``.

    ``by_me``: what the viewer opens; else what is opened to it. One row per partner and kind, whatever the number of
    rules, items, sites and windows: those would tell what a rule leaves out.
    """
    partner, card = card_of("p")
    side = Fragment(("grantee" if by_me else "owner",))
    each = [
        sql(
            "select {} as kind, k.{} as other, array_agg(distinct w.token order by w.token)"
            " filter (where w.token is not null) as tokens,"
            " case when bool_or(k.valid_until is null) then null else max(k.valid_until) end as until"
            " from {} k left join lateral unnest(k.tokens) w(token) on true group by 2",
            literal(kind), side, live_scopes(kind),
        )
        for kind in kinds
    ]  # fmt: skip
    return finish(
        sql(
            "select {}, o.kind, coalesce(o.tokens, array[]::text[]) as tokens, o.until"
            " from ({}) o join {} on {} = o.other order by 2, o.kind",
            card, join(" union all ", each), partner.source(), partner.cell("id"),
        ),
        granted_by_me=by_me,
    )  # fmt: skip
