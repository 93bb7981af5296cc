"""Clients as people use them, ours and published ones: they come back where they broke, and know when to give up."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from streaming import Streaming

from scmhub.client import Refused, follow
from scmhub.graph.request import GraphQLRequest

HERE = Path(__file__).parent / "stream_clients"
OURS = Path(__file__).parents[3] / "clients" / "typescript" / "examples" / "follow.ts"
"""Our own client, which needs no package."""
PAGE = "{ changes { pageInfo { endCursor } } }"


async def test_the_client_comes_back_and_gets_everything_once(streaming: Streaming) -> None:
    """The socket is cut again and again, with a fresh token each time; nothing is missing and nothing comes twice."""
    assert streaming.hub.feed
    feed = streaming.hub.feed
    tokens, pauses, saved = [], [], []

    async def token() -> str:
        tokens.append(streaming.token("bolt"))
        return tokens[-1]

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    document = "subscription ($after: String) { changes(after: $after) { cursor ... on Changed { id recordId kind } } }"
    url = f"ws://127.0.0.1:{streaming.port}/graphql"
    items = follow(url, token, document, save=saved.append, pause=pause)
    first = asyncio.ensure_future(anext(items))
    await streaming.until_followers(1)
    placed, got = [], []
    for number in range(4):
        placed.append(await streaming.firms.placed(buyer_number=f"N{number}"))
        got.append((await first)["recordId"])
        first = asyncio.ensure_future(anext(items))
        got.append((await first)["recordId"])
        for line in list(feed.lines):
            line.cut(1012, "restart")
        first = asyncio.ensure_future(anext(items))
    assert sorted(each for each in got if each.startswith("ord_")) == sorted(each.id for each in placed)
    assert len(got) == len(set(got)) == 8
    async with asyncio.timeout(10):
        while len(tokens) < 5:
            await asyncio.sleep(0)
    await streaming.until_followers(1)
    assert len(saved) == 8
    assert len(tokens) == 5
    assert all(0.5 <= each <= 30 for each in pauses)
    first.cancel()
    await asyncio.wait([first])
    await items.aclose()
    with pytest.raises(Refused, match="not a cursor"):
        await anext(follow(url, token, document, after="forged", pause=pause))


PUBLISHED = [(who, transport) for who in ("follow", "apollo", "urql") for transport in ("ws", "sse")] + [("gql", "ws")]
"""graphql-ws and graphql-sse, Apollo's and urql's links over them and over fetch, and Python's gql."""
Run = Callable[..., Awaitable[Process]]


@pytest.fixture
async def run(streaming: Streaming, node: str, node_packages: Callable[[str], Path]) -> AsyncIterator[Run]:
    """Starts the client ``who``, which prints each item; ended at the end of the test."""
    started: list[Process] = []

    async def run(who: str, transport: str, *arguments: str) -> Process:
        folder = OURS.parent if who == "ours" else HERE if who == "gql" else node_packages("stream_clients")
        script = {"ours": "follow.ts", "gql": "follow_gql.py"}.get(who, f"{who}.mjs")
        scheme = "ws" if transport == "ws" else "http"
        started.append(
            await asyncio.create_subprocess_exec(
                sys.executable if who == "gql" else node, str(folder / script), transport,
                f"{scheme}://127.0.0.1:{streaming.port}/graphql", *arguments,
                stdout=asyncio.subprocess.PIPE, env={**os.environ, "FOLLOW_PAUSE": "20"},
            )
        )  # fmt: skip
        return started[-1]

    yield run
    for each in started:
        if each.returncode is None:
            each.terminate()
        await each.communicate()


@dataclass
class Heard:
    """What a client said."""

    client: Process
    items: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    async def until(self, count: int) -> None:
        """Return when it has got so many items."""
        assert self.client.stdout
        async with asyncio.timeout(20):
            while len(self.items) < count:
                line = orjson.loads(await self.client.stdout.readline())
                assert not line.keys() & {"error", "errors", "complete"}, line
                if "closed" in line:
                    self.codes.append(line["closed"])
                elif line["__typename"] != "Checkpoint":
                    self.items.append(line)


@pytest.mark.parametrize(("who", "transport"), [*PUBLISHED, ("ours", "ws"), ("ours", "sse")])
async def test_the_clients_come_back_where_they_broke(
    streaming: Streaming, run: Run, tmp_path: Path, who: str, transport: str
) -> None:
    """Restart, overload, expired token, each followed by what was missed."""
    assert streaming.hub.feed
    feed, token = streaming.hub.feed, tmp_path / "token"
    token.write_text(streaming.token("bolt"))
    heard, placed = Heard(await run(who, transport, str(token))), []
    await streaming.until_followers(1)
    for number, code in enumerate((1012, 1013, 4403, 1012)):
        placed.append(await streaming.firms.placed(buyer_number=f"N{number}"))
        await heard.until(2 * len(placed))
        for each in list(feed.lines):
            each.cut(code, "test")
        # What happens while the client is away must reach it as well.
        placed.append(await streaming.firms.placed(buyer_number=f"M{number}"))
    await heard.until(2 * len(placed))
    assert [each["recordId"] for each in heard.items if each["kind"] == "ORDER"] == [each.id for each in placed]
    assert len({each["id"] for each in heard.items}) == len(heard.items)
    if transport == "ws":
        assert heard.codes == [1012, 1013, 4403, 1012]


@pytest.mark.parametrize("transport", ["ws", "sse"])
async def test_our_typescript_client_keeps_its_place_and_gives_up_on_a_forged_one(
    streaming: Streaming, node: str, tmp_path: Path, transport: str
) -> None:
    token, cursor = tmp_path / "token", tmp_path / "cursor"
    token.write_text(streaming.token("bolt"))
    arguments = [node, str(OURS), transport, f"http://127.0.0.1:{streaming.port}/graphql", str(token), str(cursor)]
    start = (
        await streaming.hub.execute(
            GraphQLRequest(PAGE), await streaming.hub.authenticate(f"Bearer {streaming.token('bolt')}")
        )
    ).body
    cursor.write_text(orjson.loads(start)["data"]["changes"]["pageInfo"]["endCursor"])
    placed = [await streaming.firms.placed(buyer_number=f"N{number}") for number in range(2)]
    got: list[str] = []
    for rounds in (1, 2):
        client = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert client.stdout
        async with asyncio.timeout(20):
            while placed[rounds * 2 - 1].id not in got:
                line = orjson.loads(await client.stdout.readline())
                got += [line["recordId"]] if line.get("kind") == "ORDER" else []
        client.terminate()
        await client.communicate()
        placed += [await streaming.firms.placed(buyer_number=f"M{rounds}{number}") for number in range(2)]
    assert [each for number, each in enumerate(got) if each not in got[:number]] == [each.id for each in placed[:4]]
    cursor.write_text("forged")
    client = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        out, _ = await client.communicate()
    assert "not a cursor" in out.decode()
    assert client.returncode == 1


@pytest.mark.parametrize(("who", "transport"), PUBLISHED)
async def test_the_published_clients_give_up_on_a_forged_cursor(
    streaming: Streaming, run: Run, tmp_path: Path, who: str, transport: str
) -> None:
    token = tmp_path / "token"
    token.write_text(streaming.token("bolt"))
    client = await run(who, transport, str(token), "forged")
    async with asyncio.timeout(20):
        out, _ = await client.communicate()
    assert "not a cursor" in out.decode() or "BAD_CURSOR" in out.decode()
