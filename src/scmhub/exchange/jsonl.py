"""JSON Lines as rows: what an interface exports, in the same maps and under the same limits as a table."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from scmhub.exchange.findings import printable
from scmhub.exchange.parsers import Number
from scmhub.exchange.reading import MOST_COLUMNS, Row, Source, refuse

_SHOWN = 200


class JsonLines:
    """An object per line; a nested object's keys are joined by dots. Numbers are taken as they are written."""

    def __init__(self, source: Source, first: str | None, wanted: Sequence[str]) -> None:
        if first is None or not first.strip():
            refuse("The file is empty: an object per line is needed.")
        self._source = source
        self._first: str | None = first
        self._places = {name: place for place, name in enumerate(dict.fromkeys((*wanted, *_names(first))))}
        self.header = list(self._places)
        self._never_seen = set(wanted)

    @property
    def digest(self) -> str:
        return self._source.digest

    def rows(self) -> Iterator[Row]:
        """Refusal at the end for a key the map names and no line has: a word misspelt would lose its column."""
        lines = self._source.lines
        while (text := self._next()) is not None:
            if text.strip():
                yield self._row(text, lines.number)
            lines.begin_row()
        if self._never_seen:
            name = min(self._never_seen)
            refuse(f"No line of the file has the key {name}{_near(name, self.header, self._never_seen)}")

    def _next(self) -> str | None:
        text, self._first = self._first, None
        return text if text is not None else next(self._source.lines, None)

    def _row(self, text: str, number: int) -> Row:
        if self._source.lines.broken:
            return Row(number, [text[:_SHOWN]], f"not {self._source.encoding}")
        try:
            found = _read(text)
        except ValueError as error:
            return Row(number, [text[:_SHOWN]], f"no JSON object of plain values ({error})")
        self._never_seen -= found.keys()
        cells = [""] * len(self.header)
        for name, value in found.items():
            if name in self._places:
                cells[self._places[name]] = value
        return Row(number, cells)


def _read(text: str) -> dict[str, str]:
    """Keys and values of one line; ValueError."""
    try:
        found = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=str, object_pairs_hook=_unique)
        if not isinstance(found, dict):
            raise ValueError("it is something else")
        return _unique(list(_flat(found)))  # {"a.b": 1, "a": {"b": 2}} says two things of a.b
    except RecursionError:
        raise ValueError("nested too deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    if len(found) > MOST_COLUMNS:
        raise ValueError(f"more than {MOST_COLUMNS} keys")
    return found


def _flat(found: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Keys with their values as texts; null is an empty text."""
    for name, value in found.items():
        match value:
            case dict():
                yield from _flat(value, f"{before}{name}.")
            case list():
                raise ValueError(f"a list under {printable(before + name)}")
            case None:
                yield _whole(before + name), ""
            case bool():
                yield _whole(before + name), str(value).lower()
            case _:
                yield _whole(before + name), _whole(value)


def _whole(text: str) -> str:
    """Half a character, which JSON can spell, is none: ValueError."""
    text.encode()
    return text


def _names(first: str) -> list[str]:
    try:
        return list(_read(first))
    except ValueError:
        return []


def _near(name: str, header: Sequence[str], missing: Collection[str]) -> str:
    found = difflib.get_close_matches(name, [each for each in header if each not in missing], n=1, cutoff=0.4)
    return f"; did you mean {found[0]}?" if found else "."
