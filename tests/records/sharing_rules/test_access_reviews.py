"""Access reviews: two stewards look through what their firm's rules open; what they revoke closes, the rest stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from scmhub.graph.request import GraphQLRequest
from scmhub.identity.roles import Role, permitted
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.sharing.expansion import scopes_out_of_line

from ...support.chain import ORDERS, Chain
from ...support.hub import EPOCH, viewer_of

LINE = (
    "id version state decision kind grantee { code } granteeRole fieldGroups subjectVersion attestedVersion attestedBy"
    " reason activatedBy activatedAt lastUsedAt sharingRule { id version state }"
)
REVIEW = f"id version state reason dueAt startedBy closedBy closeReason revoked unattested lines {{ nodes {{ {LINE} }} }}"
ONE = f"query($id: ID!) {{ accessReview(by: {{id: $id}}) {{ {REVIEW} }} }}"
DUE = EPOCH + timedelta(days=14)
ANN, BEN = "person:ann", "person:ben"


class Stewards:
    """acme's people, each with a login of just now."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain

    async def ask(self, who: str, document: str, **variables: Any) -> Any:
        viewer = replace(viewer_of(self.chain.firms["acme"]), subject=who, authenticated_at=self.chain.bench.clock())
        body = (await self.chain.bench.hub.execute(GraphQLRequest(document, variables), viewer)).body
        return orjson.loads(body)["data"]

    async def do(self, who: str, command: str, show: str, **given: Any) -> tuple[Any, list[Any]]:
        record = "sharingRule" if command.startswith("sharing") else "accessReview"
        record += "Line" if command.endswith("Attest") else ""
        kind = "SharingRuleStep" if set(given) == {"sharingRule", "expectedVersion"} else f"{command[0].upper()}{command[1:]}"
        text = f"mutation($i: {kind}Input!) {{ m: {command}(input: $i) {{ {record} {{ {show} }} userErrors {{ code message path }} }} }}"
        payload = (await self.ask(who, text, i=given))["m"]
        return payload[record], payload["userErrors"]

    async def done(self, who: str, command: str, show: str, **given: Any) -> Any:
        found, errors = await self.do(who, command, show, **given)
        assert errors == []
        return found

    async def start(self, **changes: Any) -> Any:
        given = {"dueAt": DUE.isoformat(), "reason": "Yearly."} | changes
        return await self.done(ANN, "accessReviewStart", REVIEW, **given)

    async def attest(self, who: str, line: Any, decision: str, **changes: Any) -> tuple[Any, list[Any]]:
        given = {
            "accessReviewLine": line["id"], "expectedVersion": line["version"], "decision": decision,
            "subjectVersion": line["sharingRule"]["version"], "reason": f"{decision.title()} it.",
        } | changes  # fmt: skip
        return await self.do(who, "accessReviewAttest", LINE, **given)

    async def close(self, review: Any) -> tuple[Any, list[Any]]:
        given = {"accessReview": review["id"], "expectedVersion": review["version"], "reason": "Done."}
        return await self.do(BEN, "accessReviewClose", REVIEW, **given)

    async def read(self, review: Any) -> Any:
        return (await self.ask(ANN, ONE, id=review["id"]))["accessReview"]

    async def rule(self, who: str = ANN, **changes: Any) -> Any:
        self.chain.bench.clock.set(self.chain.bench.clock() + timedelta(milliseconds=1))
        rule = await self.done(who, "sharingRuleDraft", "id version", **self.chain.draft(**changes))
        return await self.step(who, "Activate", rule)

    async def step(self, who: str, name: str, rule: Any) -> Any:
        return await self.done(who, f"sharingRule{name}", "id version state", sharingRule=rule["id"], expectedVersion=rule["version"])


@pytest.fixture
def stewards(chain: Chain) -> Stewards:
    return Stewards(chain)


def states(review: Any) -> list[str]:
    return [each["state"] for each in review["lines"]["nodes"]]


