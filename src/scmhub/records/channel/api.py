"""The question `channel`: the chain of an item as far as the asker may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.ids import public_id
from scmhub.measures.periods import period_of, starts
from scmhub.records.channel import answers, reading, view
from scmhub.records.channel.lanes import Calendar
from scmhub.records.channel.paged import Ask
from scmhub.records.channel.reading import MOST_DAYS, Asked
from scmhub.records.channel.view import MOST_SITES

_BASE, _THEN, _CELL = 1000, 3000, 4
"""Price of the reading, of reading for an instant (with words, events and history), of each period at each site."""
_SHORTEST = {"WEEK": 7, "MONTH": 28}


def _price(given: Mapping[str, Any]) -> int:
    """By sites and periods; what cannot be read counts as the most there may be."""
    sites, start, end = given.get("sites"), _day(given.get("start")), _day(given.get("end"))
    bucket = getattr(given.get("bucket"), "name", given.get("bucket"))  # as text in a document, as itself in a variable
    days = (end - start).days if start and end else MOST_DAYS
    periods = min(max(days, 0), MOST_DAYS) // _SHORTEST.get(str(bucket), 1) + 1
    places = min(len(sites), MOST_SITES) if isinstance(sites, list) else MOST_SITES
    return (_BASE if given.get("asOf") is None else _THEN) + _CELL * periods * places


def _day(given: object) -> date | None:
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return None


@question(
    "channel",
    "The chain of an item at some sites, period by period: demand, commits, orders, what is on its way, production,"
    " projected stock and its days of supply, each figure with the records behind it. Null if there is no such item"
    " that you may see. At most 20 sites and 750 days.",
    price=_price,
)
async def channel(
    info: strawberry.Info,
    item: Annotated[strawberry.ID, strawberry.argument(description="Id of the item.")],
    start: Annotated[date, strawberry.argument(description="First day of the first period, or a day within it.")],
    end: Annotated[date, strawberry.argument(description="A day within the last period.")],
    bucket: Annotated[answers.ChannelPeriod, strawberry.argument(description="How long the periods are.")],
    sites: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(description="Only these sites, at most 20; default: all that records in view name."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        strawberry.argument(
            description="As things stood, and were known to the hub, at this instant; default: now. Who may see what is"
            " decided by today's rules. What cannot be told for that instant is `uncounted`."
        ),
    ] = None,
) -> answers.Channel | None:
    ask: Ask = info.context["ask"]
    now: datetime = info.context["now"]
    if as_of is not None and as_of > now:
        raise BadUserInput("'asOf' lies ahead.", reason="BAD_VALUE", input_path=["asOf"])
    calendar = _calendar(bucket.name, start, end, (as_of or now).date())
    named = None if sites is None else list(dict.fromkeys(sites))
    if named is not None and len(named) > MOST_SITES:
        raise BadUserInput(f"At most {MOST_SITES} sites at once.", reason="TOO_MANY", input_path=["sites"])
    me = public_id("ptr", info.context["viewer"].lens.partner_id)
    found, items = await reading.read(ask, Asked(me, item, named, calendar.starts[0], calendar.last, as_of))
    return view.channel(found, item, items, named, calendar, start)


def _calendar(bucket: str, start: date, end: date, today: date) -> Calendar:
    """The periods asked about, and those from today up to them: a projection begins with what is there today."""
    if end < start:
        raise BadUserInput("'end' lies before 'start'.", reason="BAD_VALUE", input_path=["end"])
    first = period_of(bucket, min(start, today))
    if (end - first).days >= MOST_DAYS:
        raise BadUserInput(
            f"The periods, and those from today up to them, may span at most {MOST_DAYS} days.",
            reason="TOO_MANY", input_path=["end"],
        )  # fmt: skip
    return Calendar(bucket, starts(bucket, first, end), today)
