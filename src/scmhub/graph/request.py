"""What a transport hands to the engine, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation a caller asks for, already of the right JSON types."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    request_id: str = ""
    idempotency_key: str | None = None
    queries_only: bool = False
    """True for GET: a mutation is answered 405."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished JSON document: ``{"data": ..., "extensions": ...}`` or ``{"errors": [...]}``."""

    body: bytes
    status: int = 200
    """Status for application/graphql-response+json; the transport maps it for application/json."""
    headers: dict[str, str] = field(default_factory=dict)
