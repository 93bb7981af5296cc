"""Replicas of the hub as processes, a plain TCP proxy before them, and clients that account for every change they got."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import scmhub
from scmhub.client import follow
from scmhub.database.address import Address

_SOURCES = str(Path(scmhub.__file__).parents[1])
DOCUMENT = """
subscription ($after: String) { changes(after: $after) { __typename cursor
  ... on Changed { id kind action recordId }
  ... on NoLongerVisible { kind recordId }
  ... on AccessChanged { direction } } }
"""


class Replica:
    """One hub process; killed and started again on the same port. ``more``: further variables of its environment."""

    def __init__(self, database: Address, home: Path, secret: str, **more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        where = f"host={quote(database.host, safe='')}&port={database.port}"
        self._environ = {
            "PATH": os.environ["PATH"], "PYTHONPATH": _SOURCES, "SCMHUB_HOME": str(home), "SCMHUB_SECRET": secret,
            "SCMHUB_PORT": str(self.port), "SCMHUB_ALLOW_UNSAFE_DATABASE": "true", "SCMHUB_LOG_LEVEL": "ERROR",
            "SCMHUB_READ_POOL": "2", "SCMHUB_WRITE_POOL": "1", "SCMHUB_PUBLIC_URL": "http://hub.test",
            "SCMHUB_DATABASE_URL": f"postgresql://{database.user}:{quote(database.password)}@/{database.database}?{where}",
        } | more  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from scmhub.cli import main; main()", "serve"]
        self._process = subprocess.Popen(
            command, env=self._environ, cwd="/", stderr=subprocess.DEVNULL, start_new_session=True
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def stop(self) -> None:
        """The stop signal."""
        assert self._process is not None
        self._process.terminate()

    async def ended(self) -> int:
        """The exit status, once it has ended by itself; it must within its limit."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, 30)


class Proxy:
    """Hands each connection to the next replica that takes it; ``cut`` ends all there are."""

    def __init__(self, ports: list[int], rng: random.Random) -> None:
        self._ports = ports
        self._rng = rng
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        self.cut(1.0)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self, share: float) -> None:
        for writer in list(self._open):
            if self._rng.random() < share:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self._rng.sample(self._ports, len(self._ports)):
            try:
                there, back = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            self._open |= {writer, back}
            self._tasks |= {
                asyncio.ensure_future(self._pipe(reader, back)), asyncio.ensure_future(self._pipe(there, writer)),
            }  # fmt: skip
            return
        writer.close()

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()
        self._open.discard(sink)


@dataclass
class Client:
    """One follower; everything it got, in its order, repetitions left out by the client library."""

    url: str
    token: Callable[[], Awaitable[str]]
    after: str
    items: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        self.task = asyncio.ensure_future(self.run())
        return self.task

    async def run(self) -> None:
        async def soon(seconds: float) -> None:
            await asyncio.sleep(min(seconds, 0.2))

        async for item in follow(self.url, self.token, DOCUMENT, after=self.after, pause=soon):
            self.items.append(item)
            self.news.set()

    def crash(self) -> None:
        """Forget everything but what was taken in, and start again behind it."""
        assert self.task
        self.task.cancel()
        if self.items:
            self.after = self.items[-1]["cursor"]
        self.start()

    def changes(self) -> list[tuple[str, str]]:
        """(change, record) of each change of an order, in the order of arrival."""
        return [(each["id"], each["recordId"]) for each in self.items if each.get("kind") == "ORDER" and "id" in each]

    async def until(self, done: Callable[[], bool]) -> None:
        """Return when it is so; at once with what ended it if the client ended."""
        assert self.task
        while not done():
            self.news.clear()
            news = asyncio.ensure_future(self.news.wait())
            await asyncio.wait([news, self.task], return_when=asyncio.FIRST_COMPLETED)
            if self.task.done():
                self.task.result()
