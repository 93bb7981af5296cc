"""The one place where an exception becomes a GraphQL error (code, text, status, headers), for every transport."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLError
from strawberry.exceptions import StrawberryInputCoercionError

from scmhub.errors import (
    BadUserInput,
    HubError,
    RequestRefused,
    ServiceUnavailable,
    Unauthenticated,
)
from scmhub.graph.limits import Limits
from scmhub.graph.request import Answer

_INTERNAL: Final = HubError.code
INTERNAL_TEXT: Final = "The hub failed to answer; quote the request id when you ask about it."
CHALLENGE: Final = 'Bearer error="invalid_token"'
RETRY_SECONDS: Final = 1.0
"""What ServiceUnavailable and RateLimited advise when they say nothing themselves."""
MOST_CHARACTERS: Final = Limits().message_characters
MOST_ERRORS: Final = Limits().validation_errors
_VARIABLE: Final = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ((?:\.\w+|\[\d{1,9}\])+))?: ")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_logger = logging.getLogger("scmhub.graph.answers")


def answer_for(error: BaseException, request_id: str) -> Answer:
    """The whole answer to a request that ended in ``error``: body, status for graphql-response+json, headers.

    Request errors have no ``data`` key; TIMEOUT and INTERNAL_SERVER_ERROR answer 200 with ``data`` null.
    """
    shown: dict[str, Any] = {"errors": entries(error, request_id)}
    if isinstance(error, RequestRefused):
        return Answer(to_json(shown), error.http_status, _headers(error))
    if isinstance(error, ServiceUnavailable):
        return Answer(to_json(shown), error.status, _headers(error))
    if isinstance(error, GraphQLError) and not error.path and shown["errors"][0]["extensions"]["code"] != _INTERNAL:
        return Answer(to_json(shown), 400)
    return Answer(to_json({"data": None, **shown}), 200)


def entries(error: BaseException, request_id: str) -> list[dict[str, Any]]:
    """The ``errors`` list for one exception, at most 10 entries; a cause outside the tree goes to the log only."""
    if isinstance(error, RequestRefused):
        several = getattr(error, "errors", None) or [error]
        return [_entry(one, request_id) for one in several[:MOST_ERRORS]]
    if isinstance(error, GraphQLError):
        return [_from_graphql(error, request_id)]
    return [_entry(error, request_id)]


def to_json(document: Mapping[str, Any]) -> bytes:
    """ASCII-safe JSON: a lone surrogate in a name must not break the writer."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def clean(text: str) -> str:
    """``text`` fit to be shown: at most 300 characters, whatever does not print escaped."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1] + "…"
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def _entry(error: BaseException, request_id: str) -> dict[str, Any]:
    if not isinstance(error, HubError) or error.code == _INTERNAL:
        _logger.error("request %s failed", request_id, exc_info=error, extra={"request_id": request_id})
        return {"message": INTERNAL_TEXT, "extensions": {"code": _INTERNAL, "requestId": request_id}}
    shown: dict[str, Any] = {"message": clean(error.message)}
    extensions: dict[str, Any] = {"code": error.code}
    if isinstance(error, RequestRefused):
        if error.locations:
            shown["locations"] = error.locations
        if error.reason:
            extensions["reason"] = error.reason
    extensions["requestId"] = request_id
    wait = retry_after(error)
    if wait is not None:
        extensions["retryAfter"] = wait
    if isinstance(error, RequestRefused) and error.input_path is not None:
        extensions["inputPath"] = [clean(part) if isinstance(part, str) else part for part in error.input_path]
    return {**shown, "extensions": extensions}


def retry_after(error: BaseException) -> float | None:
    """Seconds to wait before asking again; None where waiting does not help."""
    wait: float | None = getattr(error, "retry_after", None)
    if wait is None and (isinstance(error, ServiceUnavailable) or getattr(error, "code", "") == "RATE_LIMITED"):
        return RETRY_SECONDS
    return wait


def _from_graphql(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """An error of graphql-core: its cause decides; without one it speaks of the caller's variables or arguments."""
    cause = error.original_error
    if isinstance(cause, GraphQLError):
        cause = None
    if isinstance(cause, StrawberryInputCoercionError):
        cause = BadUserInput("A variable holds null where a value may be left out but not be null.")
    if cause is None and (error.path is None or _is_about_input(error)):
        cause = BadUserInput(error.message, reason="BAD_VALUE", input_path=_input_path(error.message))
    shown = _entry(cause or error, request_id)
    if error.locations and "locations" not in shown:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        shown["path"] = list(error.path)
    return shown


def _is_about_input(error: GraphQLError) -> bool:
    """graphql-core raises for a bad argument value *while* executing, naming the argument and never a cause."""
    return error.message.startswith(("Argument '", 'Argument "', "Variable '", 'Variable "'))


def _input_path(message: str) -> list[str | int] | None:
    """Where in the variables a value is wrong; graphql-core says so in its text only."""
    found = _VARIABLE.match(message)
    if found is None:
        return None
    steps = _STEP.findall(found.group(2) or "")
    return [found.group(1), *(name or int(index) for name, index in steps)]


def _headers(error: HubError) -> dict[str, str]:
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, Unauthenticated):
        headers.setdefault("WWW-Authenticate", CHALLENGE)
    wait = retry_after(error)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers
