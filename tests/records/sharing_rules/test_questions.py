"""Why one sees a record, who else does, and what a rule would open: said to those it concerns, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.ids import new_id, public_id
from scmhub.records.sharing_rules import simulate

from ...support.chain import Chain
from ...support.hub import EPOCH

EXPLAIN = """query ($id: ID!, $field: String, $as: String) { explainVisibility(id: $id, field: $field, as: $as) {
  basis scopes { rule owner { code } fieldGroups validUntil }
  field { name fieldGroup exact basis scopes { rule } } verdicts { rule verdict } } }"""
WHO = "query ($id: ID!) { whoCanSee(id: $id) { partner { code } basis fieldGroups rule until } }"
SIMULATE = """query ($id: ID!) { sharingRuleSimulate(id: $id) { complete warnings { code partner { code } }
  grantees { partner { code } kinds { kind rowsGained samples fieldGroups { fieldGroup rowsGained } } } } }"""
END = "2026-03-31T12:00:00+00:00"


async def explain(chain: Chain, firm: str, id: str, field: str | None = None, as_: str | None = None) -> Any:
    return (await chain.ask(firm, EXPLAIN, id=id, field=field, **{"as": as_}))["explainVisibility"]


async def verdicts(chain: Chain, id: str, as_: str, field: str | None = None) -> dict[str, str]:
    found = await explain(chain, "acme", id, field, as_)
    return {each["rule"]: each["verdict"] for each in found["verdicts"]}


# -- why do I see this -------------------------------------------------------------------------------------------------


async def test_owner_and_party_need_no_rule(chain: Chain) -> None:
    assert await explain(chain, "acme", chain.order()) == {
        "basis": "OWNER", "scopes": [], "field": None, "verdicts": []
    }  # fmt: skip
    assert await explain(chain, "bolt", chain.line(), "unitPrice") == {
        "basis": "PARTY", "scopes": [], "verdicts": [],
        "field": {"name": "unitPrice", "fieldGroup": "price", "exact": True, "basis": "PARTY", "scopes": []},
    }  # fmt: skip


async def test_a_grantee_learns_which_rule_of_whom_until_when(chain: Chain) -> None:
    price = await chain.active(items={"ids": [chain.item(0)]}, validUntil=END)
    numbers = await chain.active(fieldGroups=["numbers"])
    of_price = {"rule": price["id"], "owner": {"code": "ACME"}, "fieldGroups": ["price"], "validUntil": END}
    of_numbers = {"rule": numbers["id"], "owner": {"code": "ACME"}, "fieldGroups": ["numbers"], "validUntil": None}
    assert await explain(chain, "cargo", chain.line(0, 0), "unitPrice") == {
        "basis": "RULE", "scopes": [of_price, of_numbers], "verdicts": [],
        "field": {
            "name": "unitPrice", "fieldGroup": "price", "exact": True, "basis": "RULE",
            "scopes": [{"rule": price["id"]}],
        },
    }  # fmt: skip
    assert await explain(chain, "cargo", chain.line(0, 1), "unitPrice") == {
        "basis": "RULE", "scopes": [of_numbers], "verdicts": [],
        "field": {"name": "unitPrice", "fieldGroup": "price", "exact": False, "basis": None, "scopes": []},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "group", "exact", "basis"),
    [
        ("id", None, True, "RULE"), ("status", None, True, "RULE"), ("lines", None, True, "RULE"),
        ("incoterm", None, False, None), ("total", "price", True, "RULE"), ("seller", "parties", False, None),
    ],
)  # fmt: skip
async def test_fields_of_every_class_are_explained(
    chain: Chain, field: str, group: str | None, exact: bool, basis: str | None
) -> None:
    rule = await chain.active()
    found = (await explain(chain, "cargo", chain.order(), field))["field"]
    scopes = [{"rule": rule["id"]}] if exact else []
    assert found == {"name": field, "fieldGroup": group, "exact": exact, "basis": basis, "scopes": scopes}


async def test_hidden_absent_and_malformed_are_one_answer(chain: Chain) -> None:
    rule = await chain.active(grantee={"code": "DYNA"})
    absent = new_id(EPOCH)
    ids = [
        chain.order(), chain.line(), chain.item(), chain.site(), rule["id"], public_id("ord", absent),
        public_id("scl", absent), public_id("orl", chain.orders[0]), "", "ord_", "\0", "ord_" + "9" * 5000,
    ]  # fmt: skip
    for variables in ({}, {"field": "total"}, {"field": "no such"}, {"as": "DYNA"}, {"as": "\0", "field": "lines"}):
        answers = {str(await chain.answer("cargo", EXPLAIN, id=each, **variables)) for each in ids}
        assert answers == {"{'data': {'explainVisibility': None}}"}
    assert {str(await chain.answer("cargo", WHO, id=each)) for each in ids} == {"{'data': {'whoCanSee': []}}"}
    assert {str(await chain.answer("cargo", SIMULATE, id=each)) for each in ids} == {
        "{'data': {'sharingRuleSimulate': None}}"
    }


async def test_an_unknown_field_of_a_visible_record_is_refused(chain: Chain) -> None:
    found = await chain.answer("acme", EXPLAIN, id=chain.order(), field="totl")
    assert found["errors"][0]["extensions"] == {
        "code": "BAD_USER_INPUT", "reason": "BAD_VALUE", "requestId": "request", "inputPath": ["field"]
    }  # fmt: skip


async def test_partners_are_visible_by_their_relationship(chain: Chain) -> None:
    assert (await explain(chain, "bolt", chain.partner("acme")))["basis"] == "PARTY"
    assert (await explain(chain, "bolt", chain.partner("bolt")))["basis"] == "OWNER"
    assert await explain(chain, "bolt", chain.partner("cargo")) is None


# -- why does that partner not see it ----------------------------------------------------------------------------------


async def test_the_owner_learns_the_first_condition_each_rule_lacks(chain: Chain) -> None:
    """The line is of item 1, goes to site 1 and is wanted in ten days."""
    line = chain.line(1, 1)
    here = {"items": {"ids": [chain.item(1)]}, "sites": {"ids": [chain.site(1)]}, "daysBack": 0, "daysAhead": 10}
    suspended = await chain.step(await chain.active(**here), "Suspend")
    wanted = {
        suspended["id"]: "STATE",
        (await chain.active(**here, validFrom=END))["id"]: "VALIDITY",
        (await chain.active(kind="ITEM", fieldGroups=["lifecycle"], sites=..., daysBack=..., daysAhead=...))[
            "id"
        ]: "KIND",
        (await chain.active(**here, grantee={"code": "BOLT"}))["id"]: "GRANTEE",
        (await chain.active(**here, grantee={"role": "CUSTOMER"}))["id"]: "RELATIONSHIP",
        (await chain.active(**{**here, "items": {"ids": [chain.item(0)]}, "sites": {"all": True}}))["id"]: "ITEM",
        (await chain.active(**{**here, "sites": {"ids": [chain.site(0)]}, "daysAhead": 9}))["id"]: "SITE",
        (await chain.active(**{**here, "daysAhead": 9}))["id"]: "WINDOW",
        (await chain.active(**here, fieldGroups=["numbers"]))["id"]: "COVERS",
        (await chain.active(**here, grantee={"role": "SUPPLIER"}))["id"]: "COVERS",
    }
    assert await verdicts(chain, line, "CARGO") == wanted
    [numbers, price] = [rule for rule, verdict in wanted.items() if verdict == "COVERS"]
    assert await verdicts(chain, line, "CARGO", "unitPrice") == wanted | {numbers: "FIELD"}
    assert await verdicts(chain, line, "CARGO", "status") == wanted
    assert await verdicts(chain, line, "CARGO", "note") == wanted | {numbers: "FIELD", price: "FIELD"}
    assert list((await verdicts(chain, line, "CARGO", "unitPrice")).values())[:3] == ["COVERS", "FIELD", "WINDOW"]


async def test_what_the_owner_is_told_of_a_partner_is_what_the_partner_sees(chain: Chain) -> None:
    rule = await chain.active(items={"ids": [chain.item(1)]})
    for line in (chain.line(0, 0), chain.line(0, 1)):
        told = await explain(chain, "acme", line, "unitPrice", "CARGO")
        told.pop("verdicts")
        seen = await explain(chain, "cargo", line, "unitPrice")
        if seen is None:
            hidden = {"name": "unitPrice", "fieldGroup": "price", "exact": False, "basis": None, "scopes": []}
            assert told == {"basis": None, "scopes": [], "field": hidden}
        else:
            seen.pop("verdicts")
            assert told == seen
            assert told["scopes"][0]["rule"] == rule["id"]
    assert (await explain(chain, "acme", chain.order(), None, "BOLT"))["basis"] == "PARTY"


async def test_nobody_but_the_owner_asks_about_others(chain: Chain) -> None:
    await chain.active()
    for firm in ("bolt", "cargo", "dyna"):
        assert await explain(chain, firm, chain.order(), None, "CARGO") is None
    for stranger in ("FUJI", "NOBODY", "\0"):
        assert await explain(chain, "acme", chain.order(), None, stranger) is None


# -- who can see -------------------------------------------------------------------------------------------------------


async def test_the_owner_learns_who_sees_a_record(chain: Chain) -> None:
    rule = await chain.active(items={"ids": [chain.item(0)]}, validUntil=END, fieldGroups=["price", "numbers"])
    role = await chain.active(grantee={"role": "SUPPLIER"}, fieldGroups=["promises"])
    await chain.drafted(grantee={"code": "DYNA"})
    groups = ["parties", "numbers", "price"]

    def entry(code: str, basis: str, groups: list[str], rule: Any = None, until: str | None = None) -> Any:
        return {
            "partner": {"code": code},
            "basis": basis,
            "fieldGroups": groups,
            "rule": rule and rule["id"],
            "until": until,
        }

    assert (await chain.ask("acme", WHO, id=chain.order()))["whoCanSee"] == [
        entry("BOLT", "RULE", ["promises"], role),
        entry("BOLT", "PARTY", groups),
        entry("CARGO", "RULE", ["numbers", "price"], rule, END),
        entry("CARGO", "RULE", ["promises"], role),
    ]
    assert [each["rule"] for each in (await chain.ask("acme", WHO, id=chain.line(0, 1)))["whoCanSee"]] == [
        role["id"], None, role["id"]
    ]  # fmt: skip
    for firm in ("bolt", "cargo", "fuji"):
        assert await chain.ask(firm, WHO, id=chain.order()) == {"whoCanSee": []}


async def test_a_partner_is_seen_by_its_relations(chain: Chain) -> None:
    found = (await chain.ask("acme", WHO, id=chain.partner("acme")))["whoCanSee"]
    assert [each["partner"]["code"] for each in found] == ["BOLT", "CARGO", "DYNA", "EAST"]
    assert (await chain.ask("acme", WHO, id=chain.partner("bolt")))["whoCanSee"] == []


async def test_the_matrix_holds_what_is_open_now(chain: Chain) -> None:
    text = "{ accessMatrix(kind: ORDER) { partner { code } fieldGroup rules until } }"
    assert await chain.ask("acme", text) == {"accessMatrix": []}
    one = await chain.active(fieldGroups=["price", "numbers"], validUntil=END)
    two = await chain.active(fieldGroups=["price"], items={"ids": [chain.item(0), chain.item(1)]})
    await chain.active(validFrom=END)
    cargo = {"partner": {"code": "CARGO"}}
    assert (await chain.ask("acme", text))["accessMatrix"] == [
        cargo | {"fieldGroup": "numbers", "rules": [one["id"]], "until": END},
        cargo | {"fieldGroup": "price", "rules": [one["id"], two["id"]], "until": None},
    ]
    assert await chain.ask("cargo", text) == {"accessMatrix": []}


# -- what would it open ------------------------------------------------------------------------------------------------


async def simulated(chain: Chain, rule: Any) -> Any:
    before = await chain.stored()
    found = (await chain.ask("acme", SIMULATE, id=rule["id"]))["sharingRuleSimulate"]
    assert await chain.stored() == before
    return found


def gains(found: Any, code: str) -> dict[str, Any]:
    [grantee] = [each for each in found["grantees"] if each["partner"]["code"] == code]
    return {
        each["kind"]: (each["rowsGained"], {g["fieldGroup"]: g["rowsGained"] for g in each["fieldGroups"]})
        for each in grantee["kinds"]
    }


async def counted(chain: Chain, firm: str) -> dict[str, Any]:
    """What a firm sees: rows and, by group, rows with nothing withheld of it."""
    data = await chain.ask(firm, "{orders{nodes{withheld}} orderLines{nodes{withheld}}}")
    shown = {}
    for kind, field in (("Order", "orders"), ("OrderLine", "orderLines")):
        rows = [each["withheld"] for each in data[field]["nodes"]]
        shown[kind] = (
            len(rows),
            {g: sum(g not in row for row in rows) for g in ("parties", "numbers", "price", "fulfilment")},
        )
    return shown


async def test_a_simulation_equals_what_becomes_visible(chain: Chain) -> None:
    await chain.active(fieldGroups=["price"], items={"ids": [chain.item(0)]}, daysBack=0, daysAhead=10)
    rule = await chain.drafted(
        fieldGroups=["price", "numbers", "fulfilment"], sites={"ids": [chain.site(0)]}, grantee={"role": "SUPPLIER"}
    )
    found = await simulated(chain, rule)
    before = {firm: await counted(chain, firm) for firm in ("bolt", "cargo")}
    await chain.step(rule, "Activate")
    for firm in ("bolt", "cargo"):
        after = await counted(chain, firm)
        for kind, (rows, groups) in gains(found, firm.upper()).items():
            assert rows == after[kind][0] - before[firm][kind][0]
            assert groups == {g: after[kind][1][g] - before[firm][kind][1][g] for g in groups}
    assert gains(found, "CARGO") == {
        "Order": (1, {"numbers": 2, "price": 0}), "OrderLine": (4, {"price": 4, "fulfilment": 6})
    }  # fmt: skip
    assert gains(found, "BOLT") == {
        "Order": (0, {"numbers": 0, "price": 0}), "OrderLine": (0, {"price": 0, "fulfilment": 0})
    }  # fmt: skip
    [cargo] = [each for each in found["grantees"] if each["partner"]["code"] == "CARGO"]
    assert cargo["kinds"][0]["samples"] == [chain.order(2)]
    assert set(cargo["kinds"][1]["samples"]) == {chain.line(0, 1), *(chain.line(2, n) for n in range(3))}


async def test_the_simulation_of_a_rule_in_force_leaves_it_out_of_the_comparison(chain: Chain) -> None:
    rule = await chain.active(daysBack=0, daysAhead=0)
    found = await simulated(chain, rule)
    assert gains(found, "CARGO") == {"Order": (1, {"price": 0}), "OrderLine": (3, {"price": 3})}
    await chain.step(rule, "Revoke")
    later = await chain.drafted(validFrom=END, daysBack=0, daysAhead=0)
    assert gains(await simulated(chain, later), "CARGO") == {
        "Order": (1, {"price": 0}), "OrderLine": (3, {"price": 3})
    }  # fmt: skip


async def test_a_simulation_warns(chain: Chain) -> None:
    def codes(found: Any) -> list[Any]:
        return [(each["code"], each["partner"] and each["partner"]["code"]) for each in found["warnings"]]

    assert codes(await simulated(chain, await chain.drafted())) == [
        ("FUTURE_ITEMS", None), ("FORWARD_LOOKING", None), ("COMPETITOR_REACHABLE", "CARGO")
    ]  # fmt: skip
    roles = await chain.drafted(grantee={"role": "SUPPLIER"})
    assert codes(await simulated(chain, roles))[2:] == [("COMPETITOR_REACHABLE", "CARGO")], "bolt is no rival of itself"
    past = await chain.drafted(items={"ids": [chain.item()]}, daysAhead=0, grantee={"code": "DYNA"})
    assert codes(await simulated(chain, past)) == []
    assert codes(await simulated(chain, await chain.drafted(grantee={"role": "DISTRIBUTOR"}, daysAhead=0))) == [
        ("NO_GRANTEES", None), ("FUTURE_ITEMS", None)
    ]  # fmt: skip


async def test_one_simulation_per_operation(chain: Chain) -> None:
    rule = await chain.drafted()
    field = "sharingRuleSimulate(id: $id) { complete }"
    found = await chain.answer("acme", f"query ($id: ID!) {{ a: {field} b: {field} }}", id=rule["id"])
    assert found["errors"][0]["extensions"]["reason"] == "TOO_MANY"


async def test_questions_stand_beside_planned_fields(chain: Chain) -> None:
    rule = await chain.active()
    found = await chain.ask(
        "cargo",
        "query ($id: ID!) { a: viewer { code } explainVisibility(id: $id) { basis scopes { rule } } b: __typename }",
        id=chain.order(),
    )  # fmt: skip
    assert found == {
        "a": {"code": "CARGO"}, "explainVisibility": {"basis": "RULE", "scopes": [{"rule": rule["id"]}]}, "b": "Query"
    }  # fmt: skip


async def test_records_without_parties_are_simulated_too(chain: Chain) -> None:
    rule = await chain.drafted(
        kind="ITEM", fieldGroups=["lifecycle"], items={"ids": [chain.item(1)]}, sites=..., daysBack=..., daysAhead=...
    )
    found = await simulated(chain, rule)
    assert gains(found, "CARGO") == {"Item": (1, {"lifecycle": 1})}
    assert (found["complete"], found["warnings"]) == (True, [])


async def test_limits_cut_a_simulation_short_and_say_so(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "MOST_COUNTED", 3)
    rule = await chain.drafted()
    found = await simulated(chain, rule)
    assert (found["complete"], gains(found, "CARGO")["Order"]) == (False, (3, {"price": 3}))
    monkeypatch.setattr(simulate, "MOST_LOOKS", 4)
    found = await simulated(chain, await chain.drafted(grantee={"role": "SUPPLIER"}))
    assert (found["complete"], gains(found, "CARGO")["Order"]) == (False, (2, {"price": 2}))
    monkeypatch.setattr(simulate, "MOST_GRANTEES", 1)
    found = await simulated(chain, await chain.drafted(grantee={"role": "SUPPLIER"}, daysBack=0, daysAhead=0))
    assert (found["complete"], [each["partner"]["code"] for each in found["grantees"]]) == (False, ["BOLT"])
