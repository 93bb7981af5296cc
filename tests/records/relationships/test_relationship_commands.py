"""Relationships on a real database: both sides act, strangers find nothing, and sharing follows."""

from __future__ import annotations

import pytest

from scmhub.ids import public_id
from scmhub.records.relationships import commands as relating
from scmhub.records.relationships.api import RelationshipKind
from scmhub.records.relationships.commands import RelationshipProposeInput, RelationshipSide
from tests.records.firms import Firms, step

STEPS = {
    "ACCEPT": relating.relationship_accept,
    "DECLINE": relating.relationship_decline,
    "SUSPEND": relating.relationship_suspend,
    "RESUME": relating.relationship_resume,
    "END": relating.relationship_end,
}


def proposal(code: str, kind: RelationshipKind = RelationshipKind.SUPPLY) -> RelationshipProposeInput:
    return RelationshipProposeInput(partner_code=code, kind=kind, my_side=RelationshipSide.PROVIDER)


async def proposed(firms: Firms) -> str:
    """cargo offers to supply acme."""
    return public_id("rel", await firms.act("cargo", relating.relationship_propose, proposal("ACME")))


async def test_a_relationship_goes_through_its_life_and_every_step_is_told(firms: Firms) -> None:
    key = await proposed(firms)
    for version, (firm, name) in enumerate(
        [("acme", "ACCEPT"), ("acme", "SUSPEND"), ("acme", "RESUME"), ("cargo", "END")], 1
    ):
        await firms.act(firm, STEPS[name], step(key, version))
    cargo, acme = firms.ids["cargo"], firms.ids["acme"]
    row = await firms.row("select * from relationship where provider_id = $1", cargo)
    assert (row["state"], row["since"], row["until"], row["version"]) == (
        "ENDED",
        firms.now.date(),
        firms.now.date(),
        5,
    )
    told = await firms.rows(
        "select action, owner_id, parties, changed from change_outbox where record_id = $1 order by id", row["id"]
    )
    assert [(each["action"], each["owner_id"], each["parties"]) for each in told] == [
        (action, cargo, [acme]) for action in ("PROPOSED", "ACCEPTED", "SUSPENDED", "RESUMED", "ENDED")
    ]
    assert told[1]["changed"] == ["state", "since", "version"]


async def test_only_the_side_that_suspended_resumes(firms: Firms) -> None:
    key = await proposed(firms)
    await firms.act("acme", relating.relationship_accept, step(key, 1))
    await firms.act("cargo", relating.relationship_suspend, step(key, 2))
    refusal = await firms.refused("acme", relating.relationship_resume, step(key, 3))
    assert (refusal.refusal_code, refusal.path) == ("FORBIDDEN", ["input", "relationship"])
    await firms.act("cargo", relating.relationship_resume, step(key, 3))
    row = await firms.row("select state, suspended_by from relationship where provider_id = $1", firms.ids["cargo"])
    assert tuple(row) == ("ACTIVE", None)
    await firms.act("acme", relating.relationship_suspend, step(key, 4))
    await firms.act("cargo", relating.relationship_end, step(key, 5))


async def test_a_declined_proposal_may_be_made_again(firms: Firms) -> None:
    key = await proposed(firms)
    await firms.act("acme", relating.relationship_decline, step(key, 1))
    assert await proposed(firms) != key


@pytest.mark.parametrize(("code", "refused"), [("NOBODY", "NOT_FOUND"), ("CARGO", "INVALID"), ("HUB", "NOT_FOUND")])
async def test_a_proposal_names_another_partner_by_its_code(firms: Firms, code: str, refused: str) -> None:
    refusal = await firms.refused("cargo", relating.relationship_propose, proposal(code))
    assert (refusal.refusal_code, refusal.path) == (refused, ["input", "partnerCode"])


async def test_one_relationship_of_a_kind_stands_at_a_time_from_either_side(firms: Firms) -> None:
    await proposed(firms)
    for firm, code, side in (("cargo", "ACME", "PROVIDER"), ("acme", "CARGO", "RECIPIENT")):
        again = RelationshipProposeInput(
            partner_code=code, kind=RelationshipKind.SUPPLY, my_side=RelationshipSide[side]
        )
        refusal = await firms.refused(firm, relating.relationship_propose, again)
        assert (refusal.refusal_code, refusal.path) == ("DUPLICATE", ["input", "kind"])
    await firms.act("cargo", relating.relationship_propose, proposal("ACME", RelationshipKind.LOGISTICS))


@pytest.mark.parametrize("name", STEPS)
async def test_strangers_find_no_relationship(firms: Firms, name: str) -> None:
    key = await proposed(firms)
    refusal = await firms.refused("bolt", STEPS[name], step(key, 1))
    absent = await firms.refused("bolt", STEPS[name], step("rel_00000000-0000-0000-0000-000000000000", 1))
    assert (refusal.refusal_code, refusal.record, refusal.message) == ("NOT_FOUND", None, absent.message)


@pytest.mark.parametrize("name", ["ACCEPT", "DECLINE"])
async def test_the_proposer_does_not_answer(firms: Firms, name: str) -> None:
    key = await proposed(firms)
    assert (await firms.refused("cargo", STEPS[name], step(key, 1))).refusal_code == "FORBIDDEN"


@pytest.mark.parametrize("name", ["SUSPEND", "RESUME", "END"])
async def test_an_illegal_step_shows_the_record_and_names_the_legal_ones(firms: Firms, name: str) -> None:
    key = await proposed(firms)
    refusal = await firms.refused("acme", STEPS[name], step(key, 1))
    assert (refusal.refusal_code, public_id("rel", refusal.record)) == ("ILLEGAL_TRANSITION", key)
    assert refusal.message.endswith("Allowed steps: relationshipAccept, relationshipDecline.")


async def test_an_old_version_is_a_conflict(firms: Firms) -> None:
    key = await proposed(firms)
    refusal = await firms.refused("acme", relating.relationship_accept, step(key, 2))
    assert (refusal.refusal_code, refusal.path) == ("CONFLICT", ["input", "expectedVersion"])
