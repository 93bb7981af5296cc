"""BlockPair as who set it sees it; nobody else ever does, the two partners least of all."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from scmhub.graph import specs
from scmhub.graph.declare import kind
from scmhub.graph.specs import column
from scmhub.identity.viewer import Permission
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned
from scmhub.sharing.tables import BlockPairTable


@strawberry.enum(description="Whether a block pair keeps its partners apart.")
class BlockPairState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="It does.")
    LIFTED = strawberry.enum_value("LIFTED", description="It did; kept as history.")


@kind(BlockPairTable, prefix="blk", policy=Owned(owner="owner_id"), single="blockPair", plural="blockPairs",
      filters=("state", "one", "other", "set_at"), needs=Permission.BLOCKS)  # fmt: skip
class BlockPair:
    """Two partners you keep apart. Only you (the hub's operator: only the operator) see it; neither of them is told."""

    one = specs.one("Partner", PUBLIC, "One of the two; for a pair of your own it is you.", by="one_id")
    other = specs.one("Partner", PUBLIC, "The other.", by="other_id")
    own_records_only: bool = column(PUBLIC, "Whether it bears on your records only; else on everybody's.")
    state: BlockPairState = column(PUBLIC, "Whether it keeps them apart.")
    reason: str = column(PUBLIC, "Why it was set, in your words.")
    lift_reason: str | None = column(PUBLIC, "Why it was lifted.")
    set_at: datetime = column(PUBLIC, "When it was set.")
    lifted_at: datetime | None = column(PUBLIC, "When it was lifted.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
