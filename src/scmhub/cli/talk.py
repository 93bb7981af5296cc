"""How the command line speaks: errors that say what to do, tables for people, JSON for scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scmhub.database.address import DatabaseUnusable
from scmhub.errors import HubError, Refusal, ServiceUnavailable

FAILED, USAGE, REFUSED, UNREACHABLE = 1, 2, 3, 4


def stderr() -> Console:
    return Console(stderr=True, no_color="NO_COLOR" in os.environ, highlight=False)


def say(text: str) -> None:
    """A line for the person, not for the script; wrapped by a terminal only, so that ``grep`` finds it whole."""
    console = stderr()
    console.print(text, soft_wrap=not console.is_terminal)


def print_json(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str) + b"\n")
    sys.stdout.flush()


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(str(each) for each in row))
    Console(no_color="NO_COLOR" in os.environ, highlight=False).print(table)


def print_rows(rows: list[Mapping[str, Any]], *, as_json: bool) -> None:
    """The same rows as JSON or as a table."""
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows[0].keys(), (row.values() for row in rows))


def explain(error: BaseException) -> int:
    """Say what happened and what to do; the exit status. Unknown errors are shown in full: they are ours."""
    match error:
        case DatabaseUnusable() | ServiceUnavailable():
            say(f"[red]scmhub:[/red] {escape(str(error))}")
            return UNREACHABLE
        case Refusal():
            say(f"[red]scmhub:[/red] refused ({error.refusal_code}): {escape(error.message)}")
            return REFUSED
        case HubError():
            say(f"[red]scmhub:[/red] {escape(error.message)}")
            return FAILED
        case ValueError():
            say(f"[red]scmhub:[/red] {escape(str(error))}")
            return USAGE
    raise error
