"""The generator's side: client processes that hold the sockets, and the writer that keeps to its schedule."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx2

from benchmarks.fanout.hub import REVISE, Chain
from benchmarks.fanout.shape import Shape
from benchmarks.servers.scmhub import ROOT

MOST_SECONDS = 60
"""Longest wait for the last subscriber; what is missing then counts as lost."""
_PUBLISH = "mutation ($o: Int!, $d: String!) { publish(owner: $o, description: $d) }"


class Fleet:
    """Client processes, asked by lines of JSON."""

    def __init__(self, count: int) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.fanout.clients"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}"},
            )
            for _ in range(count)
        ]  # fmt: skip

    async def ask(self, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """One question for each process, or one for all."""
        questions = asked if len(asked) > 1 else asked * len(self._processes)
        return list(
            await asyncio.gather(*map(asyncio.to_thread, [self._ask] * len(questions), self._processes, questions))
        )

    def _ask(self, process: subprocess.Popen[str], asked: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError("a client process ended")
        return dict(json.loads(answer))

    async def open(
        self, shape: Shape, ports: list[int], tokens: list[str], documents: list[str], *, resumes: bool
    ) -> None:  # fmt: skip
        """Every subscriber of the shape connected and subscribed, dealt out over the ports."""
        asked = {
            "do": "open", "ports": ports, "tokens": tokens, "documents": documents, "resumes": resumes,
            "owners": shape.owners, "streams": shape.streams,
        }  # fmt: skip
        seats = shape.seats()
        await self.ask(*(asked | {"seats": seats[place :: shape.processes]} for place in range(shape.processes)))

    async def until_heard(self, written: int, owners: int) -> None:
        """Return when every reading subscriber has had the latest change of its owner."""
        await self._until("latest", lambda owner: (written - 1 - owner) // owners * owners + owner)

    async def until_seen(self, changes: range, owners: int) -> float:
        """Return when every reading subscriber has had its part of the changes; the clients' CPU time up to then."""
        answers = await self._until("seen", lambda owner: sum(number % owners == owner for number in changes))
        return sum(float(each["cpu"]) for each in answers)

    async def mark(self) -> float:
        """Count from here on; the clients' CPU time up to now."""
        return sum(float(each["cpu"]) for each in await self.ask({"do": "seen", "mark": True}))

    async def _until(self, what: str, wanted: Callable[[int], int]) -> list[dict[str, Any]]:
        deadline = time.monotonic() + MOST_SECONDS
        while True:
            answers = await self.ask({"do": "seen", "mark": False})
            if all(found >= wanted(int(owner)) for each in answers for owner, found in each[what].items()):
                return answers
            if time.monotonic() > deadline:
                print("not everybody got everything", file=sys.stderr)
                return answers
            await asyncio.sleep(0.25)

    def stop(self) -> None:
        for process in self._processes:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


class Writer:
    """Changes on a fixed schedule, whatever the server's answers take; when each was acknowledged."""

    def __init__(self, port: int, shape: Shape, chain: Chain | None) -> None:
        self._chain = chain
        self._shape = shape
        # Never a number twice: a change to what already stands there is none.
        self._number = -(-chain.written // shape.streams) * shape.streams if chain else 0
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False,
            limits=httpx2.Limits(max_connections=max(20, shape.streams)),
        )  # fmt: skip

    @property
    def written(self) -> int:
        return self._number

    async def change(self) -> tuple[int, float]:
        """One change; its number, and the monotonic clock at its acknowledgement."""
        number, self._number = self._number, self._number + 1
        if self._chain:
            self._chain.written = self._number
        text, owner = f"REV {number:06}", number % self._shape.owners
        if self._chain is None:
            body = {"query": _PUBLISH, "variables": {"o": owner, "d": text}}
            headers = {}
        else:
            item = number % self._shape.streams // self._shape.owners
            version = self._chain.next_version(owner, item)
            given = {"item": self._chain.items[owner][item], "expectedVersion": version, "description": text}
            body = {"query": REVISE, "variables": {"i": given}}
            headers = {"Authorization": f"Bearer {self._chain.owners[owner]}"}
        answer = (await self._client.post("/graphql", json=body, headers=headers)).json()
        acknowledged = time.monotonic()
        if "errors" in answer or (self._chain and answer["data"]["itemRevise"]["userErrors"]):
            raise RuntimeError(f"a change was refused: {answer}")
        return number, acknowledged

    async def run(self, events: int, rate: float) -> dict[int, float]:
        began, tasks = time.monotonic(), []
        for number in range(events):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            tasks.append(asyncio.ensure_future(self.change()))
        return dict(await asyncio.gather(*tasks))

    async def close(self) -> None:
        await self._client.aclose()
