"""Every numeric limit of HTTP requests and documents, named in one place; a refusal names the limit it met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for; the defaults are the published limits."""

    body_bytes: int = 1024 * 1024
    """Largest HTTP body; reading stops there."""
    url_bytes: int = 16 * 1024
    """Longest path and query string together."""
    token_bytes: int = 8 * 1024
    """Longest Authorization header that is looked at."""
    accept_bytes: int = 4 * 1024
    """Longest Accept header that is looked at; a longer one counts as absent."""
    header_bytes: int = 64 * 1024
    """All request headers together."""
    header_count: int = 100
    """Number of request headers."""
    json_depth: int = 32
    """Deepest nesting of a JSON body, the body itself being level 1."""
    json_elements: int = 10_000
    """Values in a JSON body, keys not counted."""
    idempotency_key_length: int = 255
    """Longest Idempotency-Key, in visible ASCII characters."""
    document_characters: int = 64 * 1024
    """Longest document text, in code points."""
    document_tokens: int = 2_000
    """Lexical tokens of a document, comments not counted."""
    document_comments: int = 200
    """Comments in a document."""
    depth: int = 15
    """Deepest field, a root field being level 1."""
    nesting: int = 200
    """Deepest chain of fields, inline fragments and spreads together; keeps recursion off the stack's end."""
    root_fields: int = 20
    """Root fields of a query or subscription, fragments expanded."""
    mutations: int = 10
    """Root fields of a mutation."""
    operations: int = 10
    """Operations in one document."""
    aliases: int = 100
    """Aliases in the document text."""
    directives: int = 50
    """Directives in the document text."""
    variables: int = 100
    """Variables one operation declares."""
    operation_cost: int = 100_000
    """Cost of an operation: selected fields times the bounds of the lists above them."""
    payload_cost: int = 5_000
    """Cost of what one mutation or one change selects."""
    page: int = 250
    """Largest page, and what an unreadable page size counts as."""
    validation_errors: int = 10
    """Errors reported for one document."""
    message_characters: int = 300
    """Longest error message; graphql-core quotes the caller in full."""
    threaded_tokens: int = 500
    """A new document with more tokens is validated in a thread, off the event loop."""
    cached_documents: int = 1_000
    """Documents kept, valid and invalid."""
    cached_characters: int = 32 * 1024 * 1024
    """Text of all kept documents together."""
    cached_tokens: int = 250_000
    """Tokens of all kept valid documents together; a tree takes some 400 bytes a token."""
    header_seconds: float = 10.0
    """Time for the head of a request to arrive."""
    body_seconds: float = 30.0
    """Time for the body of a request to arrive."""
    keep_alive_seconds: int = 75
    """How long an idle connection stays open."""
    shutdown_seconds: int = 15
    """How long running requests may finish after a stop signal."""
    message_bytes: int = 256 * 1024
    """Largest WebSocket message."""
