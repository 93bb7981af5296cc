"""Fenced blocks of a Markdown file: what stands between ``` lines, and the words behind the opening one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import orjson

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<words>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """``words[0]`` is the language; ``line`` is where it begins in ``path``."""

    path: Path
    line: int
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """All blocks of a file, in order."""
    text = path.read_text()
    return [
        Block(path, text.count("\n", 0, found.start()) + 1, tuple(found["words"].split()), found["text"])
        for found in _FENCE.finditer(text)
    ]


def guides() -> list[Path]:
    """README.md and the guides; decision notes have tests of their own."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def packed(value: Any, indent: int = 0, width: int = 110) -> str:
    """JSON for people: what fits on one line stands on one line."""
    flat = orjson.dumps(value).decode().replace('":', '": ').replace(',"', ', "').replace("},{", "}, {")
    if len(flat) + indent <= width or not isinstance(value, dict | list):
        return flat
    inner = "\n" + " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f'"{key}": {packed(each, indent + 2, width)}' for key, each in value.items()]
        return "{" + inner + ("," + inner).join(parts) + "\n" + " " * indent + "}"
    return (
        "[" + inner + ("," + inner).join(packed(each, indent + 2, width) for each in value) + "\n" + " " * indent + "]"
    )
