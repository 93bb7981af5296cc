"""Check digits with published examples, units, currencies and countries."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scmhub.partners import countries, currencies, identifiers, units


@pytest.mark.parametrize(
    ("check", "text", "kept"),
    [
        (identifiers.gtin, "73513537", "00000073513537"), (identifiers.gtin, "036000291452", "00036000291452"),
        (identifiers.gtin, "4006381333931", "04006381333931"), (identifiers.gtin, "10614141000415", "10614141000415"),
        (identifiers.gln, "4012345000009", "4012345000009"),
        (identifiers.sscc, "340123450000000000", "340123450000000000"),
        (identifiers.lei, "529900T8BM49AURSDO55", "529900T8BM49AURSDO55"),
    ],
)  # fmt: skip
def test_published_examples_are_taken(check: object, text: str, kept: str) -> None:
    assert check(text) == kept  # type: ignore[operator]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (identifiers.gtin, "73513538"), (identifiers.gtin, "123456789"), (identifiers.gtin, ""),
        (identifiers.gtin, "٧٣٥١٣٥٣٧"), (identifiers.gtin, "73513537\n"), (identifiers.gln, "401234500009"),
        (identifiers.sscc, "340123450000000001"), (identifiers.lei, "529900T8BM49AURSDO56"),
        (identifiers.lei, "529900t8bm49aursdo55"),
    ],
)  # fmt: skip
def test_wrong_digits_and_forms_are_refused(check: object, text: str) -> None:
    with pytest.raises(ValueError):
        check(text)  # type: ignore[operator]


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, by: int) -> None:
    right = body + str(identifiers.check_digit(body))
    assert identifiers.sscc(right) == right
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        identifiers.sscc(wrong)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("C62", "H87", True), ("H87", "EA", True), ("KGM", "KGM", True), ("LTR", "DMQ", True), ("KGM", "GRM", False),
        ("C62", "DZN", False), ("C62", "KGM", False), ("XBX", "XBX", True), ("XBX", "XCT", False), ("PC", "PC", False),
    ],
)  # fmt: skip
def test_units_are_compatible_if_a_number_means_the_same(one: str, other: str, same: bool) -> None:
    assert units.compatible(one, other) is same
    assert units.compatible(other, one) is same


def test_conversion_is_exact_and_stays_in_its_dimension() -> None:
    assert units.convert(Decimal("1.5"), "TNE", "GRM") == Decimal(1_500_000)
    assert units.convert(Decimal(3), "DZN", "C62") == 36
    assert units.convert(Decimal(1), "LBR", "KGM") == Decimal("0.45359237")
    for one, other in (("KGM", "LTR"), ("XBX", "C62"), ("C62", "???")):
        with pytest.raises(ValueError, match="no factor"):
            units.convert(Decimal(1), one, other)


def test_every_unit_has_a_code_the_hub_can_store() -> None:
    assert len(units.UNITS) >= 40
    assert all(code.isascii() and code.isalnum() and code.isupper() and len(code) <= 3 for code in units.UNITS)


def test_codes_are_closed_lists() -> None:
    assert {currencies.MINOR_UNITS[code] for code in ("JPY", "EUR", "KWD", "UYW")} == {0, 2, 3, 4}
    assert currencies.currency("EUR") == "EUR"
    assert countries.country("DE") == "DE"
    assert len(countries.CODES) == 249
    for check, code in ((currencies.currency, "HRK"), (countries.country, "UK"), (units.unit, "PC")):
        with pytest.raises(ValueError):
            check(code)
