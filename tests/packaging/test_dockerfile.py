"""What the Dockerfile promises, read from it: pinned bases, locked packages, no root, a health check, nothing else."""

from __future__ import annotations

import re
import tomllib

import orjson
import pytest

from tests.docs.fences import ROOT

LINES = re.sub(r"\\\n", "", re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)).splitlines()
STEPS = [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in LINES if line.strip()]


def values(word: str) -> list[str]:
    return [value for name, value in STEPS if name == word]


def last_stage() -> list[tuple[str, str]]:
    start = max(place for place, (name, _) in enumerate(STEPS) if name == "FROM")
    return STEPS[start:]


def test_bases_are_slim_and_pinned_to_a_patch_release() -> None:
    assert len(values("FROM")) == 2
    for base in values("FROM"):
        assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm( AS build)?", base)


def test_the_image_runs_as_an_ordinary_user_by_number() -> None:
    users = [value for name, value in last_stage() if name == "USER"]
    assert users == ["10001:10001"]
    names = [name for name, _ in last_stage()]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "RUN" not in names[names.index("USER") :]


def test_the_health_check_needs_nothing_but_python() -> None:
    [check] = values("HEALTHCHECK")
    command = orjson.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert "/readyz" in command[2]
    compile(command[2], "healthcheck", "exec")


def test_packages_are_those_of_the_lock() -> None:
    installs = [part for value in values("RUN") for part in value.split("&&") if "pip install" in part]
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: -r requirements/run.lock" in installs[0]
    assert "--no-index --no-deps" in installs[1]


def test_what_is_copied_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for value in values("COPY") if "--from" not in value for name in value.split()[:-1]}
    assert copied == kept
    assert all((ROOT / name).exists() for name in kept)


def test_no_secret_and_no_network_tool_gets_in() -> None:
    text = "\n".join(LINES)
    assert not re.search(r"SCMHUB_SECRET|PASSWORD|TOKEN|apt-get|curl|wget|ADD ", text)


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD", "VOLUME", "EXPOSE", "STOPSIGNAL"])
def test_it_says_how_it_is_run(word: str) -> None:
    assert len(values(word)) == 1


def test_the_entry_point_is_the_command_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [entry] = values("ENTRYPOINT")
    assert orjson.loads(entry) == [*project["scripts"]]
