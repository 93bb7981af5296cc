"""What arrives at the socket: unfinished, contradictory or endless requests end in 400 or a closed connection."""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
from collections.abc import Iterator

import httpx2
import pytest
from hub_of_three import ACME_TOKEN, Served, make_app, new_firm

from scmhub.graph.limits import Limits

BODY = b'{"query":"{ me }"}'
GOOD = (
    b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer "
    + ACME_TOKEN.encode()
    + b"\r\nContent-Length: %d\r\n" % len(BODY)
)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server that waits 0.4 s for a head and 0.6 s for a body."""
    firm = new_firm()
    one = Served(make_app(firm), limits=Limits(header_seconds=0.4, body_seconds=0.6), firm=firm)
    yield one
    one.stop()
    firm.documents.close()


@pytest.fixture(autouse=True)
def no_exception_reaches_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=15)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    while True:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def exchange(served: Served, request: bytes) -> bytes:
    with connect(served) as connection:
        connection.sendall(request)
        return read_all(connection)


def me(served: Served) -> int:
    headers = {"Authorization": f"Bearer {ACME_TOKEN}", "Content-Type": "application/json"}
    return httpx2.post(f"{served.url}/graphql", content=BODY, headers=headers, trust_env=False).status_code


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST",
        b"POST /graphql HTTP/1.1\r\nHost: a\r\n",
        GOOD[:-5],
        GOOD + b"\r\n" + BODY[:5],
        GOOD + b"\r\n",
        GOOD.replace(b"Content-Length: 18", b"Transfer-Encoding: chunked") + b'\r\n5\r\n{"que',
        b"\r\n\r\n",
    ],
)
def test_half_a_request_is_closed_in_time_and_others_are_served(hasty: Served, sent: bytes) -> None:
    with connect(hasty) as connection:
        connection.sendall(sent)
        assert me(hasty) == 200
        assert read_all(connection) == b""


def test_a_byte_at_a_time_does_not_move_the_deadline(hasty: Served) -> None:
    with connect(hasty) as connection:
        stop = threading.Event()

        def drip() -> None:
            connection.sendall(b"POST /graphql HTTP/1.1\r\nX: ")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert read_all(connection) == b""
        stop.set()
        thread.join()


def test_blank_lines_between_requests_do_not_hold_a_connection(hasty: Served) -> None:
    with connect(hasty) as connection:
        connection.sendall(GOOD + b"\r\n" + BODY)
        head = connection.recv(65_536)
        assert b" 200 " in head
        connection.sendall(b"\r\n\r\n")
        assert BODY not in read_all(connection)


def test_a_refused_endless_body_ends_with_its_deadline(hasty: Served) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(hasty, head + b"5\r\nhello\r\n")
    assert b" 401 " in answer.split(b"\r\n")[0]


def test_keep_alive_serves_many_requests_on_one_connection(hasty: Served) -> None:
    with connect(hasty) as connection:
        for _ in range(3):
            connection.sendall(GOOD + b"\r\n" + BODY)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    with connect(served) as connection:
        connection.sendall((GOOD + b"\r\n" + BODY) * 3 + GOOD + b"Connection: close\r\n\r\n" + BODY)
        assert read_all(connection).count(b"HTTP/1.1 200 ") == 4


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /graphql HTTP/9.9\r\nHost: a\r\n\r\n",
        GOOD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GOOD + b"Content-Length: 3\r\n\r\n" + BODY,
        GOOD + b"X-Folded: a\r\n b\r\n\r\n" + BODY,
        GOOD + b"Bad Name: a\r\n\r\n" + BODY,
        GOOD + b"X: a\x00b\r\n\r\n" + BODY,
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"GET http://[::1/graphql HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        GOOD + b"".join(b"X-%d: a\r\n" % n for n in range(10_000)) + b"\r\n" + BODY,
        GOOD + b"X: " + b"a" * 100_000 + b"\r\n\r\n" + BODY,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_broken_requests_get_400_and_a_closed_connection(served: Served, request_bytes: bytes) -> None:
    answer = exchange(served, request_bytes)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 400 Bad Request"
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    error = json.loads(body)["errors"][0]
    assert error["extensions"] == {"code": "BAD_REQUEST", "requestId": lines[b"x-request-id"].decode()}
    assert me(served) == 200


@pytest.mark.parametrize("host", [b"a/b?c", b"", b"evil.example", b"[::1"])
def test_the_host_header_decides_nothing(served: Served, host: bytes) -> None:
    request = GOOD.replace(b"Host: a", b"Host: " + host) + b"Connection: close\r\n\r\n" + BODY
    assert exchange(served, request).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))


def test_fifty_megabytes_are_refused_by_their_declared_length(served: Served) -> None:
    request = GOOD.replace(b"Content-Length: 18", b"Content-Length: 52428800") + b"\r\n"
    with connect(served) as connection:
        connection.sendall(request)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_an_endless_body_is_refused_after_one_mebibyte(served: Served) -> None:
    head = GOOD.replace(b"Content-Length: 18", b"Transfer-Encoding: chunked") + b"\r\n"
    with connect(served) as connection:
        connection.sendall(head)
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        for _ in range(17):
            connection.sendall(chunk)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_a_caller_who_hangs_up_costs_nothing(served: Served) -> None:
    with connect(served) as connection:
        connection.sendall(GOOD + b"\r\n" + BODY[:5])
    assert me(served) == 200


def test_upgrades_other_than_websocket_are_answered_as_plain_requests(served: Served) -> None:
    request = GOOD + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n" + BODY
    assert exchange(served, request).startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))


def test_a_websocket_is_refused_until_there_is_a_transport_for_it(served: Served) -> None:
    request = (
        b"GET /graphql HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert exchange(served, request).startswith(b"HTTP/1.1 403 ")


def test_random_bytes_get_an_answer_or_a_closed_connection(hasty: Served) -> None:
    chance = random.Random(4711)
    whole = GOOD + b"Connection: close\r\n\r\n" + BODY
    for _ in range(300):
        sent = bytearray(whole)
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(sent))
            sent[at : at + chance.randrange(0, 3)] = chance.randbytes(chance.randrange(0, 3))
        with connect(hasty) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), bytes(sent)
    assert me(hasty) == 200
