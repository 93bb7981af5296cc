"""Equal answers first, then interleaved rounds: what is measured, of which server, in which order."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import differences
from benchmarks.asking import ROOT, Answering
from benchmarks.callers import Callers
from benchmarks.servers.contract import OPERATIONS, Call, Order

LEAST_CHECKED = 60
CONNECTIONS = 16
Measured = dict[str, float]


class Void(Exception):
    """The run proves nothing: answers differ, or a server failed under load."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How many calls of an operation were equal on every server, by group, and what the answers held."""

    operation: str
    groups: Mapping[str, int]
    empty: int
    prices_withheld: int
    names_withheld: int


def check(servers: Sequence[Answering], callers: Callers) -> list[Checked]:
    """Ask every server every checked call; Void names the first calls whose answers differ."""
    found = []
    for operation in OPERATIONS:
        calls = callers.checked[operation]
        if len(calls) < LEAST_CHECKED:
            raise Void(f"only {len(calls)} calls of operation {operation} could be chosen")
        reference = [servers[0].orders(call) for call in calls]
        faults = [fault for other in servers[1:] for fault in _faults(servers[0], other, calls, reference)]
        if faults:
            raise Void("answers differ:\n" + "\n".join(faults[:20]))
        found.append(_summary(operation, calls, reference))
    return found


def _faults(
    first: Answering, other: Answering, calls: Sequence[Call], reference: Sequence[list[Order]]
) -> Iterator[str]:
    for call, expected in zip(calls, reference, strict=True):
        where = f"{first.server.name} <> {other.server.name}, {call}"
        for difference in list(differences(expected, other.orders(call)))[:2]:
            yield f"{where}: {difference}"


def _summary(operation: str, calls: Sequence[Call], answers: Sequence[list[Order]]) -> Checked:
    groups: dict[str, int] = {}
    for call in calls:
        groups[call.group] = groups.get(call.group, 0) + 1
    orders = [order for answer in answers for order in answer if operation != "c"]
    return Checked(
        operation,
        groups,
        sum(not answer for answer in answers),
        sum(order["total"] is None for order in orders),
        sum(order["seller"] is None or order["buyerNumber"] is None for order in orders),
    )


class Bench:
    """Measures windows of servers that are up, with requests prepared for each of them."""

    def __init__(self, servers: Sequence[Answering], callers: Callers, postgres_pid: int, folder: Path) -> None:
        self.servers, self._postgres_pid, self._folder = servers, postgres_pid, folder
        self.counts = {
            (one.server.name, operation): one.requests(callers.loaded[operation], self._file(one, operation))
            for one in servers
            for operation in OPERATIONS
        }
        for operation in OPERATIONS:
            if len({self.counts[one.server.name, operation] for one in servers}) != 1:
                raise Void(f"servers have different numbers of requests for {operation}: {self.counts}")

    def _file(self, one: Answering, operation: str) -> Path:
        return self._folder / f"{one.server.name}-{operation}.requests"

    def window(
        self, one: Answering, operation: str, seconds: float, connections: int = CONNECTIONS, warmup: float = 0.5
    ) -> Measured:
        """One window, measured by a load generator of its own process; Void on any error."""
        command = [
            sys.executable,
            "-m",
            "benchmarks.load",
            "--port",
            str(one.place.port),
            "--requests",
            str(self._file(one, operation)),
            "--connections",
            str(connections),
            "--warmup",
            str(warmup),
            "--seconds",
            str(seconds),
            "--watch",
            f"app={one.child.pid}",
            "--watch",
            f"postgres={self._postgres_pid}",
        ]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=seconds + warmup + 120
        )
        measured: Measured = json.loads(done.stdout)
        if measured["errors"] or not measured["requests"]:
            raise Void(
                f"{one.server.name} gave {measured['errors']} errors in {measured['requests']} answers to {operation}"
            )
        return measured

    def rounds(self, count: int, seconds: float) -> dict[tuple[str, str], list[Measured]]:
        """A B A B ...: each round measures every server once per operation; the order turns with the round."""
        results: dict[tuple[str, str], list[Measured]] = {}
        for operation in OPERATIONS:
            for one in self.servers:
                self.window(one, operation, 1.0, warmup=2.0)
            for number in range(count):
                turned = [*self.servers[number % len(self.servers) :], *self.servers[: number % len(self.servers)]]
                for one in turned:
                    measured = self.window(one, operation, seconds)
                    results.setdefault((one.server.name, operation), []).append(measured)
                    print(
                        f"  {operation} round {number + 1} {one.server.name:16} {measured['rate']:8.0f}/s", flush=True
                    )
        return results

    def single(self, seconds: float) -> dict[tuple[str, str], Measured]:
        """Latency at one connection, where nothing waits for anything else."""
        return {
            (one.server.name, operation): self.window(one, operation, seconds, connections=1)
            for operation in OPERATIONS
            for one in self.servers
        }


def median_of(windows: Sequence[Measured], field: str) -> float:
    """The median of one figure over the rounds."""
    return statistics.median(window[field] for window in windows)


def ratio(ours: Sequence[Measured], theirs: Sequence[Measured], field: str = "rate") -> float:
    """The median of per-round ratios: both sides of each ratio lived through the same minute."""
    return statistics.median(a[field] / b[field] for a, b in zip(ours, theirs, strict=True) if b[field])
