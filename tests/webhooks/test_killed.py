"""Hubs are killed while they deliver: nothing is lost or overtaken, what comes twice has the same id, dead letters stay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.identity.barring import renew
from scmhub.identity.keys import load_ring
from scmhub.ids import public_id
from scmhub.settings import Settings
from scmhub.webhooks.courier import TRIES
from tests.conftest import TEST_SECRET
from tests.feed.chaos import Replica
from tests.feed.test_chaos import token_of
from tests.records.firms import Firms
from tests.support.timers import HandClock
from tests.webhooks.post import DOCUMENT, LETTERS, posting
from tests.webhooks.receivers import HANG, Receiver, receiver, status

ORDERS = 12
TOUCHES = 3
BOOT_SECONDS = 60
"""Longest wait for what a hub does that was just started."""
ONLY_ORDERS = '{"where": {"kinds": ["ORDER"]}}'


@pytest.fixture
async def firms(admin: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Firms]:
    database = await Database.open(admin, settings, secret=secret)
    made = Firms(database, admin, system_clock())
    await made.found()
    yield made
    await database.close()


async def a_dead_letter(admin: Address, settings: Settings, firms: Firms, there: Receiver) -> tuple[str, str]:
    """(its id, its message): of an order that the receiver refused for hours. The webhook stands behind it."""
    clock, there.answers = HandClock(datetime.now(UTC) - timedelta(hours=12)), [status(500)] * TRIES
    async with posting(admin, settings, replace(firms, now=clock.now), clock) as hub:
        key, _ = await hub.create(there.url, document=DOCUMENT, variables=ONLY_ORDERS)
        await hub.firms.placed(buyer_number="DEAD")
        for failed in range(1, TRIES):
            await hub.retry(key, failed)

        async def dead() -> bool:
            return [each["state"] for each in await hub.letters()] == ["DEAD"]

        await hub.until(dead)
        [letter] = await hub.letters()
    there.got.clear()
    return letter["id"], letter["messageId"]


async def write(firms: Firms, prefix: str) -> None:
    """Orders, each touched several times."""
    acme, bolt = firms.ids["acme"], firms.ids["bolt"]
    for number in range(ORDERS):
        order = await firms.placed(buyer_number=f"{prefix}{number}")
        for _ in range(TOUCHES):
            async with firms.database.unit(acme, "integration:acme", system_clock) as unit:
                unit.change("ORDER", "TOUCHED", order.key, acme, [bolt], ["status"])


async def truth(firms: Firms, behind: datetime) -> list[tuple[str, str]]:
    """(change, order) in the order of the log."""
    rows = await firms.rows(
        "select event_id, record_id from change_log where kind = 'ORDER' and at > $1 order by seq", behind
    )
    return [(public_id("chg", row["event_id"]), public_id("ord", row["record_id"])) for row in rows]


async def ask(http: httpx2.AsyncClient, replica: Replica, query: str) -> Any:
    answer = (await http.post(f"http://127.0.0.1:{replica.port}/graphql", json={"query": query})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def until_awake(http: httpx2.AsyncClient, replica: Replica) -> None:
    async with asyncio.timeout(BOOT_SECONDS):
        while True:
            try:
                if (await http.get(f"http://127.0.0.1:{replica.port}/readyz")).status_code == 200:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


async def test_nothing_is_lost_overtaken_or_renamed_when_hubs_are_killed(
    admin: Address, firms: Firms, settings: Settings, secret: HubSecret, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(receiver())
        letter, message = await a_dead_letter(admin, settings, firms, there)
        began = datetime.now(UTC) - timedelta(hours=1)
        replicas = [
            Replica(admin, tmp_path, TEST_SECRET, SCMHUB_OUTBOUND_NETWORKS="127.0.0.0/8", SCMHUB_WRITE_POOL="2")
            for _ in range(2)
        ]
        for each in replicas:
            stack.callback(each.kill)
            each.start()
        ring = await load_ring(admin, secret, system_clock())
        headers = {"Authorization": f"Bearer {await token_of(ring, firms, 'bolt')()}"}
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=30, headers=headers))
        for each in replicas:
            await until_awake(http, each)
        firms = replace(firms, now=system_clock())
        for turn in (1, 2):
            worker, other = await who_works(http, replicas)
            there.answers = [status(204)] * 10 + [HANG]
            writer = asyncio.ensure_future(write(firms, f"{turn}-"))
            await there.until(lambda got: not there.answers, BOOT_SECONDS)  # the last answer is never given: the hub is killed
            worker.kill()
            await wake(firms)  # the other looks whether there is something to take over
            await writer
            expected = turn * ORDERS * (TOUCHES + 1)
            await there.until(lambda got, all_=expected: len({each.change["id"] for each in got}) >= all_, BOOT_SECONDS)  # type: ignore[misc]
            if turn == 1:
                worker.start()
                await until_awake(http, worker)

        account(there, await truth(firms, began))
        [kept] = (await ask(http, other, LETTERS))["webhookDeliveries"]["nodes"]
        assert (kept["id"], kept["state"], kept["messageId"], kept["tries"]) == (letter, "DEAD", message, TRIES)
        count = len(there.got)
        done = f'mutation {{ webhookRedeliver(input: {{delivery: "{letter}"}}) {{ userErrors {{ message }} }} }}'
        await ask(http, other, done)
        again = (await there.gets(count + 1))[-1]
        assert again.headers["webhook-id"] == message
        assert again.change["record"]["buyerNumber"] == "DEAD"


async def who_works(http: httpx2.AsyncClient, replicas: list[Replica]) -> list[Replica]:
    """The hub that works for the webhook, and then the other."""
    works: dict[bool, Replica] = {}
    async with asyncio.timeout(BOOT_SECONDS):
        while len(works) < 2:  # one of them has taken it
            for each in replicas:
                figures = (await http.get(f"http://127.0.0.1:{each.port}/metrics")).text
                works["\nscmhub_webhooks 1\n" in figures] = each
    return [works[True], works[False]]


async def wake(firms: Firms) -> None:
    """Let every hub look for work at once instead of in a few seconds."""
    async with firms.database.unit(firms.ids["acme"], "operator", system_clock) as unit:
        renew(unit)


def account(there: Receiver, expected: list[tuple[str, str]]) -> None:
    """Each change came, first times in the log's order; the same change has the same id, and no other has."""
    got = [(each.change["id"], each.change["recordId"]) for each in there.got]
    assert list(dict.fromkeys(got)) == expected
    assert len(got) >= len(expected) + 2, "what was not answered is sent again"
    names = {(each.headers["webhook-id"], each.change["id"]) for each in there.got}
    assert len(names) == len({message for message, _ in names}) == len({change for _, change in names}) == len(expected)
