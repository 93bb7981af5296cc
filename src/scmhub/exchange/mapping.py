"""The map: which column fills which target, and what its words mean. A TOML file, checked in full before any row."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from scmhub.exchange.parsers import PARSERS, Rules, Value, parse
from scmhub.exchange.reading import Format
from scmhub.exchange.targets import ORDERS, Subject, Target

_FILE_KEYS = ("format", "delimiter", "quote", "encoding", "decimal_mark", "thousands", "unknown", "ignore")
_SOURCE_KEYS = (
    "from", "value", "parser", "unknown", "unknown_pattern", "keep", "dates", "table", "prefix", "join", "labels",
)  # fmt: skip


class BadMap(ValueError):
    """The map cannot be used; the text names the place and the nearest name that would do."""


@dataclass(frozen=True, slots=True)
class Source:
    """Columns that give one value. ``unknown`` words and ``patterns`` mean that it is not known; ``keep``: so do
    these, and their text is worth keeping (a freight note)."""

    columns: tuple[str, ...]
    rules: Rules
    unknown: frozenset[str]
    patterns: tuple[re.Pattern[str], ...] = ()
    keep: frozenset[str] = frozenset()
    join: str = ""
    labels: bool = False

    def is_unknown(self, text: str) -> bool:
        return text in self.unknown or text in self.keep or any(each.fullmatch(text) for each in self.patterns)


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One target: a constant, or sources of which the first known one counts."""

    name: str
    target: Target
    constant: Value | None = None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Map:
    """A checked map. ``digest`` tells two maps apart."""

    subject: Subject
    name: str
    digest: str
    form: Format
    fields: tuple[FieldMap, ...]
    ignore: frozenset[str] = field(default_factory=frozenset)

    def columns(self) -> list[str]:
        """Every column the map reads, once."""
        return list(dict.fromkeys(name for each in self.fields for source in each.sources for name in source.columns))

    def constant(self, name: str) -> str | None:
        found = next((each.constant for each in self.fields if each.name == name), None)
        return None if found is None else str(found)


def load_map(name: str, subject: Subject = ORDERS) -> Map:
    """A map by path, or one that comes with the hub by name; BadMap."""
    shipped = files("scmhub.exchange") / "maps"
    source = shipped / f"{name}.toml" if re.fullmatch(r"[a-z0-9_-]+", name) else Path(name)
    try:
        raw = source.read_bytes()
    except OSError as error:
        known = ", ".join(sorted(each.name.removesuffix(".toml") for each in shipped.iterdir()))
        raise BadMap(f"No map {name} ({error.strerror}). Give a file; maps of the hub: {known}.") from None
    return parse_map(raw, Path(name).stem, subject)


def parse_map(raw: bytes, name: str, subject: Subject = ORDERS) -> Map:
    """The map in a TOML text; BadMap."""
    try:
        given = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMap(f"The map is no TOML: {error}.") from None
    sections = tuple(dict.fromkeys(name.partition(".")[0] for name in subject.targets))
    _known(given, ("file", "tables", *sections), "section", "")
    file = _table(given.get("file", {}), "file")
    _known(file, _FILE_KEYS, "key", "[file] ")
    tables = {key: _words(value, f"[tables] {key}") for key, value in _table(given.get("tables", {}), "tables").items()}
    reader = _Reader(subject, file, tables)
    fields = tuple(reader.fields(given, sections))
    missing = [key for key, each in subject.targets.items() if each.required and key not in {f.name for f in fields}]
    if missing:
        raise BadMap(f"The map fills no {', '.join(missing)}; each row needs that.")
    ignored = frozenset(_texts(file, "ignore", "[file]"))
    return Map(subject, name, hashlib.sha256(raw).hexdigest(), _format(file), fields, ignored)


def _format(file: Mapping[str, Any]) -> Format:
    delimiter, quote = str(file.get("delimiter", "")), str(file.get("quote", '"'))
    if delimiter == "auto":
        delimiter = ""
    if len(delimiter) > 1 or len(quote) > 1:
        raise BadMap("[file] delimiter and quote are single characters.")
    encoding, form = str(file.get("encoding", "utf-8")), str(file.get("format", ""))
    if form not in ("", "delimited", "jsonl"):
        raise BadMap("[file] format is delimited or jsonl; without it the file shows which it is.")
    try:
        if "\r\n".encode(encoding) != b"\r\n":
            raise BadMap(f"[file] encoding {encoding} does not write line ends as single bytes.")
    except LookupError:
        raise BadMap(f"[file] encoding {encoding} is unknown.") from None
    return Format(delimiter, quote, encoding, form)


