"""The hub secret: one value, equal on all replicas, from which every key and password is derived by its purpose."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from scmhub.database.address import DatabaseUnusable
from scmhub.database.home import make_folders
from scmhub.settings import Settings

SHORTEST = 32
_FILE = "secret"


class HubSecret:
    """The secret; it never leaves this object, only what is derived from it does."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        if len(text) < SHORTEST:
            raise DatabaseUnusable(f"The hub secret has {len(text)} characters; it needs at least {SHORTEST}.")
        self._key = hashlib.sha256(text.encode()).digest()

    def derive(self, label: str) -> bytes:
        """32 bytes for this purpose; other labels tell nothing about them (HMAC-SHA256)."""
        return hmac.digest(self._key, label.encode(), "sha256")

    def __repr__(self) -> str:
        return "HubSecret(...)"


def load_secret(settings: Settings) -> HubSecret:
    """The secret of the settings, else of ``HOME/secret``, which is made on first use."""
    return HubSecret(settings.secret or _from_file(settings.home / _FILE))


def _from_file(path: Path) -> str:
    """Read the file or make it: linked into place complete, so that of two first starters both get the same secret."""
    if not path.exists():
        make_folders(path.parent, private=os.geteuid() != 0)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(scratch, path)
        finally:
            scratch.unlink()
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise DatabaseUnusable(f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    return path.read_text().strip()
