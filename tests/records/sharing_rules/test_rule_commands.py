"""A rule opens exactly what it says, from the moment it is activated until whatever ends it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from scmhub.ids import key_of, new_id, public_id

from ...support.chain import Chain
from ...support.hub import EPOCH

P = "2.5"


async def test_a_draft_opens_nothing_and_shows_what_was_said(chain: Chain) -> None:
    rule = await chain.drafted(
        items={"ids": [chain.item(1), chain.item(0), chain.item(1)]}, fieldGroups=["price", "numbers"], daysBack=0,
        daysAhead=28, note="For\nplanning.",
    )  # fmt: skip
    assert rule.pop("id").startswith("rul_")
    assert rule == {
        "state": "DRAFT", "version": 1, "fieldGroups": ["numbers", "price"], "itemIds": [chain.item(0), chain.item(1)],
        "siteIds": None, "daysBack": 0, "daysAhead": 28, "validFrom": "2026-03-01T12:00:00.001+00:00",
        "validUntil": None, "note": "For\nplanning.", "grantee": {"code": "CARGO"}, "granteeRole": None,
    }  # fmt: skip
    assert await chain.prices("cargo") == {}


async def test_a_masked_price_opens_exactly_as_the_rule_says_and_closes_on_revocation(chain: Chain) -> None:
    numbers = await chain.active(fieldGroups=["numbers"])
    assert await chain.prices("cargo") == {f"PO{k}": [None] * 3 for k in range(4)}
    price = await chain.active(items={"ids": [chain.item(0)]}, sites={"ids": [chain.site(0)]}, daysBack=0, daysAhead=25)
    assert await chain.prices("cargo") == {
        "PO0": [P, None, P], "PO1": [None] * 3, "PO2": [P, None, P], "PO3": [None] * 3
    }  # fmt: skip
    assert await chain.prices("dyna") == {}
    await chain.step(price, "Revoke")
    assert await chain.prices("cargo") == {f"PO{k}": [None] * 3 for k in range(4)}
    assert (await chain.step(numbers, "Revoke"))["state"] == "REVOKED"
    assert await chain.prices("cargo") == {}


async def test_a_window_moves_with_the_day_and_a_rule_ends_by_the_clock(chain: Chain) -> None:
    end = (EPOCH + timedelta(days=5)).isoformat()
    await chain.active(daysBack=0, daysAhead=15, validUntil=end)
    assert await chain.prices("cargo") == {"PO0": [P] * 3, "PO1": [P] * 3}
    chain.bench.clock.set(EPOCH + timedelta(days=5, microseconds=-1))
    assert await chain.prices("cargo") == {"PO1": [P] * 3, "PO2": [P] * 3}
    chain.bench.clock.set(EPOCH + timedelta(days=5))
    assert await chain.prices("cargo") == {}


async def test_suspending_closes_and_resuming_opens_the_same(chain: Chain) -> None:
    rule = await chain.active()
    opened = await chain.prices("cargo")
    rule = await chain.step(rule, "Suspend")
    assert (rule["state"], rule["version"], await chain.prices("cargo")) == ("SUSPENDED", 3, {})
    rule = await chain.step(rule, "Resume")
    assert (rule["state"], await chain.prices("cargo")) == ("ACTIVE", opened)


async def test_new_content_makes_a_rule_a_draft_and_a_new_note_does_not(chain: Chain) -> None:
    rule = await chain.active()
    before = await chain.bench.superuser.fetch("select * from scope")
    rule = await chain.step(rule, "Revise", note="Asked for by planning.")
    assert (rule["state"], rule["version"], rule["note"]) == ("ACTIVE", 3, "Asked for by planning.")
    assert await chain.bench.superuser.fetch("select * from scope") == before
    rule = await chain.step(rule, "Revise", fieldGroups=["numbers"], note=None)
    assert (rule["state"], rule["version"], rule["fieldGroups"], rule["note"]) == ("DRAFT", 4, ["numbers"], None)
    assert await chain.prices("cargo") == {}
    assert await chain.step(rule, "Revise", note=None) == rule
    assert await chain.step(rule, "Revise", fieldGroups=["numbers"], daysAhead=None) == rule
    rule = await chain.step(rule, "Revise", items={"ids": [chain.item()]}, grantee={"role": "CUSTOMER"}, daysBack=3)
    assert (rule["itemIds"], rule["grantee"], rule["granteeRole"]) == ([chain.item()], None, "CUSTOMER")
    await chain.step(rule, "Activate")
    assert await chain.prices("dyna") == {f"PO{k}": [None, None] for k in range(4)}


async def test_each_step_is_told_with_its_fields(chain: Chain) -> None:
    rule = await chain.active()
    await chain.step(await chain.step(rule, "Revise", daysAhead=3), "Revoke")
    told = await chain.bench.superuser.fetch("select * from change_outbox where kind = 'SHARING_RULE' order by id")
    assert [(each["action"], each["changed"]) for each in told[1:]] == [
        ("ACTIVATED", ["state", "version"]),
        ("REVISED", ["daysAhead", "state", "version"]),
        ("REVOKED", ["state", "version"]),
    ]
    assert {(each["owner_id"], tuple(each["parties"])) for each in told} == {(chain.firms["acme"], ())}


REFUSED: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"fieldGroups": ["price", "costs"]}, "INVALID", ["input", "fieldGroups", "1"]),
    ({"items": ...}, "REQUIRED", ["input", "items"]),
    ({"sites": ...}, "REQUIRED", ["input", "sites"]),
    ({"items": {"all": False}}, "INVALID", ["input", "items", "all"]),
    ({"items": {"ids": []}}, "REQUIRED", ["input", "items", "ids"]),
    ({"items": {"ids": ["itm_x"]}}, "NOT_FOUND", ["input", "items", "ids", "0"]),
    ({"daysBack": ...}, "REQUIRED", ["input", "daysBack"]),
    ({"daysAhead": -1}, "OUT_OF_RANGE", ["input", "daysAhead"]),
    ({"validUntil": EPOCH.isoformat()}, "INVALID", ["input", "validUntil"]),
    ({"grantee": {"code": "ACME"}}, "INVALID", ["input", "grantee", "code"]),
    ({"grantee": {"code": "FUJI"}}, "NOT_FOUND", ["input", "grantee", "code"]),
    ({"grantee": {"code": "NOBODY"}}, "NOT_FOUND", ["input", "grantee", "code"]),
    ({"grantee": {"code": "A\0"}}, "NOT_FOUND", ["input", "grantee", "code"]),
    ({"grantee": {"id": "nonsense"}}, "NOT_FOUND", ["input", "grantee", "id"]),
    ({"kind": "SITE", "fieldGroups": ["identifiers"]}, "INVALID", ["input", "items"]),
    ({"kind": "ITEM", "fieldGroups": ["lifecycle"], "sites": ...}, "INVALID", ["input", "daysBack"]),
    ({"note": "bell \a"}, "INVALID", ["input", "note"]),
]


@pytest.mark.parametrize(("changes", "code", "path"), REFUSED)
async def test_what_cannot_be_meant_is_refused_with_its_path(
    chain: Chain, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    assert await chain.refused("acme", "sharingRuleDraft", chain.draft(**changes)) == (code, path)


async def test_kinds_without_site_or_day_do_without_them(chain: Chain) -> None:
    await chain.active(
        kind="ITEM", fieldGroups=["lifecycle"], items={"ids": [chain.item(1)]}, sites=..., daysBack=..., daysAhead=...
    )
    seen = await chain.ask("cargo", "{items{nodes{id lifecycle gtin withheld}}}")
    assert seen["items"]["nodes"] == [
        {"id": chain.item(1), "lifecycle": "SERIES", "gtin": None, "withheld": ["identifiers"]}
    ]


async def test_foreign_and_absent_records_are_one_refusal(chain: Chain) -> None:
    absent = new_id(EPOCH)
    for item in (public_id("itm", absent), chain.item(), chain.site()):
        code, path = await chain.refused(
            "bolt", "sharingRuleDraft", chain.draft(grantee={"code": "ACME"}, items={"ids": [item]})
        )
        assert (code, path) == ("NOT_FOUND", ["input", "items", "ids", "0"])
    rule = await chain.active()
    answers = set()
    for firm, id in (("cargo", rule["id"]), ("bolt", rule["id"]), ("acme", public_id("rul", absent)), ("acme", "rul")):
        found, [error] = await chain.do(firm, "sharingRuleRevoke", {"sharingRule": id, "expectedVersion": 2})
        answers.add(str((found, error)))
    assert len(answers) == 1
    assert await chain.ask("cargo", "query($id:ID!){node(id:$id){id} sharingRules{totalCount}}", id=rule["id"]) == {
        "node": None, "sharingRules": {"totalCount": 0}
    }  # fmt: skip


async def test_an_old_version_and_an_illegal_step_change_nothing(chain: Chain) -> None:
    rule = await chain.drafted()
    assert await chain.refused("acme", "sharingRuleActivate", {"sharingRule": rule["id"], "expectedVersion": 2}) == (
        "CONFLICT", ["input", "expectedVersion"]
    )  # fmt: skip
    assert await chain.refused("acme", "sharingRuleResume", {"sharingRule": rule["id"], "expectedVersion": 1}) == (
        "ILLEGAL_TRANSITION", ["input", "sharingRule"]
    )  # fmt: skip


async def test_a_role_may_make_a_rule_too_large_to_activate(chain: Chain) -> None:
    """200 items by 26 sites are well for one partner, not for two suppliers."""
    acme, superuser = chain.firms["acme"], chain.bench.superuser
    items = await superuser.fetch(
        "insert into item (id, owner_id, number, description, unit, lifecycle, version, created_at)"
        " select gen_random_uuid(), $1, 'X' || n, 'x', 'C62', 'SERIES', 1, now() from generate_series(1, 200) n"
        " returning id", acme,
    )  # fmt: skip
    sites = await superuser.fetch(
        "insert into site (id, partner_id, code, name, kind, time_zone, version, created_at)"
        " select gen_random_uuid(), $1, 'X' || n, 'x', 'PLANT', 'UTC', 1, now() from generate_series(1, 51) n"
        " returning id", acme,
    )  # fmt: skip
    items, sites = [public_id("itm", row["id"]) for row in items], [public_id("sit", row["id"]) for row in sites]
    one = chain.draft(items={"ids": items}, sites={"ids": sites})
    assert await chain.refused("acme", "sharingRuleDraft", one) == ("OUT_OF_RANGE", ["input"])
    rule = await chain.drafted(items={"ids": items}, sites={"ids": sites[:26]}, grantee={"role": "SUPPLIER"})
    given = {"sharingRule": rule["id"], "expectedVersion": 1}
    assert await chain.refused("acme", "sharingRuleActivate", given) == ("OUT_OF_RANGE", ["input"])
    await chain.step(await chain.step(rule, "Revise", sites={"ids": sites[:25]}), "Activate")
    assert await superuser.fetchval("select count(*) from scope") == 10_000


async def test_a_draft_for_a_partner_whose_relationship_ended_cannot_be_activated(chain: Chain) -> None:
    rule = await chain.drafted()
    await chain.relate("acme", "cargo", "End", 1)
    given = {"sharingRule": rule["id"], "expectedVersion": 1}
    assert await chain.refused("acme", "sharingRuleActivate", given) == ("INVALID", ["input", "sharingRule"])
    assert await chain.refused("acme", "sharingRuleDraft", chain.draft()) == ("NOT_FOUND", ["input", "grantee", "code"])


async def test_an_idempotency_key_drafts_once(chain: Chain) -> None:
    text = (
        'mutation($i: SharingRuleDraftInput!) { sharingRuleDraft(input: $i) @idempotent(key: "k")'
        " { sharingRule { id } userErrors { code } } }"
    )
    first, again = [await chain.ask("acme", text, i=chain.draft()) for _ in range(2)]
    assert first == again
    assert await chain.bench.superuser.fetchval("select count(*) from sharing_rule") == 1


async def test_every_step_of_a_rule_stands_in_its_owners_audit_trail(chain: Chain) -> None:
    rule = await chain.active(fieldGroups=["price"])
    await chain.step(rule, "Revoke")
    rows = await chain.bench.hub.database.read.rows("select action, subject, details from audit_entry order by seq")
    assert [row["action"] for row in rows] == ["sharingRule.drafted", "sharingRule.activated", "sharingRule.revoked"]
    assert {row["subject"] for row in rows} == {f"sharing-rule:{key_of('rul', rule['id'])}"}
    assert orjson.loads(rows[1]["details"])["fieldGroups"] == ["price"]
