"""ItemLink as callers see it."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.specs import column, many, measured, one, withheld
from scmhub.records.structure.model import ItemLinkTable
from scmhub.sharing.access import OWNER_ONLY, PUBLIC, shareable
from scmhub.sharing.policy import Owned


@strawberry.enum(description="How one item hangs on another.")
class ItemLinkKind(Enum):
    COMPONENT = strawberry.enum_value("COMPONENT", description="The parent is made of it.")
    SUBSTITUTE = strawberry.enum_value("SUBSTITUTE", description="It may stand in for the parent.")
    SUPERSEDES = strawberry.enum_value("SUPERSEDES", description="The parent takes its place.")
    PACKAGING = strawberry.enum_value("PACKAGING", description="The parent is packed in it.")


@kind(
    ItemLinkTable, prefix="itl", single="itemLink", plural="itemLinks",
    filters=("kind", "parent", "item", "valid_from"),
    policy=Owned(owner="owner_id", kind="STRUCTURE", item="parent_id"),
)  # fmt: skip
class ItemLink:
    """One link from a parent item to another, such as a line of a bill of materials."""

    owner = one("Partner", PUBLIC, "Whose parent item it is.", by="owner_id")
    parent = one("Item", PUBLIC, "The item above.", by="parent_id")
    item = one("Item", PUBLIC, "The item below.", by="item_id")
    kind: ItemLinkKind = column(PUBLIC, "How they hang together.")
    quantity = measured(
        shareable("quantity", bands=True), "How much of it one unit of the parent needs.", value="quantity",
        nullable=True,
    )  # fmt: skip
    valid_from: date = column(PUBLIC, "First day.")
    valid_until: date | None = column(PUBLIC, "The day it ends, not included; null: open.")
    version: int | None = column(OWNER_ONLY, "Counts the changes; to be sent as `expectedVersion`.")
    withheld: list[str] = withheld()


extend(
    "Item",
    components=many("ItemLink", "Links to what it is made of, may be replaced by, or is packed in.", by="parent_id"),
    where_used=many("ItemLink", "Links from what it is part of, as far as you may see them.", by="item_id"),
)
