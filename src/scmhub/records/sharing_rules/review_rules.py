"""How an access review moves (OPEN -> CLOSED), and when it may be closed. Pure: no I/O, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from scmhub.errors import Refusal

STEPS: dict[str, dict[str, str]] = {"OPEN": {"ATTEST": "OPEN", "CLOSE": "CLOSED"}, "CLOSED": {}}
COMMANDS = {"ATTEST": "accessReviewAttest", "CLOSE": "accessReviewClose"}
PATHS = {"ATTEST": ["input", "accessReviewLine"], "CLOSE": ["input", "accessReview"]}
LONGEST = timedelta(days=366)
"""How far off the due date may be."""


def after(state: str, step: str) -> str:
    """The state after a step; Refusal ILLEGAL_TRANSITION names the steps there are."""
    if step not in STEPS[state]:
        legal = ", ".join(COMMANDS[each] for each in STEPS[state]) or "none"
        text = f"The review is {state}; {COMMANDS[step]} is not possible. Allowed steps: {legal}."
        raise Refusal("ILLEGAL_TRANSITION", text, PATHS[step])
    return STEPS[state][step]


def check_line(state: str) -> None:
    """A line whose rule is over has nothing left to attest."""
    if state == "GONE":
        text = "The line is GONE: its rule was revoked meanwhile. Allowed steps: accessReviewClose."
        raise Refusal("ILLEGAL_TRANSITION", text, PATHS["ATTEST"])


def check_due(due_at: datetime, now: datetime) -> datetime:
    """Not in the past, and not so late that nobody remembers."""
    if not now < due_at <= now + LONGEST:
        text = f"It must lie after now, at most {LONGEST.days} days ahead."
        raise Refusal("OUT_OF_RANGE", text, ["input", "dueAt"])
    return due_at


def check_closable(unattested: int, due_at: datetime, now: datetime) -> None:
    """Before the due date every line is attested; from it on the review closes as it is."""
    if unattested and now < due_at:
        text = (
            f"The review is OPEN and not due; {unattested} of its lines are PENDING or CHANGED: attest them, or close "
            "it when it is due. Allowed steps: accessReviewAttest."
        )
        raise Refusal("ILLEGAL_TRANSITION", text, PATHS["CLOSE"])
