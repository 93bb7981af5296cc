"""The records of a channel as the arithmetic wants them: in the item's base unit, amounts as ranges.

A masked number is not used, but what stands beside it may still bound it: its band, if that is shown; and of a schedule
line that is part shipped, and whose shipped quantity is withheld, between nothing and everything is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from scmhub.graph.scalars import parse_date, parse_instant
from scmhub.measures.figures import Figure, Range, exact
from scmhub.partners import order_states, units
from scmhub.quantity import parse_decimal

Node = dict[str, Any]


class OtherUnit(Exception):
    """No factor leads from the record's unit to the item's."""


@dataclass(frozen=True, slots=True)
class Series:
    """A forecast, commit or production plan; points by start of their period."""

    id: str
    publisher: str
    counterparty: str | None
    site: str | None
    bucket: str
    points: dict[date, Figure]


@dataclass(frozen=True, slots=True)
class Wish:
    """One wanted delivery: ``open`` is what has not been shipped, ``promised`` what both agreed of that, and when."""

    id: str
    buyer: str
    seller: str | None
    site: str
    requested_on: date
    open: Figure | None
    promised: Figure | None
    promised_on: date | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was counted: when first, how much of it is good, and how much in all."""

    at: datetime
    good: Figure
    whole: Figure


@dataclass(frozen=True, slots=True)
class Load:
    """One line of a shipment; ``receipt`` None: not counted, or not shown."""

    id: str
    seller: str
    buyer: str | None
    site: str
    state: str
    quantity: Figure
    arrival_on: date
    departed_at: datetime | None
    receipt: Receipt | None

    @property
    def on_its_way(self) -> bool:
        return self.state in ("DEPARTED", "ARRIVED")


@dataclass(frozen=True, slots=True)
class Position:
    """What one stater last said of an owner's stock at a site; None: not stated or not shown."""

    id: str
    owner: str
    holder: str | None
    stated_by: str | None
    site: str
    as_of: datetime
    available: Figure | None
    in_transit: Figure | None
    on_order: Figure | None
    minimum: Decimal | None
    maximum: Decimal | None
    limits_known: bool = True


