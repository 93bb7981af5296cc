"""How fresh what a partner states is, and whether both sides share alike.

Worked examples: last stated on 1 March at noon, seen on 4 March at noon: 3 days old; agreed are 2, so it is stale.
acme opens {quantity, parties} of its forecasts to bolt, bolt opens {quantity} of its commits and nothing else: acme
gives 2 field groups, bolt 1, the balance is 1/3 to acme's side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from scmhub.measures.exceptions import age_days
from scmhub.measures.result import Result, not_enough, ratio

FRESHNESS = "Days since the last statement you may see; stale when that is more than the agreed or default period."
BALANCE = (
    "Field groups you open less those opened to you, over both: 1 if only you share, -1 if only the other side does,"
    " 0 if both share alike. Groups are counted per kind of record, whatever the items and windows of the rules."
)
_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Freshness:
    """``age_days`` of the last statement; ``stale``: older than it should be."""

    age_days: Decimal
    stale: bool


def freshness(last: datetime | None, now: datetime, period_days: Decimal, evidence: Iterable[str]) -> Result[Freshness]:
    """Age of the last statement against its period, in whole days as the exception STALE counts them.

    3 days against 2: stale; 3 days and a half against 3: not.
    """
    if last is None:
        return not_enough("nothing is stated that you may see", FRESHNESS)
    age = max(ratio(Decimal((now - last) // _MICROSECOND), Decimal(_DAY // _MICROSECOND)), Decimal(0))
    return Result(Freshness(age, age_days(last, now) > period_days), FRESHNESS, tuple(evidence))


def balance(given: Mapping[str, Iterable[str]], received: Mapping[str, Iterable[str]]) -> Result[Decimal]:
    """Who shares more: kind -> field groups, of each side. 2 given and 1 received: 0.333333."""
    mine, theirs = (sum(len(set(groups)) for groups in each.values()) for each in (given, received))
    if mine + theirs == 0:
        return not_enough("neither side opens anything to the other by rule", BALANCE)
    return Result(ratio(Decimal(mine - theirs), Decimal(mine + theirs)), BALANCE)
