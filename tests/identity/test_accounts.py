"""From an invitation to a login: the link works once, the password opens, and wrong ones lead nowhere."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from scmhub.database.tables import HUB_PARTNER
from scmhub.errors import Refusal, ServiceUnavailable
from scmhub.identity import people
from scmhub.identity.passwords import AT_ONCE, Passwords
from scmhub.identity.roles import Role
from scmhub.identity.turns import Turns
from tests.identity.conftest import Live, eventually
from tests.identity.people import Browser, login, person

PASSWORD = "correct horse battery staple"
INVITE = """mutation($input: PersonInviteInput!) { personInvite(input: $input) {
  invitation { id name email roles state } link userErrors { code path } } }"""
PERSON = "person { roles state version } userErrors { code path }"
ROLES = f"mutation($input: PersonRolesSetInput!) {{ personRolesSet(input: $input) {{ {PERSON} }} }}"
DEACTIVATE = f"mutation($input: PersonStepInput!) {{ personDeactivate(input: $input) {{ {PERSON} }} }}"
END = f"mutation($input: PersonStepInput!) {{ personSessionsEnd(input: $input) {{ {PERSON} }} }}"
BEN = {"name": "Ben", "email": "Ben@Acme.example", "roles": ["PLANNER"]}


async def admin(live: Live) -> Browser:
    return await login(live, await person(live, live.acme, Role.ADMIN))


async def accepted(live: Live, **invited: Any) -> tuple[Browser, httpx2.Response]:
    """A new browser that followed an invitation's link."""
    made = await (await admin(live)).do(INVITE, **(BEN | invited))
    assert made["userErrors"] == []
    browser = Browser(live)
    answer = await browser.post("/invitation/accept", {"token": made["link"].partition("#")[2], "password": PASSWORD})
    return taken(browser, answer), answer


def taken(browser: Browser, answer: httpx2.Response) -> Browser:
    assert answer.status_code == 200, answer.text
    browser.cookie = answer.cookies["scmhub"]
    return browser


async def entered(live: Live, password: str = PASSWORD, account: str = "ben@acme.example", firm: str = "ACME") -> Any:
    browser = Browser(live)
    return browser, await browser.post("/session", {"firm": firm, "account": account, "password": password})


async def test_an_invited_person_sets_a_password_and_logs_in_again(live: Live) -> None:
    made = await (await admin(live)).do(INVITE, **BEN)
    assert made["invitation"] | {"id": ""} == {
        "id": "", "name": "Ben", "email": "ben@acme.example", "roles": ["PLANNER"], "state": "OPEN",
    }  # fmt: skip
    token = made["link"].partition("#")[2]
    browser = Browser(live)
    look = await browser.post("/invitation/look", {"token": token})
    assert look.json() == {"firm": "Acme", "name": "Ben", "account": "ben@acme.example", "roles": ["PLANNER"]}
    weak = await browser.post("/invitation/accept", {"token": token, "password": "short"})
    assert (weak.status_code, weak.json()["error"]) == (400, "INVALID")
    taken(browser, await browser.post("/invitation/accept", {"token": token, "password": PASSWORD}))
    me = (await browser.graphql()).json()["data"]["me"]
    assert (me["name"], me["permissions"]) == ("Ben", ["READ", "WRITE"])
    again, answer = await entered(live, account="BEN@acme.example", firm="acme")
    assert (await taken(again, answer).graphql()).json()["data"]["me"] == me
    header = answer.headers["set-cookie"]
    assert {each.strip().lower() for each in header.split(";")[1:]} == {"path=/", "httponly", "samesite=strict"}


