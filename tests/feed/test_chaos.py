"""Replicas, the database and connections are killed while firms write: nobody misses a change, none comes twice or late.

``CHAOS_ORDERS`` makes it longer: 2,000 orders are 10,000 changes of orders, and three times as much is killed.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from scmhub.clock import system_clock
from scmhub.database.address import Address
from scmhub.database.embedded import EmbeddedServer
from scmhub.database.migrate import migrate
from scmhub.database.pool import LOST
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.errors import HubError
from scmhub.feed.cursor import Cursors, Place
from scmhub.identity.keys import KeyRing, load_ring
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id, public_id
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET, wanted_binaries
from tests.endurance import report
from tests.records.firms import Firms

from .chaos import Client, Proxy, Replica

ORDERS = int(os.environ.get("CHAOS_ORDERS", "28"))
TOUCHES = 4
WRITERS = 4
ROUNDS = 3 if ORDERS >= 1000 else 1
"""Of blows. The hub starts a database that dies again and again only three times a minute."""
_AWAY = (HubError, *LOST, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError)
RULE = """
insert into sharing_rule (id, owner_id, grantee_id, kind, field_groups, valid_from, state, version, created_at)
values ($1, $2, $3, 'ORDER', '{promises}', $4, 'ACTIVE', 1, $4)
"""
OPENED = """
insert into scope (id, rule_id, granter, grantee, kind, owner, tokens, valid_from)
values ($1, $2, $3, $4, 'ORDER', $3, '{promises}', $5)
"""


class Story:
    """Writers that place orders and touch them, and go on whatever breaks; what is committed the log knows."""

    def __init__(self, firms: Firms, rng: random.Random) -> None:
        self.firms = firms
        self.rng = rng
        self.done = 0
        self.moved = asyncio.Event()

    async def write(self, numbers: list[int]) -> None:
        acme, bolt = self.firms.ids["acme"], self.firms.ids["bolt"]
        for number in numbers:
            order = await self.again(lambda number=number: self.firms.placed(buyer_number=f"N{number}"))  # type: ignore[misc]
            for _ in range(TOUCHES):
                await self.again(lambda: self.touch(order.key, acme, bolt))  # noqa: B023
            self.done += 1
            self.moved.set()

    async def touch(self, key: Any, acme: Any, bolt: Any) -> None:
        async with self.firms.database.unit(acme, "integration:acme", system_clock) as unit:
            unit.change("ORDER", "TOUCHED", key, acme, [bolt], ["status"])

    async def again(self, act: Any) -> Any:
        """Until it stands. A try whose answer was lost may have been committed as well: then the log has both."""
        while True:
            try:
                return await act()
            except _AWAY:
                await asyncio.sleep(0.05)

    async def until(self, count: int) -> None:
        while self.done < count:
            self.moved.clear()
            await self.moved.wait()


async def seal(admin: Address, firms: Firms, firm: str) -> str:
    """A cursor at the end of the log."""
    connection = await admin.connect()
    head = await connection.fetchrow("select seq, epoch from change_head")
    await connection.close()
    return Cursors(HubSecret(TEST_SECRET)).seal(Place(head["epoch"], head["seq"], system_clock()), firms.ids[firm])


def token_of(ring: KeyRing, firms: Firms, firm: str) -> Any:
    async def token() -> str:
        return issue_token(
            ring, issuer="http://hub.test", partner_id=firms.ids[firm], subject=f"integration:{firm}",
            token_scopes=frozenset(TokenScope), now=system_clock(), life=timedelta(minutes=10),
        )  # fmt: skip

    return token


async def share(admin: Address, firms: Firms) -> Any:
    """acme's orders opened to east."""
    rule, now = new_id(datetime.now(UTC)), datetime.now(UTC)
    connection = await admin.connect()
    await connection.execute(RULE, rule, firms.ids["acme"], firms.ids["east"], now)
    await connection.execute(OPENED, new_id(now), rule, firms.ids["acme"], firms.ids["east"], now)
    await connection.close()
    return rule


async def cut_rule(story: Story, rule: Any) -> None:
    """acme takes it back, as its command does: scopes and event in one transaction."""
    from scmhub.sharing.announce import announcing

    acme = story.firms.ids["acme"]

    async def revoke() -> None:
        opened = story.firms.database.unit(acme, "integration:acme", system_clock)
        async with opened as unit, announcing(unit, acme, rule=rule):
            await unit.rows("delete from scope s where s.rule_id = $1", rule)

    await story.again(revoke)


async def truth(admin: Address) -> tuple[dict[str, list[str]], dict[str, int], int]:
    """Changes of each order in the log's order, the place of each change, the place of the revocation."""
    connection = await admin.connect()
    rows = await connection.fetch("select seq, event_id, kind, action, record_id from change_log order by seq")
    assert await connection.fetchval("select count(*) from change_outbox") == 0
    await connection.close()
    assert [row["seq"] for row in rows] == list(range(rows[0]["seq"], rows[0]["seq"] + len(rows))), "dense"
    orders: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["kind"] == "ORDER":
            orders[public_id("ord", row["record_id"])].append(public_id("chg", row["event_id"]))
    places = {public_id("chg", row["event_id"]): row["seq"] for row in rows}
    [cut] = [row["seq"] for row in rows if row["action"] == "NARROWED"] or [0]
    return dict(orders), places, cut


