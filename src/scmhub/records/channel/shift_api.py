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
fragment said on InventoryStatement { id asOf available { value unit } }
"""


@strawberry.type(description="The stock of one side at both ends of a period, in the item's base unit.")
class StockChange:
    partner: strawberry.ID = strawberry.field(description="Id of the side.")
    before: Decimal | None = strawberry.field(description="At `start`; null if a part is unknown to you.")
    after: Decimal | None = strawberry.field(description="At `end`; null if a part is unknown to you.")
    change: Decimal | None = strawberry.field(description="After less before.")
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
    saved: Decimal | None = strawberry.field(description="By how much the stock of both sides together fell, of that.")
    moved: Decimal | None = strawberry.field(description="The rest: it moved and is not saved.")
    definitions: list[str] = strawberry.field(description="What is counted, and what is split.")
    lacking: str | None = strawberry.field(description="Why it cannot be told.")


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement that was the newest of its position at an instant."""

    as_of: datetime
    by_owner: bool
    id: str
    available: Decimal


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
    own, partner = (_change(side, _stocks(rows, side, card["unit"])) for side in (me, other))
    split = _split(own, partner)
    value = split.value
    return StockShift(
        items=[strawberry.ID(each) for each in items], unit=UnitCode(card["unit"]), own=own, partner=partner,
        reduced=value.reduced if value else None, saved=value.saved if value else None,
        moved=value.moved if value else None, definitions=[COUNTED, split.definition], lacking=split.lacking,
    )  # fmt: skip


def _split(own: StockChange, partner: StockChange) -> Result[Shift]:
    if own.before is None or own.after is None:
        return not_enough("your own stock is not known before and after", SHIFT)
    if partner.before is None or partner.after is None:
        return shift(own.before, own.after, None, None)
    return shift(own.before, own.after, total([own.before, partner.before]), total([own.after, partner.after]))


def _stocks(rows: Iterable[dict[str, Any]], owner: str, unit: str) -> list[_Stock]:
    """Statements of owner and holder stand side by side: they are about one stock."""
    stocks: dict[tuple[str | None, str | None], _Stock] = defaultdict(_Stock)
    for row in rows:
        if row["owner"]["id"] == owner:
            stock = stocks[_id(row["holder"]), _id(row["site"])]
            stock.positions.append(row["id"])
            for end, name in zip(stock.ends, ("before", "after"), strict=True):
                end += [_said(row, each, unit) for each in row[name]["nodes"] if _readable(each, unit)]
    at_place = Counter(site for (_, site), stock in stocks.items() for _ in stock.positions)
    for (holder, site), stock in stocks.items():
        stock.distinct = holder is not None or at_place[site] == 1
    return list(stocks.values())


def _readable(statement: dict[str, Any], unit: str) -> bool:
    """Whether its amount is shown, and can be told in the item's unit."""
    shown = statement["available"]
    return shown is not None and units.convertible(shown["unit"], unit)


def _said(row: dict[str, Any], statement: dict[str, Any], unit: str) -> _Said:
    amount = units.convert(parse_decimal(statement["available"]["value"]), statement["available"]["unit"], unit)
    by_owner = _id(row["statedBy"]) == row["owner"]["id"]
    return _Said(parse_instant(statement["asOf"]), by_owner, statement["id"], amount)


def _change(partner: str, stocks: Sequence[_Stock]) -> StockChange:
    """An unknown part makes the whole unknown: not stated is not zero."""
    before, after = (_sum(stocks, number) for number in (0, 1))
    evidence = dict.fromkeys(_newest(end).id for stock in stocks for end in stock.ends if end)
    unknown = [key for stock in stocks if not stock.known for key in stock.positions]
    return StockChange(
        partner=strawberry.ID(partner), before=before, after=after,
        change=after - before if before is not None and after is not None else None,
        unknown=[strawberry.ID(each) for each in unknown[:MOST_LISTED]],
        evidence=[strawberry.ID(each) for each in list(evidence)[:MOST_LISTED]],
    )  # fmt: skip


def _sum(stocks: Sequence[_Stock], number: int) -> Decimal | None:
    told = [stock.ends[number] for stock in stocks if stock.distinct]
    return total(map(_amount, told)) if stocks and len(told) == len(stocks) and all(told) else None


def _amount(said: Sequence[_Said]) -> Decimal:
    return _newest(said).available


def _newest(said: Sequence[_Said]) -> _Said:
    return max(said, key=lambda each: (each.as_of, each.by_owner, each.id))


def _id(card: dict[str, Any] | None) -> str | None:
    return None if card is None else str(card["id"])
