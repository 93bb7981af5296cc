"""Stock from a file: each statement is made as its partner would make it, by the command itself, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.exchange.commanding import Speech
from scmhub.exchange.delta import CREATED, UNCHANGED, UPDATED, Counts
from scmhub.exchange.names import Names
from scmhub.exchange.sheet import Form, Said
from scmhub.ids import public_id
from scmhub.records.inventory import commands
from scmhub.records.inventory.inputs import InventorySetInput, InventoryTargetsSetInput
from scmhub.records.inventory.model import QUANTITIES, TARGETS

MOST_STATEMENTS = 1_000
"""Statements of one position in a file."""
_BEGINS = 2
"""Changes told by a statement that holds from now on: the position's and its own. Version 1 of it is a new one."""
_CODES = ("position.owner", "position.holder", "item.owner", "site.owner")
_FORM = Form(
    "position",
    ("position.owner", "position.holder", "site.owner", "site.code", "item.owner", "item.number"),
    "position.as_of", _CODES, MOST_STATEMENTS,
)  # fmt: skip
_COLUMNS = {
    "owner": "position.owner", "holder": "position.holder", "site": "site.code", "item": "item.number",
    "unit": "position.unit", "asOf": "position.as_of", "reason": "position.reason", "inTransit": "stock.in_transit",
    "onOrder": "stock.on_order", "safetyStock": "target.safety_stock",
    **{name: f"stock.{name}" for name in ("available", "blocked", "allocated")},
    **{name: f"target.{name}" for name in ("minimum", "maximum", "target")},
}  # fmt: skip
"""Where a field of a command comes from."""


async def _state_all(unit: Unit, names: Names, rows: list[Said], counts: Counts) -> None:
    """Every statement of one position, oldest first, and the aims of the newest."""
    told = unit.told
    key = await _state(unit, names, rows, 0, counts)
    begun = unit.told - told == _BEGINS and await _version(unit, key) == 1
    for place in range(1, len(rows)):
        await _state(unit, names, rows, place, counts)
    with _in_row(len(rows) - 1):
        await _aim(unit, key, rows[-1], counts)
    counts.add("positions", CREATED if begun else UPDATED if unit.told > told else UNCHANGED)


@contextmanager
def _in_row(place: int) -> Iterator[None]:
    """A refusal about one row says which."""
    try:
        yield
    except Refusal as refusal:
        path = ["input", "rows", str(place), *refusal.path[1:]]
        raise Refusal(refusal.refusal_code, refusal.message, path, refusal.record) from None


async def _version(unit: Unit, key: UUID) -> int:
    version: int = await unit.fetch("select version from inventory_position where id = $1", key)
    return version


async def _state(unit: Unit, names: Names, rows: list[Said], place: int, counts: Counts) -> UUID:
    values: dict[str, Any] = rows[place].values
    owner, holder = values.get("position.owner"), values.get("position.holder")
    before = unit.told
    given: dict[str, Any] = {
        "owner": names.partner(owner), "holder": names.partner(holder),
        "site": names.site(values["site.code"], values.get("site.owner") or holder),
        "item": names.item(values["item.number"], values.get("item.owner") or owner), "unit": values["position.unit"],
        "as_of": values["position.as_of"], "reason": values.get("position.reason"),
        **{name: values.get(f"stock.{name}") for name in QUANTITIES},
    }  # fmt: skip
    with _in_row(place):
        key: UUID = await commands.inventory_set(unit, InventorySetInput(**given))
    counts.add("statements", CREATED if unit.told > before else UNCHANGED)
    return key


async def _aim(unit: Unit, key: UUID, said: Said, counts: Counts) -> None:
    """How much there should be, if the newest row says anything about that."""
    targets: dict[str, Any] = {name: said.values.get(f"target.{name}") for name in TARGETS}
    if all(value is None for value in targets.values()):
        return
    before = unit.told
    position: Any = public_id("inv", key)
    version = await _version(unit, key)
    await commands.inventory_targets_set(
        unit, InventoryTargetsSetInput(position=position, expected_version=version, **targets)
    )  # fmt: skip
    counts.add("targets", UPDATED if unit.told > before else UNCHANGED)


STOCK = Speech(_FORM, _state_all, _COLUMNS)