async def test_the_life_of_a_review(chain: Chain, stewards: Stewards) -> None:
    kept = await stewards.rule(fieldGroups=["numbers"])
    gone = await stewards.rule(grantee={"role": "SUPPLIER"}, fieldGroups=["price"])
    await chain.drafted()
    review = await stewards.start()
    assert (review["state"], review["startedBy"], review["reason"]) == ("OPEN", ANN, "Yearly.")
    first, second = review["lines"]["nodes"]
    assert (first["sharingRule"]["id"], second["sharingRule"]["id"]) == (kept["id"], gone["id"])
    assert (first["kind"], first["grantee"], first["fieldGroups"], first["subjectVersion"]) == ("ORDER", {"code": "CARGO"}, ["numbers"], 2)
    assert (first["activatedBy"], first["activatedAt"] is not None, first["lastUsedAt"]) == (ANN, True, None)
    assert (second["grantee"], second["granteeRole"], states(review)) == (None, "SUPPLIER", ["PENDING", "PENDING"])

    _, [early] = await stewards.close(review)
    assert (early["code"], early["path"]) == ("ILLEGAL_TRANSITION", ["input", "accessReview"])
    assert early["message"].endswith("Allowed steps: accessReviewAttest.")

    first, _ = await stewards.attest(ANN, first, "REVOKE")
    first, _ = await stewards.attest(BEN, first, "KEEP")
    second, errors = await stewards.attest(BEN, second, "REVOKE")
    assert errors == []
    assert (first["state"], first["decision"], first["attestedBy"], first["reason"]) == ("ATTESTED", "KEEP", BEN, "Keep it.")
    assert [price for prices in (await chain.prices("cargo")).values() for price in prices if price], "nothing closes before the end"

    narrowed = "select only_for, acting_id from change_outbox where kind = 'ACCESS' and action = 'NARROWED'"
    assert await chain.bench.superuser.fetch(narrowed) == []
    closed, errors = await stewards.close(review)
    assert errors == []
    assert (closed["state"], closed["closedBy"], closed["closeReason"]) == ("CLOSED", BEN, "Done.")
    assert (closed["revoked"], closed["unattested"], states(closed)) == (1, 0, ["ATTESTED", "ATTESTED"])
    assert [each["sharingRule"]["state"] for each in closed["lines"]["nodes"]] == ["ACTIVE", "REVOKED"]
    orders = await chain.prices("cargo")
    assert len(orders) == ORDERS, "the numbers are still shared"
    assert not [price for prices in orders.values() for price in prices if price]
    [told] = await chain.bench.superuser.fetch(narrowed)
    assert (chain.firms["cargo"] in told["only_for"], told["acting_id"]) == (True, chain.firms["acme"])
    assert await scopes_out_of_line(chain.bench.superuser) == 0

    rows = await chain.bench.superuser.fetch("select action, actor, reason from audit_entry order by seq desc limit 3")
    assert [tuple(row) for row in rows] == [
        ("accessReview.closed", BEN, "Done."), ("sharingRule.revoked", BEN, "Revoke it."), ("accessReview.attested", BEN, "Revoke it."),
    ]  # fmt: skip
    assert await stewards.ask(ANN, "{ auditVerify { intact } }") == {"auditVerify": {"intact": True}}


async def test_four_eyes_want_another_person_than_the_author(chain: Chain, stewards: Stewards) -> None:
    rule = await stewards.rule(ANN)
    await chain.bench.superuser.execute("update partner set four_eyes = true")
    [line] = (await stewards.start())["lines"]["nodes"]
    for who in (ANN, "integration:edi", "cli:acme"):
        found, [error] = await stewards.attest(who, line, "KEEP")
        assert (error["code"], error["path"]) == ("FOUR_EYES", ["input", "accessReviewLine"])
        assert (found["state"], found["decision"], found["version"]) == ("PENDING", None, 1)
    found, errors = await stewards.attest(BEN, line, "KEEP")
    assert (errors, found["attestedBy"], found["sharingRule"]["id"]) == ([], BEN, rule["id"])


