"""Signatures of Standard Webhooks (version 1): who has the secret knows that a message is the hub's, whole and fresh.

The headers are ``webhook-id``, the same when a message is sent again, ``webhook-timestamp`` of the try in seconds, and
``webhook-signature``: one ``v1,`` and base64 of HMAC-SHA256 over ``id.timestamp.body`` for each secret in force.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scmhub.database.secret import HubSecret

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
"""How far the timestamp of a message may be from the receiver's clock."""
_LABEL = "webhook-secrets"


def new_secret() -> str:
    """``whsec_`` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(message_id: str, timestamp: int, body: bytes, with_secrets: Iterable[str]) -> dict[str, str]:
    """The headers of one try of a message."""
    signatures = " ".join(f"v1,{_signature(message_id, timestamp, body, each)}" for each in with_secrets)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def verified(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Whether a message is whole, fresh and signed with the secret; header names in lower case."""
    try:
        timestamp = int(headers["webhook-timestamp"])
        given = headers["webhook-signature"].split(" ")
        expected = f"v1,{_signature(headers['webhook-id'], timestamp, body, secret)}"
    except (KeyError, ValueError):
        return False
    fresh = abs(now - timestamp) <= TOLERANCE_SECONDS
    return fresh and any(hmac.compare_digest(each.encode(), expected.encode()) for each in given)


def _signature(message_id: str, timestamp: int, body: bytes, secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is whsec_ and base64") from None
    return base64.b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")).decode()


class Sealer:
    """Keeps secrets so that only hubs with the hub secret can use them: AES-GCM, the row's id as associated data."""

    def __init__(self, secret: HubSecret) -> None:
        self._cipher = AESGCM(secret.derive(_LABEL))

    def seal(self, secret: str, row: UUID) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), row.bytes)

    def open(self, sealed: bytes, row: UUID) -> str:
        """InvalidTag if it was sealed for another row or with another hub secret."""
        return self._cipher.decrypt(sealed[:12], sealed[12:], row.bytes).decode()
