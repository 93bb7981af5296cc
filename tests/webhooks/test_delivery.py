"""What a receiver gets: every item, signed, in order, at least once, judged when it is sent; and what stops it."""

from __future__ import annotations

import pytest

from scmhub.records.relationships.api import RelationshipKind
from scmhub.webhooks.courier import TRIES
from scmhub.webhooks.signing import verified
from tests.webhooks.post import NOW, Post, orders
from tests.webhooks.receivers import HANG, receiver, status


async def test_each_change_is_posted_signed_and_in_order(post: Post) -> None:
    async with receiver() as there:
        key, secret = await post.create(there.url)
        placed = [await post.firms.placed(buyer_number=f"PO-{number}") for number in range(5)]
        got = await there.gets(5)
        assert orders(got) == [f"PO-{number}" for number in range(5)]
        assert [each.change["recordId"] for each in got] == [each.id for each in placed]
        assert len({each.headers["webhook-id"] for each in got}) == 5
        for each in got:
            assert each.headers["content-type"] == "application/json"
            assert verified(each.headers, each.body, secret, NOW.timestamp())
            assert not verified(each.headers, each.body + b" ", secret, NOW.timestamp())
            assert not verified(each.headers, each.body, secret, NOW.timestamp() + 301)

        async def kept() -> bool:
            return (await post.webhook(key))["deliveredAt"] is not None

        await post.until(kept)
        shown = await post.webhook(key)
        assert (shown["state"], shown["lastStatus"], shown["failedTries"]) == ("ACTIVE", 204, 0)


async def test_a_webhook_follows_one_kind_with_the_record_typed(post: Post) -> None:
    document = "subscription { orderChanges { __typename ... on OrderChanged { action record { buyerNumber } } } }"
    async with receiver() as there:
        await post.create(there.url, document=document, variables="{}")
        await post.firms.relate("bolt", "east", RelationshipKind.SUPPLY)
        await post.firms.placed(buyer_number="PO-1")
        [got] = await there.gets(1)
        assert got.change == {"__typename": "OrderChanged", "action": "PLACED", "record": {"buyerNumber": "PO-1"}}


async def test_the_cursor_of_a_webhook_reads_on_with_the_feed(post: Post) -> None:
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)

        async def kept() -> bool:
            return (await post.webhook(key))["cursor"] is not None

        await post.until(kept)
        cursor = (await post.webhook(key))["cursor"]
        await post.firms.placed(buyer_number="PO-2")
        await there.gets(2)
        query = "query($a: String) { changes(after: $a, where: {kinds: [ORDER]}) { nodes { ... on Changed { record { ... on Order { buyerNumber } } } } } }"
        page = await post.ask("bolt", query, a=cursor)
        assert page["nodes"] == [{"record": {"buyerNumber": "PO-2"}}]


async def test_what_failed_is_tried_again_as_the_same_message_and_nothing_overtakes_it(post: Post) -> None:
    async with receiver() as there:
        there.answers = [status(500), status(302, "Location: http://127.0.0.1:9/\r\n"), "nonsense", HANG]
        key, secret = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await post.firms.placed(buyer_number="PO-2")
        await post.retry(key, 1)
        await post.retry(key, 2)
        await post.retry(key, 3)
        await there.gets(4)
        post.timers.advance(10)
        await post.retry(key, 4)
        got = await there.gets(6)
        assert orders(got) == ["PO-1"] * 5 + ["PO-2"]
        assert len({each.headers["webhook-id"] for each in got[:5]}) == 1
        assert len({each.headers["webhook-timestamp"] for each in got[:5]}) == 5
        assert got[4].headers["webhook-signature"] != got[0].headers["webhook-signature"]
        assert verified(got[4].headers, got[4].body, secret, post.clock().timestamp())


async def test_a_partner_sees_what_is_wrong(post: Post) -> None:
    async with receiver() as there:
        there.answers = [status(503, "Retry-After: 3000\r\n")]
        key, _ = await post.create(there.url)
        await post.firms.placed()

        async def failed() -> bool:
            return (await post.webhook(key))["failedTries"] == 1

        await post.until(failed)
        shown = await post.webhook(key)
        assert (shown["state"], shown["lastStatus"]) == ("ACTIVE", 503)
        assert shown["lastError"] == "The receiver answered 503."
        assert shown["pendingSince"] == "2026-03-02T08:00:00+00:00"
        assert shown["nextTryAt"] == "2026-03-02T08:50:00+00:00"


