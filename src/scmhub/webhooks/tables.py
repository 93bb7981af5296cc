"""Tables of webhooks: where they go and how far they are, the secrets that sign, and what could not be delivered."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Column, Index, LargeBinary, String, Uuid
from sqlmodel import Field, SQLModel

from scmhub.database.tables import Record, governed, instant, key, limit, one_of, symbol, words

ACTIVE, SUSPENDED, FAILED, DISABLED = STATES = ("ACTIVE", "SUSPENDED", "FAILED", "DISABLED")
QUEUED, DELIVERED, DEAD, WITHHELD = OUTCOMES = ("QUEUED", "DELIVERED", "DEAD", "WITHHELD")
CHANGE, TEST = PURPOSES = ("CHANGE", "TEST")


class WebhookTable(Record, table=True):
    """One subscription of a partner with a URL to post to, and the place up to which its items were taken.

    ``cursor`` is null until the first item: then the place is that of the registration in the log. ``stands_on`` are
    names (``integration:...``) of who answers for it; see ``identity.barring``.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("state", *STATES),
        Index(None, "partner_id", "id"),
        governed(owner="partner_id"),
    )
    partner_id: uuid.UUID = key("partner")
    name: str = words()
    url: str = words()
    document: str = words()
    operation_name: str | None = words(optional=True)
    variables: str = words()
    state: str = symbol(default=ACTIVE)
    reason: str | None = words(optional=True)
    registered_by: str = symbol()
    stands_on: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    purposes: list[str] | None = limit()
    kinds: list[str] | None = limit()
    version: int = Field(default=1)
    created_at: datetime = instant()
    cursor: str | None = symbol(optional=True)
    delivered_at: datetime | None = instant(optional=True)
    delivered_through: datetime | None = instant(optional=True)
    pending_since: datetime | None = instant(optional=True)
    failed_tries: int = Field(default=0)
    deaths: int = Field(default=0)
    next_try_at: datetime | None = instant(optional=True)
    last_attempt_at: datetime | None = instant(optional=True)
    last_status: int | None = Field(default=None)
    last_error: str | None = words(optional=True)


class WebhookSecretTable(SQLModel, table=True):
    """A secret that signs, sealed with the hub secret; of two the newer comes first, the older ends at ``ends_at``."""

    __tablename__ = "webhook_secret"
    __table_args__ = (
        Index(None, "webhook_id", "id"),
        {"info": governed(owner="partner_id")["info"] | {"secret": True}},
    )
    id: uuid.UUID = Field(primary_key=True, sa_type=Uuid)
    partner_id: uuid.UUID = key("partner")
    webhook_id: uuid.UUID = key("webhook")
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = instant()
    ends_at: datetime | None = instant(optional=True)


class WebhookDeliveryTable(Record, table=True):
    """A delivery besides the stream: an item that was given up (a dead letter), or a test. No body is kept.

    ``epoch``, ``seq`` and ``part`` say which item of which event of the log it is.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("purpose", *PURPOSES),
        one_of("state", *OUTCOMES),
        Index(None, "partner_id", "id"),
        Index(None, "webhook_id", "id"),
        governed(owner="partner_id"),
    )
    partner_id: uuid.UUID = key("partner")
    webhook_id: uuid.UUID = key("webhook")
    purpose: str = symbol()
    state: str = symbol()
    message_id: str = symbol()
    epoch: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    part: str = symbol(default="")
    changed_at: datetime | None = instant(optional=True)
    created_at: datetime = instant()
    tries: int = Field(default=0)
    last_attempt_at: datetime | None = instant(optional=True)
    last_status: int | None = Field(default=None)
    last_error: str | None = words(optional=True)
