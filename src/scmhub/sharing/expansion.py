"""From rules to scopes: what a rule opens depends on who stands in which relationship today, and nothing else.

acme writes "my suppliers may see orders of item 7". While bolt's relationship with acme is ACTIVE there is a scope for
bolt; the transaction that suspends or ends the relationship deletes it. ``expand`` is pure, and the law holds at every
moment: expanding all rules from nothing gives exactly the scope table (``scmhub doctor`` checks it).

Two transactions could break the law by passing each other: acme activates a rule for its suppliers while bolt accepts
to be one, and neither sees the other's change. So whoever changes either holds the owner's sharing until it commits.

A block pair narrows what rules open: no scope between the two, and the scopes of either carry the other as a hidden
party, whoever granted them. What is read costs nothing for it: a scope nobody is hidden from carries null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
from sqlmodel import col, delete, select

from scmhub.database.unit import Unit
from scmhub.ids import new_id
from scmhub.partners.tables import RelationshipTable
from scmhub.sharing.announce import announcing
from scmhub.sharing.reviews import rule_moved
from scmhub.sharing.tables import BlockPairTable, ScopeTable, SharingRuleTable

MOST_SCOPES = 10_000
_ALL_SHARING = 0x5C4D_B10C
"""The lock of everybody's sharing: taken shared by whoever holds an owner's, alone by whoever changes a block pair."""
ROLES = {
    "SUPPLIER": ("SUPPLY", "provider_id"),
    "CUSTOMER": ("SUPPLY", "recipient_id"),
    "CONTRACT_MANUFACTURER": ("CONTRACT_MANUFACTURING", "provider_id"),
    "DISTRIBUTOR": ("DISTRIBUTION", "provider_id"),
    "LOGISTICS_PROVIDER": ("LOGISTICS", "provider_id"),
}
"""What a partner can be towards the owner of a rule: kind of relationship, and the end the partner stands on."""
STANDING = ("PROPOSED", "ACTIVE", "SUSPENDED")
"""States of a relationship that is, or may become, in force; rules that name a partner end with the last of them."""


class Opening(NamedTuple):
    """What one scope opens, apart from its identity: one item or all, one site or all, to one grantee.

    ``hidden``: partners kept apart from the grantee, in order; rows they are a party to stay closed.
    """

    grantee: UUID
    item: UUID | None
    site: UUID | None
    hidden: tuple[UUID, ...] = ()


class Standing(NamedTuple):
    """What the rules of one owner expand against: its relationships, and the block pairs that bear on its records."""

    relationships: list[RelationshipTable]
    blocks: list[BlockPairTable]


def grantees(rule: SharingRuleTable, relationships: Iterable[RelationshipTable]) -> set[UUID]:
    """Partners the rule speaks of that stand in an ACTIVE relationship with its owner."""
    found: set[UUID] = set()
    for each in relationships:
        if each.state != "ACTIVE" or rule.owner_id not in (each.provider_id, each.recipient_id):
            continue
        other = each.recipient_id if each.provider_id == rule.owner_id else each.provider_id
        if rule.grantee_id == other:
            found.add(other)
        elif rule.grantee_role is not None:
            kind, end = ROLES[rule.grantee_role]
            if each.kind == kind and getattr(each, end) == other:
                found.add(other)
    return found


def kept_apart(partner: UUID, owner: UUID, blocks: Iterable[BlockPairTable]) -> set[UUID]:
    """Partners that are kept apart from ``partner`` as far as the records of ``owner`` go; both ways."""
    found: set[UUID] = set()
    for each in blocks:
        pair = {each.one_id, each.other_id}
        if each.state == "ACTIVE" and partner in pair and (not each.own_records_only or each.owner_id == owner):
            found |= pair - {partner}
    return found


def expand(rule: SharingRuleTable, standing: Standing) -> set[Opening]:
    """Everything an ACTIVE rule opens today; nothing for a rule in another state. Validity is judged at reading."""
    if rule.state != "ACTIVE":
        return set()
    items: list[UUID | None] = [None] if rule.items is None else [*rule.items]
    sites: list[UUID | None] = [None] if rule.sites is None else [*rule.sites]
    apart = {each: kept_apart(each, rule.owner_id, standing.blocks) for each in grantees(rule, standing.relationships)}
    return {
        Opening(grantee, item, site, tuple(sorted(hidden)))
        for grantee, hidden in apart.items()
        if rule.owner_id not in hidden
        for item in items
        for site in sites
    }


async def rule_changed(unit: Unit, rule: SharingRuleTable) -> None:
    """Bring the scopes of one rule in line with it, in the transaction that changed it; the unit acts for its owner."""
    await hold_sharing(unit, rule.owner_id)
    async with announcing(unit, rule.owner_id, rule=rule.id):
        await replace_scopes(unit, rule)


async def replace_scopes(unit: Unit, rule: SharingRuleTable) -> None:
    """The scopes of one rule anew. Whoever commits this holds the owner's sharing."""
    await unit.rows("delete from scope s where s.rule_id = $1", rule.id)
    for scope in scopes_of(rule, await standing_of(unit, rule.owner_id), unit):
        unit.session.add(scope)
    await unit.session.flush()


