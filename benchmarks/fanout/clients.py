"""Subscribers: many sockets in one process, as cheap as Python allows; every one accounts for what it got.

Obeys lines of JSON on stdin and answers each with one line: ``open``, ``seen``, ``churn``, ``report``. It ends with its
stdin. Changes are told apart by the number in ``REV 000123``. Changes are dealt out in turn: number n is of owner
n % owners and of stream n % streams, which is one item; who follows an owner gets all streams of it, and the numbers of
one stream rise by ``streams``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import socket
import sys
import time
from array import array
from collections import Counter
from typing import Any

import uvloop

MARK = b"REV "
TICKS_PER_SECOND = 10_000
"""Latencies are counted in tenths of a millisecond."""
_CURSOR = b'"extensions":{"cursor":"'
_AT_ONCE = 50
"""Sockets opened together."""
_DEAF_BYTES = 4096
"""Receive buffer of a subscriber that never reads, so that little hides in the kernel."""
RETURN_SECONDS = 1.0
"""What a subscriber gets so soon after it came back is accounted for apart: it had to connect first."""


class Fleet:
    """All sockets of this process."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.seats: list[Subscriber] = []
        self.arrivals: dict[int, array[float]] = {}
        self.returned: dict[int, array[float]] = {}
        self.sample = b""
        self.faults: Counter[str] = Counter()
        self.came_back = 0
        self.churning: asyncio.Task[None] | None = None


