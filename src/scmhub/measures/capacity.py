"""Demand against capacity, and demand against what it was last time (CX-0128 sections 5.7.1 and 5.11.3).

The standard obliges both sides to the same table, so both read the same word for the same week.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from scmhub.measures.result import Result, not_enough, ratio, total

MATCH = (
    "Demand equal to actual capacity: none; below: surplus; above, up to maximum capacity: bottleneck, orange; above"
    " the maximum: bottleneck, red (CX-0128 5.7.1)."
)
DEVIATION = (
    "Latest total demand less the previous one, as an amount and as a share of the previous; an alert when the share"
    " reaches the threshold up, or its minus down (CX-0128 5.11.3)."
)


class Match(Enum):
    """What demand is to capacity in one period."""

    NONE = "NONE"
    SURPLUS = "SURPLUS"
    BOTTLENECK_ORANGE = "BOTTLENECK_ORANGE"
    BOTTLENECK_RED = "BOTTLENECK_RED"


@dataclass(frozen=True, slots=True)
class CapacityMatch:
    """``deviation`` = actual capacity - demand; ``flexible`` = maximum - actual; ``short``: demand above maximum."""

    match: Match
    deviation: Decimal
    flexible: Decimal
    short: Decimal


def capacity_match(
    demand: Decimal | None, actual: Decimal | None, maximum: Decimal | None, evidence: Iterable[str] = ()
) -> Result[CapacityMatch]:
    """One period's match. Actual 100, maximum 120: demand 100 none, 80 surplus of 20, 110 orange, 130 red, short of 10.

    A maximum below the actual capacity is a ValueError: the standard has no such row. Unknown is not zero.
    """
    kept = tuple(evidence)
    if demand is None or actual is None or maximum is None:
        return not_enough("demand, actual or maximum capacity of the period is unknown", MATCH, kept)
    if maximum < actual:
        raise ValueError("maximum capacity is at least the actual capacity")
    if demand > maximum:
        match = Match.BOTTLENECK_RED
    elif demand > actual:
        match = Match.BOTTLENECK_ORANGE
    else:
        match = Match.NONE if demand == actual else Match.SURPLUS
    short = max(demand - maximum, Decimal(0))
    return Result(CapacityMatch(match, actual - demand, maximum - actual, short), MATCH, kept)


@dataclass(frozen=True, slots=True)
class Deviation:
    """``relative`` None: the previous total was zero. ``alert``: UP, DOWN or None."""

    absolute: Decimal
    relative: Decimal | None
    alert: str | None


def demand_deviation(
    previous: Sequence[Decimal | None],
    latest: Sequence[Decimal | None],
    threshold_up: Decimal,
    threshold_down: Decimal,
    evidence: Iterable[str] = (),
) -> Result[Deviation]:
    """How far the latest demand of the same periods is from the previous one.

    4 x 100, then 120, 110, 130, 100: +60, +0.15, alert UP at 0.10. Both thresholds are magnitudes: the standard defines
    the negative one so, and its table then compares with it as it is; here 4 x 100, then 4 x 85, alerts DOWN at 0.10.
    """
    if threshold_up < 0 or threshold_down < 0:
        raise ValueError("thresholds are magnitudes")
    kept = tuple(evidence)
    pairs = [(old, new) for old, new in zip(previous, latest, strict=True) if old is not None and new is not None]
    if not pairs or len(pairs) < len(previous):
        return not_enough("a period is unknown in one of the two", DEVIATION, kept)
    before = total(old for old, _ in pairs)
    absolute = total(new for _, new in pairs) - before
    if before == 0:
        return Result(Deviation(absolute, None, "UP" if absolute > 0 else None), DEVIATION, kept)
    relative = ratio(absolute, before)
    alert = "UP" if relative > 0 and relative >= threshold_up else None
    alert = "DOWN" if relative < 0 and relative <= -threshold_down else alert
    return Result(Deviation(absolute, relative, alert), DEVIATION, kept)
