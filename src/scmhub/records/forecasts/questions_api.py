"""Questions about time series: what changed between two versions, and how good a forecast was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode
from scmhub.measures import accuracy, capacity
from scmhub.measures.result import Result
from scmhub.partners import units
from scmhub.records.forecasts import reading, rules
from scmhub.records.forecasts.api import FACES
from scmhub.records.forecasts.reading import Ask
from scmhub.records.forecasts.rules import Known

MOST_PERIODS = 260
"""Most periods whose accuracy is asked for at once: five years of weeks."""
MOST_LAG = 260
DEVIATION_THRESHOLD = Decimal("0.10")
"""As the standard's example has it; equal up and down."""


@strawberry.enum(description="What happened to a period between two versions.")
class PeriodChange(Enum):
    SAME = strawberry.enum_value("SAME", description="The same number in both.")
    CHANGED = strawberry.enum_value("CHANGED", description="Another number.")
    ADDED = strawberry.enum_value("ADDED", description="Unknown before, known after.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="Known before, unknown after.")


@strawberry.type(description="One period in two versions.")
class PeriodDelta:
    starts_on: date = strawberry.field(description="First day of the period.")
    change: PeriodChange = strawberry.field(description="What happened to it.")
    old: Decimal | None = strawberry.field(description="Quantity in `version`, in the series' unit; null: unknown.")
    new: Decimal | None = strawberry.field(description="Quantity in `with`, in the series' unit; null: unknown.")
    delta: Decimal | None = strawberry.field(description="New less old; null if either is unknown.")


@strawberry.enum(description="Which way a demand moved beyond the threshold.")
class DeviationAlert(Enum):
    UP = strawberry.enum_value("UP", description="Up by the threshold or more.")
    DOWN = strawberry.enum_value("DOWN", description="Down by the threshold or more.")


@strawberry.type(description="How far the total of one version is from that of another (CX-0128 5.11.3).")
class ForecastDeviation:
    absolute: Decimal | None = strawberry.field(description="New total less old total; null if a period is unknown.")
    relative: Decimal | None = strawberry.field(description="As a share of the old total; null if that is zero, too.")
    threshold: Decimal = strawberry.field(description="Share from which on there is an alert, up or down.")
    alert: DeviationAlert | None = strawberry.field(description="Set beyond the threshold.")
    definition: str = strawberry.field(description="What is compared with what.")
    lacking: str | None = strawberry.field(description="Why there is no value.")


@strawberry.type(description="Two versions of a series, period by period.")
class ForecastComparison:
    version: int = strawberry.field(description="The version that is `old` here.")
    with_: int = strawberry.field(name="with", description="The version that is `new` here.")
    unit: UnitCode = strawberry.field(description="Unit of all quantities.")
    periods: list[PeriodDelta] = strawberry.field(description="Every period known in at least one; at most 4,000.")
    deviation: ForecastDeviation = strawberry.field(description="Of the totals over these periods.")


@strawberry.enum(description="Whether a measure could be computed.")
class MeasureState(Enum):
    OK = strawberry.enum_value("OK", description="It has a value.")
    NOT_ENOUGH_DATA = strawberry.enum_value("NOT_ENOUGH_DATA", description="It has none; `lacking` says why.")


@strawberry.type(description="A figure that says what it means and what it was made from.")
class ForecastMeasure:
    state: MeasureState = strawberry.field(description="Whether there is a value.")
    value: Decimal | None = strawberry.field(description="The value, rounded to 6 places.")
    definition: str = strawberry.field(description="What is divided by what.")
    lacking: str | None = strawberry.field(description="Why there is no value.")
    evidence: list[strawberry.ID] = strawberry.field(description="Ids of the points it was made from; at most 520.")


@strawberry.type(description="One period: what was forecast for it in time, and what came.")
class AccuracyPeriod:
    starts_on: date = strawberry.field(description="First day of the period.")
    frozen_at: datetime = strawberry.field(description="The forecast that counts is the one known at this instant.")
    forecast: Decimal | None = strawberry.field(description="That forecast, in its unit; null: unknown to you.")
    actual: Decimal | None = strawberry.field(description="What came; null: unknown to you, or the period is not over.")


@strawberry.type(description="How good a forecast was at a lag, over periods that are over.")
class ForecastAccuracy:
    lag: int = strawberry.field(description="How many periods before each period the forecast was frozen.")
    unit: UnitCode = strawberry.field(description="Unit of all quantities.")
    sell_out: strawberry.ID | None = strawberry.field(description="Id of the sell-out the actuals are from.")
    periods: list[AccuracyPeriod] = strawberry.field(description="Period by period; at most 260.")
    wape: ForecastMeasure = strawberry.field(description="Weighted absolute percentage error, a share of 1.")
    bias: ForecastMeasure = strawberry.field(description="Signed error, a share of 1.")
    mase: ForecastMeasure = strawberry.field(description="Mean absolute scaled error.")
    tracking_signal: ForecastMeasure = strawberry.field(description="One-sidedness, in mean absolute deviations.")


_Start = Annotated[date | None, strawberry.argument(description="Only periods that start on this day or later.")]
_End = Annotated[date | None, strawberry.argument(description="Only periods that start on this day or earlier.")]


@question(
    "forecastCompare",
    "Two versions of a forecast, sell-out, commit, production plan or capacity, period by period; null if there is no "
    "such series or version that you may see.",
    price=500,
)
async def forecast_compare(
    info: strawberry.Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Id of the series.")],
    version: Annotated[int, strawberry.argument(description="The version to begin with.")],
    with_: Annotated[
        int | None, strawberry.argument(name="with", description="The version to compare it with; default: the newest.")
    ] = None,
    start: _Start = None,
    end: _End = None,
) -> ForecastComparison | None:
    ask: Ask = info.context["ask"]
    face = reading.face_of(id)
    found = await reading.header(ask, face, id) if face else None
    if face is None or found is None:
        return None
    versions = [await reading.version(ask, face, id, each) for each in (version, with_)]
    if versions[0] is None or versions[1] is None:
        return None
    (old_no, old_at), (new_no, new_at) = versions[0], versions[1]
    old, new = [
        reading.quantities(await reading.points(ask, face, id, start, end, instant)) for instant in (old_at, new_at)
    ]
    deltas = _deltas(old, new)
    return ForecastComparison(
        version=old_no, with_=new_no, unit=found["unit"], periods=deltas, deviation=_deviation(deltas)
    )  # fmt: skip


def _deviation(deltas: Sequence[PeriodDelta]) -> ForecastDeviation:
    olds, news = [each.old for each in deltas], [each.new for each in deltas]
    found = capacity.demand_deviation(olds, news, DEVIATION_THRESHOLD, DEVIATION_THRESHOLD)
    value = found.value
    return ForecastDeviation(
        absolute=value.absolute if value else None, relative=value.relative if value else None,
        alert=DeviationAlert[value.alert] if value and value.alert else None, threshold=DEVIATION_THRESHOLD,
        definition=found.definition, lacking=found.lacking,
    )  # fmt: skip


def _deltas(old: dict[date, Decimal], new: dict[date, Decimal]) -> list[PeriodDelta]:
    return [
        PeriodDelta(
            starts_on=each.starts_on, change=PeriodChange[each.change], old=each.old, new=each.new,
            delta=each.difference,
        )
        for each in rules.compare(old, new)
    ]  # fmt: skip


@question(
    "forecastAccuracy",
    "How good a forecast was: what it said `lag` periods ahead against what was sold, as far as you may see both; null "
    "if there is no such forecast that you may see.",
    price=1000,
)
async def forecast_accuracy(
    info: strawberry.Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Id of the forecast.")],
    lag: Annotated[int, strawberry.argument(description="Periods before each period; 0: as it began. At most 260.")],
    start: Annotated[date, strawberry.argument(description="First day of the first period, or a day within it.")],
    end: Annotated[date, strawberry.argument(description="A day within the last period; at most 260 periods.")],
    sell_out: Annotated[
        strawberry.ID | None,
        strawberry.argument(description="Id of the sell-out that counts; default: the publisher's, or the only one."),
    ] = None,
) -> ForecastAccuracy | None:
    ask: Ask = info.context["ask"]
    face = FACES["DEMAND"]
    found = await reading.header(ask, face, id) if reading.face_of(id) is face else None
    if found is None:
        return None
    days = _periods(found["bucket"], lag, start, end)
    actuals, lacking = await _actuals(ask, found, sell_out)
    stated = await reading.history(ask, face, id, days[0], days[-1])
    came: list[Known] = []
    if actuals is not None:
        came = await reading.points(ask, FACES["SELL_OUT"], actuals["id"], days[0], days[-1])
    today = info.context["now"].date()
    came = [each for each in came if rules.moved(found["bucket"], each.starts_on, 1) <= today]
    return _accuracy(found, lag, days, stated, came, actuals, lacking)


def _periods(bucket: str, lag: int, start: date, end: date) -> list[date]:
    """Starts of the periods asked about; BadUserInput if there are none or too many."""
    if not 0 <= lag <= MOST_LAG:
        raise BadUserInput(f"'lag' must lie between 0 and {MOST_LAG}.", reason="BAD_VALUE", input_path=["lag"])
    first, last = rules.period_of(bucket, start), rules.period_of(bucket, end)
    if last < first:
        raise BadUserInput("'end' lies before 'start'.", reason="BAD_VALUE", input_path=["end"])
    if last >= rules.moved(bucket, first, MOST_PERIODS):
        raise BadUserInput(f"At most {MOST_PERIODS} periods at once.", reason="TOO_MANY", input_path=["end"])
    days = [first]
    while days[-1] < last:
        days.append(rules.moved(bucket, days[-1], 1))
    return days


async def _actuals(ask: Ask, forecast: dict[str, Any], named: str | None) -> tuple[dict[str, Any] | None, str | None]:
    """The sell-out to measure against, or why there is none. Nothing is averaged: of several one must be named."""
    fitting = [
        each
        for each in await reading.sell_outs(ask, forecast["item"]["id"], forecast["bucket"])
        if each["site"] == forecast["site"] and units.compatible(each["unit"], forecast["unit"])
    ]
    if named is not None:
        fitting = [each for each in fitting if each["id"] == named]
    own = [each for each in fitting if each["publisher"] == forecast["publisher"]]
    chosen = own or fitting
    if len(chosen) == 1:
        return chosen[0], None
    several = "there are several sell-outs of this item, site and period length; name one with 'sellOut'"
    none = "there is no such sell-out of this item, site and period length that you may see"
    return None, several if chosen else none


def _accuracy(
    forecast: dict[str, Any], lag: int, days: Sequence[date], stated: Sequence[Known], came: Sequence[Known],
    actuals: dict[str, Any] | None, lacking: str | None,
) -> ForecastAccuracy:  # fmt: skip
    sold = {each.starts_on: each for each in came}
    said_of: dict[date, list[Known]] = {}
    for each in stated:
        said_of.setdefault(each.starts_on, []).append(each)
    rows, pairs = [], []
    for day in days:
        frozen_at = datetime.combine(rules.moved(forecast["bucket"], day, -lag), time(), UTC)
        said = rules.known_at(said_of.get(day, []), frozen_at)
        actual = sold.get(day)
        rows.append(
            AccuracyPeriod(
                starts_on=day, frozen_at=frozen_at, forecast=said.quantity if said else None,
                actual=actual.quantity if actual else None,
            )
        )  # fmt: skip
        both = said is not None and actual is not None
        pairs.append(accuracy.Pair(said.quantity, actual.quantity, (said.id, actual.id)) if both else None)  # type: ignore[union-attr]
    return ForecastAccuracy(
        lag=lag, unit=forecast["unit"], sell_out=actuals["id"] if actuals else None, periods=rows,
        wape=_figure(accuracy.wape(pairs), lacking), bias=_figure(accuracy.bias(pairs), lacking),
        mase=_figure(accuracy.mase(pairs), lacking), tracking_signal=_figure(accuracy.tracking_signal(pairs), lacking),
    )  # fmt: skip


def _figure(result: Result[Decimal], lacking: str | None) -> ForecastMeasure:
    return ForecastMeasure(
        state=MeasureState[result.state], value=result.value, definition=result.definition,
        lacking=None if result.value is not None else lacking or result.lacking,
        evidence=[strawberry.ID(each) for each in result.evidence],
    )  # fmt: skip
