"""One login at an OpenID Connect issuer, as its client: where to send the browser, and whether to believe the answer.

Authlib writes the requests, joserfc reads the tokens; all that goes over the network goes through ``Outbound``. What
Authlib's own client leaves open is asked here: that the issuer in its document is the configured one, that the token is
for us, fresh, of this very login, and that there is a token at all.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core.util import create_half_hash  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from scmhub.outbound import NotPermitted, Outbound, Reply, Unreachable

ALGORITHMS = ["RS256", "ES256", "PS256"]
LEEWAY = timedelta(seconds=30)
MAX_AGE = timedelta(minutes=10)
"""How long ago the issuer may have seen the person: a login here is a login there."""
AT_WORDS = 200


class NotBelieved(Exception):
    """The login did not work; the text goes to the log and to the administrator who tests, to nobody else."""


class NotAnswered(NotBelieved):
    """The issuer could not be reached, or was silent for too long."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What an issuer says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Leg:
    """What this login began with; it travels sealed in a cookie."""

    version: str
    state: str
    nonce: str
    verifier: str
    next: str
    test: bool
    until: float


def _json(reply: Reply, what: str) -> dict[str, Any]:
    if reply.status != 200:
        raise NotBelieved(f"{what} was answered with status {reply.status}; redirects are not followed.")
    if not reply.whole:
        raise NotBelieved(f"The answer of {what} is too large.")
    try:
        found = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise NotBelieved(f"The answer of {what} is not a JSON object.")
    return found


def _unreached(what: str, error: Unreachable) -> NotBelieved:
    kind = NotBelieved if isinstance(error, NotPermitted) else NotAnswered
    return kind(f"{what}: {error}")


async def discover(outbound: Outbound, issuer: str) -> Issuer:
    """The issuer's own document; NotBelieved if it speaks of another one."""
    try:
        reply = await outbound.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        found = _json(reply, "the discovery document")
    except Unreachable as error:
        raise _unreached("The discovery document", error) from None
    if found.get("issuer") != issuer:
        raise NotBelieved("The discovery document is of another issuer.")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    missing = [name for name in names if not isinstance(found.get(name), str)]
    if missing:
        raise NotBelieved(f"The discovery document has no {missing[0]}.")
    return Issuer(issuer, *(found[name] for name in names))


def authorization_url(issuer: Issuer, client_id: str, redirect_uri: str, leg: Leg) -> str:
    """Where the browser goes: code flow, PKCE S256, state, nonce."""
    url: str = prepare_grant_uri(
        issuer.authorization_endpoint, client_id, "code", redirect_uri, "openid profile email", leg.state,
        nonce=leg.nonce, code_challenge=create_s256_code_challenge(leg.verifier), code_challenge_method="S256",
        max_age=str(int(MAX_AGE.total_seconds())),
    )  # fmt: skip
    return url


async def redeem(
    outbound: Outbound, issuer: Issuer, client_id: str, secret: str, redirect_uri: str, code: str, leg: Leg
) -> dict[str, Any]:
    """The token answer for a code."""
    body = prepare_token_request("authorization_code", "", redirect_uri, code=code, code_verifier=leg.verifier)
    basic = base64.b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"}
    try:
        return _json(await outbound.post(issuer.token_endpoint, body.encode(), headers), "the token endpoint")
    except Unreachable as error:
        raise _unreached("The token endpoint", error) from None


async def keys_of(outbound: Outbound, issuer: Issuer) -> KeySet:
    """The issuer's keys, as they are now."""
    try:
        found = _json(await outbound.get(issuer.jwks_uri), "the key set")
        return KeySet.import_key_set(found)  # type: ignore[arg-type]
    except Unreachable as error:
        raise _unreached("The key set", error) from None
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotBelieved(f"The key set cannot be read: {type(error).__name__}.") from None


def believed(
    answer: Mapping[str, Any], keys: KeySet, issuer: Issuer, client_id: str, nonce: str, now: datetime
) -> dict[str, Any]:
    """The claims of the ID token in a token answer, once everything about them is as it must be."""
    token = answer.get("id_token")
    if not isinstance(token, str) or not token:
        raise NotBelieved("The answer has no ID token.")
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = decoded.claims
        essential: dict[str, Any] = {name: {"essential": True} for name in ("iss", "aud", "exp", "iat", "sub")}
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()), **essential
        ).validate(claims)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotBelieved(f"The ID token is not valid: {type(error).__name__} {str(error)[:AT_WORDS]}") from None
    if reason := _defect(claims, issuer.issuer, client_id, nonce, now) or _half_hash(answer, claims, decoded.header):
        raise NotBelieved(f"The ID token is not valid: {reason}.")
    return claims


def _defect(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: datetime) -> str | None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    at = claims.get("auth_time")
    if claims["iss"] != issuer:
        return "it is of another issuer"
    if client_id not in audience:
        return "it is for somebody else"
    if claims.get("azp", client_id) != client_id or (len(audience) > 1 and "azp" not in claims):
        return "it was made for another client"
    if not isinstance(claims.get("nonce"), str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        return "it is not of this login"
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        return "its subject is no text of 1 to 255 characters"
    if not isinstance(at, int) or isinstance(at, bool):
        return "it does not say when the person logged in (auth_time)"
    age = now - datetime.fromtimestamp(min(max(at, 0), 2**32), UTC)
    return "the login there is too old" if age > MAX_AGE + LEEWAY or age < -LEEWAY else None


def _half_hash(answer: Mapping[str, Any], claims: Mapping[str, Any], header: Mapping[str, Any]) -> str | None:
    access = answer.get("access_token")
    if "at_hash" not in claims or not isinstance(access, str):
        return None
    expected = create_half_hash(access, header["alg"]).decode()
    return None if claims["at_hash"] == expected else "its access token is another"


def mapped_roles(claims: Mapping[str, Any], role_claim: str, mappings: list[str]) -> list[str]:
    """The roles that a claim stands for; there is no default."""
    value = claims.get(role_claim)
    values = {each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)}
    pairs = [each.rpartition("=") for each in mappings]
    return sorted({role for known, _, role in pairs if known in values})
