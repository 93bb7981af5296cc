"""How risks and disruption notices move, and what may be passed on. Pure: no I/O, no clock.

risk        REGISTERED -> OPEN (it occurred) -> RESOLVED, REGISTERED -> RETIRED
disruption  OPEN -> RESOLVED, by its sender only
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scmhub.errors import Refusal
from scmhub.records.risks.model import CONSENTS

RISK_STEPS: dict[str, dict[str, str]] = {
    "REGISTERED": {"riskRevise": "REGISTERED", "riskOccur": "OPEN", "riskRetire": "RETIRED"},
    "OPEN": {"riskRevise": "OPEN", "riskResolve": "RESOLVED"},
    "RESOLVED": {},
    "RETIRED": {},
}
DISRUPTION_STEPS: dict[str, dict[str, str]] = {
    "OPEN": {"disruptionUpdate": "OPEN", "disruptionForward": "OPEN", "disruptionResolve": "RESOLVED"},
    "RESOLVED": {},
}
_AHEAD = timedelta(minutes=5)


def _after(steps: dict[str, dict[str, str]], what: str, state: str, step: str, path: list[str]) -> str:
    if step in steps[state]:
        return steps[state][step]
    legal = ", ".join(steps[state]) or "none"
    raise Refusal("ILLEGAL_TRANSITION", f"The {what} is {state}; {step} is not possible. Allowed steps: {legal}.", path)


def risk_after(state: str, step: str) -> str:
    """The state of a risk after a command. Refusal ILLEGAL_TRANSITION, naming the state and its steps."""
    return _after(RISK_STEPS, "risk", state, step, ["input", "risk"])


def disruption_after(state: str, step: str) -> str:
    """The state of a notice after a command. Refusal ILLEGAL_TRANSITION, naming the state and its steps."""
    return _after(DISRUPTION_STEPS, "disruption", state, step, ["input", "disruption"])


def check_grade(grade: int, path: list[str]) -> int:
    """A likelihood or impact from 1 to 5; OUT_OF_RANGE."""
    if not 1 <= grade <= 5:
        raise Refusal("OUT_OF_RANGE", "It must lie between 1 (least) and 5 (most).", path)
    return grade


def check_dates(starts_at: datetime, expected_end_at: datetime | None, field: str = "expectedEndAt") -> None:
    """OUT_OF_RANGE if it would end before it starts."""
    if expected_end_at is not None and expected_end_at <= starts_at:
        raise Refusal("OUT_OF_RANGE", "The end must lie after the start.", ["input", field])


def check_newer(as_of: datetime, last: datetime, now: datetime) -> datetime:
    """OUT_OF_RANGE for an update that is not newer than the last, or lies over 5 minutes ahead."""
    if as_of <= last:
        raise Refusal("OUT_OF_RANGE", "It must be newer than what was last said.", ["input", "asOf"])
    if as_of > now + _AHEAD:
        raise Refusal("OUT_OF_RANGE", "It lies more than 5 minutes ahead.", ["input", "asOf"])
    return as_of


def passed_on(received: str, wanted: str, *, named: bool) -> str:
    """The consent of a forward. ``received``: of the notice forwarded; ``named``: the forward names the origin.

    FORBIDDEN beyond what the origin agreed to; whoever was not named here cannot be named further on.
    """
    if received == "NONE":
        raise Refusal("FORBIDDEN", "The sender did not agree to its being passed on.", ["input", "disruption"])
    if named and received != "NAMED":
        raise Refusal("FORBIDDEN", "The sender did not agree to being named.", ["input", "nameOrigin"])
    most = received if named else "MASKED"
    if CONSENTS.index(wanted) > CONSENTS.index(most):
        raise Refusal("FORBIDDEN", f"You may allow at most {most} for this forward.", ["input", "consent"])
    return wanted


def check_own_words(text: str, origin: str, secrets: list[str]) -> str:
    """The forwarder's own text; INVALID for a copy, or if it holds a name of the origin that is not to be passed on.

    A guard against oversight: it finds the words as they stand, not a paraphrase.
    """
    mine = _folded(text)
    if _folded(origin) in mine:
        raise Refusal(
            "INVALID", "A forward is worded by you; it cannot repeat the text you received.", ["input", "text"]
        )
    if any(_folded(each) in mine for each in secrets):
        raise Refusal("INVALID", "It holds a name that the sender did not agree to pass on.", ["input", "text"])
    return text


def _folded(text: str) -> str:
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in text.casefold()).split())} "
