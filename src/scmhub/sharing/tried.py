"""What a rule would do: over many of the owner's rows at once, while the rule is tried in a transaction taken back."""

from __future__ import annotations

from scmhub.database.fragment import Fragment, all_of, join, sql
from scmhub.sharing.access import Access
from scmhub.sharing.asking import MOST, RECORD, RECORDS, finish, kept
from scmhub.sharing.limits import Governed
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import ME, Policy, Row


@kept
def opened_rows(policy: Policy, table: str) -> Governed:
    """Keys of the viewer's own rows that its rule ``record`` covers for anyone, newest first, at most ``most``."""
    parts = []
    for shape in policy.scoped(table, "c"):
        scopes = sql(
            "(select distinct k.owner, k.of_item, k.of_site, k.first_day, k.last_day, k.hidden from {} k"
            " where k.rule = {})",
            shape.scopes, RECORD,
        )  # fmt: skip
        parts.append(
            sql(
                "select {} as id from {} s join {} on {}",
                shape.row.cell(shape.key), scopes, shape.row.source(), all_of([shape.gate, shape.condition]),
            )
        )  # fmt: skip
    rows = sql("select u.id from ({}) u order by u.id desc limit {}", join(" union ", parts), MOST)
    return finish(rows, granted_by_me=True)


@kept
def counts(policy: Policy, table: str, accesses: tuple[Access, ...]) -> Governed:
    """Of the rows ``records``: how many the viewer sees, in how many each access is granted, five it does not see.

    Columns ``visible``, ``granted`` (bigint[] in the order of ``accesses``), ``unseen`` (uuid[], newest first).
    """
    row = Row(policy, table, "t1")
    flags = [policy.granted(row, access) or sql("true") for access in accesses]
    names = [Fragment((f"g{n}",)) for n in range(len(flags))]
    columns = join("", [sql(", {} as {}", flag, name) for flag, name in zip(flags, names, strict=True)])
    totals = join(", ", [sql("count(*) filter (where j.seen and j.{})", name) for name in names])
    return finish(
        sql(
            "select count(*) filter (where j.seen) as visible, array[{}]::bigint[] as granted,"
            " (array_agg(j.id order by j.id desc) filter (where not j.seen))[1:5] as unseen"
            " from (select {} as id, coalesce({}, false) as seen{} from {} where {} = any({})) j",
            totals, row.cell("id"), policy.visible(row), columns, row.source(), row.cell("id"), RECORDS,
        )
    )  # fmt: skip


@kept
def parties_of(policy: Owned, table: str) -> Governed:
    """The partners that stand on a side of any of the viewer's own rows ``records``, besides the viewer."""
    row = Row(policy, table, "t1")
    columns = join(", ", [row.cell(side) for side in (policy.owner, *policy.parties)])
    return finish(
        sql(
            "select distinct q.key from {} cross join lateral unnest(array[{}]) q(key) where {} = any({}) and {}"
            " and q.key <> {}",
            row.source(), columns, row.cell("id"), RECORDS, policy.mine(row)[0].condition, ME,
        )
    )  # fmt: skip
