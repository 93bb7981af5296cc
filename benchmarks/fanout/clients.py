"""Subscribers: many sockets in one process, as cheap as Python allows; every one accounts for what it got.

Obeys lines of JSON on stdin and answers each with one line: ``open``, ``seen``, ``churn``, ``report``. It ends with its
stdin. Changes are dealt out in turn: number n is of owner n % owners and of stream n % streams, which is one item; who
follows an owner gets all streams of it. ``REV 000123`` in a record says how far its item is, which may be further than
the change that is told: values are read at delivery. Which change is told its ``id`` says, and the log says which
number that is: ``report`` gets the list.

What comes is stamped and put by; it is read when nothing has come for a while. So the time it takes this process to
check ten thousand frames is not taken for the hub's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import resource
import socket
import sys
import time
from array import array
from collections import Counter, defaultdict
from typing import Any

import uvloop

MARK = b"REV "
_ID = b'"id":"chg_'
ID_CHARACTERS = len("chg_") + 36
TICKS_PER_SECOND = 10_000
"""Latencies are counted in tenths of a millisecond."""
_CURSOR = b'"extensions":{"cursor":"'
_AT_ONCE = 50
"""Sockets opened together."""
_DEAF_BYTES = 4096
"""Receive buffer of a subscriber that never reads, so that little hides in the kernel."""
RETURN_SECONDS = 1.0
"""What a subscriber gets so soon after it came back is accounted for apart: it had to connect first."""
_QUIET_SECONDS, _MOST_PUT_BY_SECONDS = 0.05, 1.0
_AWAY_SECONDS = 2.0
"""Whoever lost its hub comes back within this time, each at its own."""


class Fleet:
    """All sockets of this process."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.seats: list[Subscriber] = []
        self.changes: dict[bytes, int] = {}
        """Ids of changes, numbered as they were first seen here."""
        self.arrivals: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
        self.returned: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
        self.sample = b""
        self.faults: Counter[str] = Counter()
        self.came_back = 0
        self.churning: asyncio.Task[None] | None = None
        self.returning: set[asyncio.Task[None]] = set()
        self._put_by: list[tuple[Subscriber, bytes, float]] = []

    def put_by(self, seat: Subscriber, data: bytes) -> None:
        """Stamp what came, and no more."""
        if not self._put_by:
            asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._read_when_quiet)
        self._put_by.append((seat, data, time.monotonic()))

    def _read_when_quiet(self) -> None:
        if not self._put_by:
            return
        now = time.monotonic()
        if now - self._put_by[-1][2] < _QUIET_SECONDS and now - self._put_by[0][2] < _MOST_PUT_BY_SECONDS:
            asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._read_when_quiet)
        else:
            self.read()

    def read(self) -> None:
        """Check everything that was put by."""
        waiting, self._put_by = self._put_by, []
        for seat, data, at in waiting:
            seat.read(data, at)

    def bring_back(self, seat: Subscriber, pause: float = 0.0) -> None:
        """Let a seat lose its socket, if it still has it, and resume."""
        if seat.away:
            return
        self.read()
        seat.leave()
        task = asyncio.ensure_future(seat.come_back(pause))
        self.returning.add(task)
        task.add_done_callback(self.returning.discard)


