"""Browser sessions: an opaque cookie, found by its digest, becomes a Viewer; half an hour of silence ends it.

The cookie's value is 256 random bits and means nothing. A session that was looked at is remembered for a minute, so an
explorer that is used costs the database two small statements a minute; what ends a session (logout, another role, a
suspended partner) is in the change log, and the standing is asked every time.
"""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from scmhub.clock import Clock
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database, Unit
from scmhub.errors import Forbidden, Unauthenticated
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of
from scmhub.identity.browser import Scope, check_own_page, check_own_socket, cookie_of, set_cookie, site_of
from scmhub.identity.people_tables import PersonTable, SessionProofTable, SessionTable
from scmhub.identity.proofs import digest_of
from scmhub.identity.roles import Role, permitted
from scmhub.identity.standing import Standing
from scmhub.identity.viewer import TokenScope, Viewer
from scmhub.ids import new_id
from scmhub.sharing.lens import Lens

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=8)
REMEMBERED_FOR = timedelta(seconds=60)
REMEMBERED = 10_000
logger = logging.getLogger(__name__)

_TOUCH = """
update session set last_seen_at = $2
where id = $1 and ended_at is null and expires_at > $2 and last_seen_at > $3 returning id
"""
_READ = """
select s.id, s.person_id, s.partner_id, s.authenticated_at, s.last_seen_at, s.expires_at, p.name, p.roles, p.grade
from session s join person p on p.id = s.person_id join partner f on f.id = s.partner_id
where s.id = $1 and s.ended_at is null and s.expires_at > $2 and p.state = 'ACTIVE' and f.status = 'ACTIVE'
"""


def grade_of(person: UUID, grade: int) -> str:
    """What stands and falls with the roles a person, or the scopes an integration, has now."""
    return name_of("grade", f"{person}:{grade}")


async def begin(unit: Unit, person: PersonTable, door: str, authenticated_at: datetime) -> str:
    """A new session of this person; the cookie's value, which is kept nowhere. ``unit`` acts for its partner."""
    made = SessionTable(
        id=new_id(unit.now), partner_id=person.partner_id, person_id=person.id, door=door,
        authenticated_at=authenticated_at, last_seen_at=unit.now, expires_at=unit.now + LONGEST,
    )  # fmt: skip
    unit.session.add(made)
    await unit.session.flush()
    cookie = secrets.token_urlsafe(32)
    await unit.rows("delete from session_proof where until < $1", unit.now)
    unit.session.add(
        SessionProofTable(
            digest=digest_of(cookie), session_id=made.id, partner_id=person.partner_id, until=made.expires_at
        )
    )
    person.last_login_at = unit.now
    unit.session.add(person)
    await audit.record(unit, "session.begun", audit.subject_of("person", person.id), {"door": door})
    return cookie


async def end(unit: Unit, session: UUID) -> bool:
    """Ends a session everywhere; False if it has ended already."""
    if not await unit.fetch(
        "update session set ended_at = $2 where id = $1 and ended_at is null and expires_at > $2 returning true",
        session, unit.now,
    ):  # fmt: skip
        return False
    await unit.rows("delete from session_proof where session_id = $1", session)
    bar(unit, name_of("session", session))
    return True


async def end_all(unit: Unit, person: UUID) -> int:
    """Ends every session of a person; how many there were."""
    found = await unit.rows(
        "select id from session where person_id = $1 and ended_at is null and expires_at > $2", person, unit.now
    )
    for row in found:
        await end(unit, row["id"])
    return len(found)


@dataclass(frozen=True, slots=True)
class Known:
    """A session that was looked at."""

    viewer: Viewer
    again_at: datetime
    """When to look again."""


