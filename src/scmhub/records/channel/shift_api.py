"""The question `stockShift`: whether stock that left one firm was saved, or moved to the other side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from scmhub.clock import render
from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode, parse_instant
from scmhub.ids import public_id
from scmhub.measures.figures import Range, exact
from scmhub.measures.result import Result, not_enough, total
from scmhub.measures.stock import SHIFT, Shift, shift
from scmhub.partners import units
from scmhub.quantity import parse_decimal
from scmhub.records.channel import reading
from scmhub.records.channel.paged import every

MOST_STOCKS, MOST_LISTED = 1_000, 100
COUNTED = (
    "Available stock counts for its owner, wherever it lies, by the newest statement as of the instant; of equally old"
    " ones by the owner's. What is on its way counts for neither side."
)
_RELATIONSHIP = "query($id: ID!) { it: relationship(by: {id: $id}) { provider { id } recipient { id } } }"
_STOCK = """
query($items: [ID!], $owners: [ID!], $start: DateTime!, $end: DateTime!, $after: String) {
  page: inventoryPositions(first: 250, after: $after, where: {item: {in: $items}, owner: {in: $owners}}) {
    nodes {
      id owner { id } holder { id } statedBy { id } site { id }
      before: history(last: 1, end: $start) { nodes { ...said } }
      after: history(last: 1, end: $end) { nodes { ...said } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
fragment said on InventoryStatement { id asOf available { value unit } availableBand { low high unit } }
"""


@strawberry.type(description="Between which two amounts something lies; equal if it is exact.")
class AmountRange:
    low: Decimal = strawberry.field(description="The least it may be.")
    high: Decimal = strawberry.field(description="The most it may be.")


@strawberry.type(description="The stock of one side at both ends of a period, in the item's base unit.")
class StockChange:
    partner: strawberry.ID = strawberry.field(description="Id of the side.")
    before: Decimal | None = strawberry.field(description="At `start`; null for a range, or if a part is unknown.")
    after: Decimal | None = strawberry.field(description="At `end`; null for a range, or if a part is unknown.")
    change: Decimal | None = strawberry.field(description="After less before; null for a range, or if unknown.")
    before_range: AmountRange | None = strawberry.field(description="At `start`, where you see bands; null: unknown.")
    after_range: AmountRange | None = strawberry.field(description="At `end`, where you see bands; null: unknown.")
    change_range: AmountRange | None = strawberry.field(
        description="After less before; what was not stated anew between them has not changed. Null: unknown."
    )
    unknown: list[strawberry.ID] = strawberry.field(
        description="Positions whose stock at one of the ends is not stated or not shown to you, or whose holder is"
        " withheld where there is more than one at the place; at most 100."
    )
    evidence: list[strawberry.ID] = strawberry.field(description="Ids of the statements it is made of, at most 100.")


@strawberry.type(description="Where stock that left you went. What moved to the other side is not saved.")
class StockShift:
    items: list[strawberry.ID] = strawberry.field(description="Ids of the items that are joined, the one asked first.")
    unit: UnitCode = strawberry.field(description="Unit of every quantity.")
    own: StockChange = strawberry.field(description="Your stock.")
    partner: StockChange = strawberry.field(description="The other side's, as far as you may see it.")
    reduced: Decimal | None = strawberry.field(description="What left your stock; 0 if nothing did.")
    saved: Decimal | None = strawberry.field(
        description="By how much the stock of both sides together fell, of that; null for a range."
    )
    moved: Decimal | None = strawberry.field(
        description="The rest: it moved and is not saved; null for a range."
    )
    saved_range: AmountRange | None = strawberry.field(description="Between what `saved` lies; null: unknown.")
    moved_range: AmountRange | None = strawberry.field(description="Between what `moved` lies; null: unknown.")
    definitions: list[str] = strawberry.field(description="What is counted, and what is split.")
    lacking: str | None = strawberry.field(description="Why it cannot be told.")


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement that was the newest of its position at an instant."""

    as_of: datetime
    by_owner: bool
    id: str
    available: Range


@dataclass(slots=True)
class _Stock:
    """The stock of one owner with one holder at one place: what was said of it, by whomever, at both ends."""

    positions: list[str] = field(default_factory=list)
    ends: tuple[list[_Said], list[_Said]] = field(default_factory=lambda: ([], []))
    distinct: bool = True
    """False: its holder is withheld and there is more at the place, so whose statements are about one stock is open."""

    @property
    def known(self) -> bool:
        return self.distinct and all(self.ends)


@question(
    "stockShift",
    "Whether stock of an item that left you over a period was saved or moved to the other side of a relationship, from"
    " what you may see. Null if there is no such relationship of yours, or no such item that you may find. At most"
    " 1,000 positions.",
    price=3_000,
)
async def stock_shift(
    info: strawberry.Info,
    relationship: Annotated[strawberry.ID, strawberry.argument(description="Id of a relationship of yours.")],
    item: Annotated[strawberry.ID, strawberry.argument(description="Id of the item; its other numbers are joined.")],
    start: Annotated[datetime, strawberry.argument(description="The stock before is that of this instant.")],
    end: Annotated[datetime, strawberry.argument(description="The stock after is that of this one; not ahead.")],
) -> StockShift | None:
    if end <= start:
        raise BadUserInput("'end' must lie after 'start'.", reason="BAD_VALUE", input_path=["end"])
    if end > info.context["now"]:
        raise BadUserInput("'end' lies ahead.", reason="BAD_VALUE", input_path=["end"])
    ask, me = info.context["ask"], public_id("ptr", info.context["viewer"].lens.partner_id)
    found = (await ask(_RELATIONSHIP, {"id": relationship}))["it"]
    sides = [found[side]["id"] for side in ("provider", "recipient")] if found else []
    card, items = await reading.names(ask, me, item)
    if me not in sides or card is None:
        return None
    other = sides[0] if sides[1] == me else sides[1]
    given = {"items": items, "owners": [me, other], "start": render(start), "end": render(end)}
    rows = await every(ask, _STOCK, given, MOST_STOCKS, ["item"])
    stocks = [_stocks(rows, side, card["unit"]) for side in (me, other)]
    own, partner = (_change(side, each) for side, each in zip((me, other), stocks, strict=True))
    split = _split(*map(_changed, stocks))
    value = split.value
    reduced, saved, moved = (value.reduced, value.saved, value.moved) if value else (None, None, None)
    return StockShift(
        items=[strawberry.ID(each) for each in items], unit=UnitCode(card["unit"]), own=own, partner=partner,
        reduced=_exact(reduced), saved=_exact(saved), moved=_exact(moved), saved_range=_range(saved),
        moved_range=_range(moved), definitions=[COUNTED, split.definition], lacking=split.lacking,
    )  # fmt: skip


def _split(own: Range | None, partner: Range | None) -> Result[Shift]:
    return shift(own, partner) if own else not_enough("your own stock is not known before and after", SHIFT)


def _exact(amount: Range | None) -> Decimal | None:
    return amount.low if amount and amount.low == amount.high else None


def _range(amount: Range | None) -> AmountRange | None:
    return AmountRange(low=amount.low, high=amount.high) if amount else None


def _stocks(rows: Iterable[dict[str, Any]], owner: str, unit: str) -> list[_Stock]:
    """Statements of owner and holder stand side by side: they are about one stock."""
    stocks: dict[tuple[str | None, str | None], _Stock] = defaultdict(_Stock)
    for row in rows:
        if row["owner"]["id"] == owner:
            stock = stocks[_id(row["holder"]), _id(row["site"])]
            stock.positions.append(row["id"])
            for end, name in zip(stock.ends, ("before", "after"), strict=True):
                read = [(each, _available(each, unit)) for each in row[name]["nodes"]]
                end += [_said(row, each, available) for each, available in read if available]
    at_place = Counter(site for (_, site), stock in stocks.items() for _ in stock.positions)
    for (holder, site), stock in stocks.items():
        stock.distinct = holder is not None or at_place[site] == 1
    return list(stocks.values())


def _available(statement: dict[str, Any], unit: str) -> Range | None:
    """What it says in the item's unit: exactly, or the band of it that is shown; None: neither, or in no such unit."""
    shown, band = statement["available"], statement["availableBand"]
    stated = shown or band
    if stated is None or not units.convertible(stated["unit"], unit):
        return None
    ends = [shown["value"]] * 2 if shown else [band["low"], band["high"]]
    return Range(*(units.convert(parse_decimal(each), stated["unit"], unit) for each in ends))


def _said(row: dict[str, Any], statement: dict[str, Any], available: Range) -> _Said:
    by_owner = _id(row["statedBy"]) == row["owner"]["id"]
    return _Said(parse_instant(statement["asOf"]), by_owner, statement["id"], available)


def _change(partner: str, stocks: Sequence[_Stock]) -> StockChange:
    """An unknown part makes the whole unknown: not stated is not zero."""
    before, after = (_sum(stocks, number) for number in (0, 1))
    change = _changed(stocks)
    evidence = dict.fromkeys(_newest(end).id for stock in stocks for end in stock.ends if end)
    unknown = [key for stock in stocks if not stock.known for key in stock.positions]
    return StockChange(
        partner=strawberry.ID(partner), before=_exact(before), after=_exact(after), change=_exact(change),
        before_range=_range(before), after_range=_range(after), change_range=_range(change),
        unknown=[strawberry.ID(each) for each in unknown[:MOST_LISTED]],
        evidence=[strawberry.ID(each) for each in list(evidence)[:MOST_LISTED]],
    )  # fmt: skip


def _sum(stocks: Sequence[_Stock], number: int) -> Range | None:
    told = [stock.ends[number] for stock in stocks if stock.distinct]
    return _total(_newest(each).available for each in told) if len(told) == len(stocks) and all(told) else None


def _changed(stocks: Sequence[_Stock]) -> Range | None:
    """After less before. What was not stated anew has not changed, however wide its band is."""
    if not all(stock.known for stock in stocks):
        return None
    pairs = [(_newest(before), _newest(after)) for before, after in (stock.ends for stock in stocks)]
    return _total(
        exact(Decimal(0)) if before.id == after.id else after.available - before.available for before, after in pairs
    )


def _total(amounts: Iterable[Range]) -> Range | None:
    """None of nothing: where no stock is stated, none is known."""
    known = list(amounts)
    return Range(total(each.low for each in known), total(each.high for each in known)) if known else None


def _newest(said: Sequence[_Said]) -> _Said:
    return max(said, key=lambda each: (each.as_of, each.by_owner, each.id))


def _id(card: dict[str, Any] | None) -> str | None:
    return None if card is None else str(card["id"])
