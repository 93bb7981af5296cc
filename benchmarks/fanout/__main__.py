"""``python -m benchmarks.fanout``: equal payloads, rounds hub, stock, hub, stock, then the goal; Markdown out."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.fanout.clients import ITEMS, TICKS_PER_SECOND
from benchmarks.fanout.hub import DOCUMENT, REVISE, STOCK_DOCUMENT, Chain, found
from benchmarks.postgres import Postgres
from benchmarks.processes import PROC, Child, cpu_seconds, free_port, listens, tree
from benchmarks.servers.contract import Place
from benchmarks.servers.scmhub import CLI, ROOT, environ, migrate
from scmhub.settings import load_settings

PER_PARTNER = 200
"""Sockets of one partner, the hub's limit."""


@dataclass
class Shape:
    """What one measurement asks of a server."""

    subscribers: int
    events: int
    rate: float
    deaf: int
    processes: int = 2


@dataclass
class Figures:
    """What one measurement found; times in milliseconds, CPU in microseconds per delivery."""

    name: str
    shape: Shape
    deliveries: int = 0
    every: Counter[int] = field(default_factory=Counter)
    last: list[float] = field(default_factory=list)
    cpu: float = 0.0
    database_cpu: float = 0.0
    idle_kib: float = 0.0
    grown_kib: float = 0.0
    load_share: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    sample: str = ""


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

    def stop(self) -> None:
        for process in self._processes:
            assert process.stdin
            process.stdin.close()
            process.wait(30)


class Writer:
    """Changes on a fixed schedule, whatever the server's answers take; when each was acknowledged."""

    def __init__(self, port: int, chain: Chain | None) -> None:
        self._chain = chain
        self._number = 0
        self._versions = [1] * ITEMS
        headers = {"Authorization": f"Bearer {chain.token}"} if chain else {}
        limits = httpx2.Limits(max_connections=ITEMS)
        self._client = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False, limits=limits
        )

    async def change(self) -> tuple[int, float]:
        """One change; its number, and the monotonic clock at its acknowledgement."""
        number, self._number = self._number, self._number + 1
        text = f"REV {number:06}"
        if self._chain is None:
            body = {"query": "mutation ($d: String!) { publish(description: $d) }", "variables": {"d": text}}
        else:
            item, version = number % ITEMS, self._versions[number % ITEMS]
            self._versions[item] += 1
            given = {"item": self._chain.items[item], "expectedVersion": version, "description": text}
            body = {"query": REVISE, "variables": {"i": given}}
        answer = (await self._client.post("/graphql", json=body)).json()
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


