"""What an owner does with its rules: draft, revise, activate, suspend, resume, revoke."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.graph import given as take
from scmhub.graph.declare import REGISTRY, command
from scmhub.graph.lookup import changeable, not_found
from scmhub.graph.purposes import names_of
from scmhub.identity.viewer import Permission
from scmhub.ids import key_of, new_id
from scmhub.partners.tables import RelationshipTable
from scmhub.records.sharing_rules import rules
from scmhub.records.sharing_rules.api import GranteeRole
from scmhub.records.sharing_rules.inputs import (
    MOST_IDS,
    RuleExtentInput,
    RuleGranteeInput,
    SharingRuleDraftInput,
    SharingRuleReviseInput,
    SharingRuleStepInput,
)
from scmhub.sharing import asking
from scmhub.sharing.expansion import (
    MOST_SCOPES,
    STANDING,
    hold_sharing,
    kept_apart,
    openings_today,
    rule_changed,
    standing_of,
)
from scmhub.sharing.lens import PURPOSES, lens_of
from scmhub.sharing.policy import Owned
from scmhub.sharing.reviews import rule_moved
from scmhub.sharing.tables import SharingRuleTable

CONTENT = {
    "kind": "kind", "grantee_id": "grantee", "grantee_role": "granteeRole", "items": "itemIds", "sites": "siteIds",
    "field_groups": "fieldGroups", "days_back": "daysBack", "days_ahead": "daysAhead", "valid_from": "validFrom",
    "valid_until": "validUntil", "receipts": "receipts", "purposes": "purposes",
}  # fmt: skip
"""What a rule opens: column -> field. A change of any of it makes the rule a draft again."""


def dimensions_of(kind: str) -> rules.Dimensions:
    """What rules of this kind can speak of, from the record kinds they open."""
    kinds = REGISTRY.shareable_kinds()[kind]
    policies = [each.policy.compared for each in kinds if isinstance(each.policy, Owned)]
    return rules.Dimensions(
        groups=tuple(dict.fromkeys(group for each in kinds for group in each.groups())),
        items=any(each.item for each in policies),
        sites=any(each.site for each in policies),
        days=any(each.day for each in policies),
        banded=tuple(dict.fromkeys(group for each in kinds for group in each.banded())),
    )


_RULES = Permission.RULES


@command(
    "sharingRuleDraft", payload="SharingRule", needs=_RULES,
    description="Writes a rule as a DRAFT. INVALID: an unknown field group, with the nearest one, or bands of what "
    "is no amount. NOT_FOUND: an item or site that you cannot see, or a partner without a standing relationship with "
    "you.",
)  # fmt: skip
async def sharing_rule_draft(unit: Unit, given: SharingRuleDraftInput) -> UUID:
    await hold_sharing(unit, unit.partner_id)
    has = dimensions_of(given.kind.name)
    _check_dimensions(given, has)
    grantee, role = await _grantee(unit, given.grantee)
    rule = SharingRuleTable(
        id=new_id(unit.now), owner_id=unit.partner_id, grantee_id=grantee, grantee_role=role, kind=given.kind.name,
        items=await _extent(unit, given.items, "Item", "items"),
        sites=await _extent(unit, given.sites, "Site", "sites"),
        field_groups=rules.check_groups(given.field_groups, has), purposes=_purposes(given.purposes),
        days_back=_days(given.days_back, None, "daysBack"), days_ahead=_days(given.days_ahead, None, "daysAhead"),
        valid_from=given.valid_from or unit.now, valid_until=given.valid_until,
        receipts=given.receipts.name if given.receipts else None, state="DRAFT", authored_by=unit.actor,
        note=take.some_text(given.note, take.NOTE, ["input", "note"], lines=True), created_at=unit.now,
    )  # fmt: skip
    rules.check_validity(rule.valid_from, rule.valid_until)
    rules.check_size(rule.items, rule.sites, 1, MOST_SCOPES)
    unit.session.add(rule)
    await _tell(unit, rule, "DRAFTED", [*CONTENT.values(), "state"])
    await unit.session.flush()
    return rule.id


def _check_dimensions(given: SharingRuleDraftInput | SharingRuleReviseInput, has: rules.Dimensions) -> None:
    """Everything the kind has is said, nothing it has not; a revision may leave out what stays."""
    revises = isinstance(given, SharingRuleReviseInput)
    for column, field, what, exists in (
        ("items", "items", "items", has.items), ("sites", "sites", "sites", has.sites),
        ("days_back", "daysBack", "days", has.days), ("days_ahead", "daysAhead", "days", has.days),
    ):  # fmt: skip
        said = getattr(given, column) is not None
        if said or not revises:
            rules.check_extent(said, exists, what, field)


def _purposes(given: Any) -> list[str] | None:
    """The names, sorted; null is any purpose, none is refused."""
    if given is not None:
        take.count(len(given), len(PURPOSES), "purpose", ["input", "purposes"])
    return None if given is None else names_of(given)


def _days(given: strawberry.Some[int | None] | None, current: int | None, field: str) -> int | None:
    return take.kept(given, current, lambda days: rules.check_days(days, field))


async def _grantee(unit: Unit, given: RuleGranteeInput) -> tuple[UUID | None, str | None]:
    """(partner, None) or (None, role). NOT_FOUND without a standing relationship, whatever the reason."""
    if isinstance(given.role, GranteeRole):
        return None, given.role.name
    name = "id" if isinstance(given.id, str) else "code"
    path = ["input", "grantee", name]
    if name == "id":
        key = key_of("ptr", given.id)
    else:
        key = await asking.partner_found(unit.rows, lens_of(unit), unit.now, str(given.code))
    if key == unit.partner_id:
        raise Refusal("INVALID", "A rule opens your records to others, not to yourself.", path)
    if key is None or not await _stands_with(unit, key) or await _is_apart(unit, key):
        raise Refusal("NOT_FOUND", "You have no standing relationship with such a partner.", path)
    return key, None


async def _stands_with(unit: Unit, other: UUID) -> bool:
    """Whether a relationship with the partner is proposed, active or suspended."""
    mine, theirs = (col(RelationshipTable.provider_id), col(RelationshipTable.recipient_id))
    between = ((mine == unit.partner_id) & (theirs == other)) | ((theirs == unit.partner_id) & (mine == other))
    found = await unit.session.exec(
        select(RelationshipTable.id).where(between, col(RelationshipTable.state).in_(STANDING))
    )
    return found.first() is not None


async def _is_apart(unit: Unit, other: UUID) -> bool:
    """Whether a block pair keeps the partner apart from the acting one."""
    return unit.partner_id in kept_apart(other, unit.partner_id, (await standing_of(unit, unit.partner_id)).blocks)


async def _extent(unit: Unit, given: RuleExtentInput | None, kind: str, field: str) -> list[UUID] | None:
    """The keys, each once and in order of birth; None for all (or for a dimension the kind has not)."""
    path = ["input", field, "ids"]
    if given is None:
        return None
    if not isinstance(given.ids, list):
        if given.all is not True:
            raise Refusal("INVALID", "Only true is possible; to mean some, give 'ids'.", ["input", field, "all"])
        return None
    take.count(len(given.ids), MOST_IDS, "id", path)
    keys = [key_of(REGISTRY.kinds[kind].prefix, each) for each in given.ids]
    known = tuple(dict.fromkeys(key for key in keys if key is not None))
    hidden = await _unseen(unit, kind, known)
    for number, key in enumerate(keys):
        if key is None or key in hidden:
            raise not_found(kind, [*path, str(number)])
    return sorted(known)


async def _unseen(unit: Unit, kind: str, keys: tuple[UUID, ...]) -> set[UUID]:
    target = REGISTRY.kinds[kind]
    statement = asking.unseen(target.policy, target.table.name)
    asked = asking.Asked(lens_of(unit), unit.now, records=keys)
    return {row["key"] for row in await unit.rows(*statement.asked(asked))}


async def _tell(unit: Unit, rule: SharingRuleTable, action: str, changed: list[str]) -> None:
    """In the change log, for the owner's other screens, and in the audit trail: a rule is a right."""
    unit.change("SHARING_RULE", action, rule.id, rule.owner_id, changed=changed)
    details = {
        "kind": rule.kind, "grantee": rule.grantee_role or f"ptr_{rule.grantee_id}", "state": rule.state,
        "fieldGroups": rule.field_groups, "changed": changed,
    }  # fmt: skip
    await audit.record(unit, f"sharingRule.{action.lower()}", audit.subject_of("sharing-rule", rule.id), details)


