"""A person logs in through a partner's frontend: code, PKCE, rotating refresh tokens, and every attack on them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from scmhub.clock import system_clock
from scmhub.identity import frontends, sessions
from scmhub.identity.frontend_tables import FrontendTable
from scmhub.identity.people import end_sessions, find
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.tokens import verify_token
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id
from tests.identity.conftest import Live, eventually
from tests.identity.frontends import REDIRECT, Portal, answer_of, challenge_of, portal_of


class People:
    """Real people with real browser sessions."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def add(self, partner: UUID, *roles: str) -> tuple[UUID, str]:
        """A new person who is logged in, and the cookie that says so."""
        async with self._live.acting(partner) as unit:
            person = PersonTable(
                id=new_id(unit.now), partner_id=partner, name="Ann", roles=list(roles or ("PLANNER",)),
                created_at=unit.now,
            )  # fmt: skip
            unit.session.add(person)
            await unit.session.flush()
            return person.id, await sessions.begin(unit, person, "LOCAL", unit.now)

    async def set(self, partner: UUID, person: UUID, change: str) -> None:
        async with self._live.acting(partner) as unit:
            await unit.rows(f"update person set {change} where id = $1", person)


@pytest.fixture
async def people(live: Live) -> People:
    return People(live)


@pytest.fixture
async def portal(live: Live, people: People) -> Portal:
    made = await portal_of(live, live.acme)
    _, made.cookies["scmhub"] = await people.add(live.acme)
    return made


async def works(portal: Portal, bearer: str) -> bool:
    return (await portal.live.graphql(bearer)).status_code == 200


async def dies(portal: Portal, bearer: str) -> None:
    async def dead() -> bool:
        return not await works(portal, bearer)

    await eventually(dead)


async def test_a_person_gets_tokens_through_a_frontend(live: Live, people: People, portal: Portal) -> None:
    answer = answer_of(await portal.ask())
    assert answer | {"code": ""} == {"code": "", "state": portal.state, "iss": live.url}
    response = await portal.redeem(answer["code"])
    tokens = response.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 300, "hub:read hub:write")
    assert response.headers["cache-control"] == "no-store"
    assert (await live.graphql(tokens["access_token"])).json()["data"] == {"viewer": {"code": "ACME"}}
    viewer = verify_token(live.hub.ring, tokens["access_token"], issuer=live.url, now=system_clock())
    assert viewer.subject.startswith("person:")
    assert viewer.roles == {"PLANNER"}
    assert viewer.authenticated_at is not None
    assert f"frontend:{portal.key}" in viewer.stands_on


async def test_attack_15_the_answer_names_the_issuer_of_the_metadata(live: Live, portal: Portal) -> None:
    metadata = (await live.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert answer_of(await portal.ask())["iss"] == metadata["issuer"]
    assert answer_of(await portal.ask(scope="hub:admin"))["iss"] == metadata["issuer"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None}, {"code_challenge": None},
        {"code_challenge_method": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": "s256"},
        {"code_challenge": "short"}, {"code_challenge": "x" * 128}, {"code_challenge": "ü" * 43},
    ],
)  # fmt: skip
async def test_attack_11_no_challenge_or_a_plain_one_is_refused(portal: Portal, changes: dict[str, str | None]) -> None:
    answer = answer_of(await portal.ask(**changes))
    assert answer["error"] == "invalid_request"
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": None}, "invalid_request"), ({"state": "x" * 1_001}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"), ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": "hub:admin"}, "invalid_scope"), ({"scope": "hub:read hub:admin"}, "invalid_scope"),
        ({"request": "x.y.z"}, "invalid_request"), ({"request_uri": "https://x"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
    ],
)  # fmt: skip
async def test_a_wrong_request_goes_back_without_a_code(
    portal: Portal, changes: dict[str, str | None], error: str
) -> None:
    answer = answer_of(await portal.ask(**changes))
    assert answer["error"] == error
    assert "code" not in answer


