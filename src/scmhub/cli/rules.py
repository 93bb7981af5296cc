"""``scmhub rule``: the sharing rules a partner wants, kept in a file, against those in force; and why somebody sees.

A rule of the file is known by its ``name``, which stands in the rule's note. ``plan`` drafts each in a transaction that
is taken back and tries it there, so that what it says is what the hub would do; ``apply`` does the same steps for good,
by the commands of the API, in one transaction. A second ``apply`` finds nothing to do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import strawberry
from sqlmodel import col, select

from scmhub.cli.admin import acting, open_hub, partner_of
from scmhub.cli.hub_access import ask, hub_url, token_of
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.ids import public_id
from scmhub.records.sharing_rules import commands, simulate
from scmhub.records.sharing_rules.api import GranteeRole, ReadReceipts, ShareableKind
from scmhub.records.sharing_rules.inputs import (
    RuleExtentInput,
    RuleGranteeInput,
    SharingRuleDraftInput,
    SharingRuleReviseInput,
    SharingRuleStepInput,
)
from scmhub.schema import load_schema
from scmhub.sharing.tables import SharingRuleTable

OPEN, ALL = "open", "all"
"""How a file says that a window has no end on a side, and that every item or site is meant."""
_KNOWN = {
    "name", "kind", "grantee", "role", "items", "sites", "fieldGroups", "daysBack", "daysAhead", "validFrom",
    "validUntil", "receipts",
}  # fmt: skip
_EXPLAIN = """query ($id: ID!, $field: String, $as: String) { explainVisibility(id: $id, field: $field, as: $as) {
  basis scopes { rule owner { code } fieldGroups validUntil }
  field { name fieldGroup exact precision basis scopes { rule } } verdicts { rule verdict } } }"""
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done about one rule: CREATE, CHANGE, ACTIVATE, RESUME, REVOKE or KEEP."""

    action: str
    name: str
    given: SharingRuleDraftInput | None
    stored: SharingRuleTable | None
    effect: list[dict[str, Any]]
    warnings: list[str]

    def shown(self) -> dict[str, Any]:
        rule = None if self.stored is None else public_id("rul", self.stored.id)
        return {
            "action": self.action, "name": self.name, "rule": rule, "effect": self.effect, "warnings": self.warnings
        }  # fmt: skip


async def plan(partner: str, file: Path, *, prune: bool) -> list[dict[str, Any]]:
    """What ``apply`` would do, and whom it would give and take how much."""
    wanted = read_file(file)
    load_schema()
    async with open_hub() as hub:
        key = await partner_of(hub, partner)
        async with acting(hub, key, dry_run=True) as unit:
            return [each.shown() for each in await _steps(unit, wanted, prune)]


async def apply(partner: str, file: Path, reason: str, *, prune: bool, dry_run: bool) -> list[dict[str, Any]]:
    """All steps of the plan in one transaction, or none."""
    wanted = read_file(file)
    load_schema()
    async with open_hub() as hub:
        key = await partner_of(hub, partner)
        async with acting(hub, key, dry_run=True) as unit:
            steps = await _steps(unit, wanted, prune)
        async with acting(hub, key, dry_run=dry_run, reason=reason) as unit:
            made = [await _take(unit, each) for each in steps]
    return [
        each.shown() | {"rule": None if dry_run and each.stored is None else public_id("rul", rule)}
        for each, rule in zip(steps, made, strict=True)
    ]


async def explain(
    record: str, field: str | None, *, about: str | None, partner: str | None, url: str | None, token_file: Path | None
) -> dict[str, Any]:
    """``explainVisibility`` of a hub that serves. Refusal NOT_FOUND where it answers null."""
    token = token_of(partner, token_file, read_only=True)
    data = await ask(hub_url(url), token, _EXPLAIN, id=record, field=field, **{"as": about})
    found: dict[str, Any] | None = data["explainVisibility"]
    if found is None:
        raise Refusal("NOT_FOUND", "There is no such record that you may see, or may ask about for others.", ["id"])
    return found


# -- the file ----------------------------------------------------------------------------------------------------------


