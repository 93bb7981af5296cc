"""One webhook at work: judge the next event, sign what it says, post it, and move the cursor when it was taken.

Each try judges anew: nothing waits as bytes, so a rule that was withdrawn holds for what is still to be delivered. The
place and the number of failed tries are kept in the row, so that another replica goes on where this one was killed. It
moves only if nobody else has moved it: a courier whose lock was lost without its knowing ends at its next step.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from graphql import GraphQLError

from scmhub.clock import render
from scmhub.database.unit import Unit
from scmhub.errors import BadUserInput, RateLimited, RequestRefused, ServiceUnavailable, TimedOut
from scmhub.feed import audit
from scmhub.feed.cursor import Place
from scmhub.feed.log import Event
from scmhub.feed.timers import pause, within
from scmhub.graph.deliver.group import Asked
from scmhub.graph.deliver.judge import Item
from scmhub.ids import new_id
from scmhub.sharing.lens import Lens
from scmhub.webhooks import message
from scmhub.webhooks.desk import read_variables
from scmhub.webhooks.message import Means, Outcome, Superseded, message_id, part_of, post, suspend
from scmhub.webhooks.route import Route
from scmhub.webhooks.tables import ACTIVE, CHANGE, DEAD, DELIVERED, DISABLED, FAILED, TEST, WITHHELD

log = logging.getLogger(__name__)

TRIES = 9
"""Tries of one item; with the waits between them one to two and a half hours."""
FIRST_WAIT_SECONDS, WAIT_FACTOR, MOST_WAIT_SECONDS = 5.0, 3.0, 3600.0
MOST_DEATHS = 3
"""Items given up in a row after which it is the receiver that is broken, not the item: the webhook stops."""
SAVE_SECONDS = 3600.0
"""How often the place of a webhook that has nothing to deliver is kept: a cursor lives by its age."""
_SYNTHETIC = "The hub could not make this item; its operator finds the cause in the log."
_SECRETS = """
select s.id, s.sealed, s.ends_at from webhook_secret s where s.webhook_id = $1 order by s.id desc
"""
_QUEUED = "select d.* from webhook_delivery d where d.webhook_id = $1 and d.state = 'QUEUED' order by d.id limit 50"
_BORN = """
select l.seq, l.at from change_log l
where l.owner_id = $1 and l.kind = 'WEBHOOK' and l.action = 'REGISTERED' and l.record_id = $2
"""
_MINE = "where id = $1 and state = 'ACTIVE' and cursor is not distinct from $2 returning true"
_TAKEN = f"""
update webhook set cursor = $3, failed_tries = 0, deaths = 0, next_try_at = null, pending_since = null,
  last_attempt_at = $4, last_status = $5, last_error = null, delivered_at = $4,
  delivered_through = coalesce($6, delivered_through) {_MINE}
"""
_FAILED_TRY = f"""
update webhook set cursor = $3, failed_tries = $4, deaths = $5, next_try_at = $6, pending_since = $7,
  last_attempt_at = $8, last_status = $9, last_error = $10, state = $11, reason = $12 {_MINE}
"""
_PASSED = f"update webhook set cursor = $3, failed_tries = 0, next_try_at = null, pending_since = null {_MINE}"
_LETTER = """
insert into webhook_delivery (id, partner_id, webhook_id, purpose, state, message_id, epoch, seq, part, changed_at,
  created_at, tries, last_attempt_at, last_status, last_error)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $13, $14)
"""
_FORGET = "delete from webhook_delivery where webhook_id = $1 and state <> 'QUEUED' and created_at < $2"
_SETTLED = """
update webhook_delivery set state = $2, tries = tries + $3, last_attempt_at = coalesce($4, last_attempt_at),
  last_status = $5, last_error = $6 where id = $1 and state = 'QUEUED'
