"""How the hub keeps what proves somebody (cookies, codes, refresh tokens, links): never itself, only its SHA-256."""

from __future__ import annotations

import hashlib


def digest_of(text: str) -> bytes:
    """What is kept of a text of 256 random bits, and found by it; any text of a stranger has one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