def read_file(file: Path) -> list[Rule]:
    """The rules of a TOML or JSON file: a list under ``rule``. ValueError says what is wrong and where."""
    try:
        text = file.read_bytes()
        found = orjson.loads(text) if file.suffix == ".json" else tomllib.loads(text.decode())
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None
    listed = found.get("rule") if isinstance(found, dict) else None
    if not isinstance(listed, list) or found.keys() != {"rule"}:
        raise ValueError(f"{file} must hold a list of rules named 'rule' ([[rule]] in TOML) and nothing else.")
    for number, rule in enumerate(listed, 1):
        if not isinstance(rule, dict) or not isinstance(rule.get("name"), str) or not rule["name"].strip():
            raise ValueError(f"{file}: rule {number} has no 'name', by which it is known.")
        if unknown := sorted(rule.keys() - _KNOWN):
            raise ValueError(
                f"{file}: rule '{rule['name']}' says '{unknown[0]}'; known are {', '.join(sorted(_KNOWN))}."
            )
    names = [rule["name"] for rule in listed]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{file}: two rules are named '{twice[0]}'.")
    return listed


async def _given(unit: Unit, rule: Rule) -> SharingRuleDraftInput:
    """The rule as the API takes it. ValueError for a value that is none of those it may be."""
    try:
        if ("grantee" in rule) == ("role" in rule):
            raise ValueError("say either 'grantee' (a partner's code) or 'role'")
        role = "role" in rule
        grantee = (
            RuleGranteeInput(role=_name(GranteeRole, rule["role"])) if role else RuleGranteeInput(code=rule["grantee"])
        )
        return SharingRuleDraftInput(
            kind=_name(ShareableKind, rule.get("kind")), grantee=grantee,
            items=await _extent(unit, rule.get("items"), "item", "owner_id", "number"),
            sites=await _extent(unit, rule.get("sites"), "site", "partner_id", "code"),
            field_groups=[str(each) for each in rule.get("fieldGroups", [])],
            days_back=_days(rule.get("daysBack")), days_ahead=_days(rule.get("daysAhead")),
            valid_from=_instant(rule.get("validFrom")), valid_until=_instant(rule.get("validUntil")),
            receipts=_name(ReadReceipts, rule["receipts"]) if "receipts" in rule else None, note=rule["name"],
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"Rule '{rule['name']}': {error}.") from None


def _name(kind: Any, given: Any) -> Any:
    names = [each.name for each in kind]
    if given not in names:
        raise ValueError(f"{given!r} is none of {', '.join(names)}")
    return kind[given]


def _days(given: Any) -> strawberry.Some[int | None] | None:
    if given is None:
        return None
    if given != OPEN and (not isinstance(given, int) or isinstance(given, bool)):
        raise ValueError(f"days are a whole number or '{OPEN}', not {given!r}")
    return strawberry.Some(None if given == OPEN else given)


def _instant(given: Any) -> datetime | None:
    if given is None:
        return None
    try:
        found = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"{given!r} is no instant such as 2026-03-01T00:00:00Z") from None
    if found.tzinfo is None:
        raise ValueError(f"{given} has no offset such as Z")
    return found


async def _extent(unit: Unit, given: Any, table: str, owner: str, name: str) -> RuleExtentInput | None:
    """All, or a list of ids or of the partner's own numbers."""
    if given is None:
        return None
    if given == ALL:
        return RuleExtentInput(all=True)
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError(f"{table}s are '{ALL}' or a list of numbers or ids")
    sql = f'select {name} as name, id from "{table}" where {owner} = $1 and {name} = any($2)'
    prefix = {"item": "itm", "site": "sit"}[table]
    own = {row["name"]: public_id(prefix, row["id"]) for row in await unit.rows(sql, unit.partner_id, given)}
    return RuleExtentInput(ids=[strawberry.ID(own.get(each) or each) for each in given])


# -- file against hub --------------------------------------------------------------------------------------------------


async def _steps(unit: Unit, wanted: Sequence[Rule], prune: bool) -> list[Step]:
    """One step per rule of the file, then what prunes; the unit is taken back afterwards.

    Each is measured after those before it, as ``apply`` takes them: the figures add up to what the whole file does.
    """
    found = await unit.session.exec(
        select(SharingRuleTable)
        .where(SharingRuleTable.owner_id == unit.partner_id, SharingRuleTable.state != "REVOKED")
        .order_by(col(SharingRuleTable.id))
    )
    names = {rule["name"] for rule in wanted}
    stored: dict[str, SharingRuleTable] = {}
    for rule in found.all():
        if rule.note and (prune or rule.note in names):
            if rule.note in stored:
                text = f"Two of your rules have the note '{rule.note}': give one another note, or revoke it."
                raise Refusal("CONFLICT", text, ["name"])
            stored[rule.note] = rule
    steps = [await _step(unit, rule, stored.get(rule["name"])) for rule in wanted]
    for rule in [each for name, each in stored.items() if name not in names]:
        before, _ = await _effect(unit, rule.id) if rule.state == "ACTIVE" else ([], [])
        steps.append(Step("REVOKE", str(rule.note), None, rule, _compared(before, []), []))
    return steps


