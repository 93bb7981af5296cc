"""The periods of a plan: days, weeks from Monday, calendar months and quarters, and which of them add up to which."""

from __future__ import annotations

from datetime import date, timedelta

_NESTS = {("DAY", "WEEK"), ("DAY", "MONTH")}
_MONTHS = {"MONTH": 1, "QUARTER": 3}
"""How many months a period has; of a quarter only service is measured, no plan is made."""


def period_of(bucket: str, day: date) -> date:
    """First day of the period ``day`` lies in."""
    if bucket == "WEEK":
        return day - timedelta(days=day.weekday())
    if bucket in _MONTHS:
        return day.replace(month=day.month - (day.month - 1) % _MONTHS[bucket], day=1)
    return day


def moved(bucket: str, start: date, periods: int) -> date:
    """The start of the period so many periods later, or earlier if negative."""
    if bucket in _MONTHS:
        months = start.year * 12 + start.month - 1 + periods * _MONTHS[bucket]
        return date(months // 12, months % 12 + 1, 1)
    return start + timedelta(days=periods * (7 if bucket == "WEEK" else 1))


def nests(fine: str, coarse: str) -> bool:
    """Whether periods add up to longer ones without being cut: days always do, weeks and months never."""
    return fine == coarse or (fine, coarse) in _NESTS


def starts(bucket: str, first: date, last: date) -> list[date]:
    """First days of the periods from the one ``first`` lies in to the one ``last`` lies in."""
    days = [period_of(bucket, first)]
    while moved(bucket, days[-1], 1) <= last:
        days.append(moved(bucket, days[-1], 1))
    return days


def days_in(bucket: str, start: date) -> int:
    """Length of the period that starts on this day, in days."""
    return (moved(bucket, start, 1) - start).days
