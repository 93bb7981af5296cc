"""Orders between the two passes: typed lines in the scratch file, grouped into whole orders and shipments."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from scmhub.errors import Refusal
from scmhub.exchange.findings import ERROR, NOTE, WARNING, Findings
from scmhub.exchange.rows import Card, Draft, Line, load_line
from scmhub.exchange.scratch import Scratch
from scmhub.partners import units

MOST_LINES = 500
"""Lines of one order, and of one shipment: as for commands."""
MOST_PARTNERS = 5_000
_TABLES = """
create table ship (key integer primary key, seller text, number text, site text, used text, rows int default 0,
                   unique (seller, number, site));
create table line (row integer primary key, seq int, ship int, seller text, consignee text, site text, item text,
                   placed text, external_id text unique, raw blob);
create table item (number text primary key, unit text) without rowid;
create table card (kind text, owner text, code text, name text, country text, site_kind text, row int,
                   primary key (kind, owner, code)) without rowid;
"""
_INDEXES = (
    "create index line_seq on line (seq, row); create index line_ship on line (ship, row);"
    "create index line_site on line (site, seq);"
)


@dataclass(frozen=True, slots=True)
class Consignment:
    """A shipment: all its lines in the file, and those that belong to orders of this batch."""

    number: str
    seller: str
    lines: list[Line]
    here: list[Line]


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole orders in order of the file. ``last`` is the checkpoint after them."""

    last: int
    orders: list[list[Line]]
    consignments: list[Consignment]

    @property
    def rows(self) -> int:
        return sum(len(lines) for lines in self.orders)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A partner the file mentions, and the earliest day it had to do with the buyer in the role."""

    code: str
    card: Card
    role: str
    since: date


class Staging:
    """One import's scratch file. ``put`` and ``reject`` while reading, ``settle`` once, then the questions."""

    def __init__(self, findings: Findings) -> None:
        self.scratch = Scratch(_TABLES)
        self._db = self.scratch.db
        self._findings = findings
        self._cards: set[tuple[str, str, str]] = set()

    # -- first pass --------------------------------------------------------------------------------------------------

    def put(self, row: int, draft: Draft) -> None:
        """Keep a row; the order of a row that cannot be used is marked, and left out as a whole."""
        if draft.line is None:
            if draft.order is not None:
                self.reject(draft.order, row)
            return
        line = draft.line
        seq = self.scratch.atom(line.order, row)
        self._check_head(seq, line)
        self._check_unit(seq, line)
        if not self._add(seq, line):
            return
        self.scratch.count_row(seq)
        for kind, owner, code, card in (
            ("partner", "", line.seller, draft.seller), ("partner", "", line.consignee, draft.consignee),
            ("site", line.consignee or "", line.site, draft.site),
        ):  # fmt: skip
            if code is not None and card is not None:
                self._mention(row, (kind, owner, code), card)

    def reject(self, order: str, row: int) -> None:
        """Leave out an order of which at least one row cannot be used."""
        self.scratch.mark(self.scratch.atom(order, row))

    def _check_head(self, seq: int, line: Line) -> None:
        """An order has one seller, consignee, destination, currency and kind."""
        head = "\x1f".join((line.seller, line.consignee or "", line.site, line.currency, line.kind))
        stored = self._db.execute("select head from atom where seq = ?", (seq,)).fetchone()[0]
        if stored is None:
            self._db.execute("update atom set head = ? where seq = ?", (head, seq))
        elif stored != head:
            done = "seller, consignee, site, currency or kind differ within the order: it is left out"
            self._findings.add(ERROR, "CONFLICT", line.row, "order.number", line.order, done)
            self.scratch.mark(seq)

    def _check_unit(self, seq: int, line: Line) -> None:
        """An item is counted in one unit."""
        self._db.execute("insert or ignore into item values (?, ?)", (line.item, line.unit))
        unit = self._db.execute("select unit from item where number = ?", (line.item,)).fetchone()[0]
        if not units.compatible(unit, line.unit):
            done = f"the item is counted in {unit}: the order is left out"
            self._findings.add(ERROR, "UNIT_MISMATCH", line.row, "item.unit", line.unit, done)
            self.scratch.mark(seq)

    def _add(self, seq: int, line: Line) -> bool:
        key = self._shipment(line)
        placed = line.placed_on.isoformat()
        values = (
            line.row,
            seq,
            key,
            line.seller,
            line.consignee,
            line.site,
            line.item,
            placed,
            line.external_id,
            line.dump(),
        )
        try:
            self._db.execute("insert into line values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        except sqlite3.IntegrityError:
            self._twice(seq, line)
            return False
        if key is not None:
            self._db.execute("update ship set rows = rows + 1 where key = ?", (key,))
        return True

    def _twice(self, seq: int, line: Line) -> None:
        """Two rows with one external id: the same once more is nothing new; different ones cannot both be right."""
        other, raw = self._db.execute(
            "select seq, raw from line where external_id = ?", (line.external_id,)
        ).fetchone()  # fmt: skip
        first = load_line(raw)
        if line.dump().split(b",", 1)[1] == raw.split(b",", 1)[1]:
            done = "the same row once more: skipped"
            self._findings.add(NOTE, "DUPLICATE", line.row, "line.external_id", line.external_id, done)
            return
        done = f"differs from line {first.row} with the same external id: the orders are left out"
        self._findings.add(ERROR, "CONFLICT", line.row, "line.external_id", line.external_id, done)
        self.scratch.mark(seq)
        self.scratch.mark(other)

    def _shipment(self, line: Line) -> int | None:
        """The shipment of a line: seller, number, destination. A number used for a second destination gets its code."""
        if line.shipment is None:
            return None
        site = f"{line.consignee or ''}/{line.site}"
        rows = self._db.execute(
            "select key, site from ship where seller = ? and number = ?", (line.seller, line.shipment)
        ).fetchall()  # fmt: skip
        for key, known in rows:
            if known == site:
                return int(key)
        used = line.shipment
        if rows:
            used = f"{line.shipment[: 79 - len(line.site)]}/{line.site}"
            done = f"one number for several destinations: this one is kept as {used}"
            self._findings.add(WARNING, "SPLIT", line.row, "shipment.number", line.shipment, done)
        values = (line.seller, line.shipment, site, used)
        insert = "insert into ship (seller, number, site, used) values (?, ?, ?, ?)"
        return self._db.execute(insert, values).lastrowid

    def _mention(self, row: int, key: tuple[str, str, str], card: Card) -> None:
        if key in self._cards:
            self._check_name(row, key, card)
            return
        if len(self._cards) >= 2 * MOST_PARTNERS:
            raise Refusal("OUT_OF_RANGE", f"More than {MOST_PARTNERS} partners are named: check the map.", ["file"])
        self._cards.add(key)
        self._db.execute(
            "insert into card values (?, ?, ?, ?, ?, ?, ?)", (*key, card.name, card.country, card.kind, row)
        )

    def _check_name(self, row: int, key: tuple[str, str, str], card: Card) -> None:
        name = self._db.execute("select name from card where kind = ? and owner = ? and code = ?", key).fetchone()[0]
        if name != card.name:
            done = f"taken for {name}, which has the same code {key[2]}"
            self._findings.add(WARNING, "SAME_CODE", row, key[0], card.name, done)

    # -- between the passes --------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Indexes, limits, and one finding for each order left out."""
        self._db.executescript(_INDEXES)
        self._db.execute("update atom set bad = 2 where rows > ? and bad = 0", (MOST_LINES,))
        self._db.execute(
            "update atom set bad = 3 where bad = 0 and seq in"
            " (select seq from line join ship on ship = key where ship.rows > ?)", (MOST_LINES,),
        )  # fmt: skip
        why = {
            1: "a row of it cannot be used", 2: f"it has more than {MOST_LINES} lines",
            3: f"a shipment of it has more than {MOST_LINES} lines",
        }  # fmt: skip
        for number, row, bad in self.scratch.bad():
            done = f"the order is left out: {why[bad]}"
            self._findings.add(ERROR, "ORDER_LEFT_OUT", row, "order.number", number, done)

    def counterparts(self) -> list[Counterpart]:
        """Sellers, then consignees, of the orders that are not left out."""
        found = []
        for role in ("seller", "consignee"):
            rows = self._db.execute(
                f"select code, name, country, since from card join (select l.{role} as found, min(placed) as since"
                " from line l join atom using (seq) where bad = 0 group by 1) on found = code"
                " where kind = 'partner' order by code"
            )
            found += [
                Counterpart(code, Card(name, country), role, date.fromisoformat(since))
                for code, name, country, since in rows
            ]
        return found

    def sites(self) -> list[tuple[str, str, Card]]:
        """Owner's code ("" for the buyer), code and card of every destination of an order that is not left out."""
        rows = self._db.execute(
            "select owner, code, name, country, site_kind from card where kind = 'site' and exists ("
            "   select 1 from line l join atom using (seq)"
            "   where bad = 0 and l.site = code and coalesce(l.consignee, '') = owner) order by 1, 2"
        )
        return [(owner, code, Card(name, country, kind)) for owner, code, name, country, kind in rows]

    def items(self) -> Iterator[list[str]]:
        """Item numbers of the orders that are not left out, each once, some at a time."""
        found = self._db.execute("select distinct item from line join atom using (seq) where bad = 0 order by item")
        while some := [number for (number,) in found.fetchmany(1_000)]:
            yield some

    def earliest(self) -> date | None:
        found = self._db.execute("select min(placed) from line").fetchone()[0]
        return date.fromisoformat(found) if found else None

    # -- second pass ---------------------------------------------------------------------------------------------------

    def batches(self, after: int = 0) -> Iterator[Batch]:
        """Whole orders behind the checkpoint ``after``."""
        for first, last in self.scratch.spans(after):
            yield self._batch(first, last)

    def _batch(self, after: int, last: int) -> Batch:
        orders: dict[int, list[Line]] = defaultdict(list)
        here: dict[int, list[Line]] = defaultdict(list)
        found = self._db.execute(
            "select seq, ship, raw from line join atom using (seq) where bad = 0 and seq > ? and seq <= ?"
            " order by seq, line.row", (after, last),
        )  # fmt: skip
        for seq, ship, raw in found:
            line = load_line(raw)
            orders[seq].append(line)
            if ship is not None:
                here[ship].append(line)
        return Batch(last, list(orders.values()), [self._consignment(key, lines) for key, lines in here.items()])

    def _consignment(self, key: int, here: list[Line]) -> Consignment:
        seller, used = self._db.execute("select seller, used from ship where key = ?", (key,)).fetchone()
        rows = self._db.execute(
            "select raw from line join atom using (seq) where ship = ? and bad = 0 order by line.row", (key,)
        )
        return Consignment(used, seller, [load_line(raw) for (raw,) in rows], here)
