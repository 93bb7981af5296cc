"""What a measure answers: a value, the words that define it, and the ids it was computed from; or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Generic, TypeVar

_T = TypeVar("_T")
_SIXTH_PLACE = Decimal("0.000001")
EXACT_DIGITS = 60
"""More than any sum or product of amounts needs."""


@dataclass(frozen=True, slots=True)
class Result(Generic[_T]):
    """``value`` None means NOT_ENOUGH_DATA, for the reason in ``lacking``; a measure never guesses."""

    value: _T | None
    definition: str
    evidence: tuple[str, ...] = ()
    lacking: str | None = None

    @property
    def state(self) -> str:
        return "NOT_ENOUGH_DATA" if self.value is None else "OK"


def not_enough(lacking: str, definition: str, evidence: Iterable[str] = ()) -> Result[_T]:
    """The answer of a measure over too little data."""
    return Result(None, definition, tuple(evidence), lacking)


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """A quotient, rounded once, half up, to 6 places; ZeroDivisionError as Decimal has it."""
    with localcontext(prec=EXACT_DIGITS):
        return (numerator / denominator).quantize(_SIXTH_PLACE, ROUND_HALF_UP)


def total(values: Iterable[Decimal]) -> Decimal:
    """An exact sum."""
    with localcontext(prec=EXACT_DIGITS):
        return sum(values, Decimal(0))
