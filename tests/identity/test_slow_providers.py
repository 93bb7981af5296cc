"""A provider that hangs holds up its own firm, and that firm only for a while; the issuers are real processes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from scmhub.errors import ServiceUnavailable
from scmhub.identity.issuers import AT_ONCE, EACH_AT_ONCE, EACH_WAITING, FAILING_FOR, Issuers
from scmhub.identity.oidc import NotAnswered, NotBelieved
from scmhub.outbound import Outbound
from tests.identity.conftest import Live, eventually
from tests.identity.people import ME
from tests.identity.test_federation import BEN, Issuer, add, entered, federated, hub, issuers, login, person, tried
from tests.support.hub import EPOCH, MovableClock

__all__ = ["hub", "issuers"]


async def state(live: Live, issuer: Issuer) -> dict[str, int]:
    return (await live.http.get(f"{issuer.url}/hanging")).json()  # type: ignore[no-any-return]


async def begun(live: Live, firm: str) -> tuple[str, dict[str, str]]:
    """A login that is back from the issuer with its code: address and cookie of the callback."""
    live.http.cookies.clear()
    start = await live.http.get(f"/login/start?firm={firm}")
    back = (await live.http.get(start.headers["location"])).headers["location"]
    cookie = {"Cookie": f"scmhub-login={start.cookies['scmhub-login']}"}
    live.http.cookies.clear()
    return back, cookie


async def test_one_firms_hanging_provider_leaves_the_others_theirs(hub: Live, issuers: tuple[Issuer, Issuer]) -> None:
    """More logins of acme hang than all firms together have turns; bolt's people get in while they do."""
    await federated(hub, issuers[0])
    await federated(hub, issuers[1], hub.bolt)
    hub.hub.outbound.seconds = 3600.0
    await issuers[0].be(hub.http, BEN)
    backs = [await begun(hub, "ACME") for _ in range(EACH_AT_ONCE + EACH_WAITING + 2)]
    assert len(backs) > AT_ONCE
    await issuers[0].be(hub.http, BEN, "hang")
    await issuers[1].be(hub.http, BEN)
    async with httpx2.AsyncClient() as other:
        stuck = [asyncio.ensure_future(other.get(back, headers=cookie, timeout=None)) for back, cookie in backs]

        async def two_hang_and_the_last_are_sent_away() -> bool:
            return (await state(hub, issuers[0]))["hanging"] == EACH_AT_ONCE and sum(each.done() for each in stuck) == 2

        await eventually(two_hang_and_the_last_are_sent_away, 30)
        bolt, answer = await entered(hub, "BOLT")
        assert (answer.status_code, (await bolt.graphql(ME)).status_code) == (303, 200)
        assert (await state(hub, issuers[0]))["hanging"] == EACH_AT_ONCE
        await issuers[0].be(hub.http, BEN)
        codes = [each.status_code for each in await asyncio.gather(*stuck)]
    assert sorted(codes) == [303] * (EACH_AT_ONCE + EACH_WAITING) + [503] * 2


