"""Preview: what a partner sees of the previewer's own records, and nothing else of what that partner sees.

acme's steward asks with the eyes of bolt. Each table of the statement is entered through ``own_rows``: only acme's rows
are there to be judged, so that neither bolt's own records nor what cargo shares with bolt can show, whatever is asked
and by whatever path. What acme's rows bring along (their parts, and the cards they name) comes as it comes to bolt,
except that a card which is not acme's shows its PUBLIC fields only.
"""

from __future__ import annotations

from enum import Enum

from scmhub.database.fragment import Bind, Cell, Fragment, Part, Relation, sql

PREVIEWER = Bind(("previewer",), "uuid", lambda inputs: inputs.previewer)


class Seal(Enum):
    """How ``policy`` vouches for a relation or a cell; held by fragments made there and nowhere else."""

    ROW = 1
    """A row of a kind, or a stored value."""
    INSIDE = 2
    """Read by policy itself, never shown."""
    OWN = 3
    """In a preview: a row of the previewer's own, the condition stands with it."""
    BROUGHT = 4
    """In a preview: a part of such a row, or a card it names."""


def own_rows(table: str, alias: str, owner: Fragment) -> Fragment:
    """FROM item: the previewer's rows of a table."""
    relation = Relation(table, alias, Seal.OWN)
    return sql("(select * from {} where {} = {}) {}", relation, owner, PREVIEWER, Fragment((alias,)))


def stands_alone(parts: tuple[Part, ...], place: int) -> str | None:
    """What the proof demands of the relation at ``place`` of a preview; None if it is as it must be."""
    relation = parts[place]
    assert isinstance(relation, Relation)
    if relation.seal is not Seal.OWN:
        brought = relation.seal in (Seal.INSIDE, Seal.BROUGHT)
        return None if brought else f"table {relation.table} is read for others than the previewer"
    match parts[place + 1 : place + 5]:
        case (" where ", Cell(relation.table, relation.alias), " = ", Bind() as bind) if bind == PREVIEWER:
            return None
    return f"table {relation.table} is read for others than the previewer"
