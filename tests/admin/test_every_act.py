"""Attacks 51 and 53: each act of an administrator leaves exactly one row, and no two partners' answers are ever mixed."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from joserfc.jwk import ECKey

from scmhub.graph.request import GraphQLRequest
from scmhub.identity.roles import Role
from scmhub.ids import public_id
from tests.admin.test_administration import CREATE, do, mutation
from tests.identity.conftest import Live
from tests.identity.people import Browser, person


class Acts:
    """Acts of acme's administrator, each followed by a look at how many rows it left."""

    def __init__(self, live: Live) -> None:
        self.live = live

    async def rows(self) -> int:
        [row] = await self.live.hub.database.read.rows(
            "select count(*) as n from audit_entry where partner_id = $1", self.live.acme
        )
        return int(row["n"])

    async def act(self, query: str, **given: Any) -> dict[str, Any]:
        before = await self.rows()
        done = await do(self.live, self.live.acme, query, **given)
        assert done["userErrors"] == [], query
        assert await self.rows() == before + 1, query
        return done

    async def step(self, command: str, kind: str, record: dict[str, Any], /, **given: Any) -> dict[str, Any]:
        """One act on a record; the record as it stands then."""
        known = {kind: record["id"], "expectedVersion": record["version"]}
        done = await self.act(mutation(command, f"{kind} {{ id version }}"), **known, **given)
        return done[kind]  # type: ignore[no-any-return]


async def test_attack_51_each_act_on_machines_leaves_one_row(live: Live) -> None:
    acts = Acts(live)
    one = (await acts.act(CREATE, name="EDI", tokenScopes=["READ"]))["integration"]
    known = {"integration": one["id"], "expectedVersion": one["version"]}
    credential = "credential { id }"
    await acts.act(mutation("integrationSecretRotate", credential), **known)
    jwk = orjson.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=False)).decode()
    added = await acts.act(mutation("integrationKeyAdd", credential), **known, publicJwk=jwk)
    await acts.act(mutation("integrationCredentialRevoke", credential), credential=added["credential"]["id"])
    one = await acts.step("integrationPermissionsSet", "integration", one, tokenScopes=["READ", "WRITE"])
    one = await acts.step("integrationDocumentsSet", "integration", one, documents="TRUSTED")
    await acts.step("integrationSuspend", "integration", one)
    page = {"name": "Portal", "redirectUris": ["https://p.acme.example/cb"], "origins": [], "tokenScopes": ["READ"]}
    made = await acts.act(mutation("frontendRegister", "frontend { id version }"), **page)
    revised = await acts.step("frontendRevise", "frontend", made["frontend"], name="Shop")
    await acts.step("frontendSuspend", "frontend", revised)


async def test_attack_51_each_act_on_people_leaves_one_row_and_so_does_a_refused_login(live: Live) -> None:
    acts = Acts(live)
    invited = {"email": "b@acme.example", "name": "Ben", "roles": ["READER"]}
    made = await acts.act(mutation("personInvite", "invitation { id }"), **invited)
    await acts.act(mutation("invitationWithdraw", "invitation { id }"), invitation=made["invitation"]["id"])
    ben = await person(live, live.acme, Role.READER, name="Ben")
    one = {"id": public_id("per", ben.id), "version": 1}
    one = await acts.step("personRolesSet", "person", one, roles=["PLANNER"])
    one = await acts.step("personSessionsEnd", "person", one)
    await acts.step("personDeactivate", "person", one)
    issuer = {"issuer": "https://id.acme.example", "clientId": "hub", "clientSecret": "s", "mappings": ["a=ADMIN"]}
    added = await acts.act(mutation("identityProviderAdd", "identityProvider { id version }"), **issuer)
    del issuer["issuer"]
    query = mutation("identityProviderMappingRevise", "identityProvider { id version }")
    known = {"identityProvider": added["identityProvider"]["id"], "expectedVersion": 1}
    revised = (await acts.act(query, **known, **issuer))["identityProvider"]
    for name in ("identityProviderTest", "identityProviderRemove"):
        query = mutation(name, "identityProvider { id }")
        await acts.act(query, identityProvider=revised["id"], expectedVersion=revised["version"])
    before = await acts.rows()
    refused = await Browser(live).post("/session", {"firm": "ACME", "account": "x@acme.example", "password": "wrong"})
    assert (refused.status_code, await acts.rows()) == (401, before + 1)


async def test_attack_53_interleaved_partners_are_never_mixed(live: Live) -> None:
    """As many operations as a few seconds allow, of two partners, turn by turn on one process."""
    own = {"ACME": (live.client_id, live.secret), "BOLT": (await live.integration(live.bolt))[1:]}
    bearers = {code: f"Bearer {(await live.ask(auth=auth)).json()['access_token']}" for code, auth in own.items()}
    live.hub.costs.most = live.hub.costs.per_second = 10**9

    async def asked(code: str) -> bool:
        viewer = await live.hub.authenticate(bearers[code])
        answer = await live.hub.execute(GraphQLRequest("{ viewer { code } me { subject } }"), viewer)
        data = orjson.loads(answer.body)["data"]
        return data["viewer"] == {"code": code} and data["me"]["subject"] == viewer.subject

    for _ in range(25):
        assert all(await asyncio.gather(*(asked(code) for _ in range(20) for code in own)))
