"""How a case moves between two partners. Pure: no I/O, no clock.

OPEN -> ACKNOWLEDGED -> IN_PROGRESS -> RESOLVED -> CLOSED, RESOLVED | CLOSED -> REOPENED -> IN_PROGRESS
"""

from __future__ import annotations

from scmhub.errors import Refusal

_OPENER, _OTHER = "OPENER", "COUNTERPARTY"
STEPS: dict[str, dict[str, tuple[str, str]]] = {
    "OPEN": {"caseAcknowledge": ("ACKNOWLEDGED", _OTHER), "caseStart": ("IN_PROGRESS", _OTHER)},
    "ACKNOWLEDGED": {"caseStart": ("IN_PROGRESS", _OTHER)},
    "IN_PROGRESS": {"caseResolve": ("RESOLVED", _OTHER)},
    "RESOLVED": {"caseClose": ("CLOSED", _OPENER), "caseReopen": ("REOPENED", _OPENER)},
    "CLOSED": {"caseReopen": ("REOPENED", _OPENER)},
    "REOPENED": {"caseStart": ("IN_PROGRESS", _OTHER)},
}
"""State -> command -> next state and the side that may take the step."""


def after(state: str, step: str, side: str) -> str:
    """The state after a step of ``side``, OPENER or COUNTERPARTY.

    Refusal FORBIDDEN if the step is never this side's; ILLEGAL_TRANSITION with the steps this side may take now.
    """
    if not any(steps[step][1] == side for steps in STEPS.values() if step in steps):
        other = "counterparty" if side == _OPENER else "opener"
        raise Refusal("FORBIDDEN", f"Only the {other} may use {step}.", ["input", "case"])
    if step in STEPS[state]:
        return STEPS[state][step][0]
    legal = ", ".join(each for each, (_, whose) in STEPS[state].items() if whose == side) or "none"
    message = f"The case is {state}; {step} is not possible. Allowed steps: {legal}."
    raise Refusal("ILLEGAL_TRANSITION", message, ["input", "case"])
