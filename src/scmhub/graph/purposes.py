"""What records are read for: the enum, and how a request says that it reads for less than it might.

The robot of acme may read for PLANNING and RISK. One of its requests comes with ``X-Scmhub-Purpose: PLANNING``: it sees
what a robot for PLANNING sees. Nobody can read for more than its credential allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum

import strawberry

from scmhub.errors import BadRequest, Forbidden
from scmhub.identity.viewer import Viewer
from scmhub.sharing.lens import PURPOSES

HEADER = "X-Scmhub-Purpose"
_MOST = 200


@strawberry.enum(description="What records are read for; more may be added.")
class Purpose(Enum):
    PLANNING = strawberry.enum_value("PLANNING", description="To plan demand, supply, capacity and stock.")
    EXECUTION = strawberry.enum_value("EXECUTION", description="To place, make, ship and receive what was ordered.")
    LOGISTICS = strawberry.enum_value("LOGISTICS", description="To move and keep goods.")
    RISK = strawberry.enum_value("RISK", description="To foresee trouble and to deal with it.")
    COMPLIANCE = strawberry.enum_value("COMPLIANCE", description="To meet duties of law, and to prove it.")
    SETTLEMENT = strawberry.enum_value("SETTLEMENT", description="To invoice and to pay.")
    ANALYTICS = strawberry.enum_value("ANALYTICS", description="To measure and improve how firms work together.")


def names_of(given: Iterable[Enum]) -> list[str]:
    """The names of enum members as they are stored: each once, sorted."""
    return sorted({each.name for each in given})


def narrowed(viewer: Viewer, asked: object) -> Viewer:
    """The caller, reading for these purposes only (names between commas); BadRequest for what is none.

    Forbidden: its credential does not allow one of them.
    """
    wanted = {each.strip() for each in asked.split(",")} if isinstance(asked, str) and len(asked) <= _MOST else set()
    if not wanted or not wanted.issubset(PURPOSES):
        names = ", ".join(PURPOSES)
        raise BadRequest(f"{HEADER} takes purposes, with commas between them. There are: {names}.", reason="PURPOSE")
    if viewer.lens.purposes is not None and not wanted <= viewer.lens.purposes:
        raise Forbidden(f"This credential does not read for '{min(wanted - viewer.lens.purposes)}'.")
    return replace(viewer, lens=viewer.lens.within(wanted, None))
