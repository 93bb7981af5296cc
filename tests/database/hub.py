"""Runs ``hub_process.py`` and waits for what it says, or for what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import scmhub
from scmhub.database.home import Home, Lock

AS_ROOT = os.geteuid() == 0
_SOURCES = str(Path(scmhub.__file__).parents[1])


class Hub:
    """One hub process in a process group of its own; killed at the end of the block if it still runs."""

    def __init__(
        self, home: Path, *, account: str = "", user: int | None = None, wait: float = 0.0, **environ: str
    ) -> None:
        self._home = home
        self._has_server = False
        script = str(Path(__file__).with_name("hub_process.py"))
        command = [sys.executable, script, str(home), account, str(wait), str(user or 0)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd="/",
            env={"PATH": os.environ["PATH"], "PYTHONPATH": _SOURCES, **environ},
        )  # fmt: skip

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        if self._has_server:
            server_is_gone(self._home)

    def hear(self) -> dict[str, Any]:
        """The next line it says."""
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        self._has_server = self._has_server or "pid" in said
        return said

    def ask(self, sql: str) -> dict[str, Any]:
        """The answer to a statement."""
        assert self.process.stdin is not None
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> int:
        """Let it end in order; its exit status."""
        self.process.communicate("\n", timeout=30)
        return self.process.returncode

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Return as soon as the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        select.select([], [], [], 0.005)


def server_is_gone(home: Path) -> bool:
    """Wait until the last process of the home's server has ended, as its lock tells."""
    lock = Lock(Home(home).folder / "lock")
    free = lock.acquire(30)
    lock.close()
    return free


def runs(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that other accounts may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="scmhub-home-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
