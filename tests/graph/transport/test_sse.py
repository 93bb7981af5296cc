"""Event streams of a real hub: how they begin, what they say, where they go on."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx2
import orjson
import pytest
from streaming import FOLLOW, LIMITS, Streaming, recv, say, subscribe


async def test_a_stream_resumes_where_it_broke(streaming: Streaming) -> None:
    async with streaming.socket("bolt") as ws:
        await say(ws, subscribe())
        await streaming.until_followers(1)
        placed = [await streaming.firms.placed(buyer_number=f"N{number}") for number in range(3)]
        messages = [await recv(ws) for _ in range(6)]
    items = [each["payload"]["data"]["changes"] for each in messages]
    assert [each["recordId"] for each in items if each["kind"] == "ORDER"] == [each.id for each in placed]
    # The header beats the argument: a retry repeats the old body.
    async with streaming.stream("bolt", last=items[2]["cursor"], after=items[0]["cursor"]) as stream:
        text = ""
        async for part in stream.aiter_text():
            text += part
            if text.count("event: next") == 3:
                break
    got = [orjson.loads(each.split("data: ")[1])["data"]["changes"] for each in text.split("\n\n") if "data: " in each]
    assert got == items[3:]


async def test_event_streams_answer_what_is_wrong_as_events(streaming: Streaming) -> None:
    async def whole(**options: Any) -> tuple[int, str]:
        async with streaming.stream(**options) as stream:
            return stream.status_code, "".join([part async for part in stream.aiter_text()])

    status, text = await whole(firm="bolt", query="subscription { nonsense }")
    assert status == 200
    assert "GRAPHQL_VALIDATION_FAILED" in text
    assert text.endswith("event: complete\ndata:\n\n")
    status, text = await whole(firm="bolt", after="forged")
    assert "BAD_CURSOR" in text
    assert text.endswith("event: complete\ndata:\n\n")
    status, text = await whole(firm="bolt", query="{ viewer { code } }")
    assert '{"data":{"viewer":{"code":"BOLT"}}' in text
    assert text.endswith("event: complete\ndata:\n\n")
    # Whoever takes JSON too gets JSON, unless it subscribes.
    both = "application/graphql-response+json, application/json, text/event-stream"
    async with streaming.stream("bolt", "{ viewer { code } }", both) as stream:
        assert stream.headers["content-type"].startswith("application/graphql-response+json")
        assert orjson.loads(await stream.aread())["data"] == {"viewer": {"code": "BOLT"}}
    async with streaming.stream("bolt", FOLLOW, both) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{streaming.port}", trust_env=False) as client:
        answer = await client.post("/graphql", json={"query": FOLLOW}, headers={"Accept": "text/event-stream"})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        bearer = f"Bearer {streaming.token('bolt')}"
        headers = {"Accept": "text/event-stream", "Authorization": bearer, "Content-Type": "application/json"}
        answer = await client.post("/graphql", content=b"[1", headers=headers)
        assert (answer.status_code, answer.text.count("event: next")) == (200, 1)
        assert "BAD_REQUEST" in answer.text
        answer = await client.delete("/graphql", headers=headers)
        assert answer.status_code == 405


async def test_comments_keep_a_quiet_stream_alive(streaming: Streaming) -> None:
    async with streaming.stream("bolt") as stream:
        await streaming.until_followers(1)
        parts = stream.aiter_text()
        assert await anext(parts) == ":\n\n"
        streaming.timers.advance(15.1)
        assert await anext(parts) == ":\n\n"


APOLLO = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/graphql-response+json, application/json;q=0.9"
HEAD = "\r\nContent-Type: application/json\r\n\r\n"


def parts(text: str) -> list[Any]:
    """What the parts hold that have come whole."""
    preamble, *found = text.split("\r\n--graphql")
    assert preamble == ""
    assert all(each.startswith(HEAD) for each in found[:-1])
    return [orjson.loads(each.removeprefix(HEAD)) for each in found[:-1]]


async def test_parts_say_what_events_say(streaming: Streaming) -> None:
    async with streaming.stream("bolt") as events, streaming.stream("bolt", accept=APOLLO) as apollo:
        assert apollo.headers["content-type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
        await streaming.until_followers(2)
        await streaming.firms.placed()
        told = {}
        for name, stream, end in (("events", events, "\n\n"), ("parts", apollo, "--graphql")):
            text = ""
            async for each in stream.aiter_text():
                text += each
                if text.count("ORDER") and text.endswith(end):
                    break
            told[name] = text
        data = [line.removeprefix("data: ") for line in told["events"].splitlines() if line.startswith("data: ")]
        assert parts(told["parts"]) == [{"payload": orjson.loads(each)} for each in data] != []
        assert "--graphql--" not in told["parts"]


async def test_an_empty_part_keeps_a_quiet_line_alive_and_a_cut_leaves_the_body_open(streaming: Streaming) -> None:
    async with streaming.stream("bolt", accept=APOLLO) as stream:
        await streaming.until_followers(1)
        streaming.timers.advance(15.1)
        text = ""
        async for each in stream.aiter_text():
            text += each
            if "{}" in text:
                for line in list(streaming.hub.feed.lines):  # type: ignore[union-attr]
                    line.cut(1012, "the hub restarts")
        assert parts(text) == [{}]
        assert text.endswith("\r\n--graphql")


async def test_what_is_wrong_comes_as_the_last_part_or_as_json(streaming: Streaming) -> None:
    alone = "multipart/mixed; subscriptionSpec=1.0"
    for accept, query, variables, code in (
        (APOLLO, FOLLOW, {"after": "forged"}, "BAD_USER_INPUT"),
        (alone, "subscription { nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ):
        async with streaming.stream("bolt", query, accept, **variables) as stream:
            text = (await stream.aread()).decode()
        assert text.endswith("\r\n--graphql--\r\n")
        [part] = parts(text)
        assert part["payload"]["errors"][0]["extensions"]["code"] == code
    async with streaming.stream("bolt", "{ viewer { code } }", APOLLO) as stream:
        assert stream.headers["content-type"].startswith("application/graphql-response+json")
    async with streaming.stream("bolt", "{ viewer { code } }", "multipart/mixed, application/json") as stream:
        assert orjson.loads(await stream.aread())["data"] == {"viewer": {"code": "BOLT"}}
    async with streaming.stream("bolt", FOLLOW, "multipart/mixed") as stream:
        assert stream.status_code == 406, "parts of another kind are not ours"


@pytest.mark.parametrize("accept", ["text/event-stream", APOLLO])
async def test_what_another_try_may_cure_is_a_status_and_never_the_end_of_a_stream(
    streaming: Streaming, accept: str
) -> None:
    """A client takes a finished stream for the end of it, and a status for a network that is not there yet."""
    async with AsyncExitStack() as stack:
        for _ in range(LIMITS.lines):
            await stack.enter_async_context(streaming.stream("bolt", accept=accept))
        await streaming.until_lines(LIMITS.lines)
        async with streaming.stream("bolt", accept=accept) as stream:
            assert stream.status_code == 429
            assert orjson.loads(await stream.aread())["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        async with streaming.stream("bolt", "{ viewer { code } }", accept) as stream:
            assert stream.status_code == 200
    await streaming.until_lines(0)
    streaming.hub.drain()
    async with streaming.stream("bolt", accept=accept) as stream:
        assert stream.status_code == 503
        assert orjson.loads(await stream.aread())["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("accept", ["text/event-stream", APOLLO])
async def test_a_stream_that_nobody_reads_is_cut_off_and_holds_little(streaming: Streaming, accept: str) -> None:
    feed = streaming.hub.feed
    assert feed
    feed.timers = streaming.timers
    reader, writer = await streaming.narrow()
    body = orjson.dumps({"query": "subscription { changes { cursor ... on Checkpoint { at } } }"})
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {streaming.token('bolt')}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    await streaming.until_followers(1)
    [line] = feed.lines
    await streaming.filled(writer, line._room, lambda data: line.push(data, "cursor"))  # type: ignore[attr-defined]
    assert line._size < LIMITS.high_water + 51_000  # type: ignore[attr-defined]
    await streaming.cut_off()
    writer.close()
