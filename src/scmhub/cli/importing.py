"""``scmhub import``: what a file would change, or with ``--apply`` does change."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from scmhub.cli.talk import REFUSED, print_json, print_table, say, stderr
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.embedded import attach
from scmhub.database.migrate import pending
from scmhub.database.unit import Database
from scmhub.exchange.mapping import load_map
from scmhub.exchange.run import Progress as Watch
from scmhub.exchange.run import Report, Request, import_file
from scmhub.exchange.targets import FORECASTS, INVENTORY, ORDERS
from scmhub.settings import Settings, load_settings

_SUBJECTS = {"orders": ORDERS, "forecasts": FORECASTS, "inventory": INVENTORY}
_ATOMS = {"orders": "orders", "forecasts": "series", "inventory": "positions"}


def run_import(subject: str, file: Path, map_name: str, partner: str, *, apply: bool, as_json: bool, limit: int) -> int:
    """Exit status: 0 nothing was left out, 3 something was (the rest is imported); errors as everywhere."""
    request = Request(file, load_map(map_name, _SUBJECTS[subject]), partner, apply=apply, most_findings=limit)
    settings = load_settings()
    try:
        with attach(settings) as admin, _bar() as watch:
            report = asyncio.run(_import(admin, settings, request, watch))
    except OSError as error:
        raise ValueError(f"Cannot read {file}: {error.strerror}.") from error
    if as_json:
        print_json(report.as_json())
    else:
        _print(report)
    return 0 if report.complete else REFUSED


async def _import(admin: Address, settings: Settings, request: Request, watch: Watch) -> Report:
    if await pending(admin):
        raise DatabaseUnusable("The database is not up to date: run 'scmhub migrate --apply' first.")
    database = await Database.open(admin, settings)
    try:
        return await import_file(database, admin, request, progress=watch)
    finally:
        await database.close()


@contextmanager
def _bar() -> Iterator[Watch]:
    """A progress bar on a terminal; silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("Reading", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print(report: Report) -> None:
    """Counts as a table; findings a line each, so that ``grep`` finds them whole."""
    counts = report.counts.as_json()
    print_table(("", "created", "updated", "unchanged"), ((what, *row.values()) for what, row in counts.items()))
    for each in report.findings.summaries():
        example = f", as in row {each.first_row}: {each.example}" if each.first_row else ""
        _line(f"{each.level} {each.code} {each.count} x {each.column}: {each.done}{example}")
    for found in sorted(report.findings.listed, key=lambda each: each.row):
        if found.level != "NOTE":
            _line(f"row {found.row}: {found.level} {found.code} {found.column}: {found.done}: {found.value}")
    if report.resumed:
        say("Went on where an import of this file was cut off.")
    if report.left_out:
        atoms = _ATOMS[report.request.map.subject.name]
        say(f"{report.left_out} {atoms} are left out; correct their rows and run the import again.")
    if not report.request.apply:
        say("Nothing was changed: run again with --apply.")
