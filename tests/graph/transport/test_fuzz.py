"""Bytes nobody meant, at a real hub: whatever comes, there is an answer or an end, no fault in the log, and the hub goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streaming import PROTOCOL, Streaming
from test_http_bytes import read_all
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HOSTILE = settings(
    max_examples=500, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
ENDS = {1000, 1002, 1003, 1007, 1009, 4400, 4401, 4403, 4409, 4429}
"""Codes a socket may be closed with for what was sent; 1006 and 1011 would be a fault of ours."""
_TEXT = st.text(max_size=30) | st.sampled_from(
    ["\0", "\ud800", "\u202e", "x" * 5_000, "", "ord_x", "9" * 400, "sha256:"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_TOKENS = st.sampled_from(
    [
        *"{}()[]:=!|&$@",
        *("...", "#", '"', '"""', "\\", "\n", "\0", "\ud800", "\ufeff", "é", "$n", "null", "-1", "1e9", "true", "ID"),
        *("query", "mutation", "subscription", "fragment", "on", "first:", "where:", "id:", "input:", "a:", "@include(if:true)"),
        *("orders", "nodes", "node", "viewer", "code", "changes", "orderPlace", "totalCount", "pageInfo", "__schema", "types"),
        *("{ viewer { code } }", "{ orders(first: 1) { nodes { id } } }", 'node(id: "ord_x") { id }', "subscription { changes { cursor } }"),
    ]
)  # fmt: skip
_DOCUMENT = st.lists(_TOKENS, max_size=25).map(" ".join)
_WILD = st.fixed_dictionaries(
    {"query": _DOCUMENT | _JSON},
    optional={"variables": _JSON, "operationName": _JSON, "documentId": _JSON, "extensions": _JSON},
)
_MEANT = st.fixed_dictionaries(
    {
        "query": st.sampled_from(
            [
                "query ($v: Int) { orders(first: $v) { nodes { id } } }",
                "query ($v: ID!) { node(id: $v) { __typename id } }",
                "query ($v: [ID!]!) { nodes(ids: $v) { id } }",
                "query ($v: String) { items(after: $v) { nodes { id } pageInfo { endCursor } } }",
                "query ($v: ItemWhere) { items(where: $v) { totalCount } }",
                "query ($v: StringComparators) { items(where: {number: $v}) { totalCount } }",
                "query ($v: DateTimeComparators) { orders(where: {placedAt: $v}) { totalCount } }",
                "query ($v: String) { changes(after: $v) { pageInfo { endCursor } } }",
                "query ($v: String!) { documentCheck(document: $v) { cost problems } }",
                "subscription ($v: String) { changes(after: $v) { cursor } }",
                "mutation ($v: ItemAddInput!) { itemAdd(input: $v) { item { id } userErrors { code path } } }",
                "mutation ($v: ID!) { caseClose(input: {case: $v, expectedVersion: 1}) { userErrors { code } } }",
            ]
        ),
        "variables": st.fixed_dictionaries(
            {"v": _JSON | st.lists(_TEXT, max_size=3) | st.dictionaries(
                st.sampled_from(["eq", "in", "contains", "gte", "number", "and", "or", "not", "description", "unit"]),
                _TEXT | st.lists(_TEXT, max_size=3) | st.dictionaries(st.sampled_from(["eq", "in", "isNull"]), _JSON),
                max_size=3)}
        ),
    },
    optional={"extensions": st.fixed_dictionaries({"persistedQuery": st.fixed_dictionaries(
        {"version": st.just(1), "sha256Hash": st.just("0" * 64) | _TEXT})})},
)  # fmt: skip
_PARAMETERS = st.one_of(_MEANT, _MEANT, st.fixed_dictionaries({"query": _DOCUMENT}), _WILD)


def _written(value: Any) -> str:
    """JSON with NaN and lone surrogates as they may come."""
    return json.dumps(value, ensure_ascii=False)


