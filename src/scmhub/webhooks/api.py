"""Webhooks and what could not be delivered, as their partner sees them; a secret is in neither."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, many, one
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned
from scmhub.webhooks.tables import WebhookDeliveryTable, WebhookTable


@strawberry.enum(description="Whether a webhook delivers.")
class WebhookState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="It delivers, or waits for its next try.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="Stopped by you, or because who answers for it was.")
    FAILED = strawberry.enum_value("FAILED", description="Stopped after several items in a row could not be delivered.")
    DISABLED = strawberry.enum_value("DISABLED", description="Stopped because the receiver answered 410 Gone.")


@strawberry.enum(description="Why a delivery besides the stream was made.")
class WebhookPurpose(Enum):
    CHANGE = strawberry.enum_value("CHANGE", description="An item of the feed that was given up.")
    TEST = strawberry.enum_value("TEST", description="Asked for by `webhookTest`.")


@strawberry.enum(description="Where a delivery stands.")
class WebhookDeliveryState(Enum):
    QUEUED = strawberry.enum_value("QUEUED", description="It will be sent within seconds.")
    DELIVERED = strawberry.enum_value("DELIVERED", description="The receiver took it.")
    DEAD = strawberry.enum_value("DEAD", description="Given up; `webhookRedeliver` tries it once more.")
    WITHHELD = strawberry.enum_value(
        "WITHHELD", description="Not sent again: it is too old, or no longer for you to see."
    )


@kind(WebhookTable, prefix="whk", policy=Owned(owner="partner_id"), single="webhook", plural="webhooks")
class Webhook:
    """A subscription the hub follows for you, posting each item to your URL. Yours alone; holds no secret."""

    name: str = column(PUBLIC, "What you call it.")
    url: str = column(PUBLIC, "Where items are posted to.")
    document: str = column(PUBLIC, "The subscription it follows.")
    operation_name: str | None = column(PUBLIC, "Which operation of the document, if it has several.")
    variables: str = column(PUBLIC, "Variables of the document, as a JSON object.")
    state: WebhookState = column(PUBLIC, "Whether it delivers.")
    reason: str | None = column(PUBLIC, "Why it does not.")
    registered_by: str = column(PUBLIC, "Who answers for it: it stops when they may not call any more.")
    version: int = column(PUBLIC, "Counts your changes; to be sent as `expectedVersion`.")
    created_at: datetime = column(PUBLIC, "When it was registered.")
    cursor: str | None = column(
        PUBLIC, "Where it stands: `changes(after:)` reads on from here. Null before the first item."
    )
    delivered_at: datetime | None = column(PUBLIC, "When the receiver last took an item.")
    delivered_through: datetime | None = column(PUBLIC, "Instant of the newest change the receiver took.")
    pending_since: datetime | None = column(
        PUBLIC, "Instant of the change that is being tried again: the lag. Null while nothing failed."
    )
    failed_tries: int = column(PUBLIC, "Tries of that change that failed.")
    next_try_at: datetime | None = column(PUBLIC, "When it is tried again.")
    last_attempt_at: datetime | None = column(PUBLIC, "When the receiver was last called.")
    last_status: int | None = column(PUBLIC, "HTTP status of its last answer; null if there was none.")
    last_error: str | None = column(PUBLIC, "Why the last try failed; null if it did not.")
    deliveries = many("WebhookDelivery", "Dead letters and tests, oldest first.", by="webhook_id")


@kind(
    WebhookDeliveryTable, prefix="whd", policy=Owned(owner="partner_id"), single="webhookDelivery",
    plural="webhookDeliveries", filters=("state", "purpose"), family="WEBHOOK",
)  # fmt: skip
class WebhookDelivery:
    """An item that could not be delivered, or a test. Its body is not kept: a redelivery is made anew."""

    webhook = one("Webhook", PUBLIC, "Which webhook.", by="webhook_id")
    purpose: WebhookPurpose = column(PUBLIC, "Why it was made.")
    state: WebhookDeliveryState = column(PUBLIC, "Where it stands.")
    message_id: str = column(PUBLIC, "Its `webhook-id`; a redelivery has the same.")
    changed_at: datetime | None = column(PUBLIC, "Instant of the change; null for a test.")
    created_at: datetime = column(PUBLIC, "When it was given up, or asked for.")
    tries: int = column(PUBLIC, "How often it was tried.")
    last_attempt_at: datetime | None = column(PUBLIC, "When it was last tried.")
    last_status: int | None = column(PUBLIC, "HTTP status of the last answer; null if there was none.")
    last_error: str | None = column(PUBLIC, "Why the last try failed, or why it is withheld.")
