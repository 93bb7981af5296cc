"""Does a page cost the same on a big hub? p50 of operation b at each size, for an average and for the quiet partner."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from benchmarks import pgbench
from benchmarks.asking import Answering
from benchmarks.callers import Callers
from benchmarks.pgbench import Dumped
from benchmarks.rounds import Bench, Measured

EXECUTIONS = 50


@dataclass(frozen=True, slots=True)
class Grown:
    """One size: latencies of the newest page at one connection, and what PostgreSQL says of the quiet one."""

    size: str
    average: Measured
    quiet: Measured
    database_ms: float | None = None
    buffers: int | None = None
    rows_filtered: int | None = None


def grow(size: str, one: Answering, callers: Callers, postgres_pid: int, folder: Path, seconds: float) -> Grown:
    """Measure one size of the data on a server that is up."""
    pages = [call for call in callers.loaded["b"] if call.depth == 0]
    chosen = {"any": [call for call in pages if call.group == "any"], "quiet": [c for c in pages if c.group == "quiet"]}
    windows = {}
    for group, calls in chosen.items():
        only = Callers({}, {"a": callers.loaded["a"][:1], "b": calls}, callers.codes)
        bench = Bench([one], only, postgres_pid, folder)
        windows[group] = bench.window(one, "b", seconds, connections=1, warmup=2.0)
    dumped = pgbench.dump(chosen["quiet"], [None], folder / f"sql-{size}")
    explained = asyncio.run(_explain(one.place.database_url, dumped)) if "b" in dumped else (None, None, None)
    return Grown(size, windows["any"], windows["quiet"], *explained)


async def _explain(url: str, dumped: Mapping[str, Dumped]) -> tuple[float, int, int]:
    """Execution time (median), shared buffers touched and rows removed by filters of the quiet partner's page."""
    one = dumped["b"]
    connection = await asyncpg.connect(url, server_settings={"jit": "off", **one.settings})
    try:
        await connection.execute(one.prepare)
        explain = f"explain (analyze, buffers, timing off, format json) {one.execute(0)}"
        plans = [json.loads(await connection.fetchval(explain))[0] for _ in range(EXECUTIONS)]
    finally:
        await connection.close()
    plan = plans[-1]["Plan"]
    buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return statistics.median(each["Execution Time"] for each in plans), buffers, _filtered(plan)


def _filtered(plan: dict[str, object]) -> int:
    """Rows read and thrown away anywhere in the plan."""
    own = sum(
        round(float(str(plan.get(name, 0))) * float(str(plan["Actual Loops"])))
        for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    )
    parts = plan.get("Plans", [])
    return own + sum(_filtered(part) for part in parts if isinstance(part, dict)) if isinstance(parts, list) else own
