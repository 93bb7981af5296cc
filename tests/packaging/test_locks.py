"""The locks hold what pyproject.toml asks for, with hashes, and name no registry."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.fences import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("run", "dev")
_PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ]+)(?: ; [^\\]+)? \\$", re.MULTILINE)


def text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.lock").read_text()


def pins(lock: str) -> dict[str, str]:
    return dict(_PIN.findall(text(lock)))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", one)[0].lower() for one in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_pins_and_hashes_and_nothing_else(lock: str) -> None:
    for line in text(lock).splitlines():
        assert _PIN.fullmatch(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    assert len(re.findall(r"\\\n    --hash", text(lock))) >= len(pins(lock))


def test_the_locks_hold_everything_that_is_asked_for() -> None:
    run = names(PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["embedded"])
    run |= names(PROJECT["dependency-groups"]["build"])
    assert run - pins("run").keys() == set()
    assert (run | names(PROJECT["dependency-groups"]["dev"])) - pins("dev").keys() == set()


def test_tests_run_on_the_versions_that_ship() -> None:
    shipped, tested = pins("run"), pins("dev")
    assert {name: tested[name] for name in shipped} == shipped
