"""Where an order stands: the one list that the table, the rules and the schema read."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="Where an order, a line or a schedule line stands.")
class OrderStatus(Enum):
    DRAFT = strawberry.enum_value("DRAFT", description="Written, not sent.")
    SENT = strawberry.enum_value("SENT", description="Sent to the seller, who has not answered.")
    SELLER_PROPOSED = strawberry.enum_value(
        "SELLER_PROPOSED", description="The seller proposes other quantities or dates; the buyer answers."
    )
    BUYER_PROPOSED = strawberry.enum_value(
        "BUYER_PROPOSED", description="The buyer proposes other quantities or dates; the seller answers."
    )
    CONFIRMED = strawberry.enum_value("CONFIRMED", description="Both agreed.")
    CHANGE_REQUESTED = strawberry.enum_value("CHANGE_REQUESTED", description="One side asks to change what was agreed.")
    PART_SHIPPED = strawberry.enum_value("PART_SHIPPED", description="Some of it has left.")
    SHIPPED = strawberry.enum_value("SHIPPED", description="All of it has left.")
    PART_RECEIVED = strawberry.enum_value("PART_RECEIVED", description="Some of it has arrived.")
    RECEIVED = strawberry.enum_value("RECEIVED", description="All of it has arrived.")
    CLOSED = strawberry.enum_value("CLOSED", description="Done; nothing more will happen.")
    REJECTED = strawberry.enum_value("REJECTED", description="The seller declined before any agreement.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Called off for what had not been shipped.")


NAMES = tuple(OrderStatus.__members__)
"""As stored, in order of progress."""
