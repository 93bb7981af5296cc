"""What Velora and Torq have signed, what Torq would like to change in it, and whom each calls at the other."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from scmhub.demo.book import Book
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance
from scmhub.partners import agreements as model
from scmhub.records.relationships.clause_drafts import Draft, digest
from scmhub.records.relationships.model import RelationshipContactTable

PROVIDER, RECIPIENT, TITLE = "TORQ", "VELO", "Drive units, frame agreement"
CONTACTS = (
    ("VELO", "PLANNING", "Femke de Wit", "planning@velora.example"),
    ("VELO", "QUALITY", "Joris Bakker", "quality@velora.example"),
    ("TORQ", "SALES", "Anke Vogt", "sales@torq.example"),
    ("TORQ", "LOGISTICS", "Emre Kaya", "despatch@torq.example"),
)


def _clauses(late: str) -> list[Draft]:
    fences = {"item_id": None, "frozen_days": 7, "firm_days": 14, "flexible_days": 56, "inside_frozen": "MARKED"}
    return [
        _tolerance("LATE_ORDER", late, "10", "DAY"), _tolerance("FORECAST_MISMATCH", "10", "40", "P1"),
        Draft(model.ResponseClauseTable, {"subject": "ORDER", "days": 3}),
        Draft(model.ResponseClauseTable, {"subject": "CHANGE", "days": 2}),
        Draft(model.FenceClauseTable, fences),
        Draft(
            model.ServiceLevelClauseTable,
            {
                "item_id": None, "measure": "OTIF", "at_least": Decimal(95), "unit": "P1", "period": "MONTH",
                "due": "LAST_PROMISE", "early_days": None, "late_days": 2, "short_allowed": Decimal(0),
            },
        ),
    ]  # fmt: skip


def _tolerance(criterion: str, allowed: str, grave: str, unit: str) -> Draft:
    values = {"item_id": None, "criterion": criterion, "allowed": Decimal(allowed), "grave": Decimal(grave)}
    return Draft(model.ToleranceClauseTable, {**values, "unit": unit})


def agree(chance: Chance, cast: Cast, now: datetime, book: Book) -> None:
    """One agreement: its first version in force, a second one waiting for Velora's signature."""
    _contacts(chance, cast, now, book)
    sides = {"provider_id": cast.partners[PROVIDER], "recipient_id": cast.partners[RECIPIENT]}
    link, begun, asked = cast.relationships[PROVIDER, RECIPIENT], now - timedelta(days=100), now - timedelta(days=3)
    agreement = book.add(
        model.AgreementTable, sides["provider_id"], id=chance.key(begun), relationship_id=link, title=TITLE,
        state="PROPOSED", version_no=2, version=3, created_at=begun, **sides,
    )  # fmt: skip
    first = _Text(1, "SIGNED", RECIPIENT, begun, (now - timedelta(days=90)).date(), "2")
    second = _Text(2, "PROPOSED", PROVIDER, asked, (now + timedelta(days=30)).date(), "4")
    for text in (first, second):
        _version(chance, cast, book, agreement["id"], link, text)


class _Text(NamedTuple):
    """What makes a version."""

    number: int
    state: str
    by: str
    at: datetime
    first: date
    late: str


def _version(chance: Chance, cast: Cast, book: Book, agreement: UUID, link: UUID, text: _Text) -> None:
    signed_at = text.at + timedelta(days=2) if text.state == "SIGNED" else None
    stored = model.AgreementVersionTable(
        id=chance.key(text.at), agreement_id=agreement, relationship_id=link, provider_id=cast.partners[PROVIDER],
        recipient_id=cast.partners[RECIPIENT], version_no=text.number, state=text.state,
        proposed_by=cast.partners[text.by], in_force_from=text.first, notice_days=30, proposed_at=text.at, digest="",
        reason="Ports are slow; two days are not enough." if text.number > 1 else None, signed_at=signed_at,
    )  # fmt: skip
    clauses = _clauses(text.late)
    stored.digest = digest(stored, TITLE, clauses)
    writer = cast.partners[text.by]
    book.add(model.AgreementVersionTable, writer, **stored.model_dump())
    for number, clause in enumerate(clauses, 1):
        row = {"id": chance.key(text.at), "version_id": stored.id, "clause_no": number}
        book.add(clause.table, writer, **row, **clause.values)
    signers = [text.by, *([PROVIDER if text.by == RECIPIENT else RECIPIENT] if signed_at else [])]
    for place, code in enumerate(signers):
        at = signed_at if place and signed_at else text.at
        book.add(
            model.AgreementSignatureTable, cast.partners[code], id=chance.key(at), version_id=stored.id,
            partner_id=cast.partners[code], signatory=None, digest=stored.digest, signed_at=at,
        )  # fmt: skip


def _contacts(chance: Chance, cast: Cast, now: datetime, book: Book) -> None:
    at = now - timedelta(days=120)
    for owner, function, name, email in CONTACTS:
        other = PROVIDER if owner == RECIPIENT else RECIPIENT
        book.add(
            RelationshipContactTable, cast.partners[owner], id=chance.key(at), owner_id=cast.partners[owner],
            counterparty_id=cast.partners[other], relationship_id=cast.relationships[PROVIDER, RECIPIENT],
            function=function, name=name, email=email, phone=None, version=1, updated_at=at,
        )  # fmt: skip
