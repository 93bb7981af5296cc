"""Values on the wire: strict scalars, so that an impossible value never reaches a command or a statement."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode
from graphql.language import StringValueNode
from strawberry.types.scalar import ScalarDefinition

from scmhub.clock import render
from scmhub.quantity import parse_decimal, render_decimal

UnitCode = NewType("UnitCode", str)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,6})?([Zz]|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def parse_instant(text: object) -> datetime:
    """RFC 3339 with an offset of at most 14:00, years 1970-2200; ValueError otherwise."""
    match = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not match or match[6] == "60":
        raise ValueError('expected an instant with offset, such as "2026-03-01T12:00:00Z"')
    offset = "+00:00" if match[8] in "Zz" else match[8]
    if offset[1:3] == "14" and offset[4:6] != "00":
        raise ValueError("the offset of an instant is at most 14:00")
    value = datetime.fromisoformat(f"{match[0][:10]}T{match[4]}:{match[5]}:{match[6]}{match[7] or ''}{offset}")
    _check_year(value.year)
    return value.astimezone(UTC)


def parse_date(text: object) -> date:
    """YYYY-MM-DD, years 1970-2200; ValueError otherwise."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise ValueError('expected a date such as "2026-03-01"')
    value = date.fromisoformat(text)
    _check_year(value.year)
    return value


def _check_year(year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")


def clean_text(text: str, most: int, *, lines: bool = False) -> str:
    """Text in NFC; ValueError for control characters, NUL, lone surrogates, bidi controls, or over ``most`` points."""
    text = unicodedata.normalize("NFC", text)
    if len(text) > most:
        raise ValueError(f"at most {most} characters")
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Cs") and not (lines and character in "\n\t"):
            raise ValueError("control characters are not allowed")
        if category == "Cf" and character != "\u200d":
            raise ValueError("invisible format characters are not allowed")
    return text


def _code(pattern: str, example: str) -> Any:
    compiled = re.compile(pattern, re.ASCII)

    def parse(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"expected a code such as {example}")
        return value

    return parse


def _scalar(name: str, description: str, url: str, parse: Any, serialize: Any = str) -> ScalarDefinition:
    def parse_value(value: object) -> Any:
        try:
            return parse(value)
        except ValueError as error:
            raise GraphQLError(f"{name}: {error}") from None

    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return parse_value(node.value if isinstance(node, StringValueNode) else None)

    return strawberry.scalar(
        name=name,
        description=description,
        specified_by_url=url,
        serialize=serialize,
        parse_value=parse_value,
        parse_literal=parse_literal,
    )


_RFC3339 = "https://www.rfc-editor.org/rfc/rfc3339"
SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _scalar(
        "Decimal",
        "An exact decimal in a string: at most 15 digits before and 12 after the point, no exponent.",
        "https://www.w3.org/TR/xmlschema-2/#decimal",
        parse_decimal,
        render_decimal,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant with offset (RFC 3339), years 1970 to 2200; answered in UTC.",
        _RFC3339,
        parse_instant,
        render,
    ),
    date: _scalar("Date", "A calendar date, YYYY-MM-DD, years 1970 to 2200.", _RFC3339, parse_date, str),
    UnitCode: _scalar(
        "UnitCode",
        "A unit of measure of UN/ECE Recommendation 20, such as C62 (one), KGM or MTR.",
        "https://unece.org/trade/uncefact/cl-recommendations",
        _code(r"[A-Z0-9]{1,3}", '"C62"'),
    ),
    CurrencyCode: _scalar(
        "CurrencyCode",
        "A currency of ISO 4217, such as EUR.",
        "https://www.iso.org/iso-4217-currency-codes.html",
        _code(r"[A-Z]{3}", '"EUR"'),
    ),
    CountryCode: _scalar(
        "CountryCode",
        "A country of ISO 3166-1 alpha-2, such as DE.",
        "https://www.iso.org/iso-3166-country-codes.html",
        _code(r"[A-Z]{2}", '"DE"'),
    ),
}
