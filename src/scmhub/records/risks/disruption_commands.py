"""What a sender does with its notices, and what a recipient may pass on."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable
from scmhub.ids import new_id
from scmhub.partners.tables import ItemTable, PartnerTable, SiteTable
from scmhub.records.risks import notices, rules
from scmhub.records.risks.inputs import (
    DisruptionForwardInput,
    DisruptionReportInput,
    DisruptionResolveInput,
    DisruptionUpdateInput,
)
from scmhub.records.risks.model import DisruptionItemTable, DisruptionSiteTable, DisruptionTable, DisruptionUpdateTable

MOST_TIERS = 20
"""Forwards of forwards that one resolution follows."""


@command(
    "disruptionReport", payload="Disruption",
    description="Tells direct partners that something has happened. Each gets a notice of its own and learns of no "
    "other; the answer holds the first recipient's. Give a `reference` to find them together.",
)  # fmt: skip
async def disruption_report(unit: Unit, given: DisruptionReportInput) -> UUID:
    rules.check_dates(given.starts_at, given.expected_end_at)
    template = DisruptionTable(
        id=new_id(unit.now), sender_id=unit.partner_id, recipient_id=unit.partner_id, cause=given.cause.name,
        effect=given.effect.name, starts_at=given.starts_at, expected_end_at=given.expected_end_at,
        text=take.text(given.text, take.NOTE, ["input", "text"], lines=True), consent=given.consent.name,
        reference=take.some_text(given.reference, take.KEY, ["input", "reference"]), reported_at=unit.now,
        updated_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    return await notices.send(unit, template, await notices.audience(unit, given), "REPORTED")


async def _sent(unit: Unit, given: DisruptionUpdateInput | DisruptionResolveInput) -> DisruptionTable:
    path = ["input", "disruption"]
    return await changeable(unit, DisruptionTable, "Disruption", given.disruption, given.expected_version, path)


@command(
    "disruptionUpdate", payload="Disruption",
    description="The sender says what is new; it must be newer than what was last said. Earlier words stay readable.",
)  # fmt: skip
async def disruption_update(unit: Unit, given: DisruptionUpdateInput) -> UUID:
    notice = await _sent(unit, given)
    with take.about(notice.id):
        rules.disruption_after(notice.state, "disruptionUpdate")
        as_of = rules.check_newer(given.as_of or unit.now, notice.updated_at, unit.now)
        text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
        end = take.kept(given.expected_end_at, notice.expected_end_at)
        rules.check_dates(notice.starts_at, end)
    said = await unit.session.exec(
        select(DisruptionUpdateTable.id).where(DisruptionUpdateTable.disruption_id == notice.id)
    )
    unit.session.add(
        DisruptionUpdateTable(
            id=new_id(unit.now), disruption_id=notice.id, update_no=len(said.all()) + 1, as_of=as_of, text=text,
            expected_end_at=end, recorded_at=unit.now,
        )
    )  # fmt: skip
    changed = ["expectedEndAt"] if end != notice.expected_end_at else []
    notice.expected_end_at, notice.updated_at = end, as_of
    notice.version += 1
    unit.session.add(notice)
    unit.change(
        "DISRUPTION", "UPDATED", notice.id, notice.sender_id, [notice.recipient_id],
        ["updates", *changed, "updatedAt", "version"],
    )  # fmt: skip
    return notice.id


@command(
    "disruptionResolve", payload="Disruption",
    description="The sender says that it is over. Forwards that follow their source are resolved with it, without a "
    "word of how.",
)  # fmt: skip
async def disruption_resolve(unit: Unit, given: DisruptionResolveInput) -> UUID:
    notice = await _sent(unit, given)
    with take.about(notice.id):
        rules.disruption_after(notice.state, "disruptionResolve")
        measure = take.some_text(given.measure, take.NOTE, ["input", "measure"], lines=True)
    _resolve(unit, notice, measure)
    over = [notice]
    for _ in range(MOST_TIERS):
        over = [forward for each in over for forward in await _resolve_forwards(unit, each)]
    return notice.id


def _resolve(unit: Unit, notice: DisruptionTable, measure: str | None) -> None:
    notice.state, notice.measure, notice.resolved_at = "RESOLVED", measure, unit.now
    notice.version += 1
    unit.session.add(notice)
    unit.change(
        "DISRUPTION", "RESOLVED", notice.id, notice.sender_id, [notice.recipient_id],
        ["state", "measure", "resolvedAt", "version"],
    )  # fmt: skip


async def _resolve_forwards(unit: Unit, notice: DisruptionTable) -> list[DisruptionTable]:
    """Resolve what the recipient forwarded of a notice. It chose so when it forwarded: nothing a caller may choose."""
    async with unit.acting_for(notice.recipient_id):
        found = await unit.session.exec(
            select(DisruptionTable).where(
                DisruptionTable.source_id == notice.id, DisruptionTable.sender_id == notice.recipient_id,
                DisruptionTable.resolve_with_source, DisruptionTable.state == "OPEN",
            ).with_for_update()
        )  # fmt: skip
        forwards = list(found)
        for each in forwards:
            _resolve(unit, each, None)
    return forwards


@command(
    "disruptionForward", payload="Disruption",
    description="Tells your own direct partners of a notice you received, in your words. FORBIDDEN beyond the sender's "
    "consent. Cause, effect and dates are copied; who, where and its words are not. It never says where it began.",
)  # fmt: skip
async def disruption_forward(unit: Unit, given: DisruptionForwardInput) -> UUID:
    path = ["input", "disruption"]
    source = await changeable(
        unit, DisruptionTable, "Disruption", given.disruption, None, path, sides=("recipient_id",)
    )
    with take.about(source.id):
        rules.disruption_after(source.state, "disruptionForward")
        consent = rules.passed_on(source.consent, given.consent.name, named=given.name_origin)
        origin = source.origin_id if source.forwarded else source.sender_id
        text = take.text(given.text, take.NOTE, ["input", "text"], lines=True)
        rules.check_own_words(text, source.text, [] if given.name_origin else await _names(unit, source))
        if given.resolve_with_source and not given.keep_source:
            raise Refusal("INVALID", "It cannot follow a source that is not kept.", ["input", "resolveWithSource"])
        to = await notices.audience(unit, given)
        if source.sender_id in to.recipients or (origin is not None and origin in to.recipients):
            raise Refusal("INVALID", "It came from there.", ["input", "recipients"])
    forward = DisruptionTable(
        id=new_id(unit.now), sender_id=unit.partner_id, recipient_id=unit.partner_id, cause=source.cause,
        effect=source.effect, starts_at=source.starts_at, expected_end_at=source.expected_end_at, text=text,
        consent=consent, origin_id=origin if given.name_origin else None, forwarded=True,
        source_id=source.id if given.keep_source else None, resolve_with_source=given.resolve_with_source,
        reference=take.some_text(given.reference, take.KEY, ["input", "reference"]), reported_at=unit.now,
        updated_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    return await notices.send(unit, forward, to, "REPORTED")


async def _names(unit: Unit, source: DisruptionTable) -> list[str]:
    """Names in a notice that are not the forwarder's own: of its sender, its origin, their sites and items."""
    partners = await unit.session.exec(
        select(PartnerTable.code, PartnerTable.name).where(
            PartnerTable.id.in_([source.sender_id, source.origin_id or source.sender_id])  # type: ignore[attr-defined]
        )
    )
    names = [word for pair in partners for word in pair]
    me = unit.partner_id
    sites = await unit.session.exec(
        select(SiteTable.name).join(DisruptionSiteTable, DisruptionSiteTable.site_id == SiteTable.id).where(  # type: ignore[arg-type]
            DisruptionSiteTable.disruption_id == source.id, SiteTable.partner_id != me
        )
    )  # fmt: skip
    items = await unit.session.exec(
        select(ItemTable.number).join(DisruptionItemTable, DisruptionItemTable.item_id == ItemTable.id).where(  # type: ignore[arg-type]
            DisruptionItemTable.disruption_id == source.id, ItemTable.owner_id != me
        )
    )  # fmt: skip
    return [*names, *sites, *items]
