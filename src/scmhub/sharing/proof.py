"""The proof: a statement is refused unless policy vouched for every governed table and every masked cell in it.

A statement is text, binds, relations and cells. Relations and cells made by ``policy`` carry its seal; anything else,
and any text that names a table or reaches through a row alias on its own, is a bypass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scmhub.database.fragment import Cell, Fragment, Relation
from scmhub.sharing.preview import Seal, stands_alone

_REACH_THROUGH = re.compile(r"\bt\d+[a-z]*\.")


class PolicyBypassed(Exception):
    """A statement reaches data that policy did not vouch for."""


def prove(statement: Fragment, tables: Iterable[str], *, preview: bool = False) -> None:
    """Raise PolicyBypassed unless every table and cell is vouched for. ``tables``: all tables of the database.

    Of a ``preview`` also that each table is entered for the previewer's own rows alone.
    """
    named = re.compile(r"\b(" + "|".join(sorted(map(re.escape, tables), key=len, reverse=True)) + r")\b")
    for place, part in enumerate(statement.parts):
        match part:
            case Relation() if not isinstance(part.seal, Seal):
                raise PolicyBypassed(f"table {part.table} is read without its visible source")
            case Relation() if preview and (fault := stands_alone(statement.parts, place)):
                raise PolicyBypassed(fault)
            case Cell() if not isinstance(part.seal, Seal):
                raise PolicyBypassed(f"column {part.table}.{part.column} is read past its mask")
            case str():
                _prove_text(part, named)


def _prove_text(text: str, named: re.Pattern[str]) -> None:
    """Text outside quoted constants may neither name a table nor reach through a row alias."""
    bare = re.sub(r"E?'(?:[^'\\]|''|\\.)*'", "''", text)
    if _REACH_THROUGH.search(bare):
        raise PolicyBypassed(f"raw column access in {bare!r}")
    found = named.search(bare)
    if found:
        raise PolicyBypassed(f"table {found[0]} is named in text")
