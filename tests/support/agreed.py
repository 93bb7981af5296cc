"""Agreements with clauses of every sort for a world."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scmhub.partners.agreements import AGREEMENT_STATES, STATES

from .rows import Row

if TYPE_CHECKING:
    from .world import World


def add_agreements(world: World, relationship: Row) -> None:
    if not world.chance(0.5):
        return
    sides = {end: relationship[end] for end in ("provider_id", "recipient_id")}
    agreement = world.add(
        "agreement", relationship_id=relationship["id"], title=world.text(), state=world.pick(AGREEMENT_STATES),
        version_no=2, version=world.rng.randrange(1, 9), created_at=world.instant(), **sides,
    )  # fmt: skip
    for number in range(world.pick((1, 2))):
        version = world.add(
            "agreement_version", agreement_id=agreement["id"], relationship_id=relationship["id"], version_no=number + 1,
            state=world.pick(STATES), proposed_by=world.pick(tuple(sides.values())), in_force_from=world.day(),
            in_force_until=world.maybe(world.day()), notice_days=world.pick((0, 30)), note=world.maybe(world.text()),
            reason=world.maybe(world.text()), ending_reason=world.maybe(world.text()), digest=world.text(),
            proposed_at=world.instant(), signed_at=world.maybe(world.instant() + timedelta(days=1)), **sides,
        )  # fmt: skip
        for partner in sides.values():
            world.add(
                "agreement_signature", version_id=version["id"], partner_id=partner, signatory=world.maybe(world.text()),
                digest=version["digest"], signed_at=world.instant(),
            )  # fmt: skip
        _clauses(world, version)


def _clauses(world: World, version: Row) -> None:
    """One of each sort; what is in it is bound to either side."""
    owner = world.pick((version["provider_id"], version["recipient_id"]))
    item = world.of("item", "owner_id", owner)["id"]
    some = {"version_id": version["id"]}
    world.add(
        "tolerance_clause", **some, clause_no=1, item_id=world.maybe(item), criterion=world.pick(("STALE", "LATE_ORDER")),
        allowed=world.amount(), grave=world.maybe(world.amount()), unit="DAY",
    )  # fmt: skip
    world.add("response_clause", **some, clause_no=2, subject=world.pick(("ORDER", "CASE")), days=world.pick((0, 5)))
    world.add(
        "stock_policy_clause", **some, clause_no=3, item_id=item, site_id=world.of("site", "partner_id", owner)["id"],
        stock_owner_id=owner, unit="C62", target=world.amount(),
    )  # fmt: skip
    world.add(
        "service_level_clause", **some, clause_no=4, item_id=world.maybe(item), measure=world.pick(("OTIF", "FILL_RATE")),
        at_least=world.amount(), unit="P1", period=world.pick(("WEEK", "MONTH")), due=world.pick(("REQUESTED", "LAST_PROMISE")),
        early_days=world.pick((None, 1)), late_days=world.pick((0, 2)), short_allowed=world.maybe(world.amount()),
    )  # fmt: skip
    world.add(
        "fence_clause", **some, clause_no=5, item_id=world.maybe(item), frozen_days=world.pick((0, 7)), firm_days=14,
        flexible_days=28, inside_frozen=world.pick(("REFUSED", "MARKED")),
    )  # fmt: skip
