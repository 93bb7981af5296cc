"""Who and where an import speaks of: partners, their sites, and the relationships that make them readable.

Rows of one partner are written by a unit that acts for it: the operator registers a consignee, and the consignee's own
unit adds its site. Master data that exists is never touched: its owner keeps it. The buyer's items come with orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.exchange.delta import CREATED, UNCHANGED, Row, made_id, noon
from scmhub.exchange.findings import WARNING
from scmhub.exchange.rows import Card
from scmhub.exchange.staging import Counterpart, Staging
from scmhub.exchange.store import insert
from scmhub.exchange.work import ACTOR, Desk
from scmhub.partners.tables import PartnerTable, RelationshipTable, SiteTable
from scmhub.sharing.expansion import relationship_changed

_RELATIONSHIPS_A_UNIT = 50
"""Each holds the sharing of two partners until the unit ends."""


@dataclass
class Masters:
    """Keys by code: partners by code, sites by (code of the owner, code)."""

    buyer: UUID
    partners: dict[str, UUID]
    sites: dict[tuple[str, str], UUID] = field(default_factory=dict)


async def prepare_masters(desk: Desk, staging: Staging, buyer: str, card: Card) -> Masters:
    """The keys of all that the orders mention; what is missing is made first, or would be."""
    earliest = staging.earliest()
    born = noon(earliest) if earliest else desk.clock()
    counterparts = staging.counterparts()
    cards = {buyer: card} | {each.code: each.card for each in counterparts}
    partners = await _partners(desk, cards, buyer, born)
    masters = Masters(partners[buyer], partners)
    await _count_items(desk, staging, masters.buyer)
    await _sites(desk, staging.sites(), masters, buyer, born)
    await _relationships(desk, counterparts, masters, buyer)
    return masters


async def _partners(desk: Desk, cards: dict[str, Card], buyer: str, born: datetime) -> dict[str, UUID]:
    rows = await desk.database.read.rows("select id, code, name, status from partner where code = any($1)", list(cards))
    if any(row["id"] == HUB_PARTNER for row in rows):
        raise Refusal("INVALID", "The hub itself is no firm that orders or delivers.", ["as"])
    if suspended := sorted(row["code"] for row in rows if row["status"] != "ACTIVE"):
        raise Refusal("INVALID", f"Suspended partners take no orders: {', '.join(suspended[:5])}.", ["file"])
    for row in rows:
        if row["code"] != buyer and row["name"] != (name := cards[row["code"]].name):
            done = f"taken for {row['name']}, the partner with the code {row['code']}: is it the same firm?"
            desk.findings.add(WARNING, "SAME_CODE", 0, "partner", name, done)
    found: dict[str, UUID] = {row["code"]: row["id"] for row in rows}
    new = {code: made_id("PARTNER", born, code) for code in cards if code not in found}
    desk.counts.add("partners", CREATED, len(new))
    desk.counts.add("partners", UNCHANGED, len(found))
    if new and desk.apply:
        async with desk.database.unit(HUB_PARTNER, ACTOR, desk.clock) as unit:
            await _register(unit, [(key, code, cards[code]) for code, key in new.items()])
    return found | new


async def _count_items(desk: Desk, staging: Staging, buyer: UUID) -> None:
    """How many items are new; they are added with the first order that names them."""
    for numbers in staging.items():
        rows = await desk.database.read.rows(
            "select count(*) as known from item where owner_id = $1 and number = any($2)", buyer, numbers
        )
        desk.counts.add("items", UNCHANGED, rows[0]["known"])
        desk.counts.add("items", CREATED, len(numbers) - rows[0]["known"])


async def _register(unit: Unit, new: Iterable[tuple[UUID, str, Card]]) -> None:
    rows: list[Row] = [
        {"id": key, "code": code, "name": card.name, "country": card.country, "status": "ACTIVE", "version": 1,
         "created_at": unit.now}
        for key, code, card in new
    ]  # fmt: skip
    await insert(unit, PartnerTable, rows)
    for row in rows:
        unit.change("PARTNER", "REGISTERED", row["id"], row["id"], changed=["code", "name", "country", "gln"])


async def _sites(desk: Desk, wanted: list[tuple[str, str, Card]], masters: Masters, buyer: str, born: datetime) -> None:
    owners = {code: masters.partners[code or buyer] for code, _, _ in wanted}
    rows = await desk.database.read.rows(
        "select id, partner_id, code from site where partner_id = any($1)", list(owners.values())
    )
    known = {(row["partner_id"], row["code"]): row["id"] for row in rows}
    new: dict[UUID, list[tuple[UUID, str, Card]]] = {}
    for owner, code, card in wanted:
        key = known.get((owners[owner], code)) or made_id("SITE", born, owner or buyer, code)
        masters.sites[owner, code] = key
        if (owners[owner], code) not in known:
            new.setdefault(owners[owner], []).append((key, code, card))
    created = sum(len(each) for each in new.values())
    desk.counts.add("sites", CREATED, created)
    desk.counts.add("sites", UNCHANGED, len(wanted) - created)
    if desk.apply:
        for partner, sites in new.items():
            async with desk.database.unit(partner, ACTOR, desk.clock) as unit:
                await _add_sites(unit, sites)


async def _add_sites(unit: Unit, new: Iterable[tuple[UUID, str, Card]]) -> None:
    rows: list[Row] = [
        {"id": key, "partner_id": unit.partner_id, "code": code, "name": card.name, "kind": card.kind,
         "country": card.country, "time_zone": "UTC", "version": 1, "created_at": unit.now}
        for key, code, card in new
    ]  # fmt: skip
    await insert(unit, SiteTable, rows)
    for row in rows:
        fields = ["code", "name", "kind", "country", "timeZone"]
        unit.change("SITE", "ADDED", row["id"], unit.partner_id, changed=fields)


async def _relationships(desk: Desk, counterparts: Sequence[Counterpart], masters: Masters, buyer: str) -> None:
    """SUPPLY from each seller to the buyer, and from the buyer to each consignee, ACTIVE by the operator's word."""
    rows = await desk.database.read.rows(
        "select provider_id, recipient_id, state from relationship where kind = 'SUPPLY'"
        " and (provider_id = $1 or recipient_id = $1) order by id", masters.buyer,
    )  # fmt: skip
    states = {(row["provider_id"], row["recipient_id"]): row["state"] for row in rows}
    new = []
    for each in counterparts:
        other = masters.partners[each.code]
        ends = (other, masters.buyer) if each.role == "seller" else (masters.buyer, other)
        state = states.get(ends)
        desk.counts.add("relationships", UNCHANGED if state else CREATED)
        if state is None:
            new.append((ends, each))
        elif state != "ACTIVE":
            done = f"its relationship with {buyer} stays {state}"
            desk.findings.add(WARNING, "RELATIONSHIP", 0, f"{each.role}.code", each.code, done)
    for start in range(0, len(new) if desk.apply else 0, _RELATIONSHIPS_A_UNIT):
        async with desk.database.unit(masters.buyer, ACTOR, desk.clock) as unit:
            for ends, each in new[start : start + _RELATIONSHIPS_A_UNIT]:
                await _relate(unit, ends, each)


async def _relate(unit: Unit, ends: tuple[UUID, UUID], other: Counterpart) -> None:
    key = made_id("RELATIONSHIP", noon(other.since), str(ends[0]), str(ends[1]))
    relationship = RelationshipTable(
        id=key, provider_id=ends[0], recipient_id=ends[1], kind="SUPPLY", state="ACTIVE", proposed_by=unit.partner_id,
        since=other.since, created_at=unit.now,
    )  # fmt: skip
    unit.session.add(relationship)
    await unit.session.flush()
    changed = ["kind", "state", "provider", "recipient", "proposedBy", "since"]
    unit.change("RELATIONSHIP", "ACCEPTED", key, ends[0], [ends[1]], changed)
    await relationship_changed(unit, relationship)
