"""``python -m benchmarks.fanout``: equal payloads, rounds hub, stock, hub, stock, then the goal, then a killed replica.

All of it, and the same for few readers of each change, takes eight minutes and writes ``report.md`` beside this file.

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
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.fanout.fleet import Fleet, Writer
from benchmarks.fanout.hub import Chain, documents, found
from benchmarks.fanout.shape import Figures, Shape, table, verdict
from benchmarks.fanout.stock import change_id
from benchmarks.postgres import Postgres
from benchmarks.processes import PROC, Child, cpu_seconds, free_port, listens, tree
from benchmarks.servers.contract import Place
from benchmarks.servers.scmhub import CLI, ROOT, environ, migrate
from scmhub.settings import load_settings

WARM = 100
"""Sockets that come and go before anything is measured."""
KILLED_AT = 0.4
"""Of the window."""
PACKAGES = ("strawberry-graphql", "uvicorn", "uvloop", "websockets", "asyncpg", "orjson")


class Running:
    """The replicas of a server that was started for one measurement."""

    def __init__(self, started: list[tuple[Child, int]]) -> None:
        self._children = [child for child, _ in started]
        self.ports = [port for _, port in started]
        self._cpu_of_killed = 0.0

    def await_ready(self) -> None:
        for child, port in zip(self._children, self.ports, strict=True):
            child.await_ready(lambda port=port: listens(port))  # type: ignore[misc]

    def cpu(self) -> float:
        return self._cpu_of_killed + sum(cpu_seconds(each.pid) for each in self._children)

    def resident_kib(self) -> float:
        pids = [pid for each in self._children for pid in tree(each.pid) if each.running()]
        pages = sum(int((PROC / str(pid) / "statm").read_text().split()[1]) for pid in pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024

    def kill_last(self) -> None:
        """With SIGKILL, whatever it is doing."""
        victim = self._children[-1]
        self._cpu_of_killed += cpu_seconds(victim.pid)
        victim.stop(signal.SIGKILL)

    def stop(self) -> None:
        for each in self._children:
            each.stop()


class Hub:
    """scmhub beside its PostgreSQL."""

    name = "scmhub"

    def __init__(self, postgres: Postgres, place: Place, chain: Chain) -> None:
        """``place``: the one the tokens were made for."""
        self.chain: Chain | None = chain
        self._postgres, self._place = postgres, place

    def start(self, replicas: int) -> Running:
        places = [self._place, *(replace(self._place, port=free_port()) for _ in range(1, replicas))]
        return Running([self._start(each, number) for number, each in enumerate(places)])

    def _start(self, place: Place, number: int) -> tuple[Child, int]:
        variables = {**environ(place), "SCMHUB_PUBLIC_URL": load_settings(environ(self._place)).url}
        return Child("scmhub", [*CLI, "serve"], variables, place.folder / f"hub{number}.log", ROOT), place.port

    def database_cpu(self) -> float:
        return cpu_seconds(self._postgres.pid)

    async def head(self) -> int:
        assert self.chain
        return await self.chain.head(self._place.database_url)

    async def ids(self, behind: int, numbers: Iterable[int], streams: int) -> dict[int, str]:
        """The id of each change, as the log has it."""
        assert self.chain
        return await self.chain.logged(self._place.database_url, behind, numbers, streams)


class Stock:
    """The peer, which has no database. ``sample``: an item as the hub sends it."""

    name = "stock Strawberry"
    chain: Chain | None = None

    def __init__(self, folder: Path, sample: str) -> None:
        self._folder, self._sample = folder, sample

    def start(self, replicas: int) -> Running:
        assert replicas == 1, "it has no database to share"
        port = free_port()
        child = Child(
            "stock", [sys.executable, "-m", "benchmarks.fanout.stock", str(port)],
            os.environ | {"FANOUT_SAMPLE": self._sample, "PYTHONPATH": f"{ROOT / 'src'}"}, self._folder / "stock.log",
            ROOT,
        )  # fmt: skip
        return Running([(child, port)])

    def database_cpu(self) -> float:
        return 0.0

    async def head(self) -> int:
        return 0

    async def ids(self, behind: int, numbers: Iterable[int], streams: int) -> dict[int, str]:
        return {number: change_id(number) for number in numbers}


def kernel_kib() -> float:
    """What the kernel holds for all TCP sockets of the machine, both ends."""
    words = re.search(r"^TCP: .* mem (\d+)", (PROC / "net/sockstat").read_text(), re.MULTILINE)
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") / 1024 if words else 0.0


async def measure(side: Hub | Stock, shape: Shape, note: str = "") -> Figures:
    """A fresh server, warmed; everybody connected; then changes on schedule, and the account."""
    figures, server = Figures(side.name + note, shape), side.start(2 if shape.killed else 1)
    print(f"{figures.name}: {shape}", file=sys.stderr)
    fleet, writer = Fleet(shape.processes), Writer(server.ports[0], shape, side.chain)
    tokens = side.chain.partners if side.chain else ["none"] * shape.partners
    asked = documents(shape.documents, stock=side.chain is None)
    try:
        server.await_ready()
        for port in server.ports:
            await _warm(shape, port, tokens, asked, resumes=side.chain is not None)
        before, began = server.resident_kib(), time.monotonic()
        await fleet.open(shape, server.ports, tokens, asked, resumes=side.chain is not None)
        print(f"  connected in {time.monotonic() - began:.1f} s", file=sys.stderr)
        await asyncio.sleep(1)
        figures.idle_kib = (server.resident_kib() - before) / shape.subscribers
        await writer.run(2 * shape.owners, shape.rate)  # so that everybody has a cursor
        await fleet.until_heard(writer.written, shape.owners)
        await asyncio.sleep(1)
        await _window(figures, side, server, fleet, writer)
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
        await fleet.open(few, [port], tokens, asked, resumes=resumes)
        await asyncio.sleep(1)
    finally:
        fleet.stop()


async def _window(figures: Figures, side: Hub | Stock, server: Running, fleet: Fleet, writer: Writer) -> None:
    """What is measured."""
    shape = figures.shape
    if shape.churn:
        await fleet.ask({"do": "churn", "rate": shape.churn * shape.subscribers / shape.processes})
    load, first, head = await fleet.mark(), writer.written, await side.head()
    usage = server.cpu(), side.database_cpu(), server.resident_kib(), kernel_kib()
    began = time.monotonic()
    if shape.killed:
        asyncio.get_running_loop().call_later(KILLED_AT * shape.events / shape.rate, server.kill_last)
    acks = await writer.run(shape.events, shape.rate)
    figures.load_cpu = await fleet.until_seen(range(first, writer.written), shape.owners) - load
    figures.seconds = time.monotonic() - began
    figures.cpu, figures.database_cpu = server.cpu() - usage[0], side.database_cpu() - usage[1]
    figures.grown_kib, figures.kernel_kib = server.resident_kib() - usage[2], kernel_kib() - usage[3]
    await fleet.ask({"do": "churn", "rate": 0})
    ids = await side.ids(head, acks, shape.streams)
    reports = await fleet.ask({"do": "report", "changes": [[ids[each], each, acks[each]] for each in acks]})
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
    text = re.sub(r"(chg|itm)_[0-9a-f-]+|N-\d{4}|A\d{4}", "", re.sub(r'"name\d+":\s*"[^"]+",', "", text))
    return json.loads(text)["payload"]["data"]["changes"]


def machine(postgres: Postgres, load: float) -> str:
    """``load``: before it began."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores shared by hub, PostgreSQL and"
        f" clients, load {load:.1f} before it began and {os.getloadavg()[0]:.1f} at its end, Linux"
        f" {platform.release()}, Python {platform.python_version()},"
        f" PostgreSQL {postgres.version()}, {packages}"
    )


