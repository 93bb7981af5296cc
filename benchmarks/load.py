"""Load generator, its own process: keeps N keep-alive connections busy and measures one window.

``python -m benchmarks.load --port P --requests FILE --connections 16 --seconds 4 --watch app=PID --watch postgres=PID``
prints one JSON object. Raw sockets and epoll, requests made beforehand, so that on two cores it takes little from the
server; what it takes is reported as ``load_us``. Any status but 200, any "errors" in a body, any closed connection is
an error, and the runner refuses a window that has one.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.processes import cpu_seconds

BUFFER_BYTES = 1 << 20
"""More than the largest answer of any operation."""
LENGTH = struct.Struct(">I")


def http_request(port: int, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """One complete HTTP/1.1 POST as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: application/graphql-response+json, application/json;q=0.9",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def write_requests(file: Path, requests: Iterable[bytes]) -> None:
    """Requests as length-prefixed records."""
    file.write_bytes(b"".join(LENGTH.pack(len(request)) + request for request in requests))


def read_requests(file: Path) -> list[bytes]:
    """The records of ``write_requests``."""
    raw, place, found = file.read_bytes(), 0, []
    while place < len(raw):
        (size,) = LENGTH.unpack_from(raw, place)
        found.append(raw[place + LENGTH.size : place + LENGTH.size + size])
        place += LENGTH.size + size
    return found


class Connection:
    """One keep-alive connection with at most one request on its way; every response is read into the same buffer."""

    __slots__ = ("buffer", "filled", "sent_at", "socket", "view", "wanted")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(BUFFER_BYTES)
        self.view = memoryview(self.buffer)
        self.filled, self.wanted, self.sent_at = 0, 0, 0.0

    def send(self, request: bytes) -> None:
        self.filled, self.wanted = 0, 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Whether the last byte of the response is here now; ConnectionError when the server closes."""
        count = self.socket.recv_into(self.view[self.filled :])
        if not count:
            raise ConnectionError("the server closed the connection")
        self.filled += count
        if not self.wanted:
            self.wanted = self._length()
        if self.wanted < 0:
            return self.buffer.endswith(b"\r\n0\r\n\r\n", 0, self.filled)
        return 0 < self.wanted <= self.filled

    def _length(self) -> int:
        """Bytes of the whole response; 0 while its head is incomplete, -1 when it is chunked."""
        head_end = self.buffer.find(b"\r\n\r\n", 0, self.filled)
        if head_end < 0:
            return 0
        head = bytes(self.view[:head_end]).lower()
        place = head.find(b"content-length:")
        if place < 0:
            return -1
        return head_end + 4 + int(head[place + 15 :].partition(b"\r\n")[0])

    def faulty(self) -> bool:
        """Whether the response is not a clean GraphQL answer."""
        return not self.buffer.startswith(b"HTTP/1.1 200") or self.buffer.find(b'"errors":', 0, self.filled) >= 0


class Window:
    """Drives the connections and collects latencies of what ends inside the measured window."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        self._requests = cycle(requests)
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}
        for _ in range(connections):
            connection = Connection(port)
            self._open[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)
            connection.send(next(self._requests))
        self.latencies: list[float] = []
        self.errors, self.size = 0, 0

    def run(self, seconds: float) -> float:
        """Keep every connection busy for ``seconds``; returns the exact time it took."""
        started = now = time.perf_counter()
        while now - started < seconds:
            for descriptor, _ in self._poll.poll(1.0):
                connection = self._open[descriptor]
                if not connection.receive():
                    continue
                now = time.perf_counter()
                self.latencies.append(now - connection.sent_at)
                self.size += connection.filled
                self.errors += connection.faulty()
                connection.send(next(self._requests))
            now = time.perf_counter()
        return now - started

    def forget(self) -> None:
        """Drop what the warm-up collected."""
        self.latencies, self.errors, self.size = [], 0, 0


def measure(
    port: int, requests: Sequence[bytes], connections: int, warmup: float, seconds: float, watched: Mapping[str, int]
) -> dict[str, float]:
    """Warm up, then measure one window: rates, latencies in ms, CPU in microseconds per request."""
    window = Window(port, requests, connections)
    window.run(warmup)
    window.forget()
    before = {name: cpu_seconds(pid) for name, pid in watched.items()}
    own = time.process_time()
    taken = window.run(seconds)
    own = time.process_time() - own
    after = {name: cpu_seconds(pid) for name, pid in watched.items()}
    count = max(len(window.latencies), 1)
    ordered = sorted(window.latencies) or [0.0]
    return {
        "requests": len(window.latencies),
        "errors": window.errors,
        "seconds": taken,
        "rate": count / taken,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1e3,
        "bytes": window.size / count,
        "load_us": own / count * 1e6,
        **{f"{name}_us": (after[name] - before[name]) / count * 1e6 for name in watched},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--requests", type=Path, required=True)
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--warmup", type=float, default=0.5)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--watch", action="append", default=[], metavar="NAME=PID")
    chosen = options.parse_args()
    watched = {name: int(pid) for name, _, pid in (item.partition("=") for item in chosen.watch)}
    requests = read_requests(chosen.requests)
    print(json.dumps(measure(chosen.port, requests, chosen.connections, chosen.warmup, chosen.seconds, watched)))


if __name__ == "__main__":
    main()
