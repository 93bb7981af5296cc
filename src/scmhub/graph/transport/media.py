"""Which JSON media type an answer has, by the caller's Accept header."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

GRAPHQL: Final = b"application/graphql-response+json"
JSON: Final = b"application/json"
_RANGES: Final = {GRAPHQL: (GRAPHQL,), JSON: (JSON,), b"application/*": (JSON,), b"*/*": (JSON,)}


@lru_cache(maxsize=256)
def answer_type(accept: bytes | None, longest: int) -> bytes | None:
    """GRAPHQL if listed at least as high as application/json, else JSON if any range allows it, else None (406).

    A header that is absent, longer than ``longest`` or not a list of media ranges counts as ``*/*``.
    """
    if not accept or len(accept) > longest:
        return JSON
    weights: dict[bytes, float] = {}
    readable = False
    for part in accept.split(b","):
        name, *parameters = part.split(b";")
        name = name.strip().lower()
        readable = readable or name.count(b"/") == 1
        if name in _RANGES and _is_utf8(parameters):
            weights[name] = max(weights.get(name, 0.0), _weight(parameters))
    if not readable:
        return JSON
    return _choose(weights)


def _choose(weights: dict[bytes, float]) -> bytes | None:
    graphql = weights.get(GRAPHQL, 0.0)
    # The most specific range decides: "*/*, application/json;q=0" does not accept application/json.
    json = weights.get(JSON, weights.get(b"application/*", weights.get(b"*/*", 0.0)))
    if graphql and graphql >= json:
        return GRAPHQL
    if json:
        return JSON
    # Only application/json was ruled out: a wildcard still covers the other type.
    wildcard = GRAPHQL not in weights and max(weights.get(b"application/*", 0.0), weights.get(b"*/*", 0.0)) > 0
    return GRAPHQL if wildcard else None


def parameters_of(parts: list[bytes]) -> list[tuple[bytes, bytes]]:
    """(name in lower case, value without quotes) of what stands behind the semicolons of a media range."""
    pairs = (part.partition(b"=") for part in parts)
    return [(name.strip().lower(), value.strip(b' "')) for name, _, value in pairs]


def _weight(parts: list[bytes]) -> float:
    for name, value in parameters_of(parts):
        if name == b"q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0


def _is_utf8(parts: list[bytes]) -> bool:
    return all(value.lower() in (b"utf-8", b"utf8") for name, value in parameters_of(parts) if name == b"charset")


@lru_cache(maxsize=64)
def is_json_utf8(content_type: bytes) -> bool:
    """Whether a request body of this Content-Type is JSON in UTF-8."""
    name, *parameters = content_type.split(b";")
    return name.strip().lower() == JSON and _is_utf8(parameters)
