"""Runs a PostgreSQL of our own, so that the hub works with nothing installed beside it.

acme tries the hub on a laptop: ``scmhub serve`` makes a database under HOME, starts a server that only this account
can reach (Unix socket, SCRAM), and stops it on the way out. Whatever kills the hub, the server follows it, and the next
start finds its data. Who owns the data directory is decided by locks, never by a process id written in a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scmhub.database.account import Account, choose_account
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.binaries import Binaries, clean_environment, find_binaries, reachable_copy
from scmhub.database.home import DATABASE, POLL_SECONDS, PORT, SUPERUSER, Home, clear_socket, sync_folder
from scmhub.settings import Settings

log = logging.getLogger(__name__)

START_SECONDS = 10.0
"""How long a second starter waits for the first to go."""
READY_SECONDS = 120.0
"""How long crash recovery may take."""
STOP_SECONDS = 30.0
RESTARTS, RESTART_WINDOW_SECONDS = 3, 60.0
_ORPHAN_SECONDS = 40.0
_QUIT_SECONDS = 10.0
_INITDB_SECONDS = 120.0
_WATCH_SECONDS = 0.1
_LOG_LINES = 8
_LOG_BYTES = 10_000_000
_PR_SET_PDEATHSIG = 1


class EmbeddedServer:
    """One supervised PostgreSQL. ``start`` and ``watch`` belong to the main thread, ``stop`` to any."""

    def __init__(
        self,
        home: Path,
        *,
        account: str = "",
        durable: bool = True,
        max_connections: int = 100,
        wait_seconds: float = START_SECONDS,
        binaries: Binaries | None = None,
    ) -> None:
        """``durable=False`` (fsync off) is for tests; ``binaries`` overrides the search."""
        self._home = Home(home)
        self._wanted_account = account
        self._durable = durable
        self._max_connections = max_connections
        self._wait_seconds = wait_seconds
        self._binaries = binaries
        self._account: Account | None = None
        self._socket: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._stopping = False

    @classmethod
    def configured(cls, settings: Settings) -> EmbeddedServer:
        """The server these settings ask for; database_url must be empty."""
        connections = max(100, settings.read_pool + settings.write_pool + 50)
        return cls(settings.home, account=settings.embedded_account, max_connections=connections)

    def start(self) -> Address:
        """Start, making the database on first use; the superuser's address. DatabaseUnusable carries one line."""
        self._prepare()
        if not self._home.hub_lock.acquire(self._wait_seconds):
            raise self._taken()
        return self._start_locked()

    def join(self) -> Address:
        """The address of the server another process runs on this folder; if there is none, ``start``."""
        self._prepare()
        deadline = time.monotonic() + self._wait_seconds
        while not self._home.hub_lock.acquire():
            address = self._home.running()
            if address is not None:
                return address
            if time.monotonic() >= deadline:
                raise self._taken()
            time.sleep(POLL_SECONDS)
        return self._start_locked()

    def stop(self) -> None:
        """Stop the server: politely, then at once; harmless when it does not run."""
        self._stopping = True
        process = self._process
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, _QUIT_SECONDS), (signal.SIGKILL, None)):
            if process is None or process.poll() is not None:
                break
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        self._process = None
        self._home.server_lock.close()
        if self._home.hub_lock.descriptor is not None:
            self._home.forget()
            self._home.hub_lock.close()

    async def watch(self) -> None:
        """Restart the server when it dies; returns after ``stop``; DatabaseUnusable when it dies too often.

        Runs on the main thread's loop: PostgreSQL follows the thread that forked it. Only the waiting is elsewhere.
        """
        deaths: list[float] = []
        while not self._stopping:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._stopping or self._process is None or self._process.poll() is None:
                continue
            now = time.monotonic()
            deaths = [death for death in deaths if now - death < RESTART_WINDOW_SECONDS] + [now]
            if len(deaths) > RESTARTS:
                raise DatabaseUnusable(f"PostgreSQL died {len(deaths)} times in a minute:\n{self._last_lines()}")
            log.error("PostgreSQL ended with status %s, restarting", self._process.returncode)
            with contextlib.suppress(DatabaseUnusable):
                await asyncio.to_thread(self._claim)
                if self._stopping:
                    self._home.server_lock.close()
                    return
                self._spawn()
                await asyncio.to_thread(self._await_ready)

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster, while one was started."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Address:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start the embedded server from the main thread: it ends with the thread that forked it")
        self._account = choose_account(self._wanted_account)
        self._home.make(self._account)

    def _taken(self) -> DatabaseUnusable:
        home = self._home.folder.parent
        return DatabaseUnusable(f"Another scmhub uses {home}: stop it, or set SCMHUB_HOME to another folder.")

    def _start_locked(self) -> Address:
        """Start while we hold the hub's lock; everything is put back if that fails."""
        self._stopping = False
        try:
            return self._launch()
        except BaseException:
            self.stop()
            raise

    def _launch(self) -> Address:
        account = self._known_account()
        self._home.forget()
        self._binaries = self._binaries or find_binaries(self._home.major())
        self._claim()
        self._binaries = reachable_copy(self._binaries, account, self._home.folder / "bin")
        password = self._ensure_data()
        self._socket = self._home.socket_folder(account)
        self._spawn()
        self._await_ready()
        address = Address(str(self._socket), PORT, SUPERUSER, password, DATABASE)
        self._home.announce(address)
        return address

    def _claim(self) -> None:
        """Wait until the last process of an earlier server is gone; only then is it safe to remove what it left."""
        lock = self._home.server_lock
        if lock.descriptor is None and not lock.acquire():
            if sys.platform != "linux" and self._binaries is not None:
                stop = [self._binaries.program("pg_ctl"), "stop", "-D", str(self._home.data), "-m", "fast"]
                subprocess.run(stop, check=False, capture_output=True, env=self._environment())  # noqa: S603
            if not lock.acquire(_ORPHAN_SECONDS):
                raise DatabaseUnusable(f"A PostgreSQL without a hub still uses {self._home.data} and does not end.")
        (self._home.data / "postmaster.pid").unlink(missing_ok=True)
        clear_socket(self._socket or self._home.folder / "socket")

    def _ensure_data(self) -> str:
        """The data directory with our database; the superuser's password. Killed half way, only ``pg.tmp`` is left."""
        shutil.rmtree(self._home.scratch, ignore_errors=True)
        password, fresh = self._home.superuser_password()
        if self._home.major() is None:
            self._initdb(password)
            self._single_user(self._home.scratch, f"create database {DATABASE}")
            self._home.scratch.rename(self._home.data)
            sync_folder(self._home.folder)
        elif fresh:
            self._single_user(self._home.data, f"alter role {SUPERUSER} password '{password}'")
        return password

    def _initdb(self, password: str) -> None:
        account, binaries = self._known_account(), self._known_binaries()
        scratch = self._home.scratch
        scratch.mkdir(mode=0o700)
        account.own(scratch)
        password_file = self._home.folder / "pg.password"
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(password)
            account.own(password_file)
            locale = ["--locale=C"]
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
            self._run(
                [binaries.program("initdb"), "-D", str(scratch), "-U", SUPERUSER, "-A", "scram-sha-256"]
                + [f"--pwfile={password_file}", "-E", "UTF8", "--data-checksums", *locale]
                + ([] if self._durable else ["--no-sync"])
            )
        finally:
            password_file.unlink(missing_ok=True)

    def _single_user(self, data: Path, statement: str) -> None:
        """One statement without a running server."""
        options = ["-c", "exit_on_error=on", *([] if self._durable else ["-c", "fsync=off"])]
        postgres = self._known_binaries().program("postgres")
        self._run([postgres, "--single", "-D", str(data), *options, "postgres"], statement + "\n")

    def _run(self, command: list[str], given: str = "") -> None:
        """A program of PostgreSQL to its end; it holds the lock too, so nobody cleans up under it."""
        process = self._popen(
            command, signal.SIGTERM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with process:
            try:
                output, _ = process.communicate(given.encode(), timeout=_INITDB_SECONDS)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            lines = "\n".join(output.decode(errors="replace").splitlines()[-_LOG_LINES:])
            raise DatabaseUnusable(f"{Path(command[0]).name} failed:\n{lines}")

    def _spawn(self) -> None:
        """Start the server; from here on the lock is its own, and ends with its last process."""
        if self._home.log.exists() and self._home.log.stat().st_size > _LOG_BYTES:
            self._home.log.rename(self._home.log.with_suffix(".old"))
        descriptor = os.open(self._home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._log_start = os.fstat(descriptor).st_size
        command = [self._known_binaries().program("postgres"), "-D", str(self._home.data)]
        for name, value in self._options().items():
            command += ["-c", f"{name}={value}"]
        try:
            self._process = self._popen(
                command, signal.SIGINT, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor
            )
        finally:
            os.close(descriptor)
            self._home.server_lock.close()

    def _options(self) -> dict[str, str]:
        options = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self._socket),
            "unix_socket_permissions": "0700",
            "max_connections": str(self._max_connections),
            "shared_buffers": "256MB",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # No value of a record: not of a statement that failed, nor of the row that a constraint refused.
            "log_error_verbosity": "terse",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
        }
        if not self._durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        return options

    def _popen(self, command: list[str], follow: signal.Signals, **streams: Any) -> subprocess.Popen[bytes]:
        descriptor = self._home.server_lock.descriptor
        assert descriptor is not None, "nothing of PostgreSQL runs without the lock"
        account = self._known_account()
        return subprocess.Popen(  # noqa: S603 - a path we found
            command, cwd=self._home.folder, env=self._environment(), umask=0o077, start_new_session=True,
            pass_fds=[descriptor], preexec_fn=_follow_parent(follow), **account.popen(), **streams,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        return clean_environment(self._known_binaries().bin, self._home.data)

    def _await_ready(self) -> None:
        """Wait for "ready" in the pid file of *this* process; its last log lines if it ends first."""
        process = self._process
        deadline = time.monotonic() + READY_SECONDS
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                lines = (self._home.data / "postmaster.pid").read_text(errors="replace").splitlines()
                if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                    return
            time.sleep(POLL_SECONDS)
        raise DatabaseUnusable(f"PostgreSQL did not start:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        with self._home.log.open("rb") as file:
            file.seek(max(self._log_start, file.seek(0, os.SEEK_END) - 10_000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-_LOG_LINES:])

    def _known_account(self) -> Account:
        assert self._account is not None
        return self._account

    def _known_binaries(self) -> Binaries:
        assert self._binaries is not None
        return self._binaries


def _follow_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child does before exec so that the kernel signals it when we die, however we die (Linux only).

    It runs after the change of user, which would clear the request. Everything it needs is looked up before the fork.
    """
    if sys.platform != "linux":
        return None
    prctl, parent, getppid, leave, value = ctypes.CDLL(None).prctl, os.getpid(), os.getppid, os._exit, int(number)

    def follow() -> None:
        if prctl(_PR_SET_PDEATHSIG, value, 0, 0, 0) != 0 or getppid() != parent:
            leave(1)

    return follow


@contextlib.contextmanager
def attach(settings: Settings) -> Iterator[Address]:
    """An administrator's address for one command: of the configured server, a running one, or one of our own."""
    if settings.database_url:
        yield Address.parse(settings.database_url)
        return
    server = EmbeddedServer.configured(settings)
    try:
        yield server.join()
    finally:
        server.stop()
