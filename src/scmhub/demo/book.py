"""What is to be written, table by table and writer by writer, before any of it is written."""

from __future__ import annotations

from collections.abc import Iterator
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

    def pages(self) -> Iterator[tuple[type[SQLModel], UUID, list[Row]]]:
        """Table, writer and rows, in the order in which tables were first used."""
        for table, writers in self._rows.items():
            for writer, rows in writers.items():
                yield table, writer, rows

    def count(self, table: type[SQLModel]) -> int:
        return sum(len(rows) for rows in self._rows.get(table, {}).values())

    def total(self) -> int:
        return sum(len(rows) for _, _, rows in self.pages())