async def test_attack_48_an_invitation_works_once(live: Live) -> None:
    made = await (await admin(live)).do(INVITE, **BEN)
    body = {"token": made["link"].partition("#")[2], "password": PASSWORD}
    answers = await asyncio.gather(*(Browser(live).post("/invitation/accept", body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 410, 410, 410]
    assert (await Browser(live).post("/invitation/look", {"token": body["token"]})).status_code == 410


@pytest.mark.parametrize("how", ["late", "withdrawn", "unknown", "suspended"])
async def test_an_invitation_that_cannot_be_used_says_only_that(live: Live, how: str) -> None:
    browser = await admin(live)
    made = await browser.do(INVITE, **BEN)
    token = made["link"].partition("#")[2]
    match how:
        case "late":
            await live.sql(f"update invitation set expires_at = '{live.hub.clock() - timedelta(seconds=1)}'")
        case "withdrawn":
            query = "mutation($input: InvitationWithdrawInput!) { invitationWithdraw(input: $input) { invitation { state } } }"
            done = await browser.do(query, invitation=made["invitation"]["id"])
            assert done == {"invitation": {"state": "WITHDRAWN"}}
        case "suspended":
            await live.sql("update partner set status = 'SUSPENDED' where code = 'ACME'")
        case _:
            token = "x" * 43
    for path in ("/invitation/look", "/invitation/accept"):
        answer = await Browser(live).post(path, {"token": token, "password": PASSWORD})
        assert (answer.status_code, answer.json()["error"]) == (410, "GONE")


async def test_whatever_is_wrong_about_a_login_gets_the_same_answer(live: Live) -> None:
    await accepted(live)
    answers = [
        (await entered(live, password="wrong password"))[1],
        (await entered(live, account="nobody@acme.example"))[1],
        (await entered(live, firm="BOLT"))[1],
        (await entered(live, firm="NOWHERE"))[1],
        (await entered(live, firm="HUB"))[1],
        (await entered(live, account="ben\0@acme.example"))[1],
    ]
    assert {(each.status_code, each.content) for each in answers} == {(401, answers[0].content)}
    assert all("set-cookie" not in each.headers for each in answers)


async def test_after_ten_wrong_passwords_the_right_one_has_to_wait(live: Live) -> None:
    await accepted(live)
    for _ in range(10):
        assert (await entered(live, password="wrong password"))[1].status_code == 401
    answer = (await entered(live))[1]
    assert (answer.status_code, answer.json()["error"]) == (429, "RATE_LIMITED")
    assert answer.headers["retry-after"] == "1"
    await live.sql(f"update wrong_password set blocked_until = '{live.hub.clock() - timedelta(seconds=1)}'")
    assert (await entered(live))[1].status_code == 200
    assert (await live.hub.database.read.rows("select 1 from audit_entry where action = 'login.refused'")) != []


async def test_waiting_does_not_tell_which_accounts_there_are(live: Live) -> None:
    await accepted(live)
    seen = {}
    for firm, account in (("ACME", BEN["email"]), ("ACME", "eve@acme.example"), ("BOLT", BEN["email"]), ("NOWHERE", "x@y.example")):
        live.hub.failures._counts.clear()
        answers = [(await entered(live, password="wrong password", account=account, firm=firm))[1] for _ in range(11)]
        seen[firm, account] = [(each.status_code, each.content) for each in answers]
    assert [status for status, _ in seen["ACME", BEN["email"]]] == [401] * 10 + [429]
    assert len({tuple(each) for each in seen.values()}) == 1


async def test_the_right_password_ends_the_count(live: Live) -> None:
    await accepted(live)
    for _ in range(2):
        for _ in range(9):
            assert (await entered(live, password="wrong password"))[1].status_code == 401
        assert (await entered(live))[1].status_code == 200


async def test_more_than_a_few_wait_and_more_than_many_are_sent_away() -> None:
    turns, inside = Turns(1, 1), asyncio.Event()

    async def take() -> None:
        async with turns.take():
            await inside.wait()

    first, second = asyncio.ensure_future(take()), asyncio.ensure_future(take())
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable, match="Too many"):
        await take()
    inside.set()
    await asyncio.gather(first, second)
    await take()


async def test_twenty_failures_from_one_place_in_a_minute_are_enough(live: Live) -> None:
    failures = live.hub.failures
    for _ in range(20):
        failures.add("127.0.0.1", "login")
    assert (await entered(live))[1].status_code == 429


async def test_four_passwords_are_hashed_at_once() -> None:
    passwords, running, gate = Passwords(), [], threading.Event()

    def work() -> bool:
        running.append(1)
        return gate.wait(10)

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(20))
    tasks = [asyncio.ensure_future(passwords._run(work)) for _ in range(20)]
    async with asyncio.timeout(10):
        while len(running) < AT_ONCE:
            await asyncio.sleep(0)
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert len(running) == AT_ONCE
    gate.set()
    assert all(await asyncio.gather(*tasks))
    assert len(running) == 20


