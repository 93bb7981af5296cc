"""Receipts, by hand: who is told of what, when it is written, what happens when it cannot be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest

from scmhub.errors import ServiceUnavailable
from scmhub.graph import receipts
from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.identity.roles import Role, permitted
from scmhub.identity.viewer import Permission, TokenScope

from ..support.chain import Chain
from ..support.hub import EPOCH, viewer_of

ORDERS = "query Late { orders(first: 3) { nodes { buyerNumber lines(first: 2) { nodes { id } } } } }"
LOG = "{ accessLog { nodes { at reader { code } document operation kind rules records } } }"


async def log(chain: Chain, firm: str = "acme", asked: str = LOG) -> Any:
    await chain.bench.hub.engine.receipts.flush()
    found = await chain.ask(firm, asked)
    return next(iter(found.values()))["nodes"]


async def entries(chain: Chain, firm: str = "acme") -> dict[str, int]:
    """Kind -> records, of one operation."""
    return {each["kind"]: each["records"] for each in await log(chain, firm)}


async def test_the_owner_is_told_who_read_what_under_which_rule(chain: Chain) -> None:
    rule = await chain.active(receipts="BATCHED")
    assert len((await chain.ask("cargo", ORDERS))["orders"]["nodes"]) == 3
    lines, orders = sorted(await log(chain), key=lambda each: str(each["kind"]), reverse=True)
    assert orders.pop("at").startswith("2026-03-01T12:00:00.001")
    assert orders == {
        "reader": {"code": "CARGO"}, "document": sha256(ORDERS.encode()).hexdigest(), "operation": "Late",
        "kind": "Order", "rules": [rule["id"]], "records": 3,
    }  # fmt: skip
    assert (lines["kind"], lines["records"]) == ("OrderLine", 6)
    assert await log(chain, "cargo") == []
    assert await log(chain, "bolt") == []


@pytest.mark.parametrize("firm", ["acme", "bolt", "dyna"])
async def test_owner_party_and_stranger_leave_no_trace(chain: Chain, firm: str) -> None:
    await chain.active(receipts="BATCHED")
    await chain.ask(firm, ORDERS)
    assert await log(chain) == []


async def test_a_rule_that_does_not_ask_is_not_told_of(chain: Chain) -> None:
    await chain.active()
    await chain.ask("cargo", ORDERS)
    assert await log(chain) == []


async def test_each_way_to_a_record_counts_and_each_record_once(chain: Chain) -> None:
    await chain.active(receipts="BATCHED")
    asked = (
        "query($a: ID!, $b: ID!) { one: order(by: {id: $a}) { id } two: node(id: $a) { id }"
        " three: nodes(ids: [$a, $b]) { id } page: orders(first: 1) { edges { cursor node { id } } } }"
    )
    await chain.ask("cargo", asked, a=chain.order(0), b=chain.order(1))
    assert await entries(chain) == {"Order": 3}


COUNTS = [
    ("{ orders { totalCount } }", {"Order": (0, 4)}),
    ("{ orders(where: {buyerNumber: {isNull: true}}) { totalCount } }", {"Order": (0, 4)}),
    ("{ orders(first: 2) { pageInfo { endCursor } } }", {"Order": (0, 2)}),
    ("{ orders(last: 3) { edges { cursor } } }", {"Order": (0, 3)}),
    ("{ orders(first: 1) { edges { cursor node { id } } pageInfo { hasNextPage } } }", {"Order": (1, 0)}),
    ("{ orders(first: 1) { totalCount nodes { lines { totalCount } } } }", {"Order": (1, 4), "OrderLine": (0, 3)}),
    ("{ orders(first: 0) { pageInfo { hasNextPage } } }", {}),
]


@pytest.mark.parametrize(("asked", "told"), COUNTS, ids=lambda each: "" if isinstance(each, dict) else each)
async def test_what_was_counted_or_pointed_at_is_told_apart(
    chain: Chain, asked: str, told: dict[str, tuple[int, int]]
) -> None:
    await chain.active(receipts="BATCHED")
    plain = await chain.answer("cargo", asked)
    found = await log(chain, asked="{ accessLog { nodes { kind records counted } } }")
    assert {each["kind"]: (each["records"], each["counted"]) for each in found} == told
    await chain.bench.superuser.execute("update scope set receipts = null")
    chain.bench.hub.engine.receipts._remembered.clear()
    assert await chain.answer("cargo", asked) == plain


async def test_an_operation_that_shows_nothing_leaves_no_trace(chain: Chain) -> None:
    await chain.active(receipts="BATCHED")
    await chain.ask("cargo", "{ viewer { code } partners { nodes { code } } risks { nodes { id } } }")
    assert await log(chain) == []


async def test_a_question_reads_as_its_asker_does(chain: Chain) -> None:
    """What a question computes from is read by a query of the hub's own, under the asker's eyes."""
    await chain.active(receipts="BATCHED")
    viewer, seen = viewer_of(chain.firms["cargo"]), "{ orders { nodes { id } } }"
    assert len((await chain.bench.hub.engine.ask(seen, {}, viewer))["orders"]["nodes"]) == 4
    assert await entries(chain) == {"Order": 4}


async def test_rules_change_under_way_and_the_next_statement_knows(chain: Chain) -> None:
    rule = await chain.active()
    await chain.ask("cargo", ORDERS)
    rule = await chain.done(
        "acme",
        "sharingRuleRevise",
        {"sharingRule": rule["id"], "expectedVersion": rule["version"], "receipts": "STRICT"},
    )
    assert rule["state"] == "DRAFT"
    rule = await chain.step(rule, "Activate")
    await chain.ask("cargo", ORDERS)
    assert await entries(chain) == {"Order": 3, "OrderLine": 6}
    rule = await chain.done(
        "acme", "sharingRuleRevise", {"sharingRule": rule["id"], "expectedVersion": rule["version"], "receipts": None}
    )
    await chain.step(rule, "Activate")
    await chain.ask("cargo", ORDERS)
    assert len(await log(chain)) == 2


# -- when it is written ------------------------------------------------------------------------------------------------


async def waiting(chain: Chain) -> int:
    return int(await chain.bench.superuser.fetchval("select count(*) from access_log"))


async def test_strict_is_written_before_the_answer_leaves_and_without_it_there_is_none(chain: Chain) -> None:
    await chain.active(receipts="STRICT")
    await chain.ask("cargo", ORDERS)
    assert await waiting(chain) == 2
    await chain.bench.superuser.execute("revoke insert on access_log from hub_write")
    assert (await chain.answer("cargo", ORDERS))["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_batched_is_written_soon_and_kept_until_it_can_be(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "BATCH_SECONDS", 0.01)
    await chain.active(receipts="BATCHED")
    await chain.bench.superuser.execute("revoke insert on access_log from hub_write")
    await chain.ask("cargo", ORDERS)
    with pytest.raises(Exception, match="permission denied"):
        await chain.bench.hub.engine.receipts.flush()
    await chain.bench.superuser.execute("grant insert on access_log to hub_write")
    async with asyncio.timeout(5):
        while await waiting(chain) < 2:
            pass
    await chain.bench.hub.engine.receipts.flush()
    assert await waiting(chain) == 2, "nothing is written twice"


async def test_a_batch_that_broke_off_is_written_whole_and_once(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of two readers' receipts were committed when the second's failed: both are there in the end."""
    await chain.active(receipts="BATCHED")
    await chain.active(grantee={"code": "DYNA"}, receipts="BATCHED")
    queue, unit = chain.bench.hub.engine.receipts, chain.bench.hub.database.unit
    for firm in ("cargo", "dyna"):
        await chain.ask(firm, ORDERS)
    waits, units = len(queue._waiting), []

    def broken(*given: Any) -> Any:
        units.append(given)
        if len(units) == 2:
            raise ServiceUnavailable
        return unit(*given)

    monkeypatch.setattr(chain.bench.hub.database, "unit", broken)
    with pytest.raises(ServiceUnavailable):
        await queue.flush()
    assert 0 < await waiting(chain) < waits
    await queue.flush()
    assert (await waiting(chain), queue._waiting) == (waits, [])


