"""One command: ``python -m benchmarks.run [--sizes 200k] [--rounds 5] [--seconds 4] [--out benchmarks/report.md]``.

Starts PostgreSQL and every server on loopback, migrates and seeds, voids itself if any two servers answer differently,
measures interleaved rounds, writes a report, and ends every process it started. ``--growth`` measures scmhub's page (b)
at each of ``--sizes`` instead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from benchmarks import pgbench
from benchmarks.asking import ROOT, Answering, run_scripts, start
from benchmarks.callers import Callers, choose
from benchmarks.growth import grow
from benchmarks.postgres import Postgres
from benchmarks.report import Run, render
from benchmarks.rounds import Bench, Void, check
from benchmarks.seed import SIZES, seed, utc_today
from benchmarks.servers.contract import OPERATIONS, Server
from benchmarks.servers.peers import NODE, PEERS, PEERS_BY_NAME
from benchmarks.servers.scmhub import SCMHUB, migrate

SERVERS = {SCMHUB.name: SCMHUB, **PEERS_BY_NAME}


def install_peers() -> None:
    """``npm ci`` when the peers' packages are missing; their Node comes with them."""
    if not NODE.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], check=True, cwd=PEERS)


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """The run's PostgreSQL."""
    postgres = Postgres(folder / "postgres")
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


@contextlib.contextmanager
def running(servers: Sequence[Server], url: str, folder: Path) -> Iterator[list[Answering]]:
    """These servers, all up at once; each is ended by its own pid."""
    up: list[Answering] = []
    try:
        for server in servers:
            print(f"starting {server.name}", flush=True)
            up.append(start(server, url, folder))
        yield up
    finally:
        for one in up:
            one.stop()


async def _administer(postgres: Postgres, *statements: str) -> None:
    """Statements about databases, which PostgreSQL wants outside a transaction."""
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _exists(postgres: Postgres, name: str) -> bool:
    connection = await asyncpg.connect(postgres.url("postgres"))
    try:
        return bool(await connection.fetchval("select 1 from pg_database where datname = $1", name))
    finally:
        await connection.close()


def prepared(postgres: Postgres, size: str, servers: Sequence[Server], folder: Path) -> str:
    """URL of a migrated, seeded database of this size, with what the peers need in it."""
    name = f"bench_{size.lower()}_{utc_today():%Y%m%d}"
    url = postgres.url(name)
    if not asyncio.run(_exists(postgres, name)):
        unfinished = f"{name}_unfinished"
        asyncio.run(_administer(postgres, f"drop database if exists {unfinished}", f"create database {unfinished}"))
        migrate(postgres.url(unfinished), folder)
        print(f"seeding {size}", flush=True)
        print(f"  {asyncio.run(seed(postgres.url(unfinished), SIZES[size], utc_today())):.0f} s", flush=True)
        start(SCMHUB, postgres.url(unfinished), folder).stop()  # its first start begins the change log
        asyncio.run(_watched(postgres.url(unfinished)))
        asyncio.run(_administer(postgres, f"alter database {unfinished} rename to {name}"))
    for server in servers:
        if not server.scripts:
            continue
        if asyncio.run(_lacks(url, server.name)):
            asyncio.run(run_scripts(url, server.scripts))
            asyncio.run(_note(url, server.name))
    return url


async def _watched(url: str) -> None:
    """Let scmhub's watch for exceptions count what was seeded as judged.

    Otherwise it would spend the measurement opening an exception for every late order of the past, as after an import.
    """
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("truncate breach, breach_evidence cascade")
        await connection.execute(
            "insert into watch_place (id, seq, epoch, swept_at) select 1, seq, epoch, now() from change_head"
            " on conflict (id) do update set seq = excluded.seq, epoch = excluded.epoch, swept_at = excluded.swept_at"
        )
        await connection.execute("vacuum (analyze)")
    finally:
        await connection.close()


async def _lacks(url: str, server: str) -> bool:
    """Whether a peer's scripts have not been run on this database."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create schema if not exists bench_run")
        await connection.execute("create table if not exists bench_run.prepared (server text primary key)")
        return not await connection.fetchval("select 1 from bench_run.prepared where server = $1", server)
    finally:
        await connection.close()


async def _note(url: str, server: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("insert into bench_run.prepared values ($1)", server)
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def compare(chosen: argparse.Namespace, postgres: Postgres, folder: Path) -> Run:
    """Equality, rounds, single-connection latency and the pgbench limit at one size."""
    servers = [SERVERS[name] for name in chosen.servers]
    url = prepared(postgres, chosen.sizes[0], servers, folder)
    callers = asyncio.run(choose(url))
    run = Run(utc_today(), chosen.sizes[0], chosen.rounds, chosen.seconds, servers, postgres.version())
    with running(servers, url, folder) as up:
        for one in up:
            one.know(callers.codes)
        print("checking that answers are equal", flush=True)
        run.checked = check(up, callers)
        if not chosen.check_only:
            bench = Bench(up, callers, postgres.pid, folder)
            run.windows = bench.rounds(chosen.rounds, chosen.seconds)
            run.single = bench.single(chosen.seconds)
            run.limits = _limits(up, callers, url, postgres, folder, chosen.seconds)
    return run


def _limits(
    up: Sequence[Answering], callers: Callers, url: str, postgres: Postgres, folder: Path, seconds: float
) -> dict[str, dict[str, float]]:
    """pgbench with scmhub's statements, when scmhub takes part."""
    ours = next((one for one in up if one.server.name == SCMHUB.name), None)
    if ours is None:
        return {}
    calls = [
        call
        for operation in OPERATIONS
        for call in callers.loaded[operation]
        if not call.depth or ours.cursors([call]) != [None]
    ]
    dumped = pgbench.dump(calls, ours.cursors(calls), folder / "sql")
    asyncio.run(pgbench.store(url, dumped))
    return {name: pgbench.limit(url, one, folder / "sql", seconds, postgres.pid) for name, one in dumped.items()}


def growth(chosen: argparse.Namespace, postgres: Postgres, folder: Path) -> Run:
    """scmhub's page at each size, one database after the other."""
    server = SERVERS[chosen.servers[0]]
    run = Run(utc_today(), ", ".join(chosen.sizes), 1, chosen.seconds, [server], postgres.version())
    grown = []
    for size in chosen.sizes:
        url = prepared(postgres, size, [server], folder)
        callers = asyncio.run(choose(url))
        with running([server], url, folder) as up:
            up[0].know(callers.codes)
            grown.append(grow(size, up[0], callers, postgres.pid, folder, chosen.seconds))
    run.growth = grown
    return run


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, help="default 200k; with --growth 10k 200k 2M")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--growth", action="store_true", help="measure growth of the data instead of peers")
    parser.add_argument("--check-only", action="store_true", help="stop after comparing answers")
    parser.add_argument("--folder", type=Path, help="keep the database here and use it again today; default: temporary")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/report.md")
    chosen = parser.parse_args(arguments)
    chosen.sizes = chosen.sizes or (["10k", "200k", "2M"] if chosen.growth else ["200k"])
    return chosen


def main() -> None:
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that every process is ended first
    install_peers()
    with contextlib.ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scmhub-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        postgres = stack.enter_context(running_postgres(folder))
        try:
            run = growth(chosen, postgres, folder) if chosen.growth else compare(chosen, postgres, folder)
        except Void as void:
            sys.exit(f"void: {void}")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(render(run))
    print(f"wrote {chosen.out}")


if __name__ == "__main__":
    main()
