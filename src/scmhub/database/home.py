"""The folder of the embedded server: who may use it (locks, never process ids), its password, and how to reach it.

HOME/postgres/hub.lock          held by the hub that supervises
HOME/postgres/lock              held by PostgreSQL itself, until its last process is gone
HOME/postgres/pg                data, owned by PostgreSQL's account; pg.tmp while initdb works
HOME/postgres/socket            0700
HOME/postgres/password          0600, of the superuser
HOME/postgres/connection.json   0600, while a server runs
HOME/postgres/bin/VERSION       copy of the programs, where the account cannot reach the originals
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from scmhub.database.account import Account, closed_part
from scmhub.database.address import Address, DatabaseUnusable

PORT = 5432
SUPERUSER = DATABASE = "scmhub"
POLL_SECONDS = 0.02
_SOCKET_NAME = f".s.PGSQL.{PORT}"
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107


class Lock:
    """An advisory lock on a file, gone with the last process that has the descriptor open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor: int | None = None

    def acquire(self, seconds: float = 0.0) -> bool:
        """Whether the lock was free within this time."""
        deadline = time.monotonic() + seconds
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            message = f"{self._path} belongs to another account: run this command as that one."
            raise DatabaseUnusable(message) from error
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(POLL_SECONDS)
            else:
                self.descriptor = descriptor
                return True

    def close(self) -> None:
        """Close our descriptor; a child that inherited it keeps the lock."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically by one that only its owner reads; on disk when this returns."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folders(folder: Path, *, private: bool) -> None:
    """Create a folder and its missing parents, whatever the umask; open ones where another account must pass."""
    try:
        for part in [*reversed(folder.parents), folder]:
            if not part.exists():
                part.mkdir(exist_ok=True)
                part.chmod(0o700 if private else 0o755)
    except OSError as error:
        raise DatabaseUnusable(f"Cannot create {folder}: {error.strerror}. Set SCMHUB_HOME.") from error


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Home:
    """Paths and small files of one embedded server."""

    def __init__(self, home: Path) -> None:
        self.folder = home.absolute() / "postgres"
        self.data = self.folder / "pg"
        self.scratch = self.folder / "pg.tmp"
        self.log = self.folder / "server.log"
        self.password = self.folder / "password"
        self.info = self.folder / "connection.json"
        self.hub_lock = Lock(self.folder / "hub.lock")
        self.server_lock = Lock(self.folder / "lock")

    def make(self, account: Account) -> None:
        """Create what is missing; folders above that exist keep their permissions, even if that makes them useless."""
        make_folders(self.folder, private=not account.dropped)
        closed = closed_part(self.folder, account)
        if closed is not None:
            raise DatabaseUnusable(
                f"The account {account.name}, under which PostgreSQL runs, cannot enter {closed}: "
                "open that folder, or set SCMHUB_HOME."
            )

    def major(self) -> int | None:
        """Major version of the data directory; None when there is no data yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def superuser_password(self) -> tuple[str, bool]:
        """The superuser's password, and whether it was made just now."""
        try:
            return self.password.read_text(), False
        except FileNotFoundError:
            password = secrets.token_urlsafe(32)
            write_private(self.password, password)
            return password, True

    def socket_folder(self, account: Account) -> Path:
        """An empty 0700 folder for the socket: ours, or a fresh one in a runtime folder where our path is too long."""
        folder = self.folder / "socket"
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            folder.mkdir(exist_ok=True)
        else:
            folder = Path(tempfile.mkdtemp(prefix="scmhub-", dir=_runtime_folder(account)))
        folder.chmod(0o700)
        account.own(folder)
        return folder

    def announce(self, address: Address) -> None:
        """Tell other commands how to reach the server."""
        write_private(self.info, json.dumps(asdict(address)))

    def forget(self) -> None:
        """Remove what was announced, and a socket folder outside ours that a killed hub left."""
        address = self._announced()
        self.info.unlink(missing_ok=True)
        if address is not None and (folder := Path(address.host)).name.startswith("scmhub-"):
            clear_socket(folder)
            if folder.is_dir():
                folder.rmdir()

    def running(self) -> Address | None:
        """The address of a server that accepts connections now."""
        address = self._announced()
        if address is None:
            return None
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(f"{address.host}/{_SOCKET_NAME}")
            except OSError:
                return None
        return address

    def _announced(self) -> Address | None:
        try:
            return Address(**{**json.loads(self.info.read_text()), "options": ()})
        except (FileNotFoundError, ValueError, TypeError):
            return None


def clear_socket(folder: Path) -> None:
    """Remove a dead server's socket and its lock file, whose process id may by now be somebody else's."""
    for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)


def _runtime_folder(account: Account) -> Path:
    """The first folder for short-lived files that PostgreSQL's account can enter."""
    for name in (os.environ.get("XDG_RUNTIME_DIR", ""), "/run" if account.dropped else "", tempfile.gettempdir()):
        if name and Path(name).is_dir() and os.access(name, os.W_OK) and closed_part(Path(name), account) is None:
            return Path(name)
    return Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
