"""Lets pages of registered frontends call the hub from a browser (CORS): their origins alone, never with cookies.

The browser asks first (a preflight), or sends along where the page is from. The answer names that one origin if some
partner's frontend is registered with it. ``Access-Control-Allow-Credentials`` is never sent, so a browser neither adds
a cookie nor shows an answer to which it had added one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from scmhub.graph.transport.http import Message, Receive, Scope, Send
from scmhub.graph.transport.static import respond

Route = Callable[[Scope, Receive, Send], Awaitable[None]]
_PATHS: Final = frozenset(
    {
        "/graphql", "/oauth/token", "/oauth/revoke", "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource",
    }
)  # fmt: skip
_MAY_SEND: Final = b"authorization, content-type, idempotency-key, last-event-id, x-scmhub-purpose"
_MAY_READ: Final = b"x-request-id, retry-after, idempotency-replayed, www-authenticate"
_VARY: Final = (b"vary", b"Origin")


class Cors:
    """Stands before all routes; what no page of another origin may call passes untouched."""

    def __init__(self, route: Route, origins: Callable[[], frozenset[str]]) -> None:
        """``origins`` are those of the frontends registered now."""
        self._route = route
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in _PATHS:
            await self._route(scope, receive, send)
            return
        found = [value for name, value in scope["headers"] if name == b"origin"]
        origin = found[0] if len(found) == 1 and found[0].decode("latin-1") in self._origins() else None
        if origin is not None and scope["method"] == "OPTIONS":
            shown = [_VARY, (b"access-control-allow-origin", origin), (b"access-control-allow-methods", b"GET, POST")]
            shown += [(b"access-control-allow-headers", _MAY_SEND), (b"access-control-max-age", b"600")]
            await respond(send, 204, b"", extra=shown)
            return
        extra = [_VARY] if scope["path"].startswith("/.well-known/") else []  # the others are kept by nobody
        if origin is not None:
            extra = [_VARY, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", _MAY_READ)]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._route(scope, receive, told)
