"""Previews: any query, marked ``@previewAs(partner:)``, answered with that partner's eyes and the caller's own rows.

The mark stands in the document, so a preview is a document of its own: it has its own plans, shared by all who preview
it, and no other document's plan knows of it. Validation keeps the mark off mutations and subscriptions.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from graphql import DirectiveLocation, GraphQLArgument, GraphQLDirective, GraphQLNonNull, GraphQLString
from graphql.execution.values import get_argument_values
from graphql.language import DirectiveNode, OperationDefinitionNode

from scmhub.database.unit import Database
from scmhub.errors import BadUserInput, Forbidden
from scmhub.feed import audit
from scmhub.graph.declare import Registry
from scmhub.identity.viewer import Permission, Viewer
from scmhub.sharing import asking
from scmhub.sharing.rows import Policy

NAME = "previewAs"
PREVIEW_AS = GraphQLDirective(
    NAME,
    [DirectiveLocation.QUERY],
    {
        "partner": GraphQLArgument(
            GraphQLNonNull(GraphQLString), description="Code of a partner you have, had or were offered a tie with."
        )
    },
    description="On a query: what that partner sees of your own records, and nothing else it sees. For persons with "
    "the permission RULES and a login at most 10 minutes old; each use is written to your audit trail. Not for "
    "`viewer`, `changes` and questions.",
)


def mark_of(operation: OperationDefinitionNode) -> DirectiveNode | None:
    """The mark on an operation, if it is a preview."""
    return next((each for each in operation.directives or () if each.name.value == NAME), None)


def previewed(registry: Registry) -> Registry:
    """The same kinds, each under its policy in a preview."""
    made = copy(registry)
    made.kinds = {
        name: replace(kind, policy=_in_preview(kind.policy)) for name, kind in registry.kinds.items()
    }  # fmt: skip
    made.by_prefix = {kind.prefix: kind for kind in made.kinds.values()}
    return made


def _in_preview(policy: Any) -> Policy:
    through = getattr(policy, "through", None)
    more = {"through": replace(through, policy=_in_preview(through.policy))} if through else {}
    made: Policy = replace(policy, in_preview=True, **more)
    return made


def check_previewer(viewer: Viewer, now: datetime) -> None:
    """Forbidden unless a person asks, who may write rules and logged in a short while ago."""
    if not viewer.is_person or Permission.RULES not in viewer.permissions:
        raise Forbidden(f"A preview is for persons who have the permission {Permission.RULES}.")
    if text := viewer.login_is_old(now):
        raise Forbidden(text, reason="STEP_UP_REQUIRED")


async def previewed_as(mark: DirectiveNode, variables: Any, viewer: Viewer, now: datetime, database: Database) -> UUID:
    """The partner of the mark, as the caller may find it; whether it is hidden or absent is one answer."""
    code = get_argument_values(PREVIEW_AS, mark, variables)["partner"]
    found = await asking.partner_found(database.read.rows, viewer.lens, now, code)
    if found is None:
        raise BadUserInput("There is no such partner that you may see.", reason="NOT_FOUND", input_path=["partner"])
    return found


async def note(database: Database, viewer: Viewer, partner: UUID, document: str, now: datetime) -> None:
    """Who looked with whose eyes, at what: in the audit trail before anything is answered."""
    async with database.unit(viewer.lens.partner_id, viewer.subject, lambda: now) as unit:
        await audit.record(unit, "preview", audit.subject_of("partner", partner), {"document": document})


def refuse_unpreviewed(names: list[str]) -> None:
    """BadUserInput for a root field that is not read under policy alone."""
    if names:
        text = f"'{min(names)}' cannot be previewed; ask for records."
        raise BadUserInput(text, reason="NOT_PREVIEWED", input_path=[min(names)])
