"""A browser session: whose it is, when it counts, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scmhub.identity.browser import set_cookie, site_of
from scmhub.identity.roles import Role
from scmhub.identity.sessions import IDLE, LONGEST, end_all
from tests.identity.conftest import Live, eventually
from tests.identity.people import ME, Browser, login, person

SITE = 'mutation { siteAdd(input: {code: "A", name: "A", kind: PLANT}) { site { code } userErrors { code path } } }'


async def test_a_logged_in_person_is_answered_by_her_roles(live: Live) -> None:
    ann = await person(live, live.acme, Role.READER)
    browser = await login(live, ann)
    found = (await browser.graphql()).json()["data"]["me"]
    assert found == {"subject": f"person:{ann.id}", "name": "Ann", "roles": ["READER"], "permissions": ["READ"]}
    assert (await browser.graphql("{ viewer { code } }")).json()["data"] == {"viewer": {"code": "ACME"}}
    refused = await browser.graphql(SITE)
    assert refused.json()["data"]["siteAdd"] == {"site": None, "userErrors": [{"code": "FORBIDDEN", "path": ["input"]}]}
    planner = await login(live, await person(live, live.acme, Role.PLANNER))
    assert (await planner.graphql(SITE)).json()["data"]["siteAdd"] == {"site": {"code": "A"}, "userErrors": []}


READS = {
    Role.READER: {"items": 200, "integrations": 403, "auditTrail": 403},
    Role.ADMIN: {"items": 403, "integrations": 200, "auditTrail": 403},
    Role.AUDITOR: {"items": 403, "integrations": 200, "auditTrail": 200},
}


@pytest.mark.parametrize("role", READS)
async def test_each_role_reads_what_it_is_for_and_nothing_else(live: Live, role: Role) -> None:
    browser = await login(live, await person(live, live.acme, role))
    queries = {
        "items": "{ items { totalCount } }",
        "integrations": "{ integrations { totalCount } }",
        "auditTrail": "{ auditTrail { totalCount } }",
    }
    found = {name: (await browser.graphql(query)).status_code for name, query in queries.items()}
    assert found == READS[role]
    node = f'{{ node(id: "{live.client_id}") {{ id }} }}'
    assert (await browser.graphql(node)).status_code == READS[role]["integrations"]


WRONG = [
    {"X_Scmhub": None}, {"X_Scmhub": "0"}, {"Origin": "https://evil.example"}, {"Origin": None}, {"Origin": "null"},
    {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": None},
    {"Content_Type": "application/x-www-form-urlencoded"}, {"Content_Type": "text/plain"},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_attack_43_another_pages_request_does_not_count(live: Live, wrong: dict[str, str | None]) -> None:
    browser = await login(live, await person(live, live.acme, Role.PLANNER))
    answer = await browser.graphql(SITE, **wrong)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert await live.hub.database.read.rows("select 1 from site") == []


async def test_attack_43_a_get_does_not_count(live: Live) -> None:
    browser = await login(live, await person(live, live.acme, Role.READER))
    answer = await live.http.get("/graphql?query={viewer{code}}", headers=browser.headers)
    assert answer.status_code == 403


def test_attack_44_the_cookie_is_strict_and_unreadable() -> None:
    site = site_of("https://hub.example")
    assert (site.origin, site.cookie) == ("https://hub.example", "__Host-Http-scmhub")
    cookie = set_cookie(site, site.cookie, "x")
    parts = {each.strip().lower() for each in cookie.split(";")}
    assert parts == {"__host-http-scmhub=x", "path=/", "httponly", "samesite=strict", "secure"}
    local = site_of("http://127.0.0.1:8000")
    assert (local.cookie, local.usable, site_of("http://hub.example").usable) == ("scmhub", True, False)


async def test_the_header_wins_over_the_cookie_and_is_never_mixed_with_it(live: Live) -> None:
    browser = await login(live, await person(live, live.acme, Role.READER))
    _, client_id, secret = await live.integration(live.bolt)
    bearer = (await live.ask(auth=(client_id, secret))).json()["access_token"]
    answer = await browser.graphql("{ viewer { code } }", Authorization=f"Bearer {bearer}")
    assert answer.json()["data"] == {"viewer": {"code": "BOLT"}}
    assert (await browser.graphql(Authorization="Bearer nonsense")).status_code == 401


async def test_attack_45_idle_and_old_sessions_end(live: Live) -> None:
    ann = await person(live, live.acme, Role.READER)
    now = live.hub.clock()
    for column, ago in (("last_seen_at", IDLE), ("expires_at", timedelta(0))):
        browser = await login(live, ann)
        await live.sql(f"update session set {column} = '{now - ago}' where ended_at is null")
        assert (await browser.graphql()).status_code == 401
    assert timedelta(hours=8) == LONGEST
    assert (await Browser(live, "nonsense").graphql()).status_code == 401


async def test_attack_45_sessions_that_were_ended_end_everywhere_at_once(live: Live) -> None:
    ann = await person(live, live.acme, Role.READER)
    browser = await login(live, ann)
    assert (await browser.graphql(ME)).status_code == 200
    async with live.acting(live.acme) as unit:
        assert await end_all(unit, ann.id) == 1

    async def ended() -> bool:
        return (await browser.graphql()).status_code == 401

    await eventually(ended)
