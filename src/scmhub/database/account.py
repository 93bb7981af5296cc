"""Which account the embedded PostgreSQL runs under, and which paths that account can reach."""

from __future__ import annotations

import logging
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scmhub.database.address import DatabaseUnusable

log = logging.getLogger(__name__)

_ACCOUNTS = ("scmhub", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of this machine; ``dropped`` when the hub itself is root and PostgreSQL must not be."""

    name: str
    uid: int
    gid: int
    dropped: bool

    def popen(self) -> dict[str, Any]:
        """Arguments that make a child process run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}

    def own(self, path: Path) -> None:
        """Hand a file or folder of ours to this account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_account(wanted: str) -> Account:
    """The account for PostgreSQL: our own or, when we are root, an existing one without power; none is created."""
    uid = os.geteuid()
    if uid != 0:
        try:
            return Account(pwd.getpwuid(uid).pw_name, uid, os.getegid(), dropped=False)
        except KeyError:
            raise DatabaseUnusable(
                f"User id {uid} has no passwd entry, without which PostgreSQL's initdb does not run: "
                "add one, or set SCMHUB_DATABASE_URL."
            ) from None
    for name in [wanted] if wanted else _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise DatabaseUnusable(f"SCMHUB_EMBEDDED_ACCOUNT={name} is root, which PostgreSQL refuses to run as.")
        if name == "nobody":
            log.warning(
                "embedded PostgreSQL runs as nobody, which other daemons may share: set SCMHUB_EMBEDDED_ACCOUNT"
            )
        return Account(name, entry.pw_uid, entry.pw_gid, dropped=True)
    raise DatabaseUnusable(
        f"PostgreSQL does not run as root and there is no account {wanted or ' or '.join(_ACCOUNTS)}: "
        "set SCMHUB_EMBEDDED_ACCOUNT or SCMHUB_DATABASE_URL."
    )


def closed_part(path: Path, account: Account) -> Path | None:
    """The first folder on the way to ``path`` that the account cannot enter, or ``path`` if it cannot read that."""
    path = path.resolve()
    for part in [*reversed(path.parents), path]:
        folder = part.is_dir()
        if not _allowed(part, account, execute=folder, read=part == path):
            return part
    return None


def _allowed(path: Path, account: Account, *, execute: bool, read: bool) -> bool:
    """Whether permission bits let the account in. Extended rights are ignored: the answer errs towards closed."""
    found = path.stat()
    need = (1 if execute else 0) | (4 if read else 0)
    if found.st_uid == account.uid:
        bits = stat.S_IMODE(found.st_mode) >> 6
    elif found.st_gid == account.gid:
        bits = stat.S_IMODE(found.st_mode) >> 3
    else:
        bits = stat.S_IMODE(found.st_mode)
    return bits & need == need
