"""One import from end to end: read, compare, and with ``apply`` write batch by batch, each with its checkpoint.

The lock is a session's advisory lock: it goes with the process, however that ends. The checkpoint is written by the
transaction that writes the atoms before it (whole orders, series, positions), so that after ``kill -9`` the next run of
the same file and map begins with the first that is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson

from scmhub.clock import Clock, system_clock
from scmhub.database.address import Address
from scmhub.database.roles import connect_admin
from scmhub.database.unit import Database, Unit
from scmhub.errors import Refusal
from scmhub.exchange.cells import is_code
from scmhub.exchange.commanding import CommandWork
from scmhub.exchange.delta import Counts
from scmhub.exchange.findings import ERROR, NOTE, Findings
from scmhub.exchange.jsonl import JsonLines
from scmhub.exchange.mapping import BadMap, Map, check_columns
from scmhub.exchange.reading import DelimitedFile, Source, Table
from scmhub.exchange.targets import ORDERS
from scmhub.exchange.work import ACTOR, Batch, Desk, Work
from scmhub.ids import new_id
from scmhub.records import discover

Progress = Callable[[str, int, int], None]
"""What is being done, how far it is, how far it goes: bytes of the file, then rows."""
_TOLD_EVERY = 1_000
_WAIT = "2s"
"""For the lock: the server may need a moment to notice that the process before us was killed."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to import: ``file`` with ``map``, which knows the subject, for the partner with the code ``partner``."""

    file: Path
    map: Map
    partner: str
    apply: bool = False
    most_findings: int = 50


@dataclass
class Report:
    """What was found, and what was done or would be. ``resumed`` atoms were there from a run that was cut off."""

    request: Request
    findings: Findings
    rows: int = 0
    rows_used: int = 0
    left_out: int = 0
    file_sha256: str = ""
    resumed: int = 0
    counts: Counts = field(default_factory=Counts)

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return self.findings.count(ERROR) == 0 and self.left_out == 0

    def as_json(self) -> dict[str, Any]:
        return {
            "mode": "APPLIED" if self.request.apply else "DRY_RUN",
            "file": self.request.file.name,
            "fileSha256": self.file_sha256,
            "map": self.request.map.name,
            "mapSha256": self.request.map.digest,
            "partner": self.request.partner,
            "rows": {"read": self.rows, "used": self.rows_used},
            "subject": self.request.map.subject.name,
            "leftOut": self.left_out,
            "resumedAfter": self.resumed,
            "counts": self.counts.as_json(),
            "findings": self.findings.as_json(),
        }


async def import_file(
    database: Database,
    admin: Address,
    request: Request,
    clock: Clock = system_clock,
    progress: Progress = lambda *_: None,
) -> Report:
    """Read the file and say what it means for the hub; with ``apply`` also do it. Refusal, BadMap, OSError."""
    if not is_code(request.partner):
        raise Refusal("INVALID", "A partner code has 1 to 40 characters: A-Z, 0-9, - and _, not - or _ first.", ["as"])
    findings = Findings(request.most_findings)
    report = Report(request, findings, counts=Counts(request.map.subject.counted))
    work = _work(request, findings, clock)
    try:
        async with _alone(admin, request):
            _read(request, work, report, progress)
            await _second_pass(database, request, work, report, clock, progress)
    finally:
        work.scratch.close()
    return report


def _work(request: Request, findings: Findings, clock: Clock) -> Work:
    """The work of the map's subject. Its commands are declared by rooms, which are to be found in their own order."""
    discover()
    from scmhub.exchange.ordering import OrderWork
    from scmhub.exchange.series import SERIES
    from scmhub.exchange.stock import STOCK

    if request.map.subject is ORDERS:
        return OrderWork(request.map, findings, request.partner, clock().date())
    speech = {"forecasts": SERIES, "inventory": STOCK}[request.map.subject.name]
    return CommandWork(speech, request.map, findings, request.partner)


@asynccontextmanager
async def _alone(admin: Address, request: Request) -> AsyncIterator[None]:
    """One applying import of a partner at a time, over all processes."""
    if not request.apply:
        yield
        return
    name = hashlib.sha256(f"import\x1f{request.partner}".encode()).digest()
    connection = await connect_admin(admin)
    try:
        number = int.from_bytes(name[:8], "big", signed=True)
        await connection.execute(f"set lock_timeout = '{_WAIT}'")
        try:
            await connection.execute("select pg_advisory_lock($1)", number)
        except asyncpg.LockNotAvailableError:
            message = f"Another import for {request.partner} is running: wait until it ends, then run this again."
            raise Refusal("IN_PROGRESS", message, ["as"]) from None
        yield
    finally:
        await connection.close()


# -- first pass --------------------------------------------------------------------------------------------------------


