"""How good a forecast was, at the lag at which it was frozen: WAPE, bias, MASE and the tracking signal.

Worked example, actual 100, 120, 80 and forecast 110, 100, 90: WAPE 40/300 = 13.3 %, bias 0/300 = 0 %. Hence both: a
forecast may be right on the whole and wrong every week. MAE 40/3; |120-100| and |80-120| are 30 on average, so MASE is
0.444444.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scmhub.measures.result import Result, not_enough, ratio, total

WAPE = "Sum of |actual - forecast| over sum of actual."
BIAS = "Sum of (forecast - actual) over sum of actual: positive when too much was forecast."
MASE = (
    "Mean |actual - forecast| over mean |actual(t) - actual(t - season)| of the same periods (Hyndman, Koehler 2006):"
    " below 1 is better than repeating the past."
)
TRACKING = "Sum of (forecast - actual) over mean |actual - forecast|: beyond about 4 either way the error is one-sided."


_NO_PAIR = "no period has both a forecast and an actual"


@dataclass(frozen=True, slots=True)
class Pair:
    """What was forecast for one period and what came; ``evidence``: ids of the records both were read from."""

    forecast: Decimal
    actual: Decimal
    evidence: tuple[str, ...] = ()


Pairs = Sequence[Pair | None]
"""One per period, in order of time; None where forecast or actual is unknown."""


def wape(pairs: Pairs) -> Result[Decimal]:
    """Weighted absolute percentage error, a share of 1. 100, 120, 80 against 110, 100, 90: 0.133333."""
    return _over_actual(pairs, (abs(each.actual - each.forecast) for each in _known(pairs)), WAPE)


def bias(pairs: Pairs) -> Result[Decimal]:
    """Signed error, a share of 1. 100, 120, 80 against 110, 100, 90: 0."""
    return _over_actual(pairs, (each.forecast - each.actual for each in _known(pairs)), BIAS)


def _over_actual(pairs: Pairs, errors: Iterable[Decimal], definition: str) -> Result[Decimal]:
    evidence = _evidence(pairs)
    if not _known(pairs):
        return not_enough(_NO_PAIR, definition, evidence)
    actual = total(each.actual for each in _known(pairs))
    if actual == 0:
        return not_enough("the actuals add up to zero", definition, evidence)
    return Result(ratio(total(errors), actual), definition, evidence)


def mase(pairs: Pairs, season: int = 1) -> Result[Decimal]:
    """Mean absolute scaled error (Hyndman and Koehler 2006). 100, 120, 80 against 110, 100, 90: 0.444444.

    ``season`` in periods. A step over an unknown period is no step; a flat history scales nothing and gives none.
    """
    evidence = _evidence(pairs)
    steps = [
        abs(now.actual - then.actual)
        for then, now in zip(pairs, pairs[season:], strict=False)
        if now is not None and then is not None
    ]
    if not steps:
        return not_enough(f"no two periods {season} apart have both a forecast and an actual", MASE, evidence)
    if total(steps) == 0:
        return not_enough("the actuals never change, so there is nothing to scale by", MASE, evidence)
    known = _known(pairs)
    error = total(abs(each.actual - each.forecast) for each in known)
    return Result(ratio(error * len(steps), total(steps) * len(known)), MASE, evidence)


def tracking_signal(pairs: Pairs) -> Result[Decimal]:
    """Brown's signal in mean absolute deviations. 100, 100 against 110, 130: errors 10 and 30, mean 20, signal 2."""
    evidence, known = _evidence(pairs), _known(pairs)
    if not known:
        return not_enough(_NO_PAIR, TRACKING, evidence)
    absolute = total(abs(each.actual - each.forecast) for each in known)
    if absolute == 0:
        return Result(Decimal(0), TRACKING, evidence)
    signed = total(each.forecast - each.actual for each in known)
    return Result(ratio(signed * len(known), absolute), TRACKING, evidence)


def _known(pairs: Pairs) -> list[Pair]:
    return [each for each in pairs if each is not None]


def _evidence(pairs: Pairs) -> tuple[str, ...]:
    return tuple(each_id for each in _known(pairs) for each_id in each.evidence)
