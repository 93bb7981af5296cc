"""What a rule would open, found by opening it in a transaction that is always taken back.

acme tries "my suppliers may see my orders". The rule's scopes are written, the rows they reach are counted with each
supplier's own policy statement, the scopes are deleted, and the same rows are counted again: the difference is gained.
Rows and scopes are those of acme alone, because row level security holds for the whole transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
from sqlmodel import select

from scmhub.database.unit import Database, Unit
from scmhub.errors import RateLimited
from scmhub.graph.declare import REGISTRY, Kind
from scmhub.partners.tables import RelationshipTable
from scmhub.records.sharing_rules.commands import dimensions_of
from scmhub.sharing import asking, tried
from scmhub.sharing.expansion import MOST_SCOPES, ROLES, expand, replace_scopes, standing_of
from scmhub.sharing.lens import Lens, lens_of
from scmhub.sharing.limits import Governed
from scmhub.sharing.policy import Owned
from scmhub.sharing.tables import SharingRuleTable

MOST_COUNTED = 10_000
"""Records of one kind that are looked at: the newest of those the rule covers."""
MOST_GRANTEES = 100
"""Partners that are looked at."""
MOST_LOOKS = 100_000
"""Records of one kind times partners; with many partners fewer records are looked at."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What one partner would gain of one kind."""

    kind: Kind
    rows: int
    groups: dict[str, int]
    samples: list[UUID]


@dataclass(slots=True)
class Outcome:
    """What a rule would do; ``complete`` is False if a limit cut it short."""

    cards: list[asyncpg.Record] = field(default_factory=list)
    gains: dict[UUID, list[Gain]] = field(default_factory=dict)
    competitors: set[UUID] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    complete: bool = True


class _TakenBack(Exception):
    """Ends the transaction of a simulation; never leaves this module."""


_running = asyncio.Semaphore(1)
"""A simulation holds a connection that commands need: one at a time in a process, the others come back later."""


async def simulate(database: Database, lens: Lens, now: datetime, rule_key: UUID) -> Outcome | None:
    """None if the owner has no such rule; RateLimited while another simulation runs."""
    if _running.locked():
        raise RateLimited("Another simulation is running; ask again in a moment.", retry_after=1.0)
    async with _running:
        return await _simulated(database, lens, now, rule_key)


async def _simulated(database: Database, lens: Lens, now: datetime, rule_key: UUID) -> Outcome | None:
    found: Outcome | None = None
    try:
        async with database.unit(lens.partner_id, "simulation", lambda: now) as unit:
            unit.limits = lens.purposes, lens.kinds
            found = await tried_in(unit, rule_key)
            raise _TakenBack
    except _TakenBack:
        return found


async def tried_in(unit: Unit, rule_key: UUID) -> Outcome | None:
    """What the rule would open, in a unit that its caller takes back: afterwards the rule has no scopes."""
    rule = await _as_active(unit, rule_key)
    if rule is None:
        return None
    standing = await standing_of(unit, unit.partner_id)
    openings = expand(rule, standing)
    outcome = Outcome(warnings=warnings_of(rule, len(openings)))
    if not openings or len(openings) > MOST_SCOPES:
        return outcome
    at = max(unit.now, rule.valid_from)
    everyone = tuple({opening.grantee for opening in openings})
    outcome.cards = (await _rows(unit, asking.cards(), at, unit.partner_id, records=everyone))[:MOST_GRANTEES]
    outcome.complete = len(everyone) <= MOST_GRANTEES
    await replace_scopes(unit, rule)
    reached = await _reached(unit, rule, at, outcome)
    grantees = [card["partner_id"] for card in outcome.cards]
    after = {grantee: await _count(unit, rule, at, grantee, reached) for grantee in grantees}
    rule.state = "DRAFT"
    await replace_scopes(unit, rule)
    for grantee in grantees:
        before = await _count(unit, rule, at, grantee, reached)
        outcome.gains[grantee] = list(_gains(rule, reached, before, after[grantee]))
    outcome.competitors = await _competitors(unit, at, standing.relationships, grantees, reached)
    return outcome


async def standing_in(unit: Unit, rule_key: UUID) -> None:
    """Let the rule open what it says, in a unit that its caller takes back: what is tried after it finds it open."""
    rule = await _as_active(unit, rule_key)
    if rule is not None and len(expand(rule, await standing_of(unit, unit.partner_id))) <= MOST_SCOPES:
        await replace_scopes(unit, rule)


