"""The question `capacityMatch`: what is demanded against what can be made, period by period (CX-0128 5.7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode, parse_date
from scmhub.ids import public_id
from scmhub.measures.capacity import MATCH, capacity_match
from scmhub.measures.periods import starts
from scmhub.measures.result import total
from scmhub.partners import units
from scmhub.quantity import parse_decimal
from scmhub.records.channel import reading
from scmhub.records.channel.answers import UncountedReason, UncountedRecord
from scmhub.records.channel.paged import Ask, every

MOST_PERIODS, MOST_SERIES, MOST_EVIDENCE = 250, 250, 100
_DEMAND = (
    "Demand is the sum of the forecasts of the item that are meant for the provider: of one customer, where the"
    " capacity is; else of all. Where one of them does not speak of a period, it is unknown there."
)
_COMMIT = (
    "Commit is the sum of the commits of the provider that answer such forecasts, to the same customer or to all. Where"
    " one of them does not speak of a period, it is unknown there. It is held against capacity as demand is."
)
_CAPACITY = """
query($id: ID!) {
  it: capacity(by: {id: $id}) {
    id basis bucket unit publisher { id } counterparty { id } item { id } site { id }
  }
}
"""
_POINTS = "points(first: 250, start: $start, end: $end) { nodes { id startsOn quantity } }"
_CAPACITIES = f"""
query($item: ID!, $maker: ID!, $bucket: Bucket!, $start: Date!, $end: Date!, $after: String) {{
  page: capacities(first: 250, after: $after, where: {{
    item: {{eq: $item}}, publisher: {{eq: $maker}}, bucket: {{eq: $bucket}}
  }}) {{
    nodes {{ id basis unit counterparty {{ id }} site {{ id }} {_POINTS} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
_PLANS = f"""
query($items: [ID!], $maker: ID!, $customers: [ID!], $start: Date!, $end: Date!, $after: String) {{
  page: FACE(first: 250, after: $after, where: {{
    item: {{in: $items}}, MAKER: {{eq: $maker}}, CUSTOMER: {{in: $customers}}
  }}) {{
    nodes {{ id bucket unit {_POINTS} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
_FORECASTS = _PLANS.replace("FACE", "forecasts").replace("MAKER", "counterparty").replace("CUSTOMER", "publisher")
_COMMITS = _PLANS.replace("FACE", "commits").replace("MAKER", "publisher").replace("CUSTOMER", "counterparty")

Node = dict[str, Any]


@strawberry.enum(description="What demand is to capacity (CX-0128 5.7.1).")
class CapacityMatchState(Enum):
    NONE = strawberry.enum_value("NONE", description="Demand equals the actual capacity.")
    SURPLUS = strawberry.enum_value("SURPLUS", description="Demand is below the actual capacity.")
    BOTTLENECK_ORANGE = strawberry.enum_value(
        "BOTTLENECK_ORANGE", description="Demand is above the actual capacity, and the maximum covers it."
    )
    BOTTLENECK_RED = strawberry.enum_value("BOTTLENECK_RED", description="Demand is above the maximum capacity.")


@strawberry.type(description="Demand and capacity of one period.")
class CapacityMatchPeriod:
    starts_on: date = strawberry.field(description="First day of the period.")
    demand: Decimal | None = strawberry.field(description="What is demanded; null: a part is unknown to you.")
    actual: Decimal | None = strawberry.field(description="Actual capacity; null: unknown to you.")
    maximum: Decimal | None = strawberry.field(description="Maximum capacity; null: unknown to you.")
    match: CapacityMatchState | None = strawberry.field(description="What they are to each other.")
    deviation: Decimal | None = strawberry.field(description="Actual capacity less demand.")
    flexible: Decimal | None = strawberry.field(description="Maximum less actual capacity.")
    short: Decimal | None = strawberry.field(description="What even the maximum does not cover; 0 if it does.")
    commit: Decimal | None = strawberry.field(description="What is committed; null: a part is unknown to you.")
    commit_match: CapacityMatchState | None = strawberry.field(
        description="What commit and capacity are to each other, as if the commit were the demand."
    )
    commit_short: Decimal | None = strawberry.field(
        description="What of the commit even the maximum does not cover; 0 if it does."
    )
    lacking: str | None = strawberry.field(description="Why there is no match of the demand.")
    evidence: list[strawberry.ID] = strawberry.field(description="Ids of the points it is made of, at most 100.")


@strawberry.type(description="Demand against capacity, period by period.")
class CapacityMatch:
    actual: strawberry.ID | None = strawberry.field(description="Id of the actual capacity; null: none you may see.")
    maximum: strawberry.ID | None = strawberry.field(description="Id of the maximum capacity; null: none you may see.")
    forecasts: list[strawberry.ID] = strawberry.field(description="Ids of the forecasts that are added up.")
    commits: list[strawberry.ID] = strawberry.field(description="Ids of the commits that are added up.")
    unit: UnitCode = strawberry.field(description="Unit of every quantity.")
    periods: list[CapacityMatchPeriod] = strawberry.field(description="Period by period; at most 250.")
    definitions: list[str] = strawberry.field(description="What is added up, and what the words mean.")
    uncounted: list[UncountedRecord] = strawberry.field(description="Forecasts and commits in no figure, and why.")


@question(
    "capacityMatch",
    "What is demanded of a provider, and what it commits to, against its actual and maximum capacity, period by period,"
    " for the provider and for the customer whom the capacity is meant for. Null if there is no such capacity that you"
    " may see; others who see it know only a part of the demand, so for them there is none. At most 250 periods,"
    " forecasts and commits.",
    price=6_000,
)
async def capacity_match_(
    info: strawberry.Info,
    capacity: Annotated[strawberry.ID, strawberry.argument(description="Id of the actual or the maximum capacity.")],
    start: Annotated[date, strawberry.argument(description="First day of the first period, or a day within it.")],
    end: Annotated[date, strawberry.argument(description="A day within the last period.")],
) -> CapacityMatch | None:
    if end < start:
        raise BadUserInput("'end' lies before 'start'.", reason="BAD_VALUE", input_path=["end"])
    ask, me = info.context["ask"], public_id("ptr", info.context["viewer"].lens.partner_id)
    asked = (await ask(_CAPACITY, {"id": capacity}))["it"]
    if asked is None:
        return None
    if asked["basis"] == "AGREED":
        raise BadUserInput("Name an ACTUAL or MAXIMUM capacity.", reason="BAD_VALUE", input_path=["capacity"])
    days = _days(asked["bucket"], start, end)
    given = {"start": str(days[0]), "end": str(days[-1]), "maker": asked["publisher"]["id"]}
    customer = _key(asked["counterparty"])
    told = me in (given["maker"], customer)
    pair = await _capacities(ask, asked, given, told)
    found = [*await _plans(ask, me, asked, customer, given)] if told else [[], []]
    forecasts, commits = ([each for each in several if _reason(each, asked) is None] for several in found)
    return CapacityMatch(
        actual=_key(pair.get("ACTUAL")), maximum=_key(pair.get("MAXIMUM")), unit=UnitCode(asked["unit"]),
        forecasts=[strawberry.ID(each["id"]) for each in forecasts], definitions=[_DEMAND, _COMMIT, MATCH],
        commits=[strawberry.ID(each["id"]) for each in commits],
        periods=_periods(days, pair, *([_points(each, asked["unit"]) for each in of] for of in (forecasts, commits))),
        uncounted=[
            UncountedRecord(record=each["id"], reason=reason)
            for several in found for each in several if (reason := _reason(each, asked))
        ],
    )  # fmt: skip


def _days(bucket: str, start: date, end: date) -> list[date]:
    if (end - start).days > MOST_PERIODS * {"DAY": 1, "WEEK": 7}.get(bucket, 31):  # before a long list is made
        days = []
    else:
        days = starts(bucket, start, end)
    if not 0 < len(days) <= MOST_PERIODS:
        raise BadUserInput(f"At most {MOST_PERIODS} periods at once.", reason="TOO_MANY", input_path=["end"])
    return days


async def _capacities(ask: Ask, asked: Node, given: Node, told: bool) -> dict[str, Node]:
    """The actual and the maximum capacity that differ in nothing else, by basis.

    To whom it is not told for whom they are, those of several customers may look alike: then the named one alone.
    """
    found = await every(
        ask, _CAPACITIES, {**given, "item": asked["item"]["id"], "bucket": asked["bucket"]}, MOST_SERIES, ["capacity"]
    )
    same = ("unit", "counterparty", "site")
    return {
        each["basis"]: each
        for each in found
        if each["id"] == asked["id"] or (told and all(each[name] == asked[name] for name in same))
    }


async def _plans(
    ask: Ask, me: str, asked: Node, customer: str | None, given: Node
) -> tuple[list[Node], list[Node]]:
    """What the provider is to deliver and commits to, to the customer or to all.

    The viewer is one of the two and sees all of it.
    """
    _, items = await reading.names(ask, me, asked["item"]["id"])
    more = {**given, "items": items, "customers": [customer] if customer else None}
    forecasts = await every(ask, _FORECASTS, more, MOST_SERIES, ["capacity"])
    return forecasts, await every(ask, _COMMITS, more, MOST_SERIES, ["capacity"])


def _reason(forecast: Node, asked: Node) -> UncountedReason | None:
    if forecast["bucket"] != asked["bucket"]:
        return UncountedReason.OTHER_PERIODS
    return None if units.convertible(forecast["unit"], asked["unit"]) else UncountedReason.OTHER_UNIT


Points = dict[date, tuple[Decimal, str]]


def _points(series: Node | None, unit: str) -> Points:
    """Quantity and id of the point by first day of the period; what is withheld is not there."""
    return {
        parse_date(each["startsOn"]): (units.convert(parse_decimal(each["quantity"]), series["unit"], unit), each["id"])
        for each in (series["points"]["nodes"] if series else ())
        if series is not None and each["quantity"] is not None
    }


def _periods(
    days: Sequence[date], pair: dict[str, Node], demands: Sequence[Points], commits: Sequence[Points]
) -> list[CapacityMatchPeriod]:
    actual, maximum = (
        _points(pair.get(basis), pair[basis]["unit"] if basis in pair else "") for basis in ("ACTUAL", "MAXIMUM")
    )
    found = []
    for day in days:
        demanded, committed = ([each.get(day) for each in plans] for plans in (demands, commits))
        found.append(_period(day, demanded, committed, actual.get(day), maximum.get(day)))
    return found


_Point = tuple[Decimal, str] | None


def _period(
    day: date, demands: Sequence[_Point], commits: Sequence[_Point], actual: _Point, maximum: _Point
) -> CapacityMatchPeriod:
    evidence = [each[1] for each in (*demands, *commits, actual, maximum) if each]
    able, most = (each[0] if each else None for each in (actual, maximum))
    demand, commit = _sum(demands), _sum(commits)
    found, answered = (capacity_match(each, able, most, evidence) for each in (demand, commit))
    value, promise = found.value, answered.value
    return CapacityMatchPeriod(
        starts_on=day, demand=demand, actual=able, maximum=most, lacking=found.lacking,
        match=CapacityMatchState[value.match.name] if value else None, deviation=value.deviation if value else None,
        flexible=value.flexible if value else None, short=value.short if value else None, commit=commit,
        commit_match=CapacityMatchState[promise.match.name] if promise else None,
        commit_short=promise.short if promise else None,
        evidence=[strawberry.ID(each) for each in found.evidence[:MOST_EVIDENCE]],
    )  # fmt: skip


def _sum(points: Sequence[_Point]) -> Decimal | None:
    """Unknown where one of them does not speak, and where there is none."""
    return total(each[0] for each in points if each) if points and all(points) else None


def _key(card: Node | None) -> strawberry.ID | None:
    return strawberry.ID(card["id"]) if card else None
