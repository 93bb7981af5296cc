"""GraphQL over HTTP: one ASGI endpoint for POST and GET, guards cheapest first, the same shape for every refusal.

Order: method, URL, media types, encoding, length, token, body, JSON, parameters, run. Nothing of a body is read before
the caller is known.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from copy import copy
from hashlib import sha256
from time import perf_counter
from typing import Any, Final

from scmhub.errors import BadRequest, HubError, RateLimited, Unauthenticated
from scmhub.graph.answers import answer_for
from scmhub.graph.limits import Limits
from scmhub.graph.purposes import HEADER, narrowed
from scmhub.graph.request import Answer, GraphQLRequest, Named
from scmhub.graph.transport.body import from_json, from_query
from scmhub.graph.transport.log import RequestLog
from scmhub.graph.transport.media import JSON, answer_type, is_json_utf8
from scmhub.graph.transport.metrics import Metrics
from scmhub.identity.browser import check_own_page, source_of
from scmhub.identity.failures import Failures
from scmhub.identity.sessions import Sessions
from scmhub.identity.viewer import Viewer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

PURPOSE: Final = HEADER.lower().encode()
_READ: Final = frozenset(
    (b"accept", b"authorization", b"content-type", b"content-encoding", b"content-length", b"idempotency-key", PURPOSE)
)
_METHODS: Final = ("POST", "GET")
_SAME_STATUS: Final = frozenset({"BAD_REQUEST", "UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "SERVICE_UNAVAILABLE"})
"""Codes whose status is the same for both media types; the others' 400 is 200 for application/json."""


class ClientGone(Exception):
    """The caller hung up before the body was complete; there is nobody to answer."""


def new_request_id() -> str:
    """An id no other request of any hub process has; never taken from the caller."""
    return secrets.token_hex(12)


