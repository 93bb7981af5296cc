"""``me``: who the hub takes the caller for, and what it may do."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from scmhub.admin.limits import RecordKind
from scmhub.graph.declare import question
from scmhub.graph.purposes import Purpose


@strawberry.enum(description="What a person is for its partner; a person may be several.")
class Role(Enum):
    READER = strawberry.enum_value("READER", description="Reads and follows records.")
    PLANNER = strawberry.enum_value("PLANNER", description="Reads records and runs commands on its partner's own.")
    STEWARD = strawberry.enum_value("STEWARD", description="Reads records and writes sharing rules.")
    ADMIN = strawberry.enum_value(
        "ADMIN", description="Looks after people, identity providers and integrations; neither records nor rules."
    )
    AUDITOR = strawberry.enum_value("AUDITOR", description="Reads the audit trail and who may call.")
    OPERATOR = strawberry.enum_value("OPERATOR", description="Runs the hub; sees no record of any partner.")


@strawberry.enum(description="What a caller may do. A role gives some; token scopes and the kind of caller take away.")
class Permission(Enum):
    READ = strawberry.enum_value("READ", description="Read and follow records.")
    WRITE = strawberry.enum_value("WRITE", description="Run commands on records.")
    RULES = strawberry.enum_value("RULES", description="Write sharing rules.")
    BLOCKS = strawberry.enum_value("BLOCKS", description="Keep two partners apart.")
    ACCESS = strawberry.enum_value("ACCESS", description="See who may call: people, sessions, integrations, ...")
    ADMIN = strawberry.enum_value("ADMIN", description="Change who may call.")
    AUDIT = strawberry.enum_value("AUDIT", description="Read the audit trail.")
    RECEIPTS = strawberry.enum_value("RECEIPTS", description="Read who read your records under rules that ask for it.")
    REVIEWS = strawberry.enum_value("REVIEWS", description="Read access reviews of your sharing rules.")
    PARTNERS = strawberry.enum_value("PARTNERS", description="Register and suspend partners; signing keys.")


@strawberry.type(description="Who the hub takes you for.")
class Me:
    subject: str = strawberry.field(description="How the audit trail names you: `person:`, `integration:` or `cli:`.")
    name: str | None = strawberry.field(description="Your name, if you are a person.")
    roles: list[Role] = strawberry.field(description="Your roles, if you are a person.")
    permissions: list[Permission] = strawberry.field(
        description="What you may do: what your roles, your token and your kind of caller allow together."
    )
    token_scopes: list[str] = strawberry.field(description="What your token or session may start at most.")
    purposes: list[Purpose] | None = strawberry.field(
        description="What you read for: your credential's purposes, or those of them your request names; null: any."
    )
    kinds: list[RecordKind] | None = strawberry.field(
        description="Records of which kinds there are for you; null: all you may see."
    )
    authenticated_at: datetime | None = strawberry.field(description="When you last logged in, if you are a person.")
    expires_at: datetime = strawberry.field(description="When your token or session ends, unless it is used before.")


def _members(of: Any, names: frozenset[str] | None) -> list[Any] | None:
    return None if names is None else [of[each] for each in sorted(names) if each in of.__members__]


@question("me", "Who you are to the hub, and what you may do.", needs=None)
async def me(info: strawberry.Info) -> Me:
    caller = info.context["viewer"]
    name = None
    if caller.subject.startswith("person:"):
        rows = await info.context["reads"].rows(
            "select name from person where 'person:' || id = $1 and partner_id = $2",
            caller.subject, caller.lens.partner_id,
        )  # fmt: skip
        name = rows[0]["name"] if rows else None
    return Me(
        subject=caller.subject, name=name, roles=[Role[each] for each in sorted(caller.roles)],
        permissions=[Permission[each] for each in sorted(caller.permissions)],
        token_scopes=sorted(caller.token_scopes), purposes=_members(Purpose, caller.lens.purposes),
        kinds=_members(RecordKind, caller.lens.kinds), authenticated_at=caller.authenticated_at,
        expires_at=caller.expires_at,
    )  # fmt: skip
