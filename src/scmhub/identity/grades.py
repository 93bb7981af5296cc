"""Tokens stand on the rights their holder had when they were issued; other rights are another grade."""

from __future__ import annotations

from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.identity.barring import bar
from scmhub.identity.people_tables import BarredNameTable
from scmhub.identity.sessions import grade_of
from scmhub.identity.standing import LONGEST_TOKEN


async def end_grade(unit: Unit, holder: UUID, grade: int) -> None:
    """Whatever stands on this grade of a person or integration ends within two seconds, and is never good again."""
    name = grade_of(holder, grade)
    await unit.rows("delete from barred_name where until < $1", unit.now)
    unit.session.add(BarredNameTable(name=name, until=unit.now + LONGEST_TOKEN))
    bar(unit, name)