"""
Result = TypeVar("Result")


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of something that must not be broken off half way; cancelling takes effect when it is done."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        if not task.cancelled():
            task.exception()  # seen: nobody waits for it any more
        raise asyncio.CancelledError
    return task.result()


class Courier:
    """Works on one webhook until it is cancelled or there is nothing more to do for it."""

    def __init__(self, means: Means, key: UUID, partner: UUID) -> None:
        self._means = means
        self._feed = means.feed
        self._key = key
        self._lens = Lens(partner)
        self._row: dict[str, Any] = {}
        self._secrets: list[tuple[str, datetime | None]] = []
        self._asked: Asked | None = None
        self._route: Route | None = None
        self._cursor: str | None = None
        self._saved_at = means.feed.clock()
        self._saved_seq = 0

    async def run(self) -> None:
        """First what was asked for besides the stream, then the stream."""
        try:
            if not await self._load():
                return
            await self._send_queued()
            if self._row["state"] == ACTIVE:
                await self._follow()
        except Superseded:
            log.info("webhook %s was changed elsewhere", self._key)
        except asyncio.CancelledError:
            await self._save()
            raise

    # -- the beginning -------------------------------------------------------------------------------------------------

    async def _load(self) -> bool:
        """Read the webhook; False if it is gone or cannot be followed any more."""
        async with self._means.unit(self._lens.partner_id) as unit:
            rows, secrets = await unit.rows(message.ROW, self._key), await unit.rows(_SECRETS, self._key)
        if not rows:
            return False
        self._row, self._cursor, self._lens = message.with_grade(rows[0]), rows[0]["cursor"], message.lens_for(rows[0])
        self._secrets = [(self._means.sealer.open(each["sealed"], each["id"]), each["ends_at"]) for each in secrets]
        given = read_variables(self._row["variables"])
        try:
            self._asked, _ = await self._feed.prepare(
                self._row["document"], self._row["operation_name"], given, self._lens.partner_id
            )
        except RateLimited:
            raise
        except (RequestRefused, GraphQLError) as error:
            text = f"The subscription does not fit the schema any more: {error.message[:300]}"
            await suspend(self._means, self._key, self._lens.partner_id, text)
            return False
        return True

    async def _place(self) -> tuple[Place, str | None]:
        """Where the webhook stands, and why one cannot go on from there, if so."""
        if self._cursor is None:
            return await self._birthplace()
        try:
            place = self._feed.place(self._lens, self._cursor)
        except BadUserInput:
            return self._head(), "EPOCH"
        return place, await self._feed.stale(place)

    async def _birthplace(self) -> tuple[Place, str | None]:
        """The registration itself stands in the log: what comes after it is for the webhook."""
        while True:
            rows = await self._feed.reads.rows(_BORN, self._lens.partner_id, self._key)
            if rows:
                return Place(self._feed.tail.epoch, rows[0]["seq"], rows[0]["at"]), None
            if self._row["created_at"] < self._feed.oldest():
                return self._head(), "EXPIRED"
            await self._feed.tail.moved()

    def _head(self) -> Place:
        tail = self._feed.tail
        return Place(tail.epoch, tail.head, self._feed.clock())

    def _new_route(self, position: int) -> Route:
        assert self._asked
        return Route(self._feed, self._asked, self._lens, position)

    # -- the stream ----------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            if self._feed.tail.trouble():
                await self._feed.tail.moved()
                continue
            if self._route is None or self._route.epoch != self._feed.tail.epoch:
                self._route = await self._begin()
                continue
            event = await self._route.next()
            if event is None:
                await within(self._feed.timers, SAVE_SECONDS, self._news(self._feed.tail.epoch, self._feed.tail.head))
                await self._save_now_and_then()
            else:
                await self._deliver(event)
                self._route.passed(event)

    async def _news(self, epoch: int, head: int) -> None:
        """Return when the log ends elsewhere than there; it may have grown before this was first run."""
        tail = self._feed.tail
        if (tail.epoch, tail.head) == (epoch, head):
            await tail.moved()

    async def _begin(self) -> Route:
        """Stand at the kept place; if it is void say so and stand at the head."""
        place, reason = await self._place()
        if reason is not None:
            place = self._head()
            reset = Item("Reset", {"reason": reason, "owners": None, "kinds": None}, {})
            await self._until_due()
            while not await self._try(reset, None, "", place):
                await self._until_due()
        return self._new_route(place.seq)

    async def _deliver(self, event: Event) -> None:
        """Everything the event says to the partner, taken or given up."""
        assert self._route
        done: set[str] = set()
        while True:
            await self._until_due()
            if self._route.epoch != self._feed.tail.epoch:
                return  # the log is another by now: what was void is said anew
            items = await self._judged(self._route, event)
            if items is None:
                if await self._try(None, event, "", None):
                    return
                continue
            for item in items:
                part = part_of(event, item)
                place = self._feed.place_of(self._route.epoch, event.seq, event.at, item)
                if part not in done and not await self._try(item, event, part, place):
                    break
                done.add(part)
            else:
                if self._row["failed_tries"]:
                    await self._passed(event)
                return

    async def _judged(self, route: Route, event: Event) -> list[Item] | None:
        """What to tell now; None if the hub fails to say."""
        try:
            return await route.items(event)
        except (ServiceUnavailable, TimedOut):
            raise
        except Exception:
            log.exception("webhook %s: a change could not be judged", self._key)
            return None

    async def _until_due(self) -> None:
        due = self._row["next_try_at"]
        if due is not None:
            await pause(self._feed.timers, max((due - self._feed.clock()).total_seconds(), 0.0))

    async def _try(self, item: Item | None, event: Event | None, part: str, place: Place | None) -> bool:
        """One try and what follows from it; whether one goes on with what is behind the item."""
        return await to_its_end(self._try_now(item, event, part, place))

    async def _try_now(self, item: Item | None, event: Event | None, part: str, place: Place | None) -> bool:
        message = message_id(self._key, event, part if event else self._cursor or "")
        if item is None or place is None:
            assert event
            assert self._route
            place = Place(self._route.epoch, event.seq, event.at)
            outcome = Outcome(self._feed.clock(), None, _SYNTHETIC)
        else:
            outcome = await self._post(message, place, item)
        cursor = self._feed.cursor(self._lens, place)
        if outcome.error is None:
            through = None if event is None else event.at
            await self._write(_TAKEN, cursor, outcome.at, outcome.status, through)
            self._row |= {"failed_tries": 0, "deaths": 0, "next_try_at": None}
            return True
        return await self._failed(outcome, event, part, message, cursor)

    async def _failed(self, outcome: Outcome, event: Event | None, part: str, message: str, cursor: str) -> bool:
        """Plan the next try, or give the item up; whether it was given up and the stream goes on."""
        tries, deaths, state, reason = self._row["failed_tries"] + 1, self._row["deaths"], ACTIVE, None
        dies = tries >= TRIES
        if outcome.status == 410:
            state, reason, dies = DISABLED, "The receiver answered 410 Gone.", False
        elif dies and event is None:
            state, reason = FAILED, "The receiver could not be told that its place in the log is void."
        elif dies and deaths + 1 >= MOST_DEATHS:
            state, reason = FAILED, f"{MOST_DEATHS} items in a row could not be delivered."
        letter = dies and event is not None
        wait = max(_wait(tries), min(outcome.retry_after, MOST_WAIT_SECONDS))
        due = None if letter or state != ACTIVE else outcome.at + timedelta(seconds=wait)
        kept = {"failed_tries": 0 if letter else tries, "deaths": deaths + letter, "next_try_at": due}
        pending = event.at if event is not None and not letter else None
        async with self._means.unit(self._lens.partner_id) as unit:
            if letter and event is not None:
                await self._write_letter(unit, outcome, event, part, message, tries)
            await self._write(
                _FAILED_TRY, cursor if letter else self._cursor, kept["failed_tries"], kept["deaths"], due, pending,
                outcome.at, outcome.status, outcome.error, state, reason, unit=unit,
            )  # fmt: skip
            if state != ACTIVE:
                await audit.record(unit, "webhook.stopped", audit.subject_of("webhook", self._key), {"state": state})
        self._row |= kept
        if state != ACTIVE:
            raise Superseded
        return letter

    async def _write_letter(
        self, unit: Unit, outcome: Outcome, event: Event, part: str, message: str, tries: int
    ) -> None:
        assert self._route
        await unit.rows(_FORGET, self._key, self._feed.oldest())
        await unit.rows(
            _LETTER, new_id(outcome.at), self._lens.partner_id, self._key, CHANGE, DEAD, message,
            self._route.epoch, event.seq, part, event.at, outcome.at, tries, outcome.status, outcome.error,
        )  # fmt: skip

    async def _passed(self, event: Event) -> None:
        """What failed before is not for the partner to see any more: go on."""
        assert self._route
        cursor = self._feed.cursor(self._lens, Place(self._route.epoch, event.seq, event.at))
        await self._write(_PASSED, cursor)
        self._row |= {"failed_tries": 0, "next_try_at": None}

    # -- the place that is kept ----------------------------------------------------------------------------------------

    async def _write(self, statement: str, cursor: str | None, *values: Any, unit: Unit | None = None) -> None:
        """Move the row from the cursor this courier knows to the next; Superseded if it is not there any more."""
        if unit is None:
            async with self._means.unit(self._lens.partner_id) as own:
                await self._write(statement, cursor, *values, unit=own)
            return
        if not await unit.fetch(statement, self._key, self._cursor, cursor, *values):
            raise Superseded
        self._cursor, self._saved_at = cursor, self._feed.clock()
        if cursor is not None:
            self._saved_seq = self._feed.place(self._lens, cursor).seq

    async def _save_now_and_then(self) -> None:
        if self._feed.clock() - self._saved_at >= timedelta(seconds=SAVE_SECONDS):
            await self._save()

    async def _save(self) -> None:
        """Keep the place reached when there was nothing to deliver on the way."""
        if self._route is None or self._row["failed_tries"] or self._route.epoch != self._feed.tail.epoch:
            return
        if self._route.position < self._saved_seq:
            return  # an item was taken whose event is not done with
        place = Place(self._route.epoch, self._route.position, self._feed.clock())
        try:
            await to_its_end(self._write(_PASSED, self._feed.cursor(self._lens, place)))
        except (Superseded, ServiceUnavailable):
            log.info("the place of webhook %s was not kept; it will read a little more again", self._key)

    async def _post(self, message: str, place: Place, item: Item) -> Outcome:
        assert self._asked
        return await post(self._means, self._row, self._secrets, self._asked.selection, message, place, item)

    # -- besides the stream --------------------------------------------------------------------------------------------

    async def _send_queued(self) -> None:
        """Tests and redeliveries, one try each."""
        while rows := await self._queued():
            for row in rows:
                await to_its_end(self._send_one(row))

    async def _queued(self) -> Sequence[Any]:
        async with self._means.unit(self._lens.partner_id) as unit:
            return await unit.rows(_QUEUED, self._key)

    async def _send_one(self, row: Any) -> None:
        item, place, why = await (self._test() if row["purpose"] == TEST else self._again(row))
        if item is None or place is None:
            values = (DEAD if why == _SYNTHETIC else WITHHELD, 0, None, row["last_status"], why)
        else:
            outcome = await self._post(row["message_id"], place, item)
            state = DELIVERED if outcome.error is None else DEAD
            values = (state, 1, outcome.at, outcome.status, outcome.error)  # type: ignore[assignment]
        async with self._means.unit(self._lens.partner_id) as unit:
            await unit.rows(_SETTLED, row["id"], *values)

    async def _test(self) -> tuple[Item | None, Place | None, str]:
        """A checkpoint of the place the webhook has reached: whoever keeps its cursor loses nothing."""
        place, reason = await self._place()
        place = self._head() if reason else place
        return Item("Checkpoint", {"at": render(self._feed.clock())}, {}), place, ""

    async def _again(self, row: Any) -> tuple[Item | None, Place | None, str]:
        """What the event of a dead letter says to the partner today."""
        route = self._new_route(0)
        event = await route.event(row["epoch"], row["seq"])
        if event is None:
            return None, None, "The hub does not keep this change any more."
        items = await self._judged(route, event)
        if items is None:
            return None, None, _SYNTHETIC
        same = [each for each in items if row["part"] in ("", part_of(event, each))]
        if not same:
            return None, None, "It is not for you to see any more."
        item = same[-1]
        return item, self._feed.place_of(route.epoch, event.seq, event.at, item), ""


def _wait(tries: int) -> float:
    """Seconds after so many failed tries: longer each time, and never at the same moment as others."""
    most = min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * WAIT_FACTOR ** (tries - 1))
    return most * random.uniform(0.5, 1.0)  # noqa: S311
