"""The tables of docs/settings.md and docs/limits.md as they must stand: ``python -m tests.docs.tables`` writes both."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from scmhub.graph.limits import Limits
from scmhub.settings import Settings
from tests.docs.fences import ROOT

DOCS = ROOT / "docs"
HEADS = {"settings.md": "| variable |", "limits.md": "| limit |"}


def settings_rows() -> list[str]:
    """One row per setting: variable, default, meaning."""
    return [
        f"| `SCMHUB_{name.upper()}` | {_default(name)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if name == "home":
        return "`/var/lib/scmhub` for root, else `~/.local/share/scmhub`"
    if field.default == "":
        return "empty"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def limit_rows() -> list[str]:
    """One row per limit: name, value, the docstring behind it."""
    body = ast.parse(inspect.getsource(Limits)).body[0]
    assert isinstance(body, ast.ClassDef)
    rows = []
    for named, told in zip(body.body, body.body[1:], strict=False):
        if isinstance(named, ast.AnnAssign) and isinstance(named.target, ast.Name):
            assert isinstance(told, ast.Expr)
            text = ast.literal_eval(told.value)
            rows.append(f"| `{named.target.id}` | {getattr(Limits(), named.target.id):,} | {' '.join(text.split())} |")
    return rows


def shown_rows(path: Path) -> list[str]:
    """The rows of a file's table, without its head."""
    return [line for line in path.read_text().splitlines() if line.startswith("| `")]


def rewrite(path: Path, rows: list[str]) -> None:
    """Put these rows behind the head of the table."""
    before, head, rest = path.read_text().partition(HEADS[path.name])
    lines = rest.splitlines()
    after = [line for line in lines[2:] if not line.startswith("| `")]
    path.write_text("\n".join([before + head + lines[0], lines[1], *rows, *after]) + "\n")


def main() -> None:
    rewrite(DOCS / "settings.md", settings_rows())
    rewrite(DOCS / "limits.md", limit_rows())


if __name__ == "__main__":
    main()
