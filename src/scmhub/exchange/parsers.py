"""One cell, one value: what the words of a file mean. Nothing is rounded, and nothing unknown becomes a number."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache

from scmhub.exchange.targets import Target
from scmhub.graph.scalars import clean_text
from scmhub.partners import countries, currencies, units
from scmhub.quantity import LARGEST, SCALE, scale_of

Value = str | Decimal | date | datetime
PARSERS = ("text", "slug", "key", "code", "decimal", "integer", "date", "instant", "country", "currency", "unit")
PARTNER_CODE = 40
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_DIGEST = 10


@dataclass(frozen=True, slots=True)
class Rules:
    """How the cells of one source are read. ``words``: this word stands for that value."""

    parser: str
    formats: tuple[str, ...] = ()
    words: Mapping[str, str] | None = None
    decimal_mark: str = "."
    thousands: str = ""
    prefix: str = ""


class Number(str):
    """A number as JSON writes it: with a point and nothing between its thousands, whatever marks a map names."""

    __slots__ = ()


def parse(texts: tuple[str, ...], rules: Rules, target: Target) -> Value:
    """The value of one or several cells; ValueError in words a person can act on."""
    text = texts[0] if len(texts) == 1 else "\x1f".join(texts)
    match rules.parser:
        case "decimal" | "integer":
            return _amount(text, rules, target)
        case "date":
            return _day(text, rules.formats)
        case "instant":
            return _instant(text, rules.formats)
        case "key":
            return _fit(rules.prefix + digest_key(texts), target)
        case "slug":
            return _fit(_slugged(text, rules), target)
        case "text":
            return _fit(rules.prefix + _word(text, rules), target)
        case _:
            return _code(_word(text, rules), rules.parser, target)


def _word(text: str, rules: Rules) -> str:
    return (rules.words or {}).get(text, text)


def _fit(text: str, target: Target) -> str:
    if text.isascii() and text.isprintable() and len(text) <= target.most:
        return text  # most texts; nothing in them to normalise or refuse
    return clean_text(text, target.most)


def _slugged(text: str, rules: Rules) -> str:
    """A table may name the code outright; else it is made from the text."""
    given = (rules.words or {}).get(text)
    return given if given is not None else slug(text, rules.prefix)


@lru_cache(maxsize=8192)
def slug(text: str, prefix: str = "") -> str:
    """A partner's or site's code made from its name: ``Côte d'Ivoire`` is COTE-D-IVOIRE.

    A name too long for a code, or without one letter A-Z or digit, gets a digest, so that two names stay two.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    made = prefix + re.sub(r"[^A-Z0-9]+", "-", plain).strip("-")
    if len(made) <= PARTNER_CODE and made != prefix:
        return made
    mark = hashlib.sha256(text.encode()).hexdigest()[:6].upper()
    return f"{made[: PARTNER_CODE - 7].rstrip('-')}-{mark}".lstrip("-")


def digest_key(texts: tuple[str, ...]) -> str:
    """A number made from several columns: the first one's word, and a digest of all."""
    digest = hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:_DIGEST].upper()
    head = slug(texts[0])[:20]
    return f"{head}-{digest}"


_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _amount(text: str, rules: Rules, target: Target) -> Decimal:
    plain = text if isinstance(text, Number) else _pointed(text, rules)
    if not _PLAIN.fullmatch(plain) or len(plain) > 64:
        raise ValueError("no number")
    value = Decimal(plain)
    _check_amount(value, target)
    if rules.parser == "integer" and value != value.to_integral_value():
        raise ValueError("no whole number")
    return abs(value) if value == 0 else value


def _pointed(text: str, rules: Rules) -> str:
    """With a point, whatever the file's marks are."""
    plain = _ungrouped(text, rules) if rules.thousands else text
    other = "," if rules.decimal_mark == "." else "."
    if other in plain:
        raise ValueError(f"no number with the decimal mark {rules.decimal_mark!r}")
    return plain.replace(rules.decimal_mark, ".")


def _ungrouped(text: str, rules: Rules) -> str:
    """Without the thousands marks, which stand before groups of three or the number means something else."""
    whole, mark, rest = text.partition(rules.decimal_mark)
    if rules.thousands in rest or any(len(group) != 3 for group in whole.split(rules.thousands)[1:]):
        raise ValueError(f"no number with {rules.thousands!r} between its thousands")
    return whole.replace(rules.thousands, "") + mark + rest


def _check_amount(value: Decimal, target: Target) -> None:
    if value < 0 or (target.positive and value == 0):
        raise ValueError("it must be greater than zero" if target.positive else "it must not be negative")
    if value >= LARGEST:
        raise ValueError("more than 15 digits before the point")
    if scale_of(value) > SCALE:
        raise ValueError(f"more than {SCALE} decimal places; nothing is rounded")


@lru_cache(maxsize=65536)
def _day(text: str, formats: tuple[str, ...]) -> date:
    for form in formats:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, no instant
        except ValueError:
            continue
        if _FIRST_YEAR <= found.year <= _LAST_YEAR:
            return found
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    raise ValueError(f"no date of the form {' or '.join(formats)}")


def _instant(text: str, formats: tuple[str, ...]) -> datetime:
    """An instant with its offset as ISO 8601 writes it, or a day: then its first moment, UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) <= len("2026-03-02"):
        return datetime.combine(_day(text, formats), time(), UTC)
    if found.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC, as in 2026-03-02T18:00:00+01:00")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return found.astimezone(UTC)


def _code(text: str, parser: str, target: Target) -> str:
    match parser:
        case "country":
            return countries.country(text)
        case "currency":
            return currencies.currency(text)
        case "unit":
            return units.unit(text)
    if text not in target.codes:
        raise ValueError(f"none of {', '.join(target.codes)}, and not in the map's table")
    return text
