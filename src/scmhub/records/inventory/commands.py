"""What can be done about stock: state it, adjust one's own statement, set what there should be."""

from __future__ import annotations

from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable
from scmhub.ids import new_id
from scmhub.records.inventory import place, rules
from scmhub.records.inventory.inputs import InventoryAdjustInput, InventorySetInput, InventoryTargetsSetInput
from scmhub.records.inventory.model import QUANTITIES, TARGETS, InventoryPositionTable, InventoryStatementTable
from scmhub.records.inventory.place import Said
from scmhub.records.inventory.rules import Stock, Targets

_FIELDS = {"in_transit": "inTransit", "on_order": "onOrder", "safety_stock": "safetyStock"}


@command(
    "inventorySet", payload="InventoryPosition",
    description="States how much there is, as owner or holder. A statement as of an older instant than the last is "
    "only kept in the history; one that says nothing new changes nothing.",
)  # fmt: skip
async def inventory_set(unit: Unit, given: InventorySetInput) -> UUID:
    key, unit_code = await place.key_of(unit, given)
    said = Said(
        _stock(given), unit_code, rules.check_as_of(given.as_of or unit.now, unit.now), "SET",
        take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True),
    )  # fmt: skip
    position, begun = await place.locked(unit, key, said)
    with take.about(position.id):
        version, available = (None, None) if begun else (position.version, position.available)
        rules.check_expected(version, available, given.expected_version, given.expected_available)
        last = None if begun else stock_of(position)
        what = rules.outcome(said.stock, said.as_of, last, position.as_of)
        if what == "HISTORY" and await place.said_before(unit, position, said):
            what = "SAME"
    if what != "SAME":
        _keep(unit, position, said, current=what == "CURRENT", begun=begun)
    return position.id


def _stock(given: InventorySetInput) -> Stock:
    values = {
        name: None if value is None else take.not_negative(value, ["input", _FIELDS.get(name, name)])
        for name in QUANTITIES
        if (value := getattr(given, name)) is not None or name != "available"
    }
    return Stock(**values)  # type: ignore[arg-type]


def stock_of(position: InventoryPositionTable) -> Stock:
    return Stock(**{name: getattr(position, name) for name in QUANTITIES})


def _keep(unit: Unit, position: InventoryPositionTable, said: Said, *, current: bool, begun: bool = False) -> None:
    """The statement into the history and, if it is the newest, into the position; both told."""
    if current and not begun:
        for name in QUANTITIES:
            setattr(position, name, getattr(said.stock, name))
        position.unit, position.as_of, position.as_of_on = said.unit, said.as_of, said.as_of.date()
        position.version += 1
        unit.session.add(position)
    statement = InventoryStatementTable(
        id=new_id(unit.now), position_id=position.id, owner_id=position.owner_id, holder_id=position.holder_id,
        site_id=position.site_id, item_id=position.item_id, unit=said.unit, stated_by=position.stated_by,
        as_of=said.as_of, as_of_on=said.as_of.date(), source=said.source, delta=said.delta, reason=said.reason,
        recorded_at=unit.now, **{name: getattr(said.stock, name) for name in QUANTITIES},
    )  # fmt: skip
    unit.session.add(statement)
    quantities = [_FIELDS.get(name, name) for name in QUANTITIES]
    if current:
        _tell(unit, position, "STATED", ["asOf", *quantities, "version"])
    parties = _parties(position)
    unit.change("INVENTORY_STATEMENT", said.source, statement.id, position.owner_id, parties, quantities)


def _parties(position: InventoryPositionTable) -> list[UUID]:
    return [] if position.holder_id == position.owner_id else [position.holder_id]


def _tell(unit: Unit, position: InventoryPositionTable, action: str, fields: list[str]) -> None:
    unit.change("INVENTORY_POSITION", action, position.id, position.owner_id, _parties(position), fields)


@command(
    "inventoryAdjust", payload="InventoryPosition",
    description="Adds a difference to the available quantity of your own last statement, and says why.",
)  # fmt: skip
async def inventory_adjust(unit: Unit, given: InventoryAdjustInput) -> UUID:
    reason = take.text(given.reason, take.NOTE, ["input", "reason"], lines=True)
    position = await changeable(
        unit, InventoryPositionTable, "InventoryPosition", given.position, given.expected_version,
        ["input", "position"], sides=("stated_by",),
    )  # fmt: skip
    with take.about(position.id):
        as_of = rules.check_as_of(given.as_of or max(unit.now, position.as_of), unit.now)
        if as_of < position.as_of:
            raise Refusal("OUT_OF_RANGE", "It lies before the last statement, which holds since.", ["input", "asOf"])
        stock = rules.adjusted(stock_of(position), given.delta)
    _keep(unit, position, Said(stock, position.unit, as_of, "ADJUST", reason, given.delta), current=True)
    return position.id


@command(
    "inventoryTargetsSet", payload="InventoryPosition",
    description="The owner says how much there should be at this place; what is left out is not set any more.",
)  # fmt: skip
async def inventory_targets_set(unit: Unit, given: InventoryTargetsSetInput) -> UUID:
    position = await changeable(
        unit, InventoryPositionTable, "InventoryPosition", given.position, given.expected_version, ["input", "position"]
    )
    with take.about(position.id):
        targets = rules.check_targets(_wanted(given))
    if all(getattr(position, name) == getattr(targets, name) for name in TARGETS):
        return position.id
    for each in await place.same_place(unit, position):
        for name in TARGETS:
            setattr(each, name, getattr(targets, name))
        each.targets_set_at = unit.now
        each.version += 1
        unit.session.add(each)
        _tell(unit, each, "TARGETS_SET", [*(_FIELDS.get(name, name) for name in TARGETS), "targetsSetAt", "version"])
    return position.id


def _wanted(given: InventoryTargetsSetInput) -> Targets:
    return Targets(
        **{
            name: None if (value := getattr(given, name)) is None else take.not_negative(
                value, ["input", _FIELDS.get(name, name)]
            )
            for name in TARGETS
        }
    )  # fmt: skip
