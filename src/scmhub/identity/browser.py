"""What a request of a browser must be like before its cookie counts: our own page asked, and nobody else's.

A page of another site can make a browser send a request here, and the browser adds the cookie. Four things tell
the difference, and all are asked: the cookie is Strict, the request is JSON by POST with a header of ours (which no
form can send, and another origin only after asking), its Origin is the hub's own, and the browser says that it is.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scmhub.errors import Forbidden

Scope = MutableMapping[str, Any]
MOST_COOKIES = 8_192
"""Bytes of a Cookie header that are looked at."""


class Site(NamedTuple):
    """The hub as a browser knows it."""

    origin: str
    cookie: str
    """Name of the session cookie."""
    secure: bool
    usable: bool
    """Sessions need https, or a hub on this very machine."""


def site_of(url: str) -> Site:
    """The site at the hub's public URL."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = f":{parts.port}" if parts.port and parts.port != {"https": 443, "http": 80}.get(parts.scheme) else ""
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    name = "__Host-Http-scmhub" if secure else "scmhub"
    return Site(f"{parts.scheme}://{shown}{port}", name, secure, secure or is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def source_of(scope: Scope) -> str:
    """The address a request comes from; behind a proxy that SCMHUB_TRUSTED_PROXIES names, the one it tells."""
    return str((scope.get("client") or ("", 0))[0])


def cookie_of(scope: Scope, name: str) -> str | None:
    """The value of one cookie; None if it is missing, given twice, or the header is no cookie header."""
    values = [value for key, value in scope["headers"] if key == b"cookie"]
    text = b"; ".join(values).decode("latin-1")
    if name not in text or len(text) > MOST_COOKIES:
        return None
    pairs = [part.strip().partition("=") for part in text.split(";")]
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 and found[0].isascii() else None


def set_cookie(site: Site, name: str, value: str, *, seconds: int | None = None, lax: bool = False) -> str:
    """The Set-Cookie header: Secure, HttpOnly, Strict (``lax``: also sent when another site links here), Path=/.

    ``seconds``: its life, 0 to delete it; None: until the browser closes.
    """
    jar: SimpleCookie = SimpleCookie()
    try:
        jar[name] = value
    except CookieError as error:
        raise ValueError("not a cookie") from error
    made = jar[name]
    made["path"] = "/"
    made["httponly"] = True
    made["samesite"] = "Lax" if lax else "Strict"
    if site.secure:
        made["secure"] = True
    if seconds is not None:
        made["max-age"] = seconds
    return made.OutputString()


def check_own_page(scope: Scope, site: Site) -> None:
    """Forbidden unless one of the hub's own pages sent this request."""
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name, []).append(value)
    media = (headers.get(b"content-type") or [b""])[0].partition(b";")[0].strip().lower()
    wrong = (
        "POST" if scope["method"] != "POST"
        else "Content-Type: application/json" if media != b"application/json"
        else "X-Scmhub: 1" if headers.get(b"x-scmhub") != [b"1"]
        else f"Origin: {site.origin}" if headers.get(b"origin") != [site.origin.encode("latin-1")]
        else "Sec-Fetch-Site: same-origin" if headers.get(b"sec-fetch-site") != [b"same-origin"]
        else None
    )  # fmt: skip
    if wrong:
        raise Forbidden(f"The session cookie counts only in a request of the hub's own pages; missing: {wrong}.")


def check_own_socket(scope: Scope, site: Site) -> None:
    """Forbidden unless one of the hub's own pages opens this socket."""
    if [value for name, value in scope["headers"] if name == b"origin"] != [site.origin.encode("latin-1")]:
        raise Forbidden("The session cookie counts only in a socket of the hub's own pages.")
