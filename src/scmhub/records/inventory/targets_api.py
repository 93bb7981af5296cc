"""How much stock there should be at a place: what its owner stated or, where it stated nothing, what was agreed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode
from scmhub.quantity import parse_decimal

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
MOST_PAGES = 8
_LEVELS = "minimum { value unit } maximum { value unit } target { value unit }"
_POSITION = f"""
query($id: ID!) {{ it: inventoryPosition(by: {{id: $id}}) {{
  owner {{ id }} holder {{ id }} item {{ id }} site {{ id }} withheld {_LEVELS}
}} }}
"""
_POLICIES = f"""
query($on: Date!, $after: String) {{
  held: agreementVersions(first: 50, after: $after, where: {{
    state: {{in: [SIGNED, SUPERSEDED, TERMINATED]}}, inForceFrom: {{lte: $on}},
    or: [{{inForceUntil: {{gte: $on}}}}, {{inForceUntil: {{isNull: true}}}}]
  }}) {{
    nodes {{
      versionNo inForceFrom signedAt relationship {{ provider {{ id }} recipient {{ id }} }}
      stockPolicies(first: 100) {{ nodes {{ id item {{ id }} site {{ id }} owner {{ id }} {_LEVELS} }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""


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
    ask: Ask = info.context["ask"]
    place = (await ask(_POSITION, {"id": position}))["it"]
    if place is None:
        return None
    if place["minimum"] or place["maximum"] or place["target"]:
        return [_targets(place, TargetBasis.STATED)]
    if "targets" in place["withheld"] or place["holder"] is None:
        return []
    held = await _held(ask, str(info.context["now"].date()))
    held.sort(key=lambda each: (each["inForceFrom"], each["signedAt"]), reverse=True)
    best: dict[frozenset[str], StockTargets] = {}
    for version in held:
        sides = frozenset(version["relationship"][end]["id"] for end in ("provider", "recipient"))
        for policy in version["stockPolicies"]["nodes"]:
            if _fits(policy, place, sides):
                best.setdefault(sides, _targets(policy, TargetBasis.CLAUSE, version["versionNo"]))
    return list(best.values())[:100]


def _fits(policy: dict[str, Any], place: dict[str, Any], sides: frozenset[str]) -> bool:
    """The same stock at the same site; kept by another than its owner, only what these two agreed."""
    same = all(policy[name]["id"] == place[name]["id"] for name in ("item", "site", "owner"))
    own = place["owner"]["id"] == place["holder"]["id"]
    return same and (own or sides == {place["owner"]["id"], place["holder"]["id"]})


async def _held(ask: Ask, on: str) -> list[dict[str, Any]]:
    """All versions in force that the viewer is bound by."""
    found: list[dict[str, Any]] = []
    after = None
    for _ in range(MOST_PAGES):
        page = (await ask(_POLICIES, {"on": on, "after": after}))["held"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
    text = f"More than {MOST_PAGES * 50} versions of agreements are in force; read `agreementVersions` instead."
    raise BadUserInput(text, reason="TOO_MANY", input_path=["position"])


def _targets(levels: dict[str, Any], basis: TargetBasis, version_no: int | None = None) -> StockTargets:
    said = {name: levels[name] for name in ("minimum", "maximum", "target")}
    unit = next(each["unit"] for each in said.values() if each)
    return StockTargets(
        basis=basis, unit=UnitCode(unit), clause=strawberry.ID(levels["id"]) if version_no else None,
        version_no=version_no,
        **{name: parse_decimal(each["value"]) if each else None for name, each in said.items()},
    )  # fmt: skip
