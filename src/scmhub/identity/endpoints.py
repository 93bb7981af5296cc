"""The OAuth endpoints: tokens, revocation, and the three documents that tell a client where everything is.

No answer depends on the Host header: every URL is built from the configured public one. Whoever fails to prove a client
gets the same bytes whatever was wrong; the cause goes to the log.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson
from authlib.oauth2.rfc6749 import InvalidClientError  # type: ignore[import-untyped]

from scmhub.clock import Clock
from scmhub.database.unit import Database, Unit
from scmhub.errors import HubError, Unauthenticated
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of
from scmhub.identity.clients import Client, consume_assertion, find_client, load_proofs, note_use
from scmhub.identity.failures import Failures
from scmhub.identity.forms import BadForm, Receive, Scope, claimed_client, header, read_form
from scmhub.identity.grammar import ALGORITHMS, Outcome, Server
from scmhub.identity.standing import Standing
from scmhub.identity.tokens import issue_token, verify_token
from scmhub.identity.viewer import TokenScope

JWKS_SECONDS = 300
"""How long a published key set may be kept by others; a new key signs nothing before."""
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[str, str]
logger = logging.getLogger(__name__)

_METHODS = ["client_secret_basic", "private_key_jwt"]
_NOBODY = Outcome(401, {"error": "invalid_client", "error_description": "The client did not prove who it is."})
_PRIVATE = {"cache-control": "no-store", "pragma": "no-cache"}


class OAuth:
    """An ASGI application for the paths of OAuth; ``otherwise`` gets all others."""

    def __init__(self, url: str, life: timedelta, database: Database, standing: Standing, clock: Clock) -> None:
        """``url`` is the hub's public URL and the issuer; ``life`` how long an access token lives."""
        self._url = url
        self._life = life
        self._database = database
        self._standing = standing
        self._clock = clock
        self.failures = Failures()
        self._routes: dict[str, Callable[[Scope, Receive], Awaitable[tuple[int, Any, Headers]]]] = {
            "/oauth/token": partial(self._form, Server.token),
            "/oauth/revoke": partial(self._form, Server.revocation),
            "/.well-known/oauth-authorization-server": partial(_document, lambda: server_metadata(url)),
            "/.well-known/oauth-protected-resource": partial(_document, lambda: resource_metadata(url)),
            "/.well-known/jwks.json": partial(_document, lambda: standing.ring.accepted.as_dict(private=False)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"])
        status, body, headers = await route(scope, receive) if route else (404, {"error": "not_found"}, {})
        content = orjson.dumps(body)
        fixed = {"content-type": "application/json", "content-length": str(len(content))}
        shown = [(name.encode(), value.encode()) for name, value in {**fixed, **headers}.items()]
        shown.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": status, "headers": shown})
        await send({"type": "http.response.body", "body": content})

    # -- token and revocation ------------------------------------------------------------------------------------------

    async def _form(
        self, decide: Callable[..., Outcome], scope: Scope, receive: Receive
    ) -> tuple[int, dict[str, Any], Headers]:
        try:
            form = await read_form(scope, receive)
            authorization = header(scope, b"authorization")
            claimed = claimed_client(form, authorization) or ""
        except BadForm as error:
            allow = {"allow": "POST"} if error.status == 405 else {}
            return error.status, {"error": "invalid_request", "error_description": str(error)}, _PRIVATE | allow
        source = (scope.get("client") or ("", 0))[0]
        wait = self.failures.wait(source, claimed)
        if wait:
            body = {"error": "invalid_client", "error_description": "Too many failures: wait."}
            return 429, body, _PRIVATE | {"retry-after": str(math.ceil(wait))}
        try:
            outcome = await self._decide(decide, form, authorization, claimed)
        except HubError as error:
            logger.warning("the OAuth server cannot answer: %s", error)
            return 503, {"error": "temporarily_unavailable"}, _PRIVATE | {"retry-after": "1"}
        if outcome is not _NOBODY:
            return outcome.status, outcome.body, dict(_PRIVATE)
        logger.info("a client was refused: it did not prove who it is")
        self.failures.add(source, claimed)
        return outcome.status, outcome.body, _PRIVATE | {"www-authenticate": 'Basic realm="scmhub", charset="UTF-8"'}

    async def _decide(
        self, decide: Callable[..., Outcome], form: dict[str, str], authorization: str | None, claimed: str
    ) -> Outcome:
        """One transaction of the client's partner: read its credentials, decide, write what was decided."""
        await self._standing.current()
        client = await find_client(self._database.read, claimed)
        if client is None:
            return self._ask(decide, None, form, authorization, self._clock())
        async with self._database.unit(client.partner_id, client.subject, self._clock) as unit:
            await load_proofs(unit, client)
            outcome = self._ask(decide, client, form, authorization, unit.now)
            if outcome.assertion and not await consume_assertion(unit, client, *outcome.assertion):
                logger.info("a client was refused: its assertion was used before")
                return _NOBODY
            if client.used is not None:
                await note_use(unit, client)
            if outcome.revoke:
                await self._revoke(unit, client, outcome.revoke)
            return outcome

    def _ask(
        self, decide: Callable[..., Outcome], client: Client | None, form: dict[str, str], authorization: str | None,
        now: datetime,
    ) -> Outcome:  # fmt: skip
        server = Server(self._url, client, now, partial(self._issue, now), self._life)
        try:
            outcome = decide(server, form, authorization)
        except (ValueError, RecursionError) as error:  # Authlib decodes what a stranger sent before it knows him
            logger.info("a client was refused: %s", type(error).__name__)
            return _NOBODY
        return _NOBODY if outcome.body.get("error") == InvalidClientError.error else outcome

    def _issue(self, now: datetime, client: Client, scopes: frozenset[str]) -> str:
        return issue_token(
            self._standing.ring, issuer=self._url, partner_id=client.partner_id, subject=client.subject,
            token_scopes=frozenset(TokenScope(each) for each in scopes), now=now, life=self._life,
            client_id=client.client_id, credential_id=client.used,
        )  # fmt: skip

    async def _revoke(self, unit: Unit, client: Client, token: str) -> None:
        """Ends a token of this client; another's, or none at all, is answered alike and changes nothing (RFC 7009)."""
        try:
            viewer = verify_token(self._standing.ring, token, issuer=self._url, now=unit.now)
        except Unauthenticated:
            return
        if viewer.subject != client.subject:
            return
        await unit.rows("delete from revoked_token where until < $1", unit.now)
        fresh = await unit.fetch(
            "insert into revoked_token (token_id, until) values ($1, $2) on conflict do nothing returning true",
            viewer.token_id, viewer.expires_at + timedelta(minutes=1),
        )  # fmt: skip
        if fresh:
            bar(unit, name_of("token", viewer.token_id))
            await audit.record(unit, "token.revoked", client.subject, {"token": viewer.token_id})


async def _document(make: Callable[[], Any], scope: Scope, receive: Receive) -> tuple[int, Any, Headers]:
    if scope["method"] not in ("GET", "HEAD"):
        return 405, {"error": "invalid_request"}, {"allow": "GET"}
    return 200, make(), {"cache-control": f"public, max-age={JWKS_SECONDS}"}


def server_metadata(url: str) -> dict[str, Any]:
    """RFC 8414."""
    return {
        "issuer": url,
        "token_endpoint": f"{url}/oauth/token",
        "revocation_endpoint": f"{url}/oauth/revoke",
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [TokenScope.READ, TokenScope.SUBSCRIBE, TokenScope.WRITE],
        "token_endpoint_auth_methods_supported": _METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
    }


def resource_metadata(url: str) -> dict[str, Any]:
    """RFC 9728."""
    return {
        "resource": f"{url}/graphql",
        "authorization_servers": [url],
        "bearer_methods_supported": ["header"],
        "scopes_supported": list(TokenScope),
        "jwks_uri": f"{url}/.well-known/jwks.json",
    }
