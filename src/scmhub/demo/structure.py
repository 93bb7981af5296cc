"""What the goods are made of: each firm's own parts and bills of materials, tied to its suppliers' items by aliases."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from scmhub.demo.book import Book
from scmhub.demo.cast import ALIASES, Cast, Item
from scmhub.demo.chance import Chance
from scmhub.demo.lanes import LANES, Lane
from scmhub.partners.tables import ItemAliasTable, ItemTable
from scmhub.records.structure import rules
from scmhub.records.structure.model import ItemLinkTable

NUMBERS = {
    ("VELO", "TORQ"): "VP-1", ("VELO", "KINE"): "VP-2", ("TORQ", "CELL"): "1004", ("TORQ", "CAST"): "1005",
    ("KINE", "CELL"): "CL-", ("KINE", "CAST"): "OD-",
}  # fmt: skip
"""How a buyer numbers what it buys from whom, unless an alias is told in the cast."""
COMPONENTS = """VB-CITY-M DRV-0101 1|VB-TREK-M DRV-0001 1|VB-TREK-M BAT-0003 1|VB-CARGO DRV-0002 1|VB-SPEED DRV-0002 1
    VB-CITY-S DRV-0102 1|TQ-BAT400 10044871 40|TQ-BAT625 10044871 60|TQ-BAT750 10044871 70|TQ-DU250 10051200 1
    TQ-DU250 TQ-CTRL 1|TQ-DU250 TQ-SENS-T 1|TQ-DU500 TQ-CTRL 1|KM-BAT500 CLANEK-50 50|KM-HUB250 NABA-36 1
    KM-HUB350 NABA-36 1|KM-HUB250 KM-AXLE 1|KM-MID250 KM-CTRL 1|VC-MOD-10S VC-21700-50 40|VC-MOD-10S VC-NISTRIP 0.12
    VC-MOD-13S VC-21700-50 52|FA-HSG-250 FA-INGOT 1.4|FA-HUBSHELL FA-INGOT 0.9|FA-CRANK-RAW FA-INGOT 1.1"""
"""Above, below, how much of it."""
OTHER_LINKS = (
    ("FA-HUBSHELL", "FA-HUBSHELL-32", "SUBSTITUTE"), ("VB-NEXT", "VB-CLASSIC", "SUPERSEDES"),
    ("TQ-DU-NEO", "TQ-DU250", "SUPERSEDES"), ("VC-21700-58", "VC-21700-50", "SUBSTITUTE"),
)  # fmt: skip


def assemble(chance: Chance, cast: Cast, now: datetime, book: Book) -> None:
    """Parts and links, all older than the year; a circle is refused by the rule that commands obey."""
    at = now - timedelta(days=370)
    for lane in LANES:
        for place, item in enumerate(lane.items, 1):
            _part(chance, cast, book, at, lane, item, place)
    below: dict[UUID, list[UUID]] = {}
    for entry in (each.strip() for line in COMPONENTS.splitlines() for each in line.split("|")):
        parent, item, quantity = entry.split()
        keys = cast.items[parent].key, cast.items[item].key
        rules.check_fits(below, *keys)
        below.setdefault(keys[0], []).append(keys[1])
        _link(chance, cast, book, at, parent, item, "COMPONENT", Decimal(quantity))
    for parent, item, kind in OTHER_LINKS:
        _link(chance, cast, book, at, parent, item, kind, None)


def _part(chance: Chance, cast: Cast, book: Book, at: datetime, lane: Lane, item: str, place: int) -> None:
    """The buyer's own item for what it buys, and the alias by which its supplier knows it."""
    told = [other for number, caller, other, _ in ALIASES if (number, caller) == (item, lane.buyer)]
    number = told[0] if told else f"{NUMBERS[lane.buyer, lane.seller]}{place:03d}"
    buyer, seller, bought = cast.partners[lane.buyer], cast.partners[lane.seller], cast.items[item]
    cast.own[lane.buyer, item] = number
    cast.items[number] = Item(chance.key(at), lane.buyer, bought.unit, Decimal(0))
    described = next(row for row in book.rows(ItemTable) if row["id"] == bought.key)
    book.add(
        ItemTable, buyer, id=cast.items[number].key, owner_id=buyer, number=number,
        description=described["description"], unit=bought.unit, gtin=None, lifecycle="SERIES", version=1, created_at=at,
    )  # fmt: skip
    if not told:
        book.add(
            ItemAliasTable, seller, id=chance.key(at), owner_id=seller, item_id=bought.key, partner_id=buyer,
            number=number, claimed_by=buyer, confirmed_at=at + chance.hours(20, 200), version=2, created_at=at,
        )  # fmt: skip


def _link(
    chance: Chance, cast: Cast, book: Book, at: datetime, parent: str, item: str, kind: str, quantity: Decimal | None
) -> None:
    above, below = cast.items[parent], cast.items[item]
    assert above.owner == below.owner
    owner = cast.partners[above.owner]
    book.add(
        ItemLinkTable, owner, id=chance.key(at), owner_id=owner, parent_id=above.key, item_id=below.key, kind=kind,
        quantity=quantity, unit=below.unit if quantity else None, valid_from=at.date(), valid_until=None, version=1,
        created_at=at,
    )  # fmt: skip
