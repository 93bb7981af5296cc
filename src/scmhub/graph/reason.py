"""Why somebody does something: what every administrative command takes besides, and where it goes.

ann suspends an integration and says "laptop stolen". The reason is the unit's, so whatever row of the audit trail the
command leaves holds it, under the same hash; the command itself neither passes it on nor can forget it.
"""

from __future__ import annotations

from typing import Any

import strawberry

from scmhub.graph.given import some_text

MOST = 500


@strawberry.input
class Reasoned:
    reason: str | None = strawberry.field(
        description=f"Why; kept in the audit trail for good. At most {MOST} characters, no names, nothing secret.",
        default=None,
    )


def reason_of(given: Any) -> str | None:
    """The reason in the input of a command; Refusal INVALID or REQUIRED for a text that is none."""
    return some_text(given.reason, MOST, ["input", "reason"]) if isinstance(given, Reasoned) else None
