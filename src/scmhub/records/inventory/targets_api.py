"""How much stock there should be at a place: what its owner stated or, where it stated nothing, what was agreed."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.graph.declare import question
from scmhub.graph.families import rows_of
from scmhub.graph.scalars import UnitCode
from scmhub.ids import own_key, public_id
from scmhub.partners.clauses import Clause, StockPolicy, clauses_in_force, policies_of
from scmhub.quantity import parse_decimal

MOST_TARGETS = 100

_POSITION = """
query($id: ID!) { it: inventoryPosition(by: {id: $id}) {
  owner { id } holder { id } item { id } site { id } withheld
  minimum { value unit } maximum { value unit } target { value unit }
} }
"""
_LEVELS = ("minimum", "maximum", "target")


@strawberry.enum(description="Where a target of stock comes from.")
class TargetBasis(Enum):
    STATED = strawberry.enum_value("STATED", description="The owner of the stock set it for the place.")
    CLAUSE = strawberry.enum_value("CLAUSE", description="A clause in force; the owner set nothing for the place.")


@strawberry.type(description="How much stock there should be at a place.")
class StockTargets:
    basis: TargetBasis = strawberry.field(description="Where it comes from.")
    minimum: Decimal | None = strawberry.field(description="The least there should be.")
    maximum: Decimal | None = strawberry.field(description="The most there should be.")
    target: Decimal | None = strawberry.field(description="What there should be.")
    unit: UnitCode = strawberry.field(description="Unit of all three.")
    clause: strawberry.ID | None = strawberry.field(description="The clause; null if stated.")
    version_no: int | None = strawberry.field(description="Version of the agreement that holds the clause.")


@question(
    "inventoryTargets",
    "How much stock there should be at a position's place today: what its owner stated or, if it stated nothing, what "
    "your agreements in force say, one entry for each partner, the latest first; at most 100. Empty where nothing is "
    "said or `targets` are withheld; null if there is no such position that you may see.",
    price=500,
)
async def inventory_targets(
    info: strawberry.Info,
    position: Annotated[strawberry.ID, strawberry.argument(description="Id of the inventory position.")],
) -> list[StockTargets] | None:
    context = info.context
    place = (await context["ask"](_POSITION, {"id": position}))["it"]
    if place is None:
        return None
    if any(place[name] for name in _LEVELS):
        return [_stated(place)]
    if "targets" in place["withheld"] or place["holder"] is None:
        return []
    me, today = context["viewer"].lens.partner_id, context["now"].date()
    held = await clauses_in_force(rows_of(context, "AGREEMENT"), StockPolicy, me, None, today)
    found = policies_of(held, **{name: own_key(place[name]["id"]) for name in ("owner", "holder", "item", "site")})
    return [_agreed(each) for each in found[:MOST_TARGETS]]


def _stated(place: dict[str, Any]) -> StockTargets:
    said = {name: place[name] for name in _LEVELS}
    return StockTargets(
        basis=TargetBasis.STATED, unit=UnitCode(next(each["unit"] for each in said.values() if each)), clause=None,
        version_no=None, **{name: parse_decimal(each["value"]) if each else None for name, each in said.items()},
    )  # fmt: skip


def _agreed(clause: Clause[StockPolicy]) -> StockTargets:
    return StockTargets(
        basis=TargetBasis.CLAUSE, unit=UnitCode(clause.terms.unit), version_no=clause.version_no,
        clause=strawberry.ID(public_id("cls", clause.id)),
        **{name: getattr(clause.terms, name) for name in _LEVELS},
    )  # fmt: skip
