"""``scmhub import orders``: data on stdout, talk on stderr, an exit status a script can branch on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic.script import ScriptDirectory

import scmhub
from scmhub.database.migrate import migrations_folder
from scmhub.settings import Settings
from tests.conftest import TEST_SECRET, execute
from tests.exchange.conftest import EXCERPT, Desk
from tests.exchange.test_files import HEAD, MAP, ROW
from tests.support.forked import Commands, Done

_MAIN = "from scmhub.cli import main; main()"


@pytest.fixture
async def environ(desk: Desk, settings: Settings) -> dict[str, str]:
    """Variables of an operator's shell, for a database that is up to date."""
    await execute(
        desk.address, "create table alembic_version (version_num varchar(32) primary key)",
        f"insert into alembic_version values ('{ScriptDirectory(str(migrations_folder())).get_current_head()}')",
    )  # fmt: skip
    address = desk.address
    url = (
        f"postgresql://{address.user}:{quote(address.password)}@/{address.database}?host={quote(address.host, safe='')}"
    )
    return {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(scmhub.__file__).parents[1]), "SCMHUB_DATABASE_URL": url,
        "SCMHUB_SECRET": TEST_SECRET, "SCMHUB_HOME": str(settings.home), "SCMHUB_ALLOW_UNSAFE_DATABASE": "true",
    }  # fmt: skip


@pytest.fixture
def load(commands: Commands, environ: dict[str, str]) -> Callable[..., Done]:
    """Runs the command with these arguments."""
    return lambda *arguments: commands.run(environ, "import", "orders", *arguments)


async def test_json_is_one_report_and_nothing_else(desk: Desk, load: Callable[..., Done]) -> None:
    done = load(str(EXCERPT), "--map", "scms", "--as", "SCMS", "--json", "--limit", "3")
    assert done.status == 0, done.err
    report = json.loads(done.out)
    assert (report["mode"], report["rows"], report["counts"]["lines"]["created"]) == (
        "DRY_RUN", {"read": 120, "used": 120}, 120,
    )  # fmt: skip
    assert len(report["findings"]["listed"]) == 3
    assert report["findings"]["total"] == sum(each["count"] for each in report["findings"]["summary"])
    assert await desk.value("select count(*) from partner where code <> 'HUB'") == 0


async def test_apply_writes_and_the_table_is_for_people(desk: Desk, load: Callable[..., Done]) -> None:
    done = load(str(EXCERPT), "--map", "scms", "--as", "SCMS", "--apply")
    assert done.status == 0, done.err
    assert "schedule_lines" in done.out
    assert "\x1b" not in done.out + done.err
    assert await desk.value("select count(*) from order_line") == 120


async def test_what_was_left_out_is_exit_3_and_the_rest_is_imported(
    desk: Desk, load: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_bytes(MAP)
    (tmp_path / "file.csv").write_text("\n".join((HEAD, ROW, ROW.replace("P1,1", "P2,2").replace(",5,", ",[bold]5,"))))
    done = load(str(tmp_path / "file.csv"), "--map", str(tmp_path / "map.toml"), "--as", "SCMS", "--apply")
    assert done.status == 3
    assert "[bold]5" in done.out
    assert "Traceback" not in done.err
    assert await desk.rows("select buyer_number from purchase_order") == [("P1",)]


@pytest.mark.parametrize(
    ("file", "given", "status", "said"),
    [
        ("missing.csv", "scms", 2, "Cannot read"),
        (str(EXCERPT), "scm", 2, "maps of the hub: scms"),
        (__file__, "scms", 2, "The file has no column"),
        (str(Path(__file__).parent), "scms", 2, "Cannot read"),
    ],
)
def test_mistakes_are_one_line_and_a_status(
    load: Callable[..., Done], file: str, given: str, status: int, said: str
) -> None:
    done = load(file, "--map", given, "--as", "SCMS")
    assert (done.status, done.out) == (status, "")
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_a_partner_code_that_cannot_be_one_is_refused(load: Callable[..., Done]) -> None:
    done = load(str(EXCERPT), "--map", "scms", "--as", "no such code")
    assert (done.status, done.out) == (3, "")


def test_help_is_there_at_once(environ: dict[str, str]) -> None:
    """Heavy imports wait for the work."""
    command = [sys.executable, "-X", "importtime", "-c", _MAIN, "import", "orders", "--help"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0
    assert not any(name in done.stderr for name in ("sqlmodel", "strawberry", "sqlalchemy"))