async def _as_active(unit: Unit, rule_key: UUID) -> SharingRuleTable | None:
    mine = select(SharingRuleTable).where(SharingRuleTable.id == rule_key, SharingRuleTable.owner_id == unit.partner_id)
    rule = (await unit.session.exec(mine)).first()
    return SharingRuleTable(**rule.model_dump() | {"state": "ACTIVE"}) if rule else None


def warnings_of(rule: SharingRuleTable, size: int) -> list[str]:
    """What its author should think about, from the rule alone and the number of scopes it makes today."""
    has = dimensions_of(rule.kind)
    return [
        code
        for code, holds in (
            ("NO_GRANTEES", size == 0),
            ("TOO_LARGE", size > MOST_SCOPES),
            ("FUTURE_ITEMS", has.items and rule.items is None),
            ("FORWARD_LOOKING", has.days and rule.days_ahead != 0),
        )
        if holds
    ]


Reached = list[tuple[Kind, tuple[UUID, ...]]]


async def _reached(unit: Unit, rule: SharingRuleTable, at: datetime, outcome: Outcome) -> Reached:
    """Per record kind (parts go with their whole) the newest rows the rule covers."""
    reached: Reached = []
    for kind in REGISTRY.shareable_kinds()[rule.kind]:
        if kind.part_of:
            continue
        most = min(MOST_COUNTED, MOST_LOOKS // len(outcome.cards))
        statement = tried.opened_rows(kind.policy, kind.table.name)
        rows = await _rows(unit, statement, at, unit.partner_id, record=rule.id, most=most + 1)
        outcome.complete = outcome.complete and len(rows) <= most
        reached.append((kind, tuple(row["id"] for row in rows[:most])))
    return reached


async def _count(
    unit: Unit, rule: SharingRuleTable, at: datetime, grantee: UUID, reached: Reached
) -> list[asyncpg.Record]:
    """What the grantee sees of these rows, by the policy its own queries are answered with."""
    found = []
    for kind, records in reached:
        groups = _groups(kind, rule)
        statement = tried.counts(kind.policy, kind.table.name, tuple(kind.tokens()[group] for group in groups))
        found += await _rows(unit, statement, at, grantee, records=records)
    return found


def _groups(kind: Kind, rule: SharingRuleTable) -> list[str]:
    return [group for group in kind.tokens() if group in rule.field_groups]


def _gains(
    rule: SharingRuleTable, reached: Reached, before: list[asyncpg.Record], after: list[asyncpg.Record]
) -> Iterable[Gain]:
    for (kind, _), old, new in zip(reached, before, after, strict=True):
        more = [there - here for here, there in zip(old["granted"], new["granted"], strict=True)]
        groups = dict(zip(_groups(kind, rule), more, strict=True))
        yield Gain(kind, new["visible"] - old["visible"], groups, list(old["unseen"] or ()))


async def _competitors(
    unit: Unit, at: datetime, links: list[RelationshipTable], grantees: list[UUID], reached: Reached
) -> set[UUID]:
    """Grantees that stand in the same role towards the owner as another party of the records they would see."""
    parties: set[UUID] = set()
    for kind, records in reached:
        if isinstance(kind.policy, Owned):
            statement = tried.parties_of(kind.policy, kind.table.name)
            parties |= {row["key"] for row in await _rows(unit, statement, at, unit.partner_id, records=records)}
    roles = {partner: roles_of(partner, unit.partner_id, links) for partner in parties.union(grantees)}
    return {
        grantee for grantee in grantees if any(roles[grantee] & roles[other] for other in parties if other != grantee)
    }


def roles_of(partner: UUID, owner: UUID, links: Iterable[RelationshipTable]) -> set[str]:
    """What a partner is to the owner by ACTIVE relationships."""
    between = [
        each for each in links if each.state == "ACTIVE" and {partner, owner} == {each.provider_id, each.recipient_id}
    ]
    return {
        role
        for role, (kind, end) in ROLES.items()
        if any(each.kind == kind and getattr(each, end) == partner for each in between)
    }


async def _rows(unit: Unit, statement: Governed, at: datetime, viewer: UUID, **more: Any) -> list[asyncpg.Record]:
    return await unit.rows(*statement.asked(asking.Asked(lens_of(unit).of(viewer), at, **more)))
