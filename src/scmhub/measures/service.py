"""How well a provider delivered in a period: OTIF, on time, fill rate and ready rate, in per cent.

Measured from the customer's receipt, never from the ship date, against the day and the quantity that two sides signed:
requested, first or last promised (SCOR RL.2.1 delivered in full, RL.2.2 delivered to the commit date).

Worked example: four deliveries of 100 pieces, due on the 10th, two days late are on time, nothing may be missing. One
comes whole on the 10th, one whole on the 14th, one with 80 on the 14th and no more, one whole on the 12th: on time 50
per cent, in full 75, OTIF 50. The rates are counted, never multiplied. What came inside the window: 200 of 400, a fill
rate of 50 per cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from scmhub.measures.result import EXACT_DIGITS, Result, not_enough, ratio, total

OTIF = (
    "Deliveries that came on time and in full, over the deliveries that were due in the period (SCOR RL.2.1, RL.2.2)."
)
ON_TIME = (
    "Deliveries of which all that came, came inside the window, and of which no more is outstanding, over those that"
    " were due (SCOR RL.2.2)."
)
FILL_RATE = "Quantity that came good inside the window, at most what was due, over the quantity due."
READY_RATE = "Days that ended with stock, over the days of which the stock is known."
_HUNDRED, _NOTHING = Decimal(100), Decimal(0)


@dataclass(frozen=True, slots=True)
class Window:
    """Which days and quantities are right. ``early_days`` None: any day before. ``short_allowed`` in per cent."""

    early_days: int | None
    late_days: int
    short_allowed: Decimal = _NOTHING

    def holds(self, due_on: date, day: date) -> bool:
        """Due on the 10th, 1 day early to 2 days late: the 9th to the 12th."""
        off = (day - due_on).days
        return off <= self.late_days and (self.early_days is None or -off <= self.early_days)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was due, and what of it came good and when, by the receiving site's days. ``ended``: no more will come."""

    due_on: date
    wanted: Decimal
    came: tuple[tuple[date, Decimal], ...]
    ended: bool = True

    @property
    def good(self) -> Decimal:
        return total(much for _, much in self.came)


def in_full(delivery: Delivery, window: Window) -> bool:
    """100 wanted, 2 per cent may be missing: 98 is in full, 97.9 is not."""
    with localcontext(prec=EXACT_DIGITS):
        return delivery.good * _HUNDRED >= delivery.wanted * (_HUNDRED - window.short_allowed)


def on_time(delivery: Delivery, window: Window) -> bool:
    """Whether it is over, and nothing of it came outside the window. Of what never came nothing is on time."""
    over = delivery.ended or in_full(delivery, window)
    return bool(over and delivery.came) and all(window.holds(delivery.due_on, day) for day, _ in delivery.came)


def filled(delivery: Delivery, window: Window) -> Decimal:
    """What came inside the window, at most what was wanted: too much of one makes up for no other."""
    inside = total(much for day, much in delivery.came if window.holds(delivery.due_on, day))
    return min(inside, delivery.wanted)


def met(measure: str, delivery: Delivery, window: Window) -> bool:
    """Whether a delivery is as it should be, by OTIF, ON_TIME or FILL_RATE."""
    if measure == "FILL_RATE":
        return filled(delivery, window) == delivery.wanted
    return on_time(delivery, window) and (measure == "ON_TIME" or in_full(delivery, window))


def service_level(
    measure: str, deliveries: Sequence[Delivery], window: Window, evidence: Iterable[str] = ()
) -> Result[Decimal]:
    """OTIF, ON_TIME or FILL_RATE of the deliveries due in a period, in per cent; the example of this page.

    No delivery was due: NOT_ENOUGH_DATA, for nothing was served badly, and nothing well.
    """
    definition = {"OTIF": OTIF, "ON_TIME": ON_TIME, "FILL_RATE": FILL_RATE}[measure]
    kept = tuple(evidence)
    if not deliveries:
        return not_enough("no delivery was due in the period", definition, kept)
    if measure == "FILL_RATE":
        part, whole = total(filled(each, window) for each in deliveries), total(each.wanted for each in deliveries)
    else:
        part, whole = Decimal(sum(met(measure, each, window) for each in deliveries)), Decimal(len(deliveries))
    return Result(_per_cent(part, whole), definition, kept)


def ready_rate(
    places: Sequence[Sequence[tuple[date, Decimal]]], first: date, last: date, evidence: Iterable[str] = ()
) -> Result[Decimal]:
    """Share of the days from ``first`` to ``last`` that ended with stock, over all places.

    Of each place the statements, (day, available) in order of time, those before ``first`` included; the newest of a
    day counts until the next. 50 on the 2nd, 0 on the 6th, 30 on the 7th: of the 1st to the 10th nine days are known
    and eight ended with stock: 88.8889.
    """
    kept = tuple(evidence)
    ends = [stock for place in places for stock in _at_ends(place, first, last) if stock is not None]
    if not ends:
        return not_enough("no day of the period has a stock that is known", READY_RATE, kept)
    ready = sum(1 for stock in ends if stock > 0)
    return Result(_per_cent(Decimal(ready), Decimal(len(ends))), READY_RATE, kept)


def _at_ends(statements: Sequence[tuple[date, Decimal]], first: date, last: date) -> Iterator[Decimal | None]:
    """The stock at the end of each day; None before the first statement: unknown is not zero."""
    stock, number = None, 0
    for offset in range((last - first).days + 1):
        while number < len(statements) and statements[number][0] <= first + timedelta(days=offset):
            stock = statements[number][1]
            number += 1
        yield stock


def _per_cent(part: Decimal, whole: Decimal) -> Decimal:
    return (ratio(part, whole) * _HUNDRED).normalize() + _NOTHING
