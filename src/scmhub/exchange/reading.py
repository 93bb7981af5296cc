"""A text file as rows, a line at a time: any line ends, a bounded line, and no byte guessed at."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NoReturn, Protocol

from scmhub.errors import Refusal
from scmhub.exchange.findings import printable

CHUNK_BYTES = 64 * 1024
LONGEST_LINE_BYTES = 1024 * 1024
MOST_COLUMNS = 1_000
MOST_LINES_PER_ROW = 1_000
"""Lines that one row may span, where a quoted cell holds line breaks: an open quote must not read on for ever."""
DELIMITERS = "\t;,|"
_SEEN_AS = (
    (b"PK\x03\x04", "an archive or a spreadsheet (ZIP)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"%PDF", "a PDF"),
    (b"<", "XML or HTML"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Format:
    """How the file is written. Line ends are found out: CR, LF and CR LF all end a line."""

    delimiter: str = ""
    """Empty: the one of tab, semicolon, comma and bar that yields most of the columns asked for."""
    quote: str = '"'
    encoding: str = "utf-8"
    form: str = ""
    """``delimited`` or ``jsonl``; empty: a file that begins with ``{`` is JSON Lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """``number`` is the line it begins on, the header being 1. ``trouble`` says why its cells cannot be used."""

    number: int
    cells: list[str]
    trouble: str = ""


def refuse(message: str) -> NoReturn:
    raise Refusal("INVALID", message, ["file"])


class Table(Protocol):
    """An open file: ``header`` is known at once, ``rows`` streams the rest; ``digest`` is complete after that."""

    header: list[str]

    @property
    def digest(self) -> str: ...

    def rows(self) -> Iterator[Row]:
        """Every row but the header and blank lines; Refusal where no row can be told from the next any more."""


class Source:
    """The bytes of a file as decoded lines of bounded length; every byte goes into the digest."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._sha256 = hashlib.sha256()
        self._file = file
        self.encoding = encoding
        self.lines = Lines(self._split(), encoding)

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def _split(self) -> Iterator[bytes]:
        pending, start = b"", True
        while chunk := self._file.read(CHUNK_BYTES):
            self._sha256.update(chunk)
            if start:
                _check_start(chunk)
                chunk, start = chunk.removeprefix(_BOM), False
            lines = (pending + chunk).splitlines(keepends=True)
            pending = b"" if lines[-1].endswith(b"\n") else lines.pop()  # a final CR may still be half of CR LF
            yield from lines
            if len(pending) > LONGEST_LINE_BYTES:
                refuse(f"Line {self.lines.number + 1} is longer than {LONGEST_LINE_BYTES:,} bytes.")
        if pending:
            yield pending


class DelimitedFile:
    """A table whose first line names the columns."""

    def __init__(self, source: Source, first: str | None, form: Format, wanted: Sequence[str]) -> None:
        self._source = source
        self._lines = source.lines
        if first is None or not first.strip():
            refuse("The file is empty: a first line with the names of the columns is needed.")
        if self._lines.broken:
            refuse(f"The first line is not {form.encoding}; save the file as UTF-8, or name its encoding in the map.")
        self.delimiter = form.delimiter or _delimiter(first, form, wanted)
        self._form = form
        self.header = self._header(first)

    @property
    def digest(self) -> str:
        return self._source.digest

    def rows(self) -> Iterator[Row]:
        reader = self._reader(self._lines)
        while True:
            self._lines.begin_row()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self._give_up(error)
            if cells is None:
                return
            if any(cells):
                yield Row(self._lines.first, cells, self._trouble(cells))

    def _trouble(self, cells: list[str]) -> str:
        if self._lines.broken:
            return f"not {self._form.encoding}"
        if len(cells) != len(self.header):
            return f"{len(cells)} cells under {len(self.header)} columns"
        return ""

    def _give_up(self, error: Exception) -> NoReturn:
        where = f"Line {self._lines.first}"
        if self._lines.number > self._lines.first:
            refuse(f"{where}: a quote is opened and not closed ({error}); nothing was imported from there on.")
        refuse(f"{where} cannot be split into cells ({error}); is a quote open, or the delimiter another one?")

    def _header(self, first: str) -> list[str]:
        try:
            [cells] = self._reader([first])
        except (csv.Error, ValueError) as error:
            refuse(f"The first line cannot be split into names of columns ({error}).")
        if len(cells) > MOST_COLUMNS:
            refuse(f"The first line has {len(cells)} columns; a table has at most {MOST_COLUMNS}.")
        return [cell.strip() for cell in cells]

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        quote = self._form.quote
        if not quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=quote, strict=True)


class Lines:
    """Decoded lines, counted; remembers where the row being read began and whether its bytes were sound."""

    def __init__(self, lines: Iterator[bytes], encoding: str) -> None:
        self._lines = lines
        self._encoding = encoding
        self.number = 0
        self.begin_row()

    def begin_row(self) -> None:
        self.first, self.broken = self.number + 1, False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        if self.number - self.first >= MOST_LINES_PER_ROW:
            refuse(f"Line {self.first}: a quote is opened and not closed within {MOST_LINES_PER_ROW} lines.")
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            self.broken = True
            return line.decode(self._encoding, "replace")


def _check_start(chunk: bytes) -> None:
    for mark, name in _SEEN_AS:
        if chunk.startswith(mark):
            refuse(f"This looks like {name}; a delimited text file in UTF-8 is needed.")
    if b"\0" in chunk:
        refuse("The file holds zero bytes: it is not text, or not UTF-8.")


def _delimiter(first: str, form: Format, wanted: Sequence[str]) -> str:
    names = set(wanted)

    def hits(delimiter: str) -> int:
        try:
            [cells] = csv.reader([first], delimiter=delimiter, quotechar=form.quote or '"')
        except (csv.Error, ValueError):
            return 0
        return len(names & {cell.strip() for cell in cells})

    best = max(DELIMITERS, key=hits)
    if not hits(best):
        shown = printable(first.strip())
        refuse(f"The first line holds none of the map's columns, whatever the delimiter. It begins: {shown}")
    return best