async def test_a_rule_that_changed_must_be_looked_at_again(chain: Chain, stewards: Stewards) -> None:
    rule = await stewards.rule()
    review = await stewards.start()
    old, _ = await stewards.attest(BEN, review["lines"]["nodes"][0], "REVOKE")
    revise = {"sharingRule": rule["id"], "expectedVersion": rule["version"], "fieldGroups": ["numbers"]}
    rule = await stewards.step(ANN, "Activate", await stewards.done(ANN, "sharingRuleRevise", "id version", **revise))

    [line] = (await stewards.read(review))["lines"]["nodes"]
    assert (line["state"], line["subjectVersion"], line["attestedVersion"], line["sharingRule"]["version"]) == ("CHANGED", 2, 2, 4)
    _, [error] = await stewards.close(review)
    assert error["code"] == "ILLEGAL_TRANSITION"
    _, [error] = await stewards.attest(BEN, old, "REVOKE")
    assert (error["code"], error["path"]) == ("CONFLICT", ["input", "expectedVersion"])
    found, [error] = await stewards.attest(BEN, line, "REVOKE", subjectVersion=2)
    assert (error["code"], error["path"], found["state"]) == ("CONFLICT", ["input", "subjectVersion"], "CHANGED")

    chain.bench.clock.set(DUE)
    closed, errors = await stewards.close(review)
    assert (errors, closed["revoked"], closed["unattested"], states(closed)) == ([], 0, 1, ["CHANGED"])
    assert closed["lines"]["nodes"][0]["sharingRule"]["state"] == "ACTIVE", "the word was about another version"
    await stewards.step(ANN, "Revoke", rule)
    assert states(await stewards.read(review)) == ["CHANGED"], "a closed review is history"


async def test_a_changed_line_is_attested_anew(chain: Chain, stewards: Stewards) -> None:
    rule = await stewards.rule()
    review = await stewards.start()
    await stewards.done(ANN, "sharingRuleRevise", "id", sharingRule=rule["id"], expectedVersion=2, note="For tests.")
    [line] = (await stewards.read(review))["lines"]["nodes"]
    line, errors = await stewards.attest(BEN, line, "REVOKE")
    assert (errors, line["state"], line["attestedVersion"]) == ([], "ATTESTED", 3)
    closed, _ = await stewards.close(review)
    assert (closed["revoked"], await chain.prices("cargo")) == (1, {})


async def test_from_the_due_date_on_it_closes_and_what_nobody_attested_stays(chain: Chain, stewards: Stewards) -> None:
    await stewards.rule()
    review = await stewards.start()
    chain.bench.clock.set(DUE - timedelta(microseconds=1))
    assert (await stewards.close(review))[1][0]["code"] == "ILLEGAL_TRANSITION"
    chain.bench.clock.set(DUE)
    closed, errors = await stewards.close(review)
    assert (errors, closed["revoked"], closed["unattested"], states(closed)) == ([], 0, 1, ["PENDING"])
    assert len(await chain.prices("cargo")) == ORDERS
    listed = "{ accessReviewLines(where: {state: {in: [PENDING, CHANGED]}}) { totalCount } }"
    assert await stewards.ask(ANN, listed) == {"accessReviewLines": {"totalCount": 1}}
    details = await chain.bench.superuser.fetchval("select details from audit_entry where action = 'accessReview.closed'")
    assert orjson.loads(details) == {"revoked": [], "unattested": [closed["lines"]["nodes"][0]["sharingRule"]["id"]]}


