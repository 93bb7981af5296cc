"""The hub's signing keys as its operator sees and changes them; the private halves are in no answer."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from scmhub.database.unit import Unit
from scmhub.graph.declare import command, kind
from scmhub.graph.reason import Reasoned
from scmhub.graph.specs import column
from scmhub.identity import keys
from scmhub.identity.keys import SigningKeyTable
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned

_ADMIN, _PARTNERS = TokenScope.ADMIN, Permission.PARTNERS


@strawberry.enum(description="What a signing key is good for.")
class SigningKeyState(Enum):
    PENDING = strawberry.enum_value("PENDING", description="Published, so that everybody knows it before it signs.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="It signs; there is always exactly one.")
    RETIRED = strawberry.enum_value("RETIRED", description="It signs no more; the tokens it signed live to their end.")
    REVOKED = strawberry.enum_value("REVOKED", description="Nothing it signed counts any more.")


@kind(
    SigningKeyTable, prefix="key", policy=Owned(owner="partner_id"), plural="signingKeys", filters=("state",),
    needs=_PARTNERS,
)  # fmt: skip
class SigningKey:
    """A key with which the hub signs access tokens; the operator's."""

    kid: str = column(PUBLIC, "Its name in tokens and in the published key set: the thumbprint (RFC 7638).")
    state: SigningKeyState = column(PUBLIC, "What it is good for.")
    created_at: datetime = column(PUBLIC, "When it was made and published.")
    signs_from: datetime | None = column(PUBLIC, "When it began to sign.")
    signs_until: datetime | None = column(PUBLIC, "When it ceased to sign.")


@strawberry.input(description="Nothing to choose: the ring knows which step is next.")
class SigningKeyRotateInput(Reasoned):
    pass


@strawberry.input(description="A signing key to revoke.")
class SigningKeyRevokeInput(Reasoned):
    kid: str = strawberry.field(description="Its `kid`.")


@command(
    "signingKeyRotate", payload="SigningKey", requires=_ADMIN, needs=_PARTNERS, sensitive=True,
    description="The next step of a rotation: publishes a key (PENDING), or lets the one published five minutes ago "
    "sign (ACTIVE). Tokens of the key before live to their end. ILLEGAL_TRANSITION: published too short ago. The "
    "operator's.",
)  # fmt: skip
async def signing_key_rotate(unit: Unit, given: SigningKeyRotateInput) -> UUID:
    return (await keys.rotate(unit)).id


@command(
    "signingKeyRevoke", payload="SigningKey", requires=_ADMIN, needs=_PARTNERS, sensitive=True,
    description="Within two seconds no token that this key signed counts on any replica, the caller's own among them. "
    "If it was the active one, the published one or a new one signs from now on. The operator's.",
)  # fmt: skip
async def signing_key_revoke(unit: Unit, given: SigningKeyRevokeInput) -> UUID:
    return (await keys.revoke(unit, given.kid)).id