async def test_a_rule_taken_back_while_an_item_waits_holds_for_it(post: Post) -> None:
    """east sees acme's orders by a rule only; the rule ends between two tries."""
    rule = await share(post, "east")
    async with receiver() as there:
        there.answers = [status(500)]
        key, _ = await post.create(there.url, "east", variables='{"where": {"actions": ["PLACED", "PROPOSED"]}}')
        await post.firms.placed(buyer_number="PO-1")
        [first] = await there.gets(1)
        assert first.change["action"] == "PLACED"
        await step(post, "Revoke", *rule)
        await post.retry(key, 1)
        got = await there.gets(3)
        assert [each.change["__typename"] for each in got[1:3]] == ["AccessChanged", "NoLongerVisible"]
        await post.firms.placed(buyer_number="PO-2")
        await post.firms.relate("east", "cargo", RelationshipKind.SUPPLY)
        await there.until(lambda got: got[-1].change.get("action") == "PROPOSED")
        told = [each.change["action"] for each in there.got if each.change["__typename"] == "Changed"]
        assert told == ["PLACED", "PROPOSED"], "nothing of acme's after the rule was taken back"


async def test_a_stranger_hears_nothing(post: Post) -> None:
    async with receiver() as there:
        await post.create(there.url, "cargo", variables="{}")
        await post.firms.placed()
        await post.firms.relate("cargo", "east", RelationshipKind.SUPPLY)
        got = await there.gets(2)
        assert [each.change["action"] for each in got] == ["PROPOSED", "ACCEPTED"]


async def test_an_item_given_up_is_a_dead_letter_and_the_stream_goes_on(post: Post) -> None:
    async with receiver() as there:
        there.answers = [status(500)] * TRIES
        key, secret = await post.create(there.url)
        order = await post.firms.placed(buyer_number="PO-1")
        await post.firms.placed(buyer_number="PO-2")
        for failed in range(1, TRIES):
            await post.retry(key, failed)
        got = await there.gets(TRIES + 1)
        assert orders(got) == ["PO-1"] * TRIES + ["PO-2"]
        [letter] = await post.letters()
        message = got[0].headers["webhook-id"]
        assert letter | {"id": 0} == {
            "id": 0, "purpose": "CHANGE", "state": "DEAD", "messageId": message, "tries": TRIES, "lastStatus": 500,
            "lastError": "The receiver answered 500.",
        }  # fmt: skip
        assert (await post.webhook(key))["state"] == "ACTIVE"
        await order.confirm()
        await there.gets(TRIES + 2)
        done = await post.do("bolt", "webhookRedeliver", delivery=letter["id"])
        assert done["webhookDelivery"]["state"] == "QUEUED"
        got = await there.gets(TRIES + 3)
        assert got[-1].headers["webhook-id"] == message
        assert got[-1].change["record"] == {"buyerNumber": "PO-1", "status": "CONFIRMED"}, "made anew, never older"
        assert verified(got[-1].headers, got[-1].body, secret, post.clock().timestamp())

        async def settled() -> bool:
            return (await post.letters())[0]["state"] == "DELIVERED"

        await post.until(settled)
        again = await post.do("bolt", "webhookRedeliver", delivery=letter["id"])
        assert [each["code"] for each in again["userErrors"]] == ["ILLEGAL_TRANSITION"]


async def test_three_given_up_in_a_row_stop_the_webhook_and_nothing_is_lost(post: Post) -> None:
    async with receiver() as there:
        there.always = status(500)
        key, _ = await post.create(there.url)
        for number in range(4):
            await post.firms.placed(buyer_number=f"PO-{number}")
        for _ in range(3):
            for failed in range(1, TRIES):
                await post.retry(key, failed)

        async def stopped() -> bool:
            return (await post.webhook(key))["state"] == "FAILED"

        await post.until(stopped)
        assert [each["state"] for each in await post.letters()] == ["DEAD"] * 3
        assert (await post.webhook(key))["reason"] == "3 items in a row could not be delivered."
        there.always = status(204)
        await post.step("webhookResume", key)
        got = await there.gets(3 * TRIES + 1)
        assert orders(got)[-1] == "PO-3"


async def test_gone_disables_and_resuming_goes_on_from_the_same_item(post: Post) -> None:
    async with receiver() as there:
        there.answers = [status(410)]
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")

        async def disabled() -> bool:
            return (await post.webhook(key))["state"] == "DISABLED"

        await post.until(disabled)
        await post.firms.placed(buyer_number="PO-2")
        await post.step("webhookResume", key)
        assert orders(await there.gets(3)) == ["PO-1", "PO-1", "PO-2"]


