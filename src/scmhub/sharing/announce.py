"""Tells those concerned that what they may see has changed, in the transaction that changed it.

acme closes a rule that opened orders to dyna. The scopes before and after are compared, and one event goes into the
outbox: ACCESS NARROWED, by acme, for dyna only. Rules ride in the same log as changes, so whatever has a later number
is judged after it, everywhere. Nothing is protected by this: every statement reads the scopes itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.feed.log import ACCESS

NARROWED, WIDENED = "NARROWED", "WIDENED"
MOST_TOLD = 200
"""Closed scopes an event lists, so that receivers learn which records went; beyond it they read all anew."""
_SCOPES = """
select s.grantee, s.kind, s.item, s.site, s.days_back, s.days_ahead, s.valid_from, s.valid_until, s.tokens
from scope s where s.owner = $1 and (s.rule_id = $2 or s.grantee = $3)
"""


class _Scope(NamedTuple):
    """What a scope opens, apart from its identity."""

    grantee: UUID
    kind: str
    item: UUID | None
    site: UUID | None
    days_back: int | None
    days_ahead: int | None
    valid_from: object
    valid_until: object
    tokens: tuple[str, ...]


@asynccontextmanager
async def announcing(
    unit: Unit, owner: UUID, *, rule: UUID | None = None, grantee: UUID | None = None
) -> AsyncIterator[None]:
    """Compare the scopes of one rule, or of one owner and grantee, before and after the block; tell the difference."""
    before = await _scopes(unit, owner, rule, grantee)
    yield
    after = await _scopes(unit, owner, rule, grantee)
    _tell(unit, owner, NARROWED, before - after)
    _tell(unit, owner, WIDENED, after - before)


async def _scopes(unit: Unit, owner: UUID, rule: UUID | None, grantee: UUID | None) -> set[_Scope]:
    rows = await unit.rows(_SCOPES, owner, rule, grantee)
    return {
        _Scope(**{**{name: row[name] for name in _Scope._fields}, "tokens": tuple(sorted(row["tokens"]))})
        for row in rows
    }


def _tell(unit: Unit, owner: UUID, direction: str, scopes: set[_Scope]) -> None:
    """One event per kind of record: for all grantees concerned and for nobody else."""
    for kind in sorted({each.kind for each in scopes}):
        told = sorted((each for each in scopes if each.kind == kind), key=str)
        closed = [each[:6] for each in told] if direction == NARROWED and len(told) <= MOST_TOLD else None
        unit.change(
            ACCESS, direction, owner, owner, changed=[kind], was={"scopes": closed} if closed else None,
            only_for=sorted({each.grantee for each in told}),
        )  # fmt: skip
