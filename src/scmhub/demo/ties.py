"""What each side thinks of a relationship, for itself alone, and what it tells the other that it wants."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from scmhub.demo.book import Book
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance
from scmhub.records.relationships import objectives
from scmhub.records.relationships.model import ObjectiveTable, RelationshipProfileTable


class View(NamedTuple):
    """Provider and recipient; the recipient's supply risk and profit impact, the provider's segment and potential."""

    provider: str
    recipient: str
    supply_risk: int
    profit_impact: int
    buyer_note: str
    segment: str
    value: int
    potential: int
    seller_note: str


VIEWS = (
    View("TORQ", "VELO", 3, 5, "Partner for the next platform.", "Key account", 9_400_000, 5, "Grow with the bikes."),
    View("KINE", "VELO", 2, 4, "Second source; keep it alive.", "Volume", 5_100_000, 4, "Price is everything here."),
    View("CELL", "TORQ", 4, 4, "No other cell is released.", "Automotive and bike", 6_200_000, 3, "Plans well ahead."),
    View("CELL", "KINE", 4, 3, "Cells are short everywhere.", "Bike", 3_300_000, 3, "Changes its mind late."),
    View("CAST", "TORQ", 5, 2, "The only foundry with our tools.", "Light metal", 1_900_000, 2, "Steady."),
    View("CAST", "KINE", 5, 3, "Single source; a second one is sought.", "Light metal", 1_400_000, 2, "Small lots."),
)  # fmt: skip
OBJECTIVES = (
    ("TORQ", "VELO", "VELO", "OTIF", "AT_LEAST", "0.97", "C62"),
    ("TORQ", "VELO", "TORQ", "OTIF", "AT_LEAST", "0.95", "C62"),
    ("TORQ", "VELO", "VELO", "LEAD_TIME", "AT_MOST", "21", "DAY"),
    ("TORQ", "VELO", "TORQ", "LEAD_TIME", "AT_LEAST", "28", "DAY"),
    ("KINE", "VELO", "VELO", "OTIF", "AT_LEAST", "0.95", "C62"),
    ("KINE", "VELO", "VELO", "DAMAGED", "AT_MOST", "0.01", "C62"),
    ("CAST", "TORQ", "TORQ", "LEAD_TIME", "AT_MOST", "42", "DAY"),
    ("CAST", "KINE", "CAST", "ORDER_SIZE", "AT_LEAST", "600", "H87"),
    ("CAST", "KINE", "KINE", "ORDER_SIZE", "AT_MOST", "400", "H87"),
)
"""Provider, recipient, who wants it, and what. Torq and Velora want lead times that leave no room between them."""


def judge(chance: Chance, cast: Cast, now: datetime, book: Book) -> None:
    """Profiles of both sides, and objectives."""
    for view in VIEWS:
        _profile(chance, cast, now, book, view, view.recipient)
        _profile(chance, cast, now, book, view, view.provider)
    for provider, recipient, owner, measure, aim, target, unit in OBJECTIVES:
        at = now - timedelta(days=chance.number(40, 300), hours=13)
        other = provider if owner == recipient else recipient
        book.add(
            ObjectiveTable, cast.partners[owner], id=chance.key(at), owner_id=cast.partners[owner],
            counterparty_id=cast.partners[other], relationship_id=cast.relationships[provider, recipient],
            measure=measure, aim=aim, target=Decimal(target), unit=unit, since=at.date(), version=1, updated_at=at,
        )  # fmt: skip


def _profile(chance: Chance, cast: Cast, now: datetime, book: Book, view: View, owner: str) -> None:
    at, buys = now - timedelta(days=chance.number(40, 300), hours=14), owner == view.recipient
    book.add(
        RelationshipProfileTable, cast.partners[owner], id=chance.key(at), owner_id=cast.partners[owner],
        relationship_id=cast.relationships[view.provider, view.recipient],
        supply_risk=view.supply_risk if buys else None, profit_impact=view.profit_impact if buys else None,
        kraljic=objectives.kraljic(view.supply_risk, view.profit_impact) if buys else None,
        segment=None if buys else view.segment, value_amount=None if buys else Decimal(view.value),
        currency=None if buys else "EUR", potential=None if buys else view.potential,
        note=view.buyer_note if buys else view.seller_note, version=1, updated_at=at,
    )  # fmt: skip
