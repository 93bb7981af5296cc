"""Days of supply (CX-0157 PURIS 1.0.0, `SupplyService`): for how many of the following days a day's stock lasts.

Worked example of the standard: stock 100, demand 40, 60, 50, 50, 60, 50, inbound 0, 60, 100, 0, 0, 40. Projected stock
60, 60, 110, 60, 0; days of supply 1.0, 1.2, 2.0, 1.0, 0.0. From stock 0: 0, 0, 0.2, 0, 0. Six days give five values:
nothing is known of the day after the last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import accumulate

from scmhub.measures.result import EXACT_DIGITS, ratio


@dataclass(frozen=True, slots=True)
class Supply:
    """Days covered; ``at_least``: the stock outlasts what is known of the future, so it may be more."""

    days: Decimal
    at_least: bool = False


class Needs:
    """What is needed period by period, added up once, so that a stock at any time is answered by a search.

    Periods are (demand, length in days); a demand that is not known (None) ends what is known. Demand is not negative.
    """

    def __init__(self, periods: Sequence[tuple[Decimal | None, int]]) -> None:
        self._periods = periods
        with localcontext(prec=EXACT_DIGITS):
            self._before = list(accumulate((demand or Decimal(0) for demand, _ in periods), initial=Decimal(0)))
        self._days = list(accumulate((length for _, length in periods), initial=0))
        ends, end = [], len(periods)
        for number in reversed(range(len(periods))):
            end = number if periods[number][0] is None else end
            ends.append(end)
        self._ends = [*reversed(ends), len(periods)]

    def covered(self, stock: Decimal, first: int) -> Supply:
        """How long ``stock`` lasts from the period ``first`` on.

        60 over weeks of 40 and 80: one week and a quarter: 8.75 days. 110 over days of 50, 60, 50: 2. A period without
        demand is covered if the stock is not negative.
        """
        if stock < 0:
            return Supply(Decimal(0))
        end = self._ends[first]
        with localcontext(prec=EXACT_DIGITS):
            enough = self._before[first] + stock
            short = bisect_right(self._before, enough, first + 1, end + 1) - 1
            left = enough - self._before[short]
        days = Decimal(self._days[short] - self._days[first])
        if short == end:
            return Supply(days, at_least=end < len(self._periods) or left > 0)
        demand, length = self._periods[short]
        assert demand is not None
        return Supply(days + ratio(left * length, demand))
