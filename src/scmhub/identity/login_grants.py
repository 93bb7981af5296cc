"""Codes and refresh tokens: begun by a login, each used once, ended together when one is used again.

ann logs in through acme's frontend: one grant, one code. The code becomes an access token and a refresh token, that one
the next two, and so on. Rows are locked while they are judged, so of eight who redeem one code at once one succeeds and
the others are reuse, which ends the grant and every token that stands on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of
from scmhub.identity.logins import Rights
from scmhub.identity.proofs import digest_of
from scmhub.identity.public_clients import Frontend
from scmhub.ids import new_id

CODE_LIFE = timedelta(seconds=60)
IDLE_LIFE = timedelta(hours=24)
GRANT_LIFE = timedelta(days=30)

_ROW = """
select t.used_at, t.expires_at as until, {more},
  g.id, g.subject, g.token_scopes, g.authenticated_at, g.expires_at
from {table} t join login_grant g on g.id = t.grant_id
where t.digest = $1 and g.frontend_id = $2 and g.ended_at is null and g.expires_at > $3 for update of t
"""
_CODE = _ROW.format(table="authorization_code", more="t.redirect_uri, t.code_challenge")
_REFRESH = _ROW.format(table="refresh_token", more="'' as redirect_uri, '' as code_challenge")


@dataclass(frozen=True, slots=True)
class Authorization:
    """A request for a code that may be granted, and the code."""

    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    code: str


@dataclass(slots=True)
class Presented:
    """A code or refresh token somebody showed, with its grant; what Authlib asks of either."""

    digest: bytes
    is_code: bool
    grant: UUID
    subject: str
    scopes: frozenset[str]
    is_used: bool
    redirect_uri: str
    code_challenge: str
    authenticated_at: datetime
    grant_ends: datetime
    rights: Rights | None = None
    """What its person may do now."""
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return " ".join(sorted(self.scopes))

    def check_client(self, client: Frontend) -> bool:
        return True  # it was looked up among this client's own


async def present(unit: Unit, frontend: Frontend, text: str, *, is_code: bool) -> Presented | None:
    """What this text is, locked; None if it is nothing of this frontend that has not ended by itself."""
    digest = digest_of(text)
    rows = await unit.rows(_CODE if is_code else _REFRESH, digest, frontend.key, unit.now)
    if not rows:
        return None
    row: Any = rows[0]
    if row["used_at"] is None and row["until"] <= unit.now:
        return None
    scopes = frozenset(row["token_scopes"]) & frontend.token_scopes
    return Presented(
        digest, is_code, row["id"], row["subject"], scopes, row["used_at"] is not None, row["redirect_uri"],
        row["code_challenge"], row["authenticated_at"], row["expires_at"],
    )  # fmt: skip


async def begin(
    unit: Unit, frontend: Frontend, wanted: Authorization, scopes: frozenset[str], authenticated_at: datetime
) -> None:
    """The grant and code of a login by the acting person."""
    await _forget(unit)
    grant = new_id(unit.now)
    await unit.rows(
        "insert into login_grant (id, partner_id, frontend_id, subject, token_scopes, authenticated_at, created_at,"
        " expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        grant, unit.partner_id, frontend.key, unit.actor, sorted(scopes), authenticated_at, unit.now,
        unit.now + GRANT_LIFE,
    )  # fmt: skip
    await unit.rows(
        "insert into authorization_code (digest, partner_id, grant_id, redirect_uri, code_challenge, expires_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        digest_of(wanted.code), unit.partner_id, grant, wanted.redirect_uri, wanted.challenge, unit.now + CODE_LIFE,
    )  # fmt: skip
    details = {"grant": str(grant), "tokenScopes": sorted(scopes)}
    await audit.record(unit, "frontend.loginGranted", audit.subject_of("frontend", frontend.key), details)


async def consume(unit: Unit, presented: Presented, next_token: str) -> None:
    """Use it up, and keep the refresh token that follows it."""
    table = "authorization_code" if presented.is_code else "refresh_token"
    await unit.rows(f"update {table} set used_at = $1 where digest = $2", unit.now, presented.digest)
    await unit.rows(
        "insert into refresh_token (digest, partner_id, grant_id, expires_at) values ($1, $2, $3, $4)",
        digest_of(next_token), unit.partner_id, presented.grant, min(unit.now + IDLE_LIFE, presented.grant_ends),
    )  # fmt: skip


async def end(unit: Unit, grant: UUID, why: str) -> None:
    """End a grant with everything that stands on it. ``why``: for the audit trail."""
    if await unit.fetch("update login_grant set ended_at = $1 where id = $2 and ended_at is null returning true",
                        unit.now, grant):  # fmt: skip
        bar(unit, name_of("grant", grant))
        await audit.record(unit, f"frontend.{why}", name_of("grant", grant))


async def end_all(unit: Unit, subject: str) -> None:
    """End every grant of a person: a refresh token is a login, too."""
    for row in await unit.rows("select id from login_grant where subject = $1 and ended_at is null", subject):
        await end(unit, row["id"], "loggedOut")


async def grant_of(unit: Unit, frontend: Frontend, text: str) -> UUID | None:
    """The grant of a refresh token of this frontend, used or not."""
    found: UUID | None = await unit.fetch(
        "select g.id from refresh_token t join login_grant g on g.id = t.grant_id"
        " where t.digest = $1 and g.frontend_id = $2",
        digest_of(text), frontend.key,
    )  # fmt: skip
    return found


async def _forget(unit: Unit) -> None:
    """What ended by itself tells nothing any more."""
    old = "(select g.id from login_grant g where g.expires_at < $1)"
    for table in ("authorization_code", "refresh_token"):
        await unit.rows(f"delete from {table} where grant_id in {old}", unit.now)
    await unit.rows("delete from login_grant where expires_at < $1", unit.now)
