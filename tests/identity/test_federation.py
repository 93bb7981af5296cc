"""A partner's own identity provider: real issuers in processes of their own, and everything that may be wrong with them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from scmhub.database.address import Address
from scmhub.database.tables import HUB_PARTNER
from scmhub.hub import Hub
from scmhub.identity.roles import Role
from scmhub.partners.registry import register_partner
from scmhub.settings import Settings
from tests.identity.conftest import Live, eventually, free_port, serving
from tests.identity.issuer_process import CLIENT, SECRET
from tests.identity.people import ME, Browser, login, person

ADD = """mutation($input: IdentityProviderAddInput!) { identityProviderAdd(input: $input) {
  identityProvider { id version state } userErrors { code path } } }"""
ROLES = ["admins=ADMIN", "planners=PLANNER", "readers=READER"]
ANN = {"sub": "ann", "name": "Ann", "email": "ann@acme.example", "roles": ["admins"]}
BEN = {"sub": "ben", "name": "Ben", "email": "ben@acme.example", "roles": ["planners"]}


def step(name: str, extra: str = "") -> str:
    return (
        f"mutation($input: IdentityProviderStepInput!) {{ {name}(input: $input) {{"
        f" identityProvider {{ id version state activeNumber }} {extra} userErrors {{ code path }} }} }}"
    )


class Issuer:
    """A process that is an issuer."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        script = Path(__file__).parent / "issuer_process.py"
        self.process = subprocess.Popen([sys.executable, str(script), str(self.port)])

    async def answers(self, http: httpx2.AsyncClient) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    await http.get(f"{self.url}/jwks")
                    return
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)

    async def be(self, http: httpx2.AsyncClient, who: dict[str, Any], defect: str = "") -> None:
        """Who logs in there from now on, and what is wrong about it."""
        assert (await http.post(f"{self.url}/be", json={**who, "defect": defect})).status_code == 200


@pytest.fixture(scope="module")
def issuers() -> Iterator[tuple[Issuer, Issuer]]:
    pair = Issuer(), Issuer()
    yield pair
    for each in pair:
        each.process.terminate()
        each.process.wait(10)


@pytest.fixture
async def hub(models: Address, settings: Settings, issuers: tuple[Issuer, Issuer]) -> AsyncIterator[Live]:
    """A hub whose operator has opened this machine to it."""
    port = free_port()
    bounds = {"outbound_networks": "127.0.0.1/32", "bad_credentials_per_minute": 50}
    own = settings.model_copy(update={"port": port, **bounds})
    async with Hub.open(models, own) as made, serving(made, port) as http:
        found = Live(made, models, http, HUB_PARTNER, HUB_PARTNER)
        async with found.acting(HUB_PARTNER, "operator") as unit:
            found.acme = await register_partner(unit, "ACME", "Acme")
            found.bolt = await register_partner(unit, "BOLT", "Bolt")
        for each in issuers:
            await each.answers(http)
        yield found


async def add(browser: Browser, issuer: str, **changed: Any) -> dict[str, Any]:
    given = {"issuer": issuer, "clientId": CLIENT, "clientSecret": SECRET, "mappings": ROLES}
    made = await browser.do(ADD, **(given | changed))
    assert made["userErrors"] == []
    return made["identityProvider"]  # type: ignore[no-any-return]


async def tried(browser: Browser, provider: dict[str, Any]) -> httpx2.Response:
    """What the browser sees at the end of a test login."""
    given = {"identityProvider": provider["id"], "expectedVersion": provider["version"]}
    begun = await browser.do(step("identityProviderTest", "link"), **given)
    return await travel(browser.live, begun["link"])


async def activated(browser: Browser, provider: dict[str, Any]) -> dict[str, Any]:
    given = {"identityProvider": provider["id"], "expectedVersion": provider["version"]}
    return await browser.do(step("identityProviderActivate"), **given)


