"""What a partner's administrator does with integrations, and the hub's operator with partners."""

from __future__ import annotations

from enum import Enum
from typing import Any
from uuid import UUID

import strawberry

from scmhub.admin.api import IntegrationDocuments
from scmhub.admin.limits import RecordKind
from scmhub.admin.partners import change_status, invite, invite_administrator
from scmhub.admin.people_commands import INVITATION_PAGE, LINK
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph.declare import Shown, command
from scmhub.graph.lookup import changeable
from scmhub.graph.purposes import Purpose, names_of
from scmhub.graph.reason import Reasoned
from scmhub.identity import integrations
from scmhub.identity.integrations import Limits
from scmhub.identity.tables import CredentialTable, IntegrationTable
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.ids import public_id

_SECRET = {"client_secret": "The new secret, shown here once and kept nowhere; a replay answers null."}
PURPOSES_OF = "What it may read for: a sharing rule of others that names purposes counts if it names one of these."
KINDS_OF = "Records of which kinds there are for it; all others, your own too, are as if absent."
_ADMIN = TokenScope.ADMIN
_PARTNERS = Permission.PARTNERS


@strawberry.enum(description="What the tokens of an integration may do.")
class IntegrationScope(Enum):
    READ = strawberry.enum_value("hub:read", description="Run queries.")
    WRITE = strawberry.enum_value("hub:write", description="Run mutations on your records.")
    SUBSCRIBE = strawberry.enum_value("hub:subscribe", description="Follow changes.")


@strawberry.input(description="An integration to create.")
class IntegrationCreateInput(Reasoned):
    name: str = strawberry.field(description="What you call it; at most 200 characters.")
    token_scopes: list[IntegrationScope] = strawberry.field(description="What its tokens may do at most.")
    purposes: list[Purpose] | None = strawberry.field(
        description=PURPOSES_OF + " Absent or null: for any.", default=None
    )
    kinds: list[RecordKind] | None = strawberry.field(description=KINDS_OF + " Absent or null: all.", default=None)
    documents: IntegrationDocuments = strawberry.field(
        description="Which documents it may send.", default=IntegrationDocuments.ANY
    )


