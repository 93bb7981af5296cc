"""A hub that is told to stop ends in order, whenever that is: its database stopped, nothing left lying about, status 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scmhub
from scmhub.cli.talk import say
from scmhub.database.home import Home
from tests.conftest import TEST_SECRET
from tests.database.hub import open_folder, server_is_gone

LISTENING, STARTING = "Uvicorn running", "Starting PostgreSQL"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One data folder for all: made by the first start, found by the next ones."""
    with open_folder() as folder:
        yield folder


def started(home: Path, until: str, command: str = "serve") -> subprocess.Popen[str]:
    """The hub's process, once it has said so on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from scmhub.cli import main; main()", command], stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env={
            "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(scmhub.__file__).parents[1]), "SCMHUB_PORT": "0",
            "SCMHUB_HOME": str(home), "SCMHUB_SECRET": TEST_SECRET, "SCMHUB_ALLOW_UNSAFE_DATABASE": "true",
        },
    )  # fmt: skip
    assert process.stderr is not None
    assert any(until in line for line in process.stderr)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("until", [LISTENING, STARTING])
def test_a_signal_ends_the_hub_in_order(home: Path, until: str, number: signal.Signals) -> None:
    with started(home, until) as process:
        process.send_signal(number)
        out, talk = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), talk
    assert "Traceback" not in talk
    assert not Home(home).info.exists()
    assert server_is_gone(home)


def test_what_is_said_to_a_file_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    sentence = "Nothing wraps this at eighty columns, because whoever reads it is a program or a file, not a screen."
    say(sentence)
    assert capfd.readouterr().err == sentence + "\n"
