"""What a partner's administrator does with people: each change and its row in the audit trail are one transaction.

Used by GraphQL and by the command line alike. Whoever loses a role is logged out everywhere within two seconds: his
sessions and tokens stand on the *grade* they were made with, and a change of roles bars it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlmodel import select

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity import login_grants
from scmhub.identity.barring import bar, name_of
from scmhub.identity.grades import end_grade
from scmhub.identity.integrations import check_name
from scmhub.identity.people_tables import InvitationProofTable, InvitationTable, PersonTable
from scmhub.identity.proofs import digest_of
from scmhub.identity.roles import OF_A_PARTNER, OF_THE_HUB, Role
from scmhub.identity.sessions import end_all
from scmhub.ids import new_id
from scmhub.sharing.reviews import person_moved

INVITATION_LIFE = timedelta(days=7)
BOOTSTRAP_LIFE = timedelta(hours=1)
MOST_OPEN = 500
"""Open invitations of one partner."""
_EMAIL = re.compile(r"[^\s@<>\"'(),:;\\\[\]]{1,64}@[A-Za-z0-9.-]{1,190}")
_KEPT_LAST = (Role.ADMIN, Role.OPERATOR)


def checked_roles(partner: UUID, given: Iterable[str]) -> list[str]:
    """Roles one may have at this partner, sorted. Refusal REQUIRED or FORBIDDEN."""
    roles = {Role(each) for each in given}
    if not roles:
        raise Refusal("REQUIRED", "Name at least one role.", ["input", "roles"])
    foreign = sorted(roles - (OF_THE_HUB if partner == HUB_PARTNER else OF_A_PARTNER))
    if foreign:
        raise Refusal("FORBIDDEN", f"Nobody can be {foreign[0]} here.", ["input", "roles"])
    return sorted(roles)


def checked_email(email: str) -> str:
    """An e-mail address in lower case: to write to, and the account name at a local login; never an identity."""
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise Refusal("INVALID", "This is not an e-mail address.", ["input", "email"])
    return email.lower()


async def invite(
    unit: Unit, name: str, email: str, roles: Iterable[str], life: timedelta = INVITATION_LIFE, *,
    bootstrap: bool = False, partner: UUID | None = None,
) -> tuple[InvitationTable, str]:  # fmt: skip
    """An invitation, and the token of its link, kept nowhere. ``partner``: to another one, by the hub's operator."""
    if partner is None:
        made, token = await _invite(unit, unit.partner_id, name, email, roles, life, bootstrap)
    else:
        async with unit.acting_for(partner):
            made, token = await _invite(unit, partner, name, email, roles, life, bootstrap)
    await audit.record(unit, "person.invited", audit.subject_of("invitation", made.id), {"roles": made.roles})
    return made, token


async def has_provider(unit: Unit, partner: UUID) -> bool:
    """Whether people of this partner log in at its identity provider: then its local accounts are closed."""
    return bool(
        await unit.fetch(
            "select exists (select from identity_provider where partner_id = $1 and state = 'ACTIVE')", partner
        )
    )


async def _invite(
    unit: Unit, partner: UUID, name: str, email: str, roles: Iterable[str], life: timedelta, bootstrap: bool
) -> tuple[InvitationTable, str]:
    name, email, roles = check_name(name), checked_email(email), checked_roles(partner, roles)
    if await has_provider(unit, partner):
        text = "People of this firm log in at its identity provider: give them a role there."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input"])
    taken = "select true from local_account where account = $1 and partner_id = $2"
    if await unit.fetch(taken, email, partner):
        raise Refusal("DUPLICATE", "Somebody with this e-mail address is here already.", ["input", "email"])
    counted = "select count(*) from invitation where partner_id = $1 and state = 'OPEN' and expires_at > $2"
    if await unit.fetch(counted, partner, unit.now) >= MOST_OPEN:
        raise Refusal("OUT_OF_RANGE", f"There are {MOST_OPEN} open invitations: withdraw some.", ["input"])
    made = InvitationTable(
        id=new_id(unit.now), partner_id=partner, name=name, email=email, roles=roles, bootstrap=bootstrap,
        created_at=unit.now, expires_at=unit.now + life,
    )  # fmt: skip
    unit.session.add(made)
    await unit.session.flush()
    token = secrets.token_urlsafe(32)
    unit.session.add(InvitationProofTable(digest=digest_of(token), invitation_id=made.id, partner_id=partner))
    return made, token


