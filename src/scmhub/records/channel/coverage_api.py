"""What of a partner's records may be missing from a view, said from rules and never from rows."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from scmhub.errors import BadUserInput
from scmhub.graph.declare import question
from scmhub.records.channel import sharing
from scmhub.records.channel.sharing import KINDS, Opening

MOST_PARTNERS = 50


@strawberry.enum(description="By what right you see a partner's records of a kind.")
class CoverageState(Enum):
    OWN = strawberry.enum_value("OWN", description="They are yours.")
    SHARED = strawberry.enum_value("SHARED", description="It opens all field groups of them to you by rule.")
    SHARED_REDUCED = strawberry.enum_value(
        "SHARED_REDUCED", description="It opens some field groups to you by rule, or some as bands only."
    )
    PARTY = strawberry.enum_value("PARTY", description="You see those you are a party to, and no others.")
    NOT_SHARED = strawberry.enum_value("NOT_SHARED", description="No rule opens any to you.")


@strawberry.type(description="By what right you see one kind of records of one partner.")
class Coverage:
    partner: strawberry.ID = strawberry.field(description="Id of the partner.")
    kind: str = strawberry.field(description="Kind of records, as sharing rules name it.")
    state: CoverageState = strawberry.field(description="The right.")
    field_groups: list[str] = strawberry.field(
        description="What rules open to you, besides what comes with a record; `stock~band`: as bands."
    )
    may_be_filtered: bool = strawberry.field(
        description="False for your own records only: whether a rule leaves out items, sites or days is not told."
    )
    valid_until: datetime | None = strawberry.field(description="When the last of the rules ends; null: open, or none.")


@question(
    "channelCoverage",
    "By what right you see the records a channel is made of, per partner and kind. It follows rules and relationships,"
    " not records: equal whether there are any or not.",
    price=250,
)
async def channel_coverage(
    info: strawberry.Info,
    partners: Annotated[list[strawberry.ID], strawberry.argument(description="Ids of at most 50 partners.")],
) -> list[Coverage]:
    if len(partners) > MOST_PARTNERS:
        raise BadUserInput(f"At most {MOST_PARTNERS} partners at once.", reason="TOO_MANY", input_path=["partners"])
    context = info.context
    me = (await context["ask"]("{ viewer { id } }", {}))["viewer"]["id"]
    opened = await sharing.openings(context, by_me=False)
    related = await sharing.related(context["ask"])
    known = [each for each in dict.fromkeys(partners) if each == me or each in related or each in opened]
    return [
        _coverage(partner, kind, partner == me, opened.get(partner, {}).get(kind), partner in related)
        for partner in known
        for kind in KINDS
    ]


def _coverage(partner: strawberry.ID, kind: str, own: bool, opening: Opening | None, related: bool) -> Coverage:
    if own:
        state = CoverageState.OWN
    elif opening is not None:
        state = CoverageState.SHARED_REDUCED if opening.reduced else CoverageState.SHARED
    else:
        state = CoverageState.PARTY if related else CoverageState.NOT_SHARED
    return Coverage(
        partner=partner, kind=kind, state=state, field_groups=list(opening.groups) if opening else [],
        may_be_filtered=not own, valid_until=opening.until if opening else None,
    )  # fmt: skip
