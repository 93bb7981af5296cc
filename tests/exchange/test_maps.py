"""Maps are checked before any row; the guide's example runs; a cell is a number only if it is one."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scmhub.exchange.findings import Findings
from scmhub.exchange.mapping import BadMap, load_map, parse_map
from scmhub.exchange.parsers import Rules, parse, slug
from scmhub.exchange.reading import Row
from scmhub.exchange.rows import RowReader, load_line
from scmhub.exchange.targets import FORECASTS, INVENTORY, ORDERS, Target
from tests.exchange.conftest import EXCERPT, Desk, codes, counts
from tests.exchange.test_files import HEAD, MAP

_GUIDE = Path(__file__).parents[2] / "docs" / "import.md"

BAD = {
    "no TOML": (b"[order", "no TOML"),
    "unknown section": (b"[ordr]\nnumber='po'\n" + MAP, "Unknown section ordr; did you mean order"),
    "unknown target": (MAP + b'weigt_kg = "x"\n', r"Unknown target shipment.weigt_kg; did you mean shipment.weight_kg"),
    "unknown key": (MAP + b'freight = {frm = "x"}\n', "shipment.freight: Unknown key frm; did you mean from"),
    "unknown file key": (b"[file]\ndelimeter=','\n" + MAP, "Unknown key delimeter; did you mean delimiter"),
    "unknown parser": (MAP + b'freight = {from = "x", parser = "decimals"}\n', "did you mean decimal"),
    "unknown table": (b"[tables]\nmodes={}\n" + MAP + b'mode = {from = "x", table = "mods"}\n', "did you mean modes"),
    "table of no code": (MAP + b'mode = {from = "x", table = {"Air" = "PLANE"}}\n', "says Air is PLANE: none of AIR"),
    "unknown unit": (MAP.replace(b'"H87"', b'"PC"'), "item.unit: PC"),
    "unknown currency": (MAP.replace(b'"EUR"', b'"EURO"'), "order.currency: EURO"),
    "missing target": (MAP.replace(b'quantity = "qty"', b""), "fills no line.quantity"),
    "value and column": (MAP + b'mode = {from = "x", value = "AIR"}\n', "a value stands alone"),
    "number for a value": (MAP + b"mode = {value = 7}\n", "a value stands alone"),
    "words kept where nothing keeps them": (MAP + b'weight_kg = {from = "x", keep = ["y"]}\n', "only shipment.freight"),
    "bad pattern": (MAP + b'freight = {from = "x", unknown_pattern = "("}\n', "no regular expression"),
    "two columns for a number": (MAP + b'freight = {from = ["x", "y"]}\n', "several columns need"),
    "a list where a text is": (MAP + b"freight = {from = [1]}\n", "from is a text or a list of texts"),
    "encoding": (b"[file]\nencoding='klingon'\n" + MAP, "encoding klingon is unknown"),
    "utf-16": (b"[file]\nencoding='utf-16'\n" + MAP, "line ends as single bytes"),
    "section is no table": (MAP.replace(b"[shipment]", b"[other]"), "Unknown section other"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_map_that_cannot_be_used_names_place_and_nearest(name: str) -> None:
    raw, message = BAD[name]
    with pytest.raises(BadMap, match=message):
        parse_map(raw, name)


def test_a_map_that_is_not_there_names_those_of_the_hub() -> None:
    with pytest.raises(BadMap, match="maps of the hub: scms"):
        load_map("scm")


async def test_the_example_of_the_guide_does_what_the_guide_says(desk: Desk, tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```(toml|csv)\n(.*?)```", _GUIDE.read_text("utf-8"), re.DOTALL))
    file = tmp_path / "orders.csv"
    file.write_text(blocks["csv"], "utf-8")
    report = await desk.load(file, parse_map(blocks["toml"].encode(), "guide"))
    assert counts(report, "created") == {
        "orders": 2, "lines": 3, "schedule_lines": 3, "shipments": 1, "partners": 2, "sites": 1, "items": 2,
        "relationships": 1,
    }  # fmt: skip
    assert codes(report)["DERIVED"] == 1
    assert [(each.row, each.value) for each in report.findings.listed if each.code == "INVALID"] == [(5, "many")]
    lines = await desk.rows("select external_id, unit, quantity, unit_price, line_amount from order_line order by 1")
    assert lines == [
        ("4500/10", "H87", 100, Decimal("2.5"), 250), ("4500/20", "KGM", Decimal("7.5"), None, None),
        ("4501/10", "H87", 40, Decimal("2.5"), 100),
    ]  # fmt: skip
    shipments = await desk.rows("select number, freight_amount, state from shipment")
    assert shipments == [("ASN-1", Decimal("12.4"), "RECEIVED")]


def test_the_guide_names_every_target() -> None:
    text = _GUIDE.read_text("utf-8")
    names = [name for subject in (ORDERS, FORECASTS, INVENTORY) for name in subject.targets]
    assert [name for name in names if f"`{name}`" not in text] == []


_MONEY = st.text(max_size=12) | st.from_regex(r"[-+ ]?[0-9.,eE_]{0,8}", fullmatch=True)
_ZERO = re.compile(r"-?0+(\.0+)?")


@given(_MONEY)
@example("Freight Included in Commodity Cost")
@example("See ASN-93 (ID#:1281)")
@example("")
@example("0")
def test_unknown_never_becomes_zero(cell: str) -> None:
    """Of any cell there comes null, or the very number it spells."""
    reader = RowReader(parse_map(MAP, "tiny"), HEAD.split(","), Findings(), "ACME", date(2026, 1, 1))
    line = reader.read(Row(2, ["P1", "1", "Bolt", "4711", "5", cell, "2015-04-06", "", ""])).line
    assert line is not None
    if line.unit_price is None:
        assert line.amount is None
    elif line.unit_price == 0:
        assert _ZERO.fullmatch(cell.strip())
    else:
        assert Decimal(cell.strip()) == line.unit_price
    assert load_line(line.dump()) == line


def test_no_word_of_the_real_file_becomes_a_number() -> None:
    """Each figure of the public data is null, or what its cell says."""
    head, *rows = [row.split("\t") for row in EXCERPT.read_bytes().decode().split("\r")]
    reader = RowReader(load_map("scms"), head, Findings(), "SCMS", date(2026, 1, 1))
    for number, cells in enumerate(rows, 2):
        line = reader.read(Row(number, [cell.strip('"') for cell in cells])).line
        assert line is not None
        for column, value in (
            ("Weight (Kilograms)", line.weight_kg), ("Freight Cost (USD)", line.freight),
            ("Line Item Insurance (USD)", line.insurance), ("Pack Price", line.unit_price),
        ):  # fmt: skip
            cell = cells[head.index(column)]
            assert value == (Decimal(cell) if re.fullmatch(r"[0-9.]+", cell) else None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Côte d'Ivoire", "COTE-D-IVOIRE"),
        ("B&C GROUP S.A.", "B-C-GROUP-S-A"),
        ("SHANGHAI KEHUA BIOENGINEERING CO.,LTD.  (KHB)", "SHANGHAI-KEHUA-BIOENGINEERING-CO-6E1A5F"),
        ("日本", "-"),
    ],
)
def test_codes_made_of_names(name: str, code: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[A-Z0-9][A-Z0-9_-]{0,39}", made)
    assert made.startswith(code[:33].rstrip("-"))


def test_names_that_agree_in_forty_characters_stay_two() -> None:
    assert slug("X" * 45 + " one") != slug("X" * 45 + " two")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.234.567,5", "1234567.5"), ("1.234", "1234"), ("12,5", "12.5"), ("430.5", None), ("1..2", None), ("1,2.345", None)],
)
def test_thousands_stand_before_groups_of_three_or_it_is_no_such_number(text: str, value: str | None) -> None:
    rules, target = Rules("decimal", (), {}, ",", ".", ""), Target(("decimal",))
    if value is None:
        with pytest.raises(ValueError, match="no number"):
            parse((text,), rules, target)
    else:
        assert parse((text,), rules, target) == Decimal(value)
