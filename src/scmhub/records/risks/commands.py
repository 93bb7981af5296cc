"""What the owner of a risk register does with its entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import changeable, visible_key
from scmhub.ids import new_id
from scmhub.partners import currencies
from scmhub.partners.tables import ItemTable, SiteTable
from scmhub.records.risks import rules
from scmhub.records.risks.inputs import RiskRegisterInput, RiskReviseInput, RiskStepInput
from scmhub.records.risks.model import RiskTable

_FIELDS = {
    "title": "title", "cause": "cause", "likelihood": "likelihood", "impact": "impact", "note": "note",
    "time_to_recover_days": "timeToRecoverDays", "mitigation": "mitigation", "mitigation_owner": "mitigationOwner",
    "mitigation_due_on": "mitigationDueOn", "review_on": "reviewOn", "impact_amount": "impactAmount",
}  # fmt: skip
MOST_DAYS = 3_650


@command("riskRegister", payload="Risk", description="Adds an entry to your risk register; nobody else sees it.")
async def risk_register(unit: Unit, given: RiskRegisterInput) -> UUID:
    item, site = await _subject(unit, given)
    checked = {name: _check(name, getattr(given, name)) for name in _FIELDS if name != "impact_amount"}
    amount, currency = _money(given.impact_amount)
    risk = RiskTable(
        id=new_id(unit.now), owner_id=unit.partner_id, item_id=item, site_id=site, impact_amount=amount,
        currency=currency, declared_on=None if given.time_to_recover_days is None else unit.now.date(),
        created_at=unit.now, **checked,
    )  # fmt: skip
    unit.session.add(risk)
    _tell(unit, risk, "REGISTERED", ["item", "site", "state", *_FIELDS.values()])
    await unit.session.flush()
    return risk.id


async def _subject(unit: Unit, given: RiskRegisterInput) -> tuple[UUID | None, UUID | None]:
    """Item and site, each the owner's: a rule that opens the risk shows their cards, others' are not ours to name."""
    if given.item is None and given.site is None:
        raise Refusal("REQUIRED", "Name an item, a site, or both.", ["input", "item"])
    item = site = None
    if given.item is not None:
        item = await visible_key(unit, "Item", given.item, ["input", "item"])
        owner = (await unit.session.exec(select(ItemTable.owner_id).where(ItemTable.id == item))).one()
        _check_mine(unit, owner, "item")
    if given.site is not None:
        site = await visible_key(unit, "Site", given.site, ["input", "site"])
        owner = (await unit.session.exec(select(SiteTable.partner_id).where(SiteTable.id == site))).one()
        _check_mine(unit, owner, "site")
    return item, site


def _check_mine(unit: Unit, owner: UUID, what: str) -> None:
    if owner != unit.partner_id:
        raise Refusal("FORBIDDEN", f"It must be your own {what}.", ["input", what])


def _check(name: str, value: Any) -> Any:
    """A field as it is stored; Refusal with its path."""
    path = ["input", _FIELDS[name]]
    match name:
        case "title":
            return take.text(value, take.NAME, path)
        case "cause":
            return value.name
        case "likelihood" | "impact":
            return rules.check_grade(value, path)
        case "mitigation_owner":
            return take.some_text(value, take.NAME, path)
        case "note" | "mitigation":
            return take.some_text(value, take.NOTE, path, lines=True)
        case "time_to_recover_days" if value is not None and not 0 <= value <= MOST_DAYS:
            raise Refusal("OUT_OF_RANGE", f"It must lie between 0 and {MOST_DAYS} days.", path)
    return value


def _money(given: Any) -> tuple[Any, str | None]:
    if given is None:
        return None, None
    amount = take.not_negative(given.amount, ["input", "impactAmount", "amount"])
    return amount, take.known(given.currency_code, currencies.currency, ["input", "impactAmount", "currencyCode"])


def _tell(unit: Unit, risk: RiskTable, action: str, fields: list[str]) -> None:
    unit.change("RISK", action, risk.id, risk.owner_id, changed=fields)


async def _mine(unit: Unit, given: RiskReviseInput | RiskStepInput) -> RiskTable:
    return await changeable(unit, RiskTable, "Risk", given.risk, given.expected_version, ["input", "risk"])


@command("riskRevise", payload="Risk", description="Changes an entry of your register; item and site stay.")
async def risk_revise(unit: Unit, given: RiskReviseInput) -> UUID:
    risk = await _mine(unit, given)
    with take.about(risk.id):
        rules.risk_after(risk.state, "riskRevise")
        changed = [field for name, field in _FIELDS.items() if _revise(unit, risk, name, getattr(given, name))]
    if changed:
        risk.version += 1
        unit.session.add(risk)
        _tell(unit, risk, "REVISED", [*changed, "version"])
    return risk.id


def _revise(unit: Unit, risk: RiskTable, name: str, maybe: Any) -> bool:
    """Take over one field of a revision; whether it changed anything."""
    if maybe is None:
        return False
    if name == "impact_amount":
        amount, currency = _money(maybe.value)
        changed = (amount, currency) != (risk.impact_amount, risk.currency)
        risk.impact_amount, risk.currency = amount, currency
        return changed
    value = _check(name, maybe.value)
    if name == "time_to_recover_days":
        declared = None if value is None else unit.now.date()
        changed = (value, declared) != (risk.time_to_recover_days, risk.declared_on)
        risk.declared_on = declared
    else:
        changed = value != getattr(risk, name)
    setattr(risk, name, value)
    return changed


async def _step(unit: Unit, given: RiskStepInput, step: str, action: str, fields: list[str]) -> UUID:
    risk = await _mine(unit, given)
    with take.about(risk.id):
        risk.state = rules.risk_after(risk.state, step)
        measure = take.some_text(given.measure, take.NOTE, ["input", "measure"], lines=True)
        if measure is not None and step != "riskResolve":
            raise Refusal("INVALID", "A measure belongs to riskResolve.", ["input", "measure"])
    if step == "riskOccur":
        risk.occurred_at = unit.now
    if step == "riskResolve":
        risk.resolved_at, risk.measure = unit.now, measure
    risk.version += 1
    unit.session.add(risk)
    _tell(unit, risk, action, ["state", *fields, "version"])
    return risk.id


@command("riskOccur", payload="Risk", description="It has happened: the risk is OPEN until it is resolved.")
async def risk_occur(unit: Unit, given: RiskStepInput) -> UUID:
    return await _step(unit, given, "riskOccur", "OCCURRED", ["occurredAt"])


@command("riskResolve", payload="Risk", description="What had happened is over.")
async def risk_resolve(unit: Unit, given: RiskStepInput) -> UUID:
    return await _step(unit, given, "riskResolve", "RESOLVED", ["resolvedAt", "measure"])


@command("riskRetire", payload="Risk", description="It is no longer a risk; the entry stays as history.")
async def risk_retire(unit: Unit, given: RiskStepInput) -> UUID:
    return await _step(unit, given, "riskRetire", "RETIRED", [])