@dataclass(frozen=True)
class Plan:
    """One section of the report."""

    title: str
    peer: Shape
    goal: Shape
    rounds: int
    kill: bool = False


def plans(options: argparse.Namespace) -> list[Plan]:
    goal = Shape(
        options.subscribers, options.rate, options.events, options.owners, options.documents, options.per_partner,
        options.deaf, options.churn, options.processes,
    )  # fmt: skip
    peer = replace(goal, subscribers=options.peer_subscribers, rate=options.peer_rate, deaf=0, churn=0)
    title = f"{options.owners} x {options.documents}: every change of an owner to everybody who follows it"
    found = [Plan(title, peer, goal, options.rounds, options.kill)]
    if options.few:
        goal = Shape(400, 10, 100, owners=4, documents=3, per_partner=10, deaf=0.01, churn=0.005)
        peer = replace(goal, subscribers=200, rate=5, deaf=0, churn=0)
        found.append(Plan("Four owners, three documents, many partners: few readers of each change", peer, goal, 1))
    return found


async def run(plan: Plan, folder: Path) -> str:
    """Everything it starts ends with it, also when it is told to stop."""
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    goal, peer = plan.goal, plan.peer
    folder.mkdir(mode=0o755)
    postgres = Postgres(folder / "postgres")
    postgres.start()
    try:
        before = os.getloadavg()[0]
        place = Place(postgres.url("postgres"), free_port(), folder)
        migrate(place.database_url, folder)
        most = max(goal.partners, peer.partners), max(goal.streams, peer.streams) // goal.owners
        settings = load_settings(environ(place))
        hub = Hub(postgres, place, await found(place.database_url, settings, goal.owners, *most))
        figures = await _rounds(hub, peer, plan.rounds, folder)
        if goal.subscribers:
            figures.append(await measure(hub, goal, ", goal"))
            if plan.kill:
                figures.append(await measure(hub, replace(goal, killed=True), ", one of two killed"))
        return f"## {plan.title}\n\n{machine(postgres, before)}.\n\n{table(figures)}\n\n{verdict(figures)}\n"
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
    options.add_argument("--churn", type=float, default=0.002, help="share that loses its socket each second")
    options.add_argument("--peer-subscribers", type=int, default=1000, help="sockets of the rounds with the peer")
    options.add_argument("--peer-rate", type=float, default=1.0, help="changes a second of these rounds")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--processes", type=int, default=2, help="processes that hold the sockets")
    options.add_argument("--no-kill", dest="kill", action="store_false", help="leave out the killed replica")
    options.add_argument("--no-few", dest="few", action="store_false", help="leave out few readers of each change")
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "report.md")
    return options.parse_args()


def allow_many_sockets() -> None:
    """Inherited by all processes of the run."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    chosen = arguments()
    allow_many_sockets()
    texts = ["# Fan-out\n\n`python -m benchmarks.fanout` wrote this; see [what is measured](../README.md).\n"]
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        Path(folder).chmod(0o755)
        for number, plan in enumerate(plans(chosen)):
            texts.append(asyncio.run(run(plan, Path(folder) / str(number))))
            print(texts[-1])
    chosen.out.write_text("\n".join(texts))


if __name__ == "__main__":
    main()
