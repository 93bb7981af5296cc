"""Frontends as the OAuth endpoints know them: clients without a secret, for people who log in through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin  # type: ignore[import-untyped]

from scmhub.database.pool import ReadPool
from scmhub.database.unit import Unit
from scmhub.identity.clients import USE_NOTED_AFTER
from scmhub.ids import key_of, public_id

PREFIX = "fnt"
"""Prefix of the ids of frontends, which are their OAuth client ids."""

_FRONTEND = """
select f.id, f.partner_id, f.token_scopes, f.redirect_uris from frontend f join partner p on p.id = f.partner_id
where f.id = $1 and f.state = 'ACTIVE' and p.status = 'ACTIVE'
"""


@dataclass(eq=False)
class Frontend(ClientMixin):  # type: ignore[misc]
    """One frontend for the length of one request."""

    key: UUID
    partner_id: UUID
    token_scopes: frozenset[str]
    redirect_uris: frozenset[str]

    @property
    def client_id(self) -> str:
        return public_id(PREFIX, self.key)

    @property
    def name(self) -> str:
        """What its tokens stand on, and who acts while it asks for them."""
        return f"frontend:{self.key}"

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Byte for byte: a prefix, another port or a trailing slash is another address."""
        return redirect_uri in self.redirect_uris

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """All of what is asked for, or None."""
        wanted = self.token_scopes if scope is None else frozenset(scope.split())
        return " ".join(sorted(wanted)) if wanted and wanted <= self.token_scopes else None

    def check_client_secret(self, client_secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


def is_frontend(client_id: str) -> bool:
    """Whether an id, known or not, is one of a frontend."""
    return client_id.startswith(f"{PREFIX}_")


async def find_frontend(read: ReadPool, client_id: str) -> Frontend | None:
    """The frontend with this client id; None if it is unknown, or it or its partner suspended."""
    key = key_of(PREFIX, client_id)
    rows = await read.rows(_FRONTEND, key) if key else []
    if not rows:
        return None
    row = rows[0]
    return Frontend(row["id"], row["partner_id"], frozenset(row["token_scopes"]), frozenset(row["redirect_uris"]))


async def note_frontend_use(unit: Unit, frontend: Frontend) -> None:
    """When it was last used, to the minute."""
    before: datetime = unit.now - USE_NOTED_AFTER
    await unit.rows(
        "update frontend set last_used_at = $1 where id = $2 and (last_used_at is null or last_used_at < $3)",
        unit.now, frontend.key, before,
    )  # fmt: skip
