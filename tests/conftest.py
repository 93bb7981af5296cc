"""One PostgreSQL per run (fsync off, allowed by the test setting), one migrated template, a clone of it per test."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from scmhub.clock import Clock, system_clock
from scmhub.database.address import Address
from scmhub.database.binaries import Binaries, find_binaries
from scmhub.database.embedded import EmbeddedServer
from scmhub.database.home import Home
from scmhub.database.migrate import migrate
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database
from scmhub.schema import load_schema
from scmhub.settings import Settings
from tests.support.forked import Commands
from tests.support.wary import Wary

TEST_SECRET = "a secret that only tests know, 32+ characters"
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain http: reading those of the system takes longer than a request."""
_TEMPLATE = "hub_template"
_ROOM_FOR_CLONES = 4 * 2**30
_numbers = itertools.count(1)
_LONGEST = (
    "leaks/test_mutants", "leaks/test_canary", "leaks/test_non_interference", "leaks/test_metamorphic",
    "plans/test_plans", "feed/test_chaos", "docs/test_readme", "docs/test_guides", "packaging/test_wheel",
    "demo/test_live", "identity/test_code_flow", "exchange/test_files", "leaks/test_evidence", "database/test_embedded",
)  # fmt: skip
"""Files that take longest. They come first, so that at the end no process works on one while the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {f"tests/{name}.py": number for number, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))


def pytest_collection_finish() -> None:
    """What was read so far stays to the end; nothing in it is searched for garbage again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def wary() -> Iterator[Wary]:
    """Knows each secret of the run, and reads every log."""
    load_schema()  # so that whatever makes secrets is imported
    made = Wary()
    made.learn("hub secret", TEST_SECRET)
    with made.listening():
        yield made


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(wary: Wary) -> Iterator[None]:
    """Each test fails during which a secret, a token or a code was written to a log."""
    wary.written.clear()
    yield
    assert wary.written == []


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings of a hub under test."""
    with tempfile.TemporaryDirectory(prefix="scmhub-test-", dir=_in_memory()) as home:
        # mkdtemp gives 0700, which would shut out the account PostgreSQL runs under when the tests run as root
        Path(home).chmod(0o755)
        yield Settings(home=Path(home), secret=TEST_SECRET, allow_unsafe_database=True, read_pool=4, write_pool=2)  # type: ignore[call-arg]


def _in_memory() -> str | None:
    """Where files are kept in memory, if there is plenty of it: cloning a database there takes a tenth of the time."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > _ROOM_FOR_CLONES
    return str(shared) if roomy else None


@pytest.fixture(scope="session")
def secret() -> HubSecret:
    return HubSecret(TEST_SECRET)


@pytest.fixture(scope="session")
def server(settings: Settings, wary: Wary) -> Iterator[Address]:
    """The superuser's address of the run's own server, in whose log no secret of the run may stand at its end."""
    with EmbeddedServer(settings.home, durable=False, binaries=wanted_binaries()) as address:
        yield address
    wary.written.clear()
    for path in (Home(settings.home).log, Home(settings.home).log.with_suffix(".old")):
        wary.read_file("the log of PostgreSQL", path)
    assert wary.written == []


@pytest.fixture(scope="session")
async def template(server: Address, settings: Settings, secret: HubSecret) -> str:
    """Name of a database with roles and all migrations, for cloning."""
    await execute(server, f"create database {_TEMPLATE}")
    await ensure_roles(server.to(_TEMPLATE), secret, settings)
    await migrate(server.to(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def admin(server: Address, template: str) -> AsyncIterator[Address]:
    """The superuser's address of a fresh clone of the template."""
    async with clone(server, template) as address:
        yield address


@pytest.fixture
async def database(admin: Address, settings: Settings, secret: HubSecret) -> AsyncIterator[Database]:
    """An open Database on a fresh clone."""
    opened = await Database.open(admin, settings, secret=secret)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Runs commands of the operator's shell."""
    made = Commands()
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return system_clock


def wanted_binaries() -> Binaries | None:
    """The programs of TEST_POSTGRES_MAJOR: the build runs everything on the newest and on the oldest."""
    major = os.environ.get("TEST_POSTGRES_MAJOR")
    return find_binaries(int(major)) if major else None


async def execute(address: Address, *statements: str) -> None:
    """Run statements as the administrator of an address, each on its own."""
    connection = await address.connect()
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


class clone:
    """A fresh database made from a template, dropped at the end whoever is still connected."""

    def __init__(self, server: Address, template: str = "template1") -> None:
        self._server = server
        self._template = template
        self._name = f"clone_{next(_numbers)}"

    async def __aenter__(self) -> Address:
        # in memory a copy of the files takes half the CPU of logging every page, and is dropped in half the time
        await execute(self._server, f"create database {self._name} template {self._template} strategy file_copy")
        return self._server.to(self._name)

    async def __aexit__(self, *_: object) -> None:
        await execute(self._server, f"drop database {self._name} with (force)")
