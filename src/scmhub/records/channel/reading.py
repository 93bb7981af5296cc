"""What the channel is made from: one document of the hub's own, run by the engine as the viewer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
CHUNK = timedelta(days=250)
"""A page of points holds so many: periods are read in chunks of days, so that no daily series is cut off."""
MOST_DAYS = 750
SENT_BEFORE = timedelta(days=180)
"""How long before today's window a shipment may have been due and still be of interest."""
FACES = {"DEMAND": "forecasts", "COMMIT": "commits", "PRODUCTION": "productionPlans"}

_CARDS = """
fragment firm on Partner { id code name }
fragment good on Item { id number description unit owner { id } }
fragment alias on ItemAlias { number item { id } partner { id } claimedBy { id } confirmedAt }
fragment place on Site { id code name timeZone partner { ...firm } }
"""
_SERIES = """
  FACE: PLURAL(first: 250, where: {item: {in: $items} HERE}) {
    nodes {
      id publisher { ...firm } counterparty { ...firm } item { ...good } site { ...place } bucket unit
      POINTS
    }
    pageInfo { hasNextPage }
  }
"""
_HERE = ", or: [{site: {in: $sites}}, {site: {isNull: true}}]"
_POINTS = """
      pNO: points(first: 250, start: $startNO, end: $endNO) { nodes { id startsOn quantity knownFrom } }
"""
_LINES = """
  lNO: orderLines(first: 250, where: {
    item: {in: $items}, status: {nin: [DRAFT, RECEIVED, CLOSED, REJECTED, CANCELLED]}, requestedOn: {SPAN}
  }) {
    nodes {
      id buyer { ...firm } seller { ...firm } item { ...good } shipTo { ...place } quantity { unit }
      schedule(first: 250) {
        nodes { id requestedQuantity requestedOn state lastPromiseQuantity lastPromiseOn shipped }
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
      shipment { id state actualDeparture buyer { ...firm } }
      receipts(first: 50) { nodes { id good damaged receivedAt } pageInfo { hasNextPage } }
    }
    pageInfo { hasNextPage }
  }
"""
_REST = """
  it: item(by: {id: $item}) { ...good }
  viewer { ...firm }
  called: itemAliases(first: 250, where: {item: {eq: $item}}) { nodes { ...alias } pageInfo { hasNextPage } }
  mine: itemAliases(first: 250, where: {partner: {eq: $me}}) { nodes { ...alias } pageInfo { hasNextPage } }
  places: nodes(ids: $named) { ... on Site { ...place } }
  stock: inventoryPositions(first: 250, where: {item: {in: $items}, site: {in: $sites}}) {
    nodes {
      id owner { ...firm } holder { ...firm } statedBy { ...firm } item { ...good } site { ...place } asOf
      available { value unit } inTransit { value unit } onOrder { value unit }
      minimum { value unit } maximum { value unit }
    }
    pageInfo { hasNextPage }
  }
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What the viewer may see, as JSON: one list per sort of record; ``cut`` if a page was full and more may exist."""

    item: dict[str, Any] | None
    viewer: dict[str, Any]
    sites: list[dict[str, Any]]
    series: dict[str, list[dict[str, Any]]]
    lines: list[dict[str, Any]]
    loads: list[dict[str, Any]]
    stock: list[dict[str, Any]]
    aliases: list[dict[str, Any]]
    cut: bool


async def read(
    ask: Ask, me: str, item: str, items: Sequence[str], sites: Sequence[str] | None, first: date, last: date
) -> Found:
    """Everything about these items from ``first`` to ``last``, at these sites (None: at any)."""
    chunks = _chunks(first, last)
    given: dict[str, Any] = {
        "me": me, "item": item, "items": list(items), "sites": None if sites is None else list(sites),
        "named": list(sites or ()), "since": str(first - SENT_BEFORE), "start0": str(first),
    }  # fmt: skip
    for number, (start, end) in enumerate(chunks):
        given |= {f"start{number}": str(start), f"end{number}": str(end)}
    data = await ask(_document(len(chunks)), given)
    pages = [each for each in data.values() if isinstance(each, dict) and "pageInfo" in each]
    lines, loads = _all(data, "l"), _all(data, "t")
    pages += [*(each["schedule"] for each in lines), *(each["receipts"] for each in loads)]
    return Found(
        item=data["it"], viewer=data["viewer"], sites=[each for each in data["places"] if each],
        series={face: [_one(each, len(chunks)) for each in data[face]["nodes"]] for face in FACES},
        lines=lines, loads=loads, stock=data["stock"]["nodes"],
        aliases=[*data["called"]["nodes"], *data["mine"]["nodes"]],
        cut=any(page["pageInfo"]["hasNextPage"] for page in pages),
    )  # fmt: skip


_ITEMS = """
query($numbers: [String!], $owners: [ID!]) {
  found: items(first: 250, where: {number: {in: $numbers}, owner: {in: $owners}}) { nodes { id number owner { id } } }
}
"""


async def same_item(ask: Ask, me: str, item: str, found: Found) -> list[str]:
    """Ids of other items that are the same thing under another partner's number; of items the viewer may find.

    An alias counts once both sides say so, or for the side that claimed it. What the item's owner calls it need not be
    looked up; what a partner calls it is an item of that partner, if it has one and lets the viewer find it.
    """
    known = [each for each in found.aliases if each["confirmedAt"] or each["claimedBy"]["id"] == me]
    number = found.item["number"] if found.item and _owner(found.item) == me else None
    joined = [each["item"]["id"] for each in known if each["partner"]["id"] == me and each["number"] == number]
    named = {(each["partner"]["id"], each["number"]) for each in known if each["item"]["id"] == item}
    if named:
        owners, numbers = (sorted(set(side)) for side in zip(*named, strict=True))
        nodes = (await ask(_ITEMS, {"numbers": numbers, "owners": owners}))["found"]["nodes"]
        joined += [each["id"] for each in nodes if (_owner(each), each["number"]) in named]
    return [each for each in dict.fromkeys(joined) if each != item]


def _owner(item: dict[str, Any]) -> str | None:
    return item["owner"] and str(item["owner"]["id"])


def _chunks(first: date, last: date) -> list[tuple[date, date]]:
    chunks = []
    while first <= last:
        chunks.append((first, min(first + CHUNK - timedelta(days=1), last)))
        first += CHUNK
    return chunks


@cache
def _document(chunks: int) -> str:
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
    dates = ", ".join(f"$start{number}: Date, $end{number}: Date" for number in numbers)
    head = f"query($me: ID!, $item: ID!, $items: [ID!], $sites: [ID!], $named: [ID!]!, $since: Date, {dates})"
    return f"{head} {{ {''.join(parts)} {_REST} }} {_CARDS}"


def _one(series: dict[str, Any], chunks: int) -> dict[str, Any]:
    """A series with its points in one list."""
    return {**series, "points": [each for number in range(chunks) for each in series[f"p{number}"]["nodes"]]}


def _all(data: dict[str, Any], letter: str) -> list[dict[str, Any]]:
    """The pages ``l0``, ``l1``, ... as one list."""
    names = [name for name in data if name[0] == letter and name[1:].isdigit()]
    return [each for name in names for each in data[name]["nodes"]]
