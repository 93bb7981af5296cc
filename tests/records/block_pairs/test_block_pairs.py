"""Two partners kept apart: what closes, for whom, at once; what stays; who is told; and that lifting gives it all back."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.database.tables import HUB_PARTNER
from scmhub.ids import key_of
from scmhub.sharing.expansion import scopes_out_of_line

from ...support.chain import ORDERS, Chain

PAIR = "id version state reason liftReason ownRecordsOnly one { code } other { code }"
PAIRS = "{ blockPairs { totalCount nodes { state reason one { code } other { code } } } }"
FOUND = "{ partners(orderBy: {field: CODE, direction: ASC}) { totalCount nodes { code } } }"


async def set_pair(chain: Chain, firm: str, partner: str, against: str | None = None, reason: str = "They compete.") -> Any:
    given = {"partner": partner, "reason": reason} | ({"against": against} if against else {})
    return await chain.done(firm, "blockPairSet", given, record="blockPair", show=PAIR)


async def lift(chain: Chain, firm: str, pair: Any, reason: str = "Settled.") -> Any:
    given = {"blockPair": pair["id"], "expectedVersion": pair["version"], "reason": reason}
    return await chain.done(firm, "blockPairLift", given, record="blockPair", show=PAIR)


async def in_line(chain: Chain) -> bool:
    return await scopes_out_of_line(chain.bench.superuser) == 0


@pytest.fixture
def operator(chain: Chain) -> str:
    chain.firms["hub"] = HUB_PARTNER
    return "hub"


@pytest.mark.parametrize(
    ("setter", "partner", "against"),
    [("cargo", "BOLT", None), ("bolt", "CARGO", None), ("acme", "BOLT", "CARGO"), ("acme", "CARGO", "BOLT"), ("hub", "CARGO", "BOLT")],
)
async def test_a_rule_shows_neither_what_the_other_stands_on(
    chain: Chain, operator: str, setter: str, partner: str, against: str | None
) -> None:
    """acme's orders are bolt's to fill; acme shows them to cargo."""
    await chain.active(grantee={"role": "SUPPLIER"})
    before = {firm: await chain.prices(firm) for firm in ("acme", "bolt", "cargo")}
    assert len(before["cargo"]) == ORDERS

    pair = await set_pair(chain, setter, partner, against)

    assert await chain.prices("cargo") == {}
    assert {firm: await chain.prices(firm) for firm in ("acme", "bolt")} == {firm: before[firm] for firm in ("acme", "bolt")}
    assert await in_line(chain)
    await chain.active(fieldGroups=["numbers"])  # a rule made later is no way round
    assert await chain.prices("cargo") == {}
    assert await in_line(chain)

    assert (await lift(chain, setter, pair))["state"] == "LIFTED"
    assert await chain.prices("cargo") == before["cargo"]
    assert await in_line(chain)


async def test_between_the_two_nothing_is_shared_and_what_both_are_party_to_stays(chain: Chain) -> None:
    rule = await chain.active(kind="ITEM", grantee={"code": "BOLT"}, fieldGroups=["lifecycle"], sites=..., daysBack=..., daysAhead=...)
    items = "{ items { totalCount nodes { id } } }"
    assert (await chain.ask("bolt", items))["items"]["totalCount"] == 2
    orders = await chain.prices("bolt")
    pair = await set_pair(chain, "bolt", "ACME")
    assert await chain.ask("bolt", items) == {"items": {"totalCount": 0, "nodes": []}}
    assert await chain.prices("bolt") == orders
    links = "{ relationships { nodes { provider { code } recipient { code } } } }"
    assert {"provider": {"code": "BOLT"}, "recipient": {"code": "ACME"}} in (await chain.ask("acme", links))["relationships"]["nodes"]
    assert await chain.bench.superuser.fetchval("select count(*) from scope where rule_id = $1", key_of("rul", rule["id"])) == 0
    await lift(chain, "bolt", pair)
    assert (await chain.ask("bolt", items))["items"]["totalCount"] == 2


async def test_neither_finds_the_other_among_partners(chain: Chain) -> None:
    whole = {firm: await chain.ask(firm, FOUND) for firm in ("acme", "bolt")}
    pair = await set_pair(chain, "bolt", "ACME")
    assert [each["code"] for each in (await chain.ask("acme", FOUND))["partners"]["nodes"]] == ["ACME", "CARGO", "DYNA", "EAST"]
    assert await chain.ask("bolt", FOUND) == {"partners": {"totalCount": 1, "nodes": [{"code": "BOLT"}]}}
    asked = "query($id: ID!) { node(id: $id) { id } partner(by: {id: $id}) { id } partners(where: {code: {contains: \"OL\"}}) { totalCount } }"
    assert await chain.ask("acme", asked, id=chain.partner("bolt")) == {"node": None, "partner": None, "partners": {"totalCount": 0}}
    assert (await chain.refused("acme", "sharingRuleDraft", chain.draft(grantee={"code": "BOLT"})))[0] == "NOT_FOUND"
    assert (await chain.refused("acme", "sharingRuleDraft", chain.draft(grantee={"id": chain.partner("bolt")})))[0] == "NOT_FOUND"
    await lift(chain, "bolt", pair)
    assert {firm: await chain.ask(firm, FOUND) for firm in ("acme", "bolt")} == whole


async def test_a_customers_pair_bears_on_its_own_records_only(chain: Chain) -> None:
    await chain.active()
    await set_pair(chain, "dyna", "BOLT", "CARGO")
    assert len(await chain.prices("cargo")) == ORDERS
    assert await in_line(chain)


async def test_only_who_set_a_pair_sees_it_and_every_step_is_in_its_audit_trail(chain: Chain, operator: str) -> None:
    pair = await set_pair(chain, "cargo", "BOLT", reason="A rival in castings.")
    seen = {"state": "ACTIVE", "reason": "A rival in castings.", "one": {"code": "CARGO"}, "other": {"code": "BOLT"}}
    assert await chain.ask("cargo", PAIRS) == {"blockPairs": {"totalCount": 1, "nodes": [seen]}}
    for firm in ("acme", "bolt", "hub"):
        assert await chain.ask(firm, PAIRS) == {"blockPairs": {"totalCount": 0, "nodes": []}}
        assert (await chain.ask(firm, "query($id: ID!) { node(id: $id) { id } }", id=pair["id"])) == {"node": None}
        given = {"blockPair": pair["id"], "expectedVersion": 1, "reason": "Mine."}
        assert await chain.refused(firm, "blockPairLift", given, record="blockPair", show="id") == ("NOT_FOUND", ["input", "blockPair"])
    await lift(chain, "cargo", pair)
    trail = await chain.ask("cargo", "{ auditTrail { nodes { action } } }")
    assert sorted(each["action"] for each in trail["auditTrail"]["nodes"]) == ["blockPair.lifted", "blockPair.set"]
    assert await chain.ask("bolt", "{ auditTrail { totalCount } }") == {"auditTrail": {"totalCount": 0}}


async def test_a_pair_may_be_set_by_both_sides_and_stands_until_the_last_is_lifted(chain: Chain) -> None:
    await chain.active()
    mine, theirs = await set_pair(chain, "cargo", "BOLT"), await set_pair(chain, "bolt", "CARGO")
    await lift(chain, "cargo", mine)
    assert await chain.prices("cargo") == {}
    await lift(chain, "bolt", theirs)
    assert len(await chain.prices("cargo")) == ORDERS


@pytest.mark.parametrize(
    ("firm", "given", "refusal"),
    [
        ("cargo", {"partner": "NOBODY"}, ("NOT_FOUND", ["input", "partner"])),
        ("cargo", {"partner": "HUB"}, ("NOT_FOUND", ["input", "partner"])),
        ("cargo", {"partner": "a\0b"}, ("NOT_FOUND", ["input", "partner"])),
        ("cargo", {"partner": "CARGO"}, ("INVALID", ["input", "partner"])),
        ("cargo", {"partner": "BOLT", "against": "BOLT"}, ("INVALID", ["input", "partner"])),
        ("cargo", {"partner": "BOLT", "against": "CARGO"}, ("INVALID", ["input", "against"])),
        ("cargo", {"partner": "BOLT", "reason": ""}, ("REQUIRED", ["input", "reason"])),
        ("hub", {"partner": "BOLT"}, ("REQUIRED", ["input", "against"])),
    ],
)
async def test_bad_input_is_refused(chain: Chain, operator: str, firm: str, given: dict[str, str], refusal: Any) -> None:
    given = {"reason": "They compete."} | given
    assert await chain.refused(firm, "blockPairSet", given, record="blockPair", show="id") == refusal


async def test_twice_is_refused_and_so_is_a_pair_that_is_over(chain: Chain) -> None:
    pair = await set_pair(chain, "cargo", "BOLT")
    again = {"partner": "BOLT", "reason": "Again."}
    assert await chain.refused("cargo", "blockPairSet", again, record="blockPair", show="id") == ("DUPLICATE", ["input", "partner"])
    over = await lift(chain, "cargo", pair)
    given = {"blockPair": over["id"], "expectedVersion": over["version"], "reason": "Again."}
    assert await chain.refused("cargo", "blockPairLift", given, record="blockPair", show="id") == ("ILLEGAL_TRANSITION", ["input", "blockPair"])
    assert (await set_pair(chain, "cargo", "BOLT"))["state"] == "ACTIVE"


# -- what the owner of the records is told -----------------------------------------------------------------------------


async def test_the_owner_learns_the_outcome_and_never_the_cause(chain: Chain) -> None:
    rule = await chain.active()
    who = "query($id: ID!) { whoCanSee(id: $id) { partner { code } } }"
    simulate = "query($id: ID!) { sharingRuleSimulate(id: $id) { grantees { partner { code } kinds { rowsGained } } } }"
    explain = "query($id: ID!) { explainVisibility(id: $id, as: \"CARGO\", field: \"total\") { basis field { exact } verdicts { rule verdict } } }"
    await set_pair(chain, "cargo", "BOLT")
    assert await chain.ask("acme", who, id=chain.order()) == {"whoCanSee": [{"partner": {"code": "BOLT"}}]}
    [gain] = (await chain.ask("acme", simulate, id=rule["id"]))["sharingRuleSimulate"]["grantees"]
    assert (gain["partner"]["code"], {each["rowsGained"] for each in gain["kinds"]}) == ("CARGO", {0})
    assert await chain.ask("acme", explain, id=chain.order()) == {
        "explainVisibility": {
            "basis": None, "field": {"exact": False}, "verdicts": [{"rule": rule["id"], "verdict": "RELATIONSHIP"}]
        }
    }  # fmt: skip


CARDS = "{ orders(first: 1) { nodes { lines(first: 1) { nodes { item { number description owner { code name } } } } } } }"


@pytest.mark.parametrize(("setter", "partner"), [("hub", "CARGO"), ("acme", "CARGO"), ("fuji", "CARGO")])
async def test_the_card_of_an_item_does_not_name_who_is_kept_apart(
    chain: Chain, operator: str, setter: str, partner: str
) -> None:
    """acme orders an item of fuji's from bolt, and shows the order with its parties to cargo; fuji stands on no order."""
    await chain.bench.superuser.execute("update item set owner_id = $1", chain.firms["fuji"])
    for firm in ("acme", "cargo"):  # so that whoever sets the pair can find the other
        await chain.bench.superuser.execute(
            "insert into relationship (id, provider_id, recipient_id, kind, state, proposed_by, version, created_at)"
            " values (gen_random_uuid(), $1, $2, 'SUPPLY', 'ACTIVE', $1, 1, now())",
            chain.firms["fuji"], chain.firms[firm],
        )  # fmt: skip
    await chain.active(fieldGroups=["parties"])
    before = {firm: await chain.ask(firm, CARDS) for firm in ("acme", "bolt", "cargo")}

    def card(found: Any) -> Any:
        return found["orders"]["nodes"][0]["lines"]["nodes"][0]["item"]

    assert card(before["cargo"])["owner"] == {"code": "FUJI", "name": "Fuji"}
    pair = await set_pair(chain, setter, partner, None if setter == "fuji" else "FUJI")
    now = {firm: await chain.ask(firm, CARDS) for firm in ("acme", "bolt", "cargo")}
    assert card(now["cargo"]) == card(before["cargo"]) | {"owner": None}
    assert (now["acme"], now["bolt"]) == (before["acme"], before["bolt"])
    await lift(chain, setter, pair)
    assert await chain.ask("cargo", CARDS) == before["cargo"]


async def test_the_card_on_a_record_both_stand_on_goes_on_naming_them(chain: Chain, operator: str) -> None:
    """The items on acme's orders are bolt's own, and bolt is kept apart from acme: both stand on them."""
    await chain.bench.superuser.execute("update item set owner_id = $1", chain.firms["bolt"])
    before = await chain.ask("acme", CARDS)
    await set_pair(chain, "hub", "ACME", "BOLT")
    assert await chain.ask("acme", CARDS) == before
    assert before["orders"]["nodes"][0]["lines"]["nodes"][0]["item"]["owner"]["code"] == "BOLT"
