"""Stock over time and over partners: the day it runs out, and whether a reduction was one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scmhub.measures.result import Result, not_enough

STOCK_OUT = "First period at whose end the projected stock is below zero; none if it never is within the horizon."
SHIFT = (
    "What left my stock, split: saved is how much the whole chain's stock fell, at most what left mine; the rest has"
    " moved to partners and is not saved."
)


@dataclass(frozen=True, slots=True)
class StockOut:
    """The first period that ends below zero, and by how much; ``on`` None: not within the horizon."""

    on: date | None
    short: Decimal = Decimal(0)


def stock_out(
    days: Sequence[date], projected: Sequence[Decimal | None], evidence: Iterable[str] = ()
) -> Result[StockOut]:
    """When the stock runs out. Days 1, 2, 3 with 60, -10, 40: on day 2, short of 10.

    NOT_ENOUGH_DATA if the projection becomes unknown before it runs out: "never" would be a guess.
    """
    kept = tuple(evidence)
    for day, stock in zip(days, projected, strict=True):
        if stock is None:
            return not_enough(f"the projected stock of {day} is unknown", STOCK_OUT, kept)
        if stock < 0:
            return Result(StockOut(day, -stock), STOCK_OUT, kept)
    return Result(StockOut(None), STOCK_OUT, kept)


@dataclass(frozen=True, slots=True)
class Shift:
    """Where stock that left one firm went: ``reduced`` = ``saved`` + ``moved``."""

    reduced: Decimal
    saved: Decimal
    moved: Decimal


def shift(
    mine_before: Decimal,
    mine_after: Decimal,
    chain_before: Decimal | None,
    chain_after: Decimal | None,
    evidence: Iterable[str] = (),
) -> Result[Shift]:
    """Whether stock was saved or pushed across. The chain's figures include mine; all amounts in one unit.

    Mine from 100 to 60, the chain's 300 before and after: reduced 40, saved 0, moved 40. The chain's from 300 to 290:
    saved 10, moved 30. NOT_ENOUGH_DATA while the chain's stock is unknown.
    """
    kept = tuple(evidence)
    if chain_before is None or chain_after is None:
        return not_enough("the chain's stock is not known before and after", SHIFT, kept)
    reduced = mine_before - mine_after
    if reduced <= 0:
        return Result(Shift(Decimal(0), Decimal(0), Decimal(0)), SHIFT, kept)
    saved = min(max(chain_before - chain_after, Decimal(0)), reduced)
    return Result(Shift(reduced, saved, reduced - saved), SHIFT, kept)
