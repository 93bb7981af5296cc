"""An import may be killed at any instant: what is there is whole, and the next run ends as an uninterrupted one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import scmhub
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.errors import Refusal
from scmhub.exchange import scratch
from scmhub.exchange.mapping import load_map
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET, clone
from tests.exchange.conftest import EXCERPT, Desk, counts
from tests.exchange.test_scms import ALL

_ROWS = 25
_SOURCES = os.pathsep.join((str(Path(scmhub.__file__).parents[1]), str(Path(__file__).parents[2])))


class Halting:
    """The process of ``import_process.py``, driven through its pipes."""

    def __init__(self, desk: Desk) -> None:
        address = json.dumps(asdict(desk.address))
        script = str(Path(__file__).with_name("import_process.py"))
        self.process = subprocess.Popen(
            [sys.executable, script, address, str(EXCERPT), TEST_SECRET, str(_ROWS)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": _SOURCES},
        )  # fmt: skip

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.hear()

    def run(self, halts: int) -> str:
        """What it says after so many halts."""
        said = self.hear()
        for _ in range(halts - 1):
            said = self.go_on()
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def halting(desk: Desk) -> Iterator[Halting]:
    process = Halting(desk)
    yield process
    process.kill()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "BATCH_ROWS", _ROWS)


@pytest.fixture(scope="session")
async def uninterrupted(
    server: Address, exchange_template: str, settings: Settings, secret: HubSecret
) -> dict[str, list[str]]:
    """Every record that an import in one go leaves, to the last id."""
    async with clone(server, exchange_template) as address:
        database = await Database.open(address, settings, secret=secret)
        desk = Desk(database, address, load_map("scms"))
        await desk.load()
        records = await desk.everything()
        await database.close()
    return records


MASTERS = 2 * (1 + 18 + 1)
"""Halts for partners, for the site of each of 18 consignees, for relationships (47 fit one unit)."""
BEGUN = MASTERS + 2


@pytest.mark.parametrize("halts", [1, 2, 7, BEGUN, BEGUN + 1, BEGUN + 2, BEGUN + 3, BEGUN + 6, BEGUN + 9])
async def test_a_killed_import_goes_on_and_ends_as_an_uninterrupted_one(
    desk: Desk, halting: Halting, uninterrupted: dict[str, list[str]], halts: int
) -> None:
    """An odd number of halts is inside a transaction, an even one right behind its commit."""
    assert halting.run(halts) == ("before commit" if halts % 2 else "after commit")
    halting.kill()
    done = max(0, (halts - BEGUN) // 2)
    assert await desk.value("select count(*) from order_line") == await _rows_of_batches(desk, done)
    await _nothing_is_half_there(desk)
    report = await desk.load()
    assert (report.resumed > 0) == (done > 0)
    assert await desk.everything() == uninterrupted
    assert await desk.rows("select state, rows_done from import_run") == [("DONE", 120)]
    assert await desk.value("select count(*) from change_outbox where kind = 'ORDER'") == 86
    if done:
        assert counts(report, "created") == ALL


async def _rows_of_batches(desk: Desk, done: int) -> int:
    if done == 0:
        return 0
    rows = int(await desk.value("select rows_done from import_run"))
    assert _ROWS * done <= rows < (_ROWS + 12) * done
    return rows


async def _nothing_is_half_there(desk: Desk) -> None:
    """Every order has its lines, every line its schedule, its shipment and its receipt."""
    assert (
        await desk.rows(
            "select buyer_number from purchase_order o where total_amount is distinct from"
            " (select sum(line_amount) from order_line l where l.order_id = o.id)"
        )
        == []
    )
    lines = await desk.value("select count(*) from order_line")
    for table in ("schedule_line", "shipment_line", "receipt"):
        assert await desk.value(f"select count(*) from {table}") == lines
    assert await desk.value("select coalesce(sum(rows_done), 0) from import_run") == lines


async def test_a_second_import_for_the_same_partner_is_told_to_wait(desk: Desk, halting: Halting) -> None:
    assert halting.run(1) == "before commit"
    with pytest.raises(Refusal, match="Another import for SCMS is running"):
        await desk.load()
    halting.kill()
    report = await desk.load()
    assert counts(report, "created") == ALL


async def test_another_map_begins_anew(desk: Desk, halting: Halting) -> None:
    """A checkpoint is of one file and one map: with another map, what is there is compared."""
    halting.run(BEGUN + 2)
    halting.kill()
    report = await desk.load(given=replace(desk.scms, digest="other"))
    assert report.resumed == 0
    assert counts(report, "unchanged")["orders"] > 0
    assert await desk.value("select count(*) from order_line") == 120
