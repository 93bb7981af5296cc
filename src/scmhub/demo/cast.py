"""Who plays: six firms on three tiers, their sites, items, other names for items, and what they are to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from scmhub.demo.book import Book
from scmhub.demo.chance import Chance
from scmhub.partners.identifiers import check_digit
from scmhub.partners.tables import ItemAliasTable, ItemTable, PartnerTable, RelationshipTable, SiteTable


class Firm(NamedTuple):
    """``prefix``: GS1 company prefix, from 952, which GS1 keeps for examples; ``role``: its part in the story."""

    code: str
    name: str
    country: str
    prefix: str
    role: str


FIRMS = (
    Firm("VELO", "Velora Bikes B.V.", "NL", "9521001", "e-bike brand, buys drive units from two rivals"),
    Firm("TORQ", "Torq Antriebe GmbH", "DE", "9521002", "drive units, tier 1; does not know Kineta"),
    Firm("KINE", "Kineta Motion s.r.o.", "CZ", "9521003", "drive units, tier 1; does not know Torq"),
    Firm("CELL", "Voltcell Kft.", "HU", "9521004", "battery cells, tier 2; sells to both rivals"),
    Firm("CAST", "Fundiciones Alba S.L.", "ES", "9521005", "castings, tier 2; the only foundry of both rivals"),
    Firm("HAUL", "Nordhaul A/S", "DK", "9521006", "carrier, keeps Velora's spare parts"),
)

SITES = (
    ("VELO", "UTR", "Utrecht assembly", "PLANT", "NL", "Europe/Amsterdam"),
    ("VELO", "ZWO", "Zwolle distribution", "WAREHOUSE", "NL", "Europe/Amsterdam"),
    ("VELO", "AMS", "Amsterdam flagship", "STORE", "NL", "Europe/Amsterdam"),
    ("TORQ", "STU", "Stuttgart drive plant", "PLANT", "DE", "Europe/Berlin"),
    ("TORQ", "ULM", "Ulm stores", "WAREHOUSE", "DE", "Europe/Berlin"),
    ("KINE", "BRN", "Brno motor plant", "PLANT", "CZ", "Europe/Prague"),
    ("KINE", "OLO", "Olomouc stores", "WAREHOUSE", "CZ", "Europe/Prague"),
    ("CELL", "GYO", "Győr cell plant", "PLANT", "HU", "Europe/Budapest"),
    ("CAST", "BIL", "Bilbao foundry", "PLANT", "ES", "Europe/Madrid"),
    ("CAST", "BIO", "Puerto de Bilbao", "PORT", "ES", "Europe/Madrid"),
    ("HAUL", "DUI", "Duisburg cross-dock", "WAREHOUSE", "DE", "Europe/Berlin"),
)

ITEMS = {
    "VELO": """VB-CITY-S City e-bike S|VB-CITY-M City e-bike M|VB-CITY-L City e-bike L|VB-TREK-M Trekking e-bike M
        VB-TREK-L Trekking e-bike L|VB-CARGO Cargo e-bike|VB-FOLD Folding e-bike|VB-KIDS Youth e-bike
        VB-GRAVEL Gravel e-bike|VB-SPEED Speed pedelec|VB-NEXT City e-bike, next model @CONCEPT
        VB-CLASSIC Classic e-bike @PHASE_OUT""",
    "TORQ": """TQ-DU250 Drive unit 250 W =312|TQ-DU500 Drive unit 500 W =438|TQ-DU-CARGO Drive unit cargo 90 Nm =389
        TQ-BAT400 Battery pack 400 Wh =196|TQ-BAT625 Battery pack 625 Wh =274|TQ-BAT750 Battery pack 750 Wh =318
        TQ-DISP-S Display small =38.5|TQ-DISP-L Display large =61|TQ-SENS-T Torque sensor =27.4
        TQ-SENS-S Speed sensor =4.85|TQ-HARN Wiring harness =11.2|TQ-CHG4 Charger 4 A =33|TQ-CTRL Controller =58
        TQ-DU-NEO Drive unit, next generation =365 @RAMP_UP""",
    "KINE": """KM-HUB250 Hub motor 250 W =148|KM-HUB350 Hub motor 350 W =172|KM-MID250 Mid motor 250 W =286
        KM-MID-CARGO Mid motor cargo =352 @RAMP_UP|KM-BAT500 Battery pack 500 Wh =231|KM-BAT630 Battery pack 630 Wh =279
        KM-LCD Display LCD =29|KM-THUMB Thumb remote =9.6|KM-PAS Pedal sensor =6.3|KM-CTRL Controller 36 V =46
        KM-CHG2 Charger 2 A =19|KM-AXLE Thru axle set =7.75""",
    "CELL": """VC-21700-50 Cell 21700, 5.0 Ah =2.94|VC-21700-58 Cell 21700, 5.8 Ah =3.62
        VC-18650-35 Cell 18650, 3.5 Ah =2.05
        VC-MOD-10S Cell module 10s4p =112|VC-MOD-13S Cell module 13s4p =147|VC-BMS36 Battery controller 36 V =18.4
        VC-BMS48 Battery controller 48 V =21.9|VC-NISTRIP Nickel strip =31.5 #KGM
        VC-21700-70 Cell 21700, 7.0 Ah =5.1 @RAMP_UP""",
    "CAST": """FA-HSG-250 Motor housing, aluminium =14.2|FA-HSG-500 Motor housing, magnesium =22.8
        FA-COVER Gear cover =5.35|FA-BRKT Mounting bracket =3.9|FA-HUBSHELL Hub shell 36h =8.6
        FA-HUBSHELL-32 Hub shell 32h =8.4|FA-SPIDER Chainring spider =6.15|FA-FLANGE Rotor flange =4.7
        FA-INGOT Alloy ingot AlSi10Mg =3.12 #KGM|FA-CRANK-RAW Crank blank =9.05 @PHASE_OUT""",
    "HAUL": "NH-EURPAL Euro pallet|NH-GBOX Mesh box pallet|NH-BATBOX Battery transport box, UN 3480",
}
"""``number description =price #unit @lifecycle``; unit and lifecycle default to H87 and SERIES."""