def resident_kib(pid: int) -> float:
    """Resident memory of a process tree."""
    pages = sum(int((PROC / str(each) / "statm").read_text().split()[1]) for each in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


async def measure(
    name: str, server: Child, port: int, chain: Chain | None, writer: Writer, shape: Shape, pg: int
) -> Figures:
    """Connect, wait until everybody has had a change, then write on schedule and account."""
    figures, fleet = Figures(name, shape), Fleet(shape.processes)
    print(f"{name}: {shape.subscribers} subscribers, {shape.events} changes", file=sys.stderr)
    try:
        before = resident_kib(server.pid)
        await _connect(fleet, port, chain, shape)
        figures.idle_kib = (resident_kib(server.pid) - before) / shape.subscribers
        await writer.run(ITEMS, shape.rate)  # every item once, so that clients know where each stands
        await _until_seen(fleet, ITEMS)
        usage = cpu_seconds(server.pid), cpu_seconds(pg) if pg else 0.0, resident_kib(server.pid)
        began = time.monotonic()
        acks = await writer.run(shape.events, shape.rate)
        await _until_seen(fleet, ITEMS + shape.events)
        took = time.monotonic() - began
        _account(figures, await fleet.ask({"do": "report", "acks": acks}), acks)
        figures.cpu = (cpu_seconds(server.pid) - usage[0]) / figures.deliveries * 1e6
        figures.database_cpu = (cpu_seconds(pg) - usage[1]) / figures.deliveries * 1e6 if pg else 0.0
        figures.grown_kib = resident_kib(server.pid) - usage[2]
        figures.load_share /= took * shape.processes
    finally:
        fleet.stop()
    return figures


async def _until_seen(fleet: Fleet, count: int) -> None:
    """Return when every subscriber that reads has so many changes; after a minute what is missing counts as lost."""
    for _ in range(120):
        if min(each["seen"] for each in await fleet.ask({"do": "seen"})) >= count:
            return
        await asyncio.sleep(0.5)
    print(f"not everybody got {count} changes", file=sys.stderr)


async def _connect(fleet: Fleet, port: int, chain: Chain | None, shape: Shape) -> None:
    tokens = chain.suppliers if chain else ["none"]
    share = shape.subscribers // shape.processes
    document = DOCUMENT if chain else STOCK_DOCUMENT
    await fleet.ask(
        *(
            {
                "do": "open", "port": port, "count": share, "document": document, "deaf": shape.deaf,
                "tokens": tokens[place :: shape.processes] or tokens,
            }
            for place in range(shape.processes)
        )
    )  # fmt: skip


def _account(figures: Figures, reports: list[dict[str, Any]], acks: Mapping[int, float]) -> None:
    for report in reports:
        figures.every.update({int(tick): count for tick, count in report["every"].items()})
        figures.faults.update(report["faults"])
        figures.load_share += report["cpu"]
        figures.sample = figures.sample or report["sample"]
    figures.deliveries = sum(figures.every.values())
    figures.last = sorted(1000 * max(report["last"][str(number)] for report in reports) for number in acks)


def quantile(every: Counter[int], share: float) -> float:
    """Milliseconds below which ``share`` of the deliveries lie."""
    wanted = share * sum(every.values())
    for tick in sorted(every):
        wanted -= every[tick]
        if wanted <= 0:
            return tick * 1000 / TICKS_PER_SECOND
    return 0.0


def normal(sample: str) -> Any:
    """A payload without what must differ: cursors and the number of the change."""
    text = re.sub(r'"cursor":\s*"[^"]+"', '"cursor":""', re.sub(r"REV \d+", "REV", sample))
    return json.loads(text)["payload"]["data"]["changes"]


def report(found_: list[Figures]) -> str:
    lines = [
        "| server | subscribers | changes/s | deliveries | CPU us | PostgreSQL us | p50 ms | p99 ms | last p50 ms"
        " | last p99 ms | KiB/idle | grown MiB | clients' CPU | faults |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in found_:
        last = each.last
        lines.append(
            f"| {each.name} | {each.shape.subscribers} | {each.shape.rate:g} | {each.deliveries} | {each.cpu:.1f}"
            f" | {each.database_cpu:.1f} | {quantile(each.every, 0.5):.0f} | {quantile(each.every, 0.99):.0f}"
            f" | {last[len(last) // 2]:.0f} | {last[int(len(last) * 0.99)]:.0f} | {each.idle_kib:.0f}"
            f" | {each.grown_kib / 1024:.1f} | {each.load_share:.0%} | {dict(+each.faults) or 'none'} |"
        )
    pairs = [(a, b) for a, b in itertools.pairwise(found_) if (a.name, b.name) == ("scmhub", "stock Strawberry")]
    ratios = sorted(b.cpu / a.cpu for a, b in pairs)
    if ratios:
        lines += [
            "",
            f"CPU of the server per delivery, stock to hub, per round: {', '.join(f'{each:.1f}' for each in ratios)}.",
        ]
    return "\n".join(lines)


async def run(options: argparse.Namespace, folder: Path) -> str:
    """Everything it starts ends with it, also when it is told to stop."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    postgres = Postgres(folder / "postgres")
    postgres.start()
    children: list[Child] = []
    try:
        url = postgres.url("postgres")
        migrate(url, folder)
        place = Place(url, free_port(), folder)
        chain = await found(url, load_settings(environ(place)), -(-options.subscribers // PER_PARTNER) + 1)
        hub = Child("scmhub", [*CLI, "serve"], environ(place), folder / "hub.log", ROOT)
        children.append(hub)
        hub.await_ready(lambda: listens(place.port))
        writer = Writer(place.port, chain)
        small = Shape(options.peer_subscribers, options.events, options.peer_rate, options.deaf)
        first = await measure("scmhub", hub, place.port, chain, writer, Shape(100, 20, 20, 0, 1), postgres.pid)
        sample = json.dumps(normal(first.sample) | {"cursor": "x" * 55})
        stock_port = free_port()
        stock = Child(
            "stock", [sys.executable, "-m", "benchmarks.fanout.stock", str(stock_port)],
            os.environ | {"FANOUT_SAMPLE": sample, "PYTHONPATH": f"{ROOT / 'src'}"}, folder / "stock.log", ROOT,
        )  # fmt: skip
        children.append(stock)
        stock.await_ready(lambda: listens(stock_port))
        stock_writer = Writer(stock_port, None)
        figures = []
        for _ in range(options.rounds):
            figures.append(await measure("scmhub", hub, place.port, chain, writer, small, postgres.pid))
            figures.append(await measure("stock Strawberry", stock, stock_port, None, stock_writer, small, 0))
            if normal(figures[-1].sample) != normal(figures[-2].sample):
                raise RuntimeError(f"the payloads differ:\n{figures[-2].sample}\n{figures[-1].sample}")
        goal = Shape(options.subscribers, options.events, options.rate, options.deaf)
        figures.append(await measure("scmhub, goal", hub, place.port, chain, writer, goal, postgres.pid))
        await writer.close()
        await stock_writer.close()
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, "
            f"Python {platform.python_version()}, PostgreSQL {postgres.version()}. CPU is per delivery"
        )
        return f"# Fan-out\n\n{machine}.\n\n{report(figures)}\n"
    finally:
        for child in children:
            child.stop()
        postgres.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subscribers", type=int, default=10_000, help="sockets of the goal")
    options.add_argument("--rate", type=float, default=1.0, help="changes a second of the goal")
    options.add_argument("--peer-subscribers", type=int, default=500, help="sockets of the rounds with the peer")
    options.add_argument("--peer-rate", type=float, default=1.0, help="changes a second of these rounds")
    options.add_argument("--events", type=int, default=30)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--deaf", type=int, default=100, help="every so manieth subscriber never reads; 0: none")
    options.add_argument("--out", type=Path, default=None)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        Path(folder).chmod(0o755)
        text = asyncio.run(run(chosen, Path(folder)))
    print(text)
    if chosen.out:
        chosen.out.write_text(text)


if __name__ == "__main__":
    main()
