"""``python -m benchmarks.fanout``: equal payloads, rounds hub, stock, hub, stock, then the goal; Markdown out.

Every measurement has a server that was started for it, so that memory is its own and nobody inherits a warm heap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.fanout.fleet import Fleet, Writer
from benchmarks.fanout.hub import Chain, documents, found
from benchmarks.fanout.shape import Figures, Shape, table
from benchmarks.postgres import Postgres
from benchmarks.processes import PROC, Child, cpu_seconds, free_port, listens, tree
from benchmarks.servers.contract import Place
from benchmarks.servers.scmhub import CLI, ROOT, environ, migrate
from scmhub.settings import load_settings

WARM = 100
"""Sockets that come and go before anything is measured."""
PACKAGES = ("strawberry-graphql", "uvicorn", "uvloop", "websockets", "asyncpg", "orjson")


class Hub:
    """scmhub beside its PostgreSQL."""

    name = "scmhub"

    def __init__(self, postgres: Postgres, place: Place, chain: Chain) -> None:
        """``place``: the one the tokens were made for."""
        self.chain: Chain | None = chain
        self._postgres, self._place = postgres, place

    def start(self) -> tuple[Child, int]:
        child = Child("scmhub", [*CLI, "serve"], environ(self._place), self._place.folder / "hub.log", ROOT)
        return child, self._place.port

    def database_cpu(self) -> float:
        return cpu_seconds(self._postgres.pid)


class Stock:
    """The peer, which has no database. ``sample``: an item as the hub sends it."""

    name = "stock Strawberry"
    chain: Chain | None = None

    def __init__(self, folder: Path, sample: str) -> None:
        self._folder, self._sample = folder, sample

    def start(self) -> tuple[Child, int]:
        port = free_port()
        child = Child(
            "stock", [sys.executable, "-m", "benchmarks.fanout.stock", str(port)],
            os.environ | {"FANOUT_SAMPLE": self._sample, "PYTHONPATH": f"{ROOT / 'src'}"}, self._folder / "stock.log",
            ROOT,
        )  # fmt: skip
        return child, port

    def database_cpu(self) -> float:
        return 0.0


def resident_kib(pid: int) -> float:
    """Resident memory of a process tree."""
    pages = sum(int((PROC / str(each) / "statm").read_text().split()[1]) for each in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def kernel_kib() -> float:
    """What the kernel holds for all TCP sockets of the machine, both ends."""
    words = re.search(r"^TCP: .* mem (\d+)", (PROC / "net/sockstat").read_text(), re.MULTILINE)
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1024 if words else 0.0


async def measure(side: Hub | Stock, shape: Shape) -> Figures:
    """A fresh server, warmed; everybody connected; then changes on schedule, and the account."""
    print(f"{side.name}: {shape}", file=sys.stderr)
    figures, (server, port) = Figures(side.name, shape), side.start()
    fleet, writer = Fleet(shape.processes), Writer(port, shape, side.chain)
    tokens = side.chain.partners if side.chain else ["none"] * shape.partners
    asked = documents(shape.documents, stock=side.chain is None)
    try:
        server.await_ready(lambda: listens(port))
        await _warm(shape, port, tokens, asked, resumes=side.chain is not None)
        before, began = resident_kib(server.pid), time.monotonic()
        await fleet.open(shape, port, tokens, asked, resumes=side.chain is not None)
        print(f"  connected in {time.monotonic() - began:.1f} s", file=sys.stderr)
        await asyncio.sleep(1)
        figures.idle_kib = (resident_kib(server.pid) - before) / shape.subscribers
        await writer.run(shape.streams, shape.rate)  # every item once, so that clients know where each stands
        await fleet.until_heard(writer.written, shape.owners)
        await asyncio.sleep(1)
        await _window(figures, side, server.pid, fleet, writer)
    finally:
        fleet.stop()
        await writer.close()
        server.stop()
    return figures


async def _warm(shape: Shape, port: int, tokens: list[str], asked: list[str], *, resumes: bool) -> None:
    """Documents compiled, statements prepared, code paths walked: none of that belongs to a subscriber."""
    fleet = Fleet(1)
    try:
        few = replace(shape, subscribers=min(WARM, shape.subscribers), processes=1, deaf=0)
        await fleet.open(few, port, tokens, asked, resumes=resumes)
        await asyncio.sleep(1)
    finally:
        fleet.stop()


async def _window(figures: Figures, side: Hub | Stock, pid: int, fleet: Fleet, writer: Writer) -> None:
    """What is measured."""
    shape = figures.shape
    if shape.churn:
        await fleet.ask({"do": "churn", "rate": shape.churn * shape.subscribers / shape.processes})
    load, first = await fleet.mark(), writer.written
    usage = cpu_seconds(pid), side.database_cpu(), resident_kib(pid), kernel_kib()
    began = time.monotonic()
    acks = await writer.run(shape.events, shape.rate)
    figures.load_cpu = await fleet.until_seen(range(first, writer.written), shape.owners) - load
    figures.seconds = time.monotonic() - began
    figures.cpu, figures.database_cpu = cpu_seconds(pid) - usage[0], side.database_cpu() - usage[1]
    figures.grown_kib, figures.kernel_kib = resident_kib(pid) - usage[2], kernel_kib() - usage[3]
    await fleet.ask({"do": "churn", "rate": 0})
    reports = await fleet.ask({"do": "report", "acks": acks})
    for report in reports:
        figures.every.update({int(tick): count for tick, count in report["every"].items()})
        figures.returned.update({int(tick): count for tick, count in report["returned"].items()})
        figures.faults.update(report["faults"])
        figures.came_back += report["came_back"]
        figures.sample = figures.sample or report["sample"]
    figures.deliveries = sum(figures.every.values()) + sum(figures.returned.values())
    figures.last = sorted(1000 * max(report["last"][str(number)] for report in reports) for number in acks)


def normal(sample: str) -> Any:
    """A payload without what must differ: cursors, the number of the change, which item and owner it is of."""
    text = re.sub(r'"cursor":\s*"[^"]+"', '"cursor":""', re.sub(r"REV \d+", "REV", sample))
    text = re.sub(r"itm_[0-9a-f-]+|N-\d{4}|A\d{4}", "", re.sub(r'"name\d+":\s*"[^"]+",', "", text))
    return json.loads(text)["payload"]["data"]["changes"]


def machine(postgres: Postgres) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{platform.machine()}, {os.cpu_count()} cores shared by hub, PostgreSQL and clients, load"
        f" {os.getloadavg()[0]:.1f} at the end, Linux {platform.release()}, Python {platform.python_version()},"
        f" PostgreSQL {postgres.version()}, {packages}"
    )


async def run(options: argparse.Namespace, folder: Path) -> str:
    """Everything it starts ends with it, also when it is told to stop."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    goal = Shape(
        options.subscribers, options.rate, options.events, options.owners, options.documents, options.per_partner,
        options.deaf, options.churn, options.processes,
    )  # fmt: skip
    peer = replace(goal, subscribers=options.peer_subscribers, rate=options.peer_rate, deaf=0, churn=0)
    postgres = Postgres(folder / "postgres")
    postgres.start()
    try:
        place = Place(postgres.url("postgres"), free_port(), folder)
        migrate(place.database_url, folder)
        most = max(goal.partners, peer.partners), max(goal.streams, peer.streams) // goal.owners
        settings = load_settings(environ(place))
        hub = Hub(postgres, place, await found(place.database_url, settings, goal.owners, *most))
        figures = await _rounds(hub, peer, options.rounds, folder)
        if goal.subscribers:
            figures.append(await measure(hub, goal))
            figures[-1].name = "scmhub, goal"
        return f"# Fan-out\n\n{machine(postgres)}.\n\n{table(figures)}\n"
    finally:
        postgres.stop()