@dataclass(slots=True)
class Reader:
    """Reads JSON into rows of one base unit; ``refused`` are ids of records whose unit has no factor to it."""

    unit: str
    firms: dict[str, Node] = field(default_factory=dict)
    sites: dict[str, Node] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def all(self, read: Callable[[Node], Any], nodes: Iterable[Node]) -> list[Any]:
        rows = []
        for each in nodes:
            try:
                rows.append(read(each))
            except OtherUnit:
                self.refused.append(each["id"])
        return rows

    def series(self, node: Node) -> Series:
        publisher = self._firm(node["publisher"])
        points = {
            parse_date(each["startsOn"]): Figure(amount, (each["id"],), (publisher,), parse_instant(each["knownFrom"]))
            for each in node["points"]
            if (amount := self._range(each["quantity"], each["quantityBand"], node["unit"])) is not None
        }
        return Series(
            node["id"], publisher, self._firm_or_none(node["counterparty"]), self._site(node["site"]), node["bucket"],
            points,
        )  # fmt: skip

    def wishes(self, line: Node) -> list[Wish]:
        """The wanted deliveries of an order line that something is still to come of."""
        wanted = line["schedule"]["nodes"]
        return [self._wish(line, each) for each in wanted if each["state"] not in order_states.FINISHED]

    def _wish(self, line: Node, node: Node) -> Wish:
        buyer, unit = self._firm(line["buyer"]), line["quantity"]["unit"]
        wanted = self._exact(node["requestedQuantity"], unit)
        shipped = self._shipped(node, unit)
        promise = node["lastPromiseQuantity"] and self._exact(node["lastPromiseQuantity"], unit)
        return Wish(
            line["id"], buyer, self._firm_or_none(line["seller"]), self._site(line["shipTo"]) or "",
            parse_date(node["requestedOn"]), _open(wanted, shipped, line["id"], buyer),
            _open(promise, shipped, line["id"], buyer) if promise else None,
            parse_date(node["lastPromiseOn"]) if node["lastPromiseOn"] else None,
        )  # fmt: skip

    def _shipped(self, node: Node, unit: str) -> Range | None:
        """None: withheld, so anything between nothing and all."""
        if node["shipped"] is not None:
            return exact(self._exact(node["shipped"], unit))
        return exact(Decimal(0)) if node["state"] in order_states.UNSHIPPED else None

    def load(self, node: Node) -> Load:
        seller, unit = self._firm(node["seller"]), node["quantity"]["unit"]
        shipment = node["shipment"] or {}
        departed = shipment.get("actualDeparture")
        quantity = self._figure(node["quantity"]["value"], unit, node["id"], seller)
        buyer = self._firm_or_none(shipment.get("buyer"))
        counted = [each for each in node["receipts"]["nodes"] if each["good"] is not None and each["receivedAt"]]
        receipt = self._receipt(node["id"], unit, counted, buyer) if counted else None
        return Load(
            node["id"], seller, buyer, self._site(node["shipTo"]) or "", shipment.get("state", "PLANNED"), quantity,
            parse_date(node["arrivalOn"]), parse_instant(departed) if departed else None, receipt,
        )  # fmt: skip

    def _receipt(self, key: str, unit: str, counted: list[Node], buyer: str | None) -> Receipt:
        """A newer count replaces the older; the goods came into stock with the first."""
        newest, at = counted[-1], parse_instant(counted[0]["receivedAt"])
        good, damaged = (self._exact(newest[part] or "0", unit) for part in ("good", "damaged"))
        source = Figure(exact(good), (key,), (buyer,) if buyer else (), parse_instant(newest["receivedAt"]))
        return Receipt(at, source, source.holding(exact(good + damaged)))

    def position(self, node: Node) -> Position:
        stater = self._firm_or_none(node["statedBy"])
        as_of = parse_instant(node["asOf"])

        def figure(name: str) -> Figure | None:
            pair, band = node[name], node[f"{name}Band"]
            amount = self._range(pair and pair["value"], band, (pair or band or {}).get("unit", self.unit))
            return None if amount is None else Figure(amount, (node["id"],), (stater,) if stater else (), as_of)

        def amount(name: str) -> Decimal | None:
            return node[name] and self._exact(node[name]["value"], node[name]["unit"])

        return Position(
            node["id"], self._firm(node["owner"]), self._firm_or_none(node["holder"]), stater,
            self._site(node["site"]) or "", as_of, figure("available"), figure("inTransit"), figure("onOrder"),
            amount("minimum"), amount("maximum"), node.get("limitsKnown", True),
        )  # fmt: skip

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _firm(self, card: Node) -> str:
        self.firms.setdefault(card["id"], card)
        key: str = card["id"]
        return key

    def _firm_or_none(self, card: Node | None) -> str | None:
        return None if card is None else self._firm(card)

    def _site(self, card: Node | None) -> str | None:
        if card is None:
            return None
        self.place(card)
        key: str = card["id"]
        return key

    def place(self, card: Node) -> None:
        """A site the viewer may see, whoever named it."""
        if self.sites.setdefault(card["id"], card)["partner"] is None:  # another record may name its partner
            self.sites[card["id"]] = card
        self._firm_or_none(card["partner"])

    def _exact(self, value: str, unit: str) -> Decimal:
        if not units.convertible(unit, self.unit):
            raise OtherUnit
        return units.convert(parse_decimal(value), unit, self.unit)

    def _range(self, value: str | None, band: Node | None, unit: str) -> Range | None:
        """A value, or the band it lies in; None if neither is shown."""
        if value is not None:
            return exact(self._exact(value, unit))
        return None if band is None else Range(self._exact(band["low"], unit), self._exact(band["high"], unit))

    def _figure(self, value: str, unit: str, key: str, firm: str | None, at: datetime | None = None) -> Figure:
        return Figure(exact(self._exact(value, unit)), (key,), (firm,) if firm else (), at)


def _open(quantity: Decimal, shipped: Range | None, key: str, buyer: str) -> Figure | None:
    """What of a quantity has not left the seller; None if nothing is open."""
    low = Decimal(0) if shipped is None else max(quantity - shipped.high, Decimal(0))
    high = quantity if shipped is None else max(quantity - shipped.low, Decimal(0))
    return Figure(Range(low, high), (key,), (buyer,)) if high > 0 else None
