"""Scopes follow rules and relationships, in the transaction that changes either; and the law holds at every moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from scmhub.database.unit import Database, Unit
from scmhub.ids import public_id
from scmhub.records.relationships import commands as relating
from scmhub.records.relationships import rules as relating_rules
from scmhub.records.sharing_rules import commands as ruling
from scmhub.records.sharing_rules import rules
from scmhub.records.sharing_rules.inputs import SharingRuleStepInput
from scmhub.sharing.expansion import scopes_out_of_line

from ..support.chain import Chain

ROLE = {"grantee": {"role": "SUPPLIER"}}


async def lawful(chain: Chain) -> bool:
    return await scopes_out_of_line(chain.bench.superuser) == 0


async def grantees(chain: Chain) -> set[str]:
    names = {key: name for name, key in chain.firms.items()}
    return {names[row["grantee"]] for row in await chain.bench.superuser.fetch("select distinct grantee from scope")}


async def test_a_role_rule_opens_on_accept_and_closes_on_suspend_and_end(chain: Chain) -> None:
    rule = await chain.active(**ROLE)
    assert await grantees(chain) == {"bolt", "cargo"}
    assert await chain.prices("east") == {}
    await chain.relate("east", "east", "Accept", 1)
    assert await grantees(chain) == {"bolt", "cargo", "east"}
    assert len(await chain.prices("east")) == 4
    await chain.relate("acme", "east", "Suspend", 2)
    assert (await grantees(chain), await chain.prices("east")) == ({"bolt", "cargo"}, {})
    await chain.relate("acme", "east", "Resume", 3)
    assert len(await chain.prices("east")) == 4
    await chain.relate("east", "east", "End", 4)
    assert (await grantees(chain), await chain.prices("east")) == ({"bolt", "cargo"}, {})
    assert await state_of(chain, rule) == ("ACTIVE", 2)
    assert await lawful(chain)


async def state_of(chain: Chain, rule: Any) -> tuple[str, int]:
    found = await chain.ask("acme", "query($id: ID!) { sharingRule(by: {id: $id}) { state version } }", id=rule["id"])
    return found["sharingRule"]["state"], found["sharingRule"]["version"]


async def test_the_end_of_a_relationship_revokes_the_rules_that_name_the_partner(chain: Chain) -> None:
    named = await chain.active()
    suspended = await chain.step(await chain.active(), "Suspend")
    draft, other = await chain.drafted(), await chain.active(grantee={"code": "BOLT"})
    await chain.relate("cargo", "cargo", "Suspend", 1)
    assert await chain.prices("cargo") == {}
    assert await state_of(chain, named) == ("ACTIVE", 2)
    await chain.relate("cargo", "cargo", "End", 2)
    assert await state_of(chain, named) == ("REVOKED", 3)
    assert await state_of(chain, suspended) == ("REVOKED", 4)
    assert await state_of(chain, draft) == ("DRAFT", 1)
    assert await state_of(chain, other) == ("ACTIVE", 2)
    told = await chain.bench.superuser.fetch(
        "select record_id, owner_id from change_outbox where kind = 'SHARING_RULE' and action = 'REVOKED'"
    )
    acme = chain.firms["acme"]
    assert {(public_id("rul", row["record_id"]), row["owner_id"]) for row in told} == {
        (named["id"], acme), (suspended["id"], acme)
    }  # fmt: skip
    assert await lawful(chain)


async def test_a_declined_offer_does_not_keep_a_rule_alive(chain: Chain) -> None:
    """Only what stands, or may come to stand, between two partners carries their rules."""
    named = await chain.active()
    propose = 'mutation { relationshipPropose(input: {partnerCode: "CARGO", kind: LOGISTICS, mySide: RECIPIENT}) {' \
              " relationship { id } userErrors { code } } }"  # fmt: skip
    offer = (await chain.ask("acme", propose))["relationshipPropose"]["relationship"]["id"]
    await chain.done(
        "cargo", "relationshipDecline", {"relationship": offer, "expectedVersion": 1}, record="relationship", show="id"
    )
    await chain.relate("acme", "cargo", "End", 1)
    assert await state_of(chain, named) == ("REVOKED", 3)


async def test_the_law_counts_what_is_missing_superfluous_and_different(chain: Chain) -> None:
    await chain.active(items={"ids": [chain.item(0), chain.item(1)]})
    superuser = chain.bench.superuser
    assert await lawful(chain)
    await superuser.execute("delete from scope where item = $1", chain.items[0])
    assert await scopes_out_of_line(superuser) == 1
    await superuser.execute("update scope set days_ahead = 3")
    assert await scopes_out_of_line(superuser) == 3
    await superuser.execute("update sharing_rule set state = 'SUSPENDED'")
    assert await scopes_out_of_line(superuser) == 1
    await superuser.execute("delete from scope")
    assert await lawful(chain)


@pytest.mark.parametrize("seed", range(3))
async def test_the_law_holds_after_any_commands(chain: Chain, seed: int) -> None:
    dice, done = Random(seed), Counter[str]()
    for _ in range(90):
        firm, command, given = await some_command(chain, dice)
        record = "relationship" if command.startswith("relationship") else "sharingRule"
        _, errors = await chain.do(firm, command, given, record=record, show="id")
        done[command] += not errors
        assert await lawful(chain), command
    assert len(+done) >= 9, done


Command = tuple[str, str, dict[str, Any]]


async def some_command(chain: Chain, dice: Random) -> Command:
    """(firm, command, input): mostly a step that the record's state allows, sometimes any."""
    choose = dice.choice([a_rule_step] * 5 + [a_relationship_step] * 3 + [a_draft] * 2)
    return await choose(chain, dice) or await a_draft(chain, dice)


