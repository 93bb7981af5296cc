"""One message to a receiver: what it is called, for whom it stands, how it is signed and posted, and how that went."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scmhub.database.unit import Database, Unit
from scmhub.feed import audit
from scmhub.feed.cursor import Place
from scmhub.feed.log import ACCESS, Event
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.deliver.judge import Item
from scmhub.graph.deliver.selection import FeedSelection
from scmhub.identity.sessions import grade_of
from scmhub.identity.standing import Standing
from scmhub.identity.viewer import TokenScope, Viewer
from scmhub.outbound import Outbound, Unreachable
from scmhub.sharing.lens import Lens
from scmhub.webhooks.signing import Sealer, signed
from scmhub.webhooks.tables import SUSPENDED

ACTOR = "webhooks"
"""Who acts in the hub's own units of work for a webhook."""
_STOP = "update webhook set state = 'SUSPENDED', reason = $2 where id = $1 and state = 'ACTIVE' returning true"


class Superseded(Exception):
    """Somebody else has moved this webhook, or changed it: whoever works on it must begin anew."""


@dataclass
class Means:
    """What couriers work with."""

    feed: Feed
    database: Database
    standing: Standing
    sealer: Sealer
    outbound: Outbound
    units: asyncio.Semaphore
    """So that couriers never take all connections of commands."""
    sent: int = 0
    failed: int = 0

    @asynccontextmanager
    async def unit(self, partner: UUID) -> AsyncIterator[Unit]:
        """A unit of work for the partner, few at a time."""
        async with self.units, self.database.unit(partner, ACTOR, self.feed.clock) as unit:
            yield unit


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went."""

    at: datetime
    status: int | None
    error: str | None
    retry_after: float = 0.0


async def suspend(means: Means, key: UUID, partner: UUID, reason: str) -> None:
    """Stop a webhook in the hub's own name."""
    async with means.unit(partner) as unit:
        if await unit.fetch(_STOP, key, reason):
            await audit.record(unit, "webhook.stopped", audit.subject_of("webhook", key), {"state": SUSPENDED})


ROW = """
select w.*, i.id as integration, i.grade, i.purposes as may_purposes, i.kinds as may_kinds
from webhook w left join integration i on w.registered_by = 'integration:' || i.id where w.id = $1
"""
"""A webhook, and what the integration that answers for it may do now."""


def with_grade(row: Any) -> dict[str, Any]:
    """The webhook; it stands on the rights its integration has now: what is under way ends with them."""
    grade = [grade_of(row["integration"], row["grade"])] if row["integration"] else []
    return {**row, "stands_on": [*row["stands_on"], *grade]}


def lens_for(row: Any) -> Lens:
    """Whose eyes it sends what: as limited as who answers for it was, and is now."""
    lens = Lens(row["partner_id"]).within(row["purposes"], row["kinds"])
    return lens.within(row["may_purposes"], row["may_kinds"])


def standing_for(row: Any) -> Viewer:
    """The caller that a webhook stands for, as far as revocation goes."""
    return Viewer(
        Lens(row["partner_id"]), row["registered_by"], frozenset({TokenScope.SUBSCRIBE}), "",
        datetime.max.replace(tzinfo=UTC), stands_on=frozenset(row["stands_on"]),
    )  # fmt: skip


def part_of(event: Event, item: Item) -> str:
    """Which of the items of an event: a change of access says several things, and not the same on each try."""
    return f"{item.type_name}:{item.values.get('recordId', '')}" if event.kind == ACCESS else ""


def message_id(key: UUID, event: Event | None, part: str) -> str:
    """The same for every try of an item, on whatever replica. Without an event ``part`` says what is told of."""
    what = "reset" if event is None else event.event_id.hex
    digest = hashlib.sha256(f"{key.hex}.{what}.{part}".encode()).hexdigest()
    return f"msg_{digest[:32]}"


async def post(
    means: Means,
    row: Any,
    secrets: Sequence[tuple[str, datetime | None]],
    selection: FeedSelection,
    message: str,
    place: Place,
    item: Item,
) -> Outcome:
    """One try: signed with every secret in use, unless who registered the webhook may not be answered any more."""
    await means.standing.current()
    if means.standing.bars(standing_for(row)):
        raise Superseded
    body, _ = means.feed.payload(selection, lens_for(row), place, item)
    now = means.feed.clock()
    usable = [each for each, ends_at in secrets if ends_at is None or ends_at > now]
    headers = {"Content-Type": "application/json"} | signed(message, int(now.timestamp()), body, usable)
    means.sent += 1
    try:
        reply = await means.outbound.post(row["url"], body, headers)
    except Unreachable as error:
        means.failed += 1
        return Outcome(now, None, str(error))
    if 200 <= reply.status < 300:
        return Outcome(now, reply.status, None)
    means.failed += 1
    after = reply.headers.get("retry-after", "")
    seconds = float(after) if after.isdecimal() and len(after) < 9 and reply.status in (429, 503) else 0.0
    return Outcome(now, reply.status, f"The receiver answered {reply.status}.", seconds)
