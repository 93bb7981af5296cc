"""Forecasts and stock from files: by the commands' own rules, found by natural key, whole or not at all."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.exchange import scratch
from scmhub.exchange.findings import ERROR
from scmhub.exchange.mapping import BadMap, Map, parse_map
from scmhub.exchange.run import Report, Request, import_file
from scmhub.exchange.targets import FORECASTS, INVENTORY, Subject
from scmhub.records.partners import commands as masters
from scmhub.records.partners.api import SiteKind
from tests.exchange.conftest import NOW, Desk, counts
from tests.records.firms import Firms

DATA = Path(__file__).with_name("data")
GUIDE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
KEPT = (
    "time_series", "series_version", "series_point", "inventory_position", "inventory_statement", "change_outbox",
    "import_run",
)  # fmt: skip
DEMAND = b"""
[file]
delimiter = ";"
decimal_mark = ","
thousands = "."
[forecast]
counterparty = "Lieferant"
unit = {from = "Material", table = {"4711" = "C62", "4712" = "KGM", "4799" = "C62"}}
[item]
number = "Material"
[site]
code = "Werk"
[period]
starts_on = {from = "KW ab", dates = "%d.%m.%Y"}
quantity = "Bedarf"
upside = "Reserve"
"""
COUNTS = b"""
[position]
as_of = "counted"
unit = {from = "uom", table = {"pcs" = "C62", "kg" = "KGM"}}
[item]
number = "material.number"
[site]
code = "plant"
[stock]
available = "stock.unrestricted"
blocked = "stock.blocked"
in_transit = "stock.transit"
"""
HEAD = "Lieferant;Material;Werk;KW ab;Bedarf;Reserve\n"


@pytest.fixture
async def firms(desk: Desk) -> Firms:
    """acme buys castings 4711 and alloy 4712 from bolt, and keeps them in its hall; cargo is a stranger."""
    firms = Firms(desk.database, desk.address, NOW)
    await firms.found()
    alloy = masters.ItemAddInput(number="4712", description="Alloy", unit="KGM")  # type: ignore[arg-type]
    await firms.act("acme", masters.item_add, alloy)
    return firms


def demand() -> Map:
    return parse_map(DEMAND, "demand", FORECASTS)


async def loaded(desk: Desk, tmp_path: Path, text: str, given: Map, *, apply: bool = True) -> Report:
    file = tmp_path / "file"
    file.write_text(text, "utf-8")
    return await desk.load(file, given, apply=apply, partner="ACME")


def errors(report: Report) -> list[tuple[int, str, str]]:
    """Row, code and column of what was left out."""
    return sorted((each.row, each.code, each.column) for each in report.findings.listed if each.level == ERROR)


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


async def test_counts_of_a_stock_system_become_a_position_with_its_history(desk: Desk, firms: Firms) -> None:
    report = await desk.load(DATA / "stock_counts.jsonl", parse_map(COUNTS, "stock", INVENTORY), partner="ACME")
    assert report.complete
    assert counts(report, "created") == {"positions": 2, "statements": 6}
    assert await desk.value("select count(*) from inventory_statement where in_transit is not null") == 0
    assert await desk.value(
        "select count(*) from inventory_position p where as_of = (select max(as_of) from inventory_statement"
        " where position_id = p.id) and version = 3"
    ) == 2  # fmt: skip


async def test_the_holder_states_the_owners_stock_and_not_its_aims(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    casting = masters.ItemAddInput(number="4711", description="Casting", unit="C62")  # type: ignore[arg-type]
    await firms.act("bolt", masters.item_add, casting)
    await firms.act("bolt", masters.site_add, masters.SiteAddInput(code="HALL 1", name="Hall", kind=SiteKind.PLANT))
    owner, item = b'owner = "owner"\n[item]', b'owner = {value = "BOLT"}\n[site]'
    text = COUNTS.replace(b"[item]", owner).replace(b"[site]", item)
    given = parse_map(text + b'[target]\nminimum = "min"\n', "vmi", INVENTORY)
    line = '{"owner": "ACME", "material": {"number": "4711"}, "plant": "HALL 1", "stock": {"unrestricted": 5, "blocked": 0, "transit": 0}, "counted": "2026-03-01", "uom": "pcs", "min": MIN}\n'
    file = tmp_path / "file"
    file.write_text(line.replace("MIN", "null"))
    report = await desk.load(file, given, partner="BOLT")
    assert errors(report) == []
    assert counts(report, "created") == {"positions": 1, "statements": 1}
    file.write_text(line.replace("MIN", "3").replace("5", "6"))
    report = await desk.load(file, given, partner="BOLT")
    assert errors(report) == [(1, "FORBIDDEN", "")]
    assert await desk.rows("select available, minimum from inventory_position") == [(5, None)]


LINES: dict[str, tuple[str, str]] = {
    "no object": ("[1, 2]", "no JSON object"),
    "no JSON": ("{'a': 1}", "no JSON object"),
    "a list": ('{"material": {"number": ["4711"]}, "plant": "HALL 1"}', "a list under material.number"),
    "a key twice": ('{"plant": "HALL 1", "plant": "HALL 2"}', "a key stands twice"),
    "twice, joined": ('{"a": {"b": 1}, "a.b": 2}', "no JSON object"),
    "half a character as a key": ('{"\\ud83d": "1", "plant": "HALL 1"}', "no JSON object"),
    "half a character": ('{"plant": "\\ud83d"}', "no JSON object"),
    "too deep": ('{"a":' * 20_000 + "1" + "}" * 20_000, "nested too deep"),
    "a long number": ('{"plant": "HALL 1", "stock": {"unrestricted": ' + "9" * 5_000 + "}}", ""),
    "NaN": ('{"material": {"number": "4711"}, "plant": "HALL 1", "uom": "pcs", "counted": "2026-03-01", "stock": {"unrestricted": NaN}}', ""),
    "no offset": ('{"material": {"number": "4711"}, "plant": "HALL 1", "uom": "pcs", "counted": "2026-03-01T10:00:00", "stock": {"unrestricted": 1}}', "an instant needs its offset"),
    "the future": ('{"material": {"number": "4711"}, "plant": "HALL 1", "uom": "pcs", "counted": "2026-03-03", "stock": {"unrestricted": 1}}', "It lies in the future"),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
async def test_a_line_that_cannot_be_used_is_told_and_the_others_are_taken(
    desk: Desk, firms: Firms, tmp_path: Path, name: str
) -> None:
    line, said = LINES[name]
    good = (DATA / "stock_counts.jsonl").read_text().splitlines()[1]
    report = await loaded(desk, tmp_path, f"{good}\n{line}\n", parse_map(COUNTS, "stock", INVENTORY))
    [first, *_] = [each for each in report.findings.listed if each.level == ERROR]
    assert (first.row, said in first.done) == (2, True)
    assert await desk.value("select count(*) from inventory_position") == 1


async def test_a_key_that_no_line_has_is_not_taken_for_unknown(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    good = (DATA / "stock_counts.jsonl").read_text().replace("transit", "tranzit")
    with pytest.raises(Refusal, match=r"No line of the file has the key stock.transit; did you mean stock.tranzit\?"):
        await loaded(desk, tmp_path, good, parse_map(COUNTS, "stock", INVENTORY))


async def test_orders_too_may_come_as_json_lines(desk: Desk, tmp_path: Path) -> None:
    from tests.exchange.test_files import HEAD as COLUMNS
    from tests.exchange.test_files import MAP, ROW

    pairs = ", ".join(f'"{name}": "{cell}"' for name, cell in zip(COLUMNS.split(","), ROW.split(","), strict=True))
    file = tmp_path / "file"
    file.write_text("{" + pairs + "}\n")
    report = await desk.load(file, parse_map(MAP, "tiny"))
    assert report.complete
    assert await desk.rows("select buyer_number, total_amount from purchase_order") == [("P1", Decimal("12.5"))]


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


async def test_numbers_of_json_have_a_point_whatever_the_marks_of_texts(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    """1200.5 is no 12005, and 1.200 as a text is what the map says."""
    given = parse_map(COUNTS + b'[file]\ndecimal_mark = ","\nthousands = "."\n', "stock", INVENTORY)
    row = '{"material": {"number": "4711"}, "plant": "HALL 1", "uom": "pcs", "counted": "2026-03-01", "stock": {"unrestricted": 1200.5, "blocked": "1.200,5", "transit": 1.200}}\n'
    assert (await loaded(desk, tmp_path, row, given)).complete
    [found] = await desk.rows("select available, blocked, in_transit from inventory_position")
    assert found == (Decimal("1200.5"), Decimal("1200.5"), Decimal("1.2"))


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
