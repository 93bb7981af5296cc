"""What README.md and the guides show is what the hub does: every query is asked, every marked command is run.

A block ```graphql CODE is asked as that firm of the demo, told on 2 March 2026. A ```json block behind it is the whole
answer. ```sh run blocks are run in a shell next to a running demo. ``README_REWRITE=1`` writes the answers anew: read
the difference before you commit it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import httpx2
import orjson
import pytest
from graphql import parse, validate

import scmhub
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.schema import load_schema
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET, clone
from tests.demo.telling import Told, filled_template
from tests.docs.fences import ROOT, Block, blocks, guides, packed

ALL = [block for path in guides() for block in blocks(path)]
QUERIES = [block for block in ALL if block.words[:1] == ("graphql",)]
ANSWERS = {asked: shown for asked, shown in pairwise(ALL) if asked in QUERIES and shown.words == ("json",)}
COMMANDS = [block for block in ALL if block.words == ("sh", "run")]


@pytest.mark.parametrize("block", QUERIES, ids=str)
def test_every_query_fits_the_schema(block: Block) -> None:
    assert validate(load_schema().core, parse(block.text)) == []
    assert len(block.words) == 2, "say as which firm it is asked: ```graphql VELO"


async def test_every_query_answers_what_is_shown(told: Told) -> None:
    """In the order of the page: what one block changes, the next one finds. What is only ``shown`` needs a person."""
    for block in (each for each in QUERIES if each.words[1] != "shown"):
        data = await told.ask(block.words[1], block.text)
        if block not in ANSWERS:
            continue
        if os.environ.get("README_REWRITE"):
            _rewrite(block, ANSWERS[block], packed(data) + "\n")
        else:
            assert orjson.loads(ANSWERS[block].text) == data, f"{ANSWERS[block]}: run with README_REWRITE=1"


def _rewrite(asked: Block, shown: Block, text: str) -> None:
    whole, head = shown.path.read_text(), f"{asked.text}```\n```json\n"
    assert whole.count(head + shown.text) == 1, f"{asked}: this block stands twice in the file"
    shown.path.write_text(whole.replace(head + shown.text, head + text))


def test_the_readme_asks_as_every_firm() -> None:
    asked = {block.words[1] for block in QUERIES if block.path == ROOT / "README.md"}
    assert asked - {"shown"} == {"VELO", "TORQ", "KINE", "CELL", "CAST", "HAUL"}


def test_every_shell_block_says_whether_it_is_run() -> None:
    """Blocks that install something or run for ever are marked ``shown``; test_packaging runs what they say."""
    unmarked = [
        str(block) for block in ALL if block.words[:1] == ("sh",) and block.words[1:] not in (("run",), ("shown",))
    ]
    assert unmarked == []


@pytest.fixture(scope="module")
async def environment(
    server: Address, template: str, settings: Settings, secret: HubSecret, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, str]]:
    """Variables under which ``scmhub`` finds a database with the demo in it."""
    name = await filled_template(server, template, settings, secret)
    async with clone(server, name) as address:
        yield {
            "PATH": f"{_command(tmp_path_factory.mktemp('bin'))}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(scmhub.__file__).parents[1]),
            "HOME": os.environ.get("HOME", "/"),
            "SCMHUB_PORT": str(free_port()),
            "SCMHUB_SECRET": TEST_SECRET,
            "SCMHUB_ALLOW_UNSAFE_DATABASE": "true",
            "SCMHUB_DATABASE_URL": f"postgresql://{address.user}:{address.password}@/{address.database}"
            f"?host={address.host}&port={address.port}",
        }


def _command(folder: Path) -> Path:
    """A folder with ``scmhub`` in it: this code, whether or not it is installed."""
    script = folder / "scmhub"
    script.write_text(f"#!{sys.executable}\nfrom scmhub.cli import main\n\nmain()\n")
    script.chmod(0o755)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _which(environment: dict[str, str]) -> str:
    found = shutil.which("scmhub", path=environment["PATH"])
    assert found
    return found


@pytest.fixture(scope="module")
def running(environment: dict[str, str]) -> Iterator[str]:
    """What ``scmhub demo`` prints on stdout, while it runs."""
    with subprocess.Popen([_which(environment), "demo"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Stop with"):
                break
        yield "".join(lines)
        process.send_signal(signal.SIGINT)
        process.wait(30)


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_every_marked_command_runs(block: Block, environment: dict[str, str], running: str) -> None:
    script = block.text.replace(":8000", f":{environment['SCMHUB_PORT']}")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"errors"' not in done.stdout


def test_the_welcome_works_as_printed(environment: dict[str, str], running: str) -> None:
    """Six tokens that open the hub as six firms, and a curl command to paste."""
    lines = running.splitlines()
    tokens = {lines[at - 1][:4]: line for at, line in enumerate(lines) if line.startswith("eyJ")}
    assert list(tokens) == ["VELO", "TORQ", "KINE", "CELL", "CAST", "HAUL"]
    url = f"http://127.0.0.1:{environment['SCMHUB_PORT']}"
    with httpx2.Client(trust_env=False) as client:
        for code, token in tokens.items():
            asked = client.post(
                f"{url}/graphql", json={"query": "{ viewer { code } }"}, headers={"authorization": f"Bearer {token}"}
            )
            assert asked.json()["data"] == {"viewer": {"code": code}}
        assert client.get(f"{url}/explore").status_code == 200
    [curl] = [line for line in lines if line.startswith("curl ")]
    done = subprocess.run(["bash", "-c", curl], env=environment, capture_output=True, text=True, check=True)
    assert orjson.loads(done.stdout)["data"]["viewer"] == {"code": "VELO", "name": "Velora Bikes B.V."}


def test_a_token_is_printed_alone(environment: dict[str, str], running: str) -> None:
    done = subprocess.run(
        [_which(environment), "token", "--partner", "CAST"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == 1
    assert done.stdout.startswith("eyJ")


def test_a_taken_port_is_said_before_anything_starts(environment: dict[str, str], running: str) -> None:
    done = subprocess.run([_which(environment), "demo"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "set SCMHUB_PORT" in " ".join(done.stderr.split())