ALIASES = (
    ("TQ-DU250", "VELO", "DRV-0001", True),
    ("TQ-DU500", "VELO", "DRV-0002", True),
    ("TQ-BAT625", "VELO", "BAT-0003", True),
    ("KM-HUB250", "VELO", "DRV-0101", True),
    ("KM-MID250", "VELO", "DRV-0102", False),
    ("VC-21700-50", "TORQ", "10044871", True),
    ("VC-21700-50", "KINE", "CLANEK-50", False),
    ("FA-HSG-250", "TORQ", "10051200", True),
    ("FA-HUBSHELL", "KINE", "NABA-36", True),
)
"""Item, who calls it otherwise, how, and whether the item's owner has confirmed that."""

RELATIONSHIPS = (
    ("TORQ", "VELO", "SUPPLY", "ACTIVE"), ("KINE", "VELO", "SUPPLY", "ACTIVE"),
    ("CELL", "TORQ", "SUPPLY", "ACTIVE"), ("CELL", "KINE", "SUPPLY", "ACTIVE"),
    ("CAST", "TORQ", "SUPPLY", "ACTIVE"), ("CAST", "KINE", "SUPPLY", "ACTIVE"),
    ("HAUL", "VELO", "LOGISTICS", "ACTIVE"), ("HAUL", "TORQ", "LOGISTICS", "ACTIVE"),
    ("HAUL", "KINE", "LOGISTICS", "ACTIVE"), ("HAUL", "CELL", "LOGISTICS", "ACTIVE"),
    ("HAUL", "CAST", "LOGISTICS", "ACTIVE"),
    ("CAST", "VELO", "SUPPLY", "ENDED"), ("CELL", "VELO", "SUPPLY", "PROPOSED"),
)  # fmt: skip
"""Provider, recipient, kind, state: Alba once sold cranks to Velora; Voltcell asks to sell it cells."""


