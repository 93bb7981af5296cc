"""Access tokens (RFC 9068, ES256): issued for a partner's credential, verified into a Viewer, remembered briefly.

The door is one function, ``Doorkeeper.authenticate``: header in, Viewer out, or Unauthenticated with one text whatever
the cause; the cause goes to the log. Nothing a caller sends besides the token is believed.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from scmhub.clock import Clock
from scmhub.errors import Unauthenticated
from scmhub.identity.barring import name_of
from scmhub.identity.keys import KeyRing
from scmhub.identity.roles import Role, permitted
from scmhub.identity.standing import Standing
from scmhub.identity.viewer import TokenScope, Viewer
from scmhub.sharing.lens import Lens

AUDIENCE = "scmhub"
LEEWAY_SECONDS = 5
_REMEMBERED = 10_000
_REMEMBERED_FOR = timedelta(seconds=60)
_LONGEST = 8_192
logger = logging.getLogger(__name__)


def issue_token(
    ring: KeyRing,
    *,
    issuer: str,
    partner_id: UUID,
    subject: str,
    token_scopes: frozenset[TokenScope],
    now: datetime,
    life: timedelta,
    client_id: str | None = None,
    roles: Collection[str] = (),
    authenticated_at: datetime | None = None,
    stands_on: Collection[str] = (),
    purposes: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> str:
    """A signed access token for one partner.

    ``client_id``: the OAuth client it was issued to; default the subject. ``roles`` and ``authenticated_at``: of a
    person. ``stands_on``: names besides partner, subject, token and key whose barring ends it (``credential:...``).
    ``purposes`` and ``kinds``: what its eyes are limited to, see ``sharing.lens``.
    """
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "client_id": client_id or subject,
        "partner": str(partner_id),
        "scope": " ".join(sorted(token_scopes)),
        "jti": uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    if roles:
        claims["roles"] = sorted(roles)
    if authenticated_at is not None:
        claims["auth_time"] = int(authenticated_at.timestamp())
    if stands_on:
        claims["stands_on"] = sorted(stands_on)
    limits = {"purposes": purposes, "kinds": kinds}
    claims |= {name: sorted(given) for name, given in limits.items() if given is not None}
    header = {"alg": "ES256", "typ": "at+jwt", "kid": ring.active.thumbprint()}
    return jwt.encode(header, claims, ring.active, algorithms=["ES256"])


def verify_token(ring: KeyRing, token: str, *, issuer: str, now: datetime) -> Viewer:
    """The caller behind a token; Unauthenticated for a defect of key, algorithm, type, issuer, audience or time."""
    try:
        decoded = jwt.decode(token, ring.accepted, algorithms=["ES256"])
        if str(decoded.header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise ValueError("typ is not at+jwt")
        _check_claims(decoded.claims, issuer, now)
        return _viewer(decoded.claims, decoded.header["kid"])
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        logger.info("token refused: %s", type(error).__name__)
        raise Unauthenticated from None


def _check_claims(claims: dict[str, Any], issuer: str, now: datetime) -> None:
    essential: dict[str, Any] = {name: {"essential": True} for name in ("exp", "iat", "sub", "jti", "partner", "scope")}
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": AUDIENCE},
        **essential,
    )
    registry.validate(claims)
    if claims["aud"] != AUDIENCE or claims["iss"] != issuer:
        raise ValueError("issuer or audience is a list")


def _viewer(claims: dict[str, Any], kid: str) -> Viewer:
    scopes = frozenset(TokenScope(each) for each in claims["scope"].split())
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    partner, subject, token = UUID(claims["partner"]), str(claims["sub"]), str(claims["jti"])
    stands_on = {name_of("partner", partner), subject, name_of("token", token), name_of("key", kid)}
    stands_on.update(str(each) for each in claims.get("stands_on", ()))
    roles = frozenset(Role(each) for each in claims.get("roles", ()))
    return Viewer(
        Lens(partner, _limit(claims, "purposes"), _limit(claims, "kinds")), subject, scopes, token, expires,
        frozenset(stands_on),
        permissions=permitted(subject, roles, scopes), roles=roles,
        authenticated_at=datetime.fromtimestamp(claims["auth_time"], UTC) if "auth_time" in claims else None,
    )  # fmt: skip


def _limit(claims: dict[str, Any], name: str) -> frozenset[str] | None:
    return frozenset(map(str, claims[name])) if name in claims else None


class Doorkeeper:
    """Turns Authorization headers into Viewers; verified tokens are remembered for at most a minute.

    What was verified once may be revoked since: every call asks the standing, which follows the change log.
    """

    def __init__(self, standing: Standing, issuer: str, clock: Clock) -> None:
        self._standing = standing
        self._issuer = issuer
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[datetime, Viewer]] = OrderedDict()

    async def authenticate(self, authorization: str | None) -> Viewer:
        """The Viewer of a bearer token; Unauthenticated for anything else."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST or not token.isascii():
            raise Unauthenticated
        await self._standing.current()
        viewer = self._remembered(token) or self._verified(token)
        if self._standing.bars(viewer):
            logger.info("token refused: what it stands on was revoked or suspended")
            raise Unauthenticated
        return viewer

    def _remembered(self, token: str) -> Viewer | None:
        known = self._known.get(hashlib.sha256(token.encode()).digest())
        return known[1] if known is not None and self._clock() < known[0] else None

    def _verified(self, token: str) -> Viewer:
        now = self._clock()
        viewer = verify_token(self._standing.ring, token, issuer=self._issuer, now=now)
        self._remember(hashlib.sha256(token.encode()).digest(), viewer, now)
        return viewer

    def _remember(self, digest: bytes, viewer: Viewer, now: datetime) -> None:
        self._known[digest] = (min(viewer.expires_at, now + _REMEMBERED_FOR), viewer)
        self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
