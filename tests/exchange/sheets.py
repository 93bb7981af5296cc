"""Sheets as planners and stock systems write them, and the maps that read them."""

from __future__ import annotations

from pathlib import Path

from scmhub.exchange.findings import ERROR
from scmhub.exchange.mapping import Map, parse_map
from scmhub.exchange.run import Report
from scmhub.exchange.targets import FORECASTS
from tests.exchange.conftest import Desk

DATA = Path(__file__).with_name("data")
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


def demand() -> Map:
    return parse_map(DEMAND, "demand", FORECASTS)


async def loaded(desk: Desk, tmp_path: Path, text: str, given: Map, *, apply: bool = True) -> Report:
    file = tmp_path / "file"
    file.write_text(text, "utf-8")
    return await desk.load(file, given, apply=apply, partner="ACME")


def errors(report: Report) -> list[tuple[int, str, str]]:
    """Row, code and column of what was left out."""
    return sorted((each.row, each.code, each.column) for each in report.findings.listed if each.level == ERROR)
