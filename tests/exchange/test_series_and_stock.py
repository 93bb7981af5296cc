"""Forecasts from files: by the commands' own rules, found by natural key, whole or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.exchange import scratch
from scmhub.exchange.findings import ERROR
from scmhub.exchange.mapping import BadMap, parse_map
from scmhub.exchange.run import Request, import_file
from scmhub.exchange.targets import FORECASTS, INVENTORY, Subject
from tests.exchange.conftest import NOW, Desk, counts
from tests.exchange.sheets import COUNTS, DATA, DEMAND, HEAD, demand, errors, loaded
from tests.records.firms import Firms

GUIDE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
KEPT = (
    "time_series", "series_version", "series_point", "inventory_position", "inventory_statement", "change_outbox",
    "import_run",
)  # fmt: skip


async def test_a_planners_sheet_becomes_one_version_of_each_series(desk: Desk, firms: Firms) -> None:
    report = await desk.load(DATA / "demand_weekly.csv", demand(), partner="ACME")
    assert report.complete
    assert counts(report, "created") == {"series": 2, "points": 52}
    [(total, weeks, upsides)] = await desk.rows(
        "select sum(quantity), count(*), count(upside) from series_point p join item i on i.id = p.item_id"
        " where i.number = '4712'"
    )
    cells = [row.split(";") for row in (DATA / "demand_weekly.csv").read_text().splitlines()]
    asked = [Decimal(cell[4].replace(",", ".")) for cell in cells if cell[1] == "4712"]
    assert (total, weeks, upsides) == (sum(asked), 26, 7)
    assert await desk.rows("select version_no, state, periods_changed from series_version") == [(1, "PUBLISHED", 26)] * 2


async def test_the_same_file_again_changes_nothing(desk: Desk, firms: Firms) -> None:
    for file, text, subject in (
        ("demand_weekly.csv", DEMAND, FORECASTS), ("stock_counts.jsonl", COUNTS, INVENTORY),
    ):  # fmt: skip
        given = parse_map(text, file, subject)
        await desk.load(DATA / file, given, partner="ACME")
        before = await desk.everything(*KEPT[:-1])
        again = await desk.load(DATA / file, given, partner="ACME")
        assert counts(again, "created") == counts(again, "updated") == {}
        assert await desk.everything(*KEPT[:-1]) == before


async def test_a_changed_cell_is_one_version_with_one_period(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    text = HEAD + "BOLT;4711;HALL 1;02.03.2026;100;\nBOLT;4711;HALL 1;09.03.2026;200;\n"
    await loaded(desk, tmp_path, text, demand())
    report = await loaded(desk, tmp_path, text.replace("200", "250"), demand())
    assert counts(report, "updated") == {"series": 1}
    assert (counts(report, "created"), counts(report, "unchanged")) == ({"points": 1}, {"points": 1})
    assert await desk.rows("select quantity, known_until is null from series_point order by starts_on, known_from") == [
        (100, True), (200, False), (250, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "subject"),
    [("demand_weekly.csv", DEMAND, FORECASTS), ("stock_counts.jsonl", COUNTS, INVENTORY)],
)
async def test_a_dry_run_gives_the_commands_and_takes_them_back(
    desk: Desk, firms: Firms, file: str, text: bytes, subject: Subject
) -> None:
    before, given = await desk.everything(*KEPT), parse_map(text, file, subject)
    dry = await desk.load(DATA / file, given, apply=False, partner="ACME")
    assert await desk.everything(*KEPT) == before
    wet = await desk.load(DATA / file, given, partner="ACME")
    assert dry.counts.as_json() == wet.counts.as_json()


ROWS: dict[str, tuple[str, tuple[int, str, str]]] = {
    "no Monday": ("BOLT;4711;HALL 1;03.03.2026;5;", (3, "INVALID", "period.starts_on")),
    "unknown item": ("BOLT;4799;HALL 1;02.03.2026;5;", (3, "NOT_FOUND", "item.number")),
    "unknown site": ("BOLT;4711;HALL 9;02.03.2026;5;", (3, "NOT_FOUND", "site.code")),
    "a stranger": ("CARGO;4711;HALL 1;02.03.2026;5;", (3, "NOT_FOUND", "forecast.counterparty")),
    "nobody": ("NOBODY;4711;HALL 1;02.03.2026;5;", (3, "NOT_FOUND", "forecast.counterparty")),
    "a customer": ("EAST;4711;HALL 1;02.03.2026;5;", (3, "FORBIDDEN", "forecast.counterparty")),
    "no number": ("BOLT;4711;;02.03.2026;many;", (3, "INVALID", "Bedarf")),
    "negative": ("BOLT;4711;;02.03.2026;-1;", (3, "INVALID", "Bedarf")),
    "no day": ("BOLT;4711;;;1;", (3, "REQUIRED", "KW ab")),
    "two words for one week": ("BOLT;4711;HALL 1;02.03.2026;5;\nBOLT;4711;HALL 1;02.03.2026;6;", (4, "CONFLICT", "period.starts_on")),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
async def test_a_row_that_cannot_be_used_leaves_out_its_series_and_no_other(
    desk: Desk, firms: Firms, tmp_path: Path, name: str
) -> None:
    row, expected = ROWS[name]
    text = f"{HEAD}BOLT;4712;HALL 1;02.03.2026;7,5;\n{row}\n"
    report = await loaded(desk, tmp_path, text, demand())
    found = [each for each in errors(report) if not each[1].endswith("_LEFT_OUT")]
    assert found[0] == expected
    assert report.left_out == 1
    assert await desk.rows("select quantity from series_point") == [(Decimal("7.5"),)]
    assert await desk.value("select count(*) from change_outbox where kind like 'FORECAST%'") == 2


async def test_a_row_whose_site_cannot_be_read_is_not_taken_for_one_without_a_site(
    desk: Desk, firms: Firms, tmp_path: Path
) -> None:
    text = f"{HEAD}BOLT;4712;HALL 1;02.03.2026;7,5;\nBOLT;4712;{'H' * 81};02.03.2026;9;\n"
    report = await loaded(desk, tmp_path, text, demand())
    assert [each[:2] for each in errors(report)] == [(3, "INVALID")]
    assert not report.complete
    assert await desk.rows("select quantity from series_point") == [(Decimal("7.5"),)]


async def test_measures_keep_their_own_rules(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    """Sell-out lies in the past, a maximum is not below the actual, a basis belongs to capacity."""
    given = parse_map(
        b"""
        [forecast]
        measure = "what"
        basis = "basis"
        unit = {value = "C62"}
        [item]
        number = "item"
        [period]
        starts_on = "week"
        quantity = "much"
        """, "all", FORECASTS,
    )  # fmt: skip
    rows = (
        "what,basis,item,week,much", "SELL_OUT,,4711,2026-02-23,40", "SELL_OUT,,4711,2026-03-02,41",
        "PRODUCTION,,4711,2026-03-09,90", "CAPACITY,ACTUAL,4711,2026-03-09,100", "CAPACITY,MAXIMUM,4711,2026-03-09,99",
        "CAPACITY,PEAK,4711,2026-03-09,99", "PRODUCTION,0001,4711,2026-03-16,90", "DEMAND,0001,4711,2026-03-16,1",
        "DEMAND,0002,4711,2026-03-16,1", "SELL_OUT,,4711,2026-03-09,1",
    )  # fmt: skip
    report = await loaded(desk, tmp_path, "\n".join(rows), given)
    assert errors(report) == [
        (6, "OUT_OF_RANGE", "period.quantity"), (7, "INVALID", "forecast.basis"), (8, "INVALID", "forecast.basis"),
        (10, "INVALID", "forecast.basis"), (11, "OUT_OF_RANGE", "period.starts_on"),
    ]  # fmt: skip
    assert await desk.rows("select measure, basis from time_series order by 1, 2") == [
        ("CAPACITY", "ACTUAL"), ("DEMAND", "0001"), ("PRODUCTION", ""),
    ]  # fmt: skip


async def test_the_examples_of_the_guide_do_what_the_guide_says(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    blocks: dict[tuple[str, str], str] = {
        (form, subject): text
        for form, subject, text in re.findall(r"```(toml|csv|jsonl) (forecasts|inventory)\n(.*?)```", GUIDE, re.DOTALL)
    }
    given = parse_map(blocks["toml", "forecasts"].encode(), "guide", FORECASTS)
    report = await loaded(desk, tmp_path, blocks["csv", "forecasts"], given)
    assert counts(report, "created") == {"series": 1, "points": 3}
    assert errors(report) == [(5, "INVALID", "period.starts_on")]
    given = parse_map(blocks["toml", "inventory"].encode(), "guide", INVENTORY)
    report = await loaded(desk, tmp_path, blocks["jsonl", "inventory"], given)
    assert (counts(report, "created"), counts(report, "updated")) == ({"positions": 1, "statements": 2}, {"targets": 1})
    assert errors(report) == [(3, "NOT_FOUND", "item.number")]
    assert await desk.rows("select available, blocked, minimum, maximum, as_of::text from inventory_position") == [
        (Decimal("430.5"), None, 400, 900, "2026-03-01 21:00:00+00"),
    ]  # fmt: skip


def test_a_map_of_another_subject_names_what_it_lacks() -> None:
    with pytest.raises(BadMap, match="Unknown section forecast"):
        parse_map(DEMAND, "demand", INVENTORY)
    with pytest.raises(BadMap, match=r"fills no forecast.unit, item.number"):
        parse_map(b"[period]\nstarts_on = 'a'\nquantity = 'b'\n", "x", FORECASTS)
    with pytest.raises(BadMap, match="format is delimited or jsonl"):
        parse_map(b"[file]\nformat = 'xml'\n" + DEMAND.replace(b"[file]", b""), "x", FORECASTS)


async def test_a_partner_who_does_not_exist_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(Refusal, match="No partner has the code ACME"):
        await desk.load(DATA / "demand_weekly.csv", demand(), partner="ACME")


async def test_an_import_that_stops_in_the_middle_goes_on_there(
    desk: Desk, firms: Firms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each series is a batch; the second one meets a database that is gone."""
    monkeypatch.setattr("scmhub.exchange.scratch.BATCH_ROWS", 1)
    begun: list[Any] = []

    class Gone(Exception):
        pass

    def progress(what: str, done: int, total: int) -> None:
        if what == "Writing":
            begun.append((done, total))
            raise Gone

    from scmhub.exchange.run import Request, import_file

    request = Request(DATA / "demand_weekly.csv", demand(), "ACME", apply=True)
    with pytest.raises(Gone):
        await import_file(desk.database, desk.address, request, lambda: NOW, progress)
    assert begun == [(26, 52)]
    assert await desk.rows("select state, atoms_done, rows_done from import_run") == [("RUNNING", 1, 26)]
    report = await desk.load(DATA / "demand_weekly.csv", demand(), partner="ACME")
    assert report.resumed == 1
    assert counts(report, "created") == {"series": 2, "points": 52}
    assert await desk.rows("select state, atoms_done, rows_done from import_run") == [("DONE", 2, 52)]


