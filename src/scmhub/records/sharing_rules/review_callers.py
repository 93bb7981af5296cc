"""Reviews of who may call: integrations with what they may do, and people with their roles, line by line.

acme's ERP robot got its rights two years ago; Ben left planning and kept the role. A review lists both, as it does
rules: REVOKE suspends the robot, or takes that one role from Ben (his last one: he is deactivated), once it is closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.identity import integrations, people
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.tables import IntegrationTable
from scmhub.ids import new_id
from scmhub.sharing.reviews import AccessReviewLineTable

_INTEGRATIONS = """
select i.*, (select min(c.expires_at) from credential c
  where c.integration_id = i.id and c.revoked_at is null and c.expires_at > $2) as first_expiry
from integration i where i.partner_id = $1 and i.state = 'ACTIVE' order by i.id limit $3
"""
_PEOPLE = """
select p.id, p.name, p.grade, p.last_login_at, r.role
from person p cross join lateral unnest(p.roles) r (role)
where p.partner_id = $1 and p.state = 'ACTIVE' order by p.id, r.role limit $2
"""


async def integration_lines(unit: Unit, most: int) -> list[AccessReviewLineTable]:
    """A line for each integration that may call."""
    return [
        AccessReviewLineTable(
            id=new_id(unit.now), about="INTEGRATION", integration_id=row["id"], subject_version=row["grade"],
            name=row["name"], token_scopes=row["token_scopes"], purposes=row["purposes"], kinds=row["kinds"],
            last_used_at=row["last_used_at"], expires_at=row["first_expiry"],
            stale_days=(unit.now - (row["last_used_at"] or row["created_at"])).days,
        )
        for row in await unit.rows(_INTEGRATIONS, unit.partner_id, unit.now, most)
    ]  # fmt: skip


async def people_lines(unit: Unit, most: int) -> list[AccessReviewLineTable]:
    """A line for each role of each person who may log in."""
    return [
        AccessReviewLineTable(
            id=new_id(unit.now), about="PERSON", person_id=row["id"], subject_version=row["grade"], name=row["name"],
            role=row["role"], last_used_at=row["last_login_at"],
        )
        for row in await unit.rows(_PEOPLE, unit.partner_id, most)
    ]  # fmt: skip


async def check_attestable(unit: Unit, line: AccessReviewLineTable, decision: str, path: list[str]) -> None:
    """Nobody decides of their own role; roles that come from an identity provider are taken there."""
    if line.person_id is None:
        return
    if unit.actor == f"person:{line.person_id}":
        raise Refusal("FORBIDDEN", "Somebody else must attest your own role.", path)
    person = await unit.session.get_one(PersonTable, line.person_id)
    if decision == "REVOKE" and person.provider_id is not None:
        text = "Roles of this person come from the identity provider: take it there, then the line is over."
        raise Refusal("ILLEGAL_TRANSITION", text, path)


async def revoke_callers(unit: Unit, lines: Iterable[AccessReviewLineTable]) -> None:
    """Suspend the integrations, take the roles; whoever has none left is deactivated."""
    taken: defaultdict[UUID, list[AccessReviewLineTable]] = defaultdict(list)
    for line in lines:
        unit.reason = line.reason  # why was said by who decided it
        if line.integration_id is not None:
            await integrations.suspend(unit, await unit.session.get_one(IntegrationTable, line.integration_id))
        elif line.person_id is not None:
            taken[line.person_id].append(line)
    for key, of_person in taken.items():
        person = await unit.session.get_one(PersonTable, key)
        left = set(person.roles) - {str(line.role) for line in of_person}
        unit.reason = of_person[0].reason
        try:
            await (people.set_roles(unit, person, left) if left else people.deactivate(unit, person))
        except Refusal as refusal:  # such as of the last administrator
            path = ["input", "accessReview"]
            raise Refusal(refusal.refusal_code, f"{of_person[0].name}: {refusal.message}", path) from None
