"""Frontends as their partner's administrator sees and changes them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from scmhub.admin.commands import IntegrationScope
from scmhub.database.unit import Unit
from scmhub.graph.declare import command, kind
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import Reasoned
from scmhub.graph.specs import column
from scmhub.identity import frontends
from scmhub.identity.frontend_tables import FrontendTable
from scmhub.identity.public_clients import PREFIX
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned

_ADMIN = TokenScope.ADMIN
_REDIRECTS = "Where people may be sent back to, byte for byte; https, or http on 127.0.0.1; 1 to 10."
_ORIGINS = "Origins whose pages a browser lets call the hub (CORS), never with cookies; at most 10."
_SCOPES = "What its tokens may do at most; the roles of whoever logs in narrow it."


@strawberry.enum(description="Whether people may log in through a frontend.")
class FrontendState(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="They may.")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="They may not; its tokens are dead.")


@kind(
    FrontendTable,
    prefix=PREFIX,
    policy=Owned(owner="partner_id"),
    single="frontend",
    plural="frontends",
    needs=Permission.ACCESS,
)
class Frontend:
    """A web page of yours on an origin of its own, through which your people log in. Its id is its OAuth client id."""

    name: str = column(PUBLIC, "What you call it.")
    redirect_uris: list[str] = column(PUBLIC, _REDIRECTS)
    origins: list[str] = column(PUBLIC, _ORIGINS)
    token_scopes: list[str] = column(PUBLIC, _SCOPES)
    state: FrontendState = column(PUBLIC, "Whether people may log in through it.")
    created_at: datetime = column(PUBLIC, "When it was registered.")
    last_used_at: datetime | None = column(PUBLIC, "When somebody last got a code or token through it, to the minute.")
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")


@strawberry.input(description="A frontend to register.")
class FrontendRegisterInput(Reasoned):
    name: str = strawberry.field(description="What you call it; at most 200 characters.")
    redirect_uris: list[str] = strawberry.field(description=_REDIRECTS)
    origins: list[str] = strawberry.field(description=_ORIGINS)
    token_scopes: list[IntegrationScope] = strawberry.field(description=_SCOPES)


@strawberry.input(description="A frontend to change; what is absent stays.")
class FrontendReviseInput(Reasoned):
    frontend: strawberry.ID = strawberry.field(description="Which frontend of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    name: strawberry.Maybe[str] = strawberry.field(description="What you call it.", default=None)
    redirect_uris: strawberry.Maybe[list[str]] = strawberry.field(description=_REDIRECTS, default=None)
    origins: strawberry.Maybe[list[str]] = strawberry.field(description=_ORIGINS, default=None)
    token_scopes: strawberry.Maybe[list[IntegrationScope]] = strawberry.field(description=_SCOPES, default=None)


@strawberry.input(description="A frontend to suspend.")
class FrontendSuspendInput(Reasoned):
    frontend: strawberry.ID = strawberry.field(description="Which frontend of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@command(
    "frontendRegister", payload="Frontend", requires=_ADMIN, sensitive=True,
    description="Registers a web page of yours; by that your people consent to log in through it.",
)  # fmt: skip
async def frontend_register(unit: Unit, given: FrontendRegisterInput) -> UUID:
    scopes = _scopes(given.token_scopes)
    return (await frontends.register(unit, given.name, given.redirect_uris, given.origins, scopes)).id


@command(
    "frontendRevise", payload="Frontend", requires=_ADMIN, sensitive=True,
    description="Changes a frontend; scopes that go are gone from the next token on.",
)  # fmt: skip
async def frontend_revise(unit: Unit, given: FrontendReviseInput) -> UUID:
    found = await _frontend(unit, given.frontend, given.expected_version)
    await frontends.revise(
        unit, found,
        given.name.value if given.name else None,
        given.redirect_uris.value if given.redirect_uris else None,
        given.origins.value if given.origins else None,
        _scopes(given.token_scopes.value) if given.token_scopes else None,
    )  # fmt: skip
    return found.id


@command(
    "frontendSuspend", payload="Frontend", requires=_ADMIN,
    description="Ends a frontend, and within two seconds every token that came through it.",
)  # fmt: skip
async def frontend_suspend(unit: Unit, given: FrontendSuspendInput) -> UUID:
    found = await _frontend(unit, given.frontend, given.expected_version)
    await frontends.suspend(unit, found)
    return found.id


async def _frontend(unit: Unit, public: str, version: int) -> FrontendTable:
    return await changeable(unit, FrontendTable, "Frontend", public, version, ["input", "frontend"])


def _scopes(given: list[IntegrationScope]) -> list[TokenScope]:
    return [TokenScope(str(each.value)) for each in given]
