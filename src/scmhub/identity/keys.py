"""The hub's signing keys: ES256, kept in the database encrypted with the hub secret, so that replicas share them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson
from joserfc.jwk import ECKey, Key, KeySet
from sqlalchemy import Column, Index, LargeBinary, String, Uuid
from sqlmodel import Field, SQLModel, select

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import HUB_PARTNER, OF_THE_HUB, WRITE_ROLE, Record, governed, instant, one_of, symbol
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of, renew
from scmhub.identity.roles import check_operator
from scmhub.identity.sealing import seal, unseal
from scmhub.ids import new_id

_LABEL = "signing-keys"
_LOCK = 0x5C3B_0001
PUBLISHED_BEFORE_USE = timedelta(minutes=5)
"""As long as others may keep the key set they fetched."""


_OF_HUB = governed(owner="partner_id", add="owner", write="select, insert, update")["info"]


class SigningKeyTable(Record, table=True):
    """One key of the ring, as the operator sees it."""

    __tablename__ = "signing_key"
    __table_args__ = (
        one_of("state", "PENDING", "ACTIVE", "RETIRED", "REVOKED"),
        Index(None, "partner_id", "id"),
        {"info": _OF_HUB | {OF_THE_HUB: True}},
    )
    partner_id: UUID = Field(default=HUB_PARTNER, sa_column=Column(Uuid, nullable=False))
    """The hub's operator, always."""
    kid: str = Field(sa_column=Column(String(collation="C"), nullable=False, unique=True))
    state: str = symbol()
    created_at: datetime = instant()
    signs_from: datetime | None = instant(optional=True)
    """When it became ACTIVE."""
    signs_until: datetime | None = instant(optional=True)
    """When it became RETIRED or REVOKED."""


