"""Four eyes: an administrator, who writes no rules, decides whether stewards put into force what they wrote."""

from __future__ import annotations

from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.graph.declare import command
from scmhub.graph.reason import Reasoned
from scmhub.identity.viewer import TokenScope
from scmhub.partners.tables import PartnerTable


@strawberry.input(description="Whether sharing rules need a second person.")
class FourEyesSetInput(Reasoned):
    required: bool = strawberry.field(description="True: whoever wrote a rule last cannot put it into force.")


@command(
    "fourEyesSet", payload="Partner", requires=TokenScope.ADMIN, sensitive=True,
    description="Whether your sharing rules are put into force by another person than who wrote them last, and by no "
    "machine. Rules in force stay so. ILLEGAL_TRANSITION if it is so already.",
)  # fmt: skip
async def four_eyes_set(unit: Unit, given: FourEyesSetInput) -> UUID:
    mine = select(PartnerTable).where(PartnerTable.id == unit.partner_id).with_for_update()
    partner = (await unit.session.exec(mine)).one()
    if partner.four_eyes == given.required:
        text = f"It is {'required' if given.required else 'not required'} already."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input", "required"], partner.id)
    partner.four_eyes, partner.version = given.required, partner.version + 1
    unit.session.add(partner)
    await audit.record(unit, "fourEyes.set", audit.subject_of("partner", partner.id), {"required": given.required})
    return partner.id
