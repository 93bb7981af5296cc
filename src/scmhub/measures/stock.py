"""Stock over time and over partners: the day it runs out, and whether a reduction was one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scmhub.measures.figures import Range
from scmhub.measures.result import Result, not_enough

_NOTHING = Decimal(0)

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

    reduced: Range
    saved: Range
    moved: Range


def shift(mine: Range, partners: Range | None, evidence: Iterable[str] = ()) -> Result[Shift]:
    """Whether stock was saved or pushed across, from how both stocks changed (after less before), in one unit.

    Mine fell by 40 and the partners' rose by 40: reduced 40, saved 0, moved 40. It rose by 30: saved 10, moved 30. It
    rose by 20 to 30: saved 10 to 20, moved 20 to 30. NOT_ENOUGH_DATA while the partners' is unknown.
    """
    kept = tuple(evidence)
    if partners is None:
        return not_enough("the chain's stock is not known before and after", SHIFT, kept)
    left = Range(max(-mine.high, _NOTHING), max(-mine.low, _NOTHING))
    moved = Range(_within(partners.low, left.low), _within(partners.high, left.high))
    saved = Range(left.low - _within(partners.high, left.low), left.high - _within(partners.low, left.high))
    return Result(Shift(left, saved, moved), SHIFT, kept)


def _within(rise: Decimal, left: Decimal) -> Decimal:
    """What of ``left`` the partners took."""
    return min(max(rise, _NOTHING), left)