@strawberry.input(description="A secret to replace.")
class IntegrationSecretRotateInput(Reasoned):
    integration: strawberry.ID = strawberry.field(description="Which integration of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    overlap_hours: int = strawberry.field(description="How long the old secret works on; 0 to 168.", default=24)


@strawberry.input(description="A public key to add.")
class IntegrationKeyAddInput(Reasoned):
    integration: strawberry.ID = strawberry.field(description="Which integration of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    public_jwk: str = strawberry.field(description="The public key as a JSON Web Key: EC P-256, or RSA.")


@strawberry.input(description="A credential to revoke.")
class IntegrationCredentialRevokeInput(Reasoned):
    credential: strawberry.ID = strawberry.field(description="Which credential of yours.")


@strawberry.input(description="An integration to suspend.")
class IntegrationSuspendInput(Reasoned):
    integration: strawberry.ID = strawberry.field(description="Which integration of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@strawberry.input(description="Which documents an integration may send from now on.")
class IntegrationDocumentsSetInput(Reasoned):
    integration: strawberry.ID = strawberry.field(description="Which integration of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    documents: IntegrationDocuments = strawberry.field(description="Any, or registered ones only.")


@strawberry.input(description="What an integration may do from now on.")
class IntegrationPermissionsSetInput(Reasoned):
    integration: strawberry.ID = strawberry.field(description="Which integration of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    token_scopes: list[IntegrationScope] = strawberry.field(description="All that its tokens may do; at least one.")
    purposes: strawberry.Maybe[list[Purpose] | None] = strawberry.field(
        description=PURPOSES_OF + " Null: for any; absent: as before.", default=None
    )
    kinds: strawberry.Maybe[list[RecordKind] | None] = strawberry.field(
        description=KINDS_OF + " Null: all; absent: as before.", default=None
    )


@strawberry.input(description="A partner to register; for the hub's operator.")
class PartnerInviteInput(Reasoned):
    code: str = strawberry.field(description="Its code, unique in the hub.")
    name: str = strawberry.field(description="Name of the firm.")
    admin_name: str | None = strawberry.field(
        description="Name of its first administrator, who is invited with `adminEmail`.", default=None
    )
    admin_email: str | None = strawberry.field(description="Where the link will be sent.", default=None)


@strawberry.input(description="A partner; for the hub's operator.")
class PartnerStatusInput(Reasoned):
    code: str = strawberry.field(description="Its code.")


@command(
    "integrationCreate", payload="Integration", description="Creates a machine of yours, with its first secret.",
    requires=_ADMIN, sensitive=True, shown_once={"client_id": "The OAuth client id."} | _SECRET,
)  # fmt: skip
async def integration_create(unit: Unit, given: IntegrationCreateInput) -> Shown:
    scopes = [TokenScope(str(each.value)) for each in given.token_scopes]
    limits = Limits(_names(given.purposes), _names(given.kinds))
    made, secret = await integrations.create(unit, given.name, scopes, str(given.documents.value), limits)
    return Shown(made.id, {"client_id": public_id("int", made.id), "client_secret": secret})


@command(
    "integrationSecretRotate", payload="Credential", requires=_ADMIN, sensitive=True, shown_once=_SECRET,
    description="Gives an integration a new secret; the old one works on for the overlap.",
)  # fmt: skip
async def integration_secret_rotate(unit: Unit, given: IntegrationSecretRotateInput) -> Shown:
    found = await _integration(unit, given.integration, given.expected_version)
    made, secret = await integrations.rotate_secret(unit, found, given.overlap_hours)
    return Shown(made.id, {"client_secret": secret})


@command(
    "integrationKeyAdd", payload="Credential", requires=_ADMIN, sensitive=True,
    description="Lets an integration prove itself with a key of its own; the hub gets its public half only.",
)  # fmt: skip
async def integration_key_add(unit: Unit, given: IntegrationKeyAddInput) -> UUID:
    found = await _integration(unit, given.integration, given.expected_version)
    return (await integrations.add_key(unit, found, given.public_jwk)).id


@command(
    "integrationCredentialRevoke", payload="Credential", requires=_ADMIN,
    description="Ends a credential, and within two seconds every token issued for it.",
)  # fmt: skip
async def integration_credential_revoke(unit: Unit, given: IntegrationCredentialRevokeInput) -> UUID:
    path = ["input", "credential"]
    found = await changeable(unit, CredentialTable, "Credential", given.credential, None, path)
    await integrations.revoke_credential(unit, found)
    return found.id


@command(
    "integrationSuspend", payload="Integration", requires=_ADMIN,
    description="Ends an integration, and within two seconds every token it has.",
)  # fmt: skip
async def integration_suspend(unit: Unit, given: IntegrationSuspendInput) -> UUID:
    found = await _integration(unit, given.integration, given.expected_version)
    await integrations.suspend(unit, found)
    return found.id


@command(
    "integrationDocumentsSet", payload="Integration", requires=_ADMIN, sensitive=True,
    description="Says which documents an integration may send; within two seconds its tokens follow.",
)  # fmt: skip
async def integration_documents_set(unit: Unit, given: IntegrationDocumentsSetInput) -> UUID:
    found = await _integration(unit, given.integration, given.expected_version)
    await integrations.set_documents(unit, found, str(given.documents.value))
    return found.id


@command(
    "integrationPermissionsSet", payload="Integration", requires=_ADMIN, sensitive=True,
    description="Gives an integration these rights instead of those before. Within two seconds the tokens it has end "
    "everywhere; the next ones it asks for have the new rights.",
)  # fmt: skip
async def integration_permissions_set(unit: Unit, given: IntegrationPermissionsSetInput) -> UUID:
    found = await _integration(unit, given.integration, given.expected_version)
    limits = Limits(
        found.purposes if given.purposes is None else _names(given.purposes.value),
        found.kinds if given.kinds is None else _names(given.kinds.value),
    )
    scopes = [TokenScope(str(each.value)) for each in given.token_scopes]
    await integrations.set_permissions(unit, found, scopes, limits)
    return found.id


def _names(given: list[Any] | None) -> list[str] | None:
    return None if given is None else names_of(given)


async def _integration(unit: Unit, public: str, version: int) -> IntegrationTable:
    return await changeable(unit, IntegrationTable, "Integration", public, version, ["input", "integration"])


@command(
    "partnerInvite", payload="Partner", requires=_ADMIN, needs=_PARTNERS, shown_once=LINK, sensitive=True,
    description="Registers a partner and invites its first administrator; the operator's. The link works seven days.",
)  # fmt: skip
async def partner_invite(unit: Unit, given: PartnerInviteInput) -> Shown:
    key = await invite(unit, given.code, given.name)
    if given.admin_name is None and given.admin_email is None:
        return Shown(key, {})
    try:
        token = await invite_administrator(unit, key, given.admin_name or "", given.admin_email or "")
    except Refusal as refusal:
        path = ["input", f"admin{refusal.path[-1].title()}"]
        raise Refusal(refusal.refusal_code, refusal.message, path) from None
    return Shown(key, {"link": INVITATION_PAGE + token})


@command(
    "partnerSuspend", payload="Partner", requires=_ADMIN, needs=_PARTNERS,
    description="Ends a partner's access within two seconds; its records stay. The operator's.",
)  # fmt: skip
async def partner_suspend(unit: Unit, given: PartnerStatusInput) -> UUID:
    return await change_status(unit, given.code, "SUSPENDED")


@command(
    "partnerReactivate", payload="Partner", requires=_ADMIN, needs=_PARTNERS,
    description="Lets a partner in again; operator's.",
)  # fmt: skip
async def partner_reactivate(unit: Unit, given: PartnerStatusInput) -> UUID:
    return await change_status(unit, given.code, "ACTIVE")
