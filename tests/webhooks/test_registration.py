"""Who may register what, who sees it, and whose end ends it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from scmhub.admin.partners import change_status
from scmhub.database.tables import HUB_PARTNER
from scmhub.feed.cursor import Place
from scmhub.identity import integrations, people
from scmhub.identity.barring import name_of
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id
from scmhub.sharing.lens import Lens
from scmhub.webhooks.commands import MOST_QUEUED, MOST_WEBHOOKS
from tests.webhooks.post import DOCUMENT, NOW, ORDERS, Post, orders
from tests.webhooks.receivers import HANG, receiver, status

URL = "https://hooks.bolt.example/in"


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"url": "http://hooks.bolt.example/"}, "INVALID", "url"), ({"url": "https://10.1.2.3/"}, "INVALID", "url"),
        ({"url": "https://[::1]/"}, "INVALID", "url"), ({"url": "https://a:b@c.example/"}, "INVALID", "url"),
        ({"name": ""}, "INVALID", "name"), ({"name": "x" * 201}, "INVALID", "name"), ({"name": "a\u0007"}, "INVALID", "name"),
        ({"document": "{"}, "INVALID", "document"), ({"document": "query { viewer { code } }"}, "INVALID", "document"),
        ({"document": "subscription { nothing }"}, "INVALID", "document"),
        ({"document": "subscription { changes(snapshot: true) { __typename } }"}, "INVALID", "document"),
        ({"document": DOCUMENT + " query Other { viewer { code } }"}, "INVALID", "document"),
        ({"variables": "["}, "INVALID", "variables"), ({"variables": "[]"}, "INVALID", "variables"),
        ({"variables": '{"where": 7}'}, "INVALID", "variables"), ({"variables": '{"where": {"kinds": ["X"]}}'}, "INVALID", "variables"),
        ({"variables": '{"x": "' + "x" * 16400 + '"}'}, "OUT_OF_RANGE", "variables"),
        ({"document": "subscription ($a: String) { changes(after: $a) { cursor } }", "variables": '{"a": "x"}'}, None, ""),
        ({"after": "AAAA"}, "INVALID", "after"),
    ],
)  # fmt: skip
async def test_what_cannot_be_followed_is_refused_at_once(
    post: Post, wrong: dict[str, Any], code: str | None, path: str
) -> None:
    given = {"name": "ERP", "url": URL, "document": DOCUMENT, "variables": ORDERS} | wrong
    made = await post.do("bolt", "webhookCreate", "secret", **given)
    assert made["webhook"] is None
    assert made["secret"] is None
    [error] = made["userErrors"]
    if code is not None:
        assert (error["code"], error["path"]) == (code, ["input", path]), error
    assert await post.firms.rows("select * from webhook") == []


async def test_a_cursor_of_another_partner_is_no_place_to_start_from(post: Post) -> None:
    await post.firms.placed()
    page = "{ changes { pageInfo { endCursor } } }"

    async def cursor(firm: str) -> str:
        return (await post.ask(firm, page))["pageInfo"]["endCursor"]  # type: ignore[no-any-return]

    given = {"name": "ERP", "url": URL, "document": DOCUMENT, "variables": ORDERS}
    made = await post.do("bolt", "webhookCreate", **given, after=await cursor("acme"))
    assert [each["path"] for each in made["userErrors"]] == [["input", "after"]]
    made = await post.do("bolt", "webhookCreate", **given, after=await cursor("bolt"))
    assert made["userErrors"] == []


async def test_one_may_start_from_a_place_before_the_registration(post: Post) -> None:
    start = (await post.ask("bolt", "{ changes { pageInfo { endCursor } } }"))["pageInfo"]["endCursor"]
    await post.firms.placed(buyer_number="PO-1")
    async with receiver() as there:
        await post.create(there.url, after=start)
        assert orders(await there.gets(1)) == ["PO-1"]


async def test_a_stranger_finds_no_webhook_of_another(post: Post) -> None:
    key, _ = await post.create(URL)
    assert await post.webhook(key, "cargo") is None
    assert (await post.ask("cargo", "{ webhooks { nodes { id } totalCount } }")) == {"nodes": [], "totalCount": 0}
    for name in ("webhookSuspend", "webhookResume", "webhookDelete", "webhookRevise", "webhookSecretRotate"):
        done = await post.do("cargo", name, webhook=key, expectedVersion=1)
        assert [(each["code"], each["path"]) for each in done["userErrors"]] == [("NOT_FOUND", ["input", "webhook"])]
    done = await post.do("cargo", "webhookTest", webhook=key)
    assert [each["code"] for each in done["userErrors"]] == ["NOT_FOUND"]
    assert (await post.webhook(key))["version"] == 1


async def test_a_secret_is_shown_once_and_kept_nowhere_readable(post: Post) -> None:
    document = "mutation($i: WebhookCreateInput!) { webhookCreate(input: $i) { webhook { id } secret userErrors { message } } }"
    given = {"name": "ERP", "url": URL, "document": DOCUMENT}
    first = (await post.answer("bolt", document, "once", i=given))["data"]["webhookCreate"]
    again = (await post.answer("bolt", document, "once", i=given))["data"]["webhookCreate"]
    assert first["secret"].startswith("whsec_")
    assert again == first | {"secret": None}
    tables = await post.firms.rows(
        "select table_name as name from information_schema.tables where table_schema = 'public'"
    )
    for each in tables:
        rows = await post.firms.rows(f'select t::text from "{each["name"]}" t')
        assert not any(first["secret"] in row[0] or first["secret"][6:] in row[0] for row in rows), each["name"]
    with pytest.raises(Exception, match="permission denied"):
        await post.hub.database.read.rows("select * from webhook_secret")


async def test_each_step_stands_in_the_audit_trail_without_secret_or_path(post: Post) -> None:
    key, _ = await post.create("https://hooks.bolt.example/in/T0K3N")
    await post.step("webhookRevise", key, name="Other")
    await post.step("webhookSecretRotate", key)
    await post.step("webhookSuspend", key)
    await post.step("webhookResume", key)
    done = await post.step("webhookDelete", key)
    assert done is None
    trail = await post.ask("bolt", "{ auditTrail { nodes { seq action } } }")
    names = ["registered", "revised", "secretRotated", "suspended", "resumed", "deleted"]
    found = sorted((each["seq"], each["action"]) for each in trail["nodes"])
    assert [action for _, action in found] == [f"webhook.{name}" for name in names]
    rows = await post.firms.rows("select details::text as text from audit_entry")
    assert not any("T0K3N" in row["text"] for row in rows)
    assert await post.firms.rows("select * from webhook_secret") == []


async def test_a_webhook_revised_goes_on_from_where_it_stands(post: Post) -> None:
    async with receiver() as there, receiver() as other:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        await post.step("webhookRevise", key, url=other.url)
        await post.firms.placed(buyer_number="PO-2")
        assert orders(await other.gets(1))[-1] == "PO-2"
        stale = await post.do("bolt", "webhookRevise", webhook=key, expectedVersion=1, name="X")
        assert [each["code"] for each in stale["userErrors"]] == ["CONFLICT"]


async def test_the_number_of_webhooks_and_of_waiting_tests_is_bounded(post: Post) -> None:
    async with receiver() as there:
        there.always = HANG
        key, _ = await post.create(there.url)
        for _ in range(MOST_WEBHOOKS - 1):
            await post.create(URL)
        made = await post.do("bolt", "webhookCreate", name="One more", url=URL, document=DOCUMENT)
        assert [each["code"] for each in made["userErrors"]] == ["OUT_OF_RANGE"]
        for _ in range(MOST_QUEUED):
            assert (await post.do("bolt", "webhookTest", webhook=key))["userErrors"] == []
        refused = await post.do("bolt", "webhookTest", webhook=key)
        assert [each["code"] for each in refused["userErrors"]] == ["OUT_OF_RANGE"]
        there.always = status(204)
        there.let_go(status(204))


async def test_it_stops_for_good_when_who_answers_for_it_may_not_call_any_more(post: Post) -> None:
    scopes = [TokenScope.SUBSCRIBE]
    made, _ = await _act(post, "bolt", integrations.create, "ERP", scopes)
    post.names["bolt"] = frozenset({name_of("integration", made.id)})
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        await _act(post, "bolt", integrations.suspend, made)

        async def stopped() -> bool:
            return (await post.webhook(key))["state"] == "SUSPENDED"

        await post.until(stopped)
        assert "may not call any more" in (await post.webhook(key))["reason"]
        await post.firms.placed(buyer_number="PO-2")
        post.names["bolt"] = frozenset()
        await post.step("webhookResume", key)
        assert orders(await there.gets(2)) == ["PO-1", "PO-2"], "whoever resumed it answers for it"


async def test_it_goes_on_while_who_answers_for_it_may_read_and_no_longer(post: Post) -> None:
    """Fewer roles are no end; none that reads is: what it sends is what its person might follow."""
    ann = PersonTable(
        id=new_id(NOW), partner_id=post.firms.ids["bolt"], name="Ann", roles=["ADMIN", "PLANNER"], created_at=NOW
    )
    bob = PersonTable(id=new_id(NOW), partner_id=post.firms.ids["bolt"], name="Bob", roles=["ADMIN"], created_at=NOW)
    await _act(post, "bolt", _kept, ann, bob)
    post.subjects["bolt"] = name_of("person", ann.id)
    post.names["bolt"] = frozenset({name_of("person", ann.id), name_of("grade", f"{ann.id}:1")})
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await _act(post, "bolt", _roles, ann.id, ["READER"])
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        await _act(post, "bolt", _logged_out, ann.id)
        await post.firms.placed(buyer_number="PO-2")
        await there.gets(2)
        await _act(post, "bolt", _roles, ann.id, ["AUDITOR"])

        async def stopped() -> bool:
            return (await post.webhook(key))["state"] == "SUSPENDED"

        await post.until(stopped)
        await post.firms.placed(buyer_number="PO-3")
        post.subjects["bolt"], post.names["bolt"] = "integration:bolt", frozenset()
        await post.step("webhookResume", key)
        assert orders(await there.gets(3)) == ["PO-1", "PO-2", "PO-3"], "whoever resumed it answers for it"


async def test_it_stops_when_its_integration_may_not_follow_any_more(post: Post) -> None:
    made, _ = await _act(post, "bolt", integrations.create, "ERP", [TokenScope.READ, TokenScope.SUBSCRIBE])
    post.subjects["bolt"] = name_of("integration", made.id)
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await _act(post, "bolt", integrations.set_permissions, made, [TokenScope.READ], integrations.Limits())

        async def stopped() -> bool:
            return (await post.webhook(key))["state"] == "SUSPENDED"

        await post.until(stopped)


async def _kept(unit: Any, *rows: PersonTable) -> None:
    unit.session.add_all(rows)


async def _roles(unit: Any, person: UUID, roles: list[str]) -> None:
    found = await people.find(unit, person)
    assert found
    await people.set_roles(unit, found, roles)


async def _logged_out(unit: Any, person: UUID) -> None:
    found = await people.find(unit, person)
    assert found
    await people.end_sessions(unit, found)


async def test_everything_that_waits_is_sent_however_much_it_is(post: Post) -> None:
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.sql(
            "insert into webhook_delivery (id, partner_id, webhook_id, purpose, state, message_id, part, created_at, tries)"
            " select gen_random_uuid(), w.partner_id, w.id, 'TEST', 'QUEUED', 'msg_' || n, '', w.created_at, 0"
            " from webhook w, generate_series(1, 120) n"
        )
        await post.step("webhookRevise", key, name="Woken")
        await there.gets(120)
        assert len({each.headers["webhook-id"] for each in there.got}) == 120


async def test_a_place_inside_a_snapshot_is_no_place_to_start_from(post: Post) -> None:
    feed = post.hub.feed
    assert feed
    place = Place(feed.tail.epoch, feed.tail.head, NOW, "ORDER", new_id(NOW))
    cursor = feed.cursor(Lens(post.firms.ids["bolt"]), place)
    made = await post.do("bolt", "webhookCreate", name="ERP", url=URL, document=DOCUMENT, after=cursor)
    [error] = made["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "after"])
    assert "inside a snapshot" in error["message"]


async def test_a_suspended_partner_gets_nothing_and_goes_on_when_it_is_back(post: Post) -> None:
    async with receiver() as there:
        key, _ = await post.create(there.url)
        await post.firms.placed(buyer_number="PO-1")
        await there.gets(1)
        post.firms.ids["hub"] = HUB_PARTNER
        await _act(post, "hub", change_status, "BOLT", "SUSPENDED")

        async def idle() -> bool:
            return not post.hub.office._couriers  # type: ignore[union-attr]

        await post.until(idle)
        await post.firms.placed(buyer_number="PO-2")
        await _act(post, "hub", change_status, "BOLT", "ACTIVE")
        await there.gets(2)
        assert orders(there.got) == ["PO-1", "PO-2"]
        assert (await post.webhook(key))["state"] == "ACTIVE"


async def _act(post: Post, firm: str, act: Any, *given: Any) -> Any:
    async with post.hub.database.unit(post.firms.ids[firm], "person:ann", post.clock) as unit:
        return await act(unit, *given)
