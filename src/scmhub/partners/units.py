"""Units of measure: a trimmed table of UN/ECE Recommendation 20 (and the package types of Recommendation 21, ``X..``).

A unit has a dimension and an exact factor to the first unit of that dimension. A package holds what its item says, so
each package code is a dimension of its own. Codes of other lists (X12 355: ``PC``, ``LB``) are unknown here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

_EXACT_DIGITS = 60
_TABLE = {
    "count": (
        "C62 one 1|H87 piece 1|EA each 1|NAR number of articles 1|PR pair 2|NPR number of pairs 2|DZN dozen 12|"
        "CEN hundred 100|GRO gross 144|MIL thousand 1000"
    ),
    "mass": (
        "KGM kilogram 1|GRM gram 0.001|MGM milligram 0.000001|MC microgram 0.000000001|DTN decitonne 100|"
        "TNE tonne 1000|LBR pound 0.45359237|ONZ ounce 0.028349523125|STN short ton 907.18474|LTN long ton 1016.0469088"
    ),
    "length": (
        "MTR metre 1|DMT decimetre 0.1|CMT centimetre 0.01|MMT millimetre 0.001|KMT kilometre 1000|INH inch 0.0254|"
        "FOT foot 0.3048|YRD yard 0.9144|SMI mile 1609.344"
    ),
    "area": (
        "MTK square metre 1|CMK square centimetre 0.0001|MMK square millimetre 0.000001|KMK square kilometre 1000000|"
        "HAR hectare 10000|INK square inch 0.00064516|FTK square foot 0.09290304"
    ),
    "volume": (
        "MTQ cubic metre 1|LTR litre 0.001|DMQ cubic decimetre 0.001|MLT millilitre 0.000001|"
        "CMQ cubic centimetre 0.000001|CLT centilitre 0.00001|DLT decilitre 0.0001|HLT hectolitre 0.1|"
        "MMQ cubic millimetre 0.000000001|"
        "FTQ cubic foot 0.028316846592|GLL US gallon 0.003785411784|GLI imperial gallon 0.00454609|"
        "BLL barrel 0.158987294928"
    ),
    "time": "SEC second 1|MIN minute 60|HUR hour 3600|DAY day 86400|WEE week 604800",
    "energy": "JOU joule 1|KWH kilowatt hour 3600000|MWH megawatt hour 3600000000",
    "power": "WTT watt 1|KWT kilowatt 1000|MAW megawatt 1000000",
    "biological activity": "NIU international unit 1|MIU million international units 1000000",
}
_ALONE = (
    "SET set|KT kit|NMP number of packs|XPK package|XBX box|XCT carton|XCS case|XPX pallet|XBG bag|XSA sack|XDR drum|"
    "XBO bottle|XCN can|XRO roll|XRL reel|XCR crate|XPA packet"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: ``factor`` of the first unit of its ``dimension``, exact."""

    code: str
    name: str
    dimension: str
    factor: Decimal


def _units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for dimension, rows in _TABLE.items():
        for row in rows.split("|"):
            code, rest = row.split(" ", 1)
            name, factor = rest.rsplit(" ", 1)
            units[code] = Unit(code, name, dimension, Decimal(factor))
    for row in _ALONE.split("|"):
        code, name = row.split(" ", 1)
        units[code] = Unit(code, name, name, Decimal(1))
    return units


UNITS = _units()


def unit(code: str) -> str:
    """The code itself; ValueError for a code the table does not have."""
    if code not in UNITS:
        raise ValueError(f"{code} is no unit of UN/ECE Recommendation 20 that this hub knows")
    return code


def compatible(one: str, other: str) -> bool:
    """Whether a number means the same in both units: the same code, or 1:1 like C62, H87 and EA. Unknown codes: no."""
    if one not in UNITS or other not in UNITS:
        return False
    first, second = UNITS[one], UNITS[other]
    return first.dimension == second.dimension and first.factor == second.factor


def convertible(one: str, other: str) -> bool:
    """Whether an exact factor leads from one unit to the other: both of one dimension."""
    return one in UNITS and other in UNITS and UNITS[one].dimension == UNITS[other].dimension


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """``value`` in ``source`` in ``target``, to 60 digits; ValueError across dimensions or for unknown codes."""
    if not convertible(source, target):
        raise ValueError(f"no factor leads from {source} to {target}")
    with localcontext(prec=_EXACT_DIGITS):
        return value * UNITS[source].factor / UNITS[target].factor
