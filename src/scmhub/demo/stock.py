"""How much of everything lies where: counted every week, by owner and holder where they differ, with a gap between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from scmhub.demo.book import Book
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance
from scmhub.demo.lanes import LANES
from scmhub.demo.news import News
from scmhub.demo.plans import usual_week
from scmhub.records.inventory import rules
from scmhub.records.inventory.model import InventoryPositionTable, InventoryStatementTable
from scmhub.records.inventory.rules import Stock, Targets

COUNTS = 8
"""Statements of each position, a week apart."""
_STORES = {"TORQ": "TORQ/ULM", "KINE": "KINE/OLO", "CELL": "CELL/GYO", "CAST": "CAST/BIL"}
"""Where each maker keeps what it has made."""
_SPARES = ("TQ-DU250", "TQ-BAT400", "TQ-DISP-S", "KM-HUB250", "KM-BAT500", "KM-LCD")
_QUANTITIES = ["asOf", "available", "blocked", "allocated", "inTransit", "onOrder", "version"]


@dataclass(frozen=True, slots=True)
class Place:
    """Stock of one item at one site; ``week`` is what a usual week takes of it."""

    owner: str
    holder: str
    site: str
    item: str
    week: Decimal


def count_stock(chance: Chance, cast: Cast, now: datetime, book: Book, news: News) -> None:
    """Bought parts where they are needed, finished goods where they are made, spare parts at the carrier's."""
    for place in _places(cast):
        targets = _targets(chance, place)
        staters = dict.fromkeys((place.owner, place.holder))
        first, *others = (_counted(chance, place) for _ in staters)
        for stater, stocks in zip(staters, (first, *(_nearly(chance, first) for _ in others)), strict=True):
            _state(chance, cast, now, book, news, place, stater, stocks, targets)


def _places(cast: Cast) -> list[Place]:
    found: dict[tuple[str, str], Place] = {}
    for lane in LANES:
        for item in lane.items:
            week = usual_week(lane, cast.items[item].unit)
            own = cast.own[lane.buyer, item]
            found[lane.sites[0], own] = Place(lane.buyer, lane.buyer, lane.sites[0], own, week)
            store = _STORES[lane.seller]
            made = found.get((store, item))
            total = week + (made.week if made else 0)
            found[store, item] = Place(lane.seller, lane.seller, store, item, total)
            if item in _SPARES:
                found["HAUL/DUI", own] = Place("VELO", "HAUL", "HAUL/DUI", own, week / 10)
    return list(found.values())


def _targets(chance: Chance, place: Place) -> Targets:
    """A week as the least, four as the most, as whole numbers."""
    least = place.week.quantize(Decimal(1)) or Decimal(1)
    safety = (least * chance.number(4, 9) / 10).quantize(Decimal(1))
    return rules.check_targets(Targets(least, least * 4, least * 2, safety))


def _counted(chance: Chance, place: Place) -> list[Stock]:
    """From count to count: something came, something went; every third place runs low in the end."""
    low, level, stocks = chance.hit(0.3), place.week * chance.number(15, 32) / 10, []
    for number in range(COUNTS):
        level = max(level * chance.number(86, 114) / 100, Decimal(1))
        if low and number >= COUNTS - 3:
            level = level * 6 / 10
        available = level.quantize(Decimal(1))
        blocked = (available * chance.one((0, 0, 0, 1, 3)) / 100).quantize(Decimal(1))
        allocated = (available * chance.number(5, 40) / 100).quantize(Decimal(1))
        coming = (place.week * chance.number(0, 20) / 10).quantize(Decimal(1))
        stocks.append(Stock(available, blocked, allocated, coming, None if chance.hit(0.3) else coming * 2))
    return stocks


def _nearly(chance: Chance, stocks: list[Stock]) -> list[Stock]:
    """What the other side says of the same shelf: it has heard of most movements. It does not know of allocations."""
    off = [chance.one((0, 0, 1, -1, 2)) for _ in stocks]
    return [Stock(max(each.available + gap, Decimal(0)), each.blocked) for each, gap in zip(stocks, off, strict=True)]


def _state(
    chance: Chance, cast: Cast, now: datetime, book: Book, news: News, place: Place, stater: str,
    stocks: list[Stock], targets: Targets,
) -> None:  # fmt: skip
    """A position with its statements; as of each evening, recorded within the hour."""
    last = now - timedelta(days=chance.number(1, 3), hours=chance.number(5, 8))
    instants = [last - timedelta(weeks=COUNTS - 1 - number) for number in range(COUNTS)]
    keys: dict[str, Any] = {
        "owner_id": cast.partners[place.owner], "holder_id": cast.partners[place.holder],
        "site_id": cast.sites[place.site].key, "item_id": cast.items[place.item].key,
        "unit": cast.items[place.item].unit, "stated_by": cast.partners[stater],
    }  # fmt: skip
    set_at = instants[0] + timedelta(hours=2)
    position = book.add(
        InventoryPositionTable, keys["stated_by"], id=chance.key(instants[0]), **keys, **_amounts(stocks[-1]),
        as_of=last, as_of_on=last.date(), minimum=targets.minimum, maximum=targets.maximum, target=targets.target,
        safety_stock=targets.safety_stock, targets_set_at=set_at, version=COUNTS + 1, created_at=instants[0],
    )  # fmt: skip
    for number, (at, stock) in enumerate(zip(instants, stocks, strict=True)):
        before = stocks[number - 1] if number else None
        assert rules.outcome(stock, at, before, instants[number - 1] if number else None) == "CURRENT"
        book.add(
            InventoryStatementTable, keys["stated_by"], id=chance.key(at), position_id=position["id"], **keys,
            as_of=at, as_of_on=at.date(), **_amounts(stock), source="SET", delta=None, reason=None,
            recorded_at=at + timedelta(minutes=chance.number(2, 50)),
        )  # fmt: skip
        told_at = at + timedelta(hours=1)
        news.of(chance, "INVENTORY_POSITION", "STATED", told_at, position, "owner_id", ("holder_id",), _QUANTITIES)


def _amounts(stock: Stock) -> dict[str, Decimal | None]:
    return {name: getattr(stock, name) for name in ("available", "blocked", "allocated", "in_transit", "on_order")}
