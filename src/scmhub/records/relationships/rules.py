"""How a relationship moves: PROPOSED -> ACTIVE <-> SUSPENDED -> ENDED, PROPOSED -> DECLINED. Pure: no I/O, no clock."""

from __future__ import annotations

from scmhub.errors import Refusal

STEPS: dict[str, dict[str, str]] = {
    "PROPOSED": {"ACCEPT": "ACTIVE", "DECLINE": "DECLINED"},
    "ACTIVE": {"SUSPEND": "SUSPENDED", "END": "ENDED"},
    "SUSPENDED": {"RESUME": "ACTIVE", "END": "ENDED"},
    "ENDED": {},
    "DECLINED": {},
}
"""State -> step -> next state. ACCEPT and DECLINE are the answer of the side that did not propose."""
COMMANDS = {
    "ACCEPT": "relationshipAccept",
    "DECLINE": "relationshipDecline",
    "SUSPEND": "relationshipSuspend",
    "RESUME": "relationshipResume",
    "END": "relationshipEnd",
}
ANSWERS = ("ACCEPT", "DECLINE")


def after(state: str, step: str, *, proposer: bool, suspended_by_other: bool = False) -> str:
    """The state after a step. ``proposer``: whether the acting side is the one that proposed.

    Refusal ILLEGAL_TRANSITION, naming the state and its steps; FORBIDDEN for an answer to one's own proposal, and for
    resuming what the other side suspended.
    """
    steps = STEPS[state]
    if step not in steps:
        legal = ", ".join(COMMANDS[each] for each in steps) or "none"
        raise Refusal(
            "ILLEGAL_TRANSITION",
            f"The relationship is {state}; {COMMANDS[step]} is not possible. Allowed steps: {legal}.",
            ["input", "relationship"],
        )
    if step in ANSWERS and proposer:
        raise Refusal("FORBIDDEN", "You proposed it; the other side answers.", ["input", "relationship"])
    if step == "RESUME" and suspended_by_other:
        raise Refusal("FORBIDDEN", "The other side suspended it; only that side resumes it.", ["input", "relationship"])
    return steps[step]