class Sessions:
    """Cookies to Viewers."""

    def __init__(self, url: str, database: Database, standing: Standing, clock: Clock) -> None:
        self.site = site_of(url)
        self._database = database
        self._standing = standing
        self._clock = clock
        self._known: OrderedDict[bytes, Known] = OrderedDict()

    def cookie(self, scope: Scope) -> str | None:
        """The session cookie of a request, unproven."""
        return cookie_of(scope, self.site.cookie) if self.site.usable else None

    async def of_page(self, scope: Scope) -> Viewer | None:
        """Who sent this request from one of the hub's own pages; None: it has no session cookie.

        Forbidden: another page sent it. Unauthenticated: the session has ended.
        """
        cookie = self.cookie(scope)
        if cookie is None:
            return None
        check_own_page(scope, self.site)
        return await self.viewer(cookie)

    async def of_socket(self, scope: Scope) -> Viewer | None:
        """Who opened this socket, as for ``of_page``."""
        cookie = self.cookie(scope)
        if cookie is None:
            return None
        check_own_socket(scope, self.site)
        return await self.viewer(cookie)

    async def viewer(self, cookie: str) -> Viewer:
        """The person behind a cookie; Unauthenticated if the session has ended, whatever ended it."""
        await self._standing.current()
        digest = digest_of(cookie)
        now = self._clock()
        known = self._known.get(digest)
        if known is None or known.again_at <= now:
            known = await self._look(digest, now)
        if self._standing.bars(known.viewer) or known.viewer.expires_at <= now:
            self._known.pop(digest, None)
            logger.info("a session was refused: it has ended")
            raise Unauthenticated(ENDED)
        return known.viewer

    async def _look(self, digest: bytes, now: datetime) -> Known:
        self._known.pop(digest, None)
        row = await self._read(digest, now)
        if row is None:
            logger.info("a session was refused: it is unknown, or has ended")
            raise Unauthenticated(ENDED)
        known = Known(viewer_of(row), now + REMEMBERED_FOR)
        self._known[digest] = known
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known

    async def _read(self, digest: bytes, now: datetime) -> Any:
        """The session, its person and partner, once it is noted that it was seen."""
        async with self._database.unit(HUB_PARTNER, "session", lambda: now) as unit:
            found = await unit.rows("select session_id, partner_id from session_proof where digest = $1", digest)
        if not found:
            return None
        session, partner = found[0]["session_id"], found[0]["partner_id"]
        async with self._database.unit(partner, "session", lambda: now) as unit:
            rows = await unit.rows(_TOUCH, session, now, now - IDLE)
        rows = await self._database.read.rows(_READ, session, now) if rows else []
        return rows[0] if rows else None

    async def end(self, cookie: str, viewer: Viewer) -> None:
        """Logout."""
        self._known.pop(digest_of(cookie), None)
        if viewer.session_id is None:
            return
        async with self._database.unit(viewer.lens.partner_id, viewer.subject, self._clock) as unit:
            if await end(unit, viewer.session_id):
                await audit.record(unit, "session.ended", viewer.subject)

    def set_cookie(self, value: str) -> str:
        """The header that gives a browser its session; it ends with the browser."""
        if not self.site.usable:
            raise Forbidden("A login needs https: set SCMHUB_PUBLIC_URL to the hub's https address.")
        return set_cookie(self.site, self.site.cookie, value)

    def drop_cookie(self) -> str:
        """The header that takes it away."""
        return set_cookie(self.site, self.site.cookie, "", seconds=0)


ENDED = "Your session has ended: log in again."


def viewer_of(row: Any) -> Viewer:
    """The Viewer of a session's row. A session may do whatever its person's roles allow."""
    roles = frozenset(Role(each) for each in row["roles"])
    person, session = name_of("person", row["person_id"]), name_of("session", row["id"])
    stands_on = {name_of("partner", row["partner_id"]), person, session, grade_of(row["person_id"], row["grade"])}
    return Viewer(
        Lens(row["partner_id"]), person, frozenset(TokenScope), session,
        min(row["expires_at"], row["last_seen_at"] + IDLE), frozenset(stands_on),
        permissions=permitted(person, roles, TokenScope), roles=roles, authenticated_at=row["authenticated_at"],
        session_id=row["id"],
    )  # fmt: skip