async def test_a_suspended_webhook_keeps_its_place(post: Post) -> None:
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        assert (await post.step("webhookSuspend", key))["state"] == "SUSPENDED"
        await until_idle(post)
        await post.firms.placed(buyer_number="PO-2")
        await post.step("webhookResume", key)
        assert orders(await there.gets(2)) == ["PO-1", "PO-2"]


async def test_a_test_is_a_checkpoint_whatever_the_state(post: Post) -> None:
    async with receiver() as there:
        key, secret = await post.create(there.url)
        await post.step("webhookSuspend", key)
        await post.do("bolt", "webhookTest", webhook=key)
        [got] = await there.gets(1)
        assert got.change["__typename"] == "Checkpoint"
        assert verified(got.headers, got.body, secret, NOW.timestamp())

        async def settled() -> bool:
            return [(each["purpose"], each["state"]) for each in await post.letters()] == [("TEST", "DELIVERED")]

        await post.until(settled)


async def test_a_new_secret_signs_beside_the_old_one_for_the_overlap(post: Post) -> None:
    async with receiver() as there:
        key, old = await post.create(there.url)
        version = (await post.webhook(key))["version"]
        new = (
            await post.do("bolt", "webhookSecretRotate", "secret", webhook=key, expectedVersion=version, overlapHours=1)
        )["secret"]
        await post.firms.placed(buyer_number="PO-1")
        [first] = await there.gets(1)
        assert len(first.headers["webhook-signature"].split(" ")) == 2
        assert all(verified(first.headers, first.body, each, NOW.timestamp()) for each in (old, new))
        await post.quiet()
        post.advance(3600)
        await post.firms.placed(buyer_number="PO-2")
        got = (await there.gets(2))[1]
        assert verified(got.headers, got.body, new, post.clock().timestamp())
        assert not verified(got.headers, got.body, old, post.clock().timestamp())
        await post.step("webhookSecretRotate", key, overlapHours=0)
        await post.firms.placed(buyer_number="PO-3")
        got = (await there.gets(3))[2]
        assert not verified(got.headers, got.body, new, post.clock().timestamp())


async def test_a_place_that_the_log_does_not_keep_is_told_by_a_reset(post: Post) -> None:
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        await post.step("webhookSuspend", key)
        await until_idle(post)
        await post.firms.placed(buyer_number="PO-2")
        post.clock.advance(15 * 24 * 3600)
        await post.step("webhookResume", key)
        got = await there.gets(2)
        assert got[1].change == {"__typename": "Reset", "reason": "EXPIRED"}


async def until_idle(post: Post) -> None:
    """No courier is on its way: what is suspended was noticed."""

    async def idle() -> bool:
        return not post.hub.office._couriers  # type: ignore[union-attr]

    await post.until(idle)


async def share(post: Post, firm: str) -> tuple[str, int]:
    """acme opens its orders to a firm: id and version of the rule."""
    draft = (
        "mutation ($i: SharingRuleDraftInput!) { r: sharingRuleDraft(input: $i) {"
        " sharingRule { id version } userErrors { message } } }"
    )
    given = {
        "grantee": {"code": firm.upper()}, "kind": "ORDER", "items": {"all": True}, "sites": {"all": True},
        "fieldGroups": ["promises"], "validFrom": NOW.isoformat(), "daysBack": None, "daysAhead": None,
    }  # fmt: skip
    made = await post.ask("acme", draft, i=given)
    assert made["userErrors"] == []
    return await step(post, "Activate", made["sharingRule"]["id"], made["sharingRule"]["version"])


async def step(post: Post, name: str, rule: str, version: int, **more: str) -> tuple[str, int]:
    document = (
        f"mutation ($i: SharingRuleStepInput!) {{ r: sharingRule{name}(input: $i) {{"
        " sharingRule { id version } userErrors { message } } }"
    )
    done = await post.ask("acme", document, i={"sharingRule": rule, "expectedVersion": version})
    assert done["userErrors"] == []
    return done["sharingRule"]["id"], done["sharingRule"]["version"]


@pytest.mark.parametrize("count", [60])
async def test_many_changes_at_once_arrive_once_each(post: Post, count: int) -> None:
    async with receiver() as there:
        await post.create(there.url)
        for number in range(count):
            await post.firms.placed(buyer_number=f"PO-{number}")
        got = await there.gets(count)
        assert orders(got) == [f"PO-{number}" for number in range(count)]
