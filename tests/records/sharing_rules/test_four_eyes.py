"""With four eyes on, nobody opens what they wrote themselves, and no machine opens anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from scmhub.graph.request import GraphQLRequest

from ...support.chain import Chain
from ...support.hub import EPOCH, viewer_of

ON = "mutation ($on: Boolean!) { m: fourEyesSet(input: {required: $on, reason: \"Audit of March.\"}) { partner { fourEyes } userErrors { code path } } }"
DRAFT = "mutation ($i: SharingRuleDraftInput!) { m: sharingRuleDraft(input: $i) { sharingRule { id version state } userErrors { code path } } }"
REVISE = DRAFT.replace("Draft", "Revise").replace("RuleDraftInput", "RuleReviseInput")
STEP = "mutation ($i: SharingRuleStepInput!) { m: sharingRule%s(input: $i) { sharingRule { id version state } userErrors { code path } } }"
REFUSED = [{"code": "FOUR_EYES", "path": ["input", "sharingRule"]}]


async def act(chain: Chain, who: str, document: str, **variables: Any) -> Any:
    viewer = replace(viewer_of(chain.firms["acme"]), subject=who, authenticated_at=EPOCH)
    body = (await chain.bench.hub.execute(GraphQLRequest(document, variables), viewer)).body
    return orjson.loads(body)["data"]["m"]


async def step(chain: Chain, who: str, name: str, rule: Any) -> Any:
    return await act(chain, who, STEP % name, i={"sharingRule": rule["id"], "expectedVersion": rule["version"]})


async def test_another_person_than_the_last_author_opens_a_rule(chain: Chain) -> None:
    assert await act(chain, "person:adam", ON, on=True) == {"partner": {"fourEyes": True}, "userErrors": []}
    rule = (await act(chain, "person:ann", DRAFT, i=chain.draft()))["sharingRule"]
    for who in ("person:ann", "integration:edi", "cli:acme", "operator"):
        refused = await step(chain, who, "Activate", rule)
        assert (refused["userErrors"], refused["sharingRule"]["state"]) == (REFUSED, "DRAFT")
    assert await chain.prices("cargo") == {}

    given = {"sharingRule": rule["id"], "expectedVersion": 1, "fieldGroups": ["numbers"]}
    rule = (await act(chain, "person:ben", REVISE, i=given))["sharingRule"]
    assert (await step(chain, "person:ben", "Activate", rule))["userErrors"] == REFUSED, "now ben is the author"
    rule = (await step(chain, "person:ann", "Activate", rule))["sharingRule"]
    assert rule["state"] == "ACTIVE"

    rule = (await step(chain, "person:ben", "Suspend", rule))["sharingRule"]
    assert (await step(chain, "integration:edi", "Resume", rule))["userErrors"] == REFUSED
    assert (await step(chain, "person:ann", "Resume", rule))["sharingRule"]["state"] == "ACTIVE"


async def test_it_is_off_at_first_audited_and_seen_by_its_partner_alone(chain: Chain) -> None:
    await chain.active()
    seen = "query($id: ID!) { partner(by: {id: $id}) { fourEyes } }"
    await act(chain, "person:adam", ON, on=True)
    assert (await act(chain, "person:adam", ON, on=True))["userErrors"] == [{"code": "ILLEGAL_TRANSITION", "path": ["input", "required"]}]
    assert await chain.ask("acme", seen, id=chain.partner("acme")) == {"partner": {"fourEyes": True}}
    assert await chain.ask("bolt", seen, id=chain.partner("acme")) == {"partner": {"fourEyes": None}}
    assert (await act(chain, "person:adam", ON, on=False))["partner"] == {"fourEyes": False}
    rows = await chain.bench.superuser.fetch("select action, reason from audit_entry where action like 'fourEyes%'")
    assert [tuple(row) for row in rows] == [("fourEyes.set", "Audit of March.")] * 2
