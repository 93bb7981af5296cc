"""The clauses of a version to be: checked one by one, with the path to what is wrong, before anything is written."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.measures.exceptions import CRITERIA, PER_CENT
from scmhub.partners import agreements as model
from scmhub.partners import units
from scmhub.partners.tables import ItemTable, RelationshipTable, SiteTable
from scmhub.quantity import render_decimal
from scmhub.records.relationships import agreement_inputs as inputs
from scmhub.records.relationships.agreement_api import MOST_CLAUSES

MOST_DAYS, MOST_RESPONSE_DAYS = 730, 365
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Draft:
    """A clause ready to be stored: its table and its columns, but for the version and its number."""

    table: type[SQLModel]
    values: dict[str, Any]

    @property
    def says(self) -> tuple[Any, ...]:
        """What two clauses of one version may not have in common."""
        names = ("criterion", "subject", "measure", "stock_owner_id", "item_id", "site_id")
        return (self.table, *(self.values.get(name) for name in names))

    def stored(self, unit: Unit, version_id: UUID, clause_no: int) -> SQLModel:
        return self.table(id=new_id(unit.now), version_id=version_id, clause_no=clause_no, **self.values)


@dataclass(frozen=True, slots=True)
class _Drafting:
    """The relationship a clause is written for; items and sites in it belong to one of its sides."""

    unit: Unit
    link: RelationshipTable

    @property
    def sides(self) -> tuple[UUID, UUID]:
        return self.link.provider_id, self.link.recipient_id

    async def item(self, given: str | None, path: list[str]) -> ItemTable | None:
        if given is None:
            return None
        key = await visible_key(self.unit, "Item", given, [*path, "item"])
        item = (await self.unit.session.exec(select(ItemTable).where(ItemTable.id == key))).one()
        if item.owner_id not in self.sides:
            raise Refusal("FORBIDDEN", "It must be an item of one of the two sides.", [*path, "item"])
        return item

    async def site(self, given: str, path: list[str]) -> UUID:
        key = await visible_key(self.unit, "Site", given, [*path, "site"])
        site = (await self.unit.session.exec(select(SiteTable).where(SiteTable.id == key))).one()
        if site.partner_id not in self.sides:
            raise Refusal("FORBIDDEN", "It must be a site of one of the two sides.", [*path, "site"])
        return key

    async def owner(self, given: str, path: list[str]) -> UUID:
        key = await visible_key(self.unit, "Partner", given, [*path, "owner"])
        if key not in self.sides:
            raise Refusal("FORBIDDEN", "It must be one of the two sides.", [*path, "owner"])
        return key


async def drafts(unit: Unit, link: RelationshipTable, given: Sequence[inputs.ClauseInput]) -> list[Draft]:
    """The clauses of a version; the first refusal names the clause by its place."""
    take.count(len(given), MOST_CLAUSES, "clauses", ["input", "clauses"])
    drafting = _Drafting(unit, link)
    made: list[Draft] = []
    known: dict[tuple[Any, ...], int] = {}
    for place, clause in enumerate(given):
        name, make = next((name, make) for name, make in _MAKERS.items() if getattr(clause, name))
        path = ["input", "clauses", str(place), _camel(name)]
        draft = await make(drafting, getattr(clause, name), path)
        first = known.setdefault(draft.says, place)
        if first != place:
            raise Refusal("INVALID", f"Clause {first} speaks of the same; a version says it once.", path)
        made.append(draft)
    return made


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


async def _tolerance(drafting: _Drafting, given: inputs.ToleranceClauseInput, path: list[str]) -> Draft:
    allowed = take.not_negative(given.allowed, [*path, "allowed"])
    if given.grave is not None and take.not_negative(given.grave, [*path, "grave"]) <= allowed:
        raise Refusal("OUT_OF_RANGE", "It must be above what is allowed.", [*path, "grave"])
    item = await drafting.item(given.item, path)
    return Draft(
        model.ToleranceClauseTable,
        {
            "item_id": item and item.id, "criterion": given.criterion.name, "allowed": allowed, "grave": given.grave,
            "unit": CRITERIA[given.criterion.name],
        },
    )  # fmt: skip


async def _response_time(_: _Drafting, given: inputs.ResponseClauseInput, path: list[str]) -> Draft:
    _between(given.days, 0, MOST_RESPONSE_DAYS, [*path, "days"])
    return Draft(model.ResponseClauseTable, {"subject": given.subject.name, "days": given.days})


async def _stock_policy(drafting: _Drafting, given: inputs.StockPolicyClauseInput, path: list[str]) -> Draft:
    levels = {name: getattr(given, name) for name in ("minimum", "target", "maximum")}
    said = {name: take.not_negative(value, [*path, name]) for name, value in levels.items() if value is not None}
    if not said:
        raise Refusal("REQUIRED", "Say at least one of minimum, maximum and target.", path)
    ranked = list(said.items())
    for (low, least), (high, most) in itertools.pairwise(ranked):
        if most < least:
            raise Refusal("INVALID", f"The {high} is below the {low}.", [*path, high])
    code = take.known(given.unit, units.unit, [*path, "unit"])
    item = await drafting.item(given.item, path)
    assert item is not None
    if not units.compatible(code, item.unit):
        raise Refusal("UNIT_MISMATCH", f"The item is counted in {item.unit}, not in {code}.", [*path, "unit"])
    site, owner = await drafting.site(given.site, path), await drafting.owner(given.owner, path)
    values = {"item_id": item.id, "site_id": site, "stock_owner_id": owner, "unit": code, **levels}
    return Draft(model.StockPolicyClauseTable, values)


async def _service_level(drafting: _Drafting, given: inputs.ServiceLevelClauseInput, path: list[str]) -> Draft:
    at_least = take.not_negative(given.at_least, [*path, "atLeast"])
    if at_least > _HUNDRED:
        raise Refusal("OUT_OF_RANGE", "More than 100 per cent cannot be had.", [*path, "atLeast"])
    measure = given.measure.name
    for name in ("due", "late_days", "early_days", "short_allowed", "item"):
        said, path_to = getattr(given, name) is not None, [*path, _camel(name)]
        if not said and name in _NEEDED[measure]:
            raise Refusal("REQUIRED", f"{measure} cannot be measured without it.", path_to)
        if said and name not in (*_NEEDED[measure], *_POSSIBLE[measure]):
            raise Refusal("INVALID", f"{measure} does not look at it: leave it out.", path_to)
        if said and name.endswith("_days"):
            _between(getattr(given, name), 0, MOST_RESPONSE_DAYS, path_to)
    if (given.short_allowed or 0) > _HUNDRED:
        raise Refusal("OUT_OF_RANGE", "More than 100 per cent cannot be missing.", [*path, "shortAllowed"])
    short = given.short_allowed and take.not_negative(given.short_allowed, [*path, "shortAllowed"])
    item = await drafting.item(given.item, path)
    return Draft(
        model.ServiceLevelClauseTable,
        {
            "item_id": item and item.id, "measure": measure, "at_least": at_least, "unit": PER_CENT,
            "period": given.period.name, "due": given.due and given.due.name, "early_days": given.early_days,
            "late_days": given.late_days, "short_allowed": short,
        },
    )  # fmt: skip


_NEEDED = {
    "OTIF": ("due", "late_days", "short_allowed"), "ON_TIME": ("due", "late_days", "short_allowed"),
    "FILL_RATE": ("due", "late_days", "item"), "READY_RATE": ("item",),
}  # fmt: skip
"""What a service level must say, by measure: with a default, two sides would mean different things by one figure."""
_POSSIBLE = {
    "OTIF": ("early_days", "item"), "ON_TIME": ("early_days", "item"), "FILL_RATE": ("early_days",), "READY_RATE": (),
}  # fmt: skip


async def _fences(drafting: _Drafting, given: inputs.FenceClauseInput, path: list[str]) -> Draft:
    _between(given.frozen_days, 0, MOST_DAYS, [*path, "frozenDays"])
    _between(given.firm_days, given.frozen_days, MOST_DAYS, [*path, "firmDays"])
    _between(given.flexible_days, given.firm_days, MOST_DAYS, [*path, "flexibleDays"])
    item = await drafting.item(given.item, path)
    return Draft(
        model.FenceClauseTable,
        {
            "item_id": item and item.id, "frozen_days": given.frozen_days, "firm_days": given.firm_days,
            "flexible_days": given.flexible_days, "inside_frozen": given.inside_frozen.name,
        },
    )  # fmt: skip


_MAKERS: dict[str, Callable[[_Drafting, Any, list[str]], Awaitable[Draft]]] = {
    "tolerance": _tolerance, "response_time": _response_time, "stock_policy": _stock_policy,
    "service_level": _service_level, "fences": _fences,
}  # fmt: skip


def _between(days: int, least: int, most: int, path: list[str]) -> None:
    if not least <= days <= most:
        raise Refusal("OUT_OF_RANGE", f"It must lie between {least} and {most}.", path)


def digest(version: model.AgreementVersionTable, title: str, clauses: Sequence[Draft]) -> str:
    """SHA-256 of what is signed, as canonical JSON (RFC 8785, which for texts is: sorted keys, no spaces)."""
    told = {
        "agreement": str(version.agreement_id), "title": title, "versionNo": str(version.version_no),
        "inForceFrom": str(version.in_force_from), "inForceUntil": _text(version.in_force_until),
        "noticeDays": str(version.notice_days), "note": version.note,
        "clauses": [
            {"kind": str(each.table.__tablename__), **{name: _text(value) for name, value in each.values.items()}}
            for each in clauses
        ],
    }  # fmt: skip
    canonical = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _text(value: Decimal | date | UUID | str | int | None) -> str | None:
    if value is None:
        return None
    return render_decimal(value) if isinstance(value, Decimal) else str(value)
