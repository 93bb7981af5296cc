"""The guides cannot lag: each setting, limit and code stands in its table, and each link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scmhub import errors
from scmhub.errors import HubError, Refusal
from scmhub.graph.values import UserErrorCode
from tests.docs.fences import ROOT, guides
from tests.docs.tables import DOCS, limit_rows, settings_rows, shown_rows

REWRITE = "python -m tests.docs.tables"
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_PATH = re.compile(r"`((?:src|tests|docs|schema|migrations|requirements|benchmarks|console)/[\w./-]+)`")


def documents() -> list[Path]:
    return [*guides(), ROOT / "CHANGELOG.md", *sorted((DOCS / "decisions").glob("*.md"))]


def test_every_setting_is_documented_with_its_default() -> None:
    assert shown_rows(DOCS / "settings.md") == settings_rows(), f"run {REWRITE}"


def test_every_limit_is_documented_with_its_value() -> None:
    assert shown_rows(DOCS / "limits.md") == limit_rows(), f"run {REWRITE}"


def test_every_error_code_is_documented() -> None:
    requests, commands = (DOCS / "errors.md").read_text().split("## Codes of commands")
    code = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HubError)]
    assert sorted(code.findall(requests)) == sorted({each.code for each in classes if each is not Refusal})
    assert code.findall(commands) == [each.name for each in UserErrorCode]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_path_exists(path: Path) -> None:
    text = path.read_text()
    dead = [link for link in _LINK.findall(text) if not (path.parent / link).exists()]
    dead += [name for name in _PATH.findall(text) if not (ROOT / name).exists()]
    assert dead == []


def test_a_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (DOCS / "decisions").glob("*.md")]
    assert sorted(numbers) == sorted(set(numbers))
