"""Starts the benchmark's processes, reads their CPU time from /proc, and ends each one by its own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class Child:
    """One process in its own session, started here and ended here; its output goes to a log file."""

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str], log: Path, cwd: Path) -> None:
        self.name, self.log = name, log
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, signum: int = signal.SIGTERM, patience_seconds: float = 10.0) -> None:
        """Ask, wait, then kill this pid and the descendants it still has; nothing else."""
        if not self.running():
            return
        members = tree(self.pid)
        self._process.send_signal(signum)
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            for pid in members:
                _kill(pid)
            self._process.wait(patience_seconds)

    def await_ready(self, ready: Callable[[], bool], limit_seconds: float = 60.0) -> None:
        """Wait until ``ready``; RuntimeError with the end of the log if the process dies or the limit passes."""
        deadline = time.monotonic() + limit_seconds
        while not ready():
            if not self.running() or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not come up:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether a connection to the loopback port succeeds."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command name, or None if the process is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def tree(root: int) -> list[int]:
    """``root`` and every living descendant."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children[pid]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time, user and system, of a process tree including descendants that have ended and been waited for."""
    ticks = 0
    for pid in tree(root):
        if fields := _stat(pid):
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS_PER_SECOND
