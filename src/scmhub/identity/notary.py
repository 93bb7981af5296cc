"""Signs where the audit trail stands, once an hour: whoever rewrites it later no longer passes through these places."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database
from scmhub.feed import audit
from scmhub.identity.keys import KeyRing

EVERY = timedelta(hours=1)


def notary(database: Database, ring: Callable[[], KeyRing]) -> Callable[[Any, datetime], Awaitable[bool]]:
    """A chore of the pump, so that one replica does it."""
    signed_at: datetime | None = None

    async def sign(_connection: Any, now: datetime) -> bool:
        nonlocal signed_at
        if signed_at is not None and now - signed_at < EVERY:
            return False
        signed_at = now
        async with database.unit(HUB_PARTNER, "hub", lambda: now) as unit:
            await audit.checkpoint(unit, ring().active)
        return True

    return sign
