"""Local accounts: an invitation's link makes one, a password opens it; for partners without an identity provider.

Nothing an answer says, and nothing it takes, tells whether a firm, an account or a password was wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from scmhub.clock import Clock
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database, Unit
from scmhub.errors import HubError, RateLimited, Unauthenticated
from scmhub.feed import audit
from scmhub.identity import patience, people, sessions
from scmhub.identity.failures import Failures
from scmhub.identity.passwords import LONGEST, Passwords, check_new
from scmhub.identity.people_tables import InvitationTable, LocalAccountTable, PersonTable
from scmhub.identity.proofs import digest_of
from scmhub.ids import new_id

WRONG = "Firm, account and password do not fit together."

_FIRM = "select id, name from partner where code = $1 and status = 'ACTIVE'"
_ACCOUNT = """
select a.person_id, a.password from local_account a join person p on p.id = a.person_id
where a.partner_id = $1 and a.account = $2 and p.state = 'ACTIVE'
"""


class Gone(HubError):
    """This link is not valid any more: it was used, withdrawn or is too old. Ask for a new one."""

    code = "GONE"
    status = 410


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link's page shows before it is used."""

    partner_id: UUID
    firm: str
    name: str
    account: str
    roles: list[str]


class Accounts:
    """Logins by password, and the invitations that lead to them."""

    def __init__(self, database: Database, clock: Clock, failures: Failures) -> None:
        self._database = database
        self._clock = clock
        self._passwords = Passwords()
        self._failures = failures

    # -- login ---------------------------------------------------------------------------------------------------------

    async def login(self, source: str, firm: str, account: str, password: str) -> str:
        """A new session's cookie. Unauthenticated with one text for whatever is wrong; RateLimited after too many."""
        if wait := self._failures.wait(source, "login"):
            raise RateLimited("Too many failed logins: wait a minute.", retry_after=wait)
        firm, account = (each.replace("\0", "\ufffd") for each in (firm.strip().upper(), account.lower()))
        name = patience.name_of(firm, account)
        partner, kept = await self._find(firm, account, name)
        right = await self._passwords.fits(kept["password"] if kept else None, password[: LONGEST + 1])
        if not right or kept is None:
            self._failures.add(source, "login")
            await self._refused(partner, kept, name)
            raise Unauthenticated(WRONG)
        return await self._begin(partner, kept, name)

    async def _find(self, firm: str, account: str, name: bytes) -> tuple[UUID, Any]:
        partners = await self._database.read.rows(_FIRM, firm)
        partner = partners[0]["id"] if partners else HUB_PARTNER
        async with self._database.unit(partner, "login", self._clock) as unit:
            if left := await patience.wait(unit, name):
                raise RateLimited("Too many wrong passwords for this account: wait.", retry_after=left)
            if await people.has_provider(unit, partner):
                return partner, None
            rows = await unit.rows(_ACCOUNT, partner if partners else None, account)
        return partner, rows[0] if rows else None

    async def _refused(self, partner: UUID, kept: Any, name: bytes) -> None:
        async with self._database.unit(partner, "login", self._clock) as unit:
            await patience.add(unit, name)
            subject = audit.subject_of("person", kept["person_id"]) if kept else "account:unknown"
            await audit.record(unit, "login.refused", subject)

    async def _begin(self, partner: UUID, kept: Any, name: bytes) -> str:
        """The session, if password and person are still what they were when the password was checked."""
        actor = audit.subject_of("person", kept["person_id"])
        async with self._database.unit(partner, actor, self._clock) as unit:
            person = await people.find(unit, kept["person_id"])
            same = await unit.fetch(
                "select true from local_account where person_id = $1 and password = $2 for update",
                kept["person_id"], kept["password"],
            )  # fmt: skip
            if person is None or person.state != "ACTIVE" or not same or await people.has_provider(unit, partner):
                raise Unauthenticated(WRONG)
            await patience.forget(unit, name)
            return await sessions.begin(unit, person, "LOCAL", unit.now)

    # -- invitations ---------------------------------------------------------------------------------------------------

    async def look(self, token: str) -> Invited:
        """What a link is for; Gone if it cannot be used."""
        partner = await self._partner_of(token)
        async with self._database.unit(partner, "invitation", self._clock) as unit:
            found = await _open(unit, token)
        firms = await self._database.read.rows("select name from partner where id = $1", partner)
        return Invited(partner, firms[0]["name"], found.name, found.email, found.roles)

    async def accept(self, token: str, password: object) -> str:
        """The person exists and is logged in: a session's cookie. Gone, or a Refusal about the password."""
        partner = await self._partner_of(token)
        hashed = await self._passwords.hash(check_new(password))
        async with self._database.unit(partner, "invitation", self._clock) as unit:
            invitation = await _open(unit, token)
            person = PersonTable(
                id=new_id(unit.now), partner_id=partner, name=invitation.name, email=invitation.email,
                roles=invitation.roles, created_at=unit.now,
            )  # fmt: skip
            unit.session.add(person)
            await unit.session.flush()
            account = LocalAccountTable(
                person_id=person.id, partner_id=partner, account=invitation.email, password=hashed
            )
            unit.session.add(account)
            invitation.state, invitation.person_id = "ACCEPTED", person.id
            unit.session.add(invitation)
            await unit.rows("delete from invitation_proof where invitation_id = $1", invitation.id)
            details = {"person": str(person.id), "roles": sorted(person.roles)}
            await audit.record(unit, "invitation.accepted", audit.subject_of("invitation", invitation.id), details)
            return await sessions.begin(unit, person, "INVITATION", unit.now)

    async def _partner_of(self, token: str) -> UUID:
        async with self._database.unit(HUB_PARTNER, "invitation", self._clock) as unit:
            found = await unit.fetch(
                "select partner_id from invitation_proof where digest = $1", digest_of(token)
            )
        if found is None:
            raise Gone
        return found  # type: ignore[no-any-return]


async def _open(unit: Unit, token: str) -> InvitationTable:
    """The invitation of a link, locked; Gone if it was used meanwhile, is too old, or has no use any more."""
    key = await unit.fetch("select invitation_id from invitation_proof where digest = $1", digest_of(token))
    found = await unit.session.get(InvitationTable, key, with_for_update=True) if key else None
    now: datetime = unit.now
    active = await unit.fetch("select status = 'ACTIVE' from partner where id = $1", unit.partner_id)
    if found is None or found.state != "OPEN" or found.expires_at <= now or not active:
        raise Gone
    taken = "select true from local_account where partner_id = $1 and account = $2"
    if await unit.fetch(taken, unit.partner_id, found.email):
        raise Gone
    if (found.bootstrap and await people.has_operator(unit)) or await people.has_provider(unit, unit.partner_id):
        raise Gone
    return found
