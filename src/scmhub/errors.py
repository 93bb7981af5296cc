"""What can go wrong, as one tree; a class carries the code a client branches on, its docstring is the default text.

HubError
├── RequestRefused                    the request itself is at fault; nothing ran; no ``data`` key in the answer
│   ├── BadRequest                    not a GraphQL request: JSON, parameters, method, media type, size
│   ├── ParseFailed                   GRAPHQL_PARSE_FAILED
│   ├── ValidationFailed              GRAPHQL_VALIDATION_FAILED, limits of the document included
│   ├── OperationUnresolved           OPERATION_RESOLUTION_FAILURE
│   ├── PersistedQueryNotFound        PERSISTED_QUERY_NOT_FOUND: a hash no document is known by
│   ├── DocumentNotListed             PERSISTED_QUERY_NOT_IN_LIST: the caller may send registered documents only
│   ├── BadUserInput                  BAD_USER_INPUT: a variable, argument, list size
│   ├── Unauthenticated               UNAUTHENTICATED
│   ├── Forbidden                     FORBIDDEN: the token lacks this kind of operation
│   └── RateLimited                   RATE_LIMITED
├── ServiceUnavailable                SERVICE_UNAVAILABLE: pool, disk, database, draining
├── TimedOut                          TIMEOUT
└── Refusal                           a command says no; becomes one entry of ``userErrors``

Whatever is not in this tree is INTERNAL_SERVER_ERROR: constant text to the caller, the cause only in the log.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID


class HubError(Exception):
    """The hub could not do this."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def message(self) -> str:
        return str(self.args[0])


class RequestRefused(HubError):
    """The request is not acceptable."""

    status = 400

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str | None = None,
        status: int | None = None,
        input_path: list[str | int] | None = None,
        locations: list[dict[str, int]] | None = None,
        retry_after: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.http_status = status or type(self).status
        self.input_path = input_path
        self.locations = locations
        self.retry_after = retry_after
        self.headers = headers or {}


class BadRequest(RequestRefused):
    """This is not a GraphQL request."""

    code = "BAD_REQUEST"


class ParseFailed(RequestRefused):
    """The document is not valid GraphQL syntax."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(RequestRefused):
    """The document does not fit the schema or its limits."""

    code = "GRAPHQL_VALIDATION_FAILED"


class OperationUnresolved(RequestRefused):
    """The document has no such operation, or several and no operationName."""

    code = "OPERATION_RESOLUTION_FAILURE"


class PersistedQueryNotFound(RequestRefused):
    """PersistedQueryNotFound"""

    # Clients compare the message with this word, then send the text too.
    code = "PERSISTED_QUERY_NOT_FOUND"


class DocumentNotListed(RequestRefused):
    """This integration may send registered documents only, and this is none of them: see 'documents'."""

    code = "PERSISTED_QUERY_NOT_IN_LIST"


class BadUserInput(RequestRefused):
    """A variable or argument has a value that cannot be used."""

    code = "BAD_USER_INPUT"


class Unauthenticated(RequestRefused):
    """A valid access token is required: send the header 'Authorization: Bearer <token>'."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(RequestRefused):
    """The access token does not permit this kind of operation."""

    code = "FORBIDDEN"
    status = 403


class RateLimited(RequestRefused):
    """Too much was asked in too short a time; wait and try again."""

    code = "RATE_LIMITED"
    status = 429


class ServiceUnavailable(HubError):
    """The hub cannot answer at the moment; try again shortly."""

    code = "SERVICE_UNAVAILABLE"
    status = 503


class TimedOut(HubError):
    """The operation took longer than the hub allows; ask for less at a time."""

    code = "TIMEOUT"
    status = 200


class Refusal(HubError):
    """The command was refused."""

    def __init__(self, code: str, message: str, path: list[str], record: UUID | None = None) -> None:
        """``path`` starts at the argument; ``record`` is the record the payload shows as it stands now."""
        super().__init__(message)
        self.refusal_code = code
        self.path = path
        self.record = record