async def openings_today(unit: Unit, rule: SharingRuleTable) -> set[Opening]:
    """What the rule would open now; the unit acts for its owner."""
    return expand(rule, await standing_of(unit, rule.owner_id))


async def hold_sharing(unit: Unit, *owners: UUID) -> None:
    """Wait for other transactions that change what these owners share, and keep new ones waiting until this one ends.

    Always before the lock of a rule's row, always in the same order: so nobody waits in a circle.
    """
    for owner in sorted(owners):
        number = int.from_bytes(owner.bytes[8:], "big", signed=True)
        await unit.rows("select pg_advisory_xact_lock_shared($1), pg_advisory_xact_lock($2)", _ALL_SHARING, number)


async def hold_all_sharing(unit: Unit) -> None:
    """The same for every owner: a block pair bears on what others share. Before any other lock of sharing."""
    await unit.rows("select pg_advisory_xact_lock($1)", _ALL_SHARING)


def scopes_of(rule: SharingRuleTable, standing: Standing, unit: Unit) -> Iterator[ScopeTable]:
    for opening in sorted(expand(rule, standing), key=str):
        yield ScopeTable(
            id=new_id(unit.now),
            rule_id=rule.id,
            granter=rule.owner_id,
            grantee=opening.grantee,
            kind=rule.kind,
            owner=rule.owner_id,
            item=opening.item,
            site=opening.site,
            tokens=list(rule.field_groups),
            purposes=rule.purposes,
            receipts=rule.receipts,
            days_back=rule.days_back,
            days_ahead=rule.days_ahead,
            hidden_parties=list(opening.hidden) or None,
            valid_from=rule.valid_from,
            valid_until=rule.valid_until,
        )


async def relationship_changed(unit: Unit, relationship: RelationshipTable) -> None:
    """Bring the scopes between two partners in line with their relationships, in the transaction that changed one.

    Both sides' rules are touched, whichever side acted: the unit acts for each granter in turn. When nothing stands
    between the two any more, rules that name the other are REVOKED; their history stays.
    """
    ends = (relationship.provider_id, relationship.recipient_id)
    await hold_sharing(unit, *ends)
    for owner, other in (ends, ends[::-1]):
        async with unit.acting_for(owner), announcing(unit, owner, grantee=other):
            await realign(unit, owner, other)


