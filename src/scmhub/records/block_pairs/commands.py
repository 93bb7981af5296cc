"""Setting and lifting a block pair: by one of the two, by a customer of both, or by the hub's operator."""

from __future__ import annotations

from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.graph import given as take
from scmhub.graph.declare import REGISTRY, command
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import MOST
from scmhub.identity.viewer import Permission
from scmhub.ids import new_id
from scmhub.partners.registry import with_code
from scmhub.sharing import blocks
from scmhub.sharing.expansion import hold_all_sharing
from scmhub.sharing.tables import BlockPairTable

_BLOCKS = Permission.BLOCKS
_SHARED = "select distinct s.kind from scope s where s.grantee = $1 and s.owner = $2"
"""No other records are looked at: however many there are, a pair costs what is shared between the two."""


@strawberry.input(description="Two partners to keep apart.")
class BlockPairSetInput:
    partner: str = strawberry.field(description="Code of a partner. Codes are not secret.")
    against: str | None = strawberry.field(
        description="Code of the partner to keep it apart from. Absent: you. Given: the two are kept apart in your own "
        "records; the hub's operator keeps them apart in everybody's.",
        default=None,
    )
    reason: str = strawberry.field(description="Why, for yourselves and the audit trail; at most 500 characters.")


@strawberry.input(description="A block pair to lift.")
class BlockPairLiftInput:
    block_pair: strawberry.ID = strawberry.field(description="Which of those you set.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    reason: str = strawberry.field(description="Why, for yourselves and the audit trail; at most 500 characters.")


@command(
    "blockPairSet", payload="BlockPair", needs=_BLOCKS, sensitive=True,
    description="Keeps two partners apart, at once: rules share nothing between them, nor show either what the other "
    "is a party to, and neither finds the other among partners. Records both are a party to stay. Neither is told. "
    "NOT_FOUND: no partner has this code. DUPLICATE: you keep them apart already.",
)  # fmt: skip
async def block_pair_set(unit: Unit, given: BlockPairSetInput) -> UUID:
    one, other, own_records_only = await _two(unit, given)
    await hold_all_sharing(unit)
    standing = await unit.session.exec(
        select(BlockPairTable.id).where(
            BlockPairTable.owner_id == unit.partner_id, BlockPairTable.one_id == one,
            BlockPairTable.other_id == other, BlockPairTable.state == "ACTIVE",
        )
    )  # fmt: skip
    taken = standing.first()
    if taken:
        raise Refusal("DUPLICATE", "You keep these two apart already.", ["input", "partner"], taken)
    pair = BlockPairTable(
        id=new_id(unit.now), owner_id=unit.partner_id, one_id=one, other_id=other, own_records_only=own_records_only,
        reason=take.text(given.reason, MOST, ["input", "reason"]), set_at=unit.now,
    )  # fmt: skip
    changed = ["one", "other", "ownRecordsOnly", "state", "reason", "setAt"]
    return await _changed(unit, pair, "SET", changed, pair.reason)


@command(
    "blockPairLift", payload="BlockPair", needs=_BLOCKS, sensitive=True,
    description="Lifts a block pair you set: rules open again what they say. Others' pairs of the same two stand on.",
)  # fmt: skip
async def block_pair_lift(unit: Unit, given: BlockPairLiftInput) -> UUID:
    path = ["input", "blockPair"]
    pair = await changeable(unit, BlockPairTable, "BlockPair", given.block_pair, given.expected_version, path)
    if pair.state == "LIFTED":
        raise Refusal("ILLEGAL_TRANSITION", "The pair is LIFTED; set a new one if need be.", path, pair.id)
    with take.about(pair.id):
        pair.lift_reason = take.text(given.reason, MOST, ["input", "reason"])
    pair.state, pair.lifted_at, pair.version = "LIFTED", unit.now, pair.version + 1
    return await _changed(unit, pair, "LIFTED", ["state", "liftReason", "liftedAt", "version"], pair.lift_reason)


async def _two(unit: Unit, given: BlockPairSetInput) -> tuple[UUID, UUID, bool]:
    """The two, in an order that does not depend on how they were named, and whether in the setter's records only."""
    of_the_hub = unit.partner_id == HUB_PARTNER
    if of_the_hub and given.against is None:
        raise Refusal("REQUIRED", "The operator keeps two other partners apart: name both.", ["input", "against"])
    one = await _partner(unit, given.partner, "partner")
    other = unit.partner_id if given.against is None else await _partner(unit, given.against, "against")
    if one == other:
        raise Refusal("INVALID", "A partner is not kept apart from itself.", ["input", "partner"])
    if given.against is None:
        return unit.partner_id, one, False
    if unit.partner_id in (one, other):
        raise Refusal("INVALID", "For a pair with yourself leave this out.", ["input", "against"])
    return min(one, other), max(one, other), not of_the_hub


async def _partner(unit: Unit, code: str, field: str) -> UUID:
    return (await with_code(unit, code, ["input", field])).id


async def _changed(unit: Unit, pair: BlockPairTable, action: str, changed: list[str], reason: str) -> UUID:
    """The pair and everything that follows from it, in the setter's change log and in its audit trail."""
    unit.reason = reason
    await blocks.pair_changes(unit, pair, _touched)
    unit.change("BLOCK_PAIR", action, pair.id, pair.owner_id, changed=changed)
    details = {
        "one": f"ptr_{pair.one_id}", "other": f"ptr_{pair.other_id}", "ownRecordsOnly": pair.own_records_only,
        "state": pair.state,
    }  # fmt: skip
    await audit.record(unit, f"blockPair.{action.lower()}", audit.subject_of("block-pair", pair.id), details)
    return pair.id


async def _touched(unit: Unit, seam: blocks.Seam) -> set[str]:
    """The rule kinds of which a block or its end takes or gives a record."""
    found: set[str] = set()
    shared = {row["kind"] for row in await unit.rows(_SHARED, seam.grantee, seam.owner)}
    for code, kinds in REGISTRY.shareable_kinds().items():
        for kind in kinds if code in shared else ():
            known = kind.part_of or code in found
            if not known and await blocks.sees(unit, kind.policy, kind.table.name, seam):
                found.add(code)
    return found
