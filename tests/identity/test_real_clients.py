"""Published OAuth libraries, Python's and Node's, get tokens every way there is; and nothing of it is in any log."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign
from joserfc.jwk import ECKey

from scmhub.graph.transport.log import configure_logging
from scmhub.identity import integrations, sessions
from scmhub.identity.people_tables import PersonTable
from scmhub.ids import key_of, new_id
from tests.identity.conftest import Live
from tests.identity.frontends import REDIRECT, Portal, portal_of

CLIENTS = Path(__file__).parent / "oauth_clients"


@pytest.fixture(scope="session")
def node_script(pytestconfig: pytest.Config) -> tuple[str, str]:
    """Node, and the script beside its installed package."""
    path = shutil.which("node")
    if path is None or shutil.which("npm") is None:
        pytest.fail("These tests run a published JavaScript client: install Node.js 20 or later, with npm.")
    node = subprocess.run([path, "-p", "process.execPath"], check=True, capture_output=True, text=True, timeout=60)
    names = ("package.json", "package-lock.json", ".npmrc")
    digest = sha256(b"".join((CLIENTS / name).read_bytes() for name in names)).hexdigest()[:16]
    target = pytestconfig.cache.mkdir(f"node-oauth_clients-{digest}")
    if not (target / "done").exists():
        for name in names:
            shutil.copy(CLIENTS / name, target / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=target, check=True, capture_output=True, timeout=300)
        (target / "done").touch()
    shutil.copy(CLIENTS / "run.mjs", target / "run.mjs")
    return node.stdout.strip(), str(target / "run.mjs")


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """What the hub and its libraries write at DEBUG, in the form an operator gets it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    kept = io.StringIO()
    configure_logging("DEBUG", kept)
    for ours in ("httpx2", "httpcore2"):  # the caller of these tests, not the hub
        logging.getLogger(ours).setLevel(logging.WARNING)
    yield kept
    root.handlers[:] = before
    root.setLevel(level)
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.NOTSET)


async def with_node(node_script: tuple[str, str], live: Live, way: str, **given: Any) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *node_script, live.url, way, json.dumps(given), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return dict(json.loads(out))


async def key_for(live: Live) -> ECKey:
    key = ECKey.generate_key("P-256", private=True)
    async with live.acting(live.acme) as unit:
        found = await integrations.find(unit, key_of("int", live.client_id))  # type: ignore[arg-type]
        assert found
        await integrations.add_key(unit, found, orjson.dumps(key.as_dict(private=False)).decode())
    return key


async def portal_with_ann(live: Live) -> Portal:
    portal = await portal_of(live, live.acme)
    async with live.acting(live.acme) as unit:
        ann = PersonTable(
            id=new_id(unit.now), partner_id=live.acme, name="Ann", roles=["PLANNER"], created_at=unit.now
        )
        unit.session.add(ann)
        await unit.session.flush()
        portal.cookies["scmhub"] = await sessions.begin(unit, ann, "LOCAL", unit.now)
    return portal


@pytest.mark.parametrize("way", ["secret", "key"])
async def test_nodes_client_gets_a_token_as_a_machine(live: Live, node_script: tuple[str, str], way: str) -> None:
    key = await key_for(live)
    given = {"clientId": live.client_id, "secret": live.secret, "jwk": key.as_dict(private=True)}
    assert await with_node(node_script, live, way, **given) == {"scope": "hub:read", "code": "ACME"}


async def test_nodes_client_logs_a_person_in_and_out(live: Live, node_script: tuple[str, str]) -> None:
    portal = await portal_with_ann(live)
    done = await with_node(
        node_script, live, "person", clientId=portal.client_id, redirect=REDIRECT,
        cookie=f"scmhub={portal.cookies['scmhub']}",
    )  # fmt: skip
    assert done == {"scope": "hub:read", "code": None, "rotated": True}


class ShortLived(PrivateKeyJWT):  # type: ignore[misc]
    """Authlib's assertion lives an hour and names the token endpoint unless told; the hub wants neither."""

    def __init__(self, issuer: str) -> None:
        super().__init__(alg="ES256")
        self._issuer = issuer

    def sign(self, auth: Any, token_endpoint: str) -> str:
        return str(private_key_jwt_sign(auth.client_secret, auth.client_id, self._issuer, alg="ES256", expires_in=60))


async def test_authlibs_client_gets_a_token_with_a_key_that_lives_five_minutes(live: Live) -> None:
    key = await key_for(live)
    async with AsyncOAuth2Client(live.client_id, key, token_endpoint_auth_method="private_key_jwt") as client:
        client.register_client_auth_method(ShortLived(live.url))
        token = await client.fetch_token(f"{live.url}/oauth/token", grant_type="client_credentials")
        answer = await client.post(f"{live.url}/graphql", json={"query": "{ viewer { code } }"})
    assert token["expires_in"] == 300
    assert answer.json()["data"] == {"viewer": {"code": "ACME"}}


async def test_attack_52_nothing_secret_is_logged_at_debug(live: Live, logs: io.StringIO) -> None:
    portal, key = await portal_with_ann(live), await key_for(live)
    secret: list[str] = [live.secret, portal.cookies["scmhub"], portal.verifier, str(key.as_dict(private=True)["d"])]
    secret.append((await live.token()).json()["access_token"])
    code = await portal.code()
    tokens = (await portal.redeem(code)).json()
    fresh = (await portal.refresh(tokens["refresh_token"])).json()
    secret += [code, *(each[name] for each in (tokens, fresh) for name in ("access_token", "refresh_token"))]
    for bearer in (tokens["access_token"], secret[-1], "x.y.z"):
        await live.graphql(bearer)
    await live.ask(auth=(live.client_id, "a wrong secret of ours"))
    await portal.redeem(code)
    await portal.refresh(tokens["refresh_token"])
    await live.http.post("/oauth/revoke", data={"token": secret[4]}, auth=(live.client_id, live.secret))
    text = logs.getvalue()
    assert "used twice" in text
    found = [each[:6] for each in [*secret, "a wrong secret of ours"] if each in text]
    assert found == []
    assert not re.search(r"eyJ[\w-]{10,}\.[\w-]{10,}", text)