class Subscriber(asyncio.Protocol):
    """One seat: handshake, token, subscription, and then counting; it may lose its socket and come back."""

    def __init__(self, fleet: Fleet, token: str, document: str, owner: int, *, deaf: bool) -> None:
        self._fleet = fleet
        self._token = token
        self._document = document
        self.owner = owner
        self.deaf = deaf
        self.ready: asyncio.Future[None] | None = None
        self.seen = 0
        self.latest = -1
        self._last: dict[int, int] = {}
        self._latest = b""
        self._rest = b""
        self._open = False
        self._back_at = 0.0
        self._gone: asyncio.Future[None] | None = None
        self.transport: Any = None

    async def open(self) -> None:
        """Connect, and return when the subscription was taken."""
        loop = asyncio.get_running_loop()
        self._rest, self._open, self.ready = b"", False, loop.create_future()
        wire = socket.socket()
        wire.setblocking(False)
        if self.deaf:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _DEAF_BYTES)
        await loop.sock_connect(wire, ("127.0.0.1", self._fleet.asked["port"]))
        await loop.create_connection(lambda: self, sock=wire)
        await self.ready

    async def come_back(self) -> None:
        """Drop the socket in the middle of whatever is under way, and resume from the last item."""
        self._back_at = float("inf")
        self._gone = asyncio.get_running_loop().create_future()
        self.transport.abort()
        await self._gone
        await self.open()
        self._back_at = time.monotonic() + RETURN_SECONDS
        self._fleet.came_back += 1

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        if self._gone is not None:
            self._gone.set_result(None)
            self._gone = None
            return
        self._fleet.faults["closed"] += not self.deaf
        if self.ready is not None and not self.ready.done():
            self.ready.set_exception(RuntimeError(f"closed before it was ready: {dict(self._fleet.faults)}"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if self._rest:
            data = self._rest + data
        at = 0
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            self._open, at = True, end + 4
            self._send({"type": "connection_init", "payload": {"Authorization": f"Bearer {self._token}"}})
        while (found := _frame(data, at)) is not None:
            first, (start, at) = data[at], found
            if first == 0x81:
                self._take(data[start:at], now)
            elif first == 0x89:
                self._write(0x8A, data[start:at])
            elif first == 0x88:
                self._fleet.faults[f"closed with {int.from_bytes(data[start : start + 2], 'big')}"] += 1
        self._rest = data[at:]

    def _take(self, payload: bytes, now: float) -> None:
        mark = -1 if b'"errors"' in payload else payload.find(MARK)
        if mark >= 0:
            self._latest = payload
            self._count(int(payload[mark + 4 : mark + 10]), payload, now)
        elif b'"connection_ack"' in payload:
            query = {"query": self._document, "variables": self._variables()}
            self._send({"type": "subscribe", "id": "1", "payload": query})
            self._send({"type": "ping"})
        elif b'"pong"' in payload and self.ready is not None and not self.ready.done():
            self.ready.set_result(None)
            if self.deaf:
                self.transport.pause_reading()
        elif b'"error' in payload:
            self._fleet.faults[f"error {payload[:300]!r}"] += 1

    def _variables(self) -> dict[str, Any]:
        if not self._fleet.asked["resumes"]:
            return {"owner": self.owner}
        at = self._latest.rfind(_CURSOR) + len(_CURSOR)
        return {"after": self._latest[at : self._latest.index(b'"', at)].decode() if self._latest else None}

    def _count(self, number: int, payload: bytes, now: float) -> None:
        streams = self._fleet.asked["streams"]
        last = self._last.get(number % streams, -1)
        if number <= last:
            self._fleet.faults["twice or out of order"] += 1
            return
        if last >= 0 and number != last + streams:
            self._fleet.faults["lost"] += (number - last) // streams - 1
        if number % self._fleet.asked["owners"] != self.owner:
            self._fleet.faults["of another owner"] += 1
        self._last[number % streams] = number
        self.seen += 1
        self.latest = max(self.latest, number)
        arrived = self._fleet.arrivals if now > self._back_at else self._fleet.returned
        if number not in arrived:
            arrived[number] = array("d")
        arrived[number].append(now)
        if not self._fleet.sample:
            self._fleet.sample = payload

    def _send(self, message: dict[str, Any]) -> None:
        self._write(0x81, json.dumps(message).encode())

    def _write(self, first: int, data: bytes) -> None:
        size = len(data)
        head = bytes((first, 0x80 | size)) if size < 126 else bytes((first, 0xFE)) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + data)


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """(start of payload, end) of the frame at ``at``; None if it is not there whole. Servers do not mask."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1] & 0x7F, at + 2
    if size == 126:
        size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
    elif size == 127:
        size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
    return (start, start + size) if len(data) >= start + size else None


async def _open(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """Take every seat: [token, document, owner, whether it never reads]."""
    fleet.asked = asked
    tokens, documents = asked["tokens"], asked["documents"]
    for token, document, owner, deaf in asked["seats"]:
        fleet.seats.append(Subscriber(fleet, tokens[token], documents[document], owner, deaf=deaf))
    for start in range(0, len(fleet.seats), _AT_ONCE):
        await asyncio.gather(*(each.open() for each in fleet.seats[start : start + _AT_ONCE]))
    return {"open": len(fleet.seats)}


def _seen(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """By owner, the least any reading seat has got since the last ``mark``, and the lowest of their latest numbers."""
    least: dict[int, int] = {}
    latest: dict[int, int] = {}
    for each in fleet.seats:
        if not each.deaf:
            if asked["mark"]:
                each.seen = 0
            least[each.owner] = min(each.seen, least.get(each.owner, each.seen))
            latest[each.owner] = min(each.latest, latest.get(each.owner, each.latest))
    return {"seen": least, "latest": latest, "cpu": _cpu()}


def _churn(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """From now on, or not any more: ``rate`` seats a second lose their socket and come back, each in turn."""
    if fleet.churning is not None:
        fleet.churning.cancel()
        fleet.churning = None
    if asked["rate"]:
        fleet.churning = asyncio.ensure_future(_lose_and_return(fleet, asked["rate"]))
    return {}


async def _lose_and_return(fleet: Fleet, rate: float) -> None:
    reading = [each for each in fleet.seats if not each.deaf]
    running: set[asyncio.Task[None]] = set()
    began, done = time.monotonic(), 0
    try:
        while True:
            await asyncio.sleep(max(0.0, began + done / rate - time.monotonic()))
            task = asyncio.ensure_future(reading[done * 7919 % len(reading)].come_back())
            running.add(task)
            task.add_done_callback(running.discard)
            done += 1
    finally:
        await asyncio.gather(*running)


async def _report(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """Latencies from acknowledgement to arrival, and from acknowledgement to the last arrival here."""
    every: Counter[int] = Counter()
    returned: Counter[int] = Counter()
    last: dict[str, float] = {}
    reading = Counter(each.owner for each in fleet.seats if not each.deaf)
    for number, acknowledged in asked["acks"].items():
        times, late = fleet.arrivals.get(int(number), ()), fleet.returned.get(int(number), ())
        missing = reading[int(number) % fleet.asked["owners"]] - len(times) - len(late)
        if missing:
            fleet.faults["lost"] += missing
        every.update(max(0, int((each - acknowledged) * TICKS_PER_SECOND)) for each in times)
        returned.update(max(0, int((each - acknowledged) * TICKS_PER_SECOND)) for each in late)
        last[number] = max(times, default=acknowledged) - acknowledged
    return {
        "every": every, "returned": returned, "last": last, "faults": fleet.faults, "sample": fleet.sample.decode(),
        "came_back": fleet.came_back,
    }  # fmt: skip


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _answer(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    match asked["do"]:
        case "open":
            return await _open(fleet, asked)
        case "seen":
            return _seen(fleet, asked)
        case "churn":
            return _churn(fleet, asked)
        case _:
            return await _report(fleet, asked)


async def main() -> None:
    fleet = Fleet()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        said = await _answer(fleet, json.loads(line))
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