@dataclass(frozen=True, slots=True)
class Item:
    """``price`` of one unit in EUR, what its owner usually asks."""

    key: UUID
    owner: str
    unit: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Site:
    key: UUID
    time_zone: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Keys by code: partners by code, sites by ``FIRM/SITE``, items by number."""

    partners: dict[str, UUID]
    sites: dict[str, Site]
    items: dict[str, Item]
    relationships: dict[tuple[str, str], UUID] = field(default_factory=dict)
    """By codes of provider and recipient."""
    own: dict[tuple[str, str], str] = field(default_factory=dict)
    """A buyer's own number of an item it buys, by its code and the supplier's number."""


def play(chance: Chance, start: datetime, today: datetime, book: Book) -> Cast:
    """Everybody on stage from ``start`` on."""
    partners = _partners(chance, start, book)
    cast = Cast(partners, _sites(chance, start, book, partners), _items(chance, start, book, partners))
    _aliases(chance, start, book, cast)
    _relationships(chance, start, today, book, cast)
    return cast


def _identifier(prefix: str, number: int, digits: int) -> str:
    """A GS1 key of this company prefix, with its check digit."""
    body = prefix + str(number).zfill(digits - len(prefix) - 1)
    return f"{body}{check_digit(body)}"


def _partners(chance: Chance, start: datetime, book: Book) -> dict[str, UUID]:
    keys = {}
    for firm in FIRMS:
        keys[firm.code] = key = chance.key(start)
        book.add(
            PartnerTable, key, id=key, code=firm.code, name=firm.name, country=firm.country,
            gln=_identifier(firm.prefix, 0, 13), status="ACTIVE", version=1, created_at=start,
        )  # fmt: skip
    return keys


def _sites(chance: Chance, start: datetime, book: Book, partners: dict[str, UUID]) -> dict[str, Site]:
    prefixes = {firm.code: firm.prefix for firm in FIRMS}
    sites = {}
    for number, (owner, code, name, kind, country, time_zone) in enumerate(SITES, 1):
        key = chance.key(start)
        sites[f"{owner}/{code}"] = Site(key, time_zone)
        book.add(
            SiteTable, partners[owner], id=key, partner_id=partners[owner], code=code, name=name, kind=kind,
            country=country, time_zone=time_zone, gln=_identifier(prefixes[owner], number, 13), version=1,
            created_at=start,
        )  # fmt: skip
    return sites


def _items(chance: Chance, start: datetime, book: Book, partners: dict[str, UUID]) -> dict[str, Item]:
    prefixes = {firm.code: firm.prefix for firm in FIRMS}
    items = {}
    for owner, text in ITEMS.items():
        entries = [entry.strip() for line in text.splitlines() for entry in line.split("|") if entry.strip()]
        for place, entry in enumerate(entries, 1):
            number, *rest = entry.split()
            marks = {word[0]: word[1:] for word in rest if word[0] in "=#@"}
            key, unit = chance.key(start), marks.get("#", "H87")
            items[number] = Item(key, owner, unit, Decimal(marks.get("=", "0")))
            book.add(
                ItemTable, partners[owner], id=key, owner_id=partners[owner], number=number,
                description=" ".join(word for word in rest if word[0] not in "=#@"), unit=unit,
                gtin=_identifier(prefixes[owner], 100 + place, 13).zfill(14), lifecycle=marks.get("@", "SERIES"),
                version=1, created_at=start,
            )  # fmt: skip
    return items


def _aliases(chance: Chance, start: datetime, book: Book, cast: Cast) -> None:
    for number, caller, other, confirmed in ALIASES:
        item, at = cast.items[number], start + chance.hours(24, 400)
        owner = cast.partners[item.owner]
        book.add(
            ItemAliasTable, owner, id=chance.key(at), owner_id=owner, item_id=item.key,
            partner_id=cast.partners[caller], number=other, claimed_by=cast.partners[caller],
            confirmed_at=at + chance.hours(2, 90) if confirmed else None, version=2 if confirmed else 1, created_at=at,
        )  # fmt: skip


def _relationships(chance: Chance, start: datetime, today: datetime, book: Book, cast: Cast) -> None:
    partners = cast.partners
    for provider, recipient, kind, state in RELATIONSHIPS:
        at = today - timedelta(days=4, hours=9) if state == "PROPOSED" else start + timedelta(hours=1)
        since = None if state == "PROPOSED" else (start + timedelta(days=1)).date()
        until = (start + timedelta(days=130)).date() if state == "ENDED" else None
        cast.relationships[provider, recipient] = key = chance.key(at)
        book.add(
            RelationshipTable, partners[provider], id=key, provider_id=partners[provider],
            recipient_id=partners[recipient], kind=kind, state=state, proposed_by=partners[provider], since=since,
            until=until, version={"PROPOSED": 1, "ACTIVE": 2, "ENDED": 3}[state], created_at=at,
        )  # fmt: skip