async def _step(unit: Unit, wanted: Rule, stored: SharingRuleTable | None) -> Step:
    given = await _given(unit, wanted)
    drafted = await unit.session.get_one(SharingRuleTable, await commands.sharing_rule_draft(unit, given))
    ignored = {"valid_from"} if given.valid_from is None else set()
    columns = commands.CONTENT.keys() - ignored
    same = stored is not None and all(getattr(drafted, each) == getattr(stored, each) for each in columns)
    if stored is None:
        action = "CREATE"
    elif not same:
        action = "CHANGE"
    else:
        action = {"ACTIVE": "KEEP", "SUSPENDED": "RESUME"}.get(stored.state, "ACTIVATE")
    if action == "KEEP":
        return Step(action, wanted["name"], given, stored, [], [])
    before, _ = await _effect(unit, stored.id) if stored is not None and stored.state == "ACTIVE" else ([], [])
    after, warnings = await _effect(unit, drafted.id)
    await simulate.standing_in(unit, drafted.id)
    return Step(action, wanted["name"], given, stored, _compared(before, after), warnings)


Effect = list[tuple[str, str, str, int]]
"""(partner, kind, field group or empty for the record itself, records)."""


async def _effect(unit: Unit, rule: UUID) -> tuple[Effect, list[str]]:
    """What a rule opens beyond all others that stand, and what to think about; it opens nothing afterwards."""
    outcome = await simulate.tried_in(unit, rule)
    assert outcome is not None
    codes = {card["partner_id"]: card["code"] for card in outcome.cards}
    warnings = [*outcome.warnings, *(f"COMPETITOR_REACHABLE {codes[each]}" for each in sorted(outcome.competitors))]
    return [
        (codes[partner], gain.kind.name, group, rows)
        for partner, gains in outcome.gains.items()
        for gain in gains
        for group, rows in (("", gain.rows), *gain.groups.items())
    ], warnings if outcome.complete else [*warnings, "INCOMPLETE"]


def _compared(before: Effect, after: Effect) -> list[dict[str, Any]]:
    """Records gained and lost, by partner, kind and field group; what stays the same is left out."""
    old, new = ({each[:3]: each[3] for each in side} for side in (before, after))
    return [
        {
            "partner": key[0], "kind": key[1], "fieldGroup": key[2] or None,
            "gained": max(0, new.get(key, 0) - old.get(key, 0)), "lost": max(0, old.get(key, 0) - new.get(key, 0)),
        }
        for key in sorted(old.keys() | new.keys())
        if new.get(key, 0) != old.get(key, 0)
    ]  # fmt: skip


async def _take(unit: Unit, step: Step) -> UUID:
    """Do one step; the key of the rule."""
    stored, given = step.stored, step.given
    if stored is None:
        assert given is not None
        made: UUID = await commands.sharing_rule_draft(unit, given)
        await commands.sharing_rule_activate(unit, _at(made, 1))
        return made
    if step.action == "CHANGE":
        assert given is not None
        await commands.sharing_rule_revise(unit, _revision(stored, given))
        await commands.sharing_rule_activate(unit, _at(stored.id, stored.version + 1))
    elif step.action in _STEPS:
        await _STEPS[step.action](unit, _at(stored.id, stored.version))
    return stored.id


_STEPS = {
    "ACTIVATE": commands.sharing_rule_activate, "RESUME": commands.sharing_rule_resume,
    "REVOKE": commands.sharing_rule_revoke,
}  # fmt: skip


def _at(key: UUID, version: int) -> SharingRuleStepInput:
    return SharingRuleStepInput(sharing_rule=strawberry.ID(public_id("rul", key)), expected_version=version)


def _revision(stored: SharingRuleTable, given: SharingRuleDraftInput) -> SharingRuleReviseInput:
    """The whole content of the file's rule as a revision of the stored one."""
    if given.kind.name != stored.kind:
        message = f"Rule '{stored.note}' is of kind {stored.kind}, which never changes: give the new one another name."
        raise Refusal("INVALID", message, ["kind"])
    some = strawberry.Some
    return SharingRuleReviseInput(
        sharing_rule=strawberry.ID(public_id("rul", stored.id)), expected_version=stored.version,
        grantee=some(given.grantee), items=None if given.items is None else some(given.items),
        sites=None if given.sites is None else some(given.sites), field_groups=some(given.field_groups),
        days_back=given.days_back, days_ahead=given.days_ahead,
        valid_from=None if given.valid_from is None else some(given.valid_from), valid_until=some(given.valid_until),
        receipts=some(given.receipts),
    )  # fmt: skip
