"""One server for the folder, a hub whose streams are opened, and node with the packages of a lock file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hub_of_three import ACME_TOKEN, Firm, Served, make_app, new_firm
from streaming import NOW, Streaming, serving
from tests.conftest import clone, execute
from tests.records.firms import Firms

from scmhub.database.address import Address
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, ddl
from scmhub.hub import Hub
from scmhub.schema import load_schema
from scmhub.settings import Settings

HERE = Path(__file__).parent
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
"""The node of the environment that runs the tests comes first."""


@pytest.fixture(scope="session")
def firm() -> Iterator[Firm]:
    one = new_firm()
    yield one
    one.documents.close()


@pytest.fixture(scope="session")
def served(firm: Firm) -> Iterator[Served]:
    one = Served(make_app(firm), firm=firm)
    yield one
    one.stop()


@pytest.fixture(scope="session")
def client(served: Served) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {ACME_TOKEN}"}
    with httpx2.Client(base_url=served.url, headers=headers, timeout=20, trust_env=False) as one:
        yield one


@pytest.fixture
def chromium() -> str:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("This test opens the explorer in a real browser: install Chromium (Debian: apt install chromium).")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    """The executable itself: what a wheel puts on the PATH is a Python script that starts it and does not end it."""
    path = shutil.which("node", path=PATH)
    if path is None or shutil.which("npm", path=PATH) is None:
        pytest.fail("These tests run JavaScript and TypeScript clients: install Node.js 22.18 or later, with npm.")
    return subprocess.run(
        [path, "-p", "process.execPath"], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture(scope="session")
def node_packages(node: str, pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """Install the lock file of a folder next to this file, once per content, into pytest's cache.

    It appears there whole: several processes of one run may install it at once.
    """

    def install(folder: str) -> Path:
        source = HERE / folder
        names = ("package.json", "package-lock.json", ".npmrc")
        digest = sha256(b"".join((source / name).read_bytes() for name in names)).hexdigest()[:16]
        cache = pytestconfig.cache.mkdir("node")
        target = cache / f"{folder}-{digest}"
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=cache) as made:
                half = Path(made) / "packages"
                half.mkdir()
                for name in names:
                    shutil.copy(source / name, half / name)
                subprocess.run(
                    ["npm", "ci", "--no-audit", "--no-fund"], cwd=half, check=True, capture_output=True, timeout=300, env={**os.environ, "PATH": PATH},
                )  # fmt: skip
                with contextlib.suppress(OSError):  # another process was faster
                    half.rename(target)
        for script in source.glob("*.mjs"):
            shutil.copy(script, target / script.name)
        return target

    return install


@pytest.fixture(scope="session")
def served_url(served: Served) -> str:
    return served.url


@pytest.fixture(scope="session")
async def stream_template(server: Address, settings: Settings, secret: HubSecret) -> dict[str, Any]:
    load_schema()
    await execute(server, "create database stream_template")
    address = server.to("stream_template")
    await ensure_roles(address, secret, settings)
    await execute(address, "; ".join([f"set role {OWNER_ROLE}", *ddl()]))
    async with Hub.open(address, settings) as hub:
        firms = Firms(hub.database, address, NOW)
        await firms.found()
    return {"ids": firms.ids, "item": firms.item, "site": firms.site}


@pytest.fixture
async def streaming(server: Address, stream_template: dict[str, Any], settings: Settings) -> AsyncIterator[Streaming]:
    async with (
        clone(server, "stream_template") as admin,
        Hub.open(admin, settings) as hub,
        serving(admin, hub, stream_template) as made,
    ):
        yield made