class SealedKeyTable(SQLModel, table=True):
    """The private JWK of a signing key under AES-GCM, the kid as associated data."""

    __tablename__ = "sealed_key"
    __table_args__ = ({"info": {"secret": True, "write": "select, insert"}},)
    kid: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key that signs, and all whose signatures are accepted (public halves only)."""

    active: ECKey
    accepted: KeySet
    revoked: frozenset[str] = frozenset()
    """Names of the keys whose tokens count no more."""
    ever: KeySet = field(default_factory=lambda: KeySet([]))
    """Every key there was: what one signed as a notary before it was revoked stays a witness."""


async def load_ring(admin: Address, secret: HubSecret, now: datetime) -> KeyRing:
    """The ring in the database; the first hub to come makes the first key."""
    connection = await login(admin, WRITE_ROLE, secret).connect(name="scmhub-keys")
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute("select set_config('hub.partner', $1, true)", str(HUB_PARTNER))
            rows = await connection.fetch(_RING)
            if not any(row["state"] == "ACTIVE" for row in rows):
                await _make(connection, secret, now, "ACTIVE")
                rows = await connection.fetch(_RING)
    finally:
        await connection.close()
    return _ring(rows, secret)


_RING = "select k.kid, k.state, s.sealed from signing_key k join sealed_key s on s.kid = k.kid"
_INSERT = "insert into signing_key (id, partner_id, kid, state, created_at, signs_from) values ($1, $2, $3, $4, $5, $6)"


async def _make(writer: Unit | asyncpg.Connection, secret: HubSecret, now: datetime, state: str) -> UUID:
    """A new key of the ring; its id."""
    made = ECKey.generate_key("P-256", private=True)
    key, kid = new_id(now), made.thumbprint()
    await writer.fetch(_INSERT, key, HUB_PARTNER, kid, state, now, now if state == "ACTIVE" else None)
    sealed = seal(secret, _LABEL, orjson.dumps(made.as_dict(private=True)), kid)
    await writer.fetch("insert into sealed_key (kid, sealed) values ($1, $2)", kid, sealed)
    return key


async def rotate(unit: Unit) -> SigningKeyTable:
    """The next step of a rotation: publish a key (PENDING), or let the published one sign (ACTIVE).

    Refusal if the published key is so young that others may not know it yet. A retired key stays accepted: its tokens
    end by themselves.
    """
    await _alone(unit)
    pending = await _in_state(unit, "PENDING")
    if pending is None:
        made = await unit.session.get_one(SigningKeyTable, await _make(unit, unit.secret, unit.now, "PENDING"))
        await audit.record(unit, "signingKey.published", _subject(made))
        return made
    usable = pending.created_at + PUBLISHED_BEFORE_USE
    if unit.now < usable:
        text = f"The published key may not be known to everybody yet: rotate again after {usable:%H:%M:%S} UTC."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input"], pending.id)
    if active := await _in_state(unit, "ACTIVE"):
        await _become(unit, active, "RETIRED")
    await _become(unit, pending, "ACTIVE")
    await audit.record(unit, "signingKey.activated", _subject(pending))
    return pending


async def revoke(unit: Unit, kid: str) -> SigningKeyTable:
    """Its tokens end at once. If it was the one that signs, the published one or a new one signs from now on."""
    await _alone(unit)
    found = (await unit.session.exec(select(SigningKeyTable).where(SigningKeyTable.kid == kid))).first()
    if found is None:
        raise Refusal("NOT_FOUND", "There is no such key: 'scmhub keys list' shows them.", ["input", "kid"])
    if found.state == "REVOKED":
        raise Refusal("ILLEGAL_TRANSITION", "The key is revoked; there is no further step.", ["input", "kid"], found.id)
    await _become(unit, found, "REVOKED")
    if not await _in_state(unit, "ACTIVE"):
        if heir := await _in_state(unit, "PENDING"):
            await _become(unit, heir, "ACTIVE")
        else:
            await _make(unit, unit.secret, unit.now, "ACTIVE")
    bar(unit, name_of("key", kid))
    await audit.record(unit, "signingKey.revoked", _subject(found))
    return found


async def _alone(unit: Unit) -> None:
    """Alone with the ring, as the operator; every replica reads it anew when the unit has committed."""
    check_operator(unit)
    await unit.rows("select pg_advisory_xact_lock($1)", _LOCK)
    renew(unit)


async def _in_state(unit: Unit, state: str) -> SigningKeyTable | None:
    return (await unit.session.exec(select(SigningKeyTable).where(SigningKeyTable.state == state))).first()


async def _become(unit: Unit, key: SigningKeyTable, state: str) -> None:
    if state == "ACTIVE":
        key.signs_from = unit.now
    elif key.state == "ACTIVE":
        key.signs_until = unit.now
    key.state = state
    unit.session.add(key)
    await unit.session.flush()


def _subject(key: SigningKeyTable) -> str:
    return f"signing-key:{key.kid}"


def _ring(rows: Iterable[asyncpg.Record], secret: HubSecret) -> KeyRing:
    rows = list(rows)
    revoked = frozenset(row["kid"] for row in rows if row["state"] == "REVOKED")
    keys = {row["kid"]: (row["state"], _open(row["sealed"], row["kid"], secret)) for row in rows}
    active = next(key for state, key in keys.values() if state == "ACTIVE")
    public: dict[str, Key] = {
        kid: ECKey.import_key({**key.as_dict(private=False), "kid": kid}) for kid, (_, key) in keys.items()
    }
    accepted = [key for kid, key in public.items() if kid not in revoked]
    return KeyRing(active, KeySet(accepted), revoked, KeySet(list(public.values())))


def _open(sealed: bytes, kid: str, secret: HubSecret) -> ECKey:
    plain = unseal(secret, _LABEL, sealed, kid)
    if plain is None:
        raise DatabaseUnusable(
            "The signing keys in this database were sealed with another secret: restore HOME/secret or SCMHUB_SECRET."
        )
    return ECKey.import_key(orjson.loads(plain))
