"""What is to be written, table by table and writer by writer, before any of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

Row = dict[str, Any]


class Book:
    """Rows by table, then by the partner who may write them. ``add`` takes a row's columns by name."""

    def __init__(self) -> None:
        self._rows: dict[type[SQLModel], dict[UUID, list[Row]]] = {}

    def add(self, table: type[SQLModel], writer: UUID, /, **row: Any) -> Row:
        """The row, which may be changed until the book is written."""
        self._rows.setdefault(table, {}).setdefault(writer, []).append(row)
        return row

    def begin(self, table: type[SQLModel], writers: Iterable[UUID]) -> None:
        """Whose rows of a table come first, where rows of one writer point at rows of another."""
        self._rows[table] = {writer: [] for writer in writers}

    def pages(self) -> Iterator[tuple[type[SQLModel], UUID, list[Row]]]:
        """Table, writer and rows, in the order in which tables were first used."""
        for table, writers in self._rows.items():
            for writer, rows in writers.items():
                if rows:
                    yield table, writer, rows

    def rows(self, table: type[SQLModel]) -> Iterator[Row]:
        """The rows of one table, whoever writes them."""
        for rows in self._rows.get(table, {}).values():
            yield from rows

    def count(self, table: type[SQLModel]) -> int:
        return sum(len(rows) for rows in self._rows.get(table, {}).values())

    def total(self) -> int:
        return sum(len(rows) for _, _, rows in self.pages())