async def a_rule_step(chain: Chain, dice: Random) -> Command | None:
    found = await chain.bench.superuser.fetch("select * from sharing_rule where state <> 'REVOKED' order by id")
    if not found:
        return None
    rule = dice.choice(found)
    legal = [step for step in rules.STEPS[rule["state"]] if step != "REVOKE"]
    step = dice.choice(legal * 4 + list(rules.COMMANDS))
    given: dict[str, Any] = {"sharingRule": public_id("rul", rule["id"]), "expectedVersion": rule["version"]}
    if step == "REVISE":
        given |= {"daysAhead": dice.choice([None, 1, 9]), "grantee": a_grantee(dice)}
    return firm_of(chain, rule["owner_id"]), rules.COMMANDS[step], given


async def a_relationship_step(chain: Chain, dice: Random) -> Command:
    if dice.random() < 0.2:
        other, kind = dice.choice(["BOLT", "CARGO", "EAST", "FUJI"]), dice.choice(["SUPPLY", "LOGISTICS"])
        return "acme", "relationshipPropose", {"partnerCode": other, "kind": kind, "mySide": "RECIPIENT"}
    link = dice.choice(await chain.bench.superuser.fetch("select * from relationship order by id"))
    legal = [step for step in relating_rules.STEPS[link["state"]] if step != "END"]
    step = dice.choice(legal * 4 + list(relating_rules.COMMANDS))
    given = {"relationship": public_id("rel", link["id"]), "expectedVersion": link["version"]}
    firm = firm_of(chain, link[dice.choice(["provider_id", "recipient_id"])])
    return firm, relating_rules.COMMANDS[step], given


async def a_draft(chain: Chain, dice: Random) -> Command:
    ids = [chain.item(0), chain.item(1)]
    firm = dice.choice(["acme", "acme", "dyna", "bolt"])
    items = dice.choice([{"all": True}, {"ids": ids}, {"ids": ids[:1]}]) if firm == "acme" else {"all": True}
    return firm, "sharingRuleDraft", chain.draft(grantee=a_grantee(dice), items=items)


def firm_of(chain: Chain, key: Any) -> str:
    return next(name for name, each in chain.firms.items() if each == key)


def a_grantee(dice: Random) -> dict[str, str]:
    return dice.choice(
        [{"code": "CARGO"}, {"code": "EAST"}, {"code": "ACME"}, {"role": "SUPPLIER"}, {"role": "CUSTOMER"}]
    )


@pytest.mark.parametrize("first", ["rule", "relationship"])
async def test_a_rule_and_a_relationship_changed_at_once_see_each_other(
    chain: Chain, database: Database, first: str
) -> None:
    """Whichever transaction is first, the second waits for it; without that, neither would make east's scope."""
    rule = await chain.drafted(**ROLE)
    key = chain.links["east"]

    async def activate(unit: Unit) -> None:
        await ruling.sharing_rule_activate(unit, SharingRuleStepInput(sharing_rule=rule["id"], expected_version=1))

    async def accept(unit: Unit) -> None:
        step = relating.RelationshipStepInput(relationship=public_id("rel", key), expected_version=1)  # type: ignore[arg-type]
        await relating.relationship_accept(unit, step)

    async def second() -> None:
        firm, act = ("east", accept) if first == "rule" else ("acme", activate)
        async with database.unit(chain.firms[firm], firm, chain.bench.clock) as unit:
            await act(unit)

    firm, act = ("acme", activate) if first == "rule" else ("east", accept)
    async with database.unit(chain.firms[firm], firm, chain.bench.clock) as unit:
        await act(unit)
        task = asyncio.create_task(second())
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while not await chain.bench.superuser.fetchval(waiting):
            assert not task.done()
            await asyncio.sleep(0)
    await task
    assert await grantees(chain) == {"bolt", "cargo", "east"}
    assert await lawful(chain)


async def test_only_the_granter_can_write_a_scope(chain: Chain, database: Database) -> None:
    """Row level security behind the commands: bolt cannot open acme's records to itself, nor touch acme's rule."""
    rule = await chain.active(grantee={"code": "BOLT"})
    async with database.unit(chain.firms["bolt"], "bolt", chain.bench.clock) as unit:
        assert await unit.fetch("select count(*) from sharing_rule") == 0
        assert await unit.rows("update sharing_rule set days_ahead = null returning id") == []
    with pytest.raises(Exception, match="row-level security"):
        async with database.unit(chain.firms["bolt"], "bolt", chain.bench.clock) as unit:
            await unit.rows(
                "insert into scope (id, rule_id, granter, grantee, kind, owner, tokens, valid_from)"
                " select gen_random_uuid(), rule_id, granter, grantee, 'SHIPMENT', owner, tokens, valid_from from scope"
            )
    assert await state_of(chain, rule) == ("ACTIVE", 2)
