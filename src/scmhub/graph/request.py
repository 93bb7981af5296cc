"""What a transport hands to the engine, and what it gets back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

_DIGEST: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Named:
    """A document by its SHA-256: the hash of a persisted query, or (``listed``) the id of a registered document."""

    digest: str
    listed: bool = False

    @property
    def sha256(self) -> str | None:
        """The hash in hexadecimal; None if what was sent is none."""
        return self.digest if _DIGEST.fullmatch(self.digest) else None


@dataclass(slots=True)
class GraphQLRequest:
    """One operation a caller asks for, of the right JSON types. Nobody changes it; to freeze it costs time."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    request_id: str = ""
    idempotency_key: str | None = None
    queries_only: bool = False
    """True for GET: a mutation is answered 405."""
    named: Named | None = None
    """A hash instead of the text (``query`` is empty), or besides it."""
    settled: bool = False
    """Whether its text is known to be one that this caller may send."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished JSON document: ``{"data": ..., "extensions": ...}`` or ``{"errors": [...]}``."""

    body: bytes
    status: int = 200
    """Status for application/graphql-response+json; the transport maps it for application/json."""
    headers: dict[str, str] = field(default_factory=dict)
