"""Reading an OAuth request: a form under limits, each parameter once, and the client it claims to be from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson

MOST_BYTES = 16_384
MOST_FIELDS = 20
MOST_HEADER = 4_096
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BadForm(Exception):
    """The request is not one of OAuth; ``status`` and the text go to the caller."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


async def read_form(scope: Scope, receive: Receive) -> dict[str, str]:
    """The parameters of a POST; BadForm for another method or media type, too much, or a parameter given twice."""
    if scope["method"] != "POST":
        raise BadForm("Use POST.", 405)
    if scope["query_string"]:
        raise BadForm("Parameters belong in the body.")
    media = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise BadForm("Content-Type must be application/x-www-form-urlencoded.")
    return _fields(await _body(receive))


def read_query(scope: Scope, most: int = MOST_HEADER) -> dict[str, str]:
    """The parameters of a query string; BadForm for too much, or a parameter given twice."""
    if len(scope["query_string"]) > most:
        raise BadForm("The URL is too long.", 414)
    return _fields(scope["query_string"])


def _fields(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise BadForm("The parameters are not a form of at most 20 fields.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadForm("A parameter is given twice.")
    return {name: value for name, value in form.items() if value}


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadForm("The body is incomplete.")
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            raise BadForm(f"The body is larger than {MOST_BYTES} bytes.", 413)
        if not message.get("more_body", False):
            return body


def header(scope: Scope, name: bytes) -> str | None:
    """A header's value; BadForm if it is given twice or is very long."""
    values = [value for key, value in scope["headers"] if key == name]
    if len(values) > 1 or any(len(value) > MOST_HEADER for value in values):
        raise BadForm(f"The header {name.decode()} is given twice, or is too long.")
    return values[0].decode("latin-1") if values else None


def claimed_client(form: dict[str, str], authorization: str | None) -> str | None:
    """Who the caller says it is, unproven; None if it does not say so. BadForm for two ways at once."""
    asserted = "client_assertion" in form or "client_assertion_type" in form
    if sum((authorization is not None, asserted, "client_secret" in form)) > 1:
        raise BadForm("Use one way to authenticate.")
    if asserted:
        found = _in_assertion(form.get("client_assertion", ""))
    else:
        found = _in_basic(authorization) if authorization else form.get("client_id")
    if found is not None and form.get("client_id", found) != found:
        raise BadForm("client_id names another client than the credential.")
    return found


def _in_basic(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (ValueError, binascii.Error):
        return None
    name, found, _ = text.partition(":")
    return unquote_plus(name) if found else None


def _in_assertion(assertion: str) -> str | None:
    """``sub``, read before anything is proven: a hostile text must cost nothing and break nothing."""
    try:
        part = assertion.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        subject = claims["sub"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return subject if isinstance(subject, str) else None
