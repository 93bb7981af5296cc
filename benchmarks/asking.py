"""A started server as the runner uses it: asks single questions, walks pages, prepares the requests of a load."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from benchmarks.load import http_request, write_requests
from benchmarks.processes import Child, free_port, listens
from benchmarks.servers.contract import Call, Json, Order, Place, Server

ROOT = Path(__file__).parent.parent


class Answering:
    """One server that is up, with the headers of every viewer and the cursors of the pages walked so far."""

    def __init__(self, server: Server, place: Place, child: Child) -> None:
        self.server, self.place, self.child = server, place, child
        self._headers: Mapping[str, Mapping[str, str]] = {}
        self._cursors: dict[tuple[str, int], str | None] = {}

    def know(self, codes: Mapping[str, str]) -> None:
        """Get the headers of these viewers ({id: code}), once."""
        self._headers = self.server.headers(self.place, codes)

    def ask(self, call: Call) -> Json:
        """The ``data`` of one answer; RuntimeError with the body for anything but a clean 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json", **self._headers[call.viewer_id]}
            connection.request("POST", self.server.path, self._body(call), headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        answer = json.loads(body)
        if response.status != 200 or answer.get("errors"):
            raise RuntimeError(f"{self.server.name} answered {call} with {response.status}: {body[:600]!r}")
        return answer["data"]

    def orders(self, call: Call) -> list[Order]:
        """The canonical answer; a page that does not exist has no orders."""
        if self._cursor(call) is None and call.depth:
            return []
        return self.server.orders(call.operation, self.ask(call))

    def requests(self, calls: Sequence[Call], file: Path) -> int:
        """Write the wire form of the calls that exist for this viewer; returns how many."""
        kept = [call for call in calls if not call.depth or self._cursor(call) is not None]
        write_requests(
            file,
            (
                http_request(self.place.port, self.server.path, self._headers[call.viewer_id], self._body(call))
                for call in kept
            ),
        )
        return len(kept)

    def cursors(self, calls: Sequence[Call]) -> list[str | None]:
        """The cursor each call starts after."""
        return [self._cursor(call) for call in calls]

    def _cursor(self, call: Call) -> str | None:
        """Where a deep page begins, found by walking; None for the newest page or past the end."""
        if not call.depth:
            return None
        place = (call.viewer_id, call.depth)
        if place not in self._cursors:
            before = Call(call.operation, call.viewer_id, call.viewer_code, call.group, depth=call.depth - 1)
            walked = before.depth == 0 or self._cursor(before) is not None
            self._cursors[place] = self.server.cursor(self.ask(before)) if walked else None
        return self._cursors[place]

    def _body(self, call: Call) -> bytes:
        variables = self.server.variables(call, self._cursor(call))
        return json.dumps({"query": self.server.documents[call.operation], "variables": variables}).encode()

    def stop(self) -> None:
        self.child.stop()


async def run_scripts(url: str, scripts: Sequence[Path]) -> None:
    """Run SQL files, statement by statement (divided by lines of "--;"), all or nothing, as the superuser."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("set work_mem = '256MB'; set timezone = 'UTC'")
        async with connection.transaction():
            for script in scripts:
                for statement in re.split(r"^--;$", script.read_text(), flags=re.MULTILINE):
                    await connection.execute(statement)
    finally:
        await connection.close()


def start(server: Server, database_url: str, folder: Path) -> Answering:
    """Start a server and wait until it listens."""
    place = Place(database_url, free_port(), folder)
    child = Child(server.name, server.command(place), server.environ(place), folder / f"{server.name}.log", ROOT)
    try:
        child.await_ready(lambda: listens(place.port))
    except BaseException:
        child.stop()
        raise
    return Answering(server, place, child)
