"""The operator turns the hub's keys: published before they sign, refused at once when revoked, on every replica."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from scmhub.database.tables import HUB_PARTNER
from scmhub.hub import Hub
from scmhub.identity.roles import Role
from tests.admin.test_administration import do, mutation, works
from tests.identity.conftest import Live, eventually, free_port, serving
from tests.identity.people import login, person

KEYS = "{ signingKeys { nodes { kid state createdAt signsFrom signsUntil } } }"
ROTATE = mutation("signingKeyRotate", "signingKey { kid state }")
REVOKE = mutation("signingKeyRevoke", "signingKey { kid state }")


async def operator(live: Live) -> Any:
    return await login(live, await person(live, HUB_PARTNER, Role.OPERATOR, name="Olga"))


async def kids(live: Live) -> set[str]:
    keys = (await live.http.get("/.well-known/jwks.json")).json()["keys"]
    assert not any("d" in key for key in keys)
    return {key["kid"] for key in keys}


async def aged(live: Live, state: str, age: str) -> None:
    await live.sql(f"update signing_key set created_at = now() - interval '{age}' where state = '{state}'")


async def test_attacks_22_and_23_keys_are_published_before_they_sign_and_end_at_once_when_revoked(live: Live) -> None:
    olga = await operator(live)
    settings = live.hub.settings
    old = live.hub.ring.active.thumbprint()
    bearer = (await live.token()).json()["access_token"]
    async with Hub.open(live.admin, settings) as other, serving(other, free_port()) as http:
        replicas = [live, Live(other, live.admin, http, live.acme, live.bolt)]
        published = await olga.do(ROTATE, reason="Every 90 days.")
        assert published["signingKey"]["state"] == "PENDING"
        fresh = published["signingKey"]["kid"]

        async def known() -> bool:
            return [await kids(each) for each in replicas] == [{old, fresh}] * 2

        await eventually(known)
        too_soon = await olga.do(ROTATE)
        assert too_soon["userErrors"] == [{"code": "ILLEGAL_TRANSITION", "path": ["input"]}]
        await aged(live, "PENDING", "6 minutes")
        assert (await olga.do(ROTATE))["signingKey"] == {"kid": fresh, "state": "ACTIVE"}

        async def signs() -> bool:
            return {each.hub.ring.active.thumbprint() for each in replicas} == {fresh}

        await eventually(signs)
        assert [await works(each, bearer) for each in replicas] == [True, True], "tokens of the old key live on"
        successor = (await live.token()).json()["access_token"]
        assert (await olga.do(REVOKE, kid=old, reason="Laptop lost."))["signingKey"]["state"] == "REVOKED"

        async def ended() -> bool:
            return [await works(each, bearer) for each in replicas] == [False, False]

        await eventually(ended)
        assert [await works(each, successor) for each in replicas] == [True, True]
        assert old not in await kids(live)
    again = await olga.do(REVOKE, kid=old)
    assert again["userErrors"] == [{"code": "ILLEGAL_TRANSITION", "path": ["input", "kid"]}]
    unknown = await olga.do(REVOKE, kid="nothing")
    assert unknown["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "kid"]}]
    seen = (await olga.graphql(KEYS)).json()["data"]["signingKeys"]["nodes"]
    assert {each["kid"]: each["state"] for each in seen} == {old: "REVOKED", fresh: "ACTIVE"}
    assert all(each["signsFrom"] for each in seen)
    rows = await live.hub.database.read.rows("select action, reason from audit_entry where action like 'signingKey%' order by seq")
    assert [tuple(row) for row in rows] == [
        ("signingKey.published", "Every 90 days."), ("signingKey.activated", None), ("signingKey.revoked", "Laptop lost."),
    ]  # fmt: skip


async def test_the_key_that_signs_is_followed_at_once_when_it_is_revoked(live: Live) -> None:
    olga = await operator(live)
    old = live.hub.ring.active.thumbprint()
    await olga.do(REVOKE, kid=old)

    async def followed() -> bool:
        return live.hub.ring.active.thumbprint() != old

    await eventually(followed)
    assert (await live.token()).status_code == 200


async def test_only_the_operator_sees_and_turns_keys(live: Live) -> None:
    ann = await login(live, await person(live, live.acme, Role.ADMIN, Role.AUDITOR))
    assert (await ann.graphql(KEYS)).status_code == 403
    nothing = {"signingKey": None, "userErrors": [{"code": "FORBIDDEN", "path": ["input"]}]}
    assert await ann.do(ROTATE) == nothing
    assert await ann.do(REVOKE, kid=live.hub.ring.active.thumbprint()) == nothing


@pytest.mark.parametrize("query", [ROTATE, REVOKE])
async def test_keys_need_a_fresh_login(live: Live, query: str) -> None:
    olga = await operator(live)
    late = live.hub.clock() - timedelta(minutes=11)
    async with live.acting(HUB_PARTNER) as unit:
        await unit.rows("update session set authenticated_at = $1", late)
    given = {} if query is ROTATE else {"kid": live.hub.ring.active.thumbprint()}
    assert (await olga.do(query, **given))["userErrors"] == [{"code": "STEP_UP_REQUIRED", "path": ["input"]}]
    assert len((await do(live, HUB_PARTNER, "{ signingKeys { nodes { kid } } }"))["nodes"]) == 1


async def test_rotation_and_revocation_under_load(live: Live) -> None:
    """Callers go on all the while: a rotation refuses nobody, a revocation exactly whoever holds the revoked key."""
    olga, old, ended = await operator(live), live.hub.ring.active.thumbprint(), False
    statuses: list[int] = []

    async def caller() -> None:
        while not ended:
            bearer = str((await live.token()).json()["access_token"])
            for _ in range(5):
                statuses.append((await live.graphql(bearer)).status_code)

    callers = [asyncio.ensure_future(caller()) for _ in range(4)]
    bearer = str((await live.token()).json()["access_token"])
    await olga.do(ROTATE)
    await aged(live, "PENDING", "6 minutes")
    fresh = (await olga.do(ROTATE))["signingKey"]["kid"]

    async def signs() -> bool:
        return live.hub.ring.active.thumbprint() == fresh and len(statuses) > 20

    await eventually(signs, 10)
    assert set(statuses) == {200}, "a rotation is not felt"
    await olga.do(REVOKE, kid=old)

    async def refused() -> bool:
        return not await works(live, bearer)

    await eventually(refused)
    statuses.clear()
    successor = str((await live.token()).json()["access_token"])
    assert [await works(live, successor) for _ in range(20)] == [True] * 20
    ended = True
    await asyncio.gather(*callers)
