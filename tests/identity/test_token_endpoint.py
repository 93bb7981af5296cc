"""A machine gets a token with a real client library, and nothing else gets one."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import ECKey

from scmhub.database.tables import HUB_PARTNER
from scmhub.identity import integrations
from scmhub.identity.tokens import verify_token
from tests.identity.conftest import Live

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def with_key(live: Live) -> ECKey:
    """The private key of a credential that acme's integration now has."""
    key = ECKey.generate_key("P-256", private=True)
    async with live.acting(live.acme) as unit:
        found = await integrations.find(unit, integration_key(live))
        assert found
        await integrations.add_key(unit, found, orjson.dumps(key.as_dict(private=False)).decode())
    return key


def integration_key(live: Live) -> Any:
    from scmhub.ids import key_of

    return key_of("int", live.client_id)


def assertion(live: Live, key: ECKey, alg: str = "ES256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": live.client_id,
        "sub": live.client_id,
        "aud": live.url,
        "exp": now + 60,
        "jti": uuid4().hex,
    } | changes
    return jwt.encode({"alg": alg}, {k: v for k, v in claims.items() if v is not None}, key)


async def assert_with(live: Live, text: str) -> httpx2.Response:
    return await live.ask(client_assertion_type=ASSERTION_TYPE, client_assertion=text)


async def test_a_real_client_gets_a_token_with_a_secret_and_uses_it(live: Live) -> None:
    async with AsyncOAuth2Client(live.client_id, live.secret) as client:
        token = await client.fetch_token(f"{live.url}/oauth/token", grant_type="client_credentials")
        answer = await client.post(f"{live.url}/graphql", json={"query": "{ viewer { code } }"})
    assert token["expires_in"] == 300
    assert token["scope"] == "hub:read hub:write"
    assert answer.json()["data"] == {"viewer": {"code": "ACME"}}
    viewer = verify_token(live.hub.ring, token["access_token"], issuer=live.url, now=live.hub.clock())
    assert viewer.subject == f"integration:{integration_key(live)}"
    assert viewer.lens.partner_id == live.acme


async def test_a_real_client_gets_a_token_with_a_key(live: Live) -> None:
    key = await with_key(live)
    async with AsyncOAuth2Client(live.client_id, key, token_endpoint_auth_method="private_key_jwt") as client:
        client.register_client_auth_method(PrivateKeyJWT(live.url, alg="ES256"))
        # Authlib's signature lives an hour unless told; the hub takes five minutes.
        with pytest.raises(Exception, match="invalid_client"):
            await client.fetch_token(f"{live.url}/oauth/token", grant_type="client_credentials")
    answer = await assert_with(live, assertion(live, key))
    assert answer.status_code == 200
    assert (await live.graphql(answer.json()["access_token"])).json()["data"] == {"viewer": {"code": "ACME"}}


