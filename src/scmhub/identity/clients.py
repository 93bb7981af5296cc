"""OAuth clients as the token endpoint knows them: an integration with the credentials that are in force now."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from authlib.oauth2.rfc6749 import ClientMixin  # type: ignore[import-untyped]
from joserfc.jwk import ECKey, Key, RSAKey

from scmhub.database.pool import ReadPool
from scmhub.database.unit import Unit
from scmhub.identity.proofs import digest_of
from scmhub.ids import key_of, public_id

PREFIX = "int"
"""Prefix of the ids of integrations, which are the OAuth client ids."""
USE_NOTED_AFTER = timedelta(minutes=1)
UNUSED_LIFE = timedelta(days=90)
"""A secret that nobody used for so long proves nothing any more: it is forgotten somewhere, not guarded."""

UNUSED = "c.kind = 'SECRET' and coalesce(c.last_used_at, c.created_at) <= $1"
"""A secret that nobody used since ``$1``: ``unused_since``."""
_CLIENT = """
select i.id, i.partner_id, i.token_scopes, i.purposes, i.kinds, i.grade
from integration i join partner p on p.id = i.partner_id
where i.id = $1 and i.state = 'ACTIVE' and p.status = 'ACTIVE'
"""
_PROOFS = f"""
select c.id, p.secret_sha256, p.public_jwk from credential c join credential_proof p on p.credential_id = c.id
where c.integration_id = $2 and c.revoked_at is null and c.expires_at > $3 and not ({UNUSED}) order by c.id
"""


@dataclass(eq=False)
class Client(ClientMixin):  # type: ignore[misc]
    """One integration for the length of one request; ``used`` is the credential that proved it."""

    key: UUID
    partner_id: UUID
    token_scopes: frozenset[str]
    grade: int
    purposes: list[str] | None = None
    kinds: list[str] | None = None
    secrets: dict[UUID, bytes] = field(default_factory=dict)
    public_keys: dict[UUID, Key] = field(default_factory=dict)
    used: UUID | None = None

    @property
    def client_id(self) -> str:
        return public_id(PREFIX, self.key)

    @property
    def subject(self) -> str:
        """Who acts, in tokens, idempotency keys and the audit trail."""
        return f"integration:{self.key}"

    def check_client_secret(self, client_secret: str) -> bool:
        """All secrets in force are compared, in constant time."""
        given = digest_of(client_secret)
        for credential, kept in self.secrets.items():
            if hmac.compare_digest(given, kept):
                self.used = credential
        return self.used is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "private_key_jwt")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


async def find_client(read: ReadPool, client_id: str) -> Client | None:
    """The client with this id, without its credentials; None if it is unknown, or it or its partner suspended."""
    key = key_of(PREFIX, client_id)
    rows = await read.rows(_CLIENT, key) if key else []
    if not rows:
        return None
    row = rows[0]
    return Client(
        row["id"], row["partner_id"], frozenset(row["token_scopes"]), row["grade"], row["purposes"], row["kinds"]
    )


async def load_proofs(unit: Unit, client: Client) -> None:
    """What proves this client, by credential; ``unit`` acts for its partner."""
    for row in await unit.rows(_PROOFS, unused_since(unit.now), client.key, unit.now):
        if row["secret_sha256"] is not None:
            client.secrets[row["id"]] = row["secret_sha256"]
        else:
            client.public_keys[row["id"]] = public_key(orjson.loads(row["public_jwk"]))


def public_key(jwk: dict[str, object]) -> Key:
    """The key of a public EC P-256 or RSA JWK; ValueError says what else was given."""
    match jwk.get("kty"):
        case "EC" if jwk.get("crv") == "P-256":
            return ECKey.import_key({name: str(jwk[name]) for name in ("kty", "crv", "x", "y")})
        case "RSA":
            return RSAKey.import_key({name: str(jwk[name]) for name in ("kty", "n", "e")})
    raise ValueError("expected a public JWK of type EC with curve P-256, or RSA")


def unused_since(now: datetime) -> datetime:
    """A secret that was used last before then is as good as lost."""
    return now - UNUSED_LIFE


async def note_use(unit: Unit, client: Client) -> None:
    """When credential and integration were last used, to the minute."""
    before: datetime = unit.now - USE_NOTED_AFTER
    for table, key in (("credential", client.used), ("integration", client.key)):
        await unit.rows(
            f"update {table} set last_used_at = $1 where id = $2 and (last_used_at is null or last_used_at < $3)",
            unit.now, key, before,
        )  # fmt: skip


async def consume_assertion(unit: Unit, client: Client, jti: str, until: datetime) -> bool:
    """Whether this assertion is used for the first time; it is remembered as long as it could be used again."""
    return await consume_once(unit, f"{client.key}\0{jti}", until)


async def consume_once(unit: Unit, text: str, until: datetime) -> bool:
    """Whether a text comes for the first time; it is remembered until it could not be used again anyway."""
    await unit.rows("delete from used_assertion where expires_at < $1", unit.now)
    return bool(
        await unit.fetch(
            "insert into used_assertion (digest, expires_at) values ($1, $2) on conflict do nothing returning true",
            digest_of(text),
            until,
        )
    )
