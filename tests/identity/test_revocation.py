"""What lost its right ends on every replica: requests, sockets and event streams, through the change log alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scmhub.admin.partners import change_status
from scmhub.database.tables import HUB_PARTNER
from scmhub.hub import Hub
from scmhub.identity import integrations, keys
from scmhub.identity.tables import CredentialTable
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.ids import key_of
from tests.identity.conftest import Live, eventually, free_port, serving

SECONDS = 2.0
"""Within which the design promises an end everywhere."""
FOLLOW = "subscription { changes { __typename cursor } }"


@pytest.fixture
async def replicas(live: Live) -> AsyncIterator[list[Live]]:
    """Two hubs on one database; acme's integration may subscribe."""
    _, client_id, secret = await live.integration(live.acme, *set(TokenScope) - {TokenScope.ADMIN})
    here = Live(live.hub, live.admin, live.http, live.acme, live.bolt, client_id, secret)
    port = free_port()
    async with Hub.open(live.admin, live.hub.settings) as hub, serving(hub, port) as http:
        yield [here, Live(hub, live.admin, http, live.acme, live.bolt, client_id, secret)]


class Lines:
    """A socket and an event stream that follow changes on one replica."""

    def __init__(self, socket: ClientConnection, stream: httpx2.Response) -> None:
        self._socket = socket
        self._stream = stream

    async def ended(self, seconds: float = SECONDS) -> tuple[int, str, str]:
        """Close code and reason of the socket, and what the stream still said."""
        async with asyncio.timeout(seconds):
            text = "".join([part async for part in self._stream.aiter_text()])
            try:
                while True:
                    await self._socket.recv()
            except ConnectionClosed:
                return self._socket.close_code or 0, self._socket.close_reason or "", text

    async def answers(self) -> bool:
        async with asyncio.timeout(10):
            await self._socket.send('{"type":"ping"}')
            while orjson.loads(await self._socket.recv())["type"] != "pong":
                pass
        return True


@asynccontextmanager
async def lines(replica: Live, bearer: str) -> AsyncIterator[Lines]:
    address = str(replica.http.base_url).rstrip("/")
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "text/event-stream"}
    asked = {"query": FOLLOW}
    feed = replica.hub.feed
    assert feed
    before = sum(len(group.members) for group in feed.groups.values())
    async with (
        connect(
            address.replace("http", "ws") + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None
        ) as ws,
        replica.http.stream("POST", "/graphql", json=asked, headers=headers, timeout=20) as stream,
    ):
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {bearer}"}}
        await ws.send(orjson.dumps(init).decode())
        assert orjson.loads(await ws.recv())["type"] == "connection_ack"
        await ws.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": asked}).decode())
        async with asyncio.timeout(10):
            while sum(len(group.members) for group in feed.groups.values()) < before + 2:
                await asyncio.sleep(0)
        yield Lines(ws, stream)


async def bearer_of(live: Live) -> str:
    return str((await live.token()).json()["access_token"])


async def revoke_token(live: Live, bearer: str) -> None:
    answer = await live.http.post("/oauth/revoke", data={"token": bearer}, auth=(live.client_id, live.secret))
    assert answer.status_code == 200


async def revoke_credential(live: Live, bearer: str) -> None:
    async with live.acting(live.acme) as unit:
        [row] = await unit.rows("select id from credential where integration_id = $1", key_of("int", live.client_id))
        found = await unit.session.get(CredentialTable, row["id"])
        assert found
        await integrations.revoke_credential(unit, found)


async def rotate_at_once(live: Live, bearer: str) -> None:
    async with live.acting(live.acme) as unit:
        found = await integrations.find(unit, key_of("int", live.client_id))  # type: ignore[arg-type]
        assert found
        await integrations.rotate_secret(unit, found, 0)


async def suspend_integration(live: Live, bearer: str) -> None:
    async with live.acting(live.acme) as unit:
        found = await integrations.find(unit, key_of("int", live.client_id))  # type: ignore[arg-type]
        assert found
        await integrations.suspend(unit, found)


async def suspend_partner(live: Live, bearer: str) -> None:
    async with live.acting(HUB_PARTNER, "operator") as unit:
        await change_status(unit, "ACME", "SUSPENDED")


async def revoke_signing_key(live: Live, bearer: str) -> None:
    async with live.acting(HUB_PARTNER, "operator") as unit:
        await keys.revoke(unit, live.hub.ring.active.thumbprint())


WAYS = [revoke_token, revoke_credential, rotate_at_once, suspend_integration, suspend_partner, revoke_signing_key]


