"""Figures that say where they come from and how exact they are: what a channel is added up from.

acme states a demand of 40: the figure is 40 and names the point. bolt may see of acme's stock only that it lies between
100 and 200: the figure is that range, and what is computed from it is a range too. What is not known is None; it is
never taken for zero, and there is one reason for it, whether it was not stated or is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scmhub.measures.result import total

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Range:
    """Something between ``low`` and ``high``, both possible; exact if they are equal."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Range) -> Range:
        return Range(total((self.low, other.low)), total((self.high, other.high)))

    def __sub__(self, other: Range) -> Range:
        return Range(total((self.low, -other.high)), total((self.high, -other.low)))

    def above(self, floor: Decimal) -> Range:
        """What of it lies above ``floor``, at least zero."""
        return Range(max(self.low - floor, _ZERO), max(self.high - floor, _ZERO))

    def below(self, ceiling: Decimal) -> Range:
        """How much it misses of ``ceiling``, at least zero."""
        return Range(max(ceiling - self.high, _ZERO), max(ceiling - self.low, _ZERO))


def exact(value: Decimal) -> Range:
    return Range(value, value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A range and where it comes from: ids of records, of the partners who stated them, and the newest instant."""

    amount: Range
    evidence: tuple[str, ...] = ()
    stated_by: tuple[str, ...] = ()
    stated_at: datetime | None = None

    def holding(self, amount: Range) -> Figure:
        """Another amount from the same sources."""
        return Figure(amount, self.evidence, self.stated_by, self.stated_at)


def joined(amount: Range, sources: Iterable[Figure]) -> Figure:
    """An amount that was computed from several figures; sources in order, each named once."""
    sources = list(sources)
    instants = [each.stated_at for each in sources if each.stated_at is not None]
    return Figure(
        amount, tuple(dict.fromkeys(key for each in sources for key in each.evidence)),
        tuple(dict.fromkeys(key for each in sources for key in each.stated_by)), max(instants, default=None),
    )  # fmt: skip


def summed(figures: Iterable[Figure | None]) -> Figure | None:
    """The sum of what is known; None if nothing is. 40 and a range of 10 to 20: 50 to 60."""
    known = [each for each in figures if each is not None]
    if not known:
        return None
    low, high = (total(getattr(each.amount, end) for each in known) for end in ("low", "high"))
    return joined(Range(low, high), known)


def larger(one: Figure | None, other: Figure | None) -> Figure | None:
    """The larger of two, as orders consume a forecast: 40 forecast and 60 ordered are 60, not 100.

    Equal: the first. Ranges that overlap give the range the larger may lie in, from both. Unknown: the other.
    """
    if one is None or other is None:
        return one or other
    if one.amount.low >= other.amount.high:
        return one
    if other.amount.low >= one.amount.high:
        return other
    low, high = max(one.amount.low, other.amount.low), max(one.amount.high, other.amount.high)
    return joined(Range(low, high), (one, other))
