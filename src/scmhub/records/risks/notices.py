"""Making notices: who may be told, and which items and sites each of them is told about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners.tables import ItemTable, RelationshipTable, SiteTable
from scmhub.records.risks.inputs import MOST_RECIPIENTS, MOST_SUBJECTS, DisruptionForwardInput, DisruptionReportInput
from scmhub.records.risks.model import DisruptionItemTable, DisruptionSiteTable, DisruptionTable

Given = DisruptionReportInput | DisruptionForwardInput
FIELDS = ["cause", "effect", "startsAt", "expectedEndAt", "text", "state", "consent", "items", "sites"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told, and of which items and sites: key -> its owner."""

    recipients: list[UUID]
    items: dict[UUID, UUID]
    sites: dict[UUID, UUID]


async def audience(unit: Unit, given: Given) -> Audience:
    """Recipients and subjects, each checked as the acting partner. NOT_FOUND, FORBIDDEN, INVALID with their path."""
    take.count(len(given.recipients), MOST_RECIPIENTS, "recipient", ["input", "recipients"])
    recipients = [await _recipient(unit, each, place) for place, each in enumerate(given.recipients)]
    if len(set(recipients)) < len(recipients):
        raise Refusal("INVALID", "A recipient is named twice.", ["input", "recipients"])
    may_own = {unit.partner_id, *recipients}
    return Audience(
        recipients,
        await _subjects(unit, "Item", given.items, "items", may_own),
        await _subjects(unit, "Site", given.sites, "sites", may_own),
    )


async def _recipient(unit: Unit, given: str, place: int) -> UUID:
    path = ["input", "recipients", str(place)]
    other = await visible_key(unit, "Partner", given, path)
    if other == unit.partner_id:
        raise Refusal("INVALID", "You cannot send a notice to yourself.", path)
    mine, theirs = col(RelationshipTable.provider_id), col(RelationshipTable.recipient_id)
    between = ((mine == unit.partner_id) & (theirs == other)) | ((theirs == unit.partner_id) & (mine == other))
    found = await unit.session.exec(select(RelationshipTable.id).where(between, RelationshipTable.state == "ACTIVE"))
    if found.first() is None:
        raise Refusal("FORBIDDEN", "You need an ACTIVE relationship with it.", path)
    return other


async def _subjects(unit: Unit, kind: str, given: Sequence[str], field: str, may_own: set[UUID]) -> dict[UUID, UUID]:
    """Items or sites with their owners: the sender's or a recipient's, since a notice shows their cards."""
    if len(given) > MOST_SUBJECTS:
        raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_SUBJECTS} of these.", ["input", field])
    found: dict[UUID, UUID] = {}
    for place, each in enumerate(given):
        path = ["input", field, str(place)]
        key = await visible_key(unit, kind, each, path)
        wanted = (
            select(ItemTable.owner_id).where(ItemTable.id == key) if kind == "Item"
            else select(SiteTable.partner_id).where(SiteTable.id == key)
        )  # fmt: skip
        owner: UUID = (await unit.session.exec(wanted)).one()
        if owner not in may_own:
            raise Refusal("FORBIDDEN", "It must be one of yours or of a recipient.", path)
        found[key] = owner
    return found


async def send(unit: Unit, template: DisruptionTable, to: Audience, action: str) -> UUID:
    """One notice like ``template`` for each recipient; the key of the first. Subjects of one never reach another."""
    keys = [await _send_one(unit, template, recipient, to, action) for recipient in to.recipients]
    return keys[0]


async def _send_one(unit: Unit, template: DisruptionTable, recipient: UUID, to: Audience, action: str) -> UUID:
    notice = DisruptionTable(**template.model_dump() | {"id": new_id(unit.now), "recipient_id": recipient})
    unit.session.add(notice)
    await unit.session.flush()
    both = (unit.partner_id, recipient)
    for item, owner in to.items.items():
        if owner in both:
            unit.session.add(DisruptionItemTable(id=new_id(unit.now), disruption_id=notice.id, item_id=item))
    for site, owner in to.sites.items():
        if owner in both:
            unit.session.add(DisruptionSiteTable(id=new_id(unit.now), disruption_id=notice.id, site_id=site))
    unit.change("DISRUPTION", action, notice.id, notice.sender_id, [recipient], FIELDS)
    await unit.session.flush()
    return notice.id
