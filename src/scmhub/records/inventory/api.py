"""InventoryPosition and InventoryStatement, as callers see them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.specs import Narrow, column, latest, many, measured, one, withheld
from scmhub.records.inventory import model
from scmhub.sharing.access import PARTY, PUBLIC, shareable
from scmhub.sharing.policy import Owned

STOCK = shareable("stock", bands=True)
CHANGE = shareable("stock")
"""What follows from the stock before and after: no band is told of it, or theirs could be narrowed."""
TARGETS = shareable("targets", bands=True)
PARTIES = shareable("parties")
POLICY = Owned(
    owner="owner_id", parties=("holder_id",), kind="INVENTORY", item="item_id", site="site_id", day="as_of_on"
)  # fmt: skip


@strawberry.enum(description="How a statement about stock came about.")
class StatementSource(Enum):
    SET = strawberry.enum_value("SET", description="Stated as a whole: counted, or reported by a system.")
    ADJUST = strawberry.enum_value("ADJUST", description="The last statement, changed by a difference.")


@kind(
    model.InventoryPositionTable, prefix="inv", policy=POLICY, single="inventoryPosition",
    plural="inventoryPositions", stream="inventoryChanges", orders={"AS_OF": "as_of"},
    filters=("item", "site", "owner", "holder", "stated_by", "as_of"),
)  # fmt: skip
class InventoryPosition:
    """What one partner last said of an owner's stock of an item at a place. Owner and holder may both, side by side."""

    owner = one("Partner", PUBLIC, "Whose stock it is; owner of the record.", by="owner_id")
    holder = one("Partner", PARTIES, "Who keeps it.", by="holder_id")
    stated_by = one("Partner", PARTIES, "Who says so: the owner or the holder.", by="stated_by")
    site = one("Site", PUBLIC, "Where it lies.", by="site_id")
    item = one("Item", PUBLIC, "What it is.", by="item_id")
    as_of: datetime = column(PUBLIC, "When it was so.")
    as_of_on: date = column(PUBLIC, "The UTC day of that; the day sharing windows look at.")
    available = measured(STOCK, "Good stock, free to use.", value="available", nullable=True)
    blocked = measured(STOCK, "Stock not free to use: in inspection, damaged, held.", value="blocked", nullable=True)
    allocated = measured(STOCK, "Part of the available stock promised to someone.", value="allocated", nullable=True)
    in_transit = measured(
        STOCK, "Stated to be on its way here; to be compared with shipments, never added.", value="in_transit",
        nullable=True,
    )  # fmt: skip
    on_order = measured(STOCK, "Ordered and not yet on its way.", value="on_order", nullable=True)
    minimum = measured(TARGETS, "The least there should be; set by the owner.", value="minimum", nullable=True)
    maximum = measured(TARGETS, "The most there should be; set by the owner.", value="maximum", nullable=True)
    target = measured(TARGETS, "What there should be; set by the owner.", value="target", nullable=True)
    safety_stock = measured(TARGETS, "What covers uncertainty; set by the owner.", value="safety_stock", nullable=True)
    targets_set_at: datetime | None = column(TARGETS, "When the owner last set minimum, maximum, target, safety stock.")
    history = many(
        "InventoryStatement", "Every statement of this stater, oldest `asOf` first.", by="position_id", order="as_of",
        narrow=(
            Narrow("start", datetime, "Only statements as of this instant or later.", "as_of", ">="),
            Narrow("end", datetime, "Only statements as of this instant or earlier.", "as_of"),
            Narrow("known_at", datetime, "Only statements that the hub had recorded at this instant.", "recorded_at"),
        ),
    )  # fmt: skip
    version: int | None = column(PARTY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


@kind(model.InventoryStatementTable, prefix="ins", policy=POLICY)
class InventoryStatement:
    """One statement about stock, as it was made; never changed."""

    position = one("InventoryPosition", PUBLIC, "The position it is about, as it stands now.", by="position_id")
    as_of: datetime = column(PUBLIC, "When it was so.")
    as_of_on: date = column(PUBLIC, "The UTC day of that; the day sharing windows look at.")
    recorded_at: datetime = column(PUBLIC, "When the hub recorded it.")
    source: StatementSource = column(PUBLIC, "How it came about.")
    available = measured(STOCK, "Good stock, free to use.", value="available", nullable=True)
    blocked = measured(STOCK, "Stock not free to use.", value="blocked", nullable=True)
    allocated = measured(STOCK, "Part of the available stock promised to someone.", value="allocated", nullable=True)
    in_transit = measured(STOCK, "Stated to be on its way here.", value="in_transit", nullable=True)
    on_order = measured(STOCK, "Ordered and not yet on its way.", value="on_order", nullable=True)
    delta = measured(CHANGE, "Of an adjustment: the difference in available stock.", value="delta", nullable=True)
    reason: str | None = column(PARTY, "Why, in the stater's words.")
    withheld: list[str] = withheld()


extend(
    "Item",
    inventory_positions=many("InventoryPosition", "Stock of it that you may see.", by="item_id"),
    latest_inventory=latest(
        "InventoryPosition", "The newest statement about stock of it that you may see, by `asOf`.", by="item_id",
        order="as_of",
    ),
)  # fmt: skip
