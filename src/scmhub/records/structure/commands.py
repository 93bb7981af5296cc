"""What the owner of an item says about its structure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.graph.values import QuantityInput
from scmhub.ids import new_id
from scmhub.partners import units
from scmhub.partners.tables import ItemTable
from scmhub.records.structure import rules
from scmhub.records.structure.api import ItemLinkKind
from scmhub.records.structure.model import ItemLinkTable


@strawberry.input(description="A link to add to the structure of an item of yours.")
class ItemLinkAddInput:
    parent: strawberry.ID = strawberry.field(description="The item above; yours.")
    item: strawberry.ID = strawberry.field(description="The item below; yours too.")
    kind: ItemLinkKind = strawberry.field(description="How they hang together.")
    quantity: QuantityInput | None = strawberry.field(
        description="How much of it one unit of the parent needs; for COMPONENT and PACKAGING it must be said.",
        default=None,
    )
    valid_from: date | None = strawberry.field(description="First day; absent: today (UTC).", default=None)
    valid_until: date | None = strawberry.field(description="The day it ends, not included.", default=None)


@strawberry.input(description="A link to end.")
class ItemLinkEndInput:
    item_link: strawberry.ID = strawberry.field(description="Which of your links; one without an end.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    valid_until: date | None = strawberry.field(
        description="The day it ends, not included; absent: today.", default=None
    )


@command(
    "itemLinkAdd", payload="ItemLink",
    description="Links an item of yours to another. INVALID if it would contain itself, OUT_OF_RANGE over 20 levels.",
)  # fmt: skip
async def item_link_add(unit: Unit, given: ItemLinkAddInput) -> UUID:
    parent = await _item(unit, given.parent, "parent")
    if parent.owner_id != unit.partner_id:
        raise Refusal("FORBIDDEN", "The parent must be your own item.", ["input", "parent"])
    item = await _item(unit, given.item, "item")
    if item.owner_id != unit.partner_id:
        # Whoever a rule shows the link to reads the card of its item: another partner's is not ours to show.
        raise Refusal(
            "FORBIDDEN", "It must be your own item; an alias says what its supplier calls it.", ["input", "item"]
        )
    quantity, code = _quantity(given, item)
    starts = given.valid_from or unit.now.date()
    rules.check_end(starts, given.valid_until, None)
    # Two additions that close a circle together must not pass each other: links of one owner are added one by one.
    await unit.fetch("select pg_advisory_xact_lock(hashtextextended('item_link' || $1, 0))", str(unit.partner_id))
    rules.check_fits(await _below(unit, given.kind.name), parent.id, item.id)
    link = ItemLinkTable(
        id=new_id(unit.now), owner_id=unit.partner_id, parent_id=parent.id, item_id=item.id, kind=given.kind.name,
        quantity=quantity, unit=code, valid_from=starts, valid_until=given.valid_until, created_at=unit.now,
    )  # fmt: skip
    unit.session.add(link)
    fields = ["parent", "item", "kind", "quantity", "validFrom", "validUntil"]
    unit.change("ITEM_LINK", "ADDED", link.id, link.owner_id, changed=fields)
    await unit.session.flush()
    return link.id


async def _item(unit: Unit, given: str, field: str) -> ItemTable:
    key = await visible_key(unit, "Item", given, ["input", field])
    return (await unit.session.exec(select(ItemTable).where(ItemTable.id == key))).one()


def _quantity(given: ItemLinkAddInput, item: ItemTable) -> tuple[Decimal | None, str | None]:
    path = ["input", "quantity"]
    if given.quantity is None:
        if given.kind in (ItemLinkKind.COMPONENT, ItemLinkKind.PACKAGING):
            raise Refusal("REQUIRED", "Say how much of it one unit of the parent needs.", path)
        return None, None
    code = take.known(given.quantity.unit, units.unit, [*path, "unit"])
    if not units.convertible(code, item.unit):
        raise Refusal("UNIT_MISMATCH", f"The item is counted in {item.unit}, not in {code}.", [*path, "unit"])
    return take.positive(given.quantity.value, [*path, "value"]), code


async def _below(unit: Unit, kind: str) -> dict[UUID, list[UUID]]:
    """The owner's links of one sort; a circle needs links of its owner only, since a parent is always its own."""
    wanted = [ItemLinkTable.owner_id == unit.partner_id, ItemLinkTable.kind == kind]
    found = await unit.session.exec(select(ItemLinkTable.parent_id, ItemLinkTable.item_id).where(*wanted))
    below: dict[UUID, list[UUID]] = {}
    for parent, item in found:
        below.setdefault(parent, []).append(item)
    return below


@command("itemLinkEnd", payload="ItemLink", description="Ends a link of yours on a day; it stays readable.")
async def item_link_end(unit: Unit, given: ItemLinkEndInput) -> UUID:
    path = ["input", "itemLink"]
    link = await changeable(unit, ItemLinkTable, "ItemLink", given.item_link, given.expected_version, path)
    ends = given.valid_until or unit.now.date()
    with take.about(link.id):
        rules.check_end(link.valid_from, ends, link.valid_until)
    link.valid_until = ends
    link.version += 1
    unit.session.add(link)
    unit.change("ITEM_LINK", "ENDED", link.id, link.owner_id, changed=["validUntil", "version"])
    return link.id
