"""One row of a file of orders as one typed line, or what is known of its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from scmhub.exchange.cells import CellReader, Values
from scmhub.exchange.findings import ERROR, WARNING, Findings
from scmhub.exchange.mapping import Map
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
    """Applies a map of orders to rows under one header."""

    def __init__(self, given: Map, header: Sequence[str], findings: Findings, buyer: str, today: date) -> None:
        """``buyer``: code of the partner whose file it is; ``today``: nothing has arrived after it."""
        self._cells = CellReader(given, header, findings)
        self._findings = findings
        self._buyer = buyer
        self._today = today

    def read(self, row: Row) -> Draft:
        """The line of a row, or what is known of its order; everything else is told."""
        if self._cells.in_trouble(row):
            return Draft(self._cells.raw(row.cells, "order.number"))
        notes: list[str] = []
        values, complete = self._cells.values(row, notes)
        if not complete or not self._codes_fit(row.number, values):
            order = values.get("order.number")
            return Draft(str(order) if order is not None else None)
        self._check_arrival(row.number, values)
        return _draft(row.number, values, notes)

    def _check_arrival(self, number: int, values: Values) -> None:
        arrived = values.get("shipment.arrived_on")
        if isinstance(arrived, date) and arrived > self._today:
            done = "an arrival lies in the past; shipment.arrived_on left unknown"
            self._findings.add(WARNING, "OUT_OF_RANGE", number, "shipment.arrived_on", str(arrived), done)
            values["shipment.arrived_on"] = None

    def _codes_fit(self, number: int, values: Values) -> bool:
        """Codes that can be codes; the buyer is its own consignee by naming none."""
        if not self._cells.codes_fit(number, values, "seller.code", "consignee.code"):
            return False
        seller = values["seller.code"]
        if values.get("consignee.code") == self._buyer:
            values["consignee.code"] = None
        if seller in (self._buyer, values.get("consignee.code")):
            done = "the seller is another partner than buyer and consignee: the row cannot be used"
            self._findings.add(ERROR, "CONFLICT", number, "seller.code", str(seller), done)
            return False
        return True


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