async def test_two_links_for_one_address_make_one_person(live: Live) -> None:
    ann = await admin(live)
    links = [(await ann.do(INVITE, **BEN))["link"].partition("#")[2] for _ in range(2)]
    answers = [
        (await Browser(live).post("/invitation/accept", {"token": each, "password": PASSWORD})).status_code
        for each in links
    ]
    assert answers == [200, 410]


async def test_attack_45_the_session_changes_at_login_and_ends_at_logout(live: Live) -> None:
    browser, _ = await accepted(live)
    before = Browser(live, browser.cookie)
    answer = await browser.post("/session", {"firm": "ACME", "account": "ben@acme.example", "password": PASSWORD})
    taken(browser, answer)
    assert browser.cookie != before.cookie
    assert [(await each.graphql()).status_code for each in (before, browser)] == [401, 200]
    left = await browser.post("/session/end", {})
    assert "max-age=0" in left.headers["set-cookie"].lower()
    assert (await browser.graphql()).status_code == 401


@pytest.mark.parametrize("wrong", [{"Origin": "https://evil.example"}, {"X_Scmhub": None}, {"Sec_Fetch_Site": "cross-site"}])
async def test_another_page_can_log_nobody_in_or_out(live: Live, wrong: dict[str, str | None]) -> None:
    browser, _ = await accepted(live)
    body = {"firm": "ACME", "account": "ben@acme.example", "password": PASSWORD}
    for path in ("/session", "/session/end"):
        answer = await browser.post(path, body, **wrong)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert (await browser.graphql()).status_code == 200


async def test_attack_45_other_roles_end_what_is_open_and_count_at_the_next_login(live: Live) -> None:
    browser, _ = await accepted(live)
    me = (await browser.graphql()).json()["data"]["me"]
    boss = await admin(live)
    given = {"person": me["subject"].replace("person:", "per_"), "expectedVersion": 1, "roles": ["READER", "AUDITOR"]}
    done = await boss.do(ROLES, **given)
    assert done == {"person": {"roles": ["AUDITOR", "READER"], "state": "ACTIVE", "version": 2}, "userErrors": []}

    async def ended() -> bool:
        return (await browser.graphql()).status_code == 401

    await eventually(ended)
    again, answer = await entered(live)
    me = (await taken(again, answer).graphql()).json()["data"]["me"]
    assert (me["roles"], me["permissions"]) == (
        ["AUDITOR", "READER"],
        ["ACCESS", "AUDIT", "READ", "RECEIPTS", "REVIEWS"],
    )
    stale = await boss.do(ROLES, **given)
    assert stale["userErrors"] == [{"code": "CONFLICT", "path": ["input", "expectedVersion"]}]


@pytest.mark.parametrize("query", [DEACTIVATE, END], ids=["deactivated", "logged out"])
async def test_attack_21_whoever_is_thrown_out_is_out_everywhere(live: Live, query: str) -> None:
    browser, _ = await accepted(live)
    me = (await browser.graphql()).json()["data"]["me"]
    step = {"person": me["subject"].replace("person:", "per_"), "expectedVersion": 1}
    assert (await (await admin(live)).do(query, **step))["userErrors"] == []

    async def ended() -> bool:
        return (await browser.graphql()).status_code == 401

    await eventually(ended)
    assert (await entered(live))[1].status_code == (401 if query is DEACTIVATE else 200)


async def test_attack_49_the_last_administrator_stays(live: Live) -> None:
    ann = await person(live, live.acme, Role.ADMIN)
    browser = await login(live, ann)
    step = {"person": f"per_{ann.id}", "expectedVersion": 1}
    for query, more in ((DEACTIVATE, {}), (ROLES, {"roles": ["READER"]})):
        done = await browser.do(query, **step, **more)
        assert done["userErrors"] == [{"code": "ILLEGAL_TRANSITION", "path": ["input", "person"]}]
    await person(live, live.acme, Role.ADMIN, name="Second")
    assert (await browser.do(DEACTIVATE, **step))["userErrors"] == []


async def test_attack_49_an_old_login_has_to_be_renewed(live: Live) -> None:
    browser = await admin(live)
    await live.sql(f"update session set authenticated_at = '{live.hub.clock() - timedelta(minutes=11)}'")
    done = await browser.do(INVITE, **BEN)
    assert done == {
        "invitation": None, "link": None, "userErrors": [{"code": "STEP_UP_REQUIRED", "path": ["input"]}],
    }  # fmt: skip


