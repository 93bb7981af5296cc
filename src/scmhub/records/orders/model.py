"""Orders as they are stored: header, lines, schedule lines and what was said about their dates."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol, words
from scmhub.records.orders import states

INCOTERMS = (
    "EXW",
    "FCA",
    "CPT",
    "CIP",
    "DAP",
    "DPU",
    "DDP",
    "FAS",
    "FOB",
    "CFR",
    "CIF",
    "DDU",
    "DAT",
    "DAF",
    "DES",
    "DEQ",
)
"""Incoterms 2020, and the five older ones that documents of the past still carry."""


class OrderTable(Record, table=True):
    """One order, the buyer's purchase order and the seller's sales order at once."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("buyer_id", "buyer_number"),
        one_of("kind", "PURCHASE", "CALL_OFF", "REPLENISHMENT", "SUBCONTRACT"),
        one_of("status", *states.NAMES),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("buyer_id <> seller_id", name="two_firms"),
        CheckConstraint(f"'{HUB_PARTNER}' not in (buyer_id, seller_id)", name="not_the_hub"),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "consignee_id", "id"),
        Index(None, "buyer_id", "placed_at", "id"),
        Index(None, "seller_id", "placed_at", "id"),
        Index(None, "consignee_id", "placed_at", "id"),
        Index(None, "seller_id", "seller_number"),
        governed(owner="buyer_id", parties=("seller_id", "consignee_id"), read="grantees"),
    )
    kind: str = symbol(default="PURCHASE")
    buyer_id: uuid.UUID = key("partner")
    seller_id: uuid.UUID = key("partner")
    consignee_id: uuid.UUID | None = key("partner", optional=True)
    buyer_number: str = symbol()
    seller_number: str | None = symbol(optional=True)
    ship_to_id: uuid.UUID = key("site")
    incoterm: str | None = symbol(optional=True)
    incoterm_place: str | None = words(optional=True)
    currency: str = symbol()
    status: str = symbol(default="DRAFT")
    placed_at: datetime = instant()
    total_amount: Decimal | None = amount(optional=True)
    version: int = Field(default=1)
    created_at: datetime = instant()


class OrderLineTable(Record, table=True):
    """One item of an order. Carries the order's parties, item, site and day: what policy reads."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_no"),
        one_of("status", *states.NAMES),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index(
            "ix_order_line_item", "buyer_id", "item_id", "order_id", postgresql_include=["requested_on", "ship_to_id"]
        ),
        Index(
            "ix_order_line_site", "buyer_id", "ship_to_id", "order_id", postgresql_include=["requested_on", "item_id"]
        ),
        Index(
            "ix_order_line_owner", "buyer_id", "order_id", postgresql_include=["requested_on", "item_id", "ship_to_id"]
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "seller_id", "id"),
        Index(None, "consignee_id", "id"),
        Index(None, "buyer_id", "item_id", "id"),
        Index(None, "seller_id", "item_id", "id"),
        Index(None, "buyer_id", "ship_to_id", "id"),
        governed(owner="buyer_id", parties=("seller_id", "consignee_id"), read="grantees"),
    )
    order_id: uuid.UUID = key("purchase_order")
    line_no: int
    buyer_id: uuid.UUID = key("partner")
    seller_id: uuid.UUID = key("partner")
    consignee_id: uuid.UUID | None = key("partner", optional=True)
    item_id: uuid.UUID = key("item")
    ship_to_id: uuid.UUID = key("site")
    external_id: str | None = symbol(optional=True)
    quantity: Decimal = amount()
    unit: str = symbol()
    unit_price: Decimal | None = amount(optional=True)
    line_amount: Decimal | None = amount(optional=True)
    currency: str = symbol()
    requested_on: date
    status: str = symbol(default="DRAFT")
    shipped: Decimal = amount(default=Decimal(0))
    received_good: Decimal = amount(default=Decimal(0))
    received_damaged: Decimal = amount(default=Decimal(0))
    note: str | None = words(optional=True)
    version: int = Field(default=1)


class ScheduleLineTable(Record, table=True):
    """One wanted delivery of a line: quantity and date asked, first promise (written once), last promise, what moved."""  # noqa: E501

    __tablename__ = "schedule_line"
    __table_args__ = (
        UniqueConstraint("line_id", "seq"),
        one_of("state", *states.NAMES),
        CheckConstraint("requested_quantity > 0", name="quantity"),
        governed(part_of="line_id:order_line"),
    )
    line_id: uuid.UUID = key("order_line")
    seq: int
    requested_quantity: Decimal = amount()
    requested_on: date
    state: str = symbol(default="DRAFT")
    first_promise_quantity: Decimal | None = amount(optional=True)
    first_promise_on: date | None = Field(default=None)
    last_promise_quantity: Decimal | None = amount(optional=True)
    last_promise_on: date | None = Field(default=None)
    shipped: Decimal = amount(default=Decimal(0))
    received_good: Decimal = amount(default=Decimal(0))
    received_damaged: Decimal = amount(default=Decimal(0))
    answer_due_on: date | None = Field(default=None)
    version: int = Field(default=1)


class RevisionTable(Record, table=True):
    """One thing said about a schedule line by one side; never changed, never removed."""

    __tablename__ = "schedule_revision"
    __table_args__ = (
        UniqueConstraint("schedule_line_id", "revision_no"),
        one_of("side", "BUYER", "SELLER"),
        one_of("act", "REQUEST", "PROPOSE", "ACCEPT", "REJECT", "REQUEST_CHANGE", "DECLINE_CHANGE", "CANCEL"),
        governed(part_of="schedule_line_id:schedule_line"),
    )
    schedule_line_id: uuid.UUID = key("schedule_line")
    revision_no: int
    side: str = symbol()
    act: str = symbol()
    reason: str | None = words(optional=True)
    inside_frozen: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    stated_by: str = symbol()
    recorded_at: datetime = instant()


class SliceTable(Record, table=True):
    """One (quantity, date) of a revision; several when a counter-proposal splits the delivery."""

    __tablename__ = "schedule_slice"
    __table_args__ = (
        UniqueConstraint("revision_id", "seq"),
        CheckConstraint("quantity > 0", name="quantity"),
        governed(part_of="revision_id:schedule_revision"),
    )
    revision_id: uuid.UUID = key("schedule_revision")
    seq: int
    quantity: Decimal = amount()
    due_on: date
