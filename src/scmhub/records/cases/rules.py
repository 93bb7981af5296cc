"""How a case moves between two partners. Pure: no I/O, no clock.

OPEN -> ACKNOWLEDGED -> IN_PROGRESS -> RESOLVED -> CLOSED, RESOLVED | CLOSED -> REOPENED -> IN_PROGRESS

Who stands on both sides takes every step. A breach that is back in tolerance may be closed by its opener from anywhere.
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
SETTLED = ("RESOLVED", "CLOSED")
"""States in which nothing presses any more: no escalation, no new steps."""
MOST_LEVELS = 9
_SEVERITIES = ("LOW", "MEDIUM", "HIGH")


def sides(opener: bool, alone: bool) -> tuple[str, ...]:
    """The sides a partner stands on; ``alone``: there is no counterparty."""
    return (_OPENER, _OTHER) if alone else (_OPENER,) if opener else (_OTHER,)


def after(state: str, step: str, standing: tuple[str, ...], *, returned: bool = False) -> str:
    """The state after a step of a partner that stands on these sides. ``returned``: the breach is back in tolerance.

    Refusal FORBIDDEN if the step is never this side's; ILLEGAL_TRANSITION with the steps this side may take now.
    """
    if not any(steps[step][1] in standing for steps in STEPS.values() if step in steps):
        other = "counterparty" if _OPENER in standing else "opener"
        raise Refusal("FORBIDDEN", f"Only the {other} may use {step}.", ["input", "case"])
    possible = dict(STEPS[state])
    if returned and state != "CLOSED":
        possible["caseClose"] = ("CLOSED", _OPENER)
    if step in possible:
        return possible[step][0]
    legal = ", ".join(each for each, (_, whose) in possible.items() if whose in standing) or "none"
    message = f"The case is {state}; {step} is not possible. Allowed steps: {legal}."
    raise Refusal("ILLEGAL_TRANSITION", message, ["input", "case"])


def check_open(state: str, step: str, standing: tuple[str, ...]) -> None:
    """ILLEGAL_TRANSITION if the case is settled: whoever wants more of it opens it again first."""
    if state in SETTLED:
        legal = ", ".join(each for each, (_, whose) in STEPS[state].items() if whose in standing) or "none"
        message = f"The case is {state}; {step} is not possible. Allowed steps: {legal}."
        raise Refusal("ILLEGAL_TRANSITION", message, ["input", "case"])


def raised(severity: str, levels: int) -> str:
    """The severity so many levels higher, HIGH at most. MEDIUM, one level: HIGH."""
    return _SEVERITIES[min(_SEVERITIES.index(severity) + levels, len(_SEVERITIES) - 1)]
