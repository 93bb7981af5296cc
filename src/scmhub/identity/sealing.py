"""Text that only this hub can read again: kept in the database, or carried by a browser, under AES-GCM."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scmhub.database.secret import HubSecret


def seal(secret: HubSecret, purpose: str, content: bytes, about: str = "") -> bytes:
    """The sealed content; it opens only for the same purpose and about the same thing."""
    nonce = os.urandom(12)
    return nonce + AESGCM(secret.derive(purpose)).encrypt(nonce, content, about.encode())


def unseal(secret: HubSecret, purpose: str, sealed: bytes, about: str = "") -> bytes | None:
    """What was sealed; None if it was not sealed by this hub for this purpose."""
    try:
        return AESGCM(secret.derive(purpose)).decrypt(sealed[:12], sealed[12:], about.encode())
    except (InvalidTag, ValueError):
        return None