@pytest.mark.parametrize("end", ["revoked", "relationship"])
async def test_a_rule_that_is_revoked_meanwhile_leaves_nothing_to_attest(chain: Chain, stewards: Stewards, end: str) -> None:
    rule = await stewards.rule()
    review, again = await stewards.start(), await stewards.start()
    if end == "revoked":
        await stewards.attest(BEN, again["lines"]["nodes"][0], "REVOKE")
        assert (await stewards.close(again))[1] == []
    else:
        await chain.relate("acme", "cargo", "End", 1)
    [line] = (await stewards.read(review))["lines"]["nodes"]
    assert (line["state"], line["sharingRule"]) == ("GONE", {"id": rule["id"], "version": 3, "state": "REVOKED"})
    _, [error] = await stewards.attest(BEN, line, "KEEP")
    assert (error["code"], error["message"].partition(". ")[2]) == ("ILLEGAL_TRANSITION", "Allowed steps: accessReviewClose.")
    closed, errors = await stewards.close(review)
    assert (errors, closed["revoked"], closed["unattested"]) == ([], 0, 0)


async def test_a_closed_review_takes_no_step(chain: Chain, stewards: Stewards) -> None:
    await stewards.rule()
    review = await stewards.start()
    line, _ = await stewards.attest(BEN, review["lines"]["nodes"][0], "KEEP")
    closed, _ = await stewards.close(review)
    _, [error] = await stewards.close(review)
    assert (error["code"], error["path"]) == ("CONFLICT", ["input", "expectedVersion"])
    for _, [error] in (await stewards.close(closed), await stewards.attest(BEN, line, "REVOKE")):
        assert (error["code"], error["message"][-20:]) == ("ILLEGAL_TRANSITION", "Allowed steps: none.")


async def test_what_is_listed(chain: Chain, stewards: Stewards) -> None:
    """What stands: not drafts, not what has ended or was revoked; suspended rules too, as one step opens them again."""
    until = (EPOCH + timedelta(days=1)).isoformat()
    await stewards.rule(validUntil=until)
    asleep = await chain.step(await chain.active(), "Suspend")
    await chain.step(await chain.active(), "Revoke")
    await chain.drafted()
    item = await stewards.rule(kind="ITEM", fieldGroups=[], sites=..., daysBack=..., daysAhead=...)
    chain.bench.clock.set(EPOCH + timedelta(days=1))
    listed = [each["sharingRule"]["id"] for each in (await stewards.start())["lines"]["nodes"]]
    assert listed == [asleep["id"], item["id"]]
    narrow = await stewards.start(kinds=["ITEM"])
    assert [each["sharingRule"]["id"] for each in narrow["lines"]["nodes"]] == [item["id"]]
    empty, errors = await stewards.close(await stewards.start(kinds=["RISK"]))
    assert (errors, empty["state"], empty["lines"]["nodes"]) == ([], "CLOSED", [])


async def test_the_last_use_is_what_the_receipts_know(chain: Chain, stewards: Stewards) -> None:
    rule = await stewards.rule(receipts="STRICT")
    await stewards.rule()
    await chain.prices("cargo")
    used, unknown = (await stewards.start())["lines"]["nodes"]
    assert (used["sharingRule"]["id"], used["lastUsedAt"] is not None, unknown["lastUsedAt"]) == (rule["id"], True, None)
    chain.bench.clock.set(chain.bench.clock() + timedelta(days=367))
    later = (await stewards.start(dueAt=(chain.bench.clock() + timedelta(days=1)).isoformat()))["lines"]["nodes"]
    assert [each["lastUsedAt"] for each in later] == [None, None]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"dueAt": EPOCH.isoformat()}, ("OUT_OF_RANGE", ["input", "dueAt"])),
        ({"dueAt": (EPOCH + timedelta(days=367)).isoformat()}, ("OUT_OF_RANGE", ["input", "dueAt"])),
        ({"reason": ""}, ("REQUIRED", ["input", "reason"])),
        ({"kinds": []}, ("REQUIRED", ["input", "kinds"])),
    ],
)
async def test_what_cannot_be_meant_is_refused(chain: Chain, stewards: Stewards, changes: Any, refusal: Any) -> None:
    given = {"dueAt": DUE.isoformat(), "reason": "Yearly."} | changes
    _, [error] = await stewards.do(ANN, "accessReviewStart", "id", **given)
    assert (error["code"], error["path"]) == refusal
    assert (await stewards.ask(ANN, "{ accessReviews { totalCount } }"))["accessReviews"] == {"totalCount": 0}


