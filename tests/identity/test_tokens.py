"""Access tokens: what is accepted, and that every defect gets the one same refusal."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.secret import HubSecret
from scmhub.errors import ServiceUnavailable, Unauthenticated
from scmhub.identity.keys import KeyRing, load_ring
from scmhub.identity.standing import Known, Standing
from scmhub.identity.tokens import AUDIENCE, Doorkeeper, issue_token, verify_token
from scmhub.identity.viewer import TokenScope

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUER = "https://hub.example"
ACME = uuid4()


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    key = ECKey.generate_key("P-256", private=True)
    public = ECKey.import_key({**key.as_dict(private=False), "kid": key.thumbprint()})
    return KeyRing(key, KeySet([public]))


def issued(ring: KeyRing, **changed: Any) -> str:
    given = {
        "issuer": ISSUER, "partner_id": ACME, "subject": "integration:erp", "now": NOON,
        "token_scopes": frozenset({TokenScope.READ}), "life": timedelta(minutes=5),
    }  # fmt: skip
    return issue_token(ring, **(given | changed))


def forged(ring: KeyRing, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
    """A token with some claims or header entries changed; None removes a claim."""
    good = jwt.decode(issued(ring), ring.accepted, algorithms=["ES256"])
    body = {name: value for name, value in (good.claims | claims).items() if value is not None}
    return jwt.encode(good.header | (header or {}), body, key or ring.active, algorithms=["ES256", "HS256"])


def test_a_good_token_becomes_the_viewer_it_names(ring: KeyRing) -> None:
    viewer = verify_token(ring, issued(ring), issuer=ISSUER, now=NOON)
    assert viewer.lens.partner_id == ACME
    assert viewer.subject == "integration:erp"
    assert viewer.token_scopes == {TokenScope.READ}
    assert viewer.expires_at == NOON + timedelta(minutes=5)


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_part(token: str, number: int, part: str) -> str:
    parts = token.split(".")
    return ".".join([*parts[:number], part, *parts[number + 1 :]])


def hs256(token: str, secret: bytes) -> str:
    """The same claims under a MAC whose secret is the hub's public key."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'at+jwt'})}.{token.split('.')[1]}"
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


DEFECTS: dict[str, Callable[[KeyRing], str]] = {
    "another key": lambda ring: forged(ring, key=ECKey.generate_key("P-256", private=True)),
    "no typ": lambda ring: jws.serialize_compact(
        {"alg": "ES256", "kid": ring.active.thumbprint()}, json.dumps({"iss": ISSUER}), ring.active
    ),
    "typ JWT": lambda ring: forged(ring, {"typ": "JWT"}),
    "another audience": lambda ring: forged(ring, aud="other"),
    "a list of audiences": lambda ring: forged(ring, aud=[AUDIENCE]),
    "another issuer": lambda ring: forged(ring, iss="https://evil.example"),
    "a list of issuers": lambda ring: forged(ring, iss=[ISSUER]),
    "expired": lambda ring: forged(ring, exp=int(NOON.timestamp()) - 6),
    "no expiry": lambda ring: forged(ring, exp=None),
    "issued in the future": lambda ring: forged(ring, iat=int(NOON.timestamp()) + 600),
    "no subject": lambda ring: forged(ring, sub=None),
    "no id": lambda ring: forged(ring, jti=None),
    "no partner": lambda ring: forged(ring, partner=None),
    "a partner that is no id": lambda ring: forged(ring, partner="acme"),
    "an unknown scope": lambda ring: forged(ring, scope="hub:everything"),
    "an unknown kid": lambda ring: forged(ring, {"kid": "nobody"}),
    "an unknown critical header": lambda ring: with_part(
        issued(ring), 0, b64({"alg": "ES256", "typ": "at+jwt", "kid": ring.active.thumbprint(), "crit": ["x"], "x": 1})
    ),
    "alg none": lambda ring: f"{b64({'alg': 'none', 'typ': 'at+jwt'})}.{issued(ring).split('.')[1]}.",
    "HS256 over the public key": lambda ring: hs256(issued(ring), ring.active.as_pem(private=False)),
    "a key of its own in the header": lambda ring: forged(
        ring, {"jwk": (own := ECKey.generate_key("P-256", private=True)).as_dict(private=False)}, key=own
    ),
    "a changed body": lambda ring: with_part(issued(ring), 1, b64({"iss": ISSUER})),
    "not a token": lambda ring: "x",
    "5,000 nested arrays": lambda ring: f"{b64({'alg': 'ES256'})}.{b64('[' * 5000)}.x",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_is_the_same_refusal(ring: KeyRing, defect: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        verify_token(ring, DEFECTS[defect](ring), issuer=ISSUER, now=NOON)
    assert refused.value.message == Unauthenticated.__doc__


async def door(ring: KeyRing, clock: list[datetime]) -> Doorkeeper:
    async def known() -> Known:
        return Known(ring)

    standing = Standing(ring, known)
    standing.trouble = lambda: None
    return Doorkeeper(standing, ISSUER, lambda: clock[0])


async def test_who_does_not_follow_the_log_answers_nobody(ring: KeyRing) -> None:
    keeper = await door(ring, [NOON])
    header = f"Bearer {issued(ring, life=timedelta(hours=1))}"
    assert (await keeper.authenticate(header)).lens.partner_id == ACME
    keeper._standing.unfollow()
    with pytest.raises(ServiceUnavailable):
        await keeper.authenticate(header)


async def test_a_remembered_token_ends_at_its_expiry(ring: KeyRing) -> None:
    clock = [NOON]
    keeper = await door(ring, clock)
    header = f"Bearer {issued(ring, life=timedelta(seconds=20))}"
    await keeper.authenticate(header)
    clock[0] = NOON + timedelta(seconds=26)
    with pytest.raises(Unauthenticated):
        await keeper.authenticate(header)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer " + "x" * 20_000, "Bearer ü"])
async def test_anything_but_a_bearer_token_is_refused(ring: KeyRing, header: str | None) -> None:
    keeper = await door(ring, [NOON])
    with pytest.raises(Unauthenticated):
        await keeper.authenticate(header)


async def test_replicas_share_one_ring_and_another_secret_opens_nothing(
    template: str, admin: Address, secret: HubSecret
) -> None:
    first = await load_ring(admin, secret, NOON)
    second = await load_ring(admin, secret, NOON)
    assert first.active.thumbprint() == second.active.thumbprint()
    assert verify_token(second, issued(first), issuer=ISSUER, now=NOON).lens.partner_id == ACME
    connection = await admin.connect()
    sealed = await connection.fetchval("select sealed from sealed_key")
    await connection.execute("update sealed_key set sealed = $1", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    await connection.close()
    with pytest.raises(DatabaseUnusable, match="sealed with another secret"):
        await load_ring(admin, secret, NOON)
