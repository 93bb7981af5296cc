"""Access tokens (RFC 9068, ES256): issued for a partner's credential, verified into a Viewer, remembered briefly.

The door is one function, ``Doorkeeper.authenticate``: header in, Viewer out, or Unauthenticated with one text whatever
the cause; the cause goes to the log. Nothing a caller sends besides the token is believed.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from scmhub.clock import Clock
from scmhub.errors import Unauthenticated
from scmhub.identity.keys import KeyRing
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
) -> str:
    """A signed access token for one partner."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "client_id": subject,
        "partner": str(partner_id),
        "scope": " ".join(sorted(token_scopes)),
        "jti": uuid4().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": ring.active.thumbprint()}
    return jwt.encode(header, claims, ring.active, algorithms=["ES256"])


def verify_token(ring: KeyRing, token: str, *, issuer: str, now: datetime) -> Viewer:
    """The caller behind a token; Unauthenticated for a defect of key, algorithm, type, issuer, audience or time."""
    try:
        decoded = jwt.decode(token, ring.accepted, algorithms=["ES256"])
        if str(decoded.header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise ValueError("typ is not at+jwt")
        _check_claims(decoded.claims, issuer, now)
        return _viewer(decoded.claims)
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


def _viewer(claims: dict[str, Any]) -> Viewer:
    scopes = frozenset(TokenScope(each) for each in claims["scope"].split())
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    return Viewer(Lens(UUID(claims["partner"])), str(claims["sub"]), scopes, str(claims["jti"]), expires)


class Doorkeeper:
    """Turns Authorization headers into Viewers; verified tokens are remembered for at most a minute."""

    def __init__(self, ring: KeyRing, issuer: str, clock: Clock, is_active: Callable[[UUID], Awaitable[bool]]) -> None:
        self._ring = ring
        self._issuer = issuer
        self._clock = clock
        self._is_active = is_active
        self._known: OrderedDict[bytes, tuple[datetime, Viewer]] = OrderedDict()

    async def authenticate(self, authorization: str | None) -> Viewer:
        """The Viewer of a bearer token; Unauthenticated for anything else."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST or not token.isascii():
            raise Unauthenticated
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        known = self._known.get(digest)
        if known is not None and now < known[0]:
            return known[1]
        viewer = verify_token(self._ring, token, issuer=self._issuer, now=now)
        if not await self._is_active(viewer.lens.partner_id):
            logger.info("token refused: its partner is unknown or suspended")
            raise Unauthenticated
        self._remember(digest, viewer, now)
        return viewer

    def _remember(self, digest: bytes, viewer: Viewer, now: datetime) -> None:
        self._known[digest] = (min(viewer.expires_at, now + _REMEMBERED_FOR), viewer)
        self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
