"""The OAuth endpoints: tokens, revocation, authorization, and the three documents that tell where everything is.

No answer depends on the Host header: every URL is built from the configured public one. Whoever fails to prove a client
gets the same bytes whatever was wrong; the cause goes to the log.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError  # type: ignore[import-untyped]

from scmhub.clock import Clock
from scmhub.database.unit import Database, Unit
from scmhub.errors import HubError, Unauthenticated
from scmhub.feed import audit
from scmhub.identity import login_grants
from scmhub.identity.authorize import PATH, Authorize
from scmhub.identity.barring import bar, name_of
from scmhub.identity.browser import source_of
from scmhub.identity.clients import Client, consume_assertion, find_client, load_proofs, note_use
from scmhub.identity.failures import Failures
from scmhub.identity.forms import BadForm, Receive, Scope, claimed_client, header, read_form
from scmhub.identity.grammar import ALGORITHMS, Outcome, Server, error_body, refused
from scmhub.identity.login_grants import Presented
from scmhub.identity.logins import rights_of
from scmhub.identity.proofs import digest_of
from scmhub.identity.public_clients import Frontend, find_frontend, is_frontend, note_frontend_use
from scmhub.identity.replies import PRIVATE, Reply
from scmhub.identity.sessions import Sessions, grade_of
from scmhub.identity.standing import Standing
from scmhub.identity.tokens import issue_token, verify_token
from scmhub.identity.viewer import TokenScope, Viewer

JWKS_SECONDS = 300
"""How long a published key set may be kept by others; a new key signs nothing before."""
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Decide = Callable[..., Outcome]
Form = dict[str, str]
logger = logging.getLogger(__name__)

_METHODS = ["client_secret_basic", "private_key_jwt"]
_NOBODY = refused("invalid_client")
_CHALLENGE = {"www-authenticate": 'Basic realm="scmhub", charset="UTF-8"'}
_SHOWN_AS = {"authorization_code": "code", "refresh_token": "refresh_token"}
"""Grant of a frontend -> the parameter that carries what it shows."""


class OAuth:
    """An ASGI application for the paths of OAuth; ``otherwise`` gets all others."""

    def __init__(
        self, url: str, life: timedelta, database: Database, standing: Standing, sessions: Sessions, clock: Clock,
        failures: Failures,
    ) -> None:  # fmt: skip
        """``url`` is the hub's public URL and the issuer; ``life`` how long an access token lives."""
        self._url = url
        self._life = life
        self._database = database
        self._standing = standing
        self._clock = clock
        self.failures = failures
        self._code = Authorize(url, database, sessions, clock)
        self._routes: dict[str, Callable[[Scope, Receive], Awaitable[Reply]]] = {
            "/oauth/token": partial(self._form, Server.token),
            "/oauth/revoke": partial(self._form, Server.revocation),
            PATH: self._authorize,
            "/.well-known/oauth-authorization-server": partial(_document, lambda: server_metadata(url)),
            "/.well-known/oauth-protected-resource": partial(_document, lambda: resource_metadata(url)),
            "/.well-known/jwks.json": partial(_document, lambda: standing.ring.accepted.as_dict(private=False)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"])
        try:
            reply = await route(scope, receive) if route else Reply(404, {"error": "not_found"})
        except HubError as error:
            logger.warning("the OAuth server cannot answer: %s", error)
            reply = Reply(503, error_body("temporarily_unavailable"), PRIVATE | {"retry-after": "1"})
        for message in reply.messages():
            await send(message)

    async def _authorize(self, scope: Scope, receive: Receive) -> Reply:
        await self._standing.current()
        return await self._code.answer(scope)

    # -- token and revocation ------------------------------------------------------------------------------------------

    async def _form(self, decide: Decide, scope: Scope, receive: Receive) -> Reply:
        try:
            form = await read_form(scope, receive)
            authorization = header(scope, b"authorization")
            claimed = claimed_client(form, authorization) or ""
        except BadForm as error:
            allow = {"allow": "POST"} if error.status == 405 else {}
            body = {"error": "invalid_request", "error_description": str(error)}
            return Reply(error.status, body, PRIVATE | allow)
        source = source_of(scope)
        shown = _shown_by(form, claimed)
        wait = self.failures.wait(source, shown or claimed)
        if wait:
            body = {"error": "invalid_client", "error_description": "Too many failures: wait."}
            return Reply(429, body, PRIVATE | {"retry-after": str(math.ceil(wait))})
        await self._standing.current()
        if is_frontend(claimed):
            outcome = await self._for_frontend(decide, form, authorization, claimed)
        else:
            outcome = await self._for_integration(decide, form, authorization, claimed)
        if outcome.body.get("error") in ("invalid_client", "invalid_grant"):
            logger.info("a client was refused: %s", outcome.body["error"])
            alone = bool(shown) and outcome.body["error"] == "invalid_grant"
            self.failures.add(source, shown or claimed, alone=alone)
        return Reply(outcome.status, outcome.body, PRIVATE | (_CHALLENGE if outcome is _NOBODY else {}))

    async def _for_integration(self, decide: Decide, form: Form, authorization: str | None, claimed: str) -> Outcome:
        """One transaction of the client's partner: read its credentials, decide, write what was decided."""
        client = await find_client(self._database.read, claimed)
        if client is None:
            return self._ask(decide, self._server(None, self._clock()), form, authorization)
        async with self._database.unit(client.partner_id, client.subject, self._clock) as unit:
            await load_proofs(unit, client)
            outcome = self._ask(decide, self._server(client, unit.now), form, authorization)
            if outcome.assertion and not await consume_assertion(unit, client, *outcome.assertion):
                logger.info("a client was refused: its assertion was used before")
                return _NOBODY
            if client.used is not None:
                await note_use(unit, client)
            viewer = self._valid(outcome.revoke, unit.now) if outcome.revoke else None
            if viewer is not None and viewer.subject == client.subject:
                await self._revoke(unit, viewer)
            return outcome

    async def _for_frontend(self, decide: Decide, form: Form, authorization: str | None, claimed: str) -> Outcome:
        """The same for a client without a secret. What it shows is locked, and used up or ended with the answer."""
        frontend = await find_frontend(self._database.read, claimed)
        if frontend is None:
            return self._ask(decide, self._server(None, self._clock(), public=True), form, authorization)
        async with self._database.unit(frontend.partner_id, frontend.name, self._clock) as unit:
            shown = await self._shown(unit, frontend, form)
            server = self._server(frontend, unit.now, shown, public=True)
            outcome = self._ask(decide, server, form, authorization)
            if outcome.replayed:
                logger.warning("a code or refresh token was used twice: its grant ends")
                await login_grants.end(unit, outcome.replayed.grant, "reuseDetected")
            if outcome.accepted and outcome.next_token:
                await login_grants.consume(unit, outcome.accepted, outcome.next_token)
                await note_frontend_use(unit, frontend)
            if outcome.revoke:
                await self._revoke_shown(unit, frontend, outcome.revoke)
            return outcome

    async def _shown(self, unit: Unit, frontend: Frontend, form: Form) -> Presented | None:
        """The code or refresh token of a request, for what its person may still do."""
        parameter = _SHOWN_AS.get(form.get("grant_type", ""), "")
        if parameter not in form:
            return None
        shown = await login_grants.present(unit, frontend, form[parameter], is_code=parameter == "code")
        if shown is None or shown.is_used:
            return shown
        rights = await rights_of(unit, shown.subject)
        scopes = rights.narrowed(shown.subject, shown.scopes)
        return replace(shown, scopes=scopes, rights=rights) if scopes else None

    def _server(
        self, client: Client | Frontend | None, now: datetime, shown: Presented | None = None, *, public: bool = False
    ) -> Server:
        return Server(self._url, client, now, partial(self._issue, now, shown), self._life, shown, public=public)

    def _ask(self, decide: Decide, server: Server, form: Form, authorization: str | None) -> Outcome:
        try:
            outcome = decide(server, form, authorization)
        except (ValueError, RecursionError) as error:  # Authlib decodes what a stranger sent before it knows him
            logger.info("a client was refused: %s", type(error).__name__)
            return _NOBODY
        return _NOBODY if outcome.body.get("error") == InvalidClientError.error else outcome

    def _issue(self, now: datetime, shown: Presented | None, client: Client | Frontend, scopes: frozenset[str]) -> str:
        issue = partial(
            issue_token, self._standing.ring, issuer=self._url, partner_id=client.partner_id, now=now, life=self._life,
            token_scopes=frozenset(TokenScope(each) for each in scopes), client_id=client.client_id,
        )  # fmt: skip
        if isinstance(client, Client):
            stands_on = [name_of("credential", client.used or ""), grade_of(client.key, client.grade)]
            return issue(subject=client.subject, stands_on=stands_on, purposes=client.purposes, kinds=client.kinds)
        assert shown
        assert shown.rights
        return issue(
            subject=shown.subject, roles=shown.rights.roles, authenticated_at=shown.authenticated_at,
            stands_on=[client.name, name_of("grant", shown.grant), shown.rights.grade],
        )  # fmt: skip

    # -- what is revoked: another client's token, or none at all, is answered alike and changes nothing (RFC 7009) -----

    def _valid(self, token: str, now: datetime) -> Viewer | None:
        try:
            return verify_token(self._standing.ring, token, issuer=self._url, now=now)
        except Unauthenticated:
            return None

    async def _revoke(self, unit: Unit, viewer: Viewer) -> None:
        await unit.rows("delete from revoked_token where until < $1", unit.now)
        fresh = await unit.fetch(
            "insert into revoked_token (token_id, until) values ($1, $2) on conflict do nothing returning true",
            viewer.token_id, viewer.expires_at + timedelta(minutes=1),
        )  # fmt: skip
        if fresh:
            bar(unit, name_of("token", viewer.token_id))
            await audit.record(unit, "token.revoked", unit.actor, {"token": viewer.token_id})

    async def _revoke_shown(self, unit: Unit, frontend: Frontend, token: str) -> None:
        """An access token ends alone, a refresh token takes its whole grant along."""
        viewer = self._valid(token, unit.now)
        if viewer is not None and frontend.name in viewer.stands_on:
            await self._revoke(unit, viewer)
        elif grant := await login_grants.grant_of(unit, frontend, token):
            await login_grants.end(unit, grant, "loggedOut")


def _shown_by(form: Form, claimed: str) -> str:
    """What is counted for a frontend that shows a code or refresh token: that one, and not all who use the frontend."""
    text = form.get(_SHOWN_AS.get(form.get("grant_type", ""), ""), "")
    return f"{claimed} {digest_of(text).hex()}" if text and is_frontend(claimed) else ""


async def _document(make: Callable[[], Any], scope: Scope, receive: Receive) -> Reply:
    if scope["method"] not in ("GET", "HEAD"):
        return Reply(405, error_body("invalid_request"), {"allow": "GET"})
    return Reply(200, make(), {"cache-control": f"public, max-age={JWKS_SECONDS}"})


def server_metadata(url: str) -> dict[str, Any]:
    """RFC 8414."""
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}{PATH}",
        "token_endpoint": f"{url}/oauth/token",
        "revocation_endpoint": f"{url}/oauth/revoke",
        "jwks_uri": f"{url}/.well-known/jwks.json",
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": [TokenScope.READ, TokenScope.SUBSCRIBE, TokenScope.WRITE],
        "token_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": [*_METHODS, "none"],
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