@command(
    "sharingRuleRevise", payload="SharingRule", needs=_RULES,
    description="Changes a rule. New content makes it a DRAFT: what it opened closes at once, until it is activated.",
)  # fmt: skip
async def sharing_rule_revise(unit: Unit, given: SharingRuleReviseInput) -> UUID:
    rule = await _own(unit, given.sharing_rule, given.expected_version)
    with take.about(rule.id):
        before = {column: getattr(rule, column) for column in (*CONTENT, "note")}
        state = rules.after(rule.state, "REVISE")
        await _revise(unit, rule, given)
        changed = [CONTENT.get(column, column) for column, value in before.items() if getattr(rule, column) != value]
    if not changed:
        return rule.id
    if changed != ["note"]:
        rule.authored_by = unit.actor
    if changed != ["note"] and rule.state != state:
        rule.state = state
        changed.append("state")
    return await _changed(unit, rule, "REVISED", changed, reopens=changed != ["note"])


async def _revise(unit: Unit, rule: SharingRuleTable, given: SharingRuleReviseInput) -> None:
    has = dimensions_of(rule.kind)
    _check_dimensions(given, has)
    if given.grantee is not None:
        rule.grantee_id, rule.grantee_role = await _grantee(unit, given.grantee.value)
    if given.items is not None:
        rule.items = await _extent(unit, given.items.value, "Item", "items")
    if given.sites is not None:
        rule.sites = await _extent(unit, given.sites.value, "Site", "sites")
    rule.field_groups = take.kept(given.field_groups, rule.field_groups, lambda names: rules.check_groups(names, has))
    rule.days_back = _days(given.days_back, rule.days_back, "daysBack")
    rule.days_ahead = _days(given.days_ahead, rule.days_ahead, "daysAhead")
    rule.valid_from = rule.valid_from if given.valid_from is None else given.valid_from.value
    rule.valid_until = rule.valid_until if given.valid_until is None else given.valid_until.value
    rule.purposes = take.kept(given.purposes, rule.purposes, _purposes)
    if given.receipts is not None:
        rule.receipts = given.receipts.value.name if given.receipts.value else None
    rule.note = take.kept(
        given.note, rule.note, lambda text: take.some_text(text, take.NOTE, ["input", "note"], lines=True)
    )
    rules.check_validity(rule.valid_from, rule.valid_until)
    rules.check_size(rule.items, rule.sites, 1, MOST_SCOPES)