async def test_a_provider_that_did_not_answer_is_not_asked_for_a_while(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    _, provider = await federated(hub, issuers[0])
    await issuers[0].be(hub.http, BEN)
    (back, cookie), (again, second) = await begun(hub, "ACME"), await begun(hub, "ACME")
    await issuers[0].be(hub.http, BEN, "hang")
    patience, hub.hub.outbound.seconds = hub.hub.outbound.seconds, 0.05
    first = await hub.http.get(back, headers=cookie)
    asked = (await state(hub, issuers[0]))["asked"]
    answers = [first, await hub.http.get(again, headers=second)]
    hub.hub.federation.issuers._discovered.clear()
    answers.append(await hub.http.get("/login/start?firm=ACME"))
    assert [each.status_code for each in answers] == [503] * 3
    assert all("does not answer" in each.text and 1 <= int(each.headers["retry-after"]) <= 30 for each in answers)
    assert (await state(hub, issuers[0]))["asked"] == asked, "it was asked once, and by nobody after"
    hub.hub.outbound.seconds = patience
    await issuers[0].be(hub.http, BEN)
    assert (await hub.http.get("/login/start?firm=ACME")).status_code == 503
    hub.hub.federation.issuers._failing[UUID(bytes=_key(provider))] -= FAILING_FOR
    browser, answer = await entered(hub)
    assert (answer.status_code, (await browser.graphql(ME)).status_code) == (303, 200)


def _key(provider: dict[str, Any]) -> bytes:
    from scmhub.ids import parse_id

    parsed = parse_id(provider["id"])
    assert parsed
    return parsed[1].bytes


async def test_who_tests_a_provider_is_told_the_cause_and_may_try_at_once(
    hub: Live, issuers: tuple[Issuer, Issuer]
) -> None:
    ann = await login(hub, await person(hub, hub.acme, "ADMIN"))
    provider = await add(ann, issuers[0].url)
    await issuers[0].be(hub.http, BEN, "hang")
    patience, hub.hub.outbound.seconds = hub.hub.outbound.seconds, 0.05
    assert (await tried(ann, provider)).status_code == 400
    hub.hub.outbound.seconds = patience
    await issuers[0].be(hub.http, {"sub": "ann", "roles": ["admins"]})
    assert (await tried(ann, provider)).status_code == 200


# -- the bounds, by hand -----------------------------------------------------------------------------------------------


def found(partner: UUID, provider: UUID) -> dict[str, Any]:
    return {"partner_id": partner, "provider_id": provider, "issuer": "https://issuer.example"}


async def unanswered() -> None:
    raise NotAnswered("No answer within 5 seconds.")


async def fine() -> str:
    return "fine"


async def test_it_is_tried_again_when_the_time_is_over_and_forgotten_when_it_answers() -> None:
    clock = MovableClock()
    issuers, acme = Issuers(Outbound(), clock), found(uuid4(), uuid4())
    with pytest.raises(ServiceUnavailable, match="in 30 seconds"):
        await issuers.asked(acme, unanswered)
    clock.set(EPOCH + FAILING_FOR - timedelta(seconds=1))
    with pytest.raises(ServiceUnavailable, match="in 1 seconds"):
        await issuers.asked(acme, fine)
    assert await issuers.asked(found(acme["partner_id"], uuid4()), fine) == "fine", "another provider of the firm"
    assert await issuers.asked(found(uuid4(), uuid4()), fine) == "fine"
    clock.set(EPOCH + FAILING_FOR)
    assert await issuers.asked(acme, fine) == "fine"
    assert (issuers._failing, issuers._own) == ({}, {})


async def test_who_waited_for_a_turn_does_not_ask_what_has_failed_meanwhile() -> None:
    issuers, acme, asked = Issuers(Outbound(), MovableClock()), found(uuid4(), uuid4()), []
    gate = asyncio.Event()

    async def hang() -> None:
        asked.append(1)
        await gate.wait()
        raise NotAnswered("No answer within 5 seconds.")

    waiting = [asyncio.ensure_future(issuers.asked(acme, hang)) for _ in range(EACH_AT_ONCE + EACH_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable, match="Too many"):
        await issuers.asked(acme, hang)
    gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each).__name__ for each in results} == {"ProviderSilent"}
    assert (len(asked), issuers._own) == (EACH_AT_ONCE, {})


async def test_an_answer_that_is_not_believed_is_an_answer() -> None:
    """Whoever sends a code of its own making cannot close the door for the firm's people."""
    issuers, acme = Issuers(Outbound(), MovableClock()), found(uuid4(), uuid4())

    async def refused() -> None:
        raise NotBelieved("the token endpoint was answered with status 400")

    with pytest.raises(NotBelieved):
        await issuers.asked(acme, refused)
    assert await issuers.asked(acme, fine) == "fine"
