"""What the commands on inventory take."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from scmhub.graph.scalars import UnitCode

_UNKNOWN = "absent: not known, which is not zero."


@strawberry.input(description="A statement about stock, as a whole; the position is found by its key or begun.")
class InventorySetInput:
    owner: strawberry.ID | None = strawberry.field(description="Whose stock it is; absent: yours.", default=None)
    holder: strawberry.ID | None = strawberry.field(description="Who keeps it; absent: you.", default=None)
    site: strawberry.ID = strawberry.field(description="Where it lies: a site of the owner or the holder.")
    item: strawberry.ID = strawberry.field(description="What it is: an item of the owner or the holder.")
    unit: UnitCode = strawberry.field(description="Unit of all quantities; worth the item's base unit 1:1.")
    as_of: datetime | None = strawberry.field(
        description="When it was so; absent: now. Older than the last statement: it is kept in the history only.",
        default=None,
    )
    available: Decimal = strawberry.field(description="Good stock, free to use.")
    blocked: Decimal | None = strawberry.field(description=f"Stock not free to use; {_UNKNOWN}", default=None)
    allocated: Decimal | None = strawberry.field(description=f"Available stock promised; {_UNKNOWN}", default=None)
    in_transit: Decimal | None = strawberry.field(description=f"On its way here; {_UNKNOWN}", default=None)
    on_order: Decimal | None = strawberry.field(description=f"Ordered, not on its way; {_UNKNOWN}", default=None)
    reason: str | None = strawberry.field(description="Why; at most 4,000 characters.", default=None)
    expected_version: int | None = strawberry.field(
        description="Its `version` as you know it, 0 for none yet; absent: whatever it is.", default=None
    )
    expected_available: Decimal | None = strawberry.field(
        description="The available quantity as you know it; absent: whatever it is.", default=None
    )


@strawberry.input(description="A difference to your own last statement about stock.")
class InventoryAdjustInput:
    position: strawberry.ID = strawberry.field(description="Which position; one that you stated.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    delta: Decimal = strawberry.field(description="How much more (or, negative, less) is available.")
    as_of: datetime | None = strawberry.field(
        description="When it was so; not before the last statement. Absent: now.", default=None
    )
    reason: str = strawberry.field(description="Why; at most 4,000 characters.")


@strawberry.input(description="How much stock there should be, as a whole; the owner's to say.")
class InventoryTargetsSetInput:
    position: strawberry.ID = strawberry.field(description="A position of your stock; they hold for all that state it.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    minimum: Decimal | None = strawberry.field(description="The least there should be; absent: none.", default=None)
    maximum: Decimal | None = strawberry.field(description="The most there should be; absent: none.", default=None)
    target: Decimal | None = strawberry.field(description="What there should be; absent: none.", default=None)
    safety_stock: Decimal | None = strawberry.field(description="What covers uncertainty; absent: none.", default=None)