async def _rounds(hub: Hub, shape: Shape, rounds: int, folder: Path) -> list[Figures]:
    figures: list[Figures] = []
    for _ in range(rounds):
        figures.append(await measure(hub, shape))
        sample = json.dumps(json.loads(figures[-1].sample)["payload"]["data"]["changes"] | {"cursor": "x" * 55})
        figures.append(await measure(Stock(folder, sample), shape))
        if normal(figures[-1].sample) != normal(figures[-2].sample):
            raise RuntimeError(f"the payloads differ:\n{figures[-2].sample}\n{figures[-1].sample}")
    return figures


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--subscribers", type=int, default=10_000, help="sockets of the goal; 0: rounds only")
    options.add_argument("--rate", type=float, default=1.0, help="changes a second of the goal, of all owners together")
    options.add_argument("--events", type=int, default=30, help="changes of each measurement")
    options.add_argument("--owners", type=int, default=1, help="partners whose changes are followed")
    options.add_argument("--documents", type=int, default=1, help="different documents")
    options.add_argument("--per-partner", type=int, default=50, help="sockets of one partner; the hub's limit is 200")
    options.add_argument("--deaf", type=float, default=0.01, help="share of the goal's sockets that never reads")
    options.add_argument("--churn", type=float, default=0.0, help="share that loses its socket each second and resumes")
    options.add_argument("--peer-subscribers", type=int, default=1000, help="sockets of the rounds with the peer")
    options.add_argument("--peer-rate", type=float, default=1.0, help="changes a second of these rounds")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--processes", type=int, default=2, help="processes that hold the sockets")
    options.add_argument("--out", type=Path, default=None)
    return options.parse_args()


def allow_many_sockets() -> None:
    """Inherited by all processes of the run."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    chosen = arguments()
    allow_many_sockets()
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        Path(folder).chmod(0o755)
        text = asyncio.run(run(chosen, Path(folder)))
    print(text)
    if chosen.out:
        chosen.out.write_text(text)


if __name__ == "__main__":
    main()
