"""Who logs in through a frontend: the person behind the hub's own session, and what its roles allow now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.errors import Unauthenticated
from scmhub.identity.browser import Scope
from scmhub.identity.roles import Role, permitted
from scmhub.identity.sessions import Sessions, grade_of
from scmhub.identity.viewer import TokenScope, Viewer


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do through a frontend. A token for it carries ``roles`` and stands on ``grade``."""

    roles: frozenset[Role] = frozenset()
    grade: str = ""

    def narrowed(self, subject: str, scopes: frozenset[str]) -> frozenset[str]:
        """The token scopes that allow this person anything at all."""
        return frozenset(each for each in scopes if permitted(subject, self.roles, [TokenScope(each)]))


async def logged_in(sessions: Sessions, scope: Scope) -> Viewer | None:
    """Whose browser this is. A link may lead here, so only the cookie is asked for: it is Strict, and a code is all
    that is given, to an address registered for its frontend."""
    cookie = sessions.cookie(scope)
    try:
        return await sessions.viewer(cookie) if cookie else None
    except Unauthenticated:
        return None


async def rights_of(unit: Unit, subject: str) -> Rights:
    """The rights of a person of the acting partner; none if it may not act any more."""
    person = _person(subject)
    rows = await unit.rows("select roles, grade from person where id = $1 and state = 'ACTIVE'", person)
    if not rows or person is None:
        return Rights()
    return Rights(frozenset(Role(each) for each in rows[0]["roles"]), grade_of(person, rows[0]["grade"]))


def _person(subject: str) -> UUID | None:
    kind, _, key = subject.partition(":")
    return UUID(key) if kind == "person" else None