async def _own(unit: Unit, public_id: str, expected_version: int) -> SharingRuleTable:
    """The rule, locked. The owner's sharing is held first: relationships and rules never change past each other."""
    await hold_sharing(unit, unit.partner_id)
    return await changeable(
        unit, SharingRuleTable, "SharingRule", public_id, expected_version, ["input", "sharingRule"]
    )


async def _changed(
    unit: Unit, rule: SharingRuleTable, action: str, changed: list[str], *, reopens: bool = True
) -> UUID:
    rule.version += 1
    unit.session.add(rule)
    await _tell(unit, rule, action, [*changed, "version"])
    await rule_moved(unit, rule)
    if reopens:
        await rule_changed(unit, rule)
    return rule.id


async def _step(unit: Unit, given: SharingRuleStepInput, step: str, action: str) -> UUID:
    rule = await _own(unit, given.sharing_rule, given.expected_version)
    with take.about(rule.id):
        rule.state = rules.after(rule.state, step)
        if rule.state == "ACTIVE":
            await refuse_author(unit, rule, "puts a rule into force", ["input", "sharingRule"])
            await _check_openable(unit, rule)
    return await _changed(unit, rule, action, ["state"])


async def revoke(unit: Unit, rule: SharingRuleTable) -> UUID:
    """Close what the rule opened, for good; the owner's sharing is held."""
    rule.state = rules.after(rule.state, "REVOKE")
    return await _changed(unit, rule, "REVOKED", ["state"])


async def refuse_author(unit: Unit, rule: SharingRuleTable, does: str, path: list[str]) -> None:
    """If the partner wants four eyes: a person ``does`` it, and another one than who said last what the rule opens."""
    if not await unit.fetch("select four_eyes from partner where id = $1", unit.partner_id):
        return
    if not unit.actor.startswith("person:") or unit.actor == rule.authored_by:
        message = f"Four eyes: another person than who wrote it last {does}, and no machine does."
        raise Refusal("FOUR_EYES", message, path)


async def _check_openable(unit: Unit, rule: SharingRuleTable) -> None:
    """What may have changed since the draft: the relationship with the grantee, the number of partners in a role."""
    if rule.grantee_id is not None and not await _stands_with(unit, rule.grantee_id):
        message = "Your relationship with its grantee has ended; revise the rule."
        raise Refusal("INVALID", message, ["input", "sharingRule"])
    grantees = {opening.grantee for opening in await openings_today(unit, rule)}
    rules.check_size(rule.items, rule.sites, len(grantees), MOST_SCOPES)


@command(
    "sharingRuleActivate", payload="SharingRule", needs=_RULES,
    description="Puts a draft into force: it opens at once. FOUR_EYES: your firm wants another person to do that.",
)  # fmt: skip
async def sharing_rule_activate(unit: Unit, given: SharingRuleStepInput) -> UUID:
    return await _step(unit, given, "ACTIVATE", "ACTIVATED")


@command(
    "sharingRuleSuspend", payload="SharingRule", needs=_RULES,
    description="Closes what the rule opened, until it is resumed.",
)  # fmt: skip
async def sharing_rule_suspend(unit: Unit, given: SharingRuleStepInput) -> UUID:
    return await _step(unit, given, "SUSPEND", "SUSPENDED")


@command(
    "sharingRuleResume", payload="SharingRule", needs=_RULES,
    description="Opens again what a suspended rule says. FOUR_EYES as for activating it.",
)  # fmt: skip
async def sharing_rule_resume(unit: Unit, given: SharingRuleStepInput) -> UUID:
    return await _step(unit, given, "RESUME", "RESUMED")


@command(
    "sharingRuleRevoke", payload="SharingRule", needs=_RULES,
    description="Closes what the rule opened, for good.",
)  # fmt: skip
async def sharing_rule_revoke(unit: Unit, given: SharingRuleStepInput) -> UUID:
    rule = await _own(unit, given.sharing_rule, given.expected_version)
    with take.about(rule.id):
        return await revoke(unit, rule)
