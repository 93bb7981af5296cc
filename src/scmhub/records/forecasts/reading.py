"""What the questions read: documents of the hub's own, run by the engine as the viewer, page after page.

So a question knows exactly what its asker could have queried: policy, windows and masks hold, and a hidden number is
absent here as it is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from scmhub.clock import render
from scmhub.errors import BadUserInput
from scmhub.graph.scalars import parse_date, parse_instant
from scmhub.quantity import parse_decimal
from scmhub.records.forecasts.api import FACES, Face
from scmhub.records.forecasts.rules import Known

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
MOST_PAGES = 8
"""Pages of 250 points one question reads; beyond, it asks to be narrowed."""
_HEADER = """
query($id: ID!) { it: SERIES(by: {id: $id}) { id bucket unit publisher { id } item { id } site { id } } }
"""
_SINCE = """
query($id: ID!, $no: Int!) {
  it: SERIES(by: {id: $id}) { versions(first: 1, sinceVersion: $no) { nodes { versionNo publishedAt } } }
}
"""
_NEWEST = """
query($id: ID!) { it: SERIES(by: {id: $id}) { versions(last: 1) { nodes { versionNo publishedAt } } } }
"""
_POINTS = """
query($id: ID!, $after: String, $start: Date, $end: Date, $asOf: DateTime) {
  it: SERIES(by: {id: $id}) {
    page: points(first: 250, after: $after, start: $start, end: $end, asOf: $asOf) {
      nodes { id startsOn quantity knownFrom knownUntil } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
_HISTORY = """
query($id: ID!, $after: String, $start: Date, $end: Date) {
  it: SERIES(by: {id: $id}) {
    page: pointHistory(first: 250, after: $after, start: $start, end: $end) {
      nodes { id startsOn quantity knownFrom knownUntil } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
_SELL_OUTS = """
query($item: ID!, $bucket: Bucket!) {
  sellOuts(first: 250, where: {item: {eq: $item}, bucket: {eq: $bucket}}) {
    nodes { id unit publisher { id } site { id } }
  }
}
"""


def face_of(series_id: str) -> Face | None:
    """The face an id belongs to; None for the id of anything else."""
    return next((face for face in FACES.values() if series_id.startswith(f"{face.prefixes[0]}_")), None)


async def header(ask: Ask, face: Face, series_id: str) -> dict[str, Any] | None:
    """What identifies a series, as JSON; None if there is none that the viewer may see."""
    found: dict[str, Any] | None = (await ask(_HEADER.replace("SERIES", face.single), {"id": series_id}))["it"]
    return found


async def version(ask: Ask, face: Face, series_id: str, version_no: int | None) -> tuple[int, datetime] | None:
    """Number and instant of a version, the newest for None; None if there is none that the viewer may see."""
    document = (_NEWEST if version_no is None else _SINCE).replace("SERIES", face.single)
    given = {"id": series_id} | ({} if version_no is None else {"no": version_no})
    found = (await ask(document, given))["it"]
    nodes = found["versions"]["nodes"] if found else []
    if not nodes or (version_no is not None and nodes[0]["versionNo"] != version_no):
        return None
    return nodes[0]["versionNo"], parse_instant(nodes[0]["publishedAt"])


async def points(
    ask: Ask, face: Face, series_id: str, start: date | None, end: date | None, as_of: datetime | None = None
) -> list[Known]:
    """The points known now, or at ``as_of``, whose quantity the viewer may see."""
    given = {"asOf": None if as_of is None else render(as_of)}
    return await _pages(ask, _POINTS.replace("SERIES", face.single), series_id, start, end, given)


async def history(ask: Ask, face: Face, series_id: str, start: date, end: date) -> list[Known]:
    """Everything ever stated about some periods, as far as the viewer may see it now."""
    return await _pages(ask, _HISTORY.replace("SERIES", face.single), series_id, start, end, {})


async def _pages(
    ask: Ask, document: str, series_id: str, start: date | None, end: date | None, more: Mapping[str, Any]
) -> list[Known]:
    given = {
        "id": series_id, "after": None, "start": None if start is None else str(start),
        "end": None if end is None else str(end), **more,
    }  # fmt: skip
    found: list[Known] = []
    for _ in range(MOST_PAGES):
        it = (await ask(document, given))["it"]
        if it is None:
            return found
        found += [_known(each) for each in it["page"]["nodes"] if each["quantity"] is not None]
        if not it["page"]["pageInfo"]["hasNextPage"]:
            return found
        given["after"] = it["page"]["pageInfo"]["endCursor"]
    raise BadUserInput(
        f"These are more than {MOST_PAGES * 250} numbers; narrow the question with 'start' and 'end'.",
        reason="TOO_MANY", input_path=["end"],
    )  # fmt: skip


def _known(node: Mapping[str, Any]) -> Known:
    until = node["knownUntil"]
    return Known(
        node["id"], parse_date(node["startsOn"]), parse_decimal(node["quantity"]), parse_instant(node["knownFrom"]),
        None if until is None else parse_instant(until),
    )  # fmt: skip


async def sell_outs(ask: Ask, item_id: str, bucket: str) -> list[dict[str, Any]]:
    """The sell-out series of an item that the viewer may see, as JSON, newest first; at most 250."""
    found: list[dict[str, Any]] = (await ask(_SELL_OUTS, {"item": item_id, "bucket": bucket}))["sellOuts"]["nodes"]
    return found


def quantities(statements: list[Known]) -> dict[date, Decimal]:
    return {each.starts_on: each.quantity for each in statements}
