"""Time series as they are stored: header, versions, numbers as intervals of record time, and comments."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from scmhub.database.tables import HUB_PARTNER, Record, amount, governed, instant, key, one_of, symbol, words

MEASURES = ("DEMAND", "SELL_OUT", "COMMIT", "PRODUCTION", "CAPACITY")
CAPACITY_BASES = ("ACTUAL", "MAXIMUM", "AGREED")
RESPONSES = ("COMMITTED", "PARTIAL", "REJECTED")
_NATURAL_KEY = ("publisher_id", "measure", "item_id", "counterparty_id", "site_id", "basis", "bucket", "unit")


class TimeSeriesTable(Record, table=True):
    """One series of one publisher: what it states, period by period, of one item, perhaps for one counterparty.

    ``basis``: of CAPACITY ACTUAL, MAXIMUM or AGREED; of DEMAND and COMMIT the demand category; else empty.
    """

    __tablename__ = "time_series"
    __table_args__ = (
        UniqueConstraint(*_NATURAL_KEY, name="uq_time_series_natural_key", postgresql_nulls_not_distinct=True),
        one_of("measure", *MEASURES),
        one_of("bucket", "DAY", "WEEK", "MONTH"),
        CheckConstraint("unit ~ '^[A-Z0-9]{1,3}$'", name="unit"),
        CheckConstraint("basis ~ '^[A-Z0-9]{0,8}$'", name="basis"),
        CheckConstraint("measure <> 'CAPACITY' or basis in ('ACTUAL', 'MAXIMUM', 'AGREED')", name="capacity_basis"),
        CheckConstraint("(measure = 'COMMIT') = (answers_series_id is not null)", name="commit_answers"),
        CheckConstraint("publisher_id <> counterparty_id", name="two_firms"),
        CheckConstraint(
            f"'{HUB_PARTNER}' not in (publisher_id, coalesce(counterparty_id, publisher_id))", name="not_the_hub"
        ),
        Index(None, "publisher_id", "measure", "id"),
        Index(None, "counterparty_id", "measure", "id"),
        Index(None, "publisher_id", "measure", "item_id", "id"),
        Index(None, "counterparty_id", "measure", "item_id", "id"),
        Index(None, "item_id", "measure", "id"),
        Index(None, "answers_series_id", "id", postgresql_where="answers_series_id is not null"),
        governed(owner="publisher_id", parties=("counterparty_id",), read="grantees", add="owner",
                 write="select, insert, update"),
    )  # fmt: skip
    measure: str = symbol()
    publisher_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID | None = key("partner", optional=True)
    item_id: uuid.UUID = key("item")
    site_id: uuid.UUID | None = key("site", optional=True)
    bucket: str = symbol()
    unit: str = symbol()
    basis: str = symbol(default="")
    answers_series_id: uuid.UUID | None = key("time_series", optional=True)
    answers_version_no: int | None = Field(default=None)
    version_no: int = Field(default=0)
    published_at: datetime = instant()
    reason: str | None = words(optional=True)
    created_at: datetime = instant()


class SeriesVersionTable(Record, table=True):
    """One publish that changed something. For publisher and counterparty only: it speaks of all periods."""

    __tablename__ = "series_version"
    __table_args__ = (
        UniqueConstraint("series_id", "version_no"),
        one_of("state", "PUBLISHED", "SUPERSEDED"),
        governed(owner="publisher_id", parties=("counterparty_id",), add="owner", write="select, insert, update"),
    )
    series_id: uuid.UUID = key("time_series")
    publisher_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID | None = key("partner", optional=True)
    version_no: int
    state: str = symbol(default="PUBLISHED")
    published_at: datetime = instant()
    reason: str | None = words(optional=True)
    periods_changed: int = Field(default=0)
    answers_version_no: int | None = Field(default=None)
    answers_superseded: bool = Field(default=False)


class SeriesPointTable(Record, table=True):
    """What one period was stated to be, from ``known_from`` until ``known_until`` (null: still). Never changed else.

    Carries the series' parties, item, site and its own day: what policy reads.
    """

    __tablename__ = "series_point"
    __table_args__ = (
        one_of("measure", *MEASURES),
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("upside >= 0", name="upside"),
        CheckConstraint("known_until > known_from", name="known"),
        one_of("response", *RESPONSES),
        Index("uq_series_point_current", "series_id", "starts_on", unique=True, postgresql_where="known_until is null"),
        Index(None, "series_id", "starts_on", "id"),
        Index("ix_series_point_owner", "publisher_id", "measure", "series_id",
              postgresql_include=["starts_on", "item_id", "site_id"]),
        Index("ix_series_point_item", "publisher_id", "measure", "item_id", "series_id",
              postgresql_include=["starts_on", "site_id"]),
        Index("ix_series_point_site", "publisher_id", "measure", "site_id", "series_id",
              postgresql_include=["starts_on", "item_id"]),
        governed(owner="publisher_id", parties=("counterparty_id",), read="grantees", add="owner",
                 write="select, insert, update"),
    )  # fmt: skip
    series_id: uuid.UUID = key("time_series")
    measure: str = symbol()
    publisher_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID | None = key("partner", optional=True)
    item_id: uuid.UUID = key("item")
    site_id: uuid.UUID | None = key("site", optional=True)
    starts_on: date
    quantity: Decimal = amount()
    upside: Decimal | None = amount(optional=True)
    response: str | None = symbol(optional=True)
    known_from: datetime = instant()
    known_until: datetime | None = instant(optional=True)
    version_no_from: int


class SeriesCommentTable(Record, table=True):
    """What one side said about a series or one period of it; never changed, never removed."""

    __tablename__ = "series_comment"
    __table_args__ = (
        Index(None, "series_id", "recorded_at", "id"),
        governed(owner="publisher_id", parties=("counterparty_id",), write="select, insert"),
    )
    series_id: uuid.UUID = key("time_series")
    publisher_id: uuid.UUID = key("partner")
    counterparty_id: uuid.UUID | None = key("partner", optional=True)
    author_id: uuid.UUID = key("partner")
    starts_on: date | None = Field(default=None)
    text: str = words()
    recorded_at: datetime = instant()