def _read(request: Request, work: Work, report: Report, progress: Progress) -> None:
    """Every row into the scratch file, or into the findings."""
    size = request.file.stat().st_size
    with request.file.open("rb") as raw:
        table = _open(raw, request.map)
        check_columns(request.map, table.header)
        _tell_unmapped(request.map, table.header, report.findings)
        work.begin(table.header)
        for row in table.rows():
            if row.cells == table.header:
                report.findings.add(NOTE, "HEADER_AGAIN", row.number, "", "", "the header once more: skipped")
                continue
            report.rows += 1
            work.take(row)
            if report.rows % _TOLD_EVERY == 0:
                progress("Reading", raw.tell(), size)
    work.settle()
    report.file_sha256 = table.digest
    report.rows_used = work.scratch.rows
    report.left_out = work.scratch.left_out
    progress("Reading", size, size)


def _open(raw: BinaryIO, given: Map) -> Table:
    """As the map says, or as the first line looks."""
    form, wanted = given.form, given.columns()
    source = Source(raw, form.encoding)
    first = next(source.lines, None)
    if form.form == "jsonl" or (not form.form and first is not None and first.lstrip().startswith("{")):
        return JsonLines(source, first, wanted)
    return DelimitedFile(source, first, form, wanted)


def _tell_unmapped(given: Map, header: list[str], findings: Findings) -> None:
    used = {*given.columns(), *given.ignore}
    for name in header:
        if name not in used:
            findings.add(NOTE, "UNMAPPED", 1, name, "", "no target in the map: the column is not imported")


# -- second pass -------------------------------------------------------------------------------------------------------


class _DryRun(Exception):
    """Undoes a transaction that was to show what it would change."""


async def _second_pass(
    database: Database, request: Request, work: Work, report: Report, clock: Clock, progress: Progress
) -> None:
    total = work.scratch.rows
    if not work.scratch.good:
        return
    desk = Desk(database, clock, request.apply, Counts(request.map.subject.counted), report.findings)
    partner = await work.prepare(desk)
    run = await _begin(desk, request, report, partner) if request.apply else None
    report.resumed = done = run.atoms_done if run else 0
    if run and run.refused:
        work.scratch.refused = run.refused
        text = f"{run.refused} that a command did not take before the import was cut off: run it again to see them"
        report.findings.add(ERROR, "LEFT_OUT_BEFORE", 0, "", "", text)
    report.counts.merge(run.counts if run else desk.counts)
    rows = run.rows_done if run else 0
    for batch in work.batches(done):
        rows += batch.rows
        report.counts.merge(await _batch(desk, work, batch, partner, run))
        progress("Writing" if request.apply else "Comparing", rows, total)
    report.left_out = work.scratch.left_out
    if run:
        async with database.unit(partner, ACTOR, clock) as unit:
            await unit.rows("update import_run set state = 'DONE', updated_at = $2 where id = $1", run.key, unit.now)


@dataclass
class _Run:
    """The row of ``import_run`` this import continues."""

    key: UUID
    atoms_done: int
    rows_done: int
    counts: Counts
    refused: int = 0


async def _begin(desk: Desk, request: Request, report: Report, partner: UUID) -> _Run:
    async with desk.database.unit(partner, ACTOR, desk.clock) as unit:
        found = await unit.rows(
            "select id, atoms_done, rows_done, counts::text, refused from import_run where partner_id = $1"
            " and file_sha256 = $2 and map_sha256 = $3 and state = 'RUNNING'",
            partner, report.file_sha256, request.map.digest,
        )  # fmt: skip
        if found:
            row, sorts = found[0], request.map.subject.counted
            counts = Counts(sorts, orjson.loads(row["counts"]))
            return _Run(row["id"], row["atoms_done"], row["rows_done"], counts, row["refused"])
        key, begun = new_id(unit.now), orjson.dumps(desk.counts.as_json()).decode()
        await unit.rows(
            "insert into import_run (id, partner_id, file_name, file_sha256, map_sha256, state, atoms_done, rows_done,"
            " refused, counts, started_at, updated_at)"
            " values ($1, $2, $3, $4, $5, 'RUNNING', 0, 0, 0, $6::text::jsonb, $7, $7)",
            key, partner, request.file.name, report.file_sha256, request.map.digest, begun, unit.now,
        )  # fmt: skip
    return _Run(key, 0, 0, desk.counts)


async def _batch(desk: Desk, work: Work, batch: Batch, partner: UUID, run: _Run | None) -> Counts:
    """Whole atoms with the checkpoint behind them in one transaction, which is undone if it is a dry run."""
    counts = Counts()
    with suppress(_DryRun):
        async with desk.database.unit(partner, ACTOR, desk.clock) as unit:
            counts = await work.write(unit, desk, batch)
            if run is None:
                raise _DryRun
            await _checkpoint(unit, run, batch, counts, work.scratch.refused)
    return counts


async def _checkpoint(unit: Unit, run: _Run, batch: Batch, counts: Counts, refused: int) -> None:
    run.counts.merge(counts)
    run.atoms_done, run.rows_done = batch.last, run.rows_done + batch.rows
    await unit.rows(
        "update import_run set atoms_done = $2, rows_done = $3, counts = $4::text::jsonb, updated_at = $5,"
        " refused = $6 where id = $1",
        run.key, run.atoms_done, run.rows_done, orjson.dumps(run.counts.as_json()).decode(), unit.now, refused,
    )  # fmt: skip


__all__ = ["BadMap", "Report", "Request", "import_file"]
