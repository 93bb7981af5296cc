"""Days of supply (CX-0157 PURIS 1.0.0, `SupplyService`): for how many of the following days a day's stock lasts.

Worked example of the standard: stock 100, demand 40, 60, 50, 50, 60, 50, inbound 0, 60, 100, 0, 0, 40. Projected stock
60, 60, 110, 60, 0; days of supply 1.0, 1.2, 2.0, 1.0, 0.0. From stock 0: 0, 0, 0.2, 0, 0. Six days give five values:
nothing is known of the day after the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scmhub.measures.result import Result, not_enough, ratio
from scmhub.measures.stock import project

DEFINITION = (
    "The day's projected stock over the demand of the following days: whole days covered, plus the share of the first"
    " day that is not. Later inbound is not counted (CX-0157)."
)


@dataclass(frozen=True, slots=True)
class Supply:
    """Days covered; ``at_least``: the stock outlasts what is known of the future, so it may be more."""

    days: Decimal
    at_least: bool = False


def days_of_supply(stock: Decimal, following: Sequence[Decimal | None]) -> Supply:
    """How long ``stock`` lasts over the demand of the ``following`` days; an unknown demand (None) ends what is known.

    A day without demand is covered if stock is not negative. 110 over 50, 60, 50: two days, then nothing: 2.0.
    """
    return days_covered(stock, [(demand, 1) for demand in following])


def days_covered(stock: Decimal, following: Sequence[tuple[Decimal | None, int]]) -> Supply:
    """The same over periods of so many days each. 60 over weeks of 40 and 80: one week and a quarter: 8.75 days."""
    if stock < 0:
        return Supply(Decimal(0))
    left, days = stock, Decimal(0)
    for demand, length in following:
        if demand is None:
            return Supply(days, at_least=True)
        if demand > left:
            return Supply(days + ratio(left * length, demand))
        left, days = left - demand, days + length
    return Supply(days, at_least=left > 0)


def supply_by_day(
    opening: Decimal,
    demand: Sequence[Decimal | None],
    inbound: Sequence[Decimal | None],
    evidence: Iterable[str] = (),
) -> list[Result[Supply]]:
    """One value per day but the last, from the stock before the first day; all amounts in one unit.

    Where the projected stock is unknown the answer is NOT_ENOUGH_DATA.
    """
    kept = tuple(evidence)
    answers: list[Result[Supply]] = []
    for day, stock in enumerate(project(opening, demand, inbound)[:-1]):
        if stock is None:
            answers.append(not_enough("demand or inbound up to this day is unknown", DEFINITION, kept))
        else:
            answers.append(Result(days_of_supply(stock, demand[day + 1 :]), DEFINITION, kept))
    return answers
