"""Suppliers' commits from files: answers to the forecast with the same key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from scmhub.exchange.mapping import parse_map
from scmhub.exchange.targets import FORECASTS
from tests.exchange.conftest import Desk, counts
from tests.exchange.sheets import HEAD, demand, errors, loaded
from tests.records.firms import Firms

COMMITS = b"""
[file]
delimiter = ";"
decimal_mark = ","
thousands = "."
[forecast]
measure = {value = "COMMIT"}
counterparty = "customer"
unit = {value = "C62"}
answers_version = "version"
[item]
number = "item"
[site]
code = "site"
[period]
starts_on = {from = "week", dates = "%Y-%m-%d"}
quantity = "committed"
"""
COMMIT_HEAD = "customer;item;site;week;committed;version\n"


async def test_commits_answer_the_forecast_with_the_same_key(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    text = HEAD + "BOLT;4711;HALL 1;02.03.2026;1.200;\nBOLT;4711;HALL 1;09.03.2026;100;\n"
    await loaded(desk, tmp_path, text, demand())
    given, file = parse_map(COMMITS, "commits", FORECASTS), tmp_path / "commits"
    rows = "ACME;4711;HALL 1;2026-03-02;1.100,5;\nACME;4711;HALL 1;2026-03-09;100;\n"
    file.write_text(COMMIT_HEAD + rows)
    dry = await desk.load(file, given, apply=False, partner="BOLT")
    assert (counts(dry, "created"), await desk.rows("select 1 from time_series where measure = 'COMMIT'")) == ({"series": 1, "points": 2}, [])
    report = await desk.load(file, given, partner="BOLT")
    assert report.complete
    stated = "select starts_on::text, quantity, response from series_point where measure = 'COMMIT' and known_until is null order by 1"
    assert await desk.rows(stated) == [("2026-03-02", Decimal("1100.5"), "PARTIAL"), ("2026-03-09", 100, "COMMITTED")]
    again = await desk.load(file, given, partner="BOLT")
    assert counts(again, "created") == counts(again, "updated") == {}
    await loaded(desk, tmp_path, text.replace("1.200", "900"), demand())
    file.write_text(COMMIT_HEAD + "ACME;4711;HALL 1;2026-03-02;900;\n")
    assert counts(await desk.load(file, given, partner="BOLT"), "updated") == {"series": 1}
    assert await desk.rows("select answers_version_no from time_series where measure = 'COMMIT'") == [(2,)]


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ("ACME;4712;HALL 1;2026-03-02;1;", (2, "NOT_FOUND", "item.number")),
        (";4711;HALL 1;2026-03-02;1;", (2, "REQUIRED", "forecast.counterparty")),
        ("ACME;4711;HALL 1;2026-03-02;1;7", (2, "OUT_OF_RANGE", "forecast.answers_version")),
        ("ACME;4711;HALL 1;2026-03-02;1;3.000.000.000", (2, "OUT_OF_RANGE", "forecast.answers_version")),
        ("ACME;4711;HALL 1;2026-03-02;1;1\nACME;4711;HALL 1;2026-03-09;1;2", (2, "CONFLICT", "forecast.answers_version")),
    ],
)
async def test_a_commit_that_answers_nothing_is_left_out(
    desk: Desk, firms: Firms, tmp_path: Path, rows: str, refused: tuple[int, str, str]
) -> None:
    await loaded(desk, tmp_path, HEAD + "BOLT;4711;HALL 1;02.03.2026;5;\nBOLT;4711;HALL 1;09.03.2026;5;\n", demand())
    file = tmp_path / "commits"
    file.write_text(COMMIT_HEAD + rows + "\n")
    report = await desk.load(file, parse_map(COMMITS, "commits", FORECASTS), partner="BOLT")
    assert (errors(report), report.left_out) == ([refused], 1)
