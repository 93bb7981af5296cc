"""The table of who sees what is up to date: a change of it is a difference that a person reads."""

from __future__ import annotations

from ..support.hub import Bench
from .visibility import COMMAND, FILE, written


async def test_the_table_of_visibility_is_up_to_date(alone: Bench) -> None:
    now = await written(alone)
    kept = FILE.read_text() if FILE.exists() else ""
    assert now == kept, f"who sees what has changed: run `{COMMAND}` and read the difference"


async def test_outsiders_are_told_of_no_shareable_record() -> None:
    """Whatever the table says otherwise, these columns hold nothing but dashes."""
    for block in FILE.read_text().split("\n\n")[2:]:
        title, header, *fields = block.rstrip("\n").split("\n")
        if ": shared as" not in title:
            continue
        columns = header.split()
        for line in fields:
            cells = dict(zip(columns, line.split()[1:], strict=True))
            for outsider in ("stranger", "declined", "related", "ended", "suspended", "draft", "expired", "future"):
                assert cells[outsider] == "-", f"{title}: {line}"
