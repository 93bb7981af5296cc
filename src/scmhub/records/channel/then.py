"""The records of a channel as they stood at an instant, from what is kept of them. Pure.

Forecasts are read as known then; orders follow from the words said until then, shipments from the events, stock from
the statement that was the newest. Whatever cannot be told for that instant is named, never guessed: an order whose
words the reader may not see, a shipment that was refused some day, a target that was set later. Who may see what is
decided by today's rules; names, items and sites are today's, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from scmhub.graph.scalars import parse_instant
from scmhub.quantity import parse_decimal, render_decimal

Node = dict[str, Any]
_WITHOUT_PROMISE = {"CANCEL": "CANCELLED", "REJECT": "REJECTED"}
_NOTHING = Decimal(0)


class Untold(Exception):
    """What the record was at the instant cannot be told."""


def series(nodes: Iterable[Node], at: datetime) -> list[Node]:
    """Series that had begun; their points are read as known then."""
    return [each for each in nodes if parse_instant(each["createdAt"]) <= at]


def lines(nodes: Iterable[Node], at: datetime, untold: list[str]) -> list[Node]:
    """Order lines with the schedule as it stood then; those that did not exist yet are left out."""
    return _read(nodes, at, untold, _line)


def loads(nodes: Iterable[Node], at: datetime, untold: list[str]) -> list[Node]:
    """Shipment lines as they stood then; those that were not announced yet are left out."""
    return _read(nodes, at, untold, _load)


def _read(
    nodes: Iterable[Node], at: datetime, untold: list[str], read: Callable[[Node, datetime], Node | None]
) -> list[Node]:
    found = []
    for node in nodes:
        try:
            known = read(node, at)
        except Untold:
            untold.append(node["id"])
        else:
            found += [] if known is None else [known]
    return found


def _line(node: Node, at: datetime) -> Node | None:
    schedule = _schedule(node, at)
    return {**node, "schedule": {**node["schedule"], "nodes": schedule}} if schedule else None


def _schedule(line: Node, at: datetime) -> list[Node]:
    wishes = line["schedule"]["nodes"]
    known = [(wish, _promised(wish, at)) for wish in wishes]
    shipped = _shipped(line, at)
    if any(there is not None and _may_have_ended(wish, there, shipped[wish["id"]], at) for wish, there in known):
        raise Untold
    return [
        {
            **wish, "state": "PART_SHIPPED", "shipped": shipped[wish["id"]], "lastPromiseOn": promise and promise[1],
            "lastPromiseQuantity": promise and promise[0],
        }
        for wish, there in known
        if there is not None
        for promise in (there or None,)
    ]  # fmt: skip


def _may_have_ended(wish: Node, promise: tuple[str, str] | tuple[()], gone: str | None, at: datetime) -> bool:
    """Whether what was asked for and never promised may have been given up then: by the last receipt, or by closing.

    When that was is not kept; it cannot have been before all that was promised had left, nor before the last word, nor
    before the last of it left.
    """
    spoke_on = any(parse_instant(each["recordedAt"]) > at for each in wish["revisions"]["nodes"])
    if spoke_on or wish["state"] not in ("RECEIVED", "CLOSED"):
        return False
    if gone is None:
        return True
    left = parse_decimal(gone)
    if wish["shipped"] is not None and left < parse_decimal(wish["shipped"]):
        return False
    return (not promise or left >= parse_decimal(promise[0])) and left < parse_decimal(wish["requestedQuantity"])


def _promised(wish: Node, at: datetime) -> tuple[str, str] | tuple[()] | None:
    """Quantity and day both had agreed last; empty: nothing yet; None: it did not exist yet, or was over."""
    words = wish["revisions"]["nodes"]
    if not words or wish["revisions"]["pageInfo"]["hasNextPage"] or any(each["act"] is None for each in words):
        raise Untold
    said = [each for each in words if parse_instant(each["recordedAt"]) <= at]
    promise: tuple[str, str] | tuple[()] = ()
    for each in said:
        slices = each["slices"]["nodes"]
        if each["act"] == "ACCEPT" and slices:
            whole = sum((parse_decimal(part["quantity"]) for part in slices), _NOTHING)
            promise = (render_decimal(whole), max(part["dueOn"] for part in slices))
        elif each["act"] == "ACCEPT" or (not promise and each["act"] in _WITHOUT_PROMISE):
            return None  # called off
    return promise if said else None


def _shipped(line: Node, at: datetime) -> dict[str, str | None]:
    """Schedule line -> what had left of it; None: somewhere between nothing and all.

    What left until then is known if the shipments in view make up all that has left until now.
    """
    wishes = line["schedule"]["nodes"]
    now = {each["id"]: each["shipped"] and parse_decimal(each["shipped"]) for each in wishes}
    if all(each == _NOTHING for each in now.values()):
        return dict.fromkeys(now, "0")
    loads = line["shipmentLines"]["nodes"]
    try:
        left = [(parse_decimal(each["quantity"]["value"]), _left(each["shipment"])) for each in loads]
    except Untold:
        return dict.fromkeys(now)
    gone = [(much, since) for much, since in left if since is not None]
    if None in now.values() or sum((much for much, _ in gone), _NOTHING) != sum(now.values(), _NOTHING):
        return dict.fromkeys(now)
    until = [much for much, since in gone if since <= at]
    if len(until) == len(gone):
        return {key: None if much is None else render_decimal(much) for key, much in now.items()}
    if not until or len(now) == 1:
        return dict.fromkeys(now, render_decimal(sum(until, _NOTHING)))
    return dict.fromkeys(now)


def _left(shipment: Node | None) -> datetime | None:
    """When it was first told that goods had left; None: not yet."""
    told = [parse_instant(each["recordedAt"]) for each in _events(shipment) if each["certainty"] == "ACTUAL"]
    return min(told, default=None)


def _events(shipment: Node | None) -> list[Node]:
    page: Node = shipment["events"] if shipment else {"nodes": [], "pageInfo": {"hasNextPage": True}}
    events: list[Node] = page["nodes"]
    if not events or page["pageInfo"]["hasNextPage"] or any(each["at"] is None for each in events):
        raise Untold
    return events


def _load(node: Node, at: datetime) -> Node | None:
    told = [each for each in _events(node["shipment"]) if parse_instant(each["recordedAt"]) <= at]
    if not told:
        return None
    corrected = {each["correctsSeq"] for each in told}
    facts = {(each["milestone"], each["certainty"]): each["at"] for each in told if each["seq"] not in corrected}
    counts = [each for each in node["receipts"]["nodes"] if each["recordedAt"] is not None]
    counted = [each for each in counts if parse_instant(each["recordedAt"]) <= at]
    departed, arrived = facts.get(("DEPARTURE", "ACTUAL")), facts.get(("ARRIVAL", "ACTUAL"))
    state = "RECEIVED" if counted else "ARRIVED" if arrived else "DEPARTED" if departed else "PLANNED"
    if state == "ARRIVED" and _may_be_over(node):
        raise Untold
    expected = next((day for sure in ("ACTUAL", "ESTIMATED", "PLANNED") if (day := facts.get(("ARRIVAL", sure)))), None)
    return {
        **node, "arrivalOn": node["arrivalOn"] if expected is None else _day(expected, node["shipTo"]),
        "shipment": {**node["shipment"], "state": state, "actualDeparture": departed},
        "receipts": {**node["receipts"], "nodes": counted},
    }  # fmt: skip


def _may_be_over(node: Node) -> bool:
    """Whether it was counted or refused at an instant that is not kept, or not shown."""
    state, counts = node["shipment"]["state"], node["receipts"]["nodes"]
    return state == "REFUSED" or (state == "RECEIVED" and all(each["recordedAt"] is None for each in counts))


def _day(instant: str, site: Node | None) -> str:
    zone = ZoneInfo(site["timeZone"]) if site and site["timeZone"] else None
    return str(parse_instant(instant).astimezone(zone).date()) if zone else str(parse_instant(instant).date())


def stock(nodes: Iterable[Node], at: datetime) -> list[Node]:
    """The statements that were the newest then. Targets that were set since are unknown, and said to be."""
    found = []
    for node in nodes:
        for said in node["history"]["nodes"]:
            later = node["targetsSetAt"] is not None and parse_instant(node["targetsSetAt"]) > at
            limits = dict.fromkeys(("minimum", "maximum")) if later else {}
            found.append({**node, **said, **limits, "limitsKnown": not later})
    return found

