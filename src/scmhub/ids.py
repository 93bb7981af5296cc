"""Identity of records: time-ordered UUIDs inside, kind-prefixed opaque text outside (``ord_0190d3c2-...``)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from uuid import UUID

_PUBLIC = re.compile(r"([a-z]{2,8})_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def new_id(at: datetime, randomness: int | None = None) -> UUID:
    """A UUIDv7 (RFC 9562) whose first 48 bits are ``at`` in milliseconds, so that ids sort by birth.

    ``randomness`` (74 bits) is given only by seeded data; everyone else gets the system's.
    """
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    noise = secrets.randbits(74) if randomness is None else randomness & ((1 << 74) - 1)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)


def public_id(prefix: str, key: UUID) -> str:
    """The id a client sees."""
    return f"{prefix}_{key}"


def parse_id(text: object) -> tuple[str, UUID] | None:
    """Prefix and key of a public id; None for anything malformed, which is answered like an unknown id."""
    match = _PUBLIC.fullmatch(text) if isinstance(text, str) else None
    return (match[1], UUID(match[2])) if match else None


def key_of(prefix: str, text: object) -> UUID | None:
    """The key of a public id of this kind; None for any other text."""
    parsed = parse_id(text)
    return parsed[1] if parsed and parsed[0] == prefix else None


def own_key(text: object) -> UUID:
    """The key behind an id that the hub itself has just written; TypeError for anything else."""
    parsed = parse_id(text)
    if parsed is None:
        raise TypeError(f"no id of a record: {text!r}")
    return parsed[1]
