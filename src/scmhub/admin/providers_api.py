"""Identity providers as their partner's administrators see and change them; a client secret is in no answer."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from scmhub.database.unit import Unit
from scmhub.graph.declare import Shown, command, kind
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import Reasoned
from scmhub.graph.specs import column, many
from scmhub.identity import providers
from scmhub.identity.provider_tables import IdentityProviderTable, ProviderVersionTable
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned

_ADMIN = TokenScope.ADMIN


@strawberry.enum(description="Whether people log in at an identity provider.")
class IdentityProviderState(Enum):
    DRAFT = strawberry.enum_value("DRAFT", description="Not yet: a version has to be tested and activated.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="Your people log in there, and nowhere else.")
    REMOVED = strawberry.enum_value("REMOVED", description="No more.")


@kind(
    IdentityProviderTable, prefix="idp", policy=Owned(owner="partner_id"), single="identityProvider",
    plural="identityProviders", needs=Permission.ACCESS,
)  # fmt: skip
class IdentityProvider:
    """Your own OpenID Connect issuer, at which your people log in."""

    issuer: str = column(PUBLIC, "Its issuer, exactly as its discovery document says it.")
    state: IdentityProviderState = column(PUBLIC, "Whether people log in there.")
    active_number: int | None = column(PUBLIC, "Which version is in force.")
    created_at: datetime = column(PUBLIC, "When it was added.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")
    versions = many("IdentityProviderVersion", "Its settings through time, oldest first.", by="provider_id")


@kind(
    ProviderVersionTable, prefix="idv", policy=Owned(owner="partner_id"), plural="identityProviderVersions",
    needs=Permission.ACCESS,
)  # fmt: skip
class IdentityProviderVersion:
    """How the hub is a client of an issuer, and which claims are roles."""

    number: int = column(PUBLIC, "Its number, from 1.")
    client_id: str = column(PUBLIC, "Who the hub is at the issuer.")
    role_claim: str = column(PUBLIC, "The claim of the ID token that gives roles.")
    mappings: list[str] = column(PUBLIC, "Values of the claim and the role each gives, as `value=ROLE`.")
    creates_people: bool = column(PUBLIC, "Whether a first login with a role makes the person.")
    created_at: datetime = column(PUBLIC, "When it was written.")
    tested_at: datetime | None = column(PUBLIC, "When an administrator's login by it worked.")


@strawberry.input(description="An identity provider to add.")
class IdentityProviderAddInput(Reasoned):
    issuer: str = strawberry.field(description="Its issuer URL, exactly as its discovery document says it; https.")
    client_id: str = strawberry.field(description="Who the hub is there; register `/login/callback` of this hub there.")
    client_secret: str = strawberry.field(description="The hub's secret there; kept sealed, shown to nobody.")
    role_claim: str = strawberry.field(description="The claim of the ID token that gives roles.", default="roles")
    mappings: list[str] = strawberry.field(
        description="Values of the claim and the role each gives, as `value=ROLE`; at most 50, no default."
    )
    creates_people: bool = strawberry.field(
        description="Whether a first login with a role makes the person.", default=True
    )


@strawberry.input(description="New settings of an identity provider; all of them.")
class IdentityProviderMappingReviseInput(Reasoned):
    identity_provider: strawberry.ID = strawberry.field(description="Which of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    client_id: str = strawberry.field(description="Who the hub is there.")
    client_secret: str = strawberry.field(description="The hub's secret there; kept sealed, shown to nobody.")
    role_claim: str = strawberry.field(description="The claim of the ID token that gives roles.", default="roles")
    mappings: list[str] = strawberry.field(
        description="Values of the claim and the role each gives, as `value=ROLE`; at most 50, no default."
    )
    creates_people: bool = strawberry.field(
        description="Whether a first login with a role makes the person.", default=True
    )


@strawberry.input(description="An identity provider, as you know it.")
class IdentityProviderStepInput(Reasoned):
    identity_provider: strawberry.ID = strawberry.field(description="Which of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@command(
    "identityProviderAdd", payload="IdentityProvider", requires=_ADMIN, sensitive=True,
    description="Writes down your issuer as a DRAFT: test it by a login, then activate it.",
)  # fmt: skip
async def identity_provider_add(unit: Unit, given: IdentityProviderAddInput) -> UUID:
    made = await providers.add(
        unit, given.issuer, given.client_id, given.client_secret, given.role_claim, given.mappings, given.creates_people
    )
    return made.id


@command(
    "identityProviderMappingRevise", payload="IdentityProvider", requires=_ADMIN, sensitive=True,
    description="Writes the next version of its settings; the one in force stays until this is tested and activated.",
)  # fmt: skip
async def identity_provider_mapping_revise(unit: Unit, given: IdentityProviderMappingReviseInput) -> UUID:
    found = await _provider(unit, given.identity_provider, given.expected_version)
    await providers.revise(
        unit, found, given.client_id, given.client_secret, given.role_claim, given.mappings, given.creates_people
    )
    return found.id


@command(
    "identityProviderTest", payload="IdentityProvider", requires=_ADMIN, sensitive=True,
    shown_once={"link": "Path of the link that tests the newest version; ten minutes. A replay answers null."},
    description="Begins a test of the newest version: log in there as somebody it makes an ADMIN.",
)  # fmt: skip
async def identity_provider_test(unit: Unit, given: IdentityProviderStepInput) -> Shown:
    found = await _provider(unit, given.identity_provider, given.expected_version)
    return Shown(found.id, {"link": await providers.test_link(unit, found)})


@command(
    "identityProviderActivate", payload="IdentityProvider", requires=_ADMIN, sensitive=True,
    description="Puts the newest version into force. Local accounts are closed and logged out. ILLEGAL_TRANSITION: it "
    "was not tested.",
)  # fmt: skip
async def identity_provider_activate(unit: Unit, given: IdentityProviderStepInput) -> UUID:
    found = await _provider(unit, given.identity_provider, given.expected_version)
    await providers.activate(unit, found)
    return found.id


@command(
    "identityProviderRemove", payload="IdentityProvider", requires=_ADMIN, sensitive=True,
    description="Nobody logs in there any more; local accounts open again. ILLEGAL_TRANSITION: no admin has one.",
)  # fmt: skip
async def identity_provider_remove(unit: Unit, given: IdentityProviderStepInput) -> UUID:
    found = await _provider(unit, given.identity_provider, given.expected_version)
    await providers.remove(unit, found)
    return found.id


async def _provider(unit: Unit, public: str, version: int) -> IdentityProviderTable:
    path = ["input", "identityProvider"]
    return await changeable(unit, IdentityProviderTable, "IdentityProvider", public, version, path)