@pytest.mark.parametrize(
    "uri",
    [
        REDIRECT + "/", REDIRECT + "?x=1", REDIRECT.upper(), "https://portal.acme.example/", "https://evil.example/callback",
        "https://portal.acme.example:443/callback", "http://portal.acme.example/callback", "javascript:alert(1)",
        "https://portal.acme.example/callback#x", "https://portal.acme.example/./callback", "", None,
        "https://portal.acme.example@evil.example/callback", "//evil.example", 'https://x/"><script>',
    ],
)  # fmt: skip
async def test_attack_12_another_address_gets_no_redirect(portal: Portal, uri: str | None) -> None:
    answer = await portal.ask(redirect_uri=uri)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "script" not in answer.text


async def test_an_unknown_client_gets_the_same_page(live: Live, portal: Portal) -> None:
    pages = [
        await portal.ask(client_id="fnt_unknown"), await portal.ask(client_id=live.client_id),
        await portal.ask(client_id=None), await portal.ask(redirect_uri="https://evil.example"),
    ]  # fmt: skip
    assert {(page.status_code, page.content) for page in pages} == {(400, pages[0].content)}
    twice = f"/oauth/authorize?client_id={portal.client_id}&client_id={portal.client_id}&redirect_uri={REDIRECT}"
    assert (await live.http.get(twice)).status_code == 400
    assert (await live.http.get("/oauth/authorize?x=%FF")).status_code == 400
    assert (await live.http.get("/oauth/authorize?x=" + "y" * 5_000)).status_code == 414
    assert (await live.http.post("/oauth/authorize", data={"client_id": portal.client_id})).status_code == 405


async def test_who_is_not_logged_in_is_sent_to_the_login_page_and_back(live: Live, portal: Portal) -> None:
    portal.cookies.clear()
    crossed = await portal.ask({"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 200
    assert 'http-equiv="refresh"' in crossed.text
    assert "default-src 'none'" in crossed.headers["content-security-policy"]
    sent = await portal.ask({"Sec-Fetch-Site": "same-origin"})
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/login?next=%2Foauth%2Fauthorize%3F")
    silent = await portal.ask({"Sec-Fetch-Site": "cross-site"}, prompt="none")
    assert (silent.status_code, 'http-equiv="refresh"' in silent.text) == (200, True), "the cookie comes only then"
    hostile = await portal.ask({"Sec-Fetch-Site": "cross-site"}, state='"><script>alert(1)</script>')
    assert "<script" not in hostile.text
    assert answer_of(await portal.ask(prompt="none"))["error"] == "login_required"


async def test_only_people_of_its_own_partner_use_a_frontend(live: Live, people: People, portal: Portal) -> None:
    _, portal.cookies["scmhub"] = await people.add(live.bolt)
    assert answer_of(await portal.ask())["error"] == "access_denied"


async def test_roles_narrow_what_a_frontend_may_ask(live: Live, people: People, portal: Portal) -> None:
    person, portal.cookies["scmhub"] = await people.add(live.acme, "READER")
    tokens = await portal.tokens()
    assert tokens["scope"] == "hub:read"
    assert answer_of(await portal.ask(scope="hub:write"))["error"] == "access_denied"
    await people.set(live.acme, person, "roles = '{ADMIN}'")
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_who_is_logged_out_everywhere_is_logged_out_of_frontends(
    live: Live, people: People, portal: Portal
) -> None:
    person, portal.cookies["scmhub"] = await people.add(live.acme)
    tokens = await portal.tokens()
    async with live.acting(live.acme) as unit:
        found = await find(unit, person)
        assert found
        await end_sessions(unit, found)
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_who_may_not_act_any_more_gets_no_token(live: Live, people: People, portal: Portal) -> None:
    person, portal.cookies["scmhub"] = await people.add(live.acme)
    tokens, code = await portal.tokens(), await portal.code()
    await people.set(live.acme, person, "state = 'DEACTIVATED'")
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await portal.redeem(code)).json()["error"] == "invalid_grant"


async def test_an_ended_session_is_nobodys(live: Live, people: People, portal: Portal) -> None:
    async with live.acting(live.acme) as unit:
        [row] = await unit.rows("select id from session where ended_at is null")
        assert await sessions.end(unit, row["id"])

    async def sent_to_login() -> bool:
        return "/login?next=" in (await portal.ask()).headers.get("location", "")

    await eventually(sent_to_login)


async def test_attack_13_a_code_redeemed_eight_times_at_once_gives_one_answer_and_its_tokens_die(portal: Portal) -> None:
    code = await portal.code()
    answers = await asyncio.gather(*(portal.redeem(code) for _ in range(8)))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    await dies(portal, good[0]["access_token"])
    assert (await portal.refresh(good[0]["refresh_token"])).json()["error"] == "invalid_grant"


async def test_attack_14_a_code_is_worth_nothing_with_anything_else(live: Live, people: People, portal: Portal) -> None:
    other = await portal_of(live, live.acme)
    wrong: list[dict[str, Any]] = [
        {"client_id": other.client_id}, {"redirect_uri": "https://portal.acme.example/other"}, {"redirect_uri": None},
        {"code_verifier": "y" * 43}, {"code_verifier": challenge_of(portal.verifier)}, {"code": "guessed"},
    ]  # fmt: skip
    code = await portal.code()
    texts = set()
    for changes in wrong:
        answer = await portal.redeem(code, **changes)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), changes
        texts.add(answer.content)
    assert len(texts) == 1
    for malformed in (None, "short", "ü" * 50, "x" * 200):
        assert (await portal.redeem(code, code_verifier=malformed)).json()["error"] == "invalid_request"
    assert (await portal.redeem(code, client_id=live.client_id)).json()["error"] == "unsupported_grant_type"
    assert (await portal.redeem(code)).status_code == 200