async def test_a_full_queue_makes_the_read_wait_and_drops_nothing(chain: Chain) -> None:
    await chain.active(receipts="BATCHED")
    queue = chain.bench.hub.engine.receipts
    queue.most_waiting = 1
    await chain.ask("cargo", ORDERS)
    reading = [asyncio.ensure_future(chain.ask("cargo", ORDERS)) for _ in range(3)]
    while len(queue._room._waiters) < 3:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    assert not any(each.done() for each in reading)
    while not all(each.done() for each in reading):
        await queue.flush()
        await asyncio.sleep(0)
    await queue.flush()
    assert await waiting(chain) == 8


# -- who may know ------------------------------------------------------------------------------------------------------


async def asked_as(chain: Chain, firm: str, document: str, *rights: Permission) -> Any:
    viewer = replace(
        viewer_of(chain.firms[firm]), subject="person:ann", authenticated_at=EPOCH, permissions=frozenset(rights)
    )  # fmt: skip
    try:
        return orjson.loads((await chain.bench.hub.execute(GraphQLRequest(document), viewer)).body)["data"]
    except Exception as error:
        return orjson.loads(answer_for(error, "r").body)["errors"][0]["extensions"]["code"]


async def test_the_readers_person_is_for_the_readers_auditor_alone(chain: Chain) -> None:
    await chain.active(receipts="BATCHED")
    await asked_as(chain, "cargo", ORDERS, Permission.READ)
    await log(chain)
    own = '{ readLog(where: {kind: {eq: "Order"}}) { nodes { actor owner { code } operation records } } }'
    entry = {"actor": "person:ann", "owner": {"code": "ACME"}, "operation": "Late", "records": 3}
    assert await asked_as(chain, "cargo", own, Permission.AUDIT) == {"readLog": {"nodes": [entry]}}
    assert await asked_as(chain, "cargo", own, Permission.READ, Permission.RECEIPTS) == "FORBIDDEN"
    assert await asked_as(chain, "acme", own, Permission.AUDIT) == {"readLog": {"nodes": []}}
    assert await asked_as(chain, "acme", LOG, Permission.READ, Permission.WRITE) == "FORBIDDEN"
    assert len((await asked_as(chain, "acme", LOG, Permission.RECEIPTS))["accessLog"]["nodes"]) == 2
    assert (
        await asked_as(chain, "acme", "{ accessLog { nodes { actor } } }", Permission.RECEIPTS)
        == "GRAPHQL_VALIDATION_FAILED"
    )


async def test_a_preview_is_no_reading_by_the_partner(chain: Chain) -> None:
    await chain.active(receipts="STRICT")
    rights = (Permission.READ, Permission.RULES)
    found = await asked_as(chain, "acme", 'query @previewAs(partner: "CARGO") { orders { totalCount } }', *rights)
    assert found == {"orders": {"totalCount": 4}}
    assert await waiting(chain) == 0


def test_a_machine_asks_for_no_log() -> None:
    every = frozenset(TokenScope)
    assert Permission.RECEIPTS not in permitted("integration:erp", [], every)
    assert {role for role in Role if Permission.RECEIPTS in permitted("person:a", [role], every)} == {
        Role.STEWARD,
        Role.AUDITOR,
    }
