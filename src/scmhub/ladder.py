"""The ladder: fixed edges 0, 1, 2, 5, 10, 20, 50, ... between which an amount is told as a band instead of exactly.

acme lets bolt know of its stock as a band only. The stock is 137: bolt reads "from 100 up to, not including, 200", and
reads the same for every stock from 100 to 199.999999. The steps are the preferred numbers 1, 2 and 5 of each decade
(Renard's idea in the coarse form of coins and weights): the upper edge is 2 or 2.5 times the lower one everywhere.

There is one ladder for everybody, every field and every unit, and an edge never depends on the amount or on a rule. So
two rules cannot be laid over each other to narrow an amount, and asking again tells nothing new. Amounts below zero
have no band. PostgreSQL computes the same from the same edges (``sharing.precision``).
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import NamedTuple

DECADES = 15
"""A stored amount has at most 15 digits before the point."""
EDGES = (0, *(step * 10**decade for decade in range(DECADES) for step in (1, 2, 5)), 10**DECADES)


class Band(NamedTuple):
    """All amounts from ``low`` up to, not including, ``high``."""

    low: int
    high: int


def band(amount: Decimal | None) -> Band | None:
    """The band an amount lies in; None for none, and for an amount off the ladder."""
    if amount is None or not EDGES[0] <= amount < EDGES[-1]:
        return None
    place = bisect_right(EDGES, amount)
    return Band(EDGES[place - 1], EDGES[place])
