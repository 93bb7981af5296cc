"""Tells those concerned that what they may see has changed, in the transaction that changed it.

acme closes a rule that opened orders to dyna. The scopes before and after are compared, and one event goes into the
outbox: ACCESS NARROWED, by acme, for dyna only. Rules ride in the same log as changes, so whatever has a later number
is judged after it, everywhere. Nothing is protected by this: every statement reads the scopes itself.
Scopes that have not begun or have ended are not spoken of; ``sweep`` tells when one begins or ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.feed.log import ACCESS, NARROWED, WIDENED, Event
from scmhub.sharing.lens import Lens

MOST_TOLD = 200
"""Closed scopes an event lists, so that receivers learn which records went; beyond it they read all anew."""
CLOSED = ("grantee", "kind", "item", "site", "days_back", "days_ahead", "hidden_parties")
"""What an event says of a closed scope, in this order."""
_FOR = "for:"
SLACK = timedelta(seconds=5)
"""How far the sweep may be behind, and a transaction's instant before its commit: better told twice than never."""
_SCOPES = f"""
select {", ".join(f"s.{name}" for name in CLOSED)}, s.tokens, s.purposes
from scope s where s.owner = $1 and (s.rule_id = $2 or s.grantee = $3)
  and s.valid_from <= $4 and (s.valid_until is null or s.valid_until > $5)
"""


class _Scope(NamedTuple):
    """What a scope opens, apart from its identity."""

    grantee: UUID
    kind: str
    item: UUID | None
    site: UUID | None
    days_back: int | None
    days_ahead: int | None
    hidden_parties: tuple[UUID, ...]
    tokens: tuple[str, ...]
    purposes: tuple[str, ...]


@asynccontextmanager
async def announcing(
    unit: Unit, owner: UUID, *, rule: UUID | None = None, grantee: UUID | None = None, kinds: set[str] | None = None
) -> AsyncIterator[None]:
    """Compare the scopes of one rule, or of one owner and grantee, before and after the block; tell the difference.

    ``kinds``: nothing is told of other kinds; read after the block.
    """
    before = await _scopes(unit, (owner, rule, grantee), begun=unit.now, unended=unit.now - SLACK)
    yield
    after = await _scopes(unit, (owner, rule, grantee), begun=unit.now + SLACK, unended=unit.now)
    for direction, scopes in ((NARROWED, _beyond(before, after)), (WIDENED, _beyond(after, before))):
        _tell(unit, owner, direction, {each for each in scopes if kinds is None or each.kind in kinds})


async def _scopes(
    unit: Unit, of: tuple[UUID, UUID | None, UUID | None], *, begun: datetime, unended: datetime
) -> set[_Scope]:
    rows = await unit.rows(_SCOPES, *of, begun, unended)
    return {
        _Scope(
            **{name: row[name] for name in CLOSED}
            | {"hidden_parties": tuple(row["hidden_parties"] or ()), "tokens": tuple(sorted(row["tokens"]))}
            | {"purposes": tuple(sorted(row["purposes"] or ()))}
        )
        for row in rows
    }


def _beyond(these: set[_Scope], those: set[_Scope]) -> set[_Scope]:
    """Those of ``these`` that open something no scope of ``those`` does: not the same one with as little hidden."""
    known: defaultdict[_Scope, list[set[UUID]]] = defaultdict(list)
    for each in those:
        known[each._replace(hidden_parties=())].append(set(each.hidden_parties))
    return {
        each for each in these - those
        if not any(hidden <= set(each.hidden_parties) for hidden in known[each._replace(hidden_parties=())])
    }  # fmt: skip


def _tell(unit: Unit, owner: UUID, direction: str, scopes: set[_Scope]) -> None:
    """One event per kind of record and set of purposes: for all grantees concerned and for nobody else."""
    for kind, purposes in sorted({(each.kind, each.purposes) for each in scopes}):
        told = sorted((each for each in scopes if (each.kind, each.purposes) == (kind, purposes)), key=str)
        unit.change(
            ACCESS, direction, owner, owner, changed=about(kind, purposes),
            was=closed(direction, [each[: len(CLOSED)] for each in told]),
            only_for=sorted({each.grantee for each in told}),
        )  # fmt: skip


def about(kind: str, purposes: Iterable[str] | None) -> list[str]:
    """What an event says it is about: a kind of rule and, if the scopes have them, their purposes."""
    return [kind, *(f"{_FOR}{each}" for each in sorted(purposes or ()))]


def concerns(event: Event, lens: Lens) -> bool:
    """Whether the scopes an event speaks of may be open to this lens: it reads for one of their purposes."""
    if lens.purposes is None:
        return True
    purposes = {each.removeprefix(_FOR) for each in event.changed if each.startswith(_FOR)}
    return not purposes or not purposes.isdisjoint(lens.purposes)


def closed(direction: str, scopes: Sequence[Sequence[Any]]) -> dict[str, Any] | None:
    """What an event tells of scopes (values in the order of CLOSED): those that closed, if they are not too many."""
    return {"scopes": scopes} if direction == NARROWED and 0 < len(scopes) <= MOST_TOLD else None
