"""Relationship as callers see it."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, one
from scmhub.partners.tables import RelationshipTable
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned


@strawberry.enum(description="What two partners do for each other.")
class RelationshipKind(Enum):
    SUPPLY = strawberry.enum_value("SUPPLY", description="The provider sells goods to the recipient.")
    CONTRACT_MANUFACTURING = strawberry.enum_value(
        "CONTRACT_MANUFACTURING", description="The provider makes goods for the recipient."
    )
    DISTRIBUTION = strawberry.enum_value("DISTRIBUTION", description="The provider distributes the recipient's goods.")
    LOGISTICS = strawberry.enum_value("LOGISTICS", description="The provider carries or keeps the recipient's goods.")


@strawberry.enum(description="Where a relationship stands.")
class RelationshipState(Enum):
    PROPOSED = strawberry.enum_value("PROPOSED", description="One side proposes, the other has not answered.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="Both agreed.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="New flows stop; both still read their past.")
    ENDED = strawberry.enum_value("ENDED", description="Over; sharing rules that stood on it ended with it.")
    DECLINED = strawberry.enum_value("DECLINED", description="The other side said no.")


@kind(
    RelationshipTable,
    prefix="rel",
    policy=Owned(owner="provider_id", parties=("recipient_id",)),
    single="relationship",
    plural="relationships",
    stream="relationshipChanges",
    filters=("kind", "state", "provider", "recipient"),
)
class Relationship:
    """One provider, one recipient, one kind: the bare link both sides see alike."""

    kind: RelationshipKind = column(PUBLIC, "What they do for each other.")
    state: RelationshipState = column(PUBLIC, "Where it stands.")
    provider = one("Partner", PUBLIC, "Who provides.", by="provider_id")
    recipient = one("Partner", PUBLIC, "Who receives.", by="recipient_id")
    proposed_by = one("Partner", PUBLIC, "Who proposed it.", by="proposed_by")
    suspended_by = one("Partner", PUBLIC, "Who suspended it; only that side may resume it.", by="suspended_by")
    since: date | None = column(PUBLIC, "First day; null until accepted.")
    until: date | None = column(PUBLIC, "Last day; null while it stands.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
