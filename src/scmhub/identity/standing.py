"""Who lost the right to call: revoked tokens, credentials, suspended integrations and partners, and the keys in force.

acme revokes a leaked secret on one replica. Every other one reads this list at most a second later, before it answers
its next request, and tokens issued for that secret stop there. A replica that cannot read it for ten seconds answers
nobody: it may have missed that somebody lost a right.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from scmhub.errors import HubError, ServiceUnavailable
from scmhub.identity.keys import KeyRing
from scmhub.identity.viewer import Viewer

FRESH_SECONDS = 1.0
STALE_SECONDS = 10.0
LONGEST_TOKEN = timedelta(days=31)
"""No token lives longer: what was revoked before then need not be remembered."""
logger = logging.getLogger(__name__)

_READ = """
select coalesce((select h.seq from audit_head h), 0) as changes,
  array(select r.token_id from revoked_token r where r.until > $1) as tokens,
  array(select c.id from credential c where c.revoked_at > $2) as credentials,
  array(select 'integration:' || i.id from integration i where i.state <> 'ACTIVE') as subjects,
  array(select p.id from partner p where p.status <> 'ACTIVE') as partners
"""


@dataclass(frozen=True, slots=True)
class Barred:
    """What may not call any more. ``changes`` is the number of the newest security change."""

    changes: int = 0
    tokens: frozenset[str] = frozenset()
    credentials: frozenset[UUID] = frozenset()
    subjects: frozenset[str] = frozenset()
    partners: frozenset[UUID] = frozenset()

    def holds(self, viewer: Viewer) -> bool:
        return (
            viewer.token_id in self.tokens
            or viewer.credential_id in self.credentials
            or viewer.subject in self.subjects
            or viewer.lens.partner_id in self.partners
        )


async def read_barred(rows: Callable[..., Awaitable[list[Any]]], now: datetime) -> Barred:
    """The list as it stands in the database."""
    [row] = await rows(_READ, now, now - LONGEST_TOKEN)
    return Barred(
        row["changes"], frozenset(row["tokens"]), frozenset(row["credentials"]), frozenset(row["subjects"]),
        frozenset(row["partners"]),
    )  # fmt: skip


class Standing:
    """The list and the ring as this process knows them, at most a second old whenever ``current`` returns."""

    def __init__(
        self,
        ring: KeyRing,
        read: Callable[[], Awaitable[Barred]],
        reload_ring: Callable[[], Awaitable[KeyRing]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``reload_ring`` is asked whenever a security change may have been one of the keys."""
        self.ring = ring
        self._read = read
        self._reload_ring = reload_ring
        self._monotonic = monotonic
        self._barred = Barred()
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Barred:
        """The list, read again if it is older than a second; ServiceUnavailable if it is older than ten."""
        if self._is_fresh():
            return self._barred
        async with self._lock:
            if not self._is_fresh():
                await self._refresh()
        return self._barred

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._monotonic() - self._read_at < FRESH_SECONDS

    async def _refresh(self) -> None:
        asked_at = self._monotonic()
        try:
            found = await self._read()
            if self._reload_ring is not None and found.changes != self._barred.changes:
                self.ring = await self._reload_ring()
        except (HubError, OSError) as error:
            if self._read_at is None or self._monotonic() - self._read_at > STALE_SECONDS:
                raise ServiceUnavailable from error
            logger.warning("the list of revocations could not be read; the one before is used: %s", error)
            return
        self._barred, self._read_at = found, asked_at
