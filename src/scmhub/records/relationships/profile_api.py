"""RelationshipProfile and Objective, as callers see them; and where two sides' objectives cannot both be met."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from scmhub.graph.declare import extend, kind, question
from scmhub.graph.scalars import UnitCode
from scmhub.graph.specs import column, latest, many, measured, money, one
from scmhub.quantity import parse_decimal
from scmhub.records.relationships import model, objectives
from scmhub.records.relationships.api import RelationshipState
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned


@strawberry.enum(description="Kraljic's classes, from supply risk and profit impact.")
class KraljicClass(Enum):
    STRATEGIC = strawberry.enum_value("STRATEGIC", description="High risk, high impact.")
    LEVERAGE = strawberry.enum_value("LEVERAGE", description="Low risk, high impact.")
    BOTTLENECK = strawberry.enum_value("BOTTLENECK", description="High risk, low impact.")
    NON_CRITICAL = strawberry.enum_value("NON_CRITICAL", description="Low risk, low impact.")


@strawberry.enum(description="How close a relationship is, after Lambert, Emmelhainz and Gardner (1996).")
class PartnershipType(Enum):
    ARMS_LENGTH = strawberry.enum_value("ARMS_LENGTH", description="Deals, without joint commitment.")
    TYPE_I = strawberry.enum_value("TYPE_I", description="Coordination within limits, with a short horizon.")
    TYPE_II = strawberry.enum_value("TYPE_II", description="Integration of several functions, with a long horizon.")
    TYPE_III = strawberry.enum_value("TYPE_III", description="Each sees the other as an extension of itself; no end.")
    JOINT_VENTURE = strawberry.enum_value("JOINT_VENTURE", description="A firm owned by both.")
    VERTICAL_INTEGRATION = strawberry.enum_value("VERTICAL_INTEGRATION", description="One owns the other.")


@strawberry.enum(description="What a contact is there for.")
class ContactFunction(Enum):
    PURCHASING = strawberry.enum_value("PURCHASING", description="Buying.")
    SALES = strawberry.enum_value("SALES", description="Selling.")
    PLANNING = strawberry.enum_value("PLANNING", description="Forecasts, commits and capacity.")
    LOGISTICS = strawberry.enum_value("LOGISTICS", description="Shipments and receipts.")
    QUALITY = strawberry.enum_value("QUALITY", description="Complaints and audits.")
    FINANCE = strawberry.enum_value("FINANCE", description="Invoices and payments.")
    IT = strawberry.enum_value("IT", description="Interfaces and access.")
    MANAGEMENT = strawberry.enum_value("MANAGEMENT", description="The last to be called.")


@strawberry.enum(description="Which way a target is meant.")
class ObjectiveAim(Enum):
    AT_LEAST = strawberry.enum_value("AT_LEAST", description="The target or more.")
    AT_MOST = strawberry.enum_value("AT_MOST", description="The target or less.")


@kind(
    model.RelationshipProfileTable, prefix="rpf", policy=Owned(owner="owner_id"), plural="relationshipProfiles",
    filters=("kraljic", "segment", "relationship"), family="RELATIONSHIP",
)  # fmt: skip
class RelationshipProfile:
    """What you think of a relationship. Yours alone: the other side never learns that there is one."""

    owner = one("Partner", PUBLIC, "Who wrote it.", by="owner_id")
    relationship = one("Relationship", PUBLIC, "The relationship meant.", by="relationship_id")
    supply_risk: int | None = column(PUBLIC, "How risky the supply is, from 1 to 5.")
    profit_impact: int | None = column(PUBLIC, "How much it matters to profit, from 1 to 5.")
    kraljic: KraljicClass | None = column(PUBLIC, "Class that follows: 3 and above counts as high.")
    partnership: PartnershipType | None = column(PUBLIC, "How close you take it to be.")
    review_on: date | None = column(PUBLIC, "When you will look at it again.")
    segment: str | None = column(PUBLIC, "Segment of the customer.")
    value = money(PUBLIC, "Value of the customer.", amount="value_amount")
    potential: int | None = column(PUBLIC, "How much more it could become, from 1 to 5.")
    note: str | None = column(PUBLIC, "More about it.")
    updated_at: datetime = column(PUBLIC, "When it was last written.")
    version: int = column(PUBLIC, "Counts the changes.")


@kind(
    model.ObjectiveTable, prefix="obj", policy=Owned(owner="owner_id", parties=("counterparty_id",)),
    plural="objectives", filters=("measure", "relationship", "owner"), family="RELATIONSHIP",
)  # fmt: skip
class Objective:
    """What one side of a relationship wants of a measure; the other side reads it."""

    owner = one("Partner", PUBLIC, "Who wants it.", by="owner_id")
    counterparty = one("Partner", PUBLIC, "The other side.", by="counterparty_id")
    relationship = one("Relationship", PUBLIC, "In which relationship.", by="relationship_id")
    measure: str = column(PUBLIC, "Code of the measure, such as OTIF or STOCK_DAYS.")
    aim: ObjectiveAim = column(PUBLIC, "Which way the target is meant.")
    target = measured(PUBLIC, "The target.", value="target")
    since: date = column(PUBLIC, "Since when it is wanted.")
    updated_at: datetime = column(PUBLIC, "When it was last written.")
    version: int = column(PUBLIC, "Counts the changes.")


@kind(
    model.RelationshipContactTable, prefix="rct", policy=Owned(owner="owner_id", parties=("counterparty_id",)),
    plural="relationshipContacts", filters=("function", "relationship", "owner"), family="RELATIONSHIP",
)  # fmt: skip
class RelationshipContact:
    """Whom the other side of a relationship calls about something; each side keeps its own, both read them."""

    owner = one("Partner", PUBLIC, "For whom this person speaks.", by="owner_id")
    counterparty = one("Partner", PUBLIC, "The other side.", by="counterparty_id")
    relationship = one("Relationship", PUBLIC, "In which relationship.", by="relationship_id")
    function: ContactFunction = column(PUBLIC, "What about.")
    name: str = column(PUBLIC, "Who.")
    email: str | None = column(PUBLIC, "E-mail address.")
    phone: str | None = column(PUBLIC, "Telephone number.")
    updated_at: datetime = column(PUBLIC, "When it was last written.")
    version: int = column(PUBLIC, "Counts the changes.")


@kind(
    model.RelationshipEventTable, prefix="rle", policy=Owned(owner="provider_id", parties=("recipient_id",)),
    part_of=("Relationship", "relationship_id"),
)  # fmt: skip
class RelationshipEvent:
    """One step of a relationship; never changed."""

    event_no: int = column(PUBLIC, "Number within the relationship, from 1.")
    state: RelationshipState = column(PUBLIC, "Where it came to stand.")
    by = one("Partner", PUBLIC, "Who took the step.", by="by_id")
    at: datetime = column(PUBLIC, "When.")


extend(
    "Relationship",
    objectives=many("Objective", "What both sides want.", by="relationship_id", order="measure"),
    my_profile=latest(
        "RelationshipProfile", "Your own view of it: of your supplier (SRM) if you receive, of your customer (CRM) if "
        "you provide. The other side's is never shown.", by="relationship_id", order="updated_at",
    ),
    contacts=many(
        "RelationshipContact", "Whom to call, on both sides.", by="relationship_id", order="function", default=20
    ),
    history=many("RelationshipEvent", "Every step it took, oldest first.", by="relationship_id", order="event_no"),
)  # fmt: skip

_OBJECTIVES = """
query($id: ID!) { it: relationship(by: {id: $id}) {
  objectives(first: 250) { nodes { id owner { id } measure aim target { value unit } } }
} }
"""


@strawberry.type(description="Two objectives on one measure that cannot both be met.")
class Divergence:
    measure: str = strawberry.field(description="Code of the measure.")
    at_least: Decimal = strawberry.field(description="What one side wants at least.")
    at_most: Decimal = strawberry.field(description="What the other side wants at most.")
    gap: Decimal = strawberry.field(description="By how much they miss each other; above zero.")
    unit: UnitCode = strawberry.field(description="Unit of all three.")
    objectives: list[strawberry.ID] = strawberry.field(description="Ids of the two objectives, AT_LEAST first.")


@question(
    "objectivesDiverge",
    "Where both sides of a relationship want what cannot both be had; at most 250. Null if there is no such "
    "relationship that you may see.",
    price=100,
)
async def objectives_diverge(
    info: strawberry.Info,
    relationship: Annotated[strawberry.ID, strawberry.argument(description="Id of the relationship.")],
) -> list[Divergence] | None:
    found = (await info.context["ask"](_OBJECTIVES, {"id": relationship}))["it"]
    if found is None:
        return None
    wanted = [_wanted(each) for each in found["objectives"]["nodes"]]
    return [
        Divergence(
            measure=low.measure, at_least=low.target, at_most=high.target, gap=low.target - high.target,
            unit=UnitCode(low.unit), objectives=[strawberry.ID(low.id), strawberry.ID(high.id)],
        )
        for low, high in objectives.diverging(wanted)
    ]  # fmt: skip


def _wanted(found: dict[str, Any]) -> objectives.Wanted:
    return objectives.Wanted(
        found["id"], found["owner"]["id"], found["measure"], found["aim"], parse_decimal(found["target"]["value"]),
        found["target"]["unit"],
    )  # fmt: skip
