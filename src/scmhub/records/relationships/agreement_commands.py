"""What can be done about an agreement: propose it, revise it, sign it, say no, take it back, end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.ids import key_of, new_id
from scmhub.partners.agreements import AgreementSignatureTable, AgreementTable, AgreementVersionTable
from scmhub.partners.tables import RelationshipTable
from scmhub.records.relationships import agreement_inputs as inputs
from scmhub.records.relationships import agreement_rules as rules
from scmhub.records.relationships.clause_drafts import Draft, digest, drafts

_SIDES = ("provider_id", "recipient_id")
MOST_NOTICE_DAYS = 3_650


@command(
    "agreementPropose", payload="Agreement",
    description="Proposes an agreement to the other side of an ACTIVE relationship, and signs it for your side. It "
    "binds nobody before the other side has signed, and never before its first day.",
)  # fmt: skip
async def agreement_propose(unit: Unit, given: inputs.AgreementProposeInput) -> UUID:
    path = ["input", "relationship"]
    link = await _relationship(unit, await visible_key(unit, "Relationship", given.relationship, path))
    _check_active(link, path)
    agreement = AgreementTable(
        id=new_id(unit.now), relationship_id=link.id, provider_id=link.provider_id, recipient_id=link.recipient_id,
        title=take.text(given.title, take.NAME, ["input", "title"]), created_at=unit.now,
    )  # fmt: skip
    version, clauses = await _drafted(unit, given, agreement, link)
    unit.session.add(agreement)
    await unit.session.flush()
    await _store(unit, version, clauses, _signatory(given.signatory))
    _tell(unit, agreement, "PROPOSED", ["relationship", "title", "state", "versionNo", "versions", "version"])
    return agreement.id


@command(
    "agreementRevise", payload="Agreement",
    description="Proposes the next version, as a whole, and signs it for your side. It takes the place of an open "
    "proposal; a version in force stays in force up to the day before the new one's first, once both have signed.",
)  # fmt: skip
async def agreement_revise(unit: Unit, given: inputs.AgreementReviseInput) -> UUID:
    agreement, versions = await _open(unit, given.agreement, given.expected_version, rules.REVISE)
    link = await _relationship(unit, agreement.relationship_id)
    with take.about(agreement.id):
        _check_active(link, rules.PATH)
        agreement.version_no += 1
        version, clauses = await _drafted(unit, given, agreement, link)
        signatory = _signatory(given.signatory)
    newest = versions[-1]
    if newest.state == "PROPOSED":
        newest.state = "WITHDRAWN" if newest.proposed_by == unit.partner_id else "COUNTERED"
    agreement.state = "PROPOSED"
    await _store(unit, version, clauses, signatory)
    await _moved(unit, agreement, "REVISED", ["state", "versionNo", "versions"])
    return agreement.id


@command(
    "agreementSign", payload="Agreement",
    description="Signs the version the other side proposed: it holds from its first day. From then on earlier versions "
    "of this agreement end the day before. OUT_OF_RANGE: that day is over.",
)  # fmt: skip
async def agreement_sign(unit: Unit, given: inputs.AgreementSignInput) -> UUID:
    agreement, versions = await _open(unit, given.agreement, given.expected_version, rules.SIGN)
    signed = versions[-1]
    with take.about(agreement.id):
        _check_active(await _relationship(unit, agreement.relationship_id), rules.PATH)
        rules.check_signable(signed.in_force_from, unit.now.date())
        signatory = _signatory(given.signatory)
    for each in versions[:-1]:
        last = signed.in_force_from - timedelta(days=1)
        if each.state in ("SIGNED", "SUPERSEDED") and rules.cut(each.in_force_until, last):
            each.state, each.in_force_until = "SUPERSEDED", last
    signed.state, signed.signed_at, agreement.state = "SIGNED", unit.now, "SIGNED"
    _sign(unit, signed, signatory)
    await _moved(unit, agreement, "SIGNED", ["state", "versions"])
    return agreement.id


@command("agreementDecline", payload="Agreement", description="Says no to the version the other side proposed.")
async def agreement_decline(unit: Unit, given: inputs.AgreementStepInput) -> UUID:
    return await _come_to_nothing(unit, given, rules.DECLINE, "DECLINED")


@command("agreementWithdraw", payload="Agreement", description="Takes back a version of yours that is not signed yet.")
async def agreement_withdraw(unit: Unit, given: inputs.AgreementStepInput) -> UUID:
    return await _come_to_nothing(unit, given, rules.WITHDRAW, "WITHDRAWN")


async def _come_to_nothing(unit: Unit, given: inputs.AgreementStepInput, step: str, state: str) -> UUID:
    """The open proposal ends; an earlier version that holds is not touched."""
    agreement, versions = await _open(unit, given.agreement, given.expected_version, step)
    with take.about(agreement.id):
        reason = take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True)
    versions[-1].state, versions[-1].ending_reason, agreement.state = state, reason, state
    await _moved(unit, agreement, state, ["state", "versions"])
    return agreement.id


@command(
    "agreementTerminate", payload="Agreement",
    description="Either side ends it for good, after the agreed notice; an open proposal of a next version ends too.",
)  # fmt: skip
async def agreement_terminate(unit: Unit, given: inputs.AgreementTerminateInput) -> UUID:
    agreement, versions = await _open(unit, given.agreement, given.expected_version, rules.TERMINATE)
    bound = [each for each in versions if each.state in ("SIGNED", "SUPERSEDED")]
    with take.about(agreement.id):
        reason = take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True)
        notice = max(each.notice_days for each in bound if each.state == "SIGNED")
        rules.check_last_day(given.last_day, notice, unit.now.date())
        if not any(rules.cut(each.in_force_until, given.last_day) for each in bound):
            raise Refusal("OUT_OF_RANGE", "It ends on that day or earlier already.", ["input", "lastDay"])
    for each in bound:
        if rules.cut(each.in_force_until, given.last_day):
            each.state, each.in_force_until, each.ending_reason = "TERMINATED", given.last_day, reason
    if versions[-1].state == "PROPOSED":
        versions[-1].state = "WITHDRAWN"
    agreement.state = "TERMINATED"
    await _moved(unit, agreement, "TERMINATED", ["state", "versions"])
    return agreement.id


async def end_agreements(unit: Unit, link: RelationshipTable) -> None:
    """With the relationship its agreements end: today is their last day; what was not signed yet never will be."""
    today = unit.now.date()
    found = await unit.session.exec(
        select(AgreementTable).where(
            AgreementTable.relationship_id == link.id, AgreementTable.state != "TERMINATED"
        ).with_for_update()
    )  # fmt: skip
    for agreement in found.all():
        for each in await _versions(unit, agreement):
            if each.state == "PROPOSED":
                each.state = "WITHDRAWN"
            elif each.state in ("SIGNED", "SUPERSEDED") and rules.cut(each.in_force_until, today):
                each.state, each.in_force_until = "TERMINATED", today
        agreement.state = "TERMINATED"
        await _moved(unit, agreement, "TERMINATED", ["state", "versions"])


# -- reading ------------------------------------------------------------------------------------------------------


async def _relationship(unit: Unit, key: UUID) -> RelationshipTable:
    """Locked against being ended meanwhile, which would leave a signed agreement without a relationship."""
    wanted = select(RelationshipTable).where(RelationshipTable.id == key).with_for_update(read=True)
    return (await unit.session.exec(wanted)).one()


def _check_active(link: RelationshipTable, path: list[str]) -> None:
    if link.state != "ACTIVE":
        raise Refusal("ILLEGAL_TRANSITION", f"The relationship is {link.state}, not ACTIVE.", path)


async def _open(
    unit: Unit, given: str, expected_version: int, step: str
) -> tuple[AgreementTable, list[AgreementVersionTable]]:
    """The locked agreement and its versions, if the acting side may take this step now.

    The relationship first, as whoever ends it does: so nobody waits in a circle.
    """
    link = AgreementTable.relationship_id
    wanted = await unit.session.exec(select(link).where(AgreementTable.id == key_of("agr", given)))
    for key in wanted.all():
        await _relationship(unit, key)
    agreement = await changeable(unit, AgreementTable, "Agreement", given, expected_version, rules.PATH, _SIDES)
    versions = await _versions(unit, agreement)
    mine = versions[-1].proposed_by == unit.partner_id
    bound = any(each.state == "SIGNED" for each in versions)
    with take.about(agreement.id):
        rules.check(rules.Standing(agreement.state, mine, bound), step)
    return agreement, versions


async def _versions(unit: Unit, agreement: AgreementTable) -> list[AgreementVersionTable]:
    version = AgreementVersionTable
    found = await unit.session.exec(
        select(version).where(version.agreement_id == agreement.id).order_by(col(version.version_no))
    )
    return list(found.all())


# -- writing ------------------------------------------------------------------------------------------------------


async def _drafted(
    unit: Unit, given: inputs.Text, agreement: AgreementTable, link: RelationshipTable
) -> tuple[AgreementVersionTable, list[Draft]]:
    """The next version, checked as a whole; nothing is written yet."""
    rules.check_days(given.in_force_from, given.in_force_until, unit.now.date())
    if not 0 <= given.notice_days <= MOST_NOTICE_DAYS:
        raise Refusal("OUT_OF_RANGE", f"It must lie between 0 and {MOST_NOTICE_DAYS:,}.", ["input", "noticeDays"])
    version = AgreementVersionTable(
        id=new_id(unit.now), agreement_id=agreement.id, relationship_id=link.id, provider_id=link.provider_id,
        recipient_id=link.recipient_id, version_no=agreement.version_no, proposed_by=unit.partner_id,
        in_force_from=given.in_force_from, in_force_until=given.in_force_until, notice_days=given.notice_days,
        note=take.some_text(given.note, take.NOTE, ["input", "note"], lines=True),
        reason=take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True), digest="",
        proposed_at=unit.now,
    )  # fmt: skip
    clauses = await drafts(unit, link, given.clauses)
    version.digest = digest(version, agreement.title, clauses)
    return version, clauses


def _signatory(given: str | None) -> str | None:
    return take.some_text(given, take.NAME, ["input", "signatory"])


async def _store(unit: Unit, version: AgreementVersionTable, clauses: Sequence[Draft], signatory: str | None) -> None:
    """The version, its clauses, and the signature of who proposes it."""
    unit.session.add(version)
    await unit.session.flush()
    unit.session.add_all([each.stored(unit, version.id, number) for number, each in enumerate(clauses, 1)])
    _sign(unit, version, signatory)
    await unit.session.flush()


def _sign(unit: Unit, version: AgreementVersionTable, signatory: str | None) -> None:
    unit.session.add(
        AgreementSignatureTable(
            id=new_id(unit.now), version_id=version.id, partner_id=unit.partner_id, signatory=signatory,
            digest=version.digest, signed_at=unit.now,
        )
    )  # fmt: skip


async def _moved(unit: Unit, agreement: AgreementTable, action: str, changed: list[str]) -> None:
    agreement.version += 1
    unit.session.add(agreement)
    _tell(unit, agreement, action, [*changed, "version"])
    await unit.session.flush()


def _tell(unit: Unit, agreement: AgreementTable, action: str, changed: list[str]) -> None:
    unit.change("AGREEMENT", action, agreement.id, agreement.provider_id, [agreement.recipient_id], changed)