class Subscriber(asyncio.Protocol):
    """One seat: handshake, token, subscription, and then counting; it may lose its socket and come back."""

    def __init__(
        self, fleet: Fleet, ports: list[int], token: str, document: str, owner: int, *, deaf: bool
    ) -> None:  # fmt: skip
        """``ports``: hubs, the first of which it asks."""
        self._fleet = fleet
        self._ports = ports
        self._token = token
        self._document = document
        self.owner = owner
        self.deaf = deaf
        self.ready: asyncio.Future[None] | None = None
        self.got = array("i")
        """What came since the last ``mark``, in its order, as ``Fleet.changes`` numbers it."""
        self.latest = -1
        self._latest = b""
        self._rest = b""
        self._open = False
        self._back_at = 0.0
        self._gone: asyncio.Future[None] | None = None
        self.transport: Any = None

    @property
    def away(self) -> bool:
        """Whether it has no socket."""
        return self._back_at == float("inf")

    async def open(self) -> None:
        """Connect, and return when the subscription was taken."""
        loop = asyncio.get_running_loop()
        self._rest, self._open, self.ready = b"", False, loop.create_future()
        wire = socket.socket()
        wire.setblocking(False)
        if self.deaf:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _DEAF_BYTES)
        await loop.sock_connect(wire, ("127.0.0.1", self._ports[0]))
        await loop.create_connection(lambda: self, sock=wire)
        await self.ready

    def leave(self) -> None:
        self._back_at = float("inf")

    async def come_back(self, pause: float) -> None:
        """Drop the socket in the middle of whatever is under way, and resume from the last item, at another hub."""
        if not self.transport.is_closing():
            self._gone = asyncio.get_running_loop().create_future()
            self.transport.abort()
            await self._gone
        self._fleet.read()
        while True:
            await asyncio.sleep(pause * random.random())
            self._ports.append(self._ports.pop(0))
            try:
                await self.open()
                break
            except OSError:  # that hub is gone, or has too much to do with others who come back
                pause = _AWAY_SECONDS
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
        if self.ready is not None and not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed before it was ready: {dict(self._fleet.faults)}"))
        elif len(self._ports) > 1 and not self.deaf:
            self._fleet.bring_back(self, _AWAY_SECONDS)
        else:
            self._fleet.faults["closed"] += not self.deaf

    def data_received(self, data: bytes) -> None:
        if self.ready is not None and self.ready.done():
            self._fleet.put_by(self, data)
        else:
            self.read(data, time.monotonic())

    def read(self, data: bytes, now: float) -> None:
        """What came at ``now``."""
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
        start = payload.index(_ID) + len(_ID) - len(b"chg_")
        change = self._fleet.changes.setdefault(payload[start : start + ID_CHARACTERS], len(self._fleet.changes))
        self.got.append(change)
        self.latest = max(self.latest, number)
        (self._fleet.arrivals if now > self._back_at else self._fleet.returned)[change].append(now)
        if not self._fleet.sample:
            self._fleet.sample = payload

    def _send(self, message: dict[str, Any]) -> None:
        self._write(0x81, json.dumps(message).encode())

    def _write(self, first: int, data: bytes) -> None:
        if self.transport.is_closing():
            return
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
    tokens, documents, ports = asked["tokens"], asked["documents"], asked["ports"]
    for number, (token, document, owner, deaf) in enumerate(asked["seats"]):
        turned = ports[number % len(ports) :] + ports[: number % len(ports)]
        fleet.seats.append(Subscriber(fleet, turned, tokens[token], documents[document], owner, deaf=deaf))
    for start in range(0, len(fleet.seats), _AT_ONCE):
        await asyncio.gather(*(each.open() for each in fleet.seats[start : start + _AT_ONCE]))
    return {"open": len(fleet.seats)}


def _seen(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """By owner, the least any reading seat has got since the last ``mark``, and the lowest of their latest numbers."""
    fleet.read()
    least: dict[int, int] = {}
    latest: dict[int, int] = {}
    for each in fleet.seats:
        if not each.deaf:
            if asked["mark"]:
                each.got = array("i")
            least[each.owner] = min(len(each.got), least.get(each.owner, len(each.got)))
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
    began, done = time.monotonic(), 0
    while True:
        await asyncio.sleep(max(0.0, began + done / rate - time.monotonic()))
        fleet.bring_back(reading[done * 7919 % len(reading)])
        done += 1


async def _report(fleet: Fleet, asked: dict[str, Any]) -> dict[str, Any]:
    """Latencies from acknowledgement to arrival, and to the last arrival here, of ``changes``: [id, number, when]."""
    if fleet.returning:
        await asyncio.wait(fleet.returning)
    fleet.read()
    numbers = {key.encode(): number for key, number, _ in asked["changes"]}
    known = [numbers.get(key, -1) for key in fleet.changes]
    for seat in fleet.seats:
        if not seat.deaf:
            _account(fleet, seat, [known[each] for each in seat.got], set(numbers.values()))
    every: Counter[int] = Counter()
    returned: Counter[int] = Counter()
    last: dict[int, float] = {}
    for key, number, acknowledged in asked["changes"]:
        change = fleet.changes.get(key.encode(), -1)
        times, late = fleet.arrivals[change], fleet.returned[change]
        every.update(max(0, int((each - acknowledged) * TICKS_PER_SECOND)) for each in times)
        returned.update(max(0, int((each - acknowledged) * TICKS_PER_SECOND)) for each in late)
        last[number] = max(times, default=acknowledged) - acknowledged
    return {
        "every": every, "returned": returned, "last": last, "faults": fleet.faults, "sample": fleet.sample.decode(),
        "came_back": fleet.came_back,
    }  # fmt: skip


def _account(fleet: Fleet, seat: Subscriber, got: list[int], all_numbers: set[int]) -> None:
    """Every change of the seat's owner once, and those of one item in order."""
    owners, streams = fleet.asked["owners"], fleet.asked["streams"]
    wanted = {number for number in all_numbers if number % owners == seat.owner}
    last: dict[int, int] = {}
    for number in got:
        if number not in wanted:
            fleet.faults["of another owner or time"] += 1
        elif number <= last.get(number % streams, -1):
            fleet.faults["twice or out of order"] += 1
        last[number % streams] = number
    fleet.faults["lost"] += len(wanted - set(got))


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
