"""Administrators act through GraphQL, each act leaves a row, and what was revoked ends everywhere in two seconds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from scmhub.database.tables import HUB_PARTNER, ddl, metadata
from scmhub.feed import audit
from scmhub.hub import Hub
from scmhub.identity.hourly import notary
from scmhub.identity.roles import Role
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.schema import load_schema
from tests.identity.conftest import Live, eventually, free_port, serving

ADMIN = frozenset({TokenScope.READ, TokenScope.ADMIN})
CREATE = """mutation($input: IntegrationCreateInput!) { integrationCreate(input: $input) {
  integration { id name state tokenScopes version } clientId clientSecret userErrors { code path } } }"""


def token(
    live: Live, partner: UUID, scopes: frozenset[TokenScope] = ADMIN, roles: Collection[Role] | None = None
) -> str:
    """Of a person with roles (default: all that administer), logged in now."""
    now = live.hub.clock()
    own = {Role.OPERATOR, Role.AUDITOR} if partner == HUB_PARTNER else {Role.ADMIN, Role.AUDITOR, Role.PLANNER}
    return issue_token(
        live.hub.ring, issuer=live.url, partner_id=partner, subject="person:ann", token_scopes=scopes,
        now=now, life=timedelta(minutes=5), roles=own if roles is None else roles, authenticated_at=now,
    )  # fmt: skip


async def do(live: Live, partner: UUID, query: str, **given: Any) -> dict[str, Any]:
    answer = await live.graphql(token(live, partner), query, input=given)
    assert answer.status_code == 200, answer.text
    return next(iter(answer.json()["data"].values()))  # type: ignore[no-any-return]


_SHARED = {
    "partnerSuspend": "PartnerStatus", "partnerReactivate": "PartnerStatus",
    "personSessionsEnd": "PersonStep", "personDeactivate": "PersonStep",
    "identityProviderTest": "IdentityProviderStep", "identityProviderRemove": "IdentityProviderStep",
}  # fmt: skip
"""Commands that share an input."""


def mutation(name: str, record: str = "", extra: str = "") -> str:
    kind = _SHARED.get(name, name[0].upper() + name[1:])
    return (
        f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {record} {extra} userErrors {{ code path }} }} }}"
    )


async def works(live: Live, bearer: str) -> bool:
    return (await live.graphql(bearer)).status_code == 200


async def test_an_administrator_creates_an_integration_and_its_secret_works_once_shown(live: Live) -> None:
    made = await do(live, live.acme, CREATE, name="EDI", tokenScopes=["READ"])
    assert made["userErrors"] == []
    assert made["integration"] | {"id": 0} == {
        "id": 0, "name": "EDI", "state": "ACTIVE", "tokenScopes": ["hub:read"], "version": 1,
    }  # fmt: skip
    assert made["clientId"] == made["integration"]["id"]
    answer = await live.ask(auth=(made["clientId"], made["clientSecret"]))
    assert answer.json()["scope"] == "hub:read"


async def test_integrations_that_went_stale_are_listed(live: Live) -> None:
    await do(live, live.acme, CREATE, name="EDI", tokenScopes=["READ"])
    assert (await live.token()).status_code == 200
    await live.sql("update integration set last_used_at = now() - interval '40 days' where last_used_at is not null")
    before = (live.hub.clock() - timedelta(days=30)).isoformat()
    query = "query($before: DateTime!) { integrations(where: {lastUsedAt: {lt: $before}}) { nodes { name } } }"
    answer = (await live.graphql(token(live, live.acme), query, before=before)).json()
    assert answer["data"]["integrations"]["nodes"] == [{"name": "ERP"}]


async def test_a_replay_shows_no_secret_and_none_is_kept(live: Live) -> None:
    body = {"query": CREATE, "variables": {"input": {"name": "EDI", "tokenScopes": ["READ"]}}}
    headers = {"Authorization": f"Bearer {token(live, live.acme)}", "Idempotency-Key": "once"}
    first = (await live.http.post("/graphql", json=body, headers=headers)).json()["data"]["integrationCreate"]
    again = (await live.http.post("/graphql", json=body, headers=headers)).json()["data"]["integrationCreate"]
    assert first["clientSecret"]
    assert again == first | {"clientSecret": None, "clientId": None}
    async with live.acting(live.acme) as unit:
        assert await unit.fetch("select body from idempotency_key where key_text = 'once'") is None


async def test_attack_24_without_the_admin_scope_nothing_happens(live: Live) -> None:
    bearer = token(live, live.acme, frozenset({TokenScope.READ, TokenScope.WRITE}))
    answer = await live.graphql(bearer, CREATE, input={"name": "EDI", "tokenScopes": ["READ"]})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert "data" not in answer.json()
    reader = token(live, live.acme, frozenset({TokenScope.READ}))
    site = 'mutation { siteAdd(input: {code: "A", name: "A", kind: PLANT}) { site { id } userErrors { code } } }'
    assert (await live.graphql(reader, site)).status_code == 403
    admin = await live.graphql(token(live, live.acme), site)
    assert admin.status_code == 403
    rows = await live.hub.database.read.rows("select count(*) as n from integration")
    assert rows[0]["n"] == 1


async def test_attacks_20_and_25_no_token_in_the_url_and_nothing_is_parsed_without_one(live: Live) -> None:
    bearer = (await live.token()).json()["access_token"]
    assert (await live.http.get(f"/graphql?query={{viewer{{code}}}}&access_token={bearer}")).status_code == 401
    for query in ("{ __schema { types { name } } }", "{ syntax"):
        assert (await live.http.post("/graphql", json={"query": query})).status_code == 401


@pytest.mark.parametrize("what", ["token", "credential", "integration", "partner"])
async def test_attack_21_what_is_revoked_ends_on_every_replica_within_two_seconds(live: Live, what: str) -> None:
    settings = live.hub.settings
    async with Hub.open(live.admin, settings) as other, serving(other, free_port()) as http:
        there = Live(other, live.admin, http, live.acme, live.bolt)
        bearer = (await live.token()).json()["access_token"]
        assert await works(live, bearer)
        assert await works(there, bearer)
        await revoke(live, what, bearer)

        async def ended() -> bool:
            return not await works(live, bearer) and not await works(there, bearer)

        await eventually(ended)
        if what != "token":
            assert (await live.token()).status_code == 401


async def revoke(live: Live, what: str, bearer: str) -> None:
    credentials = "{ integrations { nodes { id version credentials { nodes { id } } } } }"
    found = (await live.graphql(token(live, live.acme), credentials)).json()["data"]["integrations"]["nodes"][0]
    match what:
        case "token":
            answer = await live.http.post("/oauth/revoke", data={"token": bearer}, auth=(live.client_id, live.secret))
            assert answer.status_code == 200
        case "credential":
            key = found["credentials"]["nodes"][0]["id"]
            query = mutation("integrationCredentialRevoke", "credential { revokedAt }")
            assert (await do(live, live.acme, query, credential=key))["credential"]["revokedAt"]
        case "integration":
            query = mutation("integrationSuspend", "integration { state }")
            done = await do(live, live.acme, query, integration=found["id"], expectedVersion=found["version"])
            assert done["integration"] == {"state": "SUSPENDED"}
        case "partner":
            done = await do(live, HUB_PARTNER, mutation("partnerSuspend", "partner { id }"), code="ACME")
            assert done["userErrors"] == []


async def test_another_clients_token_is_not_revoked(live: Live) -> None:
    _, other_id, other_secret = await live.integration(live.bolt)
    bearer = (await live.token()).json()["access_token"]
    answer = await live.http.post("/oauth/revoke", data={"token": bearer}, auth=(other_id, other_secret))
    assert answer.status_code == 200
    assert await live.hub.database.read.rows("select * from revoked_token") == []


async def test_the_operator_registers_partners_and_sees_none_of_their_records(live: Live) -> None:
    assert (await do(live, HUB_PARTNER, mutation("partnerInvite"), code="CARGO", name="Cargo"))["userErrors"] == []
    refused = await do(live, live.acme, mutation("partnerInvite"), code="DYNA", name="Dyna")
    assert refused["userErrors"] == [{"code": "FORBIDDEN", "path": ["input"]}]
    seen = (
        "{ partners { nodes { code } } integrations { nodes { id } } orders { nodes { id } } items { nodes { id } } }"
    )
    answer = await live.graphql(token(live, HUB_PARTNER), seen)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    shell = issue_token(
        live.hub.ring, issuer=live.url, partner_id=HUB_PARTNER, subject="cli:hub", token_scopes=ADMIN,
        now=live.hub.clock(), life=timedelta(minutes=5),
    )  # fmt: skip
    answer = await live.graphql(shell, seen)
    assert {name: found["nodes"] for name, found in answer.json()["data"].items()} == {
        "partners": [{"code": "HUB"}], "integrations": [], "orders": [], "items": [],
    }  # fmt: skip


async def test_the_operator_repeats_a_command_under_its_key(live: Live) -> None:
    body = {"query": mutation("partnerInvite", "partner { id }"), "variables": {"input": {"code": "DYNA", "name": "Dyna"}}}
    headers = {"Authorization": f"Bearer {token(live, HUB_PARTNER)}", "Idempotency-Key": "invite-dyna"}
    first = await live.http.post("/graphql", json=body, headers=headers)
    again = await live.http.post("/graphql", json=body, headers=headers)
    assert first.json()["data"]["partnerInvite"]["userErrors"] == []
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_operators_row_is_no_firm(live: Live) -> None:
    suspended = await do(live, HUB_PARTNER, mutation("partnerSuspend"), code="HUB")
    assert suspended["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "code"]}]
    taken = await do(live, HUB_PARTNER, mutation("partnerInvite"), code="HUB", name="Hub")
    assert taken["userErrors"] == [{"code": "DUPLICATE", "path": ["input", "code"]}]
    assert (await live.graphql(token(live, live.acme), '{ partner(by: {code: "HUB"}) { id } }')).json()["data"] == {
        "partner": None
    }


def test_no_table_of_records_takes_the_hub_as_a_side() -> None:
    """Audit rows, idempotency keys and people may be the operator's; nothing else that belongs to somebody may."""
    load_schema()
    checked = {line.split('"')[1] for line in ddl() if line.startswith("alter table") and "_not_the_hub" in line}
    checked |= {each.name for each in metadata.tables.values() for c in each.constraints if "not_the_hub" in str(c.name)}
    owned = {each.name for each in metadata.tables.values() if each.info.get("owner")}
    people = {"person", "invitation", "local_account", "session"}
    assert owned - checked == {"audit_entry", "idempotency_key", "signing_key"} | people


