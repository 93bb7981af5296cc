"""Exact amounts: how a decimal is read, written and rounded; never a float."""

from __future__ import annotations

import re
from decimal import Decimal

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
SCALE = 6
LARGEST = Decimal(10) ** 15


def parse_decimal(text: object) -> Decimal:
    """A decimal from its wire form: ASCII digits, at most 15 before and 12 after the point.

    ValueError for anything else: numbers, exponents, signs other than ``-``, NaN, Infinity.
    """
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise ValueError('expected a decimal in a string, such as "12.50"')
    value = Decimal(text)
    return abs(value) if value == 0 else value


def render_decimal(value: Decimal) -> str:
    """The shortest plain form, as PostgreSQL's ``trim_scale`` prints it: no exponent, no ``-0``."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def scale_of(value: Decimal) -> int:
    """Digits after the point that carry information."""
    text = render_decimal(value)
    return len(text.partition(".")[2])
