"""What one partner, one client or one address may do in a minute, and from which pages a browser may call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from scmhub.errors import Refusal
from scmhub.hub import Hub
from scmhub.identity import frontends
from scmhub.identity.frontend_tables import FrontendTable
from tests.identity.conftest import Live, eventually, free_port, serving
from tests.identity.frontends import ORIGIN, portal_of


@pytest.fixture
async def tight(live: Live) -> AsyncIterator[Live]:
    """A replica with small limits."""
    small = {"cost_bucket": 1_000, "cost_refill_per_second": 1, "requests_in_flight": 2, "bad_credentials_per_minute": 3}
    async with Hub.open(live.admin, live.hub.settings.model_copy(update=small)) as hub, serving(hub, free_port()) as http:
        yield Live(hub, live.admin, http, live.acme, live.bolt, live.client_id, live.secret)


async def bearer_of(live: Live, client: tuple[str, str] | None = None) -> str:
    return str((await live.ask(auth=client or (live.client_id, live.secret))).json()["access_token"])


async def test_an_empty_bucket_is_429_and_the_budget_is_shown(tight: Live) -> None:
    bearer = await bearer_of(tight)
    query = "{ orders(first: 100) { nodes { id } } }"
    first = (await tight.graphql(bearer, query)).json()["extensions"]["cost"]
    assert first["throttleStatus"]["maximumAvailable"] == 1_000
    assert first["throttleStatus"]["currentlyAvailable"] == 1_000 - first["requestedQueryCost"]
    answers = [await tight.graphql(bearer, query) for _ in range(12)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert int(refused.headers["retry-after"]) >= 1
    other = await bearer_of(tight, (await tight.integration(tight.bolt))[1:])
    assert (await tight.graphql(other, query)).status_code == 200, "the bucket is the partner's own"


async def test_one_partner_has_so_many_requests_in_flight(tight: Live) -> None:
    bearer = await bearer_of(tight)
    other = await bearer_of(tight, (await tight.integration(tight.bolt))[1:])
    wall = await asyncpg.connect(**tight.admin.arguments())
    query = "{ items { nodes { id } } }"
    async with wall.transaction():
        await wall.execute("lock table item in access exclusive mode")
        running = [asyncio.ensure_future(tight.graphql(bearer, query)) for _ in range(2)]
        async with asyncio.timeout(10):
            while tight.hub._in_flight._running[tight.acme] < 2:
                await asyncio.sleep(0)
        refused = await tight.graphql(bearer)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert (await tight.graphql(other)).status_code == 200
    assert [answer.status_code for answer in await asyncio.gather(*running)] == [200, 200]
    assert (await tight.graphql(bearer)).status_code == 200
    await wall.close()


async def test_attack_10_a_client_that_fails_too_often_waits_and_others_do_not(tight: Live) -> None:
    answers = [await tight.ask(auth=(tight.client_id, "wrong")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await tight.token()).status_code == 429, "from that address not even with its secret"
    other = (await tight.integration(tight.bolt))[1:]
    assert (await tight.ask(auth=other)).status_code == 200
    names = [await tight.ask(auth=(f"int_{number}", "x")) for number in range(30)]
    assert names[-1].status_code == 429, "a new name each time is the same address"


async def test_bad_tokens_from_one_address_are_429_and_good_ones_go_on(tight: Live) -> None:
    bearer = await bearer_of(tight)
    answers = [await tight.graphql("x.y.z") for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [401] * 30
    assert answers[-1].status_code == 429
    assert answers[-1].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert (await tight.graphql(bearer)).status_code == 200


async def test_attack_46_only_origins_of_registered_frontends_are_named(live: Live) -> None:
    portal = await portal_of(live, live.acme)
    bearer = await bearer_of(live)

    async def named(origin: str) -> str | None:
        headers = {"Origin": origin, "Authorization": f"Bearer {bearer}"}
        answer = await live.http.post("/graphql", json={"query": "{ viewer { code } }"}, headers=headers)
        assert answer.status_code == 200
        assert "access-control-allow-credentials" not in answer.headers
        return answer.headers.get("access-control-allow-origin")

    async def known() -> bool:
        return await named(ORIGIN) == ORIGIN

    await eventually(known)
    for origin in ("https://evil.example", "null", ORIGIN + ".evil.example", "http://portal.acme.example", ORIGIN + ":444"):
        assert await named(origin) is None
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for path in ("/graphql", "/oauth/token", "/oauth/revoke"):
        preflight = await live.http.options(path, headers=asked | {"Origin": ORIGIN})
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, ORIGIN)
        assert "authorization" in preflight.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in preflight.headers
        refused = await live.http.options(path, headers=asked | {"Origin": "https://evil.example"})
        assert refused.status_code == 405
        assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in (
        await live.http.get("/oauth/authorize", headers={"Origin": ORIGIN})
    ).headers
    async with live.acting(live.acme) as unit:
        found = await unit.session.get(FrontendTable, portal.key)
        assert found
        await frontends.suspend(unit, found)

    async def forgotten() -> bool:
        return await named(ORIGIN) is None

    await eventually(forgotten)


async def test_a_page_of_a_registered_frontend_may_open_a_socket(live: Live) -> None:
    await portal_of(live, live.acme)
    address = str(live.http.base_url).rstrip("/").replace("http", "ws") + "/graphql"

    async def opened(origin: str) -> bool:
        try:
            async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], origin=origin, proxy=None):  # type: ignore[arg-type]
                return True
        except InvalidStatus:
            return False

    async def welcome() -> bool:
        return await opened(ORIGIN)

    await eventually(welcome)
    assert not await opened("https://evil.example")


async def test_a_secret_that_nobody_used_for_90_days_proves_nothing(live: Live) -> None:
    """In this order: the hourly chore may end for good what lies unused, whenever it comes."""
    aged = "update credential set created_at = created_at - interval '91 days', last_used_at = now() - interval '89 days'"
    await live.sql(aged)
    assert (await live.token()).status_code == 200
    await live.sql("update credential set last_used_at = now() - interval '91 days'")
    assert (await live.token()).status_code == 401


ADDRESSES = [
    ("http://portal.acme.example/cb", False), ("https://portal.acme.example/cb#x", False), ("ftp://x/cb", False),
    ("https://ann@portal.acme.example/cb", False), ("https://*.acme.example/cb", False), ("/cb", False), ("", False),
    ("https://x\\@y/cb", False), ("https://x:99999/cb", False), ("javascript:alert(1)", False),
    ("https://x/" + "y" * 600, False), ("https://münchen.example/", False),
    ("https://portal.acme.example/cb?x=1", True), ("http://127.0.0.1:5173/cb", True), ("http://[::1]/cb", True),
    ("http://localhost:3000/", True),
]  # fmt: skip


@pytest.mark.parametrize(("address", "usable"), ADDRESSES)
def test_which_redirect_uris_may_be_registered(address: str, usable: bool) -> None:
    assert _accepts(frontends._redirects, address) is usable


@pytest.mark.parametrize(
    ("origin", "usable"),
    [("https://portal.acme.example", True), ("https://portal.acme.example:8443", True), ("http://localhost:5173", True),
     ("https://portal.acme.example/", False), ("https://Portal.acme.example", False), ("null", False), ("*", False)],
)  # fmt: skip
def test_which_origins_may_be_registered(origin: str, usable: bool) -> None:
    assert _accepts(frontends._origins, origin) is usable


def _accepts(check: object, text: str) -> bool:
    try:
        return bool(check([text]))  # type: ignore[operator]
    except Refusal:
        return False