class _Reader:
    """Reads the sections of targets, with the defaults of the file at hand."""

    def __init__(
        self, subject: Subject, file: Mapping[str, Any], tables: Mapping[str, Mapping[str, str]]
    ) -> None:  # fmt: skip
        self._subject = subject
        self._mark = str(file.get("decimal_mark", "."))
        self._thousands = str(file.get("thousands", ""))
        self._unknown = frozenset(["", *_texts(file, "unknown", "[file]")])
        self._tables = tables
        if self._mark not in (".", ","):
            raise BadMap("[file] decimal_mark is . or ,")
        if self._thousands == self._mark:
            raise BadMap("[file] thousands and decimal_mark are the same")

    def fields(self, given: Mapping[str, Any], sections: tuple[str, ...]) -> Iterator[FieldMap]:
        subject = self._subject
        found = {f"{section}.{key}": value for section in sections for key, value in _section(given, section)}
        _known(found, subject.targets, "target", "")
        for name, target in subject.targets.items():
            if name in found:
                yield self._field(name, target, found[name])
            elif name in subject.defaults:
                yield FieldMap(name, target, subject.defaults[name])

    def _field(self, name: str, target: Target, given: Any) -> FieldMap:
        entries = given if isinstance(given, list) else [given]
        entries = [{"from": each} if isinstance(each, str) else _table(each, name) for each in entries]
        for entry in entries:
            _known(entry, _SOURCE_KEYS, "key", f"{name}: ")
        if any("value" in entry for entry in entries):
            return FieldMap(name, target, self._constant(name, target, entries))
        if name in self._subject.constant_only:
            raise BadMap(f'{name} is the same for the whole file: write {{value = "..."}}.')
        return FieldMap(name, target, None, tuple(self._source(name, target, entry) for entry in entries))

    def _constant(self, name: str, target: Target, entries: list[dict[str, Any]]) -> Value:
        if len(entries) > 1 or set(entries[0]) != {"value"} or not isinstance(entries[0]["value"], str):
            raise BadMap(f"{name}: a value stands alone, as text.")
        rules = Rules(target.parsers[0] if "text" not in target.parsers else "text", ("%Y-%m-%d",))
        try:
            return parse((entries[0]["value"],), rules, target)
        except ValueError as error:
            raise BadMap(f"{name}: {entries[0]['value']}: {error}.") from None

    def _source(self, name: str, target: Target, entry: dict[str, Any]) -> Source:
        columns = tuple(_texts(entry, "from", name))
        parser = entry.get("parser", target.parsers[0])
        if not columns:
            raise BadMap(f"{name}: say from which column (from), or a value.")
        if parser not in target.parsers:
            raise BadMap(f"{name}: the parser {parser} does not fit{_nearest(str(parser), target.parsers, PARSERS)}")
        if len(columns) > 1 and parser not in ("text", "key"):
            raise BadMap(f"{name}: several columns need the parser text or key.")
        words = self._words_of(name, target, parser, entry.get("table"))
        formats = tuple(_texts(entry, "dates", name)) or ("%Y-%m-%d",)
        return Source(
            columns, Rules(parser, formats, words, self._mark, self._thousands, str(entry.get("prefix", ""))),
            self._unknown | frozenset(_texts(entry, "unknown", name)), _patterns(entry, name),
            _kept(entry, name), str(entry.get("join", " ")), bool(entry.get("labels", False)),
        )  # fmt: skip

    def _words_of(self, name: str, target: Target, parser: str, given: Any) -> Mapping[str, str] | None:
        if given is None:
            return None
        if isinstance(given, str) and given not in self._tables:
            raise BadMap(f"{name}: there is no table {given}{_nearest(given, self._tables)}")
        words = self._tables[given] if isinstance(given, str) else _words(given, name)
        for word, value in words.items():
            try:
                parse((value,), Rules("text" if parser in ("slug", "key") else parser), target)
            except ValueError as error:
                raise BadMap(f"{name}: the table says {word} is {value}: {error}.") from None
        return words


def _section(given: Mapping[str, Any], section: str) -> Iterator[tuple[str, Any]]:
    yield from _table(given.get(section, {}), section).items()


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMap(f"{where}: a table is expected here.")
    return value


def _words(value: Any, where: str) -> dict[str, str]:
    table = _table(value, where)
    if not all(isinstance(each, str) for each in table.values()):
        raise BadMap(f"{where}: words stand for words; put them in quotes.")
    return table


def _texts(entry: Mapping[str, Any], key: str, where: str) -> list[str]:
    given = entry.get(key, [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise BadMap(f"{where}: {key} is a text or a list of texts.")
    return listed


def _patterns(entry: Mapping[str, Any], where: str) -> tuple[re.Pattern[str], ...]:
    try:
        return tuple(re.compile(each) for each in _texts(entry, "unknown_pattern", where))
    except re.error as error:
        raise BadMap(f"{where}: unknown_pattern is no regular expression: {error}.") from None


def _kept(entry: Mapping[str, Any], name: str) -> frozenset[str]:
    kept = frozenset(_texts(entry, "keep", name))
    if kept and name != "shipment.freight":
        raise BadMap(f"{name}: only shipment.freight has a place to keep words (its note).")
    return kept


def _known(given: Collection[str], names: Collection[str], what: str, where: str) -> None:
    for each in given:
        if each not in names:
            raise BadMap(f"{where}Unknown {what} {each}{_nearest(each, names)}")


def _nearest(name: str, *names: Collection[str]) -> str:
    found = difflib.get_close_matches(name, [*dict.fromkeys(each for some in names for each in some)], n=1, cutoff=0.4)
    return f"; did you mean {found[0]}?" if found else f"; there are {', '.join(sorted(names[0])[:12]) or 'none'}."


def check_columns(given: Map, header: list[str]) -> None:
    """BadMap for a column the file does not have, or has twice."""
    for name in given.columns():
        found = header.count(name)
        if found == 0:
            raise BadMap(f"The file has no column {name}{_nearest(name, header)}")
        if found > 1:
            raise BadMap(f"The file has {found} columns {name}: which one is meant? Rename one of them.")
