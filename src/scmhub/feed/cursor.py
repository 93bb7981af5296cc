"""Cursors of the log: a place in it, sealed for one partner, so that nobody can read, alter or borrow one.

Gaps between plain numbers would tell bolt how much happens between acme and cargo; so a cursor is encrypted. The same
place gives the same text on every replica: equal answers stay equal bytes. A cursor is a position, never a right.

It also holds an instant: of the change it stands at, or, where nothing happened that the partner may know of, the
instant it was made. So an empty page has another cursor each time, whether or not something hidden went by; and a
cursor expires by its age alone, not because others filled the log meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from scmhub.database.secret import HubSecret
from scmhub.errors import BadUserInput

KEY_NUMBER = 1
_PLACE = struct.Struct(">qqq")
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_TAG_BYTES = 16
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Place:
    """After the event ``seq`` of the log ``epoch``; inside a snapshot also after the record (``kind``, ``key``).

    Whatever the log holds behind it happened at ``at`` or later, but for what clocks and long transactions blur.
    """

    epoch: int
    seq: int
    at: datetime
    kind: str | None = None
    key: UUID | None = None


class BadCursor(BadUserInput):
    """'after' is not a cursor of yours; start again without it."""

    def __init__(self) -> None:
        super().__init__(None, reason="BAD_CURSOR", input_path=["after"])


class Cursors:
    """Seals and opens cursors under a key derived from the hub secret; ``older`` are secrets still accepted."""

    def __init__(self, secret: HubSecret, older: tuple[HubSecret, ...] = ()) -> None:
        # Number 1 is today's key. When the secret changes, cursors made before open under the older ones.
        self._keys = [AESSIV(each.derive("cursor:0") + each.derive("cursor:1")) for each in (secret, *older)]

    def seal(self, place: Place, partner: UUID) -> str:
        """55 characters for a place in the log, more for one inside a snapshot."""
        plain = _PLACE.pack(place.epoch, place.seq, (place.at - _ORIGIN) // timedelta(microseconds=1))
        if place.kind is not None and place.key is not None:
            plain += place.key.bytes + place.kind.encode()
        sealed = self._keys[0].encrypt(plain, [partner.bytes])
        return base64.urlsafe_b64encode(bytes([KEY_NUMBER]) + sealed).rstrip(b"=").decode()

    def open(self, text: object, partner: UUID) -> Place:
        """The place; BadCursor, with one text, for whatever this hub did not seal for this partner."""
        if not isinstance(text, str) or len(text) > _LONGEST:
            raise BadCursor
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise BadCursor from None
        # The text must be the one we would write: a second spelling of the same bytes is not ours.
        if not raw or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text or raw[0] != KEY_NUMBER:
            raise BadCursor
        return _place(self._decrypt(raw[1:], partner))

    def _decrypt(self, sealed: bytes, partner: UUID) -> bytes:
        if len(sealed) < _TAG_BYTES + _PLACE.size:
            raise BadCursor
        for each in self._keys:
            try:
                return each.decrypt(sealed, [partner.bytes])
            except InvalidTag:
                continue
        raise BadCursor


def _place(plain: bytes) -> Place:
    epoch, seq, microseconds = _PLACE.unpack(plain[: _PLACE.size])
    at = _ORIGIN + timedelta(microseconds=microseconds)
    rest = plain[_PLACE.size :]
    if not rest:
        return Place(epoch, seq, at)
    return Place(epoch, seq, at, rest[16:].decode(), UUID(bytes=rest[:16]))