async def test_nobody_misses_a_change_whatever_is_killed(tmp_path: Path, settings: Settings) -> None:
    rng = random.Random(20261124)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="scmhub-chaos-"))
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder), binaries=wanted_binaries())  # durable: it is killed
        admin = stack.enter_context(server)
        watch = asyncio.ensure_future(server.watch())
        stack.callback(watch.cancel)
        await ensure_roles(admin, HubSecret(TEST_SECRET), settings)
        await migrate(admin)
        database = await Database.open(admin, settings.model_copy(update={"write_pool": WRITERS}), secret=HubSecret(TEST_SECRET))
        stack.push_async_callback(database.close)
        firms = Firms(database, admin, system_clock())
        await firms.found()
        ring = await load_ring(admin, HubSecret(TEST_SECRET), system_clock())
        replicas = [Replica(admin, tmp_path, TEST_SECRET) for _ in range(2)]
        for replica in replicas:
            stack.callback(replica.kill)
            replica.start()
        proxy = await stack.enter_async_context(Proxy([each.port for each in replicas], rng))
        rule = await share(admin, firms)
        await _until_pumped(admin)
        clients = {
            name: Client(f"ws://127.0.0.1:{proxy.port}/graphql", token_of(ring, firms, name[:-1]), await seal(admin, firms, name[:-1]))
            for name in ("acme1", "bolt1", "bolt2", "east1", "cargo1")
        }  # fmt: skip
        for each in clients.values():
            each.start()
        stack.push_async_callback(_cancel, list(clients.values()))
        story = Story(firms, rng)
        async with asyncio.timeout(60 + ORDERS * 2):
            blows = _blows(rng)
            await _tell(story, blows, proxy, replicas, server, list(clients.values()), rule)
            await _until_pumped(admin)
            orders, places, cut = await truth(admin)
            expected = {change for changes in orders.values() for change in changes}
            for name in ("acme1", "bolt1", "bolt2"):
                await clients[name].until(lambda client=clients[name]: len(client.changes()) >= len(expected))  # type: ignore[misc]
            await clients["east1"].until(lambda: any(each.get("direction") == "NARROWED" for each in clients["east1"].items))
        _account(clients, orders, expected)
        assert cut
        against = [change for change, _ in clients["east1"].changes() if places[change] > cut]
        assert against == [], "against the policy"
        assert {each["__typename"] for each in clients["cargo1"].items} <= {"Checkpoint"}
        assert [each.task.exception() for each in clients.values() if each.task and each.task.done()] == []
    report(
        "Chaos",
        {
            "changes of orders": len(expected), "by writers at once": WRITERS, **Counter(blows),
            "followers that account for each change": 3, "lost, twice or out of order at any of them": 0,
            "changes told to a firm whose rule was revoked, before": len(clients["east1"].changes()),
            "after": len(against), "told to a firm that shares nothing": 0,
        },
    )  # fmt: skip


def _blows(rng: random.Random) -> list[str]:
    """What breaks, in turn; the rule is taken back once, in the middle."""
    blows = []
    for _ in range(ROUNDS):
        blows += rng.sample(_BLOWS, len(_BLOWS)) if ROUNDS > 1 else _BLOWS
    blows.insert(len(blows) // 2, _RULE)
    return blows


_BLOWS = ["replica killed", "connections cut", "database killed", "replica killed", "client killed", "connections cut"]
_RULE = "rule taken back"


async def _tell(
    story: Story, blows: list[str], proxy: Proxy, replicas: list[Replica], server: EmbeddedServer,
    clients: list[Client], rule: Any,
) -> None:  # fmt: skip
    """The writers at work, and at set points of the story something breaks."""
    numbers = list(range(ORDERS))
    writers = [asyncio.ensure_future(story.write(numbers[each::WRITERS])) for each in range(WRITERS)]
    for step, blow in enumerate(blows, 1):
        await story.until(step * ORDERS // (len(blows) + 1))
        if blow == "replica killed":
            hit = story.rng.choice(replicas)
            hit.kill()
            hit.start()
        elif blow == "connections cut":
            proxy.cut(0.7)
        elif blow == "client killed":
            story.rng.choice(clients).crash()
        elif blow == "database killed":
            assert server.pid
            os.kill(server.pid, signal.SIGKILL)
        else:
            await cut_rule(story, rule)
    await asyncio.gather(*writers)


def _account(clients: dict[str, Client], orders: dict[str, list[str]], expected: set[str]) -> None:
    for name in ("acme1", "bolt1", "bolt2"):
        got = clients[name].changes()
        assert len({change for change, _ in got}) == len(got), f"{name} got one twice"
        assert {change for change, _ in got} == expected, f"{name} missed some"
        by_order: defaultdict[str, list[str]] = defaultdict(list)
        for change, order in got:
            by_order[order].append(change)
        assert by_order == orders, f"{name} got some out of order"
    assert len(expected) >= ORDERS * (TOUCHES + 1)


async def _until_pumped(admin: Address) -> None:
    """Return when the outbox is empty; a replica must be up for that."""
    while True:
        try:
            connection = await admin.connect()
            left = await connection.fetchval("select count(*) from change_outbox")
            head = await connection.fetchval("select count(*) from change_head")
            await connection.close()
            if head and not left:
                return
        except _AWAY:
            pass
        await asyncio.sleep(0.05)


async def _cancel(clients: list[Client]) -> None:
    tasks = [each.task for each in clients if each.task]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
