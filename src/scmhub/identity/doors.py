"""Where browsers come in: login, logout, invitations. Small JSON routes behind the hub's own pages.

Each asks first whether one of our own pages sent the request, so that no other page can log anybody in or out, and
answers ``{"error", "message"}`` when it refuses. A link's token travels in the body, never in a URL.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from scmhub.errors import BadRequest, Forbidden, HubError, Refusal, RequestRefused, Unauthenticated
from scmhub.identity.accounts import Accounts
from scmhub.identity.browser import Scope, check_own_page, source_of
from scmhub.identity.sessions import Sessions
from scmhub.identity.standing import Standing

MOST_BYTES = 16_384
MOST_TEXT = 1_000
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[dict[str, Any], list[str]]
"""A JSON object, and Set-Cookie headers."""
logger = logging.getLogger(__name__)


class BrowserDoor:
    """ASGI application for the routes in ``paths``."""

    def __init__(self, sessions: Sessions, accounts: Accounts, standing: Standing) -> None:
        self._sessions = sessions
        self._accounts = accounts
        self._standing = standing
        self._routes: dict[str, Callable[[Scope, dict[str, Any]], Awaitable[Answer]]] = {
            "/session": self._login,
            "/session/end": self._logout,
            "/invitation/look": self._look,
            "/invitation/accept": self._accept,
        }

    @property
    def paths(self) -> list[str]:
        return list(self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_own_page(scope, self._sessions.site)
            await self._standing.current()
            body, cookies = await self._routes[scope["path"]](scope, await read_json(receive))
            status, headers = 200, [("set-cookie", each) for each in cookies]
        except HubError as error:
            status, body, headers = refused(error)
        await send_json(send, status, body, headers)

    async def _login(self, scope: Scope, given: dict[str, Any]) -> Answer:
        made = await self._accounts.login(
            source_of(scope), text_of(given, "firm"), text_of(given, "account"), text_of(given, "password")
        )
        return await self._entered(scope, made)

    async def _accept(self, scope: Scope, given: dict[str, Any]) -> Answer:
        return await self._entered(scope, await self._accounts.accept(text_of(given, "token"), given.get("password")))

    async def _entered(self, scope: Scope, cookie: str) -> Answer:
        """A new session id at each login; the one this browser had before ends."""
        header = self._sessions.set_cookie(cookie)
        await self._leave(scope)
        return {"next": "/explore"}, [header]

    async def _logout(self, scope: Scope, given: dict[str, Any]) -> Answer:
        await self._leave(scope)
        return {}, [self._sessions.drop_cookie()]

    async def _leave(self, scope: Scope) -> None:
        cookie = self._sessions.cookie(scope)
        if cookie is None:
            return
        try:
            await self._sessions.end(cookie, await self._sessions.viewer(cookie))
        except Unauthenticated:
            return

    async def _look(self, scope: Scope, given: dict[str, Any]) -> Answer:
        found = await self._accounts.look(text_of(given, "token"))
        return {"firm": found.firm, "name": found.name, "account": found.account, "roles": found.roles}, []


def text_of(given: dict[str, Any], name: str) -> str:
    """A text of the body; BadRequest if there is none, or a very long one."""
    value = given.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MOST_TEXT:
        raise BadRequest(f"'{name}' must be a text of 1 to {MOST_TEXT} characters.")
    return value


async def read_json(receive: Receive) -> dict[str, Any]:
    """The JSON object of a small body."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The body is incomplete.")
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            raise BadRequest(f"The body is larger than {MOST_BYTES} bytes.", status=413)
        if not message.get("more_body", False):
            break
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise BadRequest("The body must be a JSON object.")
    return parsed


def refused(error: HubError) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
    """Status, body and headers of a refusal."""
    headers: list[tuple[str, str]] = []
    status, code = type(error).status, type(error).code
    if isinstance(error, RequestRefused):
        status = error.http_status
        if error.retry_after is not None:
            headers.append(("retry-after", str(math.ceil(error.retry_after))))
    if isinstance(error, Refusal):
        status, code = 400, error.refusal_code
    if isinstance(error, Forbidden | Unauthenticated):
        logger.info("a browser was refused: %s", code)
    return status, {"error": code, "message": error.message}, headers


async def send_json(send: Send, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    content = orjson.dumps(body)
    fixed = [
        ("content-type", "application/json"), ("content-length", str(len(content))), ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
    ]  # fmt: skip
    shown = [(name.encode(), value.encode("latin-1")) for name, value in [*fixed, *headers]]
    await send({"type": "http.response.start", "status": status, "headers": shown})
    await send({"type": "http.response.body", "body": content})
