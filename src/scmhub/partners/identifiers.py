"""Identifiers of the trade and their check digits: GTIN, GLN, SSCC (GS1, modulo 10) and LEI (ISO 17442)."""

from __future__ import annotations

import re

_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_GLN = re.compile(r"[0-9]{13}")
_SSCC = re.compile(r"[0-9]{18}")
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")


def check_digit(digits: str) -> int:
    """The GS1 check digit that belongs behind ``digits``: weights 3, 1, 3, ... from the right, complement to 10.

    Source: GS1 General Specifications, section 7.9.
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def _checked(text: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"expected {what}")
    wanted = check_digit(text[:-1])
    if int(text[-1]) != wanted:
        raise ValueError(f"wrong check digit: it ends in {text[-1]}, by its other digits it should end in {wanted}")
    return text


def gtin(text: str) -> str:
    """A GTIN-8, -12, -13 or -14, padded with zeros to 14 digits; ValueError for another form or check digit."""
    return _checked(text, _GTIN, "a GTIN of 8, 12, 13 or 14 digits").zfill(14)


def gln(text: str) -> str:
    """A Global Location Number of 13 digits; ValueError for another form or a wrong check digit."""
    return _checked(text, _GLN, "a GLN of 13 digits")


def sscc(text: str) -> str:
    """A Serial Shipping Container Code of 18 digits; ValueError for another form or a wrong check digit."""
    return _checked(text, _SSCC, "an SSCC of 18 digits")


def lei(text: str) -> str:
    """A Legal Entity Identifier of 20 characters, letters read as 10 to 35; ValueError if it is not 1 modulo 97.

    Source: ISO 17442, ISO/IEC 7064 MOD 97-10.
    """
    if not _LEI.fullmatch(text):
        raise ValueError("expected an LEI of 18 letters or digits and 2 check digits")
    if int("".join(str(int(character, 36)) for character in text)) % 97 != 1:
        raise ValueError("wrong check digits")
    return text
