"""ORM models of the five tables the benchmark reads; only the columns a peer needs."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ARRAY, ForeignKey, Numeric, String
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Amount = Numeric(21, 6)
Instant = TIMESTAMP(timezone=True)


class Model(DeclarativeBase):
    """The registry of this peer's models."""


class PartnerRow(Model):
    __tablename__ = "partner"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str | None]


class ItemRow(Model):
    __tablename__ = "item"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    description: Mapped[str]
    unit: Mapped[str]


class OrderRow(Model):
    __tablename__ = "purchase_order"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("partner.id"))
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("partner.id"))
    consignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("partner.id"))
    buyer_number: Mapped[str]
    currency: Mapped[str]
    status: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(Instant)
    total_amount: Mapped[Decimal | None] = mapped_column(Amount)


class OrderLineRow(Model):
    __tablename__ = "order_line"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase_order.id"))
    line_no: Mapped[int]
    buyer_id: Mapped[uuid.UUID]
    seller_id: Mapped[uuid.UUID]
    consignee_id: Mapped[uuid.UUID | None]
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("item.id"))
    ship_to_id: Mapped[uuid.UUID]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    unit: Mapped[str]
    unit_price: Mapped[Decimal | None] = mapped_column(Amount)
    currency: Mapped[str]
    requested_on: Mapped[date]
    status: Mapped[str]


class ScopeRow(Model):
    __tablename__ = "scope"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    grantee: Mapped[uuid.UUID]
    kind: Mapped[str]
    owner: Mapped[uuid.UUID]
    item: Mapped[uuid.UUID | None]
    site: Mapped[uuid.UUID | None]
    tokens: Mapped[list[str]] = mapped_column(ARRAY(String))
    days_back: Mapped[int | None]
    days_ahead: Mapped[int | None]
    valid_from: Mapped[datetime] = mapped_column(Instant)
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
