"""The wheel is whole: away from the checkout it migrates, fills and serves the demo from what is in it."""

from __future__ import annotations

import os
import signal
import site
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from tests.docs.fences import ROOT
from tests.docs.test_readme import free_port


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by hatchling, as pip and the Dockerfile do."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("scmhub-*.whl")
    return built


def test_everything_that_is_not_python_is_in_the_wheel(wheel: Path) -> None:
    found = set(zipfile.ZipFile(wheel).namelist())
    wanted = {"scmhub/py.typed"}
    static = Path("src/scmhub/graph/transport/static")
    wanted |= {f"scmhub/graph/transport/static/{path.name}" for path in (ROOT / static).iterdir()}
    wanted |= {
        f"scmhub/{path.relative_to(ROOT)}"
        for path in (ROOT / "migrations").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - found == set()
    assert [name for name in found if name.startswith(("tests", "benchmarks"))] == []


@pytest.fixture(scope="module")
def away(wheel: Path) -> Iterator[Path]:
    """A new environment in a folder outside the checkout: the wheel, and the packages of this one behind it."""
    with tempfile.TemporaryDirectory(prefix="scmhub-wheel-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the account PostgreSQL runs under when the tests run as root
        venv.create(folder / "venv", symlinks=True)
        [packages] = (folder / "venv").glob("lib/python*/site-packages")
        zipfile.ZipFile(wheel).extractall(packages)
        (packages / "others.pth").write_text("\n".join(site.getsitepackages()))
        yield folder


def test_the_demo_runs_from_the_wheel(away: Path) -> None:
    """Packages of the environment come later on the path than the wheel's own, so ``scmhub`` is the wheel's."""
    script = "import scmhub, sys; sys.stderr.write(scmhub.__file__ + '\\n'); from scmhub.cli import main; main()"
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SCMHUB_HOME": str(away / "home"),
        "SCMHUB_PORT": str(free_port()),
    }  # fmt: skip
    process = subprocess.Popen(
        [away / "venv/bin/python", "-c", script, "demo"], cwd=away, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        welcome = "".join(takewhile(lambda line: line != "Stop with Ctrl-C.\n", process.stdout))
        process.send_signal(signal.SIGINT)
        talk = process.communicate(timeout=60)[1]
    assert talk.startswith(str(away))
    assert "Filled in" in talk
    assert "TORQ  Torq Antriebe GmbH" in welcome