@pytest.mark.parametrize("way", WAYS)
async def test_attacks_21_22_28_whatever_is_revoked_ends_everywhere(replicas: list[Live], way: Any) -> None:
    bearer = await bearer_of(replicas[0])
    stranger = (await replicas[0].ask(auth=(await replicas[0].integration(replicas[0].bolt, TokenScope.SUBSCRIBE))[1:]))
    others = str(stranger.json()["access_token"])
    async with AsyncExitStack() as stack:
        ours = [await stack.enter_async_context(lines(replica, bearer)) for replica in replicas]
        theirs = [await stack.enter_async_context(lines(replica, others)) for replica in replicas]
        await way(replicas[0], bearer)
        for line in ours:
            code, reason, text = await line.ended()
            assert (code, reason) == (4403, "revoked")
            assert "complete" not in text
        for replica in replicas:
            assert (await replica.graphql(bearer)).status_code == 401
        if way is not revoke_signing_key:
            for line in theirs:
                assert await line.answers()


async def test_a_partner_that_is_let_in_again_is_answered_everywhere(replicas: list[Live]) -> None:
    await suspend_partner(replicas[0], "")
    bearer = ""

    async def refused() -> bool:
        return [(await each.token()).status_code for each in replicas] == [401, 401]

    await eventually(refused)
    async with replicas[1].acting(HUB_PARTNER, "operator") as unit:
        await change_status(unit, "ACME", "ACTIVE")
    bearer = await bearer_of(replicas[0])

    async def answered() -> bool:
        return [(await each.graphql(bearer)).status_code for each in replicas] == [200, 200]

    await eventually(answered)


async def test_a_published_key_is_known_everywhere_without_a_request(replicas: list[Live]) -> None:
    async with replicas[0].acting(HUB_PARTNER, "operator") as unit:
        kid = (await keys.rotate(unit)).kid

    async def published() -> bool:
        found = [(await each.http.get("/.well-known/jwks.json")).json()["keys"] for each in replicas]
        return all(kid in [key["kid"] for key in each] for each in found)

    await eventually(published)


async def test_what_was_revoked_before_a_replica_starts_is_refused_there(live: Live) -> None:
    bearer = await bearer_of(live)
    await revoke_token(live, bearer)
    async with Hub.open(live.admin, live.hub.settings) as hub, serving(hub, free_port()) as http:
        there = Live(hub, live.admin, http, live.acme, live.bolt)
        assert (await there.graphql(bearer)).status_code == 401
        assert (await there.graphql(await bearer_of(live))).status_code == 200


async def test_a_new_epoch_has_everything_read_again(live: Live) -> None:
    """After a restore numbers may repeat and events be missing: the list in the database is what counts."""
    bearer = await bearer_of(live)
    token_id = (await live.hub.authenticate(f"Bearer {bearer}")).token_id
    await live.sql(f"insert into revoked_token values ('{token_id}', '2100-01-01')")
    assert (await live.graphql(bearer)).status_code == 200
    assert live.hub.feed and live.hub.feed.pump
    await live.hub.feed.pump.new_epoch()

    async def refused() -> bool:
        return (await live.graphql(bearer)).status_code == 401

    await eventually(refused)


async def test_attack_33_a_replica_that_cannot_read_the_log_answers_nobody(replicas: list[Live]) -> None:
    blind, seeing = replicas
    bearer = await bearer_of(blind)
    assert blind.hub.feed
    tail = blind.hub.feed.tail
    wall = await asyncpg.connect(**blind.admin.arguments())
    async with lines(blind, bearer) as ours:
        async with wall.transaction():
            await wall.execute("lock table change_log in access exclusive mode")
            real = tail._monotonic
            tail._monotonic = lambda: real() + 11
            code, _, text = await ours.ended()
            assert code == 1013
            assert "complete" not in text
            assert (await blind.graphql(bearer)).status_code == 503
            refused = await blind.token()
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert (await blind.http.get("/readyz")).status_code == 503
            assert (await seeing.graphql(bearer)).status_code == 200

        async def answered() -> bool:
            return (await blind.graphql(bearer)).status_code == 200

        await eventually(answered, 15)
    await wall.close()


async def test_attack_27_a_token_that_ends_takes_its_lines_along(live: Live) -> None:
    """The real timer: a token of a few seconds, time enough to open both lines on a busy machine."""
    bearer = issue_token(
        live.hub.ring, issuer=live.url, partner_id=live.acme, subject="integration:short",
        token_scopes=frozenset(TokenScope), now=live.hub.clock(), life=timedelta(seconds=4),
    )  # fmt: skip
    async with lines(live, bearer) as ours:
        code, reason, text = await ours.ended(15)
        assert (code, reason) == (4403, "token expired")
        assert "complete" not in text
