"""Broken and hostile files: refused in one clear sentence, or told row by row; memory flat, never a traceback."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from scmhub.errors import Refusal
from scmhub.exchange.mapping import BadMap, Map, parse_map
from tests.exchange.conftest import Desk, codes, counts

HEAD = "po,line,vendor,part,qty,price,day,asn,arrived"
ROW = "P1,1,Bolt,4711,5,2.50,2015-04-06,A1,2015-04-07"
MAP = b"""
[order]
number = "po"
currency = {value = "EUR"}
placed_on = "day"
[seller]
code = "vendor"
[ship_to]
code = {value = "HALL"}
[item]
number = "part"
description = "part"
unit = {value = "H87"}
[line]
external_id = "line"
quantity = "qty"
unit_price = "price"
requested_on = "day"
[shipment]
number = "asn"
arrived_on = "arrived"
"""


@pytest.fixture
def given() -> Map:
    return parse_map(MAP, "tiny")


def text(*rows: str, head: str = HEAD, end: str = "\n") -> bytes:
    return end.join((head, *rows)).encode()


REFUSED = {
    "empty": (b"", "The file is empty"),
    "blank": (b"\r\n\r\n", "The file is empty"),
    "archive": (b"PK\x03\x04rest", "an archive or a spreadsheet"),
    "gzip": (gzip.compress(b"x"), "compressed"),
    "doctype": (b"<!DOCTYPE x><x/>", "XML or HTML"),
    "utf-16": (text(ROW).decode().encode("utf-16"), "UTF-16"),
    "utf-16 without a mark": (text(ROW).decode().encode("utf-16-le"), "zero bytes"),
    "no header": (text(ROW, head="P0,0,Bolt,4711,5,2.50,2015-04-06,A1,2015-04-07"), "none of the map's columns"),
    "header not utf-8": (text(ROW, head=HEAD + ",gr").decode().replace("gr", "gr\xf6").encode("latin-1"), "not utf-8"),
    "million columns": (("," * 1_000_000).join((HEAD, "\n")).encode(), "columns; a table has at most 1000"),
    "long line": (text("P1," + "x" * 1_200_000), "Line 2 is longer than 1,048,576 bytes"),
    "long header": (b"x" * 1_200_000, "Line 1 is longer than 1,048,576 bytes"),
    "no line end in 3 MB": (b"po," + b"y" * 3_000_000, "Line 1 is longer"),
    "long cell": (text("P1," + "x" * 200_000), "Line 2 cannot be split into cells"),
    "open quote": (text('P1,1,"Bolt,4711,5', *[ROW] * 20_000), "Line 2: a quote is opened and not closed"),
    "open quote at the end": (text(ROW, 'P2,2,"Bolt,4711'), "Line 3"),
    "text behind a quote": (text('P1,1,"Bo"lt,4711,5,1,2015-04-06,,'), "Line 2 cannot be split"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_is_no_table_is_refused(desk: Desk, given: Map, tmp_path: Path, name: str) -> None:
    content, message = REFUSED[name]
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(Refusal, match="(?s).*" + message) as caught:
        await desk.load(file, given)
    assert len(caught.value.message) < 300
    assert await desk.value("select count(*) from partner where code <> 'HUB'") == 0


USABLE = {
    "plain": text(ROW),
    "CR": text(ROW, end="\r"),
    "CR LF and a mark": b"\xef\xbb\xbf" + text(ROW, "", end="\r\n"),
    "no last line end, blank lines": text("", ROW, "", ""),
    "semicolon": text(ROW).replace(b",", b";"),
    "tab": text(ROW).replace(b",", b"\t"),
    "quoted, with a line break": text(ROW.replace("Bolt", '"Bo\nlt"')).replace(b"Bo\nlt", b"Bolt\n"),
    "spaces around": text(ROW.replace(",", " , ")),
    "the header in the middle": text(ROW, HEAD),
    "the same row twice": text(ROW, ROW),
    "two header lines of the same name, not used": text(ROW + ",x,y", head=HEAD + ",more,more"),
}


@pytest.mark.parametrize("name", USABLE)
async def test_the_same_table_in_many_hands(desk: Desk, given: Map, tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(USABLE[name])
    report = await desk.load(file, given)
    assert report.complete
    assert await desk.rows(
        "select buyer_number, p.code, l.quantity, l.unit_price, l.line_amount, l.status from order_line l"
        " join purchase_order o on o.id = l.order_id join partner p on p.id = o.seller_id"
    ) == [("P1", "BOLT", 5, 2.5, 12.5, "RECEIVED")]


ROWS = {
    "decimal comma": ("P1,1,Bolt,4711,\"5,5\",2.50,2015-04-06,,", "INVALID"),
    "thousands": ("P1,1,Bolt,4711,\"5,000.00\",2.50,2015-04-06,,", "INVALID"),
    "no quantity": ("P1,1,Bolt,4711,,2.50,2015-04-06,,", "REQUIRED"),
    "zero quantity": ("P1,1,Bolt,4711,0,2.50,2015-04-06,,", "INVALID"),
    "negative quantity": ("P1,1,Bolt,4711,-5,2.50,2015-04-06,,", "INVALID"),
    "seventh decimal": ("P1,1,Bolt,4711,5.1234567,2.50,2015-04-06,,", "INVALID"),
    "sixteen digits": ("P1,1,Bolt,4711,1234567890123456,2.50,2015-04-06,,", "INVALID"),
    "exponent": ("P1,1,Bolt,4711,1e3,2.50,2015-04-06,,", "INVALID"),
    "arabic digits": ("P1,1,Bolt,4711,٥,2.50,2015-04-06,,", "INVALID"),
    "NaN": ("P1,1,Bolt,4711,NaN,2.50,2015-04-06,,", "INVALID"),
    "no day": ("P1,1,Bolt,4711,5,2.50,soon,,", "INVALID"),
    "no such day": ("P1,1,Bolt,4711,5,2.50,2015-02-29,,", "INVALID"),
    "year 0001": ("P1,1,Bolt,4711,5,2.50,0001-01-01,,", "INVALID"),
    "control character": ("P1\x1b,1,Bolt,4711,5,2.50,2015-04-06,,", "INVALID"),
    "bidi control": ("P1\u202e,1,Bolt,4711,5,2.50,2015-04-06,,", "INVALID"),
    "long number": ("P" * 81 + ",1,Bolt,4711,5,2.50,2015-04-06,,", "INVALID"),
    "too few cells": ("P1,1,Bolt,4711", "ROW"),
    "too many cells": (ROW + ",,", "ROW"),
    "a million cells": (ROW + "," * 1_000_000, "ROW"),
    "the buyer sells": ("P1,1,SCMS,4711,5,2.50,2015-04-06,,", "CONFLICT"),
    "same external id, other content": (
        "P0,1,Bolt,4711,5,2.50,2015-04-06,,\nP1,1,Bolt,4711,6,2.50,2015-04-06,,", "CONFLICT",
    ),
    "two sellers in one order": ("P1,8,Bolt,4711,5,2.50,2015-04-06,,\nP1,9,Nut,4711,5,2.50,2015-04-06,,", "CONFLICT"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
async def test_a_row_that_cannot_be_used_leaves_out_its_order_and_no_other(
    desk: Desk, given: Map, tmp_path: Path, name: str
) -> None:
    rows, code = ROWS[name]
    file = tmp_path / "file"
    file.write_bytes(text("P1,77,Bolt,4711,5,2.50,2015-04-06,,", rows, "P2,2,Bolt,4711,5,2.50,2015-04-06,,"))
    report = await desk.load(file, given)
    assert codes(report, "ERROR").get(code, 0) >= 1
    assert await desk.rows("select buyer_number from purchase_order") in ([("P2",)], [("P1",), ("P2",)])
    own = name in ("long number", "control character", "bidi control")
    assert (await desk.value("select count(*) from purchase_order where buyer_number = 'P1'") == 1) == own


async def test_a_line_of_another_encoding_is_told_and_the_rest_imported(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(text(ROW, "P2,2,Gr\xfcn,4711,5,1,2015-04-06,,").decode().encode("latin-1"))
    report = await desk.load(file, given)
    assert [(each.row, each.code) for each in report.findings.listed if each.level == "ERROR"] == [
        (3, "ROW"), (3, "ORDER_LEFT_OUT"),
    ]  # fmt: skip
    assert await desk.rows("select buyer_number from purchase_order") == [("P1",)]


UNSURE = {
    "price in words": ("P1,1,Bolt,4711,5,on request,2015-04-06,,", "unit_price"),
    "price with a comma": ('P1,1,Bolt,4711,5,"2,50",2015-04-06,,', "unit_price"),
    "negative price": ("P1,1,Bolt,4711,5,-1,2015-04-06,,", "unit_price"),
    "empty price": ("P1,1,Bolt,4711,5,,2015-04-06,,", "unit_price"),
}


@pytest.mark.parametrize("name", UNSURE)
async def test_what_may_be_unknown_is_null_and_never_zero(desk: Desk, given: Map, tmp_path: Path, name: str) -> None:
    row, column = UNSURE[name]
    file = tmp_path / "file"
    file.write_bytes(text(row))
    report = await desk.load(file, given)
    assert report.complete
    assert await desk.rows(f"select {column}, line_amount from order_line") == [(None, None)]
    assert await desk.value("select total_amount from purchase_order") is None


async def test_an_arrival_in_the_future_has_not_happened(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(text("P1,1,Bolt,4711,5,1,2026-04-06,A1,2026-04-07"))
    report = await desk.load(file, given)
    assert codes(report, "WARNING") == {"OUT_OF_RANGE": 1}
    assert await desk.rows("select state, actual_arrival from shipment") == [("PLANNED", None)]
    assert await desk.rows("select status, shipped from order_line") == [("SENT", 0)]


async def test_an_item_is_counted_in_one_unit(desk: Desk, tmp_path: Path) -> None:
    """In the file, and in the hub."""
    given = parse_map(MAP.replace(b'{value = "H87"}', b'"unit"'), "units")
    row = "P{0},{0},Bolt,4711,5,1,2015-04-06,,,{1}"
    file = tmp_path / "file"
    file.write_bytes(text(row.format(1, "H87"), row.format(2, "KGM"), row.format(3, "EA"), head=HEAD + ",unit"))
    assert codes(await desk.load(file, given), "ERROR") == {"UNIT_MISMATCH": 1, "ORDER_LEFT_OUT": 1}
    file.write_bytes(text(row.format(4, "KGM"), head=HEAD + ",unit"))
    assert codes(await desk.load(file, given), "ERROR") == {"CONFLICT": 1}
    assert await desk.rows("select buyer_number from purchase_order order by 1") == [("P1",), ("P3",)]


async def test_a_partner_found_by_its_code_under_another_name_is_told(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(text(ROW))
    await desk.load(file, given)
    await desk.rows("update partner set name = 'Bolt Marine' where code = 'BOLT' returning 1")
    report = await desk.load(file, given, apply=False)
    assert codes(report, "WARNING") == {"SAME_CODE": 1}


async def test_an_order_of_501_lines_is_left_out(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    rows = [f"P1,{n},Bolt,4711,5,1,2015-04-06,," for n in range(501)]
    file.write_bytes(text(*rows, "P2,a,Bolt,4711,5,1,2015-04-06,,"))
    report = await desk.load(file, given)
    assert (report.left_out, counts(report, "created")["orders"]) == (1, 1)


async def test_rows_of_an_order_and_a_shipment_may_be_spread_over_the_file(
    desk: Desk, given: Map, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two orders share a shipment, their rows alternate, and each order is a batch of its own."""
    monkeypatch.setattr("scmhub.exchange.scratch.BATCH_ROWS", 1)
    file = tmp_path / "file"
    rows = [f"P{n % 2},{n},Bolt,4711,5,1,2015-04-06,A1,2015-04-07" for n in range(6)]
    file.write_bytes(text(*rows))
    first = await desk.load(file, given)
    assert {what: counts(first, "created")[what] for what in ("orders", "lines", "shipments")} == {
        "orders": 2, "lines": 6, "shipments": 1,
    }  # fmt: skip
    assert await desk.rows("select count(*), max(line_no) from shipment_line") == [(6, 6)]
    before = await desk.everything()
    again = await desk.load(file, given)
    assert counts(again, "updated") == {}
    assert await desk.everything() == before


async def test_a_missing_column_names_the_nearest(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(text(ROW, head=HEAD.replace("price", "prize")))
    with pytest.raises(BadMap, match="no column price; did you mean prize"):
        await desk.load(file, given)


async def test_a_column_that_is_there_twice_is_not_guessed(desk: Desk, given: Map, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(text(ROW + ",7", head=HEAD + ",qty"))
    with pytest.raises(BadMap, match="2 columns qty"):
        await desk.load(file, given)


async def test_memory_does_not_grow_with_the_file(desk: Desk, given: Map, tmp_path: Path) -> None:
    """40,000 rows whose order is refused: all of them are read, and findings are counted, not kept."""
    file = tmp_path / "file"
    file.write_bytes(text(*(f"P{n},{n},Bolt,4711,many,words,2015-04-06,A{n},never" for n in range(40_000))))
    tracemalloc.start()
    try:
        report = await desk.load(file, given, apply=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.left_out == 40_000
    assert peak < 8_000_000