async def withdraw(unit: Unit, invitation: InvitationTable) -> None:
    """Its link works no more."""
    if invitation.state != "OPEN":
        text = f"It is {invitation.state}: there is no further step."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input", "invitation"], invitation.id)
    invitation.state = "WITHDRAWN"
    unit.session.add(invitation)
    await unit.rows("delete from invitation_proof where invitation_id = $1", invitation.id)
    await audit.record(unit, "invitation.withdrawn", audit.subject_of("invitation", invitation.id))


async def bootstrap(unit: Unit, name: str, email: str) -> tuple[InvitationTable, str]:
    """The link for the hub's first operator; the one before works no more. Refusal if there is an operator."""
    if await has_operator(unit):
        text = "There is an operator already: they invite others with 'personInvite'."
        raise Refusal("ILLEGAL_TRANSITION", text, ["operator"])
    earlier = await unit.session.exec(
        select(InvitationTable).where(InvitationTable.bootstrap, InvitationTable.state == "OPEN")
    )
    for each in earlier.all():
        await withdraw(unit, each)
    return await invite(unit, name, email, [Role.OPERATOR], BOOTSTRAP_LIFE, bootstrap=True)


async def has_operator(unit: Unit) -> bool:
    """Whether somebody runs this hub."""
    return bool(
        await unit.fetch(
            "select exists (select from person"
            " where partner_id = $1 and state = 'ACTIVE' and 'OPERATOR' = any (roles))",
            HUB_PARTNER,
        )
    )


async def set_roles(unit: Unit, person: PersonTable, roles: Iterable[str]) -> None:
    """Other roles: whatever the person has open ends, and the next login has the new ones."""
    checked = checked_roles(person.partner_id, roles)
    _check_active(person)
    if person.provider_id is not None:
        text = "Roles of this person come from the identity provider: change them there, or revise the mapping."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input", "person"], person.id)
    if checked == sorted(person.roles):
        return
    await _keep_the_last(unit, person, checked)
    before = sorted(person.roles)
    await regrade(unit, person, checked)
    details = {"before": before, "after": checked}
    await audit.record(unit, "person.rolesSet", audit.subject_of("person", person.id), details)


async def regrade(unit: Unit, person: PersonTable, roles: list[str]) -> None:
    """Writes the roles; what stood on those before ends."""
    await end_grade(unit, person.id, person.grade)
    person.roles = roles
    person.grade += 1
    person.version += 1
    unit.session.add(person)
    await person_moved(unit, person.id, person.grade, roles)
    await end_all(unit, person.id)
    await login_grants.end_all(unit, name_of("person", person.id))


async def deactivate(unit: Unit, person: PersonTable) -> None:
    """The person cannot log in any more, and what is open ends within two seconds."""
    _check_active(person)
    await _keep_the_last(unit, person, [])
    person.state = "DEACTIVATED"
    person.version += 1
    unit.session.add(person)
    await unit.rows("delete from local_account where person_id = $1", person.id)
    bar(unit, name_of("person", person.id))
    await person_moved(unit, person.id, person.grade, [])
    await end_all(unit, person.id)
    await audit.record(unit, "person.deactivated", audit.subject_of("person", person.id))


async def end_sessions(unit: Unit, person: PersonTable) -> None:
    """Logs the person out everywhere, tokens of frontends included; a new login works."""
    await regrade(unit, person, sorted(person.roles))
    await audit.record(unit, "person.sessionsEnded", audit.subject_of("person", person.id))


async def find(unit: Unit, key: UUID) -> PersonTable | None:
    """A person of the acting partner, locked."""
    return (await unit.session.exec(select(PersonTable).where(PersonTable.id == key).with_for_update())).first()


def _check_active(person: PersonTable) -> None:
    if person.state != "ACTIVE":
        text = "The person is deactivated: invite them again."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input", "person"], person.id)


async def _keep_the_last(unit: Unit, person: PersonTable, roles: list[str]) -> None:
    """Refuse to leave a partner without an administrator, or the hub without an operator."""
    for role in _KEPT_LAST:
        if role not in person.roles or role in roles:
            continue
        rows = await unit.rows(
            "select id from person where partner_id = $1 and state = 'ACTIVE' and $2 = any (roles) order by id"
            " for update", person.partner_id, role,
        )  # fmt: skip
        if [row["id"] for row in rows] == [person.id]:
            text = f"This is the last {role}: make somebody else {role} first."
            raise Refusal("ILLEGAL_TRANSITION", text, ["input", "person"], person.id)
