"""Which replica works for which webhook: whoever holds its lock, and the lock lives as long as a connection.

Each replica holds one connection to PostgreSQL for advisory locks. A replica that is killed loses it, and with it its
locks; another finds them free at its next look. A replica that loses only the connection sends its couriers home at
once. There is no lease to expire and no clock to trust.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.errors import HubError
from scmhub.feed.log import HUB, Event
from scmhub.feed.timers import pause, within
from scmhub.graph.transport.metrics import Gauge
from scmhub.identity.barring import IDENTITY
from scmhub.identity.roles import Role, permitted
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.webhooks.commands import WEBHOOK
from scmhub.webhooks.courier import Courier
from scmhub.webhooks.message import Means, standing_for, suspend
from scmhub.webhooks.tables import ACTIVE

log = logging.getLogger(__name__)

LOCK_CLASS = 0x5C4D_4857
"""First of the two numbers of a webhook's advisory lock; the second is a hash of its id."""
LOOK_SECONDS = 5.0
"""Between two looks at what there is to do, besides those that news cause."""
RETRY_SECONDS = 1.0
_WANTED = """
select w.id, w.partner_id, w.state, w.stands_on, w.registered_by,
  exists (select from webhook_delivery d where d.webhook_id = w.id and d.state = 'QUEUED') as queued,
  q.roles, i.token_scopes, i.grade
from webhook w join partner p on p.id = w.partner_id left join person q on w.registered_by = 'person:' || q.id
left join integration i on w.registered_by = 'integration:' || i.id
where p.status = 'ACTIVE' order by w.id
"""
_LOCK = "select pg_try_advisory_lock($1, hashtext($2))"
_UNLOCK = "select pg_advisory_unlock($1, hashtext($2))"


class Office:
    """Starts and ends couriers in this replica."""

    def __init__(self, means: Means, address: Address) -> None:
        """``address`` logs in as hub_read, directly: a transaction pooler keeps no locks."""
        self._means = means
        self._address = address
        self._couriers: dict[UUID, asyncio.Task[None]] = {}
        self._standing: dict[UUID, Any] = {}
        self._changed: set[UUID] = set()
        self._woken = asyncio.Event()
        means.feed.tail.on_event.append(self._hear)
        means.standing.on_barred.append(self._send_home_barred)

    async def run(self) -> None:
        """Until cancelled; then every courier finishes what it has in hand."""
        try:
            while True:
                try:
                    await self._work()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnusable, HubError) as error:
                    log.warning("webhooks wait for the database: %s", error)
                await self._dismiss(list(self._couriers))
                await pause(self._means.feed.timers, RETRY_SECONDS)
        finally:
            self._means.feed.tail.on_event.remove(self._hear)
            self._means.standing.on_barred.remove(self._send_home_barred)

    async def _work(self) -> None:
        connection = await self._address.connect(name="scmhub-webhooks", statement_cache_size=20)
        connection.add_termination_listener(self._lost)
        try:
            while not connection.is_closed():
                self._woken.clear()
                await self._look(connection)
                await within(self._means.feed.timers, LOOK_SECONDS, self._wait())
        finally:
            await self._dismiss(list(self._couriers))
            with suppress(Exception):
                await connection.close(timeout=1)

    async def _wait(self) -> None:
        await self._woken.wait()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def gauges(self) -> Iterable[Gauge]:
        """Figures of the moment."""
        yield Gauge("scmhub_webhooks", "Webhooks this process works for.", len(self._couriers))
        yield Gauge("scmhub_webhook_tries_total", "Webhook messages sent since start.", self._means.sent)
        yield Gauge("scmhub_webhook_failed_tries_total", "Of these, how many failed.", self._means.failed)

    # -- news ----------------------------------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        if event.audience == HUB and event.kind in (WEBHOOK, IDENTITY):
            if event.kind == WEBHOOK:
                self._changed.add(event.record_id)
            self._woken.set()

    def _lost(self, _: object) -> None:
        """The connection is gone, and with it the locks: nothing may be sent any more."""
        for courier in self._couriers.values():
            courier.cancel()
        self._woken.set()

    def _send_home_barred(self) -> None:
        for key, row in self._standing.items():
            if key in self._couriers and self._means.standing.bars(standing_for(row)):
                self._couriers[key].cancel()
        self._woken.set()

    # -- a look --------------------------------------------------------------------------------------------------------

    async def _look(self, connection: asyncpg.Connection) -> None:
        """Let go of what is not wanted any more or has changed, and take what nobody has."""
        changed, self._changed = self._changed, set()
        wanted = {row["id"]: row for row in await self._means.feed.reads.rows(_WANTED)}
        for key, row in list(wanted.items()):
            barred = not _may_follow(row) or self._means.standing.bars(standing_for(row))
            if barred:
                await self._stop(row)
            if barred or not (row["queued"] or row["state"] == ACTIVE):
                del wanted[key]
        changed |= {key for key, row in wanted.items() if row["grade"] != self._standing.get(key, row)["grade"]}
        over = [key for key, task in self._couriers.items() if key not in wanted or key in changed or task.done()]
        await self._dismiss(over)
        for key in over:
            await connection.execute(_UNLOCK, LOCK_CLASS, str(key))
        self._standing = wanted
        for key, row in wanted.items():
            if key not in self._couriers and await connection.fetchval(_LOCK, LOCK_CLASS, str(key)):
                self._couriers[key] = asyncio.ensure_future(self._courier(key, row["partner_id"]))

    async def _stop(self, row: Any) -> None:
        """Suspend a webhook for good if who answers for it is barred for good; a partner may come back."""
        alone = {f"partner:{row['partner_id']}"}
        rest = {**row, "stands_on": [each for each in row["stands_on"] if each not in alone]}
        what = "call" if self._means.standing.bars(standing_for(rest)) else "" if _may_follow(row) else "read"
        if row["state"] == ACTIVE and what:
            reason = f"Who answers for it may not {what} any more; whoever resumes it answers for it."
            await suspend(self._means, row["id"], row["partner_id"], reason)

    async def _courier(self, key: UUID, partner: UUID) -> None:
        """One courier to its end; what it could not cope with is tried again at the next look."""
        try:
            await Courier(self._means, key, partner).run()
        except HubError as error:
            log.warning("webhook %s waits: %s", key, error)
        except Exception:
            log.exception("webhook %s failed and begins anew", key)

    async def _dismiss(self, keys: list[UUID]) -> None:
        """End couriers, each when it has finished what it has in hand."""
        ended = [self._couriers.pop(key) for key in keys]
        for courier in ended:
            courier.cancel()
        if ended:
            await asyncio.wait(ended)


def _may_follow(row: Any) -> bool:
    """Whether the person or integration that answers for a webhook might read what it sends."""
    if row["roles"] is None and row["token_scopes"] is None:
        return True
    roles = [Role(each) for each in row["roles"] or ()]
    scopes = {TokenScope.SUBSCRIBE} & set(row["token_scopes"] or TokenScope)
    return Permission.READ in permitted(row["registered_by"], roles, scopes)