async def test_attack_49_neither_a_machine_nor_a_planner_administers(live: Live) -> None:
    bearer = (await live.token()).json()["access_token"]
    assert (await live.graphql(bearer, INVITE, input=BEN)).status_code == 403
    planner = await login(live, await person(live, live.acme, Role.PLANNER, Role.STEWARD, Role.AUDITOR))
    assert (await planner.do(INVITE, **BEN))["userErrors"] == [{"code": "FORBIDDEN", "path": ["input"]}]


@pytest.mark.parametrize(
    ("changed", "code", "place"),
    [({"roles": []}, "REQUIRED", "roles"), ({"roles": ["OPERATOR"]}, "FORBIDDEN", "roles"),
     ({"email": "ben"}, "INVALID", "email"), ({"email": "a\n@b.c"}, "INVALID", "email"), ({"name": " "}, "INVALID", "name")],
)  # fmt: skip
async def test_an_invitation_that_makes_no_sense_is_refused(live: Live, changed: Any, code: str, place: str) -> None:
    done = await (await admin(live)).do(INVITE, **(BEN | changed))
    assert done["userErrors"] == [{"code": code, "path": ["input", place]}]


async def test_people_of_another_partner_are_not_found(live: Live) -> None:
    stranger = await person(live, live.bolt, Role.ADMIN)
    browser = await admin(live)
    done = await browser.do(DEACTIVATE, person=f"per_{stranger.id}", expectedVersion=1)
    assert done["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "person"]}]
    seen = (await browser.graphql("{ people { nodes { name } } sessions { totalCount } invitations { totalCount } }")).json()
    assert seen["data"]["people"]["nodes"] == [{"name": "Ann"}]


async def test_attack_47_the_bootstrap_link_makes_the_first_operator_once(live: Live) -> None:
    async with live.acting(HUB_PARTNER) as unit:
        _, first = await people.bootstrap(unit, "Olga", "olga@hub.example")
    async with live.acting(HUB_PARTNER) as unit:
        _, second = await people.bootstrap(unit, "Olga", "olga@hub.example")
    gone = await Browser(live).post("/invitation/accept", {"token": first, "password": PASSWORD})
    assert gone.status_code == 410
    browser = Browser(live)
    taken(browser, await browser.post("/invitation/accept", {"token": second, "password": PASSWORD}))
    me = (await browser.graphql()).json()["data"]["me"]
    assert (me["roles"], me["permissions"]) == (["OPERATOR"], ["ACCESS", "ADMIN", "BLOCKS", "PARTNERS"])
    assert (await Browser(live).post("/invitation/accept", {"token": second, "password": PASSWORD})).status_code == 410
    with pytest.raises(Refusal, match="There is an operator already"):
        async with live.acting(HUB_PARTNER) as unit:
            await people.bootstrap(unit, "Eve", "eve@hub.example")


async def test_the_operator_invites_a_partner_with_its_first_administrator(live: Live) -> None:
    operator = await login(live, await person(live, HUB_PARTNER, Role.OPERATOR))
    query = "mutation($input: PartnerInviteInput!) { partnerInvite(input: $input) { link userErrors { code path } } }"
    made = await operator.do(query, code="CARGO", name="Cargo", adminName="Cleo", adminEmail="cleo@cargo.example")
    assert made["userErrors"] == []
    browser = Browser(live)
    body = {"token": made["link"].partition("#")[2], "password": PASSWORD}
    taken(browser, await browser.post("/invitation/accept", body))
    found = (await browser.graphql("{ me { roles } viewer { code } people { nodes { name } } }")).json()["data"]
    assert found == {"me": {"roles": ["ADMIN"]}, "viewer": {"code": "CARGO"}, "people": {"nodes": [{"name": "Cleo"}]}}
    bad = await operator.do(query, code="DYNA", name="Dyna", adminName="D", adminEmail="nonsense")
    assert bad["userErrors"] == [{"code": "INVALID", "path": ["input", "adminEmail"]}]
    refused = await operator.graphql("{ orders { totalCount } }")
    assert refused.status_code == 403
