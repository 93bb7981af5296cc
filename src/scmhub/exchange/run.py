"""One import from end to end: read, compare, and with ``apply`` write batch by batch, each with its checkpoint.

The lock is a session's advisory lock: it goes with the process, however that ends. The checkpoint is written by the
transaction that writes the orders before it, so that after ``kill -9`` the next run of the same file and map begins
with the first order that is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson

from scmhub.clock import Clock, system_clock
from scmhub.database.address import Address
from scmhub.database.roles import connect_admin
from scmhub.database.unit import Database, Unit
from scmhub.errors import Refusal
from scmhub.exchange.delta import Counts
from scmhub.exchange.findings import ERROR, NOTE, Findings
from scmhub.exchange.known import look
from scmhub.exchange.mapping import BadMap, Map, check_columns
from scmhub.exchange.masters import ACTOR, Desk, Masters, prepare_masters
from scmhub.exchange.orders import Context, compare_orders
from scmhub.exchange.reading import DelimitedFile
from scmhub.exchange.rows import Card, RowReader, is_code
from scmhub.exchange.shipments import compare_shipments
from scmhub.exchange.staging import Batch, Staging
from scmhub.exchange.store import write
from scmhub.ids import new_id

Progress = Callable[[str, int, int], None]
"""What is being done, how far it is, how far it goes: bytes of the file, then rows."""
_TOLD_EVERY = 1_000
_WAIT = "2s"
"""For the lock: the server may need a moment to notice that the process before us was killed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to import: ``file`` with ``map`` for the partner with the code ``buyer``."""

    file: Path
    map: Map
    buyer: str
    apply: bool = False
    most_findings: int = 50


@dataclass
class Report:
    """What was found, and what was done or would be. ``resumed`` orders were there from a run that was cut off."""

    request: Request
    findings: Findings
    rows: int = 0
    rows_used: int = 0
    orders_left_out: int = 0
    file_sha256: str = ""
    resumed: int = 0
    counts: Counts = field(default_factory=Counts)

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return self.findings.count(ERROR) == 0

    def as_json(self) -> dict[str, Any]:
        return {
            "mode": "APPLIED" if self.request.apply else "DRY_RUN",
            "file": self.request.file.name,
            "fileSha256": self.file_sha256,
            "map": self.request.map.name,
            "mapSha256": self.request.map.digest,
            "partner": self.request.buyer,
            "rows": {"read": self.rows, "used": self.rows_used},
            "ordersLeftOut": self.orders_left_out,
            "resumedAfterOrders": self.resumed,
            "counts": self.counts.as_json(),
            "findings": self.findings.as_json(),
        }


async def import_orders(
    database: Database,
    admin: Address,
    request: Request,
    clock: Clock = system_clock,
    progress: Progress = lambda *_: None,
) -> Report:
    """Read the file and say what it means for the hub; with ``apply`` also do it. Refusal, BadMap, OSError."""
    if not is_code(request.buyer):
        raise Refusal("INVALID", "A partner code has 1 to 40 characters: A-Z, 0-9, - and _, not - or _ first.", ["as"])
    findings = Findings(request.most_findings)
    report = Report(request, findings)
    staging = Staging(findings)
    try:
        async with _alone(admin, request):
            _read(request, staging, report, clock, progress)
            await _second_pass(database, request, staging, report, clock, progress)
    finally:
        staging.close()
    return report


@asynccontextmanager
async def _alone(admin: Address, request: Request) -> AsyncIterator[None]:
    """One applying import of a partner at a time, over all processes."""
    if not request.apply:
        yield
        return
    name = hashlib.sha256(f"import\x1f{request.buyer}".encode()).digest()
    connection = await connect_admin(admin)
    try:
        number = int.from_bytes(name[:8], "big", signed=True)
        await connection.execute(f"set lock_timeout = '{_WAIT}'")
        try:
            await connection.execute("select pg_advisory_lock($1)", number)
        except asyncpg.LockNotAvailableError:
            message = f"Another import for {request.buyer} is running: wait until it ends, then run this again."
            raise Refusal("IN_PROGRESS", message, ["as"]) from None
        yield
    finally:
        await connection.close()


# -- first pass --------------------------------------------------------------------------------------------------------


def _read(request: Request, staging: Staging, report: Report, clock: Clock, progress: Progress) -> None:
    """Every row into the scratch file, or into the findings."""
    size = request.file.stat().st_size
    with request.file.open("rb") as raw:
        table = DelimitedFile(raw, request.map.form, request.map.columns())
        check_columns(request.map, table.header)
        _tell_unmapped(request.map, table.header, report.findings)
        reader = RowReader(request.map, table.header, report.findings, request.buyer, clock().date())
        for row in table.rows():
            if row.cells == table.header:
                report.findings.add(NOTE, "HEADER_AGAIN", row.number, "", "", "the header once more: skipped")
                continue
            report.rows += 1
            staging.put(row.number, reader.read(row))
            if report.rows % _TOLD_EVERY == 0:
                progress("Reading", raw.tell(), size)
    staging.settle()
    report.file_sha256 = table.digest
    report.rows_used = staging.rows
    report.orders_left_out = staging.orders_left_out
    progress("Reading", size, size)


def _tell_unmapped(given: Map, header: list[str], findings: Findings) -> None:
    used = {*given.columns(), *given.ignore}
    for name in header:
        if name not in used:
            findings.add(NOTE, "UNMAPPED", 1, name, "", "no target in the map: the column is not imported")


# -- second pass -------------------------------------------------------------------------------------------------------


async def _second_pass(
    database: Database, request: Request, staging: Staging, report: Report, clock: Clock, progress: Progress
) -> None:
    total = staging.rows
    if not staging.orders:
        return
    card = Card(request.map.constant("buyer.name") or request.buyer, request.map.constant("buyer.country"))
    desk = Desk(database, clock, request.apply, Counts(), report.findings)
    masters = await prepare_masters(desk, staging, request.buyer, card)
    run = await _begin(desk, request, report, masters) if request.apply else None
    report.resumed = done = run.orders_done if run else 0
    report.counts.merge(run.counts if run else desk.counts)
    rows = run.rows_done if run else 0
    for batch in staging.batches(done):
        rows += batch.rows
        report.counts.merge(await _batch(desk, request, batch, masters, run))
        progress("Writing" if request.apply else "Comparing", rows, total)
    if run:
        async with database.unit(masters.buyer, ACTOR, clock) as unit:
            await unit.rows("update import_run set state = 'DONE', updated_at = $2 where id = $1", run.key, unit.now)


@dataclass
class _Run:
    """The row of ``import_run`` this import continues."""

    key: UUID
    orders_done: int
    rows_done: int
    counts: Counts


async def _begin(desk: Desk, request: Request, report: Report, masters: Masters) -> _Run:
    async with desk.database.unit(masters.buyer, ACTOR, desk.clock) as unit:
        found = await unit.rows(
            "select id, orders_done, rows_done, counts::text from import_run where partner_id = $1 and file_sha256 = $2"
            " and map_sha256 = $3 and state = 'RUNNING'", masters.buyer, report.file_sha256, request.map.digest,
        )  # fmt: skip
        if found:
            row = found[0]
            return _Run(row["id"], row["orders_done"], row["rows_done"], Counts(orjson.loads(row["counts"])))
        key, counts = new_id(unit.now), orjson.dumps(desk.counts.as_json()).decode()
        await unit.rows(
            "insert into import_run (id, partner_id, file_name, file_sha256, map_sha256, state, orders_done, rows_done,"
            " counts, started_at, updated_at) values ($1, $2, $3, $4, $5, 'RUNNING', 0, 0, $6::text::jsonb, $7, $7)",
            key, masters.buyer, request.file.name, report.file_sha256, request.map.digest, counts, unit.now,
        )  # fmt: skip
    return _Run(key, 0, 0, desk.counts)


async def _batch(desk: Desk, request: Request, batch: Batch, masters: Masters, run: _Run | None) -> Counts:
    """Compare whole orders, and write what differs with the checkpoint behind them: one transaction."""
    async with desk.database.unit(masters.buyer, ACTOR, desk.clock) as unit:
        known = await look(unit, batch, masters, lock=request.apply)
        context = Context(request.buyer, masters, known, desk.findings, unit.now)
        compare_orders(context, batch.orders)
        compare_shipments(context, batch.consignments)
        counts = context.delta.counts
        if run:
            await write(unit, context.delta)
            await _checkpoint(unit, run, batch, counts)
    return counts


async def _checkpoint(unit: Unit, run: _Run, batch: Batch, counts: Counts) -> None:
    run.counts.merge(counts)
    run.orders_done, run.rows_done = batch.last, run.rows_done + batch.rows
    await unit.rows(
        "update import_run set orders_done = $2, rows_done = $3, counts = $4::text::jsonb, updated_at = $5"
        " where id = $1",
        run.key, run.orders_done, run.rows_done, orjson.dumps(run.counts.as_json()).decode(), unit.now,
    )  # fmt: skip


__all__ = ["BadMap", "Report", "Request", "import_orders"]