async def test_attack_1_a_wrong_secret_and_an_unknown_client_get_the_same_bytes(live: Live) -> None:
    answers = [
        await live.ask(auth=(live.client_id, "wrong")),
        await live.ask(auth=(f"int_{uuid4()}", live.secret)),
        await live.ask(auth=("nobody", "x")),
        await live.ask(),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "invalid_client"
    assert len({tuple((k, v) for k, v in answer.headers.items() if k != "date") for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"].startswith("Basic ")


async def test_attack_2_two_ways_to_authenticate_are_refused(live: Live) -> None:
    key = await with_key(live)
    auth = (live.client_id, live.secret)
    twice = [
        await live.ask(auth=auth, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion(live, key)),
        await live.ask(auth=auth, client_secret=live.secret, client_id=live.client_id),
        await live.ask(auth=auth, client_id="int_other"),
    ]
    assert [(each.status_code, each.json()["error"]) for each in twice] == [(400, "invalid_request")] * 3
    assert (await live.ask(client_id=live.client_id, client_secret=live.secret)).status_code == 401


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        ("grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded", 400),
        ("grant_type=client_credentials&scope=hub%3Aread&scope=hub%3Awrite", "application/x-www-form-urlencoded", 400),
        ('{"grant_type": "client_credentials"}', "application/json", 400),
        ("--x\r\n\r\n", "multipart/form-data; boundary=x", 400),
        ("&".join(f"a{n}=1" for n in range(30)), "application/x-www-form-urlencoded", 400),
        ("a=" + "x" * 20_000, "application/x-www-form-urlencoded", 413),
        ("grant_type=%FF%FE", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        ("", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_attack_3_what_is_no_form_is_refused(live: Live, content: Any, media: str, status: int) -> None:
    answer = await live.http.post(
        "/oauth/token", content=content, headers={"Content-Type": media}, auth=(live.client_id, live.secret)
    )
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


async def test_attack_3_other_methods_and_parameters_in_the_url_are_refused(live: Live) -> None:
    got = await live.http.get("/oauth/token?grant_type=client_credentials", auth=(live.client_id, live.secret))
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    answer = await live.http.post("/oauth/token?scope=x", data={"grant_type": "client_credentials"})
    assert answer.status_code == 400


async def test_attack_4_a_scope_outside_the_client_issues_nothing(live: Live) -> None:
    for scope in ("hub:admin", "hub:read hub:admin", "hub:subscribe", "everything"):
        answer = await live.token(scope=scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
        assert "access_token" not in answer.json()
    assert (await live.token(scope="hub:read")).json()["scope"] == "hub:read"


@pytest.mark.parametrize("grant", ["password", "implicit", "authorization_code", "refresh_token", "urn:x"])
async def test_attack_5_other_grants_are_unsupported(live: Live, grant: str) -> None:
    answer = await live.ask(auth=(live.client_id, live.secret), grant_type=grant)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_attack_6_an_assertion_is_used_once_even_at_the_same_moment(live: Live) -> None:
    text = assertion(live, await with_key(live))
    answers = await asyncio.gather(*(assert_with(live, text) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]


async def test_attack_6_every_defect_of_an_assertion_is_the_same_refusal(live: Live) -> None:
    key, other = await with_key(live), ECKey.generate_key("P-256", private=True)
    now = int(time.time())
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    defects = [
        assertion(live, key, aud=f"{live.url}/oauth/token"), assertion(live, key, aud="https://other.example"),
        assertion(live, key, aud=[live.url]), assertion(live, key, aud=[live.url, "https://other.example"]),
        assertion(live, key, exp=now + 86_400), assertion(live, key, exp=now - 60), assertion(live, key, exp=None),
        assertion(live, key, exp="soon"), assertion(live, key, jti=None), assertion(live, key, jti=7),
        assertion(live, key, iss="int_other"), assertion(live, key, nbf=now + 600), assertion(live, other),
        f"{header}.{assertion(live, key).split('.')[1]}.", "x.y.z", "x",
    ]  # fmt: skip
    refused = await live.ask(auth=(live.client_id, "wrong"))
    for number, text in enumerate(defects):
        live.hub.oauth.failures._counts.clear()
        answer = await assert_with(live, text)
        assert (answer.status_code, answer.content) == (401, refused.content), number


async def test_attack_7_hostile_bytes_are_refused(live: Live) -> None:
    nested = base64.urlsafe_b64encode(b"[" * 5_000).decode()
    deep = base64.urlsafe_b64encode(b'{"sub":"x","a":' + b"[" * 5_000 + b"]" * 5_000 + b"}").decode()
    head = base64.urlsafe_b64encode(b'{"alg":"ES256"}').decode()
    for text in (f"{head}.{nested}.x", f"{nested}.{head}.x", f"{head}.{deep}.x"):
        assert (await assert_with(live, text)).status_code in (400, 401, 413)
    known = base64.urlsafe_b64encode(
        b'{"sub":"%s","a":' % live.client_id.encode() + b"[" * 4_000 + b"]" * 4_000 + b"}"
    ).decode()
    assert (await assert_with(live, f"{head}.{known}.x")).status_code in (400, 401)
    for basic in (b"\xff\xfe", b"\xff\xfe:x", b"no colon", live.client_id.encode() + b":\xff", b":", b"%ff:%ff"):
        answer = await live.http.post(
            "/oauth/token", data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + base64.b64encode(basic).decode()},
        )  # fmt: skip
        assert answer.status_code in (400, 401), basic


async def test_attack_8_a_spoofed_host_appears_nowhere(live: Live) -> None:
    for path in ("oauth-authorization-server", "oauth-protected-resource", "jwks.json"):
        for host in ("evil.example", "evil.example:80@x", "[::1"):
            answer = await live.http.get(f"/.well-known/{path}", headers={"Host": host})
            assert answer.status_code < 500
            assert b"evil" not in answer.content
    answer = await live.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(live.client_id, live.secret),
        headers={"Host": "evil.example"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert verify_token(live.hub.ring, answer.json()["access_token"], issuer=live.url, now=live.hub.clock())


async def test_attack_9_the_old_secret_works_in_the_overlap_and_not_after(live: Live) -> None:
    async with live.acting(live.acme) as unit:
        found = await integrations.find(unit, integration_key(live))
        assert found
        _, new = await integrations.rotate_secret(unit, found, 1)
    assert (await live.token()).status_code == 200
    assert (await live.ask(auth=(live.client_id, new))).status_code == 200
    await live.sql("update credential set expires_at = now() where id = (select min(id::text)::uuid from credential)")
    assert (await live.token()).status_code == 401
    assert (await live.ask(auth=(live.client_id, new))).status_code == 200


async def test_attack_10_twenty_failures_a_minute_then_wait_and_others_do_not(live: Live) -> None:
    _, other_id, other_secret = await live.integration(live.bolt)
    statuses = [(await live.ask(auth=(live.client_id, "guess"))).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    waiting = await live.token()
    assert (waiting.status_code, 0 < int(waiting.headers["retry-after"]) <= 60) == (429, True)
    assert (await live.ask(auth=(other_id, other_secret))).status_code == 200


async def test_the_documents_are_what_the_standards_ask_for(live: Live) -> None:
    found = (await live.http.get("/.well-known/oauth-authorization-server")).json()
    metadata = AuthorizationServerMetadata(found)
    for check in ("token_endpoint", "jwks_uri", "scopes_supported", "grant_types_supported", "revocation_endpoint",
                  "token_endpoint_auth_methods_supported",
                  "token_endpoint_auth_signing_alg_values_supported"):  # fmt: skip
        try:
            getattr(metadata, f"validate_{check}")()
        except ValueError as error:
            assert "https" in str(error)  # noqa: PT017 - loopback has no TLS; everything else must hold
    assert found["issuer"] == live.url
    resource = (await live.http.get("/.well-known/oauth-protected-resource")).json()
    assert (resource["resource"], resource["authorization_servers"]) == (f"{live.url}/graphql", [live.url])
    keys = (await live.http.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in keys] == [live.hub.ring.active.thumbprint()]
    assert not any("d" in key for key in keys)


async def test_suspended_integrations_and_partners_get_no_token(live: Live) -> None:
    async with live.acting(HUB_PARTNER) as unit:
        await unit.rows("update partner set status = 'SUSPENDED' where id = $1", live.acme)
    assert (await live.token()).status_code == 401


async def test_no_secret_is_readable_for_the_role_that_reads(live: Live) -> None:
    for table in ("credential_proof", "used_assertion", "sealed_key"):
        with pytest.raises(Exception, match="permission denied"):
            await live.hub.database.read.rows(f"select * from {table}")
