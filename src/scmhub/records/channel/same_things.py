"""Which items are one thing under several numbers: acme's M-1 is what bolt sells as B-7 and cargo as C-9.

Every item has a name, its owner and its number, and each alias gives it one more: a partner and that partner's number.
Items that share a name are one thing, directly or through others. A name counts once both sides say so, or for the side
that claimed it; it leads to an item only if the viewer may find that. So two viewers may join differently, and nobody
joins by what others only claim. The channel, the shift of stock, the capacity match and the concentration of supply all
ask here.

Without this every item a supplier numbers itself would have that supplier as its single source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scmhub.records.channel.paged import PAGE, Ask, every

_T = TypeVar("_T")
MOST_ALIASES = 5_000
MOST_STEPS = 10
"""From name to item to name: what is further away is not joined."""
ALIAS = """
fragment alias on ItemAlias { id number item { id number owner { id } } partner { id } claimedBy { id } confirmedAt }
"""
_OF_ITEMS = f"""
query($items: [ID!], $after: String) {{
  page: itemAliases(first: 250, after: $after, where: {{item: {{in: $items}}}}) {{
    nodes {{ ...alias }} pageInfo {{ hasNextPage endCursor }}
  }}
}} {ALIAS}
"""
_BY_NAMES = f"""
query($partners: [ID!], $numbers: [String!], $after: String) {{
  page: itemAliases(first: 250, after: $after, where: {{partner: {{in: $partners}}, number: {{in: $numbers}}}}) {{
    nodes {{ ...alias }} pageInfo {{ hasNextPage endCursor }}
  }}
}} {ALIAS}
"""
_NAMED = f"""
query($partners: [ID!], $numbers: [String!], $after: String) {{
  page: items(first: 250, after: $after, where: {{owner: {{in: $partners}}, number: {{in: $numbers}}}}) {{
    nodes {{ id number owner {{ id }} aliases(first: 100) {{ nodes {{ ...alias }} pageInfo {{ hasNextPage }} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}} {ALIAS}
"""
Card = Mapping[str, Any]
Name = tuple[str, str]
"""A partner and its number."""


@dataclass(slots=True)
class Known:
    """Items and the aliases that count, as far as they are known.

    ``read``: items whose aliases are known; ``looked``: names of which it is known what else bears them.
    """

    me: str
    cards: dict[str, Card] = field(default_factory=dict)
    aliases: dict[str, Card] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    looked: set[Name] = field(default_factory=set)

    def items(self, cards: Iterable[Card]) -> None:
        for each in cards:
            self.cards.setdefault(str(each["id"]), each)

    def told(self, aliases: Iterable[Card]) -> None:
        """Those that count: both sides agree on them, or the viewer claimed them itself."""
        for each in aliases:
            if each["item"] and (each["confirmedAt"] or each["claimedBy"]["id"] == self.me):
                self.aliases[each["id"]] = each
                self.items([each["item"]])

    def names(self) -> set[Name]:
        own = {name for card in self.cards.values() if (name := own_name(card))}
        return own | {_given(each) for each in self.aliases.values()}


def own_name(card: Card) -> Name | None:
    """What its owner calls an item; None if the owner is not shown."""
    return (str(card["owner"]["id"]), card["number"]) if card["owner"] else None


def _given(alias: Card) -> Name:
    return str(alias["partner"]["id"]), alias["number"]


async def complete(ask: Ask, known: Known, narrow: Sequence[str]) -> None:
    """Add all items that are one thing with a known one, and the aliases that say so."""
    for _ in range(MOST_STEPS):
        unread, unknown = known.cards.keys() - known.read, known.names() - known.looked
        if not unread and not unknown:
            return
        known.read |= unread
        known.looked |= unknown
        for items in _pages(sorted(unread)):
            known.told(await every(ask, _OF_ITEMS, {"items": items}, MOST_ALIASES, narrow))
        for names in _pages(sorted(unknown)):
            await _look(ask, known, names, narrow)


def _pages(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for first in range(0, len(values), PAGE):
        yield values[first : first + PAGE]


async def _look(ask: Ask, known: Known, names: Collection[Name], narrow: Sequence[str]) -> None:
    """What else bears these names: aliases of other items, and items of the partners themselves."""
    partners, numbers = (sorted(set(side)) for side in zip(*names, strict=True))
    given = {"partners": partners, "numbers": numbers}
    aliases = await every(ask, _BY_NAMES, given, MOST_ALIASES, narrow)
    known.told(each for each in aliases if _given(each) in names)
    for each in await every(ask, _NAMED, given, MOST_ALIASES, narrow):
        if own_name(each) in names:
            known.items([each])
            known.told(each["aliases"]["nodes"])
            if not each["aliases"]["pageInfo"]["hasNextPage"]:
                known.read.add(str(each["id"]))


async def joined(ask: Ask, me: str, cards: Iterable[Card], narrow: Sequence[str]) -> dict[str, str]:
    """Item id -> id of the first of these items that is the same thing; ``cards`` with id, number and owner."""
    known = Known(me)
    known.items(cards)
    given = set(known.cards)
    await complete(ask, known, narrow)
    root = one_each(known.cards.values(), known.aliases.values())
    first: dict[str, str] = {}
    return {item: first.setdefault(root[item], item) for item in sorted(given)}


def one_each(items: Iterable[Card], aliases: Iterable[Card]) -> dict[str, str]:
    """The same from aliases that count: items that share a name, a partner and its number, are one thing."""
    cards = list(items)
    first = {each["id"]: each["id"] for each in cards}
    named: dict[Name, str] = {}

    def root(item: str) -> str:
        while first[item] != item:
            item = first[item]
        return item

    names = [(each["id"], own_name(each)) for each in cards]
    names += [(each["item"]["id"], _given(each)) for each in aliases]
    for item, name in names:
        if name is not None:
            one, other = sorted((root(item), root(named.setdefault(name, item))))
            first[other] = one
    return {item: root(item) for item in first}