async def test_a_code_lives_a_minute(live: Live, portal: Portal) -> None:
    code = await portal.code()
    await live.sql("update authorization_code set expires_at = now() - interval '1 second'")
    assert (await portal.redeem(code)).json()["error"] == "invalid_grant"
    [row] = await live.hub.database.read.rows(
        "select extract(epoch from g.expires_at - g.created_at)::int / 86400 as days from login_grant g"
    )
    assert row["days"] == 30


async def test_attack_16_an_old_refresh_token_kills_the_family(portal: Portal) -> None:
    first = await portal.tokens()
    second = (await portal.refresh(first["refresh_token"])).json()
    third = (await portal.refresh(second["refresh_token"])).json()
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert await works(portal, third["access_token"])
    stolen = await portal.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    for tokens in (first, second, third):
        await dies(portal, tokens["access_token"])
    assert (await portal.refresh(third["refresh_token"])).json()["error"] == "invalid_grant"


async def test_attack_17_another_clients_refresh_token_is_refused_and_still_works_for_its_owner(
    live: Live, portal: Portal
) -> None:
    other, foreign = await portal_of(live, live.acme), await portal_of(live, live.bolt)
    tokens = await portal.tokens()
    for thief in (other, foreign):
        assert (await thief.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
        answer = await live.http.post(
            "/oauth/revoke", data={"token": tokens["refresh_token"], "client_id": thief.client_id}
        )
        assert answer.status_code == 200
    assert (await portal.refresh(tokens["refresh_token"])).status_code == 200


async def test_attack_18_widening_is_refused_and_the_token_stays_usable(portal: Portal) -> None:
    tokens = await portal.tokens(scope="hub:read")
    widened = await portal.refresh(tokens["refresh_token"], scope="hub:read hub:write")
    assert (widened.status_code, widened.json()["error"]) == (400, "invalid_scope")
    narrow = await portal.refresh(tokens["refresh_token"], scope="hub:read")
    assert narrow.json()["scope"] == "hub:read"


async def test_a_refresh_token_idles_a_day_and_no_grant_outlives_thirty(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    hours = "select round(extract(epoch from expires_at - now()) / 3600)::int as hours from refresh_token"
    async with live.acting(live.acme) as unit:
        assert [row["hours"] for row in await unit.rows(hours)] == [24]
    await live.sql("update login_grant set expires_at = now() + interval '2 hours'")
    tokens = (await portal.refresh(tokens["refresh_token"])).json()
    async with live.acting(live.acme) as unit:
        assert sorted(row["hours"] for row in await unit.rows(hours)) == [2, 24]
    await live.sql("update refresh_token set expires_at = now() - interval '1 second' where used_at is null")
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    await live.sql("update login_grant set expires_at = now() - interval '1 second'")
    await portal.code()
    assert len(await live.hub.database.read.rows("select from login_grant")) == 1, "what ended by itself is forgotten"


async def test_logging_out_ends_the_grant(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    for token in (tokens["refresh_token"], "nonsense"):
        answer = await live.http.post("/oauth/revoke", data={"token": token, "client_id": portal.client_id})
        assert (answer.status_code, answer.json()) == (200, {})
    await dies(portal, tokens["access_token"])
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_access_token_ends_alone(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    form = {"token": tokens["access_token"], "client_id": portal.client_id, "token_type_hint": "access_token"}
    assert (await live.http.post("/oauth/revoke", data=form)).status_code == 200
    await dies(portal, tokens["access_token"])
    assert await works(portal, (await portal.refresh(tokens["refresh_token"])).json()["access_token"])


async def test_a_suspended_frontend_ends_what_came_through_it(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    async with live.acting(live.acme) as unit:
        found = await unit.session.get(FrontendTable, portal.key)
        assert found
        await frontends.suspend(unit, found)
    await dies(portal, tokens["access_token"])
    assert (await portal.refresh(tokens["refresh_token"])).json()["error"] == "invalid_client"
    assert (await portal.ask()).status_code == 400


async def test_scopes_taken_from_a_frontend_are_gone_from_the_next_token(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    async with live.acting(live.acme) as unit:
        found = await unit.session.get(FrontendTable, portal.key)
        assert found
        await frontends.revise(unit, found, token_scopes=[TokenScope.READ])
    assert (await portal.refresh(tokens["refresh_token"])).json()["scope"] == "hub:read"


async def test_a_frontend_gets_nothing_as_a_machine(live: Live, portal: Portal) -> None:
    asked = [
        await live.ask(client_id=portal.client_id), await live.ask(auth=(portal.client_id, "x")),
        await live.ask(client_id=portal.client_id, client_secret="x"),
    ]  # fmt: skip
    assert [each.json()["error"] for each in asked] == ["unsupported_grant_type"] * 3
    secret = await portal.redeem(await portal.code(), client_secret="x")
    assert secret.json()["error"] == "invalid_client"
    guessed = [await portal.refresh("guess") for _ in range(25)]
    assert guessed[-1].status_code == 429


async def test_old_refresh_tokens_behind_one_address_lock_nobody_out(live: Live, portal: Portal) -> None:
    tokens = await portal.tokens()
    old = [await portal.refresh(f"old token {number}") for number in range(250)]
    assert {each.status_code for each in old} == {400}
    assert (await portal.refresh(tokens["refresh_token"])).status_code == 200
    assert (await live.token()).status_code == 200
    again = [await portal.refresh("one and the same") for _ in range(21)]
    assert [each.status_code for each in again] == [400] * 20 + [429]


async def test_what_is_kept_opens_nothing(live: Live, portal: Portal) -> None:
    """Neither codes nor refresh tokens are in the database, and the read role sees not even their digests."""
    code = await portal.code()
    tokens = (await portal.redeem(code)).json()
    async with live.acting(live.acme) as unit:
        for table in ("authorization_code", "refresh_token", "login_grant"):
            text = str([dict(row) for row in await unit.rows(f"select * from {table}")])
            assert code not in text
            assert tokens["refresh_token"] not in text
    for table in ("authorization_code", "refresh_token"):
        with pytest.raises(Exception, match="permission denied"):
            await live.hub.database.read.rows(f"select * from {table}")
