"""What a partner does with its frontends: each change and its row in the audit trail are one transaction.

A frontend is a public client: a browser keeps no secret. What protects it is that a code goes only to an address
registered here, byte for byte, and is worth nothing without the verifier of whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import SplitResult, urlsplit

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of, renew
from scmhub.identity.browser import is_loopback
from scmhub.identity.frontend_tables import FrontendTable
from scmhub.identity.integrations import GRANTABLE, check_name
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id

MOST_ADDRESSES = 10
"""Redirect URIs, and origins, of one frontend."""
MOST_ADDRESS = 500


async def register(
    unit: Unit, name: str, redirect_uris: Sequence[str], origins: Sequence[str], token_scopes: Iterable[TokenScope]
) -> FrontendTable:
    """A new frontend."""
    made = FrontendTable(
        id=new_id(unit.now), partner_id=unit.partner_id, name=check_name(name),
        redirect_uris=_redirects(redirect_uris), origins=_origins(origins), token_scopes=_scopes(token_scopes),
        created_at=unit.now,
    )  # fmt: skip
    unit.session.add(made)
    await _record(unit, "frontend.registered", made)
    return made


async def revise(
    unit: Unit,
    frontend: FrontendTable,
    name: str | None = None,
    redirect_uris: Sequence[str] | None = None,
    origins: Sequence[str] | None = None,
    token_scopes: Iterable[TokenScope] | None = None,
) -> None:
    """Change what is given. Scopes that go are gone from the next token on."""
    _check_active(frontend)
    if name is not None:
        frontend.name = check_name(name)
    if redirect_uris is not None:
        frontend.redirect_uris = _redirects(redirect_uris)
    if origins is not None:
        frontend.origins = _origins(origins)
    if token_scopes is not None:
        frontend.token_scopes = _scopes(token_scopes)
    frontend.version += 1
    await _record(unit, "frontend.revised", frontend)


async def suspend(unit: Unit, frontend: FrontendTable) -> None:
    """No login through it any more, and within two seconds no token that came through it."""
    _check_active(frontend)
    frontend.state = "SUSPENDED"
    frontend.version += 1
    bar(unit, name_of("frontend", frontend.id))
    await _record(unit, "frontend.suspended", frontend)


async def _record(unit: Unit, action: str, frontend: FrontendTable) -> None:
    unit.session.add(frontend)
    renew(unit)  # origins may have changed, which every replica keeps
    details = {
        "redirectUris": frontend.redirect_uris,
        "origins": frontend.origins,
        "tokenScopes": frontend.token_scopes,
    }
    await audit.record(unit, action, audit.subject_of("frontend", frontend.id), details)


def _check_active(frontend: FrontendTable) -> None:
    if frontend.state != "ACTIVE":
        path = ["input", "frontend"]
        raise Refusal("ILLEGAL_TRANSITION", "The frontend is suspended: register another.", path, frontend.id)


def _scopes(given: Iterable[TokenScope]) -> list[str]:
    scopes = frozenset(given)
    if not scopes:
        raise Refusal("REQUIRED", "Name at least one token scope.", ["input", "tokenScopes"])
    if not scopes <= GRANTABLE:
        raise Refusal("FORBIDDEN", "Administration happens on the hub's own pages.", ["input", "tokenScopes"])
    return sorted(scopes)


def _redirects(given: Sequence[str]) -> list[str]:
    path = ["input", "redirectUris"]
    if not given:
        raise Refusal("REQUIRED", "Name at least one redirect URI.", path)
    for number, text in _numbered(given, path):
        parts = _parts(text)
        if parts is None or "#" in text:
            raise Refusal(
                "INVALID",
                "A redirect URI is an https URL without user and fragment; http only for this machine (127.0.0.1).",
                [*path, str(number)],
            )
    return list(given)


def _origins(given: Sequence[str]) -> list[str]:
    path = ["input", "origins"]
    for number, text in _numbered(given, path):
        parts = _parts(text)
        if parts is None or text != text.lower() or text != f"{parts.scheme}://{parts.netloc}":
            raise Refusal(
                "INVALID",
                "An origin is https://host or https://host:port in small letters, no path; http only for 127.0.0.1.",
                [*path, str(number)],
            )
    return list(given)


def _numbered(given: Sequence[str], path: list[str]) -> Iterable[tuple[int, str]]:
    if len(given) > MOST_ADDRESSES:
        raise Refusal("OUT_OF_RANGE", f"At most {MOST_ADDRESSES}.", path)
    if len(set(given)) != len(given):
        raise Refusal("DUPLICATE", "The same one is named twice.", path)
    return enumerate(given)


def _parts(text: str) -> SplitResult | None:
    """The parts of an address that may be registered at all."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text or len(text) > MOST_ADDRESS:
        return None
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc or "*" in parts.netloc:
        return None
    return parts if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)) else None
