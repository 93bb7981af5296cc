"""Integrations for some purposes and kinds: what an administrator gives, and what a real client with a real token sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scmhub.admin.limits import RecordKind
from scmhub.graph.purposes import Purpose
from scmhub.identity.roles import Role
from scmhub.identity.viewer import TokenScope
from scmhub.schema import load_schema
from scmhub.sharing.lens import PURPOSES
from tests.admin.test_administration import do, mutation, token
from tests.identity.conftest import Live, eventually

CREATE = mutation("integrationCreate", "integration { id version purposes kinds }", "clientId clientSecret")
SET = mutation("integrationPermissionsSet", "integration { version purposes kinds tokenScopes }")
NUMBERS = "{ items { totalCount nodes { number owner { code } } } }"
FOLLOW = "subscription { changes { __typename ... on Changed { kind record { ... on Item { number } } } } }"


_STEPS = {"relationshipAccept": "RelationshipStep", "sharingRuleActivate": "SharingRuleStep"}
_SITE = {"code": "HAM", "name": "Hamburg", "kind": "PLANT"}


def everything() -> frozenset[TokenScope]:
    return frozenset(TokenScope)


async def run(live: Live, partner: UUID, query: str, **variables: Any) -> dict[str, Any]:
    """As a person of the firm with every role."""
    roles = {Role.ADMIN, Role.STEWARD, Role.PLANNER, Role.AUDITOR}
    answer = await live.graphql(token(live, partner, everything(), roles), query, **variables)
    data: dict[str, Any] = answer.json()["data"]
    return data


async def act(live: Live, partner: UUID, command: str, record: str, /, **given: Any) -> dict[str, Any]:
    kind = _STEPS.get(command, command[0].upper() + command[1:])
    query = f"mutation($input: {kind}Input!) {{ {command}(input: $input) {{ {record} userErrors {{ code path }} }} }}"
    done = next(iter((await run(live, partner, query, input=given)).values()))
    assert done["userErrors"] == [], done
    return dict(done)


class Machine:
    """An integration of acme with its own OAuth credentials."""

    def __init__(self, live: Live, made: dict[str, Any]) -> None:
        self.live, self.key = live, made["integration"]["id"]
        self.auth = (made["clientId"], made["clientSecret"])

    async def token(self) -> str:
        return str((await self.live.ask(auth=self.auth)).json()["access_token"])

    async def ask(self, query: str, purpose: str | None = None, **variables: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {await self.token()}"} | ({"X-Scmhub-Purpose": purpose} if purpose is not None else {})
        answer = await self.live.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        return answer.status_code, answer.json()

    async def numbers(self, purpose: str | None = None) -> list[str]:
        status, answer = await self.ask(NUMBERS, purpose)
        assert status == 200, answer
        items = answer["data"]["items"]
        assert items["totalCount"] == len(items["nodes"])
        return sorted(node["number"] for node in items["nodes"])

    @asynccontextmanager
    async def socket(self, **payload: str) -> AsyncIterator[Any]:
        url = self.live.url.replace("http", "ws", 1)
        async with connect(f"{url}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            given = {"Authorization": f"Bearer {await self.token()}", **payload}
            await socket.send(orjson.dumps({"type": "connection_init", "payload": given}).decode())
            yield socket


async def machine(live: Live, **limits: Any) -> Machine:
    given = {"name": "Robot", "tokenScopes": ["READ", "WRITE", "SUBSCRIBE"], **limits}
    made = await do(live, live.acme, CREATE, **given)
    assert made["userErrors"] == []
    return Machine(live, made)


@pytest.fixture
async def related(live: Live) -> Live:
    """bolt supplies acme; acme has item OWN, bolt has ONE and TWO, shared for PLANNING and for anything."""
    for firm, number in ((live.acme, "OWN"), (live.bolt, "ONE"), (live.bolt, "TWO")):
        await act(live, firm, "itemAdd", "item { id }", number=number, description=number, unit="C62")
    link = await act(live, live.acme, "relationshipPropose", "relationship { id version }", kind="SUPPLY", partnerCode="BOLT", mySide="RECIPIENT")
    given = {"relationship": link["relationship"]["id"], "expectedVersion": link["relationship"]["version"]}
    await act(live, live.bolt, "relationshipAccept", "relationship { state }", **given)
    for number, purposes in (("ONE", ["PLANNING"]), ("TWO", None)):
        await share(live, number, purposes)
    return live


async def share(live: Live, number: str, purposes: list[str] | None) -> dict[str, Any]:
    """bolt opens an item of its own to acme."""
    found = await run(live, live.bolt, "query($n: String!) { item(by: {number: $n}) { id } }", n=number)
    drafted = await act(
        live, live.bolt, "sharingRuleDraft", "sharingRule { id version purposes }", kind="ITEM", fieldGroups=[],
        grantee={"code": "ACME"}, items={"ids": [found["item"]["id"]]}, purposes=purposes,
    )  # fmt: skip
    rule: dict[str, Any] = drafted["sharingRule"]
    assert rule["purposes"] == purposes
    await act(live, live.bolt, "sharingRuleActivate", "sharingRule { state }", sharingRule=rule["id"], expectedVersion=rule["version"])
    return rule


async def test_a_rule_for_a_purpose_opens_to_who_reads_for_it(related: Live) -> None:
    whoever, planner, buyer = [
        await machine(related, **limits) for limits in ({}, {"purposes": ["PLANNING", "RISK"]}, {"purposes": ["EXECUTION"]})
    ]
    assert await whoever.numbers() == ["ONE", "OWN", "TWO"]
    assert await planner.numbers() == ["ONE", "OWN", "TWO"]
    assert await buyer.numbers() == ["OWN", "TWO"]
    person = await run(related, related.acme, NUMBERS)
    assert person["items"]["totalCount"] == 3


async def test_a_request_narrows_its_purposes_and_never_widens_them(related: Live) -> None:
    planner, whoever = await machine(related, purposes=["PLANNING", "RISK"]), await machine(related)
    assert await planner.numbers("RISK") == ["OWN", "TWO"]
    assert await planner.numbers("RISK, PLANNING") == ["ONE", "OWN", "TWO"]
    assert await whoever.numbers("EXECUTION") == ["OWN", "TWO"]
    status, refused = await planner.ask(NUMBERS, "PLANNING,EXECUTION")
    assert (status, refused["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    for nonsense in ("", "planning", "PLANNING;RISK", "x" * 300):
        status, refused = await planner.ask(NUMBERS, nonsense)
        assert (status, refused["errors"][0]["extensions"]["reason"]) == (400, "PURPOSE")
    _, told = await planner.ask("{ me { purposes kinds permissions } }", "RISK")
    assert told["data"]["me"] == {"purposes": ["RISK"], "kinds": None, "permissions": ["READ", "WRITE"]}


async def test_a_credential_for_some_kinds_finds_no_other(related: Live) -> None:
    sites = await machine(related, kinds=["SITE"])
    assert await sites.numbers() == []
    _, made = await sites.ask(mutation("siteAdd", "site { code }"), input=_SITE)
    assert made["data"]["siteAdd"] == {"site": {"code": "HAM"}, "userErrors": []}
    own = (await run(related, related.acme, '{ item(by: {number: "OWN"}) { id } viewer { id } }'))
    _, answer = await sites.ask(
        'query($id: ID!) { node(id: $id) { id } item(by: {number: "OWN"}) { id } sites { totalCount } relationships { totalCount }'
        " viewer { code } partners { totalCount } whoCanSee(id: $id) { basis } explainVisibility(id: $id) { basis } me { kinds } }",
        id=own["item"]["id"],
    )  # fmt: skip
    assert answer["data"] == {
        "node": None, "item": None, "sites": {"totalCount": 1}, "relationships": {"totalCount": 0},
        "viewer": {"code": "ACME"}, "partners": {"totalCount": 2}, "whoCanSee": [], "explainVisibility": None,
        "me": {"kinds": ["SITE"]},
    }  # fmt: skip


async def test_a_command_on_another_kind_is_forbidden_and_does_nothing(related: Live) -> None:
    sites = await machine(related, kinds=["SITE"])
    given = {"number": "NEW", "description": "New", "unit": "C62"}
    both = (
        "mutation($site: SiteAddInput!, $item: ItemAddInput!) { siteAdd(input: $site) { site { code } }"
        " itemAdd(input: $item) { item { id } } }"
    )
    status, refused = await sites.ask(both, site=_SITE, item=given)
    assert (status, refused["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert "data" not in refused
    assert (await run(related, related.acme, "{ sites { totalCount } items { totalCount } }"))["sites"]["totalCount"] == 0
    own = (await run(related, related.acme, '{ item(by: {number: "OWN"}) { id } }'))["item"]["id"]
    cases = await machine(related, kinds=["CASE"])
    bolt = (await run(related, related.bolt, "{ viewer { id } }"))["viewer"]["id"]
    opened = {"counterparty": bolt, "template": "INQUIRY", "severity": "LOW", "title": "Why?", "text": "?", "references": [own]}
    _, answer = await cases.ask(mutation("caseOpen", "case { id }"), input=opened)
    assert answer["data"]["caseOpen"] == {"case": None, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "references", "0"]}]}


async def test_new_limits_end_the_tokens_before_and_the_audit_trail_tells_them(related: Live) -> None:
    robot = await machine(related)
    before = await robot.token()
    given = {"integration": robot.key, "expectedVersion": 1, "tokenScopes": ["READ"]}
    for wrong in ({"purposes": []}, {"kinds": []}):
        refused = await do(related, related.acme, SET, **given, **wrong)
        assert refused["userErrors"][0] == {"code": "REQUIRED", "path": ["input", *wrong]}
    done = await do(related, related.acme, SET, **given, purposes=["RISK"], kinds=["ITEM", "SITE"], reason="Less is enough.")
    assert done["integration"] == {"version": 2, "purposes": ["RISK"], "kinds": ["ITEM", "SITE"], "tokenScopes": ["hub:read"]}

    async def ended() -> bool:
        return (await related.graphql(before)).status_code == 401

    await eventually(ended)
    assert await robot.numbers() == ["OWN", "TWO"]
    kept = await do(related, related.acme, SET, **given | {"expectedVersion": 2, "tokenScopes": ["READ", "WRITE"]}, purposes=None)
    assert kept["integration"] | {"version": 0} == {
        "version": 0, "purposes": None, "kinds": ["ITEM", "SITE"], "tokenScopes": ["hub:read", "hub:write"]
    }  # fmt: skip
    [entry] = await related.hub.database.read.rows(
        "select details, reason from audit_entry where action = 'integration.permissionsSet' order by seq limit 1"
    )
    assert entry["reason"] == "Less is enough."
    assert orjson.loads(entry["details"])["after"] == {"tokenScopes": ["hub:read"], "purposes": ["RISK"], "kinds": ["ITEM", "SITE"]}


async def test_a_socket_tells_limited_eyes_what_a_query_would(related: Live) -> None:
    """Of three new items one follower learns all, one not what is for planning, one nothing; then a site goes to all."""
    whoever, buyer, sites = [
        await machine(related, **limits) for limits in ({}, {"purposes": ["EXECUTION"]}, {"kinds": ["SITE"]})
    ]
    told = await asyncio.gather(
        _told(whoever, until="SITE"), _told(whoever, until="SITE", purpose="EXECUTION"), _told(buyer, until="SITE"),
        _told(sites, until="SITE"), _write(related),
    )  # fmt: skip
    every, narrowed, bought, alone, _ = told
    assert [each[1] for each in every if each[0] == "ITEM"] == ["ONE", "TWO"]
    assert [each[1] for each in narrowed if each[0] == "ITEM"] == ["TWO"]
    assert [each[1] for each in bought if each[0] == "ITEM"] == ["TWO"]
    assert alone == [("SITE", None)]


async def _told(machine: Machine, *, until: str, purpose: str | None = None) -> list[tuple[str, str | None]]:
    """What a follower is told, up to a change of a kind."""
    found: list[tuple[str, str | None]] = []
    payload = {} if purpose is None else {"X-Scmhub-Purpose": purpose}
    async with asyncio.timeout(20), machine.socket(**payload) as socket:
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}}).decode())
        while True:
            message = orjson.loads(await socket.recv())
            if message["type"] == "ping":
                continue
            item = message["payload"]["data"]["changes"]
            if item["__typename"] == "Changed":
                found.append((item["kind"], (item["record"] or {}).get("number")))
                if item["kind"] == until:
                    return found


async def _write(live: Live) -> None:
    while len(live.hub.feed.groups) < 1 or sum(len(each.members) for each in live.hub.feed.groups.values()) < 4:  # type: ignore[union-attr]
        await asyncio.sleep(0.02)
    for number in ("ONE", "TWO"):
        query = "query($n: String!) { item(by: {number: $n}) { id version } }"
        item = (await run(live, live.bolt, query, n=number))["item"]
        await act(live, live.bolt, "itemRevise", "item { id }", item=item["id"], expectedVersion=item["version"], description="x")
    await act(live, live.acme, "siteAdd", "site { code }", **_SITE)


@pytest.mark.parametrize(("asked", "code"), [("EXECUTION", 4403), ("anything", 4400)])
async def test_a_socket_cannot_ask_for_more_than_its_credential_allows(related: Live, asked: str, code: int) -> None:
    planner = await machine(related, purposes=["PLANNING"])
    async with planner.socket(**{"X-Scmhub-Purpose": asked}) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == code


def test_the_enums_name_every_family_and_purpose() -> None:
    """A new kind of record must be one that credentials can be limited to."""
    registry = load_schema().registry
    families = {name for kind in registry.kinds.values() if kind.needs in (None, "READ") for name in registry.families[kind.name]}
    assert {each.name for each in RecordKind} == families
    assert tuple(each.name for each in Purpose) == PURPOSES
