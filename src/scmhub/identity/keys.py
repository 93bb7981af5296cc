"""The hub's signing keys: ES256, kept in the database encrypted with the hub secret, so that replicas share them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import asyncpg  # type: ignore[import-untyped]
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import ECKey, Key, KeySet
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import WRITE_ROLE, instant, one_of, symbol

_LABEL = "signing-keys"
_LOCK = 0x5C3B_0001


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


async def load_ring(admin: Address, secret: HubSecret, now: datetime) -> KeyRing:
    """The ring in the database; the first hub to come makes the first key."""
    connection = await login(admin, WRITE_ROLE, secret).connect(name="scmhub-keys")
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            rows = await connection.fetch("select kid, state, sealed from signing_key where state <> 'REVOKED'")
            if not any(row["state"] == "ACTIVE" for row in rows):
                rows.append(await _make(connection, secret, now))
    finally:
        await connection.close()
    return _ring(rows, secret)


async def _make(connection: asyncpg.Connection, secret: HubSecret, now: datetime) -> dict[str, object]:
    made = ECKey.generate_key("P-256", private=True)
    kid = made.thumbprint()
    row: dict[str, object] = {"kid": kid, "state": "ACTIVE", "sealed": _seal(made, kid, secret)}
    await connection.execute(
        "insert into signing_key (kid, state, sealed, created_at) values ($1, 'ACTIVE', $2, $3)",
        kid,
        row["sealed"],
        now,
    )
    return row


def _ring(rows: Iterable[asyncpg.Record], secret: HubSecret) -> KeyRing:
    keys = {row["kid"]: (row["state"], _open(row["sealed"], row["kid"], secret)) for row in rows}
    active = next(key for state, key in keys.values() if state == "ACTIVE")
    public: list[Key] = [ECKey.import_key({**key.as_dict(private=False), "kid": kid}) for kid, (_, key) in keys.items()]
    return KeyRing(active, KeySet(public))


def _seal(key: ECKey, kid: str, secret: HubSecret) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(secret.derive(_LABEL)).encrypt(nonce, orjson.dumps(key.as_dict(private=True)), kid.encode())


def _open(sealed: bytes, kid: str, secret: HubSecret) -> ECKey:
    try:
        plain = AESGCM(secret.derive(_LABEL)).decrypt(sealed[:12], sealed[12:], kid.encode())
    except InvalidTag:
        raise DatabaseUnusable(
            "The signing keys in this database were sealed with another secret: restore HOME/secret or SCMHUB_SECRET."
        ) from None
    return ECKey.import_key(orjson.loads(plain))
