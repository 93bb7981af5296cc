"""What is open between the asker and others, from rules and relationships alone: no record is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scmhub.graph.declare import REGISTRY
from scmhub.ids import public_id
from scmhub.sharing import asking, explain
from scmhub.sharing.precision import best

KINDS = ("ORDER", "SHIPMENT", "FORECAST", "COMMIT", "SELL_OUT", "PRODUCTION", "CAPACITY", "INVENTORY")
"""What partners share along the chain, as sharing rules name it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything rules open of one kind of record from one partner to another."""

    kind: str
    groups: tuple[str, ...]
    until: datetime | None

    @property
    def reduced(self) -> bool:
        """Whether some field group of the kind stays withheld, or is told as bands only."""
        return not every_group(self.kind) <= set(self.groups)


def every_group(kind: str) -> set[str]:
    """The field groups a rule on this kind can open."""
    return {group for each in REGISTRY.shareable_kinds()[kind] for group in each.groups()}


async def openings(context: Any, *, by_me: bool) -> dict[str, dict[str, Opening]]:
    """Partner -> kind -> what is open: by the asker to the partner, or by the partner to the asker."""
    statement = explain.opened(KINDS, by_me=by_me)
    asked = asking.Asked(context["viewer"].lens, context["now"])
    found: dict[str, dict[str, Opening]] = {}
    for row in await context["reads"].rows(*statement.asked(asked)):
        opening = Opening(row["kind"], tuple(best(row["tokens"])), row["until"])
        found.setdefault(public_id("ptr", row["partner_id"]), {})[opening.kind] = opening
    return found


_RELATED = """
query { found: relationships(first: 250, where: {state: {in: [ACTIVE, SUSPENDED, ENDED]}}) {
  nodes { provider { id } recipient { id } }
} }
"""


async def related(ask: Any) -> set[str]:
    """Partners the asker has, or had, a relationship with: what both are party to is seen by both."""
    nodes: Iterable[dict[str, Any]] = (await ask(_RELATED, {}))["found"]["nodes"]
    return {str(each[side]["id"]) for each in nodes for side in ("provider", "recipient")}
