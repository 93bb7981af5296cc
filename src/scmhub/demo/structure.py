"""What the goods are made of: each firm's own parts and bills of materials, tied to its suppliers' items by aliases."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from scmhub.demo.book import Book
from scmhub.demo.cast import ALIASES, Cast, Item
from scmhub.demo.chance import Chance
from scmhub.partners.tables import ItemTable
from scmhub.records.structure import rules
from scmhub.records.structure.model import ItemLinkTable

PARTS = {
    "VELO": "DRV-0001 Drive unit, class 250|DRV-0002 Drive unit, class 500|BAT-0003 Battery, class 625"
            "|DRV-0101 Hub drive, class 250|DRV-0102 Mid drive, class 250",
    "TORQ": "10044871 Cell, 5.0 Ah|10051200 Housing 250",
    "KINE": "CLANEK-50 Cell, 5.0 Ah|NABA-36 Hub shell, 36 holes",
}  # fmt: skip
"""A buyer's own numbers for what it buys: its suppliers know them as aliases of their items."""
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
    for owner, text in PARTS.items():
        for entry in text.split("|"):
            number, _, description = entry.partition(" ")
            assert any((owner, number) == alias[1:3] for alias in ALIASES)
            cast.items[number] = Item(chance.key(at), owner, "H87", Decimal(0))
            book.add(
                ItemTable, cast.partners[owner], id=cast.items[number].key, owner_id=cast.partners[owner],
                number=number, description=description, unit="H87", gtin=None, lifecycle="SERIES", version=1,
                created_at=at,
            )  # fmt: skip
    below: dict[UUID, list[UUID]] = {}
    for entry in (each.strip() for line in COMPONENTS.splitlines() for each in line.split("|")):
        parent, item, quantity = entry.split()
        keys = cast.items[parent].key, cast.items[item].key
        rules.check_fits(below, *keys)
        below.setdefault(keys[0], []).append(keys[1])
        _link(chance, cast, book, at, parent, item, "COMPONENT", Decimal(quantity))
    for parent, item, kind in OTHER_LINKS:
        _link(chance, cast, book, at, parent, item, kind, None)


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
