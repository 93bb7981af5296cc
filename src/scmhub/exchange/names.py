"""The records that rows name by code and number, as ids for a command; who they are hidden from, it does not find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.exchange.cells import Values
from scmhub.ids import public_id

_NOBODY = UUID(int=0)
"""For what is not there: a command answers as for what is hidden, with the same words."""


@dataclass
class Names:
    """Keys of partners by code, of items and sites by (code of the owner, number)."""

    me: str
    _partners: dict[str, UUID] = field(default_factory=dict)
    _items: dict[tuple[str, str], UUID] = field(default_factory=dict)
    _sites: dict[tuple[str, str], UUID] = field(default_factory=dict)

    def partner(self, code: object) -> str | None:
        return None if code is None else public_id("ptr", self._partners.get(str(code), _NOBODY))

    def item(self, number: object, owner: object) -> str:
        return public_id("itm", self._items.get((str(owner or self.me), str(number)), _NOBODY))

    def site(self, code: object, owner: object) -> str | None:
        if code is None:
            return None
        return public_id("sit", self._sites.get((str(owner or self.me), str(code)), _NOBODY))


async def look_up(unit: Unit, me: str, rows: Iterable[Values], partners: Iterable[str]) -> Names:
    """All that the rows of a batch name. ``partners``: targets that are codes; an owner left out is ``me``."""
    names = Names(me)
    rows = list(rows)
    codes = {me, *(str(row[target]) for row in rows for target in partners if row.get(target) is not None)}
    found = await unit.rows("select code, id from partner where code = any($1)", sorted(codes))
    names._partners = {row["code"]: row["id"] for row in found}
    for table, column, owner, target, known in (
        ("item", "number", "owner_id", "item.number", names._items),
        ("site", "code", "partner_id", "site.code", names._sites),
    ):
        wanted = sorted({str(row[target]) for row in rows if row.get(target) is not None})
        found = await unit.rows(
            f"select p.code as owner, t.{column} as name, t.id from {table} t join partner p on p.id = t.{owner}"
            f" where p.code = any($1) and t.{column} = any($2)", sorted(codes), wanted,
        )  # fmt: skip
        known |= {(row["owner"], row["name"]): row["id"] for row in found}
    return names