def _mutated(whole: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with some runs of them replaced."""
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, 40), st.binary(max_size=8))

    def apply(cuts: list[tuple[int, int, bytes]]) -> bytes:
        made = whole
        for at, length, instead in cuts:
            made = made[:at] + instead + made[at + length :]
        return made

    return st.lists(cut, min_size=1, max_size=6).map(apply)


@pytest.fixture(autouse=True)
def no_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def hold(streaming: Streaming, attack: Callable[[], None]) -> None:
    """Run the attack beside the hub, then see that it answers and that nothing is left of any connection."""
    await asyncio.to_thread(attack)
    async with streaming.socket("acme"):
        await streaming.until_lines(1)
    await streaming.until_lines(0)
    viewer = await streaming.hub.authenticate(f"Bearer {streaming.token('acme')}")
    assert streaming.hub._in_flight._running == {}
    assert viewer.lens.partner_id == streaming.firms.ids["acme"]


def _request(streaming: Streaming, body: bytes, accept: str = "application/json") -> bytes:
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
        f"Authorization: Bearer {streaming.token('acme')}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _sent(streaming: Streaming, data: bytes, *, no_more: bool = True) -> bytes:
    """Everything that comes back. ``no_more``: say that nothing follows, for a request that may be half of one."""
    with socket.create_connection(("127.0.0.1", streaming.port), timeout=15) as connection:
        with suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
            if no_more:
                connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_any_bytes_instead_of_a_request(streaming: Streaming, accept: str) -> None:
    whole = _request(
        streaming, b'{"query":"query ($n: Int) { orders(first: $n) { nodes { id } } }","variables":{"n":3}}', accept
    )

    @HOSTILE
    @given(_mutated(whole) | st.binary(max_size=200))
    def attack(data: bytes) -> None:
        answer = _sent(streaming, data)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), answer[:200]
        assert b"INTERNAL_SERVER_ERROR" not in answer

    await hold(streaming, attack)


async def test_any_parameters(streaming: Streaming) -> None:
    reached: Counter[str] = Counter()

    @HOSTILE
    @given(_PARAMETERS)
    def attack(parameters: dict[str, Any]) -> None:
        body = _written(parameters).encode("utf-8", "surrogatepass")
        request = _request(streaming, body, "application/graphql-response+json")
        head, _, text = _sent(streaming, request, no_more=False).partition(b"\r\n\r\n")
        status, shown = int(head.split(b" ", 2)[1]), json.loads(text)
        assert status in (200, 400, 403, 405), text
        assert ("data" in shown) == (status == 200), text
        reached[str(status)] += 1
        for error in shown.get("errors", ()):
            reached[error["extensions"]["code"]] += 1
            assert error["extensions"]["code"] not in ("INTERNAL_SERVER_ERROR", "TIMEOUT"), text
            assert error["extensions"]["requestId"]
            assert len(error["message"]) <= 330
            assert error["message"].isprintable()

    await hold(streaming, attack)
    assert min(reached[code] for code in ("200", "BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED")) > 10, reached


_MESSAGE = st.one_of(
    st.fixed_dictionaries({"type": st.just("subscribe"), "id": st.sampled_from("abc") | _JSON, "payload": _PARAMETERS | _JSON}).map(_written),
    st.fixed_dictionaries({"type": st.sampled_from(["complete", "ping", "pong", "connection_init", "next", ""]) | _JSON},
                          optional={"id": st.sampled_from("abc") | _JSON, "payload": _JSON}).map(_written),
    _JSON.map(_written), st.binary(max_size=60), _TEXT,
)  # fmt: skip


async def test_any_messages_on_a_socket(streaming: Streaming) -> None:
    url, init = f"ws://127.0.0.1:{streaming.port}/graphql", {"Authorization": f"Bearer {streaming.token('acme')}"}

    @HOSTILE
    @given(st.booleans(), st.lists(_MESSAGE, min_size=1, max_size=5))
    def attack(greeted: bool, messages: list[str | bytes]) -> None:
        with connect(url, subprotocols=[PROTOCOL], proxy=None) as ws:
            try:
                if greeted:
                    ws.send(json.dumps({"type": "connection_init", "payload": init}))
                    assert json.loads(ws.recv(timeout=10))["type"] == "connection_ack"
                for message in messages:
                    ws.send(message if isinstance(message, bytes) else message.encode("utf-8", "replace").decode())
                ws.send('{"type":"ping","payload":{"last":true}}')
                while (got := json.loads(ws.recv(timeout=10))) != {"type": "pong", "payload": {"last": True}}:
                    assert "INTERNAL_SERVER_ERROR" not in json.dumps(got), got
            except ConnectionClosed:
                assert ws.close_code in ENDS, (ws.close_code, messages)

    await hold(streaming, attack)


async def test_any_frames_on_a_socket(streaming: Streaming) -> None:
    greeting = (
        b"GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )

    def frame(payload: bytes) -> bytes:
        return bytes((0x81, 0x80 | 126)) + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload

    payload = {"Authorization": f"Bearer {streaming.token('acme')}"}
    init = frame(json.dumps({"type": "connection_init", "payload": payload}).encode())
    follow = frame(b'{"type":"subscribe","id":"1","payload":{"query":"subscription { changes { cursor } }"}}')

    @HOSTILE
    @given(
        _mutated(greeting + init + follow) | st.binary(max_size=80).map(lambda more: greeting + init + follow + more)
    )
    def attack(data: bytes) -> None:
        answer = _sent(streaming, data)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 1", b"HTTP/1.1 4")), answer[:200]

    await hold(streaming, attack)
