"""Homes for embedded servers: empty ones, and copies of one that initdb has been through."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scmhub.database.embedded import EmbeddedServer

from ..conftest import wanted_binaries
from .hub import open_folder


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that does not exist yet."""
    with open_folder() as folder:
        yield folder / "home"


@pytest.fixture(scope="session")
def made(settings: object) -> Iterator[Path]:
    """A home with a stopped server's data."""
    with open_folder() as folder:
        with EmbeddedServer(folder / "home", durable=False, binaries=wanted_binaries()):
            pass
        yield folder / "home"


@pytest.fixture
def used(made: Path, home: Path) -> Path:
    """A private copy of it."""
    subprocess.run(["cp", "-a", made, home], check=True)
    return home
