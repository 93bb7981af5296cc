"""The authorization endpoint: a person who is logged in at the hub gets a code for a frontend of its own partner.

Registration is consent: an administrator of acme registered the frontend for acme's people. Whatever is wrong with
client or redirect URI is said on a page of the hub; only an address registered for this client is ever redirected to.
"""

from __future__ import annotations

import html
import logging
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749 import OAuth2Error  # type: ignore[import-untyped]

from scmhub.clock import Clock
from scmhub.database.unit import Database
from scmhub.identity import login_grants
from scmhub.identity.forms import BadForm, Scope, header, read_query
from scmhub.identity.grammar import Server, error_body
from scmhub.identity.login_grants import Authorization
from scmhub.identity.logins import logged_in, rights_of
from scmhub.identity.public_clients import Frontend, find_frontend, is_frontend, note_frontend_use
from scmhub.identity.replies import PRIVATE, Reply
from scmhub.identity.sessions import Sessions
from scmhub.identity.viewer import Viewer

PATH = "/oauth/authorize"
logger = logging.getLogger(__name__)
_HEADERS = PRIVATE | {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
_UNKNOWN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Unknown application</title>
<h1>This application is not registered here</h1>
<p>It is unknown, suspended, or wants to be answered at an address its owner did not register. Nothing was sent to it.
</html>"""
_AGAIN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>One moment</title>
<meta http-equiv="refresh" content="0; url={url}"><p><a href="{url}">Continue</a></html>"""
"""Strict cookies do not come with a link from elsewhere; they come when our own page follows it once more."""


class Authorize:
    """Answers ``/oauth/authorize``."""

    def __init__(self, url: str, database: Database, sessions: Sessions, clock: Clock) -> None:
        self._url = url
        self._database = database
        self._sessions = sessions
        self._clock = clock

    async def answer(self, scope: Scope) -> Reply:
        """A page, or a redirect."""
        if scope["method"] != "GET":
            return Reply(405, error_body("invalid_request"), PRIVATE | {"allow": "GET"})
        try:
            query = read_query(scope)
        except BadForm as error:
            return _page(error.status, _UNKNOWN)
        frontend = await self._frontend(query)
        if frontend is None:
            logger.info("a request for a code was refused: unknown client or redirect URI")
            return _page(400, _UNKNOWN)
        return await self._for(frontend, query, scope)

    async def _frontend(self, query: dict[str, str]) -> Frontend | None:
        client_id = query.get("client_id", "")
        found = await find_frontend(self._database.read, client_id) if is_frontend(client_id) else None
        return found if found is not None and found.check_redirect_uri(query.get("redirect_uri", "")) else None

    async def _for(self, frontend: Frontend, query: dict[str, str], scope: Scope) -> Reply:
        try:
            wanted = self._validated(frontend, query)
        except OAuth2Error as error:
            return self._back(query, **error_body(error.error))
        person = await logged_in(self._sessions, scope)
        if person is None:
            return self._to_login(query, scope)
        if person.lens.partner_id != frontend.partner_id or not await self._grant(frontend, wanted, person):
            return self._back(query, **error_body("access_denied"))
        return self._back(query, code=wanted.code)

    def _validated(self, frontend: Frontend, query: dict[str, str]) -> Authorization:
        if "request" in query or "request_uri" in query or query.get("response_mode", "query") != "query":
            raise OAuth2Error(error="invalid_request")
        if not 1 <= len(query.get("state", "")) <= 1_000:
            raise OAuth2Error(error="invalid_request")
        server = Server(self._url, frontend, self._clock(), None, login_grants.CODE_LIFE, public=True)
        return server.authorization(query)

    def _to_login(self, query: dict[str, str], scope: Scope) -> Reply:
        here = f"{PATH}?{scope['query_string'].decode('ascii')}"
        if header(scope, b"sec-fetch-site") in ("cross-site", "same-site"):
            return _page(200, _AGAIN.format(url=html.escape(here)))
        if query.get("prompt") == "none":
            return self._back(query, **error_body("login_required"))
        return Reply(303, b"", _HEADERS | {"location": f"/login?next={quote(here, safe='')}"})

    async def _grant(self, frontend: Frontend, wanted: Authorization, person: Viewer) -> bool:
        """Keep the code; False if the person's roles leave nothing of what is asked for."""
        async with self._database.unit(frontend.partner_id, person.subject, self._clock) as unit:
            scopes = (await rights_of(unit, person.subject)).narrowed(person.subject, wanted.scopes)
            if scopes:
                await login_grants.begin(unit, frontend, wanted, scopes, person.authenticated_at or unit.now)
                await note_frontend_use(unit, frontend)
        return bool(scopes)

    def _back(self, query: dict[str, str], **answer: str) -> Reply:
        """To the registered address, with the state that was sent and the issuer that answers (RFC 9207)."""
        if "state" in query:
            answer["state"] = query["state"]
        answer["iss"] = self._url
        address = query["redirect_uri"]
        location = f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}"
        return Reply(303, b"", _HEADERS | {"location": location})


def _page(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), _HEADERS | {"content-type": "text/html; charset=utf-8"})
