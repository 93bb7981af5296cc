"""What a block pair does at once: scopes narrow or widen for both partners, whoever granted them, and they are told.

dyna keeps itself apart from its rival fuji. acme buys from both and shares orders with each: in the same transaction
acme's scopes for dyna hide what fuji is a party to, and the other way round. acme's own sight does not change, and
nobody but dyna learns why: the change comes as any change of access does, and only where it takes or gives a record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

from scmhub.database.fragment import Bind, any_of, sql
from scmhub.database.unit import Unit
from scmhub.sharing import asking
from scmhub.sharing.announce import announcing
from scmhub.sharing.expansion import hold_all_sharing, realign
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import ME, Policy, Row
from scmhub.sharing.tables import BlockPairTable

_OWNER = Bind(("owner",), "uuid", lambda asked: asked.record)


class Seam(NamedTuple):
    """Where a pair bears on what is shared: the scopes of ``owner`` for ``grantee``, because of ``other``."""

    owner: UUID
    grantee: UUID
    other: UUID


Touched = Callable[[Unit, Seam], Awaitable[set[str]]]
"""Rule kinds of which the grantee sees by rules, at this moment, a record of the owner's with the other as a party."""


async def pair_changes(unit: Unit, pair: BlockPairTable, touched: Touched) -> None:
    """Write a pair that was set or lifted, and bring the scopes it bears on in line, in this transaction."""
    await hold_all_sharing(unit)
    seams = await _seams(unit, pair)
    before = [await _told(unit, each, touched) for each in seams]
    unit.session.add(pair)
    await unit.session.flush()
    for each, kinds in zip(seams, before, strict=True):
        async with unit.acting_for(each.owner), announcing(unit, each.owner, grantee=each.grantee, kinds=kinds):
            await realign(unit, each.owner, each.grantee)
            if kinds is not None:
                kinds |= await touched(unit, each)


async def _told(unit: Unit, seam: Seam, touched: Touched) -> set[str] | None:
    """The kinds to be told of; None: all, as between the two of a pair everything closes or opens."""
    if seam.owner == seam.other:
        return None
    async with unit.acting_for(seam.owner):
        return await touched(unit, seam)


async def _seams(unit: Unit, pair: BlockPairTable) -> list[Seam]:
    """Between the two, and from every other partner that shares anything with either."""
    found: list[Seam] = []
    for grantee, other in ((pair.one_id, pair.other_id), (pair.other_id, pair.one_id)):
        async with unit.acting_for(grantee):
            rows = await unit.rows("select distinct s.owner from scope s where s.grantee = $1", grantee)
        owners = {row["owner"] for row in rows} | {other}
        found += [
            Seam(owner, grantee, other) for owner in sorted(owners)
            if not pair.own_records_only or owner == pair.owner_id
        ]  # fmt: skip
    return found


@asking.kept
def reaches(policy: Owned, table: str) -> Governed:
    """Whether the viewer sees by rules a row of partner ``record`` that partner ``other`` is a party to."""
    row = Row(policy, table, "t1")
    named = any_of(sql("{} = {}", row.cell(side), asking.OTHER) for side in policy.parties)
    mine = any_of(sql("{} is not distinct from {}", row.cell(side), ME) for side in policy.parties)
    return asking.finish(
        sql(
            "select exists (select from {} where {} = {} and {} and not {} and {}) as found",
            row.source(), row.cell(policy.owner), _OWNER, named, mine, policy.visible(row),
        )
    )  # fmt: skip


async def sees(unit: Unit, policy: Policy, table: str, seam: Seam) -> bool:
    """``reaches`` for the grantee of a seam; the unit acts for its owner."""
    if not isinstance(policy, Owned) or not policy.parties:
        return False
    statement = reaches(policy, table)
    asked = asking.Asked(Lens(seam.grantee), unit.now, record=seam.owner, other=seam.other)
    [row] = await unit.rows(*statement.asked(asked))
    return bool(row["found"])
