"""Stock from files, line by line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from scmhub.errors import Refusal
from scmhub.exchange.findings import ERROR
from scmhub.exchange.mapping import parse_map
from scmhub.exchange.targets import INVENTORY
from scmhub.records.partners import commands as masters
from scmhub.records.partners.api import SiteKind
from tests.exchange.conftest import Desk, counts
from tests.exchange.sheets import COUNTS, DATA, errors, loaded
from tests.records.firms import Firms


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


async def test_numbers_of_json_have_a_point_whatever_the_marks_of_texts(desk: Desk, firms: Firms, tmp_path: Path) -> None:
    """1200.5 is no 12005, and 1.200 as a text is what the map says."""
    given = parse_map(COUNTS + b'[file]\ndecimal_mark = ","\nthousands = "."\n', "stock", INVENTORY)
    row = '{"material": {"number": "4711"}, "plant": "HALL 1", "uom": "pcs", "counted": "2026-03-01", "stock": {"unrestricted": 1200.5, "blocked": "1.200,5", "transit": 1.200}}\n'
    assert (await loaded(desk, tmp_path, row, given)).complete
    [found] = await desk.rows("select available, blocked, in_transit from inventory_position")
    assert found == (Decimal("1200.5"), Decimal("1200.5"), Decimal("1.2"))