async def test_a_shipment_number_its_seller_used_for_somebody_else_is_told_by_its_row(
    desk: Desk, tmp_path: Path
) -> None:
    """The other buyer's shipment is out of sight for this one, and stays as it is."""
    from tests.exchange.test_files import HEAD as COLUMNS
    from tests.exchange.test_files import MAP, ROW

    file, given = tmp_path / "file", parse_map(MAP, "tiny")
    file.write_text(f"{COLUMNS}\n{ROW}\n")
    await desk.load(file, given, partner="OTHER")
    before = await desk.everything("shipment", "shipment_line")
    for apply in (False, True):
        report = await desk.load(file, given, apply=apply)
        assert errors(report) == [(2, "CONFLICT", "shipment.number")]
    assert await desk.everything("shipment", "shipment_line") == before
    assert await desk.rows("select buyer_number, status from purchase_order order by id") == [("P1", "RECEIVED")] * 2


async def test_a_resumed_import_still_says_what_was_left_out_before(
    desk: Desk, firms: Firms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "BATCH_ROWS", 1)
    file = tmp_path / "file"
    file.write_text(HEAD + "BOLT;4799;HALL 1;02.03.2026;5;\nBOLT;4711;HALL 1;02.03.2026;5;\n")

    def cut_off(what: str, *_: int) -> None:
        if what == "Writing":
            raise KeyboardInterrupt

    request = Request(file, demand(), "ACME", apply=True)
    with pytest.raises(KeyboardInterrupt):
        await import_file(desk.database, desk.address, request, lambda: NOW, cut_off)
    resumed = await desk.load(file, demand(), partner="ACME")
    assert (resumed.resumed, counts(resumed, "created")) == (1, {"series": 1, "points": 1})
    assert (resumed.complete, resumed.left_out) == (False, 1)
    assert [each.code for each in resumed.findings.listed if each.level == ERROR] == ["LEFT_OUT_BEFORE"]
