"""Which items are one thing under several numbers: acme's M-1 is what bolt sells as B-7 and cargo as C-9.

Without this every item a supplier numbers itself would have that supplier as its single source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scmhub.records.channel.paged import PAGE, every
from scmhub.records.channel.reading import Ask, counting

MOST_ALIASES = 5_000
_ALIASES = """
query($items: [ID!], $after: String) {
  page: itemAliases(first: 250, after: $after, where: {item: {in: $items}}) {
    nodes { number item { id } partner { id } claimedBy { id } confirmedAt } pageInfo { hasNextPage endCursor }
  }
}
"""

Card = Mapping[str, Any]


async def joined(ask: Ask, me: str, cards: Iterable[Card], narrow: list[str]) -> dict[str, str]:
    """Item id -> id of the first item that is the same thing; ``cards`` with id, number and owner.

    An alias counts once both sides say so, or for the side that claimed it.
    """
    items = {str(each["id"]): each for each in cards}
    aliases: list[Card] = []
    keys = list(items)
    for first in range(0, len(keys), PAGE):
        aliases += await every(ask, _ALIASES, {"items": keys[first : first + PAGE]}, MOST_ALIASES, narrow)
    return one_each(items.values(), counting(aliases, me))


def one_each(items: Iterable[Card], aliases: Iterable[Card]) -> dict[str, str]:
    """The same from aliases that count: items that share a name, a partner and its number, are one thing."""
    first = {each["id"]: each["id"] for each in items}
    named: dict[tuple[str, str], str] = {}

    def root(item: str) -> str:
        while first[item] != item:
            item = first[item]
        return item

    names = [(each["id"], each["owner"], each["number"]) for each in items]
    names += [(each["item"]["id"], each["partner"], each["number"]) for each in aliases]
    for item, partner, number in names:
        if partner is not None:
            one, other = sorted((root(item), root(named.setdefault((partner["id"], number), item))))
            first[other] = one
    return {item: root(item) for item in first}
