"""What the channel is made from: one document of the hub's own, run by the engine as the viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from scmhub.clock import render
from scmhub.partners.order_states import FINISHED
from scmhub.records.channel import same_things, then
from scmhub.records.channel.paged import Ask

CHUNK = timedelta(days=250)
"""A page of points holds so many: periods are read in chunks of days, so that no daily series is cut off."""
MOST_DAYS = 750
SENT_BEFORE = timedelta(days=180)
"""How long before today's window a shipment may have been due and still be of interest."""
FACES = {"DEMAND": "forecasts", "COMMIT": "commits", "PRODUCTION": "productionPlans"}

_GOOD = "fragment good on Item { id number description unit owner { id } }"
_CARDS = f"""
{_GOOD}
fragment firm on Partner {{ id code name }}
fragment place on Site {{ id code name timeZone partner {{ ...firm }} }}
"""
_SERIES = """
  FACE: PLURAL(first: 250, where: {item: {in: $items} HERE}) {
    nodes {
      id publisher { ...firm } counterparty { ...firm } item { ...good } site { ...place } bucket unit BORN
      POINTS
    }
    pageInfo { hasNextPage }
  }
"""
_HERE = ", or: [{site: {in: $sites}}, {site: {isNull: true}}]"
_POINTS = """
      pNO: points(first: 250, start: $startNO, end: $endNO ASOF) {
        nodes { id startsOn quantity quantityBand { low high } knownFrom }
      }
"""
_LINES = """
  lNO: orderLines(first: 250, where: {
    item: {in: $items}, STATUS, requestedOn: {SPAN}
  }) {
    nodes {
      id buyer { ...firm } seller { ...firm } item { ...good } shipTo { ...place } quantity { unit }
      SENDING
      schedule(first: 250) {
        nodes { id requestedQuantity requestedOn state lastPromiseQuantity lastPromiseOn shipped WORDS }
        pageInfo { hasNextPage }
      }
    }
    pageInfo { hasNextPage }
  }
"""
_LOADS = """
  tNO: shipmentLines(first: 250, where: {item: {in: $items}, arrivalOn: {SPAN}}) {
    nodes {
      id seller { ...firm } item { ...good } shipTo { ...place } quantity { value unit } arrivalOn
      shipment { id state actualDeparture EVENTS buyer { ...firm } }
      receipts(first: 50) { nodes { id good damaged receivedAt COUNTED } pageInfo { hasNextPage } }
    }
    pageInfo { hasNextPage }
  }
"""
_WORDS = """
 revisions(first: $many) {
   nodes { act recordedAt slices(first: $many) { nodes { quantity dueOn } } } pageInfo { hasNextPage }
 }
"""
_EVENTS = """
 events(first: $many) { nodes { seq milestone certainty at correctsSeq recordedAt } pageInfo { hasNextPage } }
"""
_MANY = 100
"""Words about a schedule line, and events of a shipment, that are read of each when asked about an instant."""
_HISTORY = """
 targetsSetAt history(last: 1, knownAt: $at) {
   nodes {
     id asOf available { value unit } inTransit { value unit } onOrder { value unit }
     availableBand { low high unit } inTransitBand { low high unit } onOrderBand { low high unit }
   }
 }
"""
_THEN = {
    "WORDS": _WORDS, "EVENTS": _EVENTS, "PAST": _HISTORY, "ASOF": ", asOf: $at", "COUNTED": "recordedAt",
    "BORN": "createdAt",
    "SENDING": f"shipmentLines(first: $many) {{ nodes {{ quantity {{ value }} shipment {{ {_EVENTS} }} }} }}",
    "STATUS": "status: {nin: [DRAFT]}",
}  # fmt: skip
"""What is asked otherwise, or besides, for an instant."""
_NOW = dict.fromkeys(_THEN, "") | {"STATUS": f"status: {{nin: [DRAFT, {', '.join(FINISHED)}]}}"}
_NAMES = """
  it: item(by: {id: $item}) { ...good }
  called: itemAliases(first: 250, where: {item: {eq: $item}}) { nodes { ...alias } pageInfo { hasNextPage } }
  mine: itemAliases(first: 250, where: {partner: {eq: $me}}) { nodes { ...alias } pageInfo { hasNextPage } }
"""
_ABOUT = f"""
  {_NAMES}
  viewer {{ ...firm }}
  places: nodes(ids: $named) {{ ... on Site {{ ...place }} }}
"""
_STOCK = """
  stock: inventoryPositions(first: 250, where: {item: {in: $items}, site: {in: $sites}}) {
    nodes {
      id owner { ...firm } holder { ...firm } statedBy { ...firm } item { ...good } site { ...place } asOf
      available { value unit } inTransit { value unit } onOrder { value unit }
      availableBand { low high unit } inTransitBand { low high unit } onOrderBand { low high unit }
      minimum { value unit } maximum { value unit } PAST
    }
    pageInfo { hasNextPage }
  }
"""