class GraphQLEndpoint:
    """The ASGI application behind ``/graphql`` for HTTP."""

    def __init__(
        self,
        authenticate: Callable[[str | None], Awaitable[Viewer] | Viewer],
        execute: Callable[[GraphQLRequest, Viewer], Awaitable[Answer]],
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        log: RequestLog | None = None,
        sessions: Sessions | None = None,
        failures: Failures | None = None,
    ) -> None:
        """``authenticate`` gets the Authorization header's value (None: absent) and raises Unauthenticated.

        ``sessions``: where that header is absent, the session cookie of one of the hub's own pages counts.
        """
        self._authenticate = authenticate
        self._execute = execute
        self._limits = limits or Limits()
        self._metrics = metrics
        self._log = log
        self._sessions = sessions
        self.failures = failures

    def executing(self, execute: Callable[[GraphQLRequest, Viewer], Awaitable[Answer]]) -> GraphQLEndpoint:
        """The same endpoint for a request that something is known of already."""
        twin = copy(self)
        twin._execute = execute
        return twin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = _Request(scope, new_request_id())
        try:
            answer = await self._answer(request, scope, receive)
        except ClientGone:
            return
        except HubError as error:
            answer, request.code = answer_for(error, request.id), error.code
        except Exception as error:
            answer = answer_for(error, request.id)
            request.code = _code_in(answer.body)
        status = answer.status
        if status == 400 and request.media is JSON and request.code not in _SAME_STATUS:
            status = 200
        await _send(send, answer, status, request)
        self._record(request, scope, answer, status, perf_counter() - started)

    async def _answer(self, request: _Request, scope: Scope, receive: Receive) -> Answer:
        headers = request.headers = _headers(scope)
        cookie = self._cookie(scope, headers)
        get = self._check(request, scope, headers)
        key = _idempotency_key(headers.get(b"idempotency-key"), self._limits)
        try:
            viewer = request.viewer = await self._viewer(headers.get(b"authorization"), cookie)
        except Unauthenticated:
            self._note_failure(scope)
            raise
        if (purpose := headers.get(PURPOSE)) is not None:
            viewer = narrowed(viewer, purpose.decode("latin-1"))
        if get:
            parsed = from_query(scope["query_string"], request.id, key, self._limits)
        else:
            body = await _body(receive, self._limits.body_bytes)
            parsed = from_json(body, request.id, key, self._limits)
        request.query, request.named = parsed.query, parsed.named
        return await self._execute(parsed, viewer)

    def _check(self, request: _Request, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """Whether this is GET; BadRequest for what can be refused by looking at the head alone."""
        limits = self._limits
        media = answer_type(headers.get(b"accept"), limits.accept_bytes)
        if media is not None:
            request.media = media
        method = scope["method"]
        if method not in _METHODS:
            raise BadRequest(
                "Use POST, or GET for queries.", reason="METHOD", status=405, headers={"Allow": "GET, POST"}
            )
        if len(scope["query_string"]) + len(scope["path"]) > limits.url_bytes:
            raise BadRequest(f"The URL is longer than {limits.url_bytes} bytes.", reason="URL_LENGTH", status=414)
        if media is None:
            raise BadRequest("Answers are application/graphql-response+json or application/json.", status=406)
        if method == "GET":
            return True
        if not is_json_utf8(headers.get(b"content-type", b"")[:200]):
            raise BadRequest("Content-Type must be application/json in UTF-8.", reason="MEDIA_TYPE", status=415)
        if b"content-encoding" in headers:
            raise BadRequest("Send the body without Content-Encoding.", reason="CONTENT_ENCODING", status=415)
        if int(headers.get(b"content-length", b"0")) > limits.body_bytes:
            raise _too_large(limits.body_bytes)
        return False

    def _cookie(self, scope: Scope, headers: dict[bytes, bytes]) -> str | None:
        """The session cookie, if there is no token and one of our own pages asks; Forbidden if another page does."""
        if self._sessions is None or b"authorization" in headers:
            return None
        cookie = self._sessions.cookie(scope)
        if cookie is not None:
            check_own_page(scope, self._sessions.site)
        return cookie

    async def _viewer(self, authorization: bytes | None, cookie: str | None) -> Viewer:
        if cookie is not None and self._sessions is not None:
            return await self._sessions.viewer(cookie)
        if authorization is None:
            found = self._authenticate(None)
        elif len(authorization) > self._limits.token_bytes:
            raise Unauthenticated
        else:
            found = self._authenticate(authorization.decode("latin-1"))
        return found if isinstance(found, Viewer) else await found

    def _note_failure(self, scope: Scope) -> None:
        """RateLimited instead of a refusal, once too many came from one place; good credentials go on working."""
        if self.failures is None:
            return
        source = source_of(scope)
        if wait := self.failures.wait(source):
            text = "Too many requests without a valid access token came from your address; wait."
            raise RateLimited(text, retry_after=wait)
        self.failures.add(source)

    def _record(self, request: _Request, scope: Scope, answer: Answer, status: int, seconds: float) -> None:
        code = request.code or _code_in(answer.body)
        if self._metrics is not None:
            self._metrics.observe(status, code, seconds)
        if self._log is not None:
            self._log.write(
                request_id=request.id,
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=seconds,
                partner=str(request.viewer.lens.partner_id) if request.viewer else None,
                operation=_operation(request),
                code=code or None,
            )


class _Request:
    """What is known of one request so far, for its answer and its log line."""

    __slots__ = ("code", "headers", "id", "media", "named", "query", "viewer")

    def __init__(self, scope: Scope, request_id: str) -> None:
        self.id = request_id
        self.media = JSON
        self.code = ""
        self.query = ""
        self.named: Named | None = None
        self.viewer: Viewer | None = None
        self.headers: dict[bytes, bytes] = {}


def _operation(request: _Request) -> str | None:
    """The document's SHA-256: what its text has, or what it was named by."""
    if request.query:
        return sha256(request.query.encode("utf-8", "surrogatepass")).hexdigest()
    return request.named.sha256 if request.named else None


def _headers(scope: Scope) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _READ:
            if name in found:
                if name != b"accept":
                    raise BadRequest(f"The header {name.decode('ascii').title()} is given twice.")
                value = found[name] + b"," + value
            found[name] = value
    return found


def _idempotency_key(value: bytes | None, limits: Limits) -> str | None:
    if value is None:
        return None
    if not 1 <= len(value) <= limits.idempotency_key_length or not all(0x21 <= byte <= 0x7E for byte in value):
        raise BadRequest(
            f"Idempotency-Key must be 1 to {limits.idempotency_key_length} visible ASCII characters.",
            reason="IDEMPOTENCY_KEY",
        )
    return value.decode("ascii")


async def _body(receive: Receive, most: int) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        return body
    parts: list[bytes] = []
    length = 0
    while message["type"] == "http.request":
        part = message.get("body", b"")
        length += len(part)
        if length > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
    raise ClientGone


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"The body is larger than {most} bytes.", reason="BODY_SIZE", status=413)


def _code_in(body: bytes) -> str:
    """The first error code of an answer that ``execute`` finished itself; empty if it has no errors."""
    if not body.startswith((b'{"errors"', b'{"data":null,"errors"')):
        return ""
    start = body.find(b'"code":"') + 8
    return body[start : body.find(b'"', start)].decode("ascii", "replace") if start >= 8 else ""


async def _send(send: Send, answer: Answer, status: int, request: _Request) -> None:
    headers: list[Header] = [
        (b"content-type", request.media + b"; charset=utf-8"),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request.id.encode("ascii")),
        (b"vary", b"Accept"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if answer.headers:
        headers += [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
