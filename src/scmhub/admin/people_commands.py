"""What a partner's administrator does with people; the link of an invitation is shown once, to whoever made it."""

from __future__ import annotations

from uuid import UUID

import strawberry

from scmhub.admin.me import Role
from scmhub.database.unit import Unit
from scmhub.graph.declare import Shown, command
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import Reasoned
from scmhub.identity import people
from scmhub.identity.people_tables import InvitationTable, PersonTable
from scmhub.identity.viewer import TokenScope

INVITATION_PAGE = "/invitation#"
"""The token stands in the fragment: browsers send it to nobody."""
LINK = {
    "link": "Path and fragment of the link, to put behind the hub's address; shown here once, a replay answers null."
}
_ADMIN = TokenScope.ADMIN


@strawberry.input(description="Somebody to invite.")
class PersonInviteInput(Reasoned):
    name: str = strawberry.field(description="Their name; at most 200 characters.")
    email: str = strawberry.field(description="Their e-mail address; also the account name they will log in with.")
    roles: list[Role] = strawberry.field(description="What they will be; at least one.")


@strawberry.input(description="Roles to give.")
class PersonRolesSetInput(Reasoned):
    person: strawberry.ID = strawberry.field(description="Whom.")
    expected_version: int = strawberry.field(description="Their `version` as you know it.")
    roles: list[Role] = strawberry.field(description="All roles they have from now on.")


@strawberry.input(description="A person, as you know it.")
class PersonStepInput(Reasoned):
    person: strawberry.ID = strawberry.field(description="Whom.")
    expected_version: int = strawberry.field(description="Their `version` as you know it.")


@strawberry.input(description="An invitation to withdraw.")
class InvitationWithdrawInput(Reasoned):
    invitation: strawberry.ID = strawberry.field(description="Which invitation of yours.")


@command(
    "personInvite", payload="Invitation", requires=_ADMIN, shown_once=LINK, sensitive=True,
    description="Invites somebody to your firm: the link works once, within seven days. DUPLICATE: somebody has this "
    "e-mail address here. ILLEGAL_TRANSITION: your people log in at your identity provider; give them a role there.",
)  # fmt: skip
async def person_invite(unit: Unit, given: PersonInviteInput) -> Shown:
    made, token = await people.invite(unit, given.name, given.email, _names(given.roles))
    return Shown(made.id, {"link": INVITATION_PAGE + token})


@command(
    "invitationWithdraw", payload="Invitation", requires=_ADMIN, description="The link of an invitation works no more.",
)  # fmt: skip
async def invitation_withdraw(unit: Unit, given: InvitationWithdrawInput) -> UUID:
    path = ["input", "invitation"]
    found = await changeable(unit, InvitationTable, "Invitation", given.invitation, None, path)
    await people.withdraw(unit, found)
    return found.id


@command(
    "personRolesSet", payload="Person", requires=_ADMIN, sensitive=True,
    description="Gives a person these roles instead of the ones before; they are logged out everywhere within two "
    "seconds. ILLEGAL_TRANSITION: the last administrator, or roles that come from your identity provider.",
)  # fmt: skip
async def person_roles_set(unit: Unit, given: PersonRolesSetInput) -> UUID:
    found = await _person(unit, given.person, given.expected_version)
    await people.set_roles(unit, found, _names(given.roles))
    return found.id


@command(
    "personDeactivate", payload="Person", requires=_ADMIN, sensitive=True,
    description="A person may log in no more, and is logged out within two seconds. ILLEGAL_TRANSITION: the last "
    "administrator.",
)  # fmt: skip
async def person_deactivate(unit: Unit, given: PersonStepInput) -> UUID:
    found = await _person(unit, given.person, given.expected_version)
    await people.deactivate(unit, found)
    return found.id


@command(
    "personSessionsEnd", payload="Person", requires=_ADMIN,
    description="Logs a person out everywhere within two seconds, frontends included; they may log in again.",
)  # fmt: skip
async def person_sessions_end(unit: Unit, given: PersonStepInput) -> UUID:
    found = await _person(unit, given.person, given.expected_version)
    await people.end_sessions(unit, found)
    return found.id


def _names(given: list[Role]) -> list[str]:
    return [str(each.value) for each in given]


async def _person(unit: Unit, public: str, version: int) -> PersonTable:
    return await changeable(unit, PersonTable, "Person", public, version, ["input", "person"])
