"""The question `supplyWalk`: from an item to its components, who supplies them, and who supplies those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import parse_date
from scmhub.graph.values import Quantity
from scmhub.quantity import parse_decimal
from scmhub.records.structure.api import ItemLinkKind

MOST_LEVELS, MOST_ITEMS, MOST_EVIDENCE = 20, 250, 10
_LEVEL = """
query($items: [ID!]) {
  links: itemLinks(first: 250, where: {parent: {in: $items}}) {
    nodes {
      id kind parent { id } item { id number description } quantity { value unit } validFrom validUntil
    }
    pageInfo { hasNextPage }
  }
  bought: orderLines(first: 250, where: {item: {in: $items}}) {
    nodes { id item { id } buyer { ...firm } seller { ...firm } } pageInfo { hasNextPage }
  }
  committed: commits(first: 250, where: {item: {in: $items}}) {
    nodes { id item { id } buyer: counterparty { ...firm } seller: publisher { ...firm } } pageInfo { hasNextPage }
  }
}
fragment firm on Partner { id code name }
"""
_ITEM = "query($id: ID!) { it: item(by: {id: $id}) { id number description } }"


@strawberry.enum(description="What lies below an item in a walk.")
class WalkEnd(Enum):
    UNKNOWN_BEYOND = strawberry.enum_value(
        "UNKNOWN_BEYOND", description="You see nothing below. Whether there is anything is not said."
    )
    BOUND = strawberry.enum_value(
        "BOUND", description="The walk was ended here by `levels` or its bounds; go on from here."
    )


@strawberry.type(description="Who supplies an item to whom, as a record that you see says.")
class WalkSupply:
    supplier: strawberry.ID = strawberry.field(description="Id of who supplies.")
    supplier_code: str = strawberry.field(description="Its code.")
    recipient: strawberry.ID | None = strawberry.field(description="Id of whom it supplies; null if withheld.")
    evidence: list[strawberry.ID] = strawberry.field(
        description="Ids of the order lines and commits that say so, at most 10."
    )


@strawberry.type(description="A link of the structure, seen from its parent.")
class WalkLink:
    link: strawberry.ID = strawberry.field(description="Id of the link.")
    kind: ItemLinkKind = strawberry.field(description="How the two hang together.")
    item: strawberry.ID = strawberry.field(description="Id of the item below.")
    quantity: Quantity | None = strawberry.field(description="How much of it the parent needs; null if withheld.")


@strawberry.type(description="An item the walk came to.")
class WalkItem:
    item: strawberry.ID = strawberry.field(description="Id of the item.")
    number: str = strawberry.field(description="Its owner's number.")
    description: str = strawberry.field(description="What it is.")
    level: int = strawberry.field(description="Links from the start; 0 is the item asked about.")
    supplies: list[WalkSupply] = strawberry.field(description="Who supplies it to whom, tier after tier.")
    links: list[WalkLink] = strawberry.field(description="Components, substitutes and packaging on the day.")
    end: WalkEnd | None = strawberry.field(description="Why the walk stops here; null where it goes on.")


@strawberry.type(description="The chain below an item, as far as rules let you see it.")
class SupplyWalk:
    items: list[WalkItem] = strawberry.field(description="At most 250, level by level, each once.")
    complete: bool = strawberry.field(description="Whether no page was cut off; what you may not see does not count.")


@dataclass(slots=True)
class _Level:
    """What a viewer sees of some items, by item."""

    links: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    supplies: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    cut: bool = False
    links_cut: bool = False


@question(
    "supplyWalk",
    "From an item to its components, who supplies each to whom, and on to their components, as far as you may see; says"
    " where it stops. Null if there is no such item that you may find. One statement per level.",
    price=1000,
)
async def supply_walk(
    info: strawberry.Info,
    item: Annotated[strawberry.ID, strawberry.argument(description="Id of the item to start from.")],
    levels: Annotated[int, strawberry.argument(description="How many levels of components to go down, 0 to 20.")] = 5,
    on: Annotated[date | None, strawberry.argument(description="Links of which day; default: today (UTC).")] = None,
) -> SupplyWalk | None:
    if not 0 <= levels <= MOST_LEVELS:
        raise BadUserInput(f"'levels' must lie between 0 and {MOST_LEVELS}.", reason="BAD_VALUE", input_path=["levels"])
    ask = info.context["ask"]
    start = (await ask(_ITEM, {"id": item}))["it"]
    if start is None:
        return None
    cards, found, complete = {start["id"]: start}, [], True
    day, here = on or info.context["now"].date(), [start["id"]]
    for level in range(levels + 1):
        seen = await _read(ask, here, day)
        below = [link["item"] for key in here for link in seen.links[key]]
        fresh = {each["id"]: each for each in below if each["id"] not in cards}
        bound = level == levels or len(cards) + len(fresh) > MOST_ITEMS
        found += [_item(cards[key], level, seen, bound) for key in here]
        complete = complete and not seen.cut
        if bound or not fresh:
            break
        cards |= fresh
        here = list(fresh)
    return SupplyWalk(items=found, complete=complete)


async def _read(ask: Any, items: Sequence[str], day: date) -> _Level:
    data = await ask(_LEVEL, {"items": list(items)})
    full = {name: page["pageInfo"]["hasNextPage"] for name, page in data.items()}
    level = _Level(cut=any(full.values()), links_cut=full["links"])
    for link in data["links"]["nodes"]:
        if link["parent"] and link["item"] and _holds(link, day):
            level.links[link["parent"]["id"]].append(link)
    for said in (*data["bought"]["nodes"], *data["committed"]["nodes"]):
        if said["item"] and said["seller"]:
            level.supplies[said["item"]["id"]].append(said)
    return level


def _holds(link: dict[str, Any], day: date) -> bool:
    until = link["validUntil"]
    return parse_date(link["validFrom"]) <= day and (until is None or day < parse_date(until))


def _item(card: dict[str, Any], level: int, seen: _Level, bound: bool) -> WalkItem:
    links = seen.links[card["id"]]
    end = WalkEnd.BOUND if bound else None
    if not links:  # a full page of links may have left out its own
        end = WalkEnd.BOUND if seen.links_cut else WalkEnd.UNKNOWN_BEYOND
    return WalkItem(
        item=card["id"], number=card["number"], description=card["description"], level=level, end=end,
        supplies=list(_supplies(seen.supplies[card["id"]])), links=[_link(each) for each in links],
    )  # fmt: skip


def _link(link: dict[str, Any]) -> WalkLink:
    needed = link["quantity"]
    quantity = needed and Quantity(value=parse_decimal(needed["value"]), unit=needed["unit"])
    return WalkLink(link=link["id"], kind=ItemLinkKind[link["kind"]], item=link["item"]["id"], quantity=quantity)


def _supplies(said: Sequence[dict[str, Any]]) -> Iterator[WalkSupply]:
    """Each pair of supplier and recipient once, by code of the supplier."""
    pairs: dict[tuple[str, str | None], list[dict[str, Any]]] = defaultdict(list)
    for each in said:
        pairs[each["seller"]["id"], each["buyer"] and each["buyer"]["id"]].append(each)
    for (supplier, recipient), several in sorted(pairs.items(), key=lambda pair: _rank(pair[1][0])):
        yield WalkSupply(
            supplier=strawberry.ID(supplier), supplier_code=several[0]["seller"]["code"],
            recipient=strawberry.ID(recipient) if recipient else None,
            evidence=[strawberry.ID(each["id"]) for each in several[:MOST_EVIDENCE]],
        )  # fmt: skip


def _rank(said: dict[str, Any]) -> tuple[str, str]:
    return said["seller"]["code"], (said["buyer"] or {"code": ""})["code"]
