"""The scratch file between the two passes: rows grouped into atoms, each of them imported whole or left out whole.

An atom is an order, a time series, a stock position. A temporary SQLite database: the rows of one may be spread over a
file of a million rows. A killed import leaves nothing of it behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

BATCH_ROWS = 500
_ATOMS = """
create table atom (seq integer primary key, key text unique, head text, row int, rows int default 0,
                   bad int default 0);
"""


class Scratch:
    """Atoms by key, in the order in which the file first names them. ``db`` holds what a subject keeps beside them."""

    def __init__(self, tables: str) -> None:
        self.db = sqlite3.connect("", isolation_level=None)  # a file without a name: gone with us, however we end
        self.db.executescript("pragma journal_mode = off; pragma synchronous = off;" + _ATOMS + tables + "begin")
        self.rows = 0
        self.refused = 0
        """Atoms that a command did not take."""

    def close(self) -> None:
        self.db.close()

    def atom(self, key: str, row: int) -> int:
        """The number of an atom, counted from 1 in order of the file."""
        found = self.db.execute("select seq from atom where key = ?", (key,)).fetchone()
        if found:
            return int(found[0])
        return int(self.db.execute("insert into atom (key, row) values (?, ?)", (key, row)).lastrowid or 0)

    def mark(self, seq: int) -> None:
        """At least one row of the atom cannot be used."""
        self.db.execute("update atom set bad = 1 where seq = ?", (seq,))

    def count_row(self, seq: int) -> None:
        self.rows += 1
        self.db.execute("update atom set rows = rows + 1 where seq = ?", (seq,))

    def bad(self) -> Iterator[tuple[str, int, int]]:
        """Key, first row and reason (a number above 0) of every atom that is left out."""
        yield from self.db.execute("select key, row, bad from atom where bad > 0 order by seq").fetchall()

    @property
    def good(self) -> int:
        return int(self.db.execute("select count(*) from atom where bad = 0").fetchone()[0])

    @property
    def left_out(self) -> int:
        return int(self.db.execute("select count(*) from atom where bad > 0").fetchone()[0]) + self.refused

    def spans(self, after: int) -> Iterator[tuple[int, int]]:
        """Whole atoms behind the checkpoint ``after``, about BATCH_ROWS rows at a time: (after, last) each."""
        first, last, rows = after, after, 0
        found = self.db.execute("select seq, rows from atom where bad = 0 and seq > ? order by seq", (after,))
        for seq, count in found:
            last, rows = seq, rows + count
            if rows >= BATCH_ROWS:
                yield first, last
                first, rows = last, 0
        if rows:
            yield first, last
