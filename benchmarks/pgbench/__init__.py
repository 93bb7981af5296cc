"""PostgreSQL alone as the limit: the hub's own statements and arguments under pgbench, 8 clients, ``-M prepared``.

``python -m benchmarks.dump_sql --calls CALLS.json --out FOLDER`` writes what is run here. CALLS.json is a list of
``{"operation", "viewer_id", "viewer_code", "order_id", "cursor"}``; FOLDER/a.json and FOLDER/b.json are each
``{"sql": text with $1.., "types": [one SQL type per bind], "settings": {name: value}, "arguments": [[text or null]]}``,
one list of arguments per call, as text PostgreSQL can read.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from benchmarks import forecasts
from benchmarks.asking import ROOT
from benchmarks.postgres import BINARIES
from benchmarks.processes import cpu_seconds
from benchmarks.servers.contract import OPERATIONS, POOL_SIZE, Call

MOST_SCRIPTS = 120
"""pgbench takes at most 128 script files; one per call, so that arguments are literals of EXECUTE."""

PREPARE = """
create schema if not exists bench_limit;
create table if not exists bench_limit.statement (name text primary key, body text not null);
create or replace function bench_limit.prepare(wanted text) returns void language plpgsql as
$$ begin execute (select body from bench_limit.statement where name = wanted); end $$;
"""


@dataclass(frozen=True, slots=True)
class Dumped:
    """One operation's statement with the arguments of its calls."""

    operation: str
    sql: str
    types: Sequence[str]
    settings: Mapping[str, str]
    arguments: Sequence[Sequence[str | None]]

    @property
    def prepare(self) -> str:
        types = f"({', '.join(self.types)})" if self.types else ""
        return f"prepare op_{self.operation}{types} as {self.sql}"

    def execute(self, number: int) -> str:
        """EXECUTE with literals; colons are written as escapes, for pgbench would take ":x" for a variable."""
        values = self.arguments[number]
        return f"execute op_{self.operation}" + (f"({', '.join(map(_literal, values))})" if values else "")


def _literal(value: str | None) -> str:
    if value is None:
        return "null"
    text = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{text}'"


def dump(calls: Sequence[Call], cursors: Sequence[str | None], folder: Path) -> dict[str, Dumped]:
    """Ask the hub's own code for its statements; empty while ``benchmarks/dump_sql.py`` does not exist."""
    if not (ROOT / "benchmarks/dump_sql.py").exists():
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    listed = [
        {
            "operation": call.operation,
            "viewer_id": call.viewer_id,
            "viewer_code": call.viewer_code,
            "order_id": call.order_id,
            "cursor": cursor,
            "given": forecasts.variables(prefix=True)(call) if call.operation == "c" else None,
        }
        for call, cursor in zip(calls, cursors, strict=True)
    ]
    (folder / "calls.json").write_text(json.dumps(listed))
    command = [sys.executable, "-m", "benchmarks.dump_sql", "--calls", str(folder / "calls.json"), "--out", str(folder)]
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": path})
    found = {}
    for operation in OPERATIONS:
        if (folder / f"{operation}.json").exists():
            found[operation] = Dumped(operation=operation, **json.loads((folder / f"{operation}.json").read_text()))
    return found


async def store(url: str, dumped: Mapping[str, Dumped]) -> None:
    """Put the PREPARE statements where a pgbench script can reach them without spelling them out."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(PREPARE)
        for name, one in dumped.items():
            await connection.execute("delete from bench_limit.statement where name = $1", name)
            await connection.execute("insert into bench_limit.statement values ($1, $2)", name, one.prepare)
    finally:
        await connection.close()


def limit(url: str, one: Dumped, folder: Path, seconds: float, postgres_pid: int) -> dict[str, float]:
    """Executions per second and PostgreSQL CPU per execution; a second before it goes unmeasured."""
    scripts = []
    for number in range(min(len(one.arguments), MOST_SCRIPTS)):
        script = folder / f"{one.operation}-{number:03d}.pgbench"
        prepare = f"\\if :need\nselect bench_limit.prepare('{one.operation}');\n\\set need 0\n\\endif\n"
        script.write_text(f"{prepare}{one.execute(number)};\n")
        scripts += ["-f", str(script)]
    settings = {"jit": "off", **one.settings}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    fixed = f"-n -M prepared -c {POOL_SIZE} -j 1 -D need=1".split()
    command = [str(BINARIES / "pgbench"), *fixed, *scripts, url]
    environ = os.environ | {"PGOPTIONS": options}
    _run([*command, "-T", "1"], environ)
    before = cpu_seconds(postgres_pid)
    said = _run([*command, "-T", str(max(round(seconds), 1))], environ)
    spent = cpu_seconds(postgres_pid) - before
    rate = float(_figure(r"tps = ([0-9.]+)", said))
    count = float(_figure(r"transactions actually processed: ([0-9]+)", said))
    return {"rate": rate, "postgres_us": spent / count * 1e6, "requests": count}


def _run(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """What pgbench printed; RuntimeError with its complaint when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environ))
    if done.returncode:
        raise RuntimeError(f"pgbench failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _figure(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"pgbench said nothing like {pattern}:\n{text[-2000:]}")
    return match[1]
