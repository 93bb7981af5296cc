"""When something is out of tolerance: one pure function per criterion, and one that grades what it found.

The words are those of Oracle Collaborative Planning and of GS1 Exception Criteria 2.0.2, whose point is that both sides
raise the same exception. Each function answers how far off something is, in the unit of its criterion: days (DAY) or
per cent (P1) of what it is compared with. None means that there is nothing to compare; unknown is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from scmhub.measures.result import ratio, total
from scmhub.quantity import LARGEST

DAYS, PER_CENT = "DAY", "P1"
CRITERIA = {
    "LATE_ORDER": DAYS, "EARLY_ORDER": DAYS, "RESPONSE_REQUIRED": DAYS, "RECEIPT_VARIANCE": PER_CENT,
    "FORECAST_MISMATCH": PER_CENT, "FROZEN_CHANGE": PER_CENT, "STALE": DAYS, "BELOW_TARGET": PER_CENT,
    "SHORTAGE": PER_CENT, "EXCESS": PER_CENT, "SERVICE_LEVEL": PER_CENT,
}  # fmt: skip
"""Criterion -> UN/ECE Recommendation 20 unit of its variance and of its tolerance."""
_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)


def grade(variance: Decimal | None, allowed: Decimal, grave: Decimal) -> str | None:
    """LOW, MEDIUM or HIGH for a variance above ``allowed``; None within tolerance.

    HIGH from ``grave`` on, MEDIUM from half the way there. Allowed 2 days, grave 10: 2 none, 3 LOW, 6 MEDIUM, 10 HIGH.
    """
    if variance is None or variance <= allowed:
        return None
    if variance >= grave:
        return "HIGH"
    return "MEDIUM" if variance - allowed >= (grave - allowed) / 2 else "LOW"


def late_days(promised_on: date, outstanding: Decimal, today: date, expected_on: date | None) -> Decimal | None:
    """LATE_ORDER: days from the last promise to the day the rest is expected, or to today if that is later or unknown.

    Promised for the 10th, 40 of 100 outstanding: on the 12th 2 days late, with an estimate for the 17th 7. Today is the
    receiving site's. Nothing outstanding: nothing is late any more (the OTIF measures remember).
    """
    if outstanding <= 0:
        return None
    return Decimal((max(today, expected_on or today) - promised_on).days)


def early_days(promised_on: date, expected_on: date | None) -> Decimal | None:
    """EARLY_ORDER: days by which goods under way are expected before the promise.

    Promised for the 20th, expected on the 14th: 6. On or after the promise: zero or less, which no tolerance forbids.
    """
    return None if expected_on is None else Decimal((promised_on - expected_on).days)


def waiting_days(asked_at: datetime, now: datetime) -> Decimal:
    """RESPONSE_REQUIRED: days of 24 hours, the begun one included, that a question has waited for its answer.

    Asked on the 1st at noon: on the 6th at noon 5, a minute later 6: beyond a tolerance of 5.
    """
    return Decimal(-(-(now - asked_at) // timedelta(days=1)))


def age_days(stated_at: datetime, now: datetime) -> Decimal:
    """STALE: whole days of 24 hours since something was stated. Stated on the 1st at noon: on the 9th at 11:59 7."""
    return Decimal((now - stated_at).days)


def shortfall(wanted: Decimal, given: Decimal | None) -> Decimal | None:
    """FORECAST_MISMATCH: what a commit lacks of the demand it answers, in per cent of the demand.

    Demand 120, commit 90: 25. No answer is not an answer of zero; a demand of zero lacks nothing.
    """
    if given is None or wanted <= 0:
        return None
    return _share(wanted - given, wanted)


def receipt_variance(despatched: Decimal, good: Decimal, damaged: Decimal) -> Decimal:
    """RECEIPT_VARIANCE: despatched - good - damaged, in per cent of what was despatched.

    200 despatched, 180 good and 10 damaged: 5. Damaged goods arrived; they are a claim, not a variance.
    """
    return _share(despatched - good - damaged, despatched)


def below(available: Decimal, wanted: Decimal | None) -> Decimal | None:
    """BELOW_TARGET: what the available stock lacks of its target, in per cent of it. Target 400, available 300: 25."""
    return None if not wanted else _share(wanted - available, wanted)


@dataclass(frozen=True, slots=True)
class Outside:
    """The first period in which a projection leaves its range: its start, and how far off, in per cent."""

    starts_on: date
    variance: Decimal


def shortage(periods: Sequence[tuple[date, Decimal, Decimal]]) -> Outside | None:
    """SHORTAGE: the first period that ends below zero, in per cent of its demand.

    Periods are (start, demand, stock at the end), in order.

    Weeks 1, 2, 3 with demand 60 and stock 60, 0, -15: week 3, 25. A period without demand that starts in need: 100.
    """
    for starts_on, demand, stock in periods:
        if stock < 0:
            return Outside(starts_on, _share(-stock, demand) if demand > 0 else _HUNDRED)
    return None


def excess(periods: Sequence[tuple[date, Decimal, Decimal]], maximum: Decimal | None) -> Outside | None:
    """EXCESS: the first period that ends above the maximum, in per cent of it.

    Maximum 200, weeks that end with 180 and 250: the second, 25.
    """
    if not maximum:
        return None
    for starts_on, _, stock in periods:
        if stock > maximum:
            return Outside(starts_on, _share(stock - maximum, maximum))
    return None


def frozen_at(starts_on: date, fence_days: int, midnight: datetime) -> datetime:
    """When a period enters the frozen fence. ``midnight``: the start of the period's first day, as an instant.

    A week from Monday the 16th, fence 14 days: Monday the 2nd, 00:00. What is known then counts as agreed.
    """
    assert midnight.date() == starts_on
    return midnight - timedelta(days=fence_days)


def frozen_change(frozen: Decimal | None, now_stated: Decimal | None) -> Decimal | None:
    """FROZEN_CHANGE: how far a period stands from what was known when it entered the fence, in per cent of that.

    Frozen at 100, now 130: 30; now 85: 15. From zero to anything: 100. First stated inside the fence: nothing to
    compare.
    """
    if frozen is None or now_stated is None:
        return None
    if frozen == 0:
        return _NOTHING if now_stated == 0 else _HUNDRED
    return _share(abs(now_stated - frozen), frozen)


def frozen_order(agreed: Mapping[date, Decimal], asked: Mapping[date, Decimal], days: Iterable[date]) -> Decimal:
    """FROZEN_CHANGE of an order: what is asked otherwise for days inside the fence, in per cent of what was agreed.

    Agreed 60 for the 9th and 40 for the 20th, asked 100 for the 20th, the 9th is frozen: 100; asked 45 for the 9th: 25.
    Nothing was agreed for the days that are asked for: 100.
    """
    days, nothing = list(days), Decimal(0)
    moved = total(abs(agreed.get(day, nothing) - asked.get(day, nothing)) for day in days)
    stood = total(agreed.get(day, nothing) for day in days)
    return _share(moved, stood) if stood else _HUNDRED


def _share(part: Decimal, whole: Decimal) -> Decimal:
    """In per cent, at most what an amount may be: a millionth that became a billion is off the scale."""
    return min((ratio(part, whole) * _HUNDRED).normalize() + _NOTHING, LARGEST)
