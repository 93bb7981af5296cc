"""Commands of an operator's shell, each in a process of its own, forked from one that has read all the code already.

Starting Python, importing the hub and building its schema takes seconds of CPU for each command. That commands also
start from nothing is proved by the tests of ``tests/cli``, ``tests/docs`` and ``tests/packaging``.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import scmhub
from scmhub.cli import main
from scmhub.schema import load_schema

_ROOTS = (Path(scmhub.__file__).parents[1], Path(__file__).parents[2])


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def row(self) -> dict[str, Any]:
        """The one row of JSON on its output."""
        [found] = json.loads(self.out)
        return dict(found)


class Commands:
    """Runs ``scmhub`` with arguments and variables, one command after the other."""

    def __init__(self) -> None:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(map(str, _ROOTS))}
        self._one_at_a_time = threading.Lock()
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked"], env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, environ: Mapping[str, str], *arguments: str) -> Done:
        """Waits for the command's end; call it from a thread if it needs your event loop."""
        assert self._parent.stdin
        assert self._parent.stdout
        with self._one_at_a_time, tempfile.TemporaryDirectory() as folder:
            json.dump([dict(environ), arguments, folder], self._parent.stdin)
            self._parent.stdin.write("\n")
            self._parent.stdin.flush()
            status = int(self._parent.stdout.readline())
            out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
        return Done(status, out, err)

    def close(self) -> None:
        self._parent.communicate(timeout=60)


def _serve() -> None:
    """Reads commands until the end of stdin, and says the status of each."""
    for each in pkgutil.walk_packages(scmhub.__path__, "scmhub."):
        importlib.import_module(each.name)
    load_schema()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        assert threading.active_count() == 1, "a process with threads must not be forked"
        child = os.fork()
        if not child:
            _become(*json.loads(line))
            _run()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(environ: dict[str, str], arguments: list[str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["scmhub", *arguments]
    written = os.O_WRONLY | os.O_CREAT
    for number, (name, how) in enumerate(
        [(os.devnull, os.O_RDONLY), (f"{folder}/out", written), (f"{folder}/err", written)]
    ):
        opened = os.open(name, how, 0o600)
        os.dup2(opened, number)
        os.close(opened)


def _run() -> NoReturn:
    """The command, with the status Python would leave with; taking down what the parent has read is no part of it."""
    status: object = 1
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    _serve()