async def realign(unit: Unit, owner: UUID, other: UUID) -> None:
    """The scopes of one owner and grantee anew; the unit acts for the owner, whose sharing it holds."""
    standing = await standing_of(unit, owner)
    links = standing.relationships
    over = not any(other in (each.provider_id, each.recipient_id) for each in links if each.state in STANDING)
    rules = await unit.session.exec(
        select(SharingRuleTable).where(
            SharingRuleTable.owner_id == owner,
            col(SharingRuleTable.state).in_(("ACTIVE", "SUSPENDED")),
            (col(SharingRuleTable.grantee_id) == other) | col(SharingRuleTable.grantee_role).is_not(None),
        )
    )
    await unit.session.exec(delete(ScopeTable).where(col(ScopeTable.owner) == owner, col(ScopeTable.grantee) == other))
    for rule in rules.all():
        if over and rule.grantee_id == other:
            rule.state, rule.version = "REVOKED", rule.version + 1
            unit.change("SHARING_RULE", "REVOKED", rule.id, owner, changed=["state"])
            await rule_moved(unit, rule)
        for scope in scopes_of(rule, standing, unit):
            if scope.grantee == other:
                unit.session.add(scope)
    await unit.session.flush()


async def standing_of(unit: Unit, owner: UUID) -> Standing:
    """What the rules of an owner expand against now; the unit acts for it."""
    links = await relationships_of(unit, owner)
    known = {end for each in links for end in (each.provider_id, each.recipient_id)}
    blocks = await unit.session.exec(
        select(BlockPairTable).where(
            BlockPairTable.state == "ACTIVE",
            col(BlockPairTable.one_id).in_(known) | col(BlockPairTable.other_id).in_(known),
        )
    )
    return Standing(links, list(blocks.all()))


async def relationships_of(unit: Unit, partner: UUID) -> list[RelationshipTable]:
    """All relationships of a partner, whatever their state."""
    found = await unit.session.exec(
        select(RelationshipTable).where(
            (RelationshipTable.provider_id == partner) | (RelationshipTable.recipient_id == partner)
        )
    )
    return list(found.all())


class _Line(NamedTuple):
    """A scope without its own id: what the law compares."""

    rule_id: UUID
    granter: UUID
    grantee: UUID
    kind: str
    owner: UUID
    item: UUID | None
    site: UUID | None
    tokens: tuple[str, ...]
    purposes: tuple[str, ...] | None
    receipts: str | None
    days_back: int | None
    days_ahead: int | None
    hidden_parties: tuple[UUID, ...] | None
    valid_from: datetime
    valid_until: datetime | None


async def scopes_out_of_line(connection: asyncpg.Connection) -> int:
    """How many scopes are missing, superfluous or different from what all rules expand into now; 0 keeps the law.

    ``connection`` may read everything (the administrator's, or the read role's).
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        rules = await connection.fetch("select * from sharing_rule where state = 'ACTIVE'")
        links = await connection.fetch("select * from relationship where state = 'ACTIVE'")
        pairs = await connection.fetch("select * from block_pair where state = 'ACTIVE'")
        found = await connection.fetch("select * from scope")
    of_owner: dict[UUID, list[RelationshipTable]] = {}
    for link in links:
        for end in (link["provider_id"], link["recipient_id"]):
            of_owner.setdefault(end, []).append(RelationshipTable(**dict(link)))
    blocks = [BlockPairTable(**dict(pair)) for pair in pairs]
    wanted = Counter(
        line
        for each in rules
        for line in _lines(SharingRuleTable(**dict(each)), Standing(of_owner.get(each["owner_id"], []), blocks))
    )
    stored = Counter(_Line(*(_frozen(row[name]) for name in _Line._fields)) for row in found)
    return (wanted - stored).total() + (stored - wanted).total()


def _lines(rule: SharingRuleTable, standing: Standing) -> Iterator[_Line]:
    for opening in expand(rule, standing):
        yield _Line(
            rule.id, rule.owner_id, opening.grantee, rule.kind, rule.owner_id, opening.item, opening.site,
            tuple(rule.field_groups), tuple(rule.purposes) if rule.purposes else None, rule.receipts, rule.days_back,
            rule.days_ahead, opening.hidden or None, rule.valid_from, rule.valid_until,
        )  # fmt: skip


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
