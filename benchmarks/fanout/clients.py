"""Subscribers: many sockets in one process, as cheap as Python allows; every one accounts for what it got.

Obeys lines of JSON on stdin and answers each with one line: ``open``, ``seen``, ``report``. It ends with its stdin.
Changes are told apart by the number in ``REV 000123``; number n is of item n % ITEMS, and those of one item must rise.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import sys
import time
from collections import Counter
from typing import Any

ITEMS = 20
MARK = b"REV "
TICKS_PER_SECOND = 10_000
"""Latencies are counted in tenths of a millisecond."""


class Fleet:
    """All sockets of this process."""

    def __init__(self) -> None:
        self.sockets: list[Subscriber] = []
        self.arrivals: dict[int, list[float]] = {}
        self.sample = b""
        self.faults: Counter[str] = Counter()


class Subscriber(asyncio.Protocol):
    """One socket: handshake, token, subscription, and then counting."""

    def __init__(self, fleet: Fleet, token: str, document: str, *, deaf: bool) -> None:
        self._fleet = fleet
        self._token = token
        self._document = document
        self.deaf = deaf
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seen = 0
        self._last = [-1] * ITEMS
        self._rest = b""
        self._open = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._fleet.faults["closed"] += not self.deaf
        if not self.ready.done():
            self.ready.set_exception(RuntimeError("closed before it was ready"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
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
            start, at = found
            self._take(data[start:at], now)
        self._rest = data[at:]

    def _take(self, payload: bytes, now: float) -> None:
        mark = -1 if b'"errors"' in payload else payload.find(MARK)
        if mark >= 0:
            self._count(int(payload[mark + 4 : mark + 10]), payload, now)
        elif b'"connection_ack"' in payload:
            self._send({"type": "subscribe", "id": "1", "payload": {"query": self._document}})
            self._send({"type": "ping"})
        elif b'"pong"' in payload and not self.ready.done():
            self.ready.set_result(None)
            if self.deaf:
                self.transport.pause_reading()
        elif b'"error' in payload:
            self._fleet.faults[f"error {payload[:300]!r}"] += 1

    def _count(self, number: int, payload: bytes, now: float) -> None:
        last = self._last[number % ITEMS]
        if number <= last:
            self._fleet.faults["twice or out of order"] += 1
            return
        if last >= 0 and number != last + ITEMS:
            self._fleet.faults["lost"] += (number - last) // ITEMS - 1
        self._last[number % ITEMS] = number
        self.seen += 1
        self._fleet.arrivals.setdefault(number, []).append(now)
        if not self._fleet.sample:
            self._fleet.sample = payload

    def _send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message).encode()
        head = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else b"\x81\xfe" + len(text).to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + text)


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
    """``count`` sockets on ``port``, tokens dealt out in turn; every ``deaf``-th never reads."""
    loop = asyncio.get_running_loop()
    for number in range(asked["count"]):
        token = asked["tokens"][number % len(asked["tokens"])]
        deaf = bool(asked["deaf"]) and number % asked["deaf"] == asked["deaf"] - 1
        _, made = await loop.create_connection(
            lambda token=token, deaf=deaf: Subscriber(fleet, token, asked["document"], deaf=deaf),  # type: ignore[misc]
            "127.0.0.1", asked["port"],
        )  # fmt: skip
        fleet.sockets.append(made)
        if number % 50 == 49:
            await asyncio.gather(*(each.ready for each in fleet.sockets[-50:]))
    await asyncio.gather(*(each.ready for each in fleet.sockets))
    return {"open": len(fleet.sockets)}


def _seen(fleet: Fleet) -> dict[str, Any]:
    """The least any reading socket has got."""
    return {"seen": min((each.seen for each in fleet.sockets if not each.deaf), default=0)}


def _report(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """Latencies from acknowledgement to arrival, and from acknowledgement to the last arrival here."""
    every: Counter[int] = Counter()
    last: dict[str, float] = {}
    reading = sum(not each.deaf for each in fleet.sockets)
    for number, acknowledged in asked["acks"].items():
        times = fleet.arrivals.get(int(number), [])
        if len(times) != reading:
            fleet.faults["lost"] += reading - len(times)
        every.update(max(0, int((each - acknowledged) * TICKS_PER_SECOND)) for each in times)
        last[number] = max(times, default=acknowledged) - acknowledged
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "reading": reading, "every": every, "last": last, "faults": fleet.faults,
        "sample": fleet.sample.decode(), "cpu": usage.ru_utime + usage.ru_stime,
    }  # fmt: skip


async def main() -> None:
    fleet = Fleet()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        match asked["do"]:
            case "open":
                said = await _open(fleet, asked)
            case "seen":
                said = _seen(fleet)
            case _:
                said = _report(fleet, asked)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
