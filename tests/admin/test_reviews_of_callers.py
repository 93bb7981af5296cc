"""Access reviews of integrations and of people's roles: what a steward keeps stays, what they revoke ends when it closes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from scmhub.identity.roles import Role
from tests.admin.test_administration import do, mutation
from tests.identity.conftest import Live, eventually
from tests.identity.people import Browser, login, person

LINE = (
    "id version state about subjectVersion name role tokenScopes purposes kinds lastUsedAt expiresAt staleDays kind"
    " grantee { code } fieldGroups decision sharingRule { id }"
)
START = mutation("accessReviewStart", f"accessReview {{ id version state lines {{ nodes {{ {LINE} }} }} }}")
ATTEST = mutation("accessReviewAttest", f"accessReviewLine {{ {LINE} attestedBy }}")
CLOSE = mutation("accessReviewClose", f"accessReview {{ id version state revoked unattested lines {{ nodes {{ {LINE} }} }} }}")


async def steward(live: Live, *more: Role, name: str = "Ann") -> Browser:
    return await login(live, await person(live, live.acme, Role.STEWARD, *more, name=name))


async def start(live: Live, who: Browser, *about: str, days: int = 7) -> dict[str, Any]:
    due = (live.hub.clock() + timedelta(days=days)).isoformat()
    made = await who.do(START, about=list(about), dueAt=due, reason="Yearly.")
    assert made["userErrors"] == []
    review: dict[str, Any] = made["accessReview"]
    return review


async def attest(who: Browser, line: dict[str, Any], decision: str, **changes: Any) -> dict[str, Any]:
    given = {"accessReviewLine": line["id"], "expectedVersion": line["version"], "subjectVersion": line["subjectVersion"]}
    return await who.do(ATTEST, **given, decision=decision, reason=f"{decision.title()} it.", **changes)


async def close(who: Browser, review: dict[str, Any]) -> dict[str, Any]:
    return await who.do(CLOSE, accessReview=review["id"], expectedVersion=review["version"], reason="Done.")


async def read(who: Browser, review: dict[str, Any]) -> list[dict[str, Any]]:
    query = f"query($input: ID!) {{ accessReview(by: {{id: $input}}) {{ lines {{ nodes {{ {LINE} }} }} }} }}"
    answer = (await who.graphql(query, review["id"])).json()
    return list(answer["data"]["accessReview"]["lines"]["nodes"])


async def test_an_integration_is_kept_another_suspended(live: Live) -> None:
    ann = await steward(live)
    bearer = (await live.token()).json()["access_token"]
    _, robot, secret = await live.integration(live.acme)
    review = await start(live, ann, "INTEGRATION")
    first, second = review["lines"]["nodes"]
    assert (first["about"], first["name"], first["tokenScopes"], first["purposes"]) == ("INTEGRATION", "ERP", ["hub:read", "hub:write"], None)
    assert (first["lastUsedAt"] is not None, second["lastUsedAt"], second["staleDays"]) == (True, None, 0)
    assert first["expiresAt"] is not None
    assert (first["kind"], first["grantee"], first["fieldGroups"], first["sharingRule"]) == (None, None, None, None)

    early = await close(ann, review)
    assert early["userErrors"][0] == {"code": "ILLEGAL_TRANSITION", "path": ["input", "accessReview"]}
    assert (await attest(ann, first, "REVOKE"))["userErrors"] == []
    assert (await attest(ann, second, "KEEP"))["userErrors"] == []
    assert (await live.graphql(bearer)).status_code == 200, "nothing ends before the review is closed"
    closed = (await close(ann, review))["accessReview"]
    assert (closed["state"], closed["revoked"], closed["unattested"]) == ("CLOSED", 1, 0)

    async def ended() -> bool:
        return (await live.graphql(bearer)).status_code == 401

    await eventually(ended)
    assert (await live.ask(auth=(robot, secret))).status_code == 200
    rows = await live.hub.database.read.rows(
        "select action, reason, details from audit_entry where action like 'accessReview.%' or action = 'integration.suspended' order by seq"
    )
    assert [(row["action"], row["reason"]) for row in rows] == [
        ("accessReview.started", "Yearly."), ("accessReview.attested", "Revoke it."), ("accessReview.attested", "Keep it."),
        ("integration.suspended", "Revoke it."), ("accessReview.closed", "Done."),
    ]  # fmt: skip
    assert orjson.loads(rows[-1]["details"]) == {"revoked": [live.client_id], "unattested": []}


async def test_what_may_be_done_changes_so_must_be_looked_at_again(live: Live) -> None:
    ann = await steward(live)
    review = await start(live, ann, "INTEGRATION")
    [line] = review["lines"]["nodes"]
    assert (await attest(ann, line, "KEEP"))["userErrors"] == []
    await do(
        live, live.acme, mutation("integrationPermissionsSet", "integration { version }"), integration=live.client_id,
        expectedVersion=1, tokenScopes=["READ"], kinds=["ORDER"],
    )  # fmt: skip
    [changed] = await read(ann, review)
    assert (changed["state"], changed["tokenScopes"], changed["kinds"]) == ("CHANGED", ["hub:read"], ["ORDER"])
    stale = await attest(ann, {**changed, "subjectVersion": line["subjectVersion"]}, "KEEP")
    assert stale["userErrors"][0] == {"code": "CONFLICT", "path": ["input", "subjectVersion"]}
    assert (await attest(ann, changed, "KEEP"))["accessReviewLine"]["state"] == "ATTESTED"
    await do(live, live.acme, mutation("integrationSuspend", "integration { state }"), integration=live.client_id, expectedVersion=2)
    assert [each["state"] for each in await read(ann, review)] == ["GONE"]
    assert (await close(ann, review))["accessReview"]["revoked"] == 0


async def test_roles_are_taken_one_by_one_and_nobody_decides_of_their_own(live: Live) -> None:
    ann, ben = await steward(live, Role.ADMIN), await person(live, live.acme, Role.PLANNER, Role.READER, name="Ben")
    eve = await person(live, live.acme, Role.AUDITOR, name="Eve")
    at_work = await login(live, eve)
    review = await start(live, ann, "PERSON")
    lines = {(each["name"], each["role"]): each for each in review["lines"]["nodes"]}
    assert set(lines) == {("Ann", "STEWARD"), ("Ann", "ADMIN"), ("Ben", "PLANNER"), ("Ben", "READER"), ("Eve", "AUDITOR")}
    own = await attest(ann, lines["Ann", "ADMIN"], "KEEP")
    assert own["userErrors"][0]["code"] == "FORBIDDEN"
    zoe = await steward(live, name="Zoe")
    for number, role in enumerate(("STEWARD", "ADMIN")):
        assert (await attest(zoe, lines["Ann", role], "KEEP"))["userErrors"] == [], number
    for who, role, decision in (("Ben", "PLANNER", "REVOKE"), ("Ben", "READER", "KEEP"), ("Eve", "AUDITOR", "REVOKE")):
        assert (await attest(ann, lines[who, role], decision))["userErrors"] == []
    closed = await close(ann, review)
    assert (closed["userErrors"], closed["accessReview"]["revoked"]) == ([], 2)
    rows = await live.hub.database.read.rows("select name, roles, state from person where id = any($1) order by name", [ben.id, eve.id])
    assert [(row["name"], row["roles"], row["state"]) for row in rows] == [("Ben", ["READER"], "ACTIVE"), ("Eve", ["AUDITOR"], "DEACTIVATED")]

    async def sent_away() -> bool:
        return (await at_work.graphql()).status_code == 401

    await eventually(sent_away)


async def test_what_nobody_decided_stays_when_the_review_is_due(live: Live) -> None:
    ann = await steward(live)
    review = await start(live, ann, "INTEGRATION", "PERSON")
    await live.sql("update access_review set started_at = now() - interval '2 days', due_at = now() - interval '1 day'")
    closed = (await close(ann, review))["accessReview"]
    assert (closed["state"], closed["revoked"], closed["unattested"]) == ("CLOSED", 0, 2)
    assert (await live.token()).status_code == 200


async def test_the_last_administrator_stays(live: Live) -> None:
    ann, bea = await steward(live), await person(live, live.acme, Role.ADMIN, name="Bea")
    review = await start(live, ann, "PERSON")
    lines = {each["name"]: each for each in review["lines"]["nodes"]}
    assert (await attest(ann, lines["Bea"], "REVOKE"))["userErrors"] == []
    zoe = await steward(live, name="Zoe")
    assert (await attest(zoe, lines["Ann"], "KEEP"))["userErrors"] == []
    refused = await close(ann, review)
    assert refused["userErrors"][0] == {"code": "ILLEGAL_TRANSITION", "path": ["input", "accessReview"]}
    rows = await live.hub.database.read.rows("select state from person where id = $1", bea.id)
    assert rows[0]["state"] == "ACTIVE"
