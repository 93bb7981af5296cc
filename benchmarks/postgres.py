"""The benchmark's own PostgreSQL: system binaries, a private folder, loopback only, ended with the run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import Child, free_port

BINARIES = Path(os.environ.get("BENCH_PG_BIN", "/usr/lib/postgresql/15/bin"))
ACCOUNT = os.environ.get("BENCH_PG_ACCOUNT", "postgres")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "120",
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "synchronous_commit": "off",
    "track_io_timing": "off",
    "unix_socket_directories": "",
}
"""One set for every server. Autovacuum is off so that it does not land in one server's round: the seed runs VACUUM."""


class Postgres:
    """One cluster in ``folder``; ``url(database)`` is a superuser's, on loopback with trust authentication."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._child: Child | None = None

    def start(self) -> None:
        """Make the cluster if the folder is empty, then start it and wait until it answers."""
        files = self.folder / "data"
        if not (files / "PG_VERSION").exists():
            self._create(files)
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(BINARIES / "postgres"), "-D", str(files), "-p", str(self.port), *options]
        self._child = Child("postgres", _as_account(command), os.environ, self.folder / "postgres.log", self.folder)
        ready = [str(BINARIES / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self._child.await_ready(lambda: subprocess.run(ready, check=False).returncode == 0)

    def _create(self, files: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT)
        command = [
            str(BINARIES / "initdb"),
            "-D",
            str(files),
            "-U",
            "bench",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        subprocess.run(_as_account(command), check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    @property
    def pid(self) -> int:
        if self._child is None:
            raise RuntimeError("PostgreSQL is not started")
        return self._child.pid

    def url(self, database: str) -> str:
        return f"postgresql://bench@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Fast shutdown: open sessions are ended, the files stay consistent."""
        if self._child is not None:
            self._child.stop(signal.SIGINT, patience_seconds=60)

    def version(self) -> str:
        text = subprocess.run([str(BINARIES / "postgres"), "--version"], check=True, capture_output=True, text=True)
        return text.stdout.strip().removeprefix("postgres (PostgreSQL) ")


def _as_account(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root, so root hands it to an account without rights."""
    if os.geteuid() != 0:
        return list(command)
    account = pwd.getpwnam(ACCOUNT)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *command]
