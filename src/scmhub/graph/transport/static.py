"""The explorer and its files: a fixed set, answered by exact name, under a policy that allows no other origin."""

from __future__ import annotations

import secrets
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from scmhub.graph.transport.http import Header, Message, Receive, Scope, Send, new_request_id

_TYPES: Final = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".txt": b"text/plain; charset=utf-8",
}
_PAGES: Final = {
    "/": "landing.html",
    "/explore": "explore.html",
    "/login": "login.html",
    "/invitation": "invitation.html",
}
_NONCE: Final = b"{{nonce}}"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Asset(NamedTuple):
    """One file, ready to be sent."""

    body: bytes
    content_type: bytes
    etag: bytes


class StaticFiles:
    """ASGI application for the pages and for ``/static/<name>``; any other path is not its business."""

    def __init__(self) -> None:
        folder = files("scmhub.graph.transport").joinpath("static")
        found = {one.name: _asset(one.name, one.read_bytes()) for one in folder.iterdir() if "." in one.name[1:]}
        self._assets = {f"/static/{name}": asset for name, asset in found.items() if not name.endswith(".html")}
        self._pages = {path: found[name] for path, name in _PAGES.items()}

    @property
    def paths(self) -> list[str]:
        return [*self._pages, *self._assets]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, b"Use GET.\n", extra=[(b"allow", b"GET, HEAD")])
        elif scope["path"] in self._pages:
            await _page(send, self._pages[scope["path"]])
        else:
            await _file(send, self._assets[scope["path"]], scope)


async def respond(
    send: Send,
    status: int,
    body: bytes,
    content_type: bytes = b"text/plain; charset=utf-8",
    extra: list[Header] | None = None,
) -> None:
    """A small finished answer with the headers every answer has."""
    headers: list[Header] = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", new_request_id().encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        *(extra or []),
    ]
    start: Message = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def _page(send: Send, asset: Asset) -> None:
    """A page with a nonce of its own: the editor makes its style sheet in the browser."""
    nonce = secrets.token_urlsafe(16)
    policy = _POLICY.format(nonce=nonce).encode("ascii")
    extra = [
        (b"content-security-policy", policy),
        (b"cache-control", b"no-store"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    ]
    await respond(send, 200, asset.body.replace(_NONCE, nonce.encode("ascii")), asset.content_type, extra)


async def _file(send: Send, asset: Asset, scope: Scope) -> None:
    extra = [(b"cache-control", b"no-cache"), (b"etag", asset.etag), (b"cross-origin-resource-policy", b"same-origin")]
    known = any(name == b"if-none-match" and value == asset.etag for name, value in scope["headers"])
    if known:
        await respond(send, 304, b"", asset.content_type, extra)
    else:
        await respond(send, 200, asset.body, asset.content_type, extra)


def _asset(name: str, body: bytes) -> Asset:
    suffix = "." + name.rpartition(".")[2]
    tag = b'"' + sha256(body).hexdigest()[:32].encode("ascii") + b'"'
    return Asset(body, _TYPES.get(suffix, b"application/octet-stream"), tag)
