"""The embedded server: private, stopped with its hub, restarted when it dies, never fooled by what a crash left."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import threading
from pathlib import Path

import asyncpg
import pytest

from scmhub.database.address import DatabaseUnusable
from scmhub.database.binaries import find_binaries
from scmhub.database.embedded import RESTARTS, EmbeddedServer, attach
from scmhub.database.home import Home
from scmhub.settings import Settings

from .hub import AS_ROOT, Hub, open_folder, runs, server_is_gone, until

as_root = pytest.mark.skipif(not AS_ROOT, reason="only root drops to another account")
NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_server_answers_only_its_account_on_a_private_socket_with_the_password(home: Path) -> None:
    before = os.umask(0o077)  # a tight umask of the caller must not shut PostgreSQL's account out
    try:
        server = EmbeddedServer(home, durable=False)
        with server as address:
            folder = Home(home).folder
            connection = await address.connect()
            assert await connection.fetchval("show listen_addresses") == ""
            assert await connection.fetchval("show server_encoding") == "UTF8"
            assert await connection.fetchval("show data_checksums") == "on"
            assert await connection.fetchval("select current_database()") == "scmhub"
            assert await connection.fetchval("show jit") == "off"
            await connection.close()
            assert mode(folder / "socket") == mode(folder / "pg") == 0o700
            assert mode(folder / "password") == mode(folder / "connection.json") == 0o600
            with pytest.raises(asyncpg.InvalidPasswordError):
                await address.login(address.user, "guess").connect()
            assert server.pid is not None
            owner = Path(f"/proc/{server.pid}").stat().st_uid
            assert owner != 0
            assert owner == (folder / "pg").stat().st_uid
        assert not (folder / "connection.json").exists()
        assert server_is_gone(home)
    finally:
        os.umask(before)


async def test_data_survives_a_stop_and_a_start(used: Path) -> None:
    with EmbeddedServer(used, durable=False) as address:
        connection = await address.connect()
        await connection.execute("create table kept (x int)")
        await connection.close()
    with EmbeddedServer(used, durable=False) as address:
        connection = await address.connect()
        assert await connection.fetchval("select count(*) from kept") == 0
        await connection.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_server_follows_a_killed_hub_and_the_next_start_finds_what_was_committed(
    used: Path, number: signal.Signals
) -> None:
    with Hub(used) as hub:
        hub.hear()
        pid = hub.ask("create table kept as select 7 as x")["pid"]
        hub.kill(number)
        assert server_is_gone(used)
        assert not runs(pid)
    with Hub(used) as hub:
        hub.hear()
        assert hub.ask("select x from kept")["answer"] == "7"
        assert hub.end() == 0


def test_ctrl_c_reaches_the_hub_and_not_the_database_below_it(used: Path) -> None:
    with Hub(used) as hub:
        hub.hear()
        os.killpg(hub.process.pid, signal.SIGINT)
        assert hub.hear() == {"interrupted": True}
        assert hub.ask("select 'still here'")["answer"] == "still here"
        assert hub.end() == 0


def test_a_dead_postmaster_is_replaced(used: Path) -> None:
    with Hub(used) as hub:
        first = hub.hear()["pid"]
        os.kill(first, signal.SIGKILL)
        home = Home(used)
        until(lambda: _ready_pid(home) not in {None, first})
        answer = hub.ask("select 1")
        assert answer["answer"] == "1"
        assert answer["pid"] != first
        assert hub.end() == 0


async def test_a_server_that_keeps_dying_ends_the_hub_with_its_last_words(used: Path) -> None:
    server = EmbeddedServer(used, durable=False)
    with server:
        watcher = asyncio.create_task(server.watch())
        (Home(used).data / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        with pytest.raises(DatabaseUnusable, match="no_such_setting") as caught:
            await watcher
        assert f"died {RESTARTS + 1} times" in str(caught.value)


def test_a_second_starter_gets_one_line_that_names_the_folder(used: Path) -> None:
    with Hub(used) as first, Hub(used) as second:
        said = [first.hear(), second.hear()]
        assert sorted("unusable" in one for one in said) == [False, True]
        line = next(one["unusable"] for one in said if "unusable" in one)
        assert str(used) in line
        assert "\n" not in line


def test_a_second_starter_waits_for_the_first_to_end(used: Path) -> None:
    with Hub(used) as first:
        first.hear()
        with Hub(used, wait=30) as second:
            assert first.end() == 0
            assert second.hear()["host"] == str(Home(used).folder / "socket")


async def test_a_second_command_joins_a_running_server_and_leaves_it_running(used: Path) -> None:
    settings = Settings(home=used)  # type: ignore[call-arg]
    with Hub(used) as hub:
        hub.hear()
        with attach(settings) as address:
            connection = await address.connect()
            assert await connection.fetchval("select 5") == 5
            await connection.close()
        assert hub.ask("select 6")["answer"] == "6"


async def test_a_command_alone_starts_a_server_for_its_own_time(used: Path) -> None:
    with attach(Settings(home=used)) as address:  # type: ignore[call-arg]
        connection = await address.connect()
        assert await connection.fetchval("show fsync") == "on"
        await connection.close()
    assert server_is_gone(used)
    with attach(Settings(database_url="postgresql://me:secret@db.example:6432/hub")) as address:  # type: ignore[call-arg]
        assert (address.host, address.port, address.user, address.database) == ("db.example", 6432, "me", "hub")
        assert "secret" not in repr(address)


@pytest.mark.parametrize(
    "content", ["", "12", f"{os.getpid()}\n/elsewhere\n1\n5432\n/x\n\n 1 2\nready   \n", "\x00\xff"],
    ids=["empty", "number", "elsewhere", "bytes"],
)  # fmt: skip
def test_what_a_crash_left_is_removed_whatever_process_has_its_number_now(used: Path, content: str) -> None:
    home = Home(used)
    (home.data / "postmaster.pid").write_text(content)
    (home.folder / "socket" / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{home.data}\n")
    with EmbeddedServer(used, durable=False):
        assert _ready_pid(home) is not None


def test_the_callers_environment_steers_nothing(home: Path) -> None:
    hostile = {
        "PGHOST": "db.example", "PGPORT": "1", "PGUSER": "mallory", "PGPASSWORD": "wrong", "PGDATABASE": "other",
        "PGSERVICE": "theirs", "PGSERVICEFILE": "/nowhere", "PGPASSFILE": "/nowhere", "PGSSLMODE": "verify-full",
        "PGSSLNEGOTIATION": "direct", "PGTARGETSESSIONATTRS": "standby", "PGDATA": "/nowhere", "PGOPTIONS": "-c jit=on",
        "PGTZ": "Asia/Tokyo", "TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "LANG": "ja_JP.eucJP", "HOME": "/nowhere",
    }  # fmt: skip
    with Hub(home, **hostile) as hub:
        assert "pid" in hub.hear()
        state = "current_user || current_setting('timezone') || current_setting('lc_messages') || inet_server_port()"
        assert hub.ask(f"select concat({state.replace(' || ', ', ')})")["answer"] == "scmhubUTCC"


def test_initdb_killed_half_way_leaves_nothing_half_made(home: Path) -> None:
    with Hub(home) as hub:
        until((Home(home).scratch / "PG_VERSION").exists)
        hub.kill()
    assert not Home(home).data.exists()
    with Hub(home) as hub:
        assert "pid" in hub.hear()
        assert not Home(home).scratch.exists()
        assert hub.ask("select current_database()")["answer"] == "scmhub"


def test_a_lost_password_file_is_replaced(used: Path) -> None:
    Home(used).password.unlink()
    with Hub(used) as hub:
        hub.hear()
        assert hub.ask("select 1")["answer"] == "1"


def test_a_broken_data_directory_is_reported_with_the_servers_words(used: Path) -> None:
    (Home(used).data / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(DatabaseUnusable, match="nonsense"):
        EmbeddedServer(used, durable=False).start()
    assert server_is_gone(used)


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(made: Path, home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(parents=True)
    _copy(made, home.parent / "copy").rename(deep)
    with Hub(deep) as hub:
        first = Path(hub.hear()["host"])
        assert mode(first) == 0o700
        assert len(str(first)) < 80
        assert hub.ask("select 1")["answer"] == "1"
        hub.kill()
    with Hub(deep) as hub:
        second = Path(hub.hear()["host"])
        assert hub.end() == 0
    assert not first.exists(), "the next start removes what a killed hub left"
    assert not second.exists()


def test_it_is_started_from_the_main_thread_only(home: Path) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            EmbeddedServer(home).start()
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(failures) == 1


async def test_data_goes_to_the_program_of_its_own_major(home: Path) -> None:
    try:
        fifteen = find_binaries(15)
    except DatabaseUnusable:
        pytest.skip("no PostgreSQL 15 here")
    with EmbeddedServer(home, durable=False, binaries=fifteen):
        pass
    with EmbeddedServer(home, durable=False) as address:  # whose own choice for an empty home may be newer
        connection = await address.connect()
        assert connection.get_server_version().major == 15
        await connection.close()


def test_data_of_a_major_that_is_not_installed_is_one_line(used: Path) -> None:
    (Home(used).data / "PG_VERSION").write_text("14\n")
    with pytest.raises(DatabaseUnusable, match=r"PostgreSQL 14, which is not installed.*scmhub db upgrade"):
        EmbeddedServer(used, durable=False).start()


@as_root
def test_a_closed_parent_is_named_and_left_closed() -> None:
    with open_folder() as folder:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(DatabaseUnusable, match=f"cannot enter {closed}:"):
            EmbeddedServer(closed / "home", durable=False).start()
        assert mode(closed) == 0o700


@as_root
def test_root_never_becomes_the_servers_account(home: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="is root"):
        EmbeddedServer(home, account="root").start()
    with pytest.raises(DatabaseUnusable, match="no account nosuchaccount"):
        EmbeddedServer(home, account="nosuchaccount").start()


@as_root
def test_a_hub_without_root_runs_the_server_as_itself(home: Path) -> None:
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    home.chmod(0o700)
    with Hub(home, user=NOBODY) as hub:
        pid = hub.hear()["pid"]
        assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
        assert hub.ask("select 1")["answer"] == "1"
        hub.kill()
    assert server_is_gone(home)


@as_root
def test_a_user_id_without_passwd_entry_is_one_line(home: Path) -> None:
    with Hub(home, user=54321) as hub:
        assert "no passwd entry" in hub.hear()["unusable"]


@as_root
def test_a_home_of_another_account_is_one_line(used: Path) -> None:
    with Hub(used, user=NOBODY) as hub:
        assert "belongs to another account" in hub.hear()["unusable"]


def _ready_pid(home: Home) -> int | None:
    """The process id in the pid file of a server that is ready."""
    try:
        lines = (home.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    return int(lines[0]) if len(lines) >= 8 and lines[7].strip() == "ready" else None


def _copy(source: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", source, target], check=True)
    return target
