"""Validity told at its instants: a scope that begins or ends, and at midnight the windows of days that moved.

acme's rule for dyna ends on Friday at noon. No statement opens anything by it from that instant on; the sweep is what
tells dyna. It runs beside the pump, under the pump's lock, from where it last ended to now: once per cluster, and not
less because the hub was down over noon.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson

from scmhub.feed.log import ACCESS, NARROWED, WIDENED, WINDOW
from scmhub.ids import new_id
from scmhub.sharing.announce import CLOSED, about, closed

ACTOR = "hub"
STEP = timedelta(minutes=1)
"""The place reached is written down this often when there was nothing to tell."""
_BEGUN = """
select s.id, s.owner, s.kind, s.grantee, s.purposes, s.valid_from as at from scope s
where s.valid_from > $1 and s.valid_from <= $2 and (s.valid_until is null or s.valid_until > $2)
"""
_ENDED = f"""
select s.owner, s.valid_until as at, s.purposes, {", ".join(f"s.{name}" for name in CLOSED)} from scope s
where s.valid_until > $1 and s.valid_until <= $2
"""
_MOVED = """
select distinct s.owner, s.kind, s.grantee, s.purposes from scope s
where (s.days_back is not null or s.days_ahead is not null)
  and s.valid_from <= $1 and (s.valid_until is null or s.valid_until > $1)
"""
_TELL = """
insert into change_outbox (event_id, at, kind, action, record_id, owner_id, parties, changed, actor, was, only_for)
values ($1, $2, $3, $4, $5, $5, '{}', $6, $7, $8, $9)
"""


async def sweep(connection: asyncpg.Connection, now: datetime) -> bool:
    """Tell what began, ended or moved since the last sweep; whether there was anything. In one transaction."""
    swept = await connection.fetchval("select h.swept_at from change_head h")
    if swept is None or now <= swept:
        return False
    begun = await connection.fetch(_BEGUN, swept, now)
    # A scope made after its beginning was told when it was made.
    begun = [row for row in begun if row["id"] < new_id(row["at"], 0)]
    ended = await connection.fetch(_ENDED, swept, now)
    moved = await connection.fetch(_MOVED, now) if swept.date() != now.date() else []
    for direction, rows in ((WIDENED, begun), (NARROWED, ended), (WINDOW, moved)):
        await _tell(connection, direction, rows, now)
    found = bool(begun or ended or moved)
    if found or now - swept >= STEP or swept.date() != now.date():
        await connection.execute("update change_head set swept_at = $1", now)
    return found


async def _tell(connection: asyncpg.Connection, direction: str, rows: Iterable[Any], now: datetime) -> None:
    """One event for each owner, kind, purposes and instant, for the grantees concerned and nobody else."""
    groups: defaultdict[tuple[datetime, UUID, tuple[str, ...]], list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.get("at", now), row["owner"], tuple(about(row["kind"], row["purposes"]))].append(row)
    for (at, owner, said), told in sorted(groups.items(), key=str):
        scopes = [[row.get(name) for name in CLOSED] for row in told]
        was = closed(direction, scopes)
        await connection.execute(
            _TELL, new_id(now), at, ACCESS, direction, owner, list(said), ACTOR,
            orjson.dumps(was, default=str).decode() if was else None, sorted({row["grantee"] for row in told}),
        )  # fmt: skip
