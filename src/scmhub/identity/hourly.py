"""What the hub itself does about callers once an hour: it signs the audit trail, and ends secrets that nobody uses.

Both are chores of the pump, so that one replica does them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database
from scmhub.feed import audit
from scmhub.identity import integrations
from scmhub.identity.clients import UNUSED, unused_since
from scmhub.identity.keys import KeyRing

EVERY = timedelta(hours=1)
ACTOR = "hub"
Chore = Callable[[Any, datetime], Awaitable[bool]]

_UNUSED = f"""
select distinct c.partner_id from credential c where {UNUSED} and c.revoked_at is null and c.expires_at > $2
"""


def notary(database: Database, ring: Callable[[], KeyRing]) -> Chore:
    """Signs where the audit trail stands: whoever rewrites it later no longer passes through these places."""

    async def sign(now: datetime) -> None:
        async with database.unit(HUB_PARTNER, ACTOR, lambda: now) as unit:
            await audit.checkpoint(unit, ring().active)

    return _hourly(sign)


def warden(database: Database) -> Chore:
    """Suspends secrets that proved nothing for so long that they must be lying about somewhere."""

    async def lapse(now: datetime) -> None:
        for row in await database.read.rows(_UNUSED, unused_since(now), now):
            async with database.unit(row["partner_id"], ACTOR, lambda: now) as unit:
                await integrations.end_unused(unit)

    return _hourly(lapse)


def _hourly(work: Callable[[datetime], Awaitable[None]]) -> Chore:
    """Once an hour; what fails is tried again at the next turn."""
    done_at: datetime | None = None

    async def chore(_connection: Any, now: datetime) -> bool:
        nonlocal done_at
        if done_at is not None and now - done_at < EVERY:
            return False
        await work(now)
        done_at = now
        return True

    return chore
