"""Roles and what they permit: one table. A right is what the role, the token and the kind of caller all allow.

A person of acme who is planner and auditor logs in: she reads and writes acme's records and reads the audit trail. The
token that a partner's frontend got for her with ``hub:read`` alone reads records and nothing else; a machine never
administers, whatever its token says.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.identity.viewer import Permission, TokenScope


class Role(StrEnum):
    """What a person is for its partner; a person may be several."""

    READER = "READER"
    PLANNER = "PLANNER"
    STEWARD = "STEWARD"
    ADMIN = "ADMIN"
    AUDITOR = "AUDITOR"
    OPERATOR = "OPERATOR"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.READER: frozenset({Permission.READ}),
    Role.PLANNER: frozenset({Permission.READ, Permission.WRITE}),
    Role.STEWARD: frozenset(
        {Permission.READ, Permission.RULES, Permission.BLOCKS, Permission.RECEIPTS, Permission.REVIEWS}
    ),
    Role.ADMIN: frozenset({Permission.ACCESS, Permission.ADMIN}),
    Role.AUDITOR: frozenset({Permission.ACCESS, Permission.AUDIT, Permission.RECEIPTS, Permission.REVIEWS}),
    Role.OPERATOR: frozenset({Permission.ACCESS, Permission.ADMIN, Permission.PARTNERS, Permission.BLOCKS}),
}
OF_THE_HUB = frozenset({Role.OPERATOR, Role.AUDITOR})
"""Roles of the operator's own people; no other partner has an OPERATOR."""
OF_A_PARTNER = frozenset(Role) - {Role.OPERATOR}
_ASKED_FOR: dict[TokenScope, frozenset[Permission]] = {
    TokenScope.READ: frozenset({Permission.READ, Permission.RECEIPTS, Permission.REVIEWS}),
    TokenScope.WRITE: frozenset({Permission.WRITE, Permission.RULES, Permission.BLOCKS}),
    TokenScope.SUBSCRIBE: frozenset({Permission.READ}),
    TokenScope.ADMIN: frozenset(
        {Permission.ACCESS, Permission.ADMIN, Permission.AUDIT, Permission.RECEIPTS, Permission.REVIEWS}
        | {Permission.PARTNERS}
    ),
}
_MACHINE = frozenset({Permission.READ, Permission.WRITE})


def permitted(subject: str, roles: Iterable[Role], token_scopes: Iterable[TokenScope]) -> frozenset[Permission]:
    """What this caller may do. ``subject`` says what it is: ``person:``, ``integration:`` or ``cli:``."""
    match subject.partition(":")[0]:
        case "person":
            own = frozenset[Permission]().union(*(PERMISSIONS[role] for role in roles))
        case "integration":
            own = _MACHINE
        case "cli":
            own = frozenset(Permission)
        case _:
            own = frozenset()
    return own & frozenset[Permission]().union(*(_ASKED_FOR[scope] for scope in token_scopes))


def check_operator(unit: Unit) -> None:
    """Refusal FORBIDDEN unless the hub itself acts: a shell has every permission, for any partner."""
    if unit.partner_id != HUB_PARTNER:
        raise Refusal("FORBIDDEN", "Only the hub's operator may do this.", ["input"])
