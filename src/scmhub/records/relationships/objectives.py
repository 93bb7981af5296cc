"""What follows from what two sides write about their relationship. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from scmhub.partners import units

HIGH = 3
"""From here on, of 5, supply risk or profit impact counts as high."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One side's objective."""

    id: str
    owner: str
    measure: str
    aim: str
    target: Decimal
    unit: str


def kraljic(supply_risk: int | None, profit_impact: int | None) -> str | None:
    """Kraljic's class (1983); null unless both are known."""
    if supply_risk is None or profit_impact is None:
        return None
    if supply_risk >= HIGH:
        return "STRATEGIC" if profit_impact >= HIGH else "BOTTLENECK"
    return "LEVERAGE" if profit_impact >= HIGH else "NON_CRITICAL"


def diverging(wanted: Sequence[Wanted]) -> list[tuple[Wanted, Wanted]]:
    """Pairs (at least, at most) of different sides, same measure and comparable unit, that leave no room between."""
    return [
        (low, high)
        for low in wanted if low.aim == "AT_LEAST"
        for high in wanted
        if high.aim == "AT_MOST" and high.measure == low.measure and high.owner != low.owner
        and units.compatible(low.unit, high.unit) and low.target > high.target
    ]  # fmt: skip
