"""Two replicas on one database: one works for a webhook, another goes on where it was killed, and nothing is lost."""

from __future__ import annotations

from scmhub.database.address import Address
from scmhub.settings import Settings
from tests.records.firms import Firms
from tests.webhooks.post import Post, orders, posting
from tests.webhooks.receivers import HANG, receiver, status


async def test_one_replica_works_for_a_webhook_and_the_other_goes_on_when_it_ends(
    place: Address, founded: Firms, settings: Settings
) -> None:
    async with receiver() as there, posting(place, settings, founded) as second:
        async with posting(place, settings, founded) as first:
            await first.create(there.url)
            for number in range(10):
                await first.firms.placed(buyer_number=f"PO-{number}")
            await there.gets(10)
            assert sorted([_works(first), _works(second)]) == [0, 1]
            worker, other = (first, second) if _works(first) else (second, first)
            await worker.quiet()
            await _lose_locks(place, worker)
            await other.firms.placed(buyer_number="PO-10")

            async def taken_over() -> bool:
                other.hub.office.wake()  # type: ignore[union-attr]
                return bool(_works(other))

            await other.until(taken_over)
            await there.gets(11)
        second.timers.advance(1)  # it may wait to connect again
        await second.firms.placed(buyer_number="PO-11")

        async def goes_on() -> bool:
            second.hub.office.wake()  # type: ignore[union-attr]
            return len(there.got) >= 12

        await second.until(goes_on)
        assert orders(there.got) == [f"PO-{number}" for number in range(12)], "each once, in order"


async def test_a_hub_that_ends_finishes_what_it_has_in_hand(place: Address, founded: Firms, settings: Settings) -> None:
    async with receiver() as there:
        there.answers = [HANG]
        async with posting(place, settings, founded) as first:
            await first.create(there.url)
            await first.firms.placed(buyer_number="PO-1")
            await there.gets(1)
            there.let_go(status(200))
        [row] = await first.firms.rows("select cursor, last_status, failed_tries from webhook")
        assert (row["last_status"], row["failed_tries"]) == (200, 0)
        assert row["cursor"] is not None
        async with posting(place, settings, founded) as second:
            await second.firms.placed(buyer_number="PO-2")
            await there.gets(2)
            assert orders(there.got) == ["PO-1", "PO-2"]


async def test_the_tries_of_an_item_go_on_where_another_replica_left_off(
    place: Address, founded: Firms, settings: Settings
) -> None:
    async with receiver() as there:
        there.always = status(500)
        async with posting(place, settings, founded) as first:
            key, _ = await first.create(there.url)
            await first.firms.placed(buyer_number="PO-1")
            await first.retry(key, 1)
            await first.until(lambda: first.failed(2))
        async with posting(place, settings, founded, first.clock) as second:
            await second.retry(key, 2)
            await second.until(lambda: second.failed(3))
            assert len({each.headers["webhook-id"] for each in there.got}) == 1
            assert len(there.got) == 3


async def test_whoever_lost_its_lock_unknowingly_does_not_move_the_place(
    place: Address, founded: Firms, settings: Settings
) -> None:
    """A courier whose replica was cut off comes back to a row that somebody else has moved."""
    async with receiver() as there, posting(place, settings, founded) as first:
        there.answers = [HANG]
        key, _ = await first.create(there.url)
        await first.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        await first.sql("update webhook set cursor = 'moved by another'")
        there.let_go(status(200))
        await first.quiet()
        assert (await first.webhook(key))["cursor"] == "moved by another"


def _works(post: Post) -> int:
    return len(post.hub.office._couriers)  # type: ignore[union-attr]


async def _lose_locks(place: Address, worker: Post) -> None:
    """The server ends the worker's connection for locks."""
    await worker.sql(
        "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.granted"
        " and l.database = (select oid from pg_database where datname = current_database()) and l.objsubid = 2"
    )