async def travel(live: Live, path: str) -> httpx2.Response:
    """A browser's way to the issuer and back: the answer of the callback."""
    begun = await live.http.get(path)
    if begun.status_code != 303:
        return begun
    there = await live.http.get(begun.headers["location"])
    back = there.headers["location"]
    assert back.startswith(live.url + "/login/callback?")
    return await live.http.get(back, headers={"Cookie": f"scmhub-login={begun.cookies['scmhub-login']}"})


async def entered(live: Live, firm: str = "ACME") -> tuple[Browser, httpx2.Response]:
    live.http.cookies.clear()
    answer = await travel(live, f"/login/start?firm={firm}")
    live.http.cookies.clear()
    return Browser(live, answer.cookies.get("scmhub")), answer


async def federated(live: Live, issuer: Issuer, partner: Any = None, **changed: Any) -> tuple[Browser, dict[str, Any]]:
    """acme's people log in at this issuer."""
    browser = await login(live, await person(live, partner or live.acme, Role.ADMIN, name="First"))
    provider = await add(browser, issuer.url, **changed)
    await issuer.be(live.http, ANN)
    assert (await tried(browser, provider)).status_code == 200
    done = await activated(browser, provider)
    assert done["userErrors"] == []
    return browser, done["identityProvider"]


async def test_a_partner_brings_its_issuer_and_its_people_log_in_there(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    first, provider = await federated(hub, issuers[0])
    assert (provider["state"], provider["activeNumber"]) == ("ACTIVE", 1)

    async def logged_out() -> bool:
        return (await first.graphql()).status_code == 401

    await eventually(logged_out)  # local accounts end
    await issuers[0].be(hub.http, BEN)
    ben, answer = await entered(hub)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fexplore#known")
    me = (await ben.graphql()).json()["data"]["me"]
    assert (me["name"], me["permissions"]) == ("Ben", ["READ", "WRITE"])
    assert (await ben.graphql("{ viewer { code } }")).json()["data"] == {"viewer": {"code": "ACME"}}
    again, _ = await entered(hub)
    assert (await again.graphql()).json()["data"]["me"] == me


async def test_attack_38_roles_are_read_again_at_each_login(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    await federated(hub, issuers[0])
    await issuers[0].be(hub.http, BEN)
    before, _ = await entered(hub)
    assert (await before.graphql()).status_code == 200
    await issuers[0].be(hub.http, BEN | {"roles": ["readers"]})
    after, _ = await entered(hub)
    assert (await after.graphql()).json()["data"]["me"]["roles"] == ["READER"]

    async def ended() -> bool:
        return (await before.graphql()).status_code == 401

    await eventually(ended)
    await issuers[0].be(hub.http, BEN | {"roles": []})
    nobody, answer = await entered(hub)
    assert (answer.status_code, nobody.cookie) == (403, None)

    async def gone() -> bool:
        return (await after.graphql()).status_code == 401

    await eventually(gone)


async def test_attack_37_without_a_mapped_role_or_creation_there_is_no_person(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    await federated(hub, issuers[0], createsPeople=False)
    for who in (BEN, BEN | {"roles": "planners"}, BEN | {"roles": ["others"]}, BEN | {"roles": {"a": 1}}):
        await issuers[0].be(hub.http, who)
        browser, answer = await entered(hub)
        assert (answer.status_code, browser.cookie) == (403, None)
    rows = await hub.hub.database.read.rows("select name from person")
    assert [row["name"] for row in rows] == ["First"]


async def test_attack_36_the_same_sub_of_another_issuer_is_another_person(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    await federated(hub, issuers[0])
    await federated(hub, issuers[1], hub.bolt)
    subjects = set()
    for issuer, firm in zip(issuers, ("ACME", "BOLT"), strict=True):
        await issuer.be(hub.http, BEN)
        browser, _ = await entered(hub, firm)
        answer = (await browser.graphql("{ me { subject } viewer { code } }")).json()["data"]
        assert answer["viewer"] == {"code": firm}
        subjects.add(answer["me"]["subject"])
    assert len(subjects) == 2


async def test_attack_35_an_issuer_belongs_to_one_partner(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    await federated(hub, issuers[0])
    eve = await login(hub, await person(hub, hub.bolt, Role.ADMIN))
    provider = await add(eve, issuers[0].url)
    await issuers[0].be(hub.http, ANN)
    assert (await tried(eve, provider)).status_code == 200
    done = await activated(eve, provider)
    assert done["userErrors"] == [{"code": "ILLEGAL_TRANSITION", "path": ["input", "identityProvider"]}]
    posing = await add(eve, issuers[1].url)
    await issuers[1].be(hub.http, ANN, "other discovery")
    assert (await tried(eve, posing)).status_code == 400
    assert (await activated(eve, posing))["userErrors"] == [
        {"code": "ILLEGAL_TRANSITION", "path": ["input", "identityProvider"]}
    ]


async def test_a_test_counts_only_if_it_makes_an_administrator(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    browser = await login(hub, await person(hub, hub.acme, Role.ADMIN))
    provider = await add(browser, issuers[0].url)
    await issuers[0].be(hub.http, BEN)
    answer = await tried(browser, provider)
    assert (answer.status_code, "PLANNER" in answer.text) == (403, True)
    assert (await activated(browser, provider))["identityProvider"]["state"] == "DRAFT"
    assert await hub.hub.database.read.rows("select 1 from session where door = 'PROVIDER'") == []


async def test_a_revision_counts_only_after_its_own_test(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    _, provider = await federated(hub, issuers[0])
    await issuers[0].be(hub.http, ANN)
    ann, _ = await entered(hub)
    query = """mutation($input: IdentityProviderMappingReviseInput!) { identityProviderMappingRevise(input: $input) {
      identityProvider { id version activeNumber } userErrors { code path } } }"""
    given = {"clientId": CLIENT, "clientSecret": SECRET, "mappings": ["admins=ADMIN", "planners=READER"]}
    revised = (await ann.do(query, identityProvider=provider["id"], expectedVersion=provider["version"], **given))["identityProvider"]
    assert (await activated(ann, revised))["userErrors"][0]["code"] == "ILLEGAL_TRANSITION"
    assert (await tried(ann, revised)).status_code == 200
    assert (await activated(ann, revised))["identityProvider"]["activeNumber"] == 2
    await issuers[0].be(hub.http, BEN)
    ben, _ = await entered(hub)
    assert (await ben.graphql()).json()["data"]["me"]["roles"] == ["READER"]


TOKENS = [
    "wrong aud", "wrong azp", "no azp", "wrong nonce", "no nonce", "other issuer", "list issuer", "expired", "future",
    "old login", "no auth_time", "no sub", "wrong at_hash", "alg none", "hs256", "other key", "no id_token",
]  # fmt: skip
WAYS = [
    "foreign iss", "other discovery", "private keys", "redirect /.well-known/openid-configuration", "redirect /token",
    "redirect /jwks", "huge /.well-known/openid-configuration", "huge /token", "huge /jwks",
]  # fmt: skip


async def test_attacks_34_40_41_whatever_is_wrong_about_a_login_makes_no_session(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    await federated(hub, issuers[0])
    found = {}
    for defect in (*TOKENS, *WAYS):
        await issuers[0].be(hub.http, BEN, defect)
        hub.hub.federation.issuers.forget()
        browser, answer = await entered(hub)
        found[defect] = (answer.status_code, browser.cookie)
    assert found == dict.fromkeys((*TOKENS, *WAYS), (400, None))
    assert await hub.hub.database.read.rows("select 1 from session where door = 'PROVIDER'") == []
    await issuers[0].be(hub.http, BEN)
    hub.hub.federation.issuers.forget()
    browser, _ = await entered(hub)
    assert (await browser.graphql(ME)).status_code == 200


async def test_two_first_logins_at_once_make_one_person(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    await federated(hub, issuers[0])
    await issuers[0].be(hub.http, BEN)
    backs = []
    for _ in range(6):
        hub.http.cookies.clear()
        begun = await hub.http.get("/login/start?firm=ACME")
        cookie = {"Cookie": f"scmhub-login={begun.cookies['scmhub-login']}"}
        backs.append(((await hub.http.get(begun.headers["location"])).headers["location"], cookie))
    hub.http.cookies.clear()
    answers = await asyncio.gather(*(hub.http.get(back, headers=cookie) for back, cookie in backs))
    assert [each.status_code for each in answers] == [303] * 6
    rows = await hub.hub.database.read.rows("select 1 from person where provider_subject = 'ben'")
    assert len(rows) == 1
    rows = await hub.hub.database.read.rows("select 1 from audit_entry where action = 'person.created'")
    assert len(rows) == 1


async def test_strangers_cannot_make_the_hub_ask_an_issuer_again_and_again(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    await federated(hub, issuers[0])
    assert (await hub.http.get("/login/start?firm=ACME")).status_code == 303
    await issuers[0].be(hub.http, BEN, "other discovery")
    assert (await hub.http.get("/login/start?firm=ACME")).status_code == 303, "it was not asked again"
    hub.hub.federation.issuers.forget()
    answers = [await hub.http.get("/login/start?firm=ACME") for _ in range(51)]
    assert [each.status_code for each in answers] == [400] * 50 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    for path in ("/login/start?firm=ACME", "/login/callback?code=x&state=y"):
        assert (await hub.http.get(path)).status_code == 429


@pytest.mark.parametrize("url", ["https://10.0.0.1", "https://169.254.169.254", "http://example.com", "https://localhost:1"])
async def test_attack_40_no_issuer_leads_the_hub_inside(live: Live, url: str) -> None:
    browser = await login(live, await person(live, live.acme, Role.ADMIN))
    answer = await tried(browser, await add(browser, url))
    assert answer.status_code == 400


async def test_attack_39_a_callback_counts_once_and_only_in_its_own_browser(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    await federated(hub, issuers[0])
    await issuers[0].be(hub.http, BEN)
    hub.http.cookies.clear()
    begun = await hub.http.get("/login/start?firm=ACME")
    cookie = {"Cookie": f"scmhub-login={begun.cookies['scmhub-login']}"}
    hub.http.cookies.clear()
    back = (await hub.http.get(begun.headers["location"])).headers["location"]
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert (await hub.http.get(back)).status_code == 400
    assert (await hub.http.get(back.replace(state, "x" * 43), headers=cookie)).status_code == 400
    assert (await hub.http.get(back, headers={"Cookie": "scmhub-login=AAAA"})).status_code == 400
    assert (await hub.http.get(back, headers=cookie)).status_code == 303
    hub.http.cookies.clear()
    again = await hub.http.get(back, headers=cookie)
    assert (again.status_code, again.cookies.get("scmhub")) == (400, None)


async def test_attack_48_an_invitation_is_not_used_once_people_come_from_the_provider(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    from scmhub.identity import people

    async with hub.acting(hub.acme) as unit:
        _, token = await people.invite(unit, "Carl", "carl@acme.example", [Role.PLANNER])
    await federated(hub, issuers[0])
    answer = await Browser(hub).post("/invitation/accept", {"token": token, "password": "correct horse battery"})
    assert answer.status_code == 410


async def test_no_firm_without_a_provider_is_sent_anywhere(live: Live) -> None:
    for firm in ("ACME", "NOWHERE", ""):
        assert (await live.http.get(f"/login/start?firm={firm}")).status_code == 404
    assert (await live.http.get("/login/start?test=AAAA")).status_code == 400
