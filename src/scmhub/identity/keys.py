"""The hub's signing keys: ES256, kept in the database encrypted with the hub secret, so that replicas share them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg  # type: ignore[import-untyped]
import orjson
from joserfc.jwk import ECKey, Key, KeySet
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import HUB_PARTNER, WRITE_ROLE, instant, one_of, symbol
from scmhub.database.unit import Database, Unit, rehearsed
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of, renew
from scmhub.identity.sealing import seal, unseal

_LABEL = "signing-keys"
_LOCK = 0x5C3B_0001
PUBLISHED_BEFORE_USE = timedelta(minutes=5)
"""As long as others may keep the key set they fetched."""


class SigningKeyTable(SQLModel, table=True):
    """One key of the ring. ``sealed`` is the private JWK under AES-GCM, the kid as associated data."""

    __tablename__ = "signing_key"
    __table_args__ = (
        one_of("state", "PENDING", "ACTIVE", "RETIRED", "REVOKED"),
        {"info": {"secret": True, "write": "select, insert, update"}},
    )
    kid: str = Field(primary_key=True)
    state: str = symbol()
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = instant()


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
            rows = await connection.fetch("select kid, state, sealed from signing_key")
            if not any(row["state"] == "ACTIVE" for row in rows):
                rows.append(await _make(connection, secret, now))
    finally:
        await connection.close()
    return _ring(rows, secret)


async def _make(
    writer: Unit | asyncpg.Connection, secret: HubSecret, now: datetime, state: str = "ACTIVE"
) -> dict[str, object]:
    made = ECKey.generate_key("P-256", private=True)
    kid = made.thumbprint()
    sealed = seal(secret, _LABEL, orjson.dumps(made.as_dict(private=True)), kid)
    row: dict[str, object] = {"kid": kid, "state": state, "sealed": sealed}
    await writer.fetch(
        "insert into signing_key (kid, state, sealed, created_at) values ($1, $2, $3, $4)",
        kid, state, row["sealed"], now,
    )  # fmt: skip
    return row


async def rotate_keys(
    database: Database, secret: HubSecret, now: datetime, *, dry_run: bool = False
) -> tuple[str, str]:
    """The next step of a rotation: publish a key (PENDING), or let the published one sign. What was done, and the kid.

    Refusal if the published key is so young that others may not know it yet. A retired key stays accepted: its tokens
    end by themselves.
    """
    async with _changing(database, now, dry_run) as unit:
        rows = await unit.rows("select kid, created_at from signing_key where state = 'PENDING'")
        if not rows:
            made = await _make(unit, secret, now, "PENDING")
            kid = str(made["kid"])
            await audit.record(unit, "signingKey.published", f"signing-key:{kid}")
            return "PENDING", kid
        kid, usable = rows[0]["kid"], rows[0]["created_at"] + PUBLISHED_BEFORE_USE
        if now < usable:
            text = f"The published key may not be known to everybody yet: rotate again after {usable:%H:%M:%S} UTC."
            raise Refusal("ILLEGAL_TRANSITION", text, ["key"])
        await unit.rows("update signing_key set state = 'RETIRED' where state = 'ACTIVE'")
        await unit.rows("update signing_key set state = 'ACTIVE' where kid = $1", kid)
        await audit.record(unit, "signingKey.activated", f"signing-key:{kid}")
        return "ACTIVE", kid


async def revoke_key(
    database: Database, secret: HubSecret, kid: str, now: datetime, *, dry_run: bool = False
) -> None:
    """Its tokens end at once. If it was the one that signs, the published one or a new one signs from now on."""
    async with _changing(database, now, dry_run) as unit:
        if not await unit.fetch(
            "update signing_key set state = 'REVOKED' where kid = $1 and state <> 'REVOKED' returning true", kid
        ):
            raise Refusal("NOT_FOUND", "There is no such key in force: 'scmhub keys list' shows them.", ["kid"])
        if not await unit.rows("select kid from signing_key where state = 'ACTIVE'"):
            heir = await unit.fetch("update signing_key set state = 'ACTIVE' where state = 'PENDING' returning kid")
            if heir is None:
                await _make(unit, secret, now)
        bar(unit, name_of("key", kid))
        await audit.record(unit, "signingKey.revoked", f"signing-key:{kid}")


@asynccontextmanager
async def _changing(database: Database, now: datetime, dry_run: bool) -> AsyncIterator[Unit]:
    """One transaction of the operator, alone with the ring."""
    async with rehearsed(database, HUB_PARTNER, "operator", lambda: now, dry_run=dry_run) as unit:
        await unit.rows("select pg_advisory_xact_lock($1)", _LOCK)
        yield unit
        renew(unit)


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
