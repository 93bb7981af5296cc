"""From one row of the file to one typed line, cell by cell; what cannot be used is told and left unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from scmhub.exchange.findings import ERROR, NOTE, WARNING, Findings
from scmhub.exchange.mapping import FieldMap, Map, Source
from scmhub.exchange.parsers import PARTNER_CODE, Value, parse
from scmhub.exchange.reading import Row
from scmhub.records.orders.rules import line_amount


@dataclass(frozen=True, slots=True)
class Line:
    """One order line with its shipment, as the file states it. None: the file does not know."""

    row: int
    order: str
    external_id: str
    kind: str
    currency: str
    placed_on: date
    seller: str
    consignee: str | None
    site: str
    seller_number: str | None
    incoterm: str | None
    incoterm_place: str | None
    item: str
    description: str
    unit: str
    quantity: Decimal
    unit_price: Decimal | None
    amount: Decimal | None
    requested_on: date
    promised_on: date | None
    note: str | None
    shipment: str | None
    mode: str | None
    arrived_on: date | None
    weight_kg: Decimal | None
    freight: Decimal | None
    freight_note: str | None
    insurance: Decimal | None

    def dump(self) -> bytes:
        return orjson.dumps([getattr(self, name) for name in _NAMES], default=str)


_NAMES = tuple(each.name for each in fields(Line))
_DAYS = frozenset(("placed_on", "requested_on", "promised_on", "arrived_on"))
_AMOUNTS = frozenset(("quantity", "unit_price", "amount", "weight_kg", "freight", "insurance"))
_READ_AS: tuple[Any, ...] = tuple(
    date.fromisoformat if name in _DAYS else Decimal if name in _AMOUNTS else None for name in _NAMES
)


def load_line(raw: bytes) -> Line:
    values = orjson.loads(raw)
    pairs = zip(_READ_AS, values, strict=True)
    return Line(*(read(value) if read and value is not None else value for read, value in pairs))


@dataclass(frozen=True, slots=True)
class Card:
    """A partner or site as a row mentions it."""

    name: str
    country: str | None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What became of a row: a line with the cards it mentions, or None, and then ``order`` if that much is known."""

    order: str | None
    line: Line | None = None
    seller: Card | None = None
    consignee: Card | None = None
    site: Card | None = None


class RowReader:
    """Applies a map to rows under one header."""

    def __init__(self, given: Map, header: Sequence[str], findings: Findings, buyer: str, today: date) -> None:
        """``buyer``: code of the partner whose file it is; ``today``: nothing has arrived after it."""
        self._findings = findings
        self._buyer = buyer
        self._today = today
        self._places = {name: place for place, name in enumerate(header)}
        self._fields = [each for each in given.fields if not each.name.startswith("buyer.")]

    def read(self, row: Row) -> Draft:
        """The line of a row, or what is known of its order; everything else is told."""
        if row.trouble:
            done = f"{row.trouble}: the row cannot be used"
            self._findings.add(ERROR, "ROW", row.number, "", "\t".join(row.cells[:4]), done)
            return Draft(self._order_of(row.cells))
        return self._draft(row.number, row.cells)

    def _order_of(self, cells: Sequence[str]) -> str | None:
        """The order a broken row probably belongs to: the first cells are most likely in place."""
        for each in self._fields:
            if each.name == "order.number" and each.sources:
                places = [self._places[column] for column in each.sources[0].columns]
                if len(places) == 1 and places[0] < len(cells):
                    return cells[places[0]].strip() or None
        return None

    def _draft(self, number: int, cells: Sequence[str]) -> Draft:
        values: dict[str, Value | None] = {}
        notes: list[str] = []
        missing = False
        for each in self._fields:
            value = each.constant
            if value is None:
                value = self._value(number, cells, each, notes)
            values[each.name] = value
            missing = missing or (each.target.required and value is None)
        if missing or not self._codes_fit(number, values):
            order = values.get("order.number")
            return Draft(str(order) if order is not None else None)
        self._check_arrival(number, values)
        return _draft(number, values, notes)

    def _value(self, number: int, cells: Sequence[str], each: FieldMap, notes: list[str]) -> Value | None:
        """The first source that knows; what came before it is told as derived."""
        for place, source in enumerate(each.sources):
            texts = tuple(cells[self._places[column]].strip() for column in source.columns)
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
            level = ERROR if each.target.required else WARNING
            self._findings.add(level, "INVALID", number, column, texts[0], f"{error}; {each.name} left unknown")
            return None

    def _check_arrival(self, number: int, values: dict[str, Value | None]) -> None:
        arrived = values.get("shipment.arrived_on")
        if isinstance(arrived, date) and arrived > self._today:
            done = "an arrival lies in the past; shipment.arrived_on left unknown"
            self._findings.add(WARNING, "OUT_OF_RANGE", number, "shipment.arrived_on", str(arrived), done)
            values["shipment.arrived_on"] = None

    def _codes_fit(self, number: int, values: dict[str, Value | None]) -> bool:
        """Codes that can be codes; the buyer is its own consignee by naming none."""
        for name in ("seller.code", "consignee.code"):
            code = values.get(name)
            if code is not None and not is_code(str(code)):
                done = f"{name} has 1 to {PARTNER_CODE} characters A-Z, 0-9, - and _: the row cannot be used"
                self._findings.add(ERROR, "INVALID", number, name, str(code), done)
                return False
        seller = values["seller.code"]
        if values.get("consignee.code") == self._buyer:
            values["consignee.code"] = None
        if seller in (self._buyer, values.get("consignee.code")):
            done = "the seller is another partner than buyer and consignee: the row cannot be used"
            self._findings.add(ERROR, "CONFLICT", number, "seller.code", str(seller), done)
            return False
        return True


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


def _draft(number: int, values: dict[str, Any], notes: list[str]) -> Draft:
    get = values.get
    price = get("line.unit_price")
    worth = values["line.amount"] if "line.amount" in values else line_amount(values["line.quantity"], price)
    line = Line(
        row=number, order=values["order.number"], external_id=values["line.external_id"], kind=values["order.kind"],
        currency=values["order.currency"], placed_on=values["order.placed_on"], seller=values["seller.code"],
        consignee=get("consignee.code"), site=values["ship_to.code"], seller_number=get("order.seller_number"),
        incoterm=get("order.incoterm"), incoterm_place=get("order.incoterm_place"), item=values["item.number"],
        description=values["item.description"], unit=values["item.unit"], quantity=values["line.quantity"],
        unit_price=price, amount=worth, requested_on=values["line.requested_on"],
        promised_on=get("line.promised_on"), note=get("line.note"), shipment=get("shipment.number"),
        mode=get("shipment.mode"), arrived_on=get("shipment.arrived_on"), weight_kg=get("shipment.weight_kg"),
        freight=get("shipment.freight"), freight_note="; ".join(notes) or None, insurance=get("shipment.insurance"),
    )  # fmt: skip
    return Draft(line.order, line, *_cards(values, line))


def _cards(values: dict[str, Any], line: Line) -> Iterator[Card | None]:
    get = values.get
    yield Card(get("seller.name") or line.seller, get("seller.country"))
    yield Card(get("consignee.name") or line.consignee or "", get("consignee.country")) if line.consignee else None
    yield Card(get("ship_to.name") or line.site, get("ship_to.country"), values["ship_to.kind"])