async def test_nobody_else_learns_of_it(chain: Chain, stewards: Stewards) -> None:
    await stewards.rule()
    review = await stewards.start()
    [line] = review["lines"]["nodes"]
    lists = "{ accessReviews { totalCount nodes { id } } accessReviewLines { totalCount nodes { id } } }"
    nothing = {"totalCount": 0, "nodes": []}
    for firm in ("bolt", "cargo", "fuji"):
        assert await chain.ask(firm, lists) == {"accessReviews": nothing, "accessReviewLines": nothing}
        for each in (review, line):
            assert await chain.ask(firm, "query($id: ID!) { node(id: $id) { id } }", id=each["id"]) == {"node": None}
        given = {"accessReview": review["id"], "expectedVersion": 1, "reason": "Mine."}
        assert await chain.refused(firm, "accessReviewClose", given, record="accessReview", show="id") == ("NOT_FOUND", ["input", "accessReview"])
        given = {"accessReviewLine": line["id"], "expectedVersion": 1, "subjectVersion": 2, "decision": "KEEP", "reason": "Mine."}
        refused = await chain.refused(firm, "accessReviewAttest", given, record="accessReviewLine", show="id")
        assert refused == ("NOT_FOUND", ["input", "accessReviewLine"])
    assert await stewards.read(review) == review


async def test_a_steward_acts_with_a_recent_login_and_an_auditor_reads(chain: Chain, stewards: Stewards) -> None:
    every = list(TokenScope)
    assert {role for role in Role if Permission.REVIEWS in permitted("person:a", [role], every)} == {Role.STEWARD, Role.AUDITOR}
    assert Permission.REVIEWS not in permitted("integration:erp", [], every)
    await stewards.rule()
    review = await stewards.start()

    async def asked(role: Role, document: str, login: Any = EPOCH, **variables: Any) -> Any:
        rights = permitted(ANN, [role], every)
        viewer = replace(viewer_of(chain.firms["acme"]), subject=ANN, authenticated_at=login, permissions=rights)
        return orjson.loads((await chain.bench.hub.execute(GraphQLRequest(document, variables), viewer)).body)["data"]

    shown = "query($id: ID!) { accessReview(by: {id: $id}) { lines { nodes { activatedBy grantee { code } } } } }"
    found = await asked(Role.AUDITOR, shown, id=review["id"])
    assert found["accessReview"]["lines"]["nodes"] == [{"activatedBy": ANN, "grantee": {"code": "CARGO"}}]
    close = "mutation($i: AccessReviewCloseInput!) { m: accessReviewClose(input: $i) { userErrors { code } } }"
    given = {"accessReview": review["id"], "expectedVersion": 1, "reason": "Mine."}
    for role, login, code in (
        (Role.AUDITOR, EPOCH, "FORBIDDEN"), (Role.PLANNER, EPOCH, "FORBIDDEN"),
        (Role.STEWARD, EPOCH - timedelta(minutes=10), "STEP_UP_REQUIRED"), (Role.STEWARD, EPOCH, "ILLEGAL_TRANSITION"),
    ):  # fmt: skip
        assert await asked(role, close, login, i=given) == {"m": {"userErrors": [{"code": code}]}}


async def test_a_repeated_key_starts_and_closes_once(chain: Chain, stewards: Stewards) -> None:
    await stewards.rule()
    start = (
        'mutation($i: AccessReviewStartInput!) { m: accessReviewStart(input: $i) @idempotent(key: "start-once-0001")'
        " { accessReview { id } userErrors { code } } }"
    )
    given = {"dueAt": DUE.isoformat(), "reason": "Yearly."}
    first, again = [await stewards.ask(ANN, start, i=given) for _ in range(2)]
    assert first == again
    assert await stewards.ask(ANN, "{ accessReviews { totalCount } }") == {"accessReviews": {"totalCount": 1}}
