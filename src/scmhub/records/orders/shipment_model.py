"""Shipments as they are stored: header, lines, events that only ever get added, and receipts."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Boolean, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol, words

STATES = ("PLANNED", "DEPARTED", "ARRIVED", "RECEIVED", "REFUSED")


class ShipmentTable(Record, table=True):
    """Goods on their way from a seller to a buyer or its consignee."""

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("seller_id", "number"),
        one_of("state", *STATES),
        one_of("mode", "AIR", "AIR_CHARTER", "OCEAN", "TRUCK", "RAIL", "PARCEL"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (buyer_id, seller_id)", name="not_the_hub"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "consignee_id", "id"),
        Index(None, "carrier_id", "id"),
        governed(owner="seller_id", parties=("buyer_id", "consignee_id", "carrier_id"), read="grantees"),
    )
    number: str = symbol()
    seller_id: uuid.UUID = key("partner")
    buyer_id: uuid.UUID = key("partner")
    consignee_id: uuid.UUID | None = key("partner", optional=True)
    carrier_id: uuid.UUID | None = key("partner", optional=True)
    ship_to_id: uuid.UUID = key("site")
    sscc: str | None = symbol(optional=True)
    mode: str | None = symbol(optional=True)
    state: str = symbol(default="PLANNED")
    planned_departure: datetime | None = instant(optional=True)
    estimated_departure: datetime | None = instant(optional=True)
    actual_departure: datetime | None = instant(optional=True)
    planned_arrival: datetime | None = instant(optional=True)
    estimated_arrival: datetime | None = instant(optional=True)
    actual_arrival: datetime | None = instant(optional=True)
    weight_kg: Decimal | None = amount(optional=True)
    freight_amount: Decimal | None = amount(optional=True)
    insurance_amount: Decimal | None = amount(optional=True)
    currency: str | None = symbol(optional=True)
    freight_note: str | None = words(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class ShipmentLineTable(Record, table=True):
    """How much of which schedule line travels. ``arrival_on`` is the day policy reads."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "line_no"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        Index(
            "ix_shipment_line_item",
            "seller_id",
            "item_id",
            "shipment_id",
            postgresql_include=["arrival_on", "ship_to_id"],
        ),
        Index(
            "ix_shipment_line_site",
            "seller_id",
            "ship_to_id",
            "shipment_id",
            postgresql_include=["arrival_on", "item_id"],
        ),
        Index(
            "ix_shipment_line_owner",
            "seller_id",
            "shipment_id",
            postgresql_include=["arrival_on", "item_id", "ship_to_id"],
        ),
        Index(None, "order_line_id", "id"),
        Index(None, "schedule_line_id"),
        Index(None, "seller_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "consignee_id", "id"),
        Index(None, "carrier_id", "id"),
        Index(None, "seller_id", "item_id", "id"),
        Index(None, "buyer_id", "item_id", "id"),
        governed(owner="seller_id", parties=("buyer_id", "consignee_id", "carrier_id"), read="grantees"),
    )
    shipment_id: uuid.UUID = key("shipment")
    line_no: int
    seller_id: uuid.UUID = key("partner")
    buyer_id: uuid.UUID = key("partner")
    consignee_id: uuid.UUID | None = key("partner", optional=True)
    carrier_id: uuid.UUID | None = key("partner", optional=True)
    item_id: uuid.UUID = key("item")
    ship_to_id: uuid.UUID = key("site")
    order_line_id: uuid.UUID = key("order_line")
    schedule_line_id: uuid.UUID = key("schedule_line")
    quantity: Decimal = amount()
    unit: str = symbol()
    arrival_on: date


class ShipmentEventTable(Record, table=True):
    """Something that happened or is expected; a wrong event is corrected by a newer one that names it."""

    __tablename__ = "shipment_event"
    __table_args__ = (
        UniqueConstraint("shipment_id", "seq"),
        one_of("milestone", "DEPARTURE", "ARRIVAL"),
        one_of("certainty", "PLANNED", "ESTIMATED", "ACTUAL"),
        governed(part_of="shipment_id:shipment"),
    )
    shipment_id: uuid.UUID = key("shipment")
    seq: int
    milestone: str = symbol()
    certainty: str = symbol()
    at: datetime = instant()
    corrects_seq: int | None = Field(default=None)
    stated_by: str = symbol()
    recorded_at: datetime = instant()


class ReceiptTable(Record, table=True):
    """What the receiver found: good, damaged, and what was missing against the despatch note."""

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("shipment_line_id", "seq"),
        CheckConstraint("good >= 0 and damaged >= 0 and short >= 0", name="amounts"),
        governed(part_of="shipment_line_id:shipment_line"),
    )
    shipment_line_id: uuid.UUID = key("shipment_line")
    seq: int
    good: Decimal = amount()
    damaged: Decimal = amount()
    short: Decimal = amount()
    documents_ok: bool = Field(default=True, sa_column=Column(Boolean, nullable=False))
    received_at: datetime = instant()
    stated_by: str = symbol()
    recorded_at: datetime = instant()
