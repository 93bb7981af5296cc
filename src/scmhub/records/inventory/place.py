"""Which position a statement means, and what is known there: each key checked as the acting partner, then one lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners import units
from scmhub.partners.tables import ItemTable, RelationshipTable, SiteTable
from scmhub.records.inventory.inputs import InventorySetInput
from scmhub.records.inventory.model import QUANTITIES, TARGETS, InventoryPositionTable, InventoryStatementTable
from scmhub.records.inventory.rules import Stock

_PLACE = ("owner_id", "holder_id", "site_id", "item_id")


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a position the same position."""

    owner_id: UUID
    holder_id: UUID
    site_id: UUID
    item_id: UUID
    stated_by: UUID


@dataclass(frozen=True, slots=True)
class Said:
    """A statement ready to be kept."""

    stock: Stock
    unit: str
    as_of: datetime
    source: str
    reason: str | None
    delta: Decimal | None = None


async def key_of(unit: Unit, given: InventorySetInput) -> tuple[Key, str]:
    """Whose stock, kept by whom, of what, where; each as the acting partner may see it."""
    owner, holder = await _side(unit, given.owner, "owner"), await _side(unit, given.holder, "holder")
    me = unit.partner_id
    if me not in (owner, holder):
        raise Refusal("FORBIDDEN", "Stock is stated by its owner or its holder.", ["input", "owner"])
    if owner != holder:
        await _check_related(unit, owner if holder == me else holder, "owner" if holder == me else "holder")
    item_id = await visible_key(unit, "Item", given.item, ["input", "item"])
    item = (await unit.session.exec(select(ItemTable).where(ItemTable.id == item_id))).one()
    site_id = await visible_key(unit, "Site", given.site, ["input", "site"])
    site = (await unit.session.exec(select(SiteTable).where(SiteTable.id == site_id))).one()
    for name, whose in (("item", item.owner_id), ("site", site.partner_id)):
        if whose not in (owner, holder):
            # Both sides, and whoever they share with, will read its card: a third partner's is not ours to show.
            raise Refusal("FORBIDDEN", f"It must be the {name} of the owner or the holder.", ["input", name])
    unit_code = take.known(given.unit, units.unit, ["input", "unit"])
    if not units.compatible(unit_code, item.unit):
        raise Refusal("UNIT_MISMATCH", f"The item is counted in {item.unit}, not in {unit_code}.", ["input", "unit"])
    return Key(owner, holder, site_id, item_id, me), unit_code


async def _side(unit: Unit, given: str | None, name: str) -> UUID:
    return unit.partner_id if given is None else await visible_key(unit, "Partner", given, ["input", name])


async def _check_related(unit: Unit, other: UUID, name: str) -> None:
    link, me = RelationshipTable, unit.partner_id
    found = await unit.session.exec(
        select(link.id).where(
            link.state == "ACTIVE",
            ((col(link.provider_id) == other) & (col(link.recipient_id) == me))
            | ((col(link.provider_id) == me) & (col(link.recipient_id) == other)),
        )
    )
    if found.first() is None:
        raise Refusal("FORBIDDEN", "You need an ACTIVE relationship with it.", ["input", name])


async def locked(unit: Unit, key: Key, said: Said) -> tuple[InventoryPositionTable, bool]:
    """The position with this key, locked, and whether it was begun just now with what is being said."""
    found = await _find(unit, key)
    if found is not None:
        return found, False
    values = {
        "id": new_id(unit.now), "unit": said.unit, "as_of": said.as_of, "as_of_on": said.as_of.date(), "version": 1,
        "created_at": unit.now, **{name: getattr(said.stock, name) for name in QUANTITIES},
        **{name: getattr(key, name) for name in Key.__slots__}, **await _targets(unit, key),
    }  # fmt: skip
    begun = insert(InventoryPositionTable).values(values).on_conflict_do_nothing()
    rows = (await unit.session.exec(begun)).rowcount
    found = await _find(unit, key)
    assert found is not None
    return found, rows == 1


async def _find(unit: Unit, key: Key) -> InventoryPositionTable | None:
    position = InventoryPositionTable
    wanted = [getattr(position, name) == getattr(key, name) for name in Key.__slots__]
    return (await unit.session.exec(select(position).where(*wanted).with_for_update())).first()


async def said_before(unit: Unit, position: InventoryPositionTable, said: Said) -> bool:
    """Whether the last statement as of this instant said the very same."""
    statement = InventoryStatementTable
    found = await unit.session.exec(
        select(statement).where(statement.position_id == position.id, statement.as_of == said.as_of)
        .order_by(col(statement.recorded_at).desc(), col(statement.id).desc())
    )  # fmt: skip
    last = found.first()
    return last is not None and all(getattr(last, name) == getattr(said.stock, name) for name in QUANTITIES)


async def _targets(unit: Unit, key: Key) -> dict[str, object]:
    """What the owner set for this place, if the other side's statement carries it already."""
    position = InventoryPositionTable
    wanted = [getattr(position, name) == getattr(key, name) for name in _PLACE]
    found = (await unit.session.exec(select(position).where(*wanted))).first()
    return {name: getattr(found, name) for name in (*TARGETS, "targets_set_at")} if found else {}


async def same_place(unit: Unit, position: InventoryPositionTable) -> list[InventoryPositionTable]:
    """This position and the other stater's, locked: targets belong to the place, not to who speaks of it."""
    table = InventoryPositionTable
    wanted = [getattr(table, name) == getattr(position, name) for name in _PLACE]
    found = await unit.session.exec(select(table).where(*wanted).order_by(col(table.id)).with_for_update())
    return list(found)
