"""From one row of the file to values by target, cell by cell; what cannot be used is told and left unknown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scmhub.exchange.findings import ERROR, NOTE, WARNING, Findings
from scmhub.exchange.mapping import FieldMap, Map, Source
from scmhub.exchange.parsers import PARTNER_CODE, Number, Value, parse
from scmhub.exchange.reading import Row

Values = dict[str, Value | None]


class CellReader:
    """Applies a map to rows under one header."""

    def __init__(self, given: Map, header: Sequence[str], findings: Findings, keys: Collection[str] = ()) -> None:
        """``keys``: targets that say what a row is about; left unknown, it would be taken for another thing."""
        self._findings = findings
        self._keys = keys
        self.lost = False
        """Whether a key of the row that was read last could not be used."""
        self._places = {name: place for place, name in enumerate(header)}
        constant = given.subject.constant_only
        self._fields = [each for each in given.fields if each.name not in constant]

    def values(self, row: Row, notes: list[str] | None = None) -> tuple[Values, bool]:
        """Values by target, and whether every required one is there. ``notes`` takes words that are worth keeping."""
        values: Values = {}
        complete, self.lost = True, False
        for each in self._fields:
            value = each.constant
            if value is None:
                value = self._value(row.number, row.cells, each, notes if notes is not None else [])
            values[each.name] = value
            complete = complete and not (each.target.required and value is None)
        return values, complete

    def in_trouble(self, row: Row) -> bool:
        """Whether the row cannot be read at all, which is then told."""
        if row.trouble:
            done = f"{row.trouble}: the row cannot be used"
            self._findings.add(ERROR, "ROW", row.number, "", "\t".join(row.cells[:4]), done)
        return bool(row.trouble)

    def raw(self, cells: Sequence[str], name: str) -> str | None:
        """The cell of a target in a broken row: the first cells are most likely in place."""
        for each in self._fields:
            if each.name == name and each.sources:
                places = [self._places[column] for column in each.sources[0].columns]
                if len(places) == 1 and places[0] < len(cells):
                    return cells[places[0]].strip() or None
        return None

    def codes_fit(self, row: int, values: Values, *names: str) -> bool:
        """Whether these are codes that partners can have; what is not is told."""
        for name in names:
            code = values.get(name)
            if code is not None and not is_code(str(code)):
                done = f"{name} has 1 to {PARTNER_CODE} characters A-Z, 0-9, - and _: the row cannot be used"
                self._findings.add(ERROR, "INVALID", row, name, str(code), done)
                return False
        return True

    def _value(self, number: int, cells: Sequence[str], each: FieldMap, notes: list[str]) -> Value | None:
        """The first source that knows; what came before it is told as derived."""
        for place, source in enumerate(each.sources):
            texts = tuple(_trimmed(cells[self._places[column]]) for column in source.columns)
            value = self._from(number, texts, each, source, notes)
            if value is not None:
                if place:
                    done = f"{each.name} derived from {source.columns[0]}"
                    self._findings.add(NOTE, "DERIVED", number, source.columns[0], texts[0], done)
                return value
        if each.target.required:
            column = each.sources[-1].columns[0]
            self._findings.add(ERROR, "REQUIRED", number, column, "", f"{each.name} is needed: the row cannot be used")
        return None

    def _from(
        self, number: int, texts: tuple[str, ...], each: FieldMap, source: Source, notes: list[str]
    ) -> Value | None:
        column = source.columns[0]
        if len(texts) > 1 and source.rules.parser == "text":
            texts = (_joined(texts, source),)
        if all(source.is_unknown(text) for text in texts):
            if texts[0] in source.keep:
                notes.append(texts[0])
                done = f"{each.name} unknown, the words kept as a note"
                self._findings.add(NOTE, "KEPT_AS_NOTE", number, column, texts[0], done)
            else:
                self._findings.add(NOTE, "UNKNOWN", number, column, texts[0], f"{each.name} left unknown")
            return None
        try:
            return parse(texts, source.rules, each.target)
        except ValueError as error:
            if each.name in self._keys:
                self.lost = True
                done = f"{error}: the row cannot be used"
                self._findings.add(ERROR, "INVALID", number, column, texts[0], done)
                return None
            level = ERROR if each.target.required else WARNING
            self._findings.add(level, "INVALID", number, column, texts[0], f"{error}; {each.name} left unknown")
            return None


def _trimmed(cell: str) -> str:
    return cell if isinstance(cell, Number) else cell.strip()


def is_code(code: str) -> bool:
    """Whether this can be the code of a partner."""
    plain = code.replace("-", "").replace("_", "")
    shape = code.isascii() and plain.isalnum() and plain.upper() == plain
    return shape and 0 < len(code) <= PARTNER_CODE and code[0] not in "-_"


def _joined(texts: tuple[str, ...], source: Source) -> str:
    """Known cells in one text, with the names of their columns if the map says so."""
    parts = [
        f"{column}: {text}" if source.labels else text
        for column, text in zip(source.columns, texts, strict=True) if not source.is_unknown(text)
    ]  # fmt: skip
    return source.join.join(parts)
