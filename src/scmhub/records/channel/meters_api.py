"""Two meters of a relationship: how fresh what the sides state is, and who shares more."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from scmhub.graph.declare import question
from scmhub.graph.families import rows_of
from scmhub.graph.scalars import parse_instant
from scmhub.ids import own_key
from scmhub.measures import freshness as measures
from scmhub.partners.clauses import Tolerance, clause_in_force, default_tolerance
from scmhub.records.channel import sharing
from scmhub.records.channel.sharing import Opening

_RELATIONSHIP = """
query($id: ID!) { viewer { id } it: relationship(by: {id: $id}) { id provider { id } recipient { id } } }
"""
_STATED = {
    "ORDER": ("orders", "buyer", "", "placedAt"), "SHIPMENT": ("shipments", "seller", "", "plannedDeparture"),
    "FORECAST": ("forecasts", "publisher", "", "publishedAt"), "COMMIT": ("commits", "publisher", "", "publishedAt"),
    "SELL_OUT": ("sellOuts", "publisher", "", "publishedAt"),
    "PRODUCTION": ("productionPlans", "publisher", "", "publishedAt"),
    "CAPACITY": ("capacities", "publisher", "", "publishedAt"),
    "INVENTORY": ("inventoryPositions", "owner", "orderBy: {field: AS_OF, direction: DESC}", "asOf"),
}  # fmt: skip
"""Kind -> list, the field naming whose records they are, order, and the instant that counts."""


@strawberry.type(description="How old the last statement of one side is, of one kind of record.")
class FreshnessMeter:
    partner: strawberry.ID = strawberry.field(description="Whose records: those of one of the two sides.")
    kind: str = strawberry.field(description="Kind of records, as sharing rules name it.")
    last_stated_at: datetime | None = strawberry.field(
        description="When the last of those you see was stated; null if there is none or that is withheld."
    )
    age_days: Decimal | None = strawberry.field(description="Days since then, to 6 places.")
    period_days: Decimal = strawberry.field(description="How old it may be, in days.")
    agreed: bool = strawberry.field(
        description="Whether a signed clause says so (STALE); else it is the hub's default."
    )
    stale: bool | None = strawberry.field(description="Whether it is older than that; null if nothing is known.")
    evidence: list[strawberry.ID] = strawberry.field(description="Id of the record it was read from.")


@strawberry.type(description="What both sides open to each other of one kind of record, by rule.")
class ReciprocityMeter:
    kind: str = strawberry.field(description="Kind of records, as sharing rules name it.")
    given: list[str] = strawberry.field(description="Field groups of your records that are open to the other side.")
    received: list[str] = strawberry.field(description="Field groups of its records that are open to you.")
    given_until: datetime | None = strawberry.field(description="When the last of your rules ends; null: open or none.")
    received_until: datetime | None = strawberry.field(description="The same of its rules.")


@strawberry.type(description="How fresh and how mutual the sharing in a relationship is, from what you may know.")
class RelationshipMeters:
    relationship: strawberry.ID = strawberry.field(description="Id of the relationship.")
    freshness: list[FreshnessMeter] = strawberry.field(description="Per side and kind.")
    freshness_definition: str = strawberry.field(description="What the ages mean.")
    reciprocity: list[ReciprocityMeter] = strawberry.field(description="Per kind.")
    balance: Decimal | None = strawberry.field(
        description="From 1 (only you share) to -1 (only the other side); null if neither shares by rule."
    )
    balance_definition: str = strawberry.field(description="What the balance means.")


@question(
    "relationshipMeters",
    "How old what both sides of a relationship last stated is, against the agreed or default period, and what each"
    " opens to the other; from what you may see. Null if there is no such relationship that you may see.",
    price=1000,
)
async def relationship_meters(
    info: strawberry.Info,
    relationship: Annotated[strawberry.ID, strawberry.argument(description="Id of the relationship.")],
) -> RelationshipMeters | None:
    context = info.context
    data = await context["ask"](_RELATIONSHIP, {"id": relationship})
    if data["it"] is None:
        return None
    sides = [data["it"][side]["id"] for side in ("provider", "recipient")]
    me = data["viewer"]["id"]
    other = sides[0] if sides[1] == me else sides[1]
    given = (await sharing.openings(context, by_me=True)).get(other, {})
    received = (await sharing.openings(context, by_me=False)).get(other, {})
    balance = measures.balance(
        {kind: each.groups for kind, each in given.items()}, {kind: each.groups for kind, each in received.items()}
    )
    return RelationshipMeters(
        relationship=data["it"]["id"], freshness=await _freshness(context, sides), balance=balance.value,
        freshness_definition=measures.FRESHNESS, balance_definition=measures.BALANCE,
        reciprocity=[_mutual(kind, given.get(kind), received.get(kind)) for kind in sharing.KINDS],
    )  # fmt: skip


def _mutual(kind: str, given: Opening | None, received: Opening | None) -> ReciprocityMeter:
    return ReciprocityMeter(
        kind=kind, given=list(given.groups) if given else [], received=list(received.groups) if received else [],
        given_until=given.until if given else None, received_until=received.until if received else None,
    )  # fmt: skip


async def _freshness(context: Any, sides: list[str]) -> list[FreshnessMeter]:
    one, other = map(own_key, sides)
    today = context["now"].date()
    clause = await clause_in_force(rows_of(context, "AGREEMENT"), Tolerance, one, other, today, about="STALE")
    period = (clause.terms if clause else default_tolerance("STALE")).allowed
    data = await context["ask"](_stated_document(), {f"side{number}": side for number, side in enumerate(sides)})
    return [
        _meter(side, kind, data[f"{kind}{number}"]["nodes"], context["now"], period, clause is not None)
        for number, side in enumerate(sides)
        for kind in _STATED
    ]


def _stated_document() -> str:
    """The newest records of every kind, of each side; of series up to 250, since they are published again and again."""
    parts = [
        f"{kind}{number}: {name}(first: {1 if order else 250}, where: {{{who}: {{eq: $side{number}}}}} {order})"
        f" {{ nodes {{ id at: {instant} }} }}"
        for number in (0, 1)
        for kind, (name, who, order, instant) in _STATED.items()
    ]
    return f"query($side0: ID!, $side1: ID!) {{ {' '.join(parts)} }}"


def _meter(
    side: str, kind: str, nodes: list[dict[str, Any]], now: datetime, period: Decimal, agreed: bool
) -> FreshnessMeter:
    dated = [(parse_instant(each["at"]), str(each["id"])) for each in nodes if each["at"] is not None]
    past = [each for each in dated if each[0] <= now]
    last, key = max(past, default=(None, None))
    found = measures.freshness(last, now, period, [key] if key else [])
    return FreshnessMeter(
        partner=strawberry.ID(side), kind=kind, last_stated_at=last, period_days=period, agreed=agreed,
        age_days=found.value.age_days if found.value else None, stale=found.value.stale if found.value else None,
        evidence=[strawberry.ID(each) for each in found.evidence],
    )  # fmt: skip