async def test_attack_21_tokens_follow_what_their_integration_may_do(live: Live) -> None:
    bearer = str((await live.token()).json()["access_token"])
    query = mutation("integrationPermissionsSet", "integration { tokenScopes version }")
    known = {"integration": live.client_id, "expectedVersion": 1}
    for scopes, code in (([], "REQUIRED"), (["READ"], "NOT_FOUND")):
        refused = await do(live, live.bolt if scopes else live.acme, query, **known, tokenScopes=scopes)
        assert refused["userErrors"][0]["code"] == code
    narrowed = await do(live, live.acme, query, **known, tokenScopes=["READ"], reason="It only reads.")
    assert narrowed["integration"] == {"tokenScopes": ["hub:read"], "version": 2}

    async def ended() -> bool:
        return not await works(live, bearer)

    await eventually(ended)
    again = (await live.token()).json()
    assert again["scope"] == "hub:read"
    assert await works(live, again["access_token"])
    assert (await live.token(scope="hub:write")).json()["error"] == "invalid_scope"
    async with Hub.open(live.admin, live.hub.settings) as other, serving(other, free_port()) as http:
        assert not await works(Live(other, live.admin, http, live.acme, live.bolt), bearer), "nor where it was not seen"
    rows = await live.hub.database.read.rows("select reason from audit_entry where action = 'integration.permissionsSet'")
    assert [row["reason"] for row in rows] == ["It only reads."]


