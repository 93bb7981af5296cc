"""What a publish may say, and what it changes. Pure: no I/O, no clock.

acme publishes 52 weeks; next Monday the same 52 with another number in week 9. One period is written anew, 51 stand,
and the version says so. Had acme sent week 9 alone, the outcome would be the same: what is not mentioned stays as it
was, unless acme said that its horizon is complete (``replace``): then what is absent becomes unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from scmhub.errors import Refusal
from scmhub.measures.periods import moved as moved
from scmhub.measures.periods import period_of as period_of
from scmhub.quantity import render_decimal

MOST_POINTS = 1_000
"""Most periods of one publish, and of the horizon it replaces."""
DEFAULT_CATEGORY = "0001"
CATEGORIES = ("0001", "A1S1", "SR99", "PI01", "PO01", "OS01", "OI01", "ED01")
"""Demand category codes of CX-0128."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a period is stated to be, in the series' unit."""

    quantity: Decimal
    upside: Decimal | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class Horizon:
    """First and last day within which periods may start; both count."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Difference:
    """What a publish changes: periods to state (anew), and periods that become unknown."""

    stated: dict[date, Stated]
    withdrawn: tuple[date, ...]

    def __bool__(self) -> bool:
        return bool(self.stated or self.withdrawn)

    def __len__(self) -> int:
        return len(self.stated) + len(self.withdrawn)


# -- the calendar ------------------------------------------------------------------------------------------------------


def check_start(bucket: str, day: date, path: list[str]) -> date:
    """INVALID unless a period of this bucket starts on ``day``; the message names the day that was probably meant."""
    start = period_of(bucket, day)
    if start != day:
        raise Refusal("INVALID", f"A {bucket.lower()} starts on {start}, not on {day}.", path)
    return day


def check_past(day: date, today: date, path: list[str]) -> None:
    """OUT_OF_RANGE for a period that has not begun: what was sold is a fact, not a plan."""
    if day > today:
        raise Refusal("OUT_OF_RANGE", f"The period of {day} has not begun; sell-out is about the past.", path)


# -- what changes ------------------------------------------------------------------------------------------------------


def horizon(bucket: str, replace: bool, first: date | None, last: date | None) -> Horizon | None:
    """The horizon a publish replaces; None if it does not. Refusal with the path of what is wrong or missing."""
    if not replace:
        for name, given in (("horizonStart", first), ("horizonEnd", last)):
            if given is not None:
                raise Refusal("INVALID", "A horizon is stated only together with replace.", ["input", name])
        return None
    if first is None or last is None:
        missing = "horizonStart" if first is None else "horizonEnd"
        raise Refusal("REQUIRED", "To replace a horizon, say where it starts and ends.", ["input", missing])
    if last < first:
        raise Refusal("INVALID", "The horizon ends before it starts.", ["input", "horizonEnd"])
    if last >= moved(bucket, period_of(bucket, first), MOST_POINTS):
        raise Refusal("OUT_OF_RANGE", f"A horizon has at most {MOST_POINTS} periods.", ["input", "horizonEnd"])
    return Horizon(first, last)


def check_within(days: Iterable[date], window: Horizon | None) -> None:
    """INVALID for a period outside the horizon that is being replaced."""
    for place, day in enumerate(days):
        if window is not None and day not in window:
            raise Refusal(
                "INVALID", f"The period of {day} lies outside the stated horizon.",
                ["input", "points", str(place), "startsOn"],
            )  # fmt: skip


def difference(current: Mapping[date, Stated], given: Mapping[date, Stated], window: Horizon | None) -> Difference:
    """What differs from ``current``. Periods not given stay, except inside ``window``: there they are withdrawn."""
    stated = {day: value for day, value in given.items() if current.get(day) != value}
    gone = tuple(sorted(day for day in current if window is not None and day in window and day not in given))
    return Difference(stated, gone)


# -- commits -----------------------------------------------------------------------------------------------------------


def response_to(demand: Decimal, quantity: Decimal) -> str:
    """COMMITTED for all of the demand or more, PARTIAL for some, REJECTED for nothing of it."""
    if quantity >= demand:
        return "COMMITTED"
    return "PARTIAL" if quantity else "REJECTED"


def commit(
    demand: Decimal | None, quantity: Decimal | None, response: str | None, path: list[str]
) -> tuple[Decimal, str]:
    """Quantity and response for one period, one derived from the other; ``demand`` None: the period was not asked for.

    COMMITTED without a quantity means all of it, REJECTED none. INVALID if the two contradict each other.
    """
    if demand is None:
        raise Refusal("INVALID", "The forecast's version states nothing for this period.", [*path, "startsOn"])
    if quantity is None:
        implied = {"COMMITTED": demand, "REJECTED": Decimal(0)}
        if response not in implied:
            raise Refusal("REQUIRED", "Say how much.", [*path, "quantity"])
        quantity = implied[response]
    derived = response_to(demand, quantity)
    if response is not None and response != derived:
        message = f"{render_decimal(quantity)} of {render_decimal(demand)} is {derived}, not {response}."
        raise Refusal("INVALID", message, [*path, "response"])
    return quantity, derived


def overdue(
    demand: Iterable[date], answered: Iterable[date], published_at: datetime, response_days: int, now: datetime
) -> list[date]:
    """Periods of a demand that are still unanswered ``response_days`` x 24 hours after it was published, in order.

    acme publishes on 1 March at noon and bolt has 5 days: from 6 March at noon on, a week without a commit is OVERDUE;
    until then it is REQUESTED. Derived, never stored: an answer that comes late simply ends it.
    """
    if now < published_at + timedelta(days=response_days):
        return []
    return sorted(set(demand) - set(answered))


# -- capacity ----------------------------------------------------------------------------------------------------------


def check_capacity(basis: str, given: Mapping[date, Stated], other: Mapping[date, Decimal]) -> None:
    """OUT_OF_RANGE if a maximum lies below the actual capacity of the same period, whichever is published."""
    for place, (day, value) in enumerate(given.items()):
        if day not in other:
            continue
        actual, maximum = (value.quantity, other[day]) if basis == "ACTUAL" else (other[day], value.quantity)
        if maximum < actual:
            raise Refusal(
                "OUT_OF_RANGE",
                f"Maximum capacity {render_decimal(maximum)} would be below the actual {render_decimal(actual)}.",
                ["input", "points", str(place), "quantity"],
            )


# -- comparing and grading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delta:
    """One period in two versions; None: unknown in that version, and then there is no difference either."""

    starts_on: date
    old: Decimal | None
    new: Decimal | None

    @property
    def change(self) -> str:
        if self.old is None:
            return "ADDED"
        if self.new is None:
            return "WITHDRAWN"
        return "SAME" if self.old == self.new else "CHANGED"

    @property
    def difference(self) -> Decimal | None:
        return None if self.old is None or self.new is None else self.new - self.old


def compare(old: Mapping[date, Decimal], new: Mapping[date, Decimal]) -> list[Delta]:
    """Every period that is known in at least one of two versions, in order."""
    return [Delta(day, old.get(day), new.get(day)) for day in sorted(old.keys() | new.keys())]


@dataclass(frozen=True, slots=True)
class Known:
    """One statement about a period and the interval of record time in which it held."""

    id: str
    starts_on: date
    quantity: Decimal
    known_from: datetime
    known_until: datetime | None


def known_at(statements: Sequence[Known], instant: datetime) -> Known | None:
    """The statement that held at ``instant``, among those about one period."""
    for each in statements:
        if each.known_from <= instant and (each.known_until is None or instant < each.known_until):
            return each
    return None