@dataclass(slots=True)
class Found:
    """What the viewer may see, as JSON: one list per sort of record; ``cut`` if a page was full and more may exist."""

    series: dict[str, list[dict[str, Any]]]
    lines: list[dict[str, Any]]
    loads: list[dict[str, Any]]
    stock: list[dict[str, Any]]
    cut: bool
    item: dict[str, Any] | None = None
    viewer: dict[str, Any] = field(default_factory=dict)
    sites: list[dict[str, Any]] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    """Ids of records of which it cannot be told what they were at the instant asked about."""

    cards: list[dict[str, Any]] = field(default_factory=list)
    """The items that the records name, those that are left out included."""

    def add(self, other: Found) -> None:
        """The rows of another item beside these."""
        for face, several in other.series.items():
            self.series[face] += several
        self.lines += other.lines
        self.loads += other.loads
        self.stock += other.stock
        self.untold += other.untold
        self.cut = self.cut or other.cut


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: about one item, at these sites (None: at any), from ``first`` to ``last``; ``at`` None: now."""

    me: str
    item: str
    sites: Sequence[str] | None
    first: date
    last: date
    at: datetime | None = None


async def read(ask: Ask, asked: Asked) -> tuple[Found, list[str]]:
    """Everything about the item, and the ids of all items that are the same thing, this one first.

    One statement for an item of the viewer's own without other names. Else one or two more for each step from name to
    item, and one for the rows of the others: no row is read twice.
    """
    data, found = await _rows(ask, asked, [asked.item], about=True)
    found.item, found.viewer = data["it"], data["viewer"]
    found.sites = [each for each in data["places"] if each]
    others = await _same_item(ask, asked.me, asked.item, data)
    if others:
        found.add((await _rows(ask, asked, others, about=False))[1])
    return found, [asked.item, *others]


async def _rows(ask: Ask, asked: Asked, items: Sequence[str], *, about: bool) -> tuple[dict[str, Any], Found]:
    chunks = _chunks(asked.first, asked.last)
    given: dict[str, Any] = {
        "items": list(items), "sites": None if asked.sites is None else list(asked.sites),
        "since": str(asked.first - SENT_BEFORE),
    }  # fmt: skip
    if about:
        given |= {"me": asked.me, "item": asked.item, "named": list(asked.sites or ())}
    for number, (start, end) in enumerate(chunks):
        given |= {f"start{number}": str(start), f"end{number}": str(end)}
    if asked.at is not None:
        given |= {"at": render(asked.at), "many": _MANY}
    data = await ask(_document(len(chunks), about, asked.at is not None), given)
    pages = [each for name, each in data.items() if name not in ("called", "mine") and each and "pageInfo" in each]
    lines, loads = _all(data, "l"), _all(data, "t")
    pages += [*(each["schedule"] for each in lines), *(each["receipts"] for each in loads)]
    found = Found(
        series={face: [_one(each, len(chunks)) for each in data[face]["nodes"]] for face in FACES},
        lines=lines, loads=loads, stock=data["stock"]["nodes"],
        cut=any(page["pageInfo"]["hasNextPage"] for page in pages),
    )  # fmt: skip
    rows = [*found.lines, *found.loads, *found.stock, *(each for several in found.series.values() for each in several)]
    found.cards = [row["item"] for row in rows if row["item"]]
    if asked.at is not None:
        found.series = {face: then.series(several, asked.at) for face, several in found.series.items()}
        found.lines = then.lines(found.lines, asked.at, found.untold)
        found.loads = then.loads(found.loads, asked.at, found.untold)
        found.stock = then.stock(found.stock, asked.at)
    return data, found


async def names(ask: Ask, me: str, item: str) -> tuple[dict[str, Any] | None, list[str]]:
    """An item that the viewer may find, and the ids of all that are the same thing, it first."""
    document = f"query($me: ID!, $item: ID!) {{ {_NAMES} }} {_GOOD} {same_things.ALIAS}"
    data = await ask(document, {"me": me, "item": item})
    return data["it"], [item, *await _same_item(ask, me, item, data)]


async def _same_item(ask: Ask, me: str, item: str, data: dict[str, Any]) -> list[str]:
    """Ids of other items that are the same thing; nothing more is read where the first answer says that there are none.

    Of an item of the viewer's own that answer has all its names and all that is called like it.
    """
    known = same_things.Known(me)
    card, called, mine = data["it"], data["called"], data["mine"]
    known.told(called["nodes"])
    if not called["pageInfo"]["hasNextPage"]:
        known.read.add(item)
    if card is not None:
        known.items([card])
        name = same_things.own_name(card)
        known.told(each for each in mine["nodes"] if (me, each["number"]) == name)
        if name and name[0] == me and not mine["pageInfo"]["hasNextPage"]:
            known.looked.add(name)
    await same_things.complete(ask, known, ["item"])
    return [each for each in known.cards if each != item]


def _chunks(first: date, last: date) -> list[tuple[date, date]]:
    chunks = []
    while first <= last:
        chunks.append((first, min(first + CHUNK - timedelta(days=1), last)))
        first += CHUNK
    return chunks


@cache
def _document(chunks: int, about: bool, instant: bool) -> str:
    """``about``: with the item itself, its other names and the sites asked for. ``instant``: as things stood once."""
    numbers = range(chunks)
    points = "".join(_POINTS.replace("NO", str(number)) for number in numbers)
    series = _SERIES.replace("POINTS", points)
    # A customer's forecast names the customer's site: it is demand at ours.
    parts = [
        series.replace("FACE", face).replace("PLURAL", plural).replace("HERE", "" if face == "DEMAND" else _HERE)
        for face, plural in FACES.items()
    ]
    for text, before in ((_LINES, "lt: $start0"), (_LOADS, "gte: $since, lt: $start0")):
        # Figures of now need what comes later than the last period, too.
        ends = [f", lte: $end{number}" for number in numbers[:-1]] + [""]
        spans = [before, *(f"gte: $start{number}{end}" for number, end in zip(numbers, ends, strict=True))]
        parts += [text.replace("NO", str(number)).replace("SPAN", span) for number, span in enumerate(spans)]
    body = "".join([*parts, _ABOUT if about else "", _STOCK])
    for token, text in (_THEN if instant else _NOW).items():
        body = body.replace(token, text)
    given = ["$items: [ID!]", "$sites: [ID!]", "$since: Date"]
    given += [f"$start{number}: Date, $end{number}: Date" for number in numbers]
    given += ["$me: ID!", "$item: ID!", "$named: [ID!]!"] if about else []
    given += ["$at: DateTime", "$many: Int"] if instant else []
    return f"query({', '.join(given)}) {{ {body} }} {_CARDS} {same_things.ALIAS if about else ''}"


def _one(series: dict[str, Any], chunks: int) -> dict[str, Any]:
    """A series with its points in one list."""
    return {**series, "points": [each for number in range(chunks) for each in series[f"p{number}"]["nodes"]]}


def _all(data: dict[str, Any], letter: str) -> list[dict[str, Any]]:
    """The pages ``l0``, ``l1``, ... as one list."""
    names = [name for name in data if name[0] == letter and name[1:].isdigit()]
    return [each for name in names for each in data[name]["nodes"]]
