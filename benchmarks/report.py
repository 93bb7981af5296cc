"""Writes what a run measured as Markdown; absolute rates are shown only to be divided by each other."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.growth import Grown
from benchmarks.rounds import Checked, Measured, median_of, ratio
from benchmarks.servers.contract import OPERATIONS, Server
from benchmarks.servers.peers import NODE, PEERS

OURS, BASELINE = "scmhub", "postgraphile-ii"
MEANING = {"a": "an order by id: 10 lines, items, both partners", "b": "a page of 50 visible orders x 5 lines",
           "c": "20 items x 52 forecast weeks, newest stock and its site"}
NPM_PACKAGES = ("postgraphile", "mercurius", "graphql-jit", "graphql", "fastify", "pg")
PIP_PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "sqlalchemy",
    "asyncpg",
    "starlette",
    "uvicorn",
    "uvloop",
    "orjson",
)

Windows = Mapping[tuple[str, str], Sequence[Measured]]


@dataclass
class Run:
    """Everything a report is made of."""

    today: date
    size: str
    rounds: int
    seconds: float
    servers: Sequence[Server]
    postgres: str
    checked: Sequence[Checked] = ()
    windows: Windows = field(default_factory=dict)
    single: Mapping[tuple[str, str], Measured] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    growth: Sequence[Grown] = ()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def render(run: Run) -> str:
    """The whole report."""
    parts = [f"# Benchmark, {run.today}", _conditions(run)]
    if run.checked:
        parts.append(_equality(run))
    if run.windows:
        parts += [_throughput(run, operation) for operation in OPERATIONS]
        parts += [_ratios(run), _latency(run)]
    if run.limits:
        parts.append(_limits(run))
    if run.growth:
        parts.append(_growth(run.growth))
    return "\n\n".join([*parts, _servers(run.servers)]) + "\n"


def _conditions(run: Run) -> str:
    return "\n".join(
        [
            f"- {os.cpu_count()} cores ({_processor()}), Linux {platform.release()}; load generator, servers and"
            " PostgreSQL on the same machine",
            f"- {run.size} orders, 5.5 lines each, 501 partners, 10,000 items, 30,000 sharing scopes",
            f"- {run.rounds} rounds of {run.seconds:g} s per server and operation, interleaved, 16 connections,"
            " one process per server, 8 database connections each",
            f"- PostgreSQL {run.postgres}, Python {platform.python_version()}, Node {_node_version()}",
            "- " + ", ".join(f"{name} {version(name)}" for name in PIP_PACKAGES),
            "- " + ", ".join(f"{name} {_npm_version(name)}" for name in NPM_PACKAGES),
        ]
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _node_version() -> str:
    if not NODE.exists():
        return "not installed"
    return subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _npm_version(name: str) -> str:
    manifest = PEERS / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text())["version"]) if manifest.exists() else "not installed"


def _equality(run: Run) -> str:
    names = ", ".join(server.name for server in run.servers)
    rows = [
        [
            one.operation,
            str(sum(one.groups.values())),
            ", ".join(f"{n} {group}" for group, n in one.groups.items()),
            str(one.empty),
            str(one.prices_withheld),
            str(one.names_withheld),
        ]
        for one in run.checked
    ]
    head = ["", "calls", "by group", "empty answers", "orders without total", "without number or seller"]
    return f"## Equal answers\n\nEvery call below had the same answer from {names}.\n\n{table(head, rows)}"


def _throughput(run: Run, operation: str) -> str:
    base = run.windows.get((BASELINE, operation))
    rows = []
    for server in run.servers:
        windows = run.windows[server.name, operation]
        relative = f"{ratio(windows, base):.2f}x" if base else "-"
        spread = [window["rate"] for window in windows]
        rows.append(
            [
                server.title,
                relative,
                f"{median_of(windows, 'rate'):.0f} ({min(spread):.0f}-{max(spread):.0f})",
                f"{median_of(windows, 'app_us'):.0f}",
                f"{median_of(windows, 'postgres_us'):.0f}",
                f"{median_of(windows, 'load_us'):.0f}",
                f"{median_of(windows, 'p50_ms'):.1f}",
                f"{median_of(windows, 'p99_ms'):.1f}",
                f"{median_of(windows, 'bytes') / 1000:.1f}",
            ]
        )
    head = [
        "server",
        "throughput to PostGraphile (ii)",
        "req/s (range)",
        "app CPU us",
        "PostgreSQL CPU us",
        "load generator CPU us",
        "p50 ms",
        "p99 ms",
        "KB",
    ]
    return f"## ({operation}) {MEANING[operation]}, 16 connections\n\n{table(head, rows)}"


def _ratios(run: Run) -> str:
    """What the design promises: scmhub divided by each peer."""
    rows = []
    for server in run.servers:
        if server.name == OURS or (OURS, OPERATIONS[0]) not in run.windows:
            continue
        cells = [server.title]
        for operation in OPERATIONS:
            ours, theirs = run.windows[OURS, operation], run.windows[server.name, operation]
            cells += [
                f"{ratio(ours, theirs):.2f}x",
                f"{ratio(theirs, ours, 'app_us'):.1f}x",
                f"{ratio(theirs, ours, 'postgres_us'):.1f}x",
            ]
        rows.append(cells)
    if not rows:
        return "## scmhub against each peer\n\nscmhub was not in this run."
    head = [
        "against",
        *(f"({op}) {what}" for op in OPERATIONS for what in ("throughput", "less app CPU", "less PG CPU")),
    ]
    return f"## scmhub against each peer\n\nMedian of per-round ratios.\n\n{table(head, rows)}"


def _latency(run: Run) -> str:
    rows = [
        [
            server.title,
            *(f"{run.single[server.name, op][field]:.2f}" for op in OPERATIONS for field in ("p50_ms", "p99_ms")),
        ]
        for server in run.servers
    ]
    head = ["server", *(f"({op}) {field} ms" for op in OPERATIONS for field in ("p50", "p99"))]
    return f"## Latency at one connection\n\n{table(head, rows)}"


def _limits(run: Run) -> str:
    rows = []
    for operation, limit in run.limits.items():
        ours = run.windows.get((OURS, operation))
        share = f"{median_of(ours, 'rate') / limit['rate']:.2f}" if ours else "-"
        rows.append([f"({operation})", f"{limit['rate']:.0f}", f"{limit['postgres_us']:.0f}", share])
    head = ["", "pgbench/s", "PostgreSQL CPU us", "scmhub to pgbench"]
    return f"## The limit: pgbench -M prepared, 8 clients, scmhub's statements and arguments\n\n{table(head, rows)}"


def _growth(grown: Sequence[Grown]) -> str:
    first = grown[0]
    rows = [
        [
            one.size,
            f"{one.average['p50_ms']:.2f}",
            f"{one.average['p50_ms'] / first.average['p50_ms']:.2f}x",
            f"{one.quiet['p50_ms']:.2f}",
            "-" if one.database_ms is None else f"{one.database_ms:.2f}",
            "-" if one.buffers is None else str(one.buffers),
            "-" if one.rows_filtered is None else str(one.rows_filtered),
        ]
        for one in grown
    ]
    head = [
        "orders",
        "average viewer p50 ms",
        f"to {first.size}",
        "quiet viewer p50 ms",
        "quiet page in PostgreSQL ms",
        "buffers",
        "rows filtered out",
    ]
    return f"## Growth: the newest page (b) at one connection\n\n{table(head, rows)}"


def _servers(servers: Sequence[Server]) -> str:
    return "## Servers\n\n" + "\n".join(f"- **{server.title}**: {server.notes}" for server in servers)