async def test_a_frontend_is_registered_revised_and_suspended(live: Live) -> None:
    shown = "frontend { id version name redirectUris origins tokenScopes state }"
    given = {"name": "Portal", "redirectUris": ["https://p.acme.example/cb"], "origins": [], "tokenScopes": ["READ"]}
    made = await do(live, live.acme, mutation("frontendRegister", shown), **given)
    assert made["userErrors"] == []
    one = made["frontend"]
    assert one | {"id": 0} == {
        "id": 0, "version": 1, "name": "Portal", "redirectUris": given["redirectUris"], "origins": [],
        "tokenScopes": ["hub:read"], "state": "ACTIVE",
    }  # fmt: skip
    page = {"client_id": one["id"], "redirect_uri": given["redirectUris"][0], "state": "s"}
    assert (await live.http.get("/oauth/authorize", params=page)).status_code == 303, "its people can ask for a code"
    wrong = await do(live, live.acme, mutation("frontendRegister", shown), **given | {"redirectUris": ["http://x/cb"]})
    assert wrong == {"frontend": None, "userErrors": [{"code": "INVALID", "path": ["input", "redirectUris", "0"]}]}
    known = {"frontend": one["id"], "expectedVersion": 1}
    foreign = await do(live, live.bolt, mutation("frontendSuspend", shown), **known)
    assert foreign["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "frontend"]}]
    revised = await do(live, live.acme, mutation("frontendRevise", shown), **known, origins=["https://p.acme.example"])
    assert (revised["frontend"]["version"], revised["frontend"]["origins"]) == (2, ["https://p.acme.example"])
    assert (await do(live, live.acme, mutation("frontendSuspend", shown), **known))["userErrors"][0]["code"] == "CONFLICT"
    ended = await do(live, live.acme, mutation("frontendSuspend", shown), **known | {"expectedVersion": 2})
    assert ended["frontend"]["state"] == "SUSPENDED"
    assert (await live.http.get("/oauth/authorize", params=page)).status_code == 400


async def test_a_stranger_finds_no_integration_of_another(live: Live) -> None:
    query = mutation("integrationSuspend")
    found = await do(live, live.bolt, query, integration=live.client_id, expectedVersion=1)
    assert found["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "integration"]}]


async def test_every_change_leaves_a_row_that_only_its_partner_reads(live: Live) -> None:
    await do(live, live.acme, CREATE, name="EDI", tokenScopes=["READ"])
    trail = "{ auditTrail { nodes { seq action actor } } auditVerify { intact rows brokenAt } }"
    mine = (await live.graphql(token(live, live.acme), trail)).json()["data"]
    assert [row["action"] for row in mine["auditTrail"]["nodes"]] == ["integration.created"] * 2
    assert mine["auditTrail"]["nodes"][0]["actor"] == "person:ann"
    assert [row["seq"] for row in mine["auditTrail"]["nodes"]] == [2, 1]
    assert mine["auditVerify"] == {"intact": True, "rows": 2, "brokenAt": None}
    assert (await live.graphql(token(live, live.bolt), trail)).json()["data"]["auditTrail"]["nodes"] == []


TAMPERINGS = {
    "edited": ("update audit_entry set actor = 'nobody' where seq = 2", 2),
    "deleted": ("delete from audit_entry where seq = 2", 2),
    "deleted at the end": ("delete from audit_entry where seq = 3", 3),
    "deleted with its head": ("delete from audit_entry; delete from audit_head", 1),
    "reordered": ("update audit_entry set seq = case seq when 1 then 2 when 2 then 1 else seq end + 0", 1),
    "cut off": ("delete from audit_entry where seq = 3; "
                "update audit_head set seq = 2, hash = (select hash from audit_entry where seq = 2)", 3),
    "rewritten": (
        "delete from audit_entry where seq = 3; "
        "update audit_head set seq = 3, hash = (select hash from audit_entry where seq = 2)", 3
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_attack_50_a_changed_trail_is_found(live: Live, how: str) -> None:
    await live.integration(live.acme)
    await live.integration(live.acme)
    async with live.acting(HUB_PARTNER) as unit:
        await audit.checkpoint(unit, live.hub.ring.active)
        assert await audit.checkpoint(unit, live.hub.ring.active) == 0
    rows, keys = live.hub.database.read.rows, live.hub.ring.ever
    found = await audit.verify(rows, keys)
    assert (found.intact, found.rows) == (True, 3)
    statement, place = TAMPERINGS[how]
    await live.sql(
        "alter table audit_entry disable trigger all", "alter table audit_entry drop constraint uq_audit_entry_partner_id_seq"
    )
    await live.sql(statement)
    found = await audit.verify(rows, keys)
    assert (found.intact, found.broken_at) == (False, place)


async def test_the_database_refuses_to_change_the_trail(live: Live) -> None:
    for statement in ("update audit_entry set actor = 'x'", "delete from audit_entry", "truncate audit_entry"):
        with pytest.raises(Exception, match="never changed"):
            await live.sql(statement)
        with pytest.raises(Exception, match="permission denied"):
            async with live.acting(live.acme) as unit:
                await unit.rows(statement)


async def test_the_hub_signs_where_the_trail_stands_once_an_hour(live: Live) -> None:
    chore = notary(live.hub.database, lambda: live.hub.ring)
    rows, began = live.hub.database.read.rows, live.hub.clock()
    for minutes, signed in ((0, True), (59, False), (60, True)):
        await live.integration(live.acme)
        assert await chore(None, began + timedelta(minutes=minutes)) == signed
        stands = await rows("select from audit_head natural join audit_checkpoint where partner_id = $1", live.acme)
        assert bool(stands) == signed
