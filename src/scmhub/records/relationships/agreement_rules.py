"""How an agreement moves: proposed, answered, signed by both, replaced or terminated. Pure: no I/O, no clock.

    PROPOSED -> SIGNED | DECLINED | WITHDRAWN | COUNTERED (by the next version)
    SIGNED   -> SUPERSEDED (by a later version, from its first day) | TERMINATED (from a day not before the notice)

acme proposes, bolt signs: version 1 holds from its first day. bolt proposes version 2 from 1 July; acme signs; version
1 holds until 30 June and version 2 from 1 July. Nobody had to do anything on either day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from scmhub.errors import Refusal

PATH = ["input", "agreement"]
SIGN, DECLINE, WITHDRAW, REVISE, TERMINATE = (
    "agreementSign", "agreementDecline", "agreementWithdraw", "agreementRevise", "agreementTerminate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """``state``: of the agreement. ``mine``: the open proposal is the acting side's. ``bound``: a version is SIGNED."""

    state: str
    mine: bool
    bound: bool


def allowed(standing: Standing) -> list[str]:
    """The steps the acting side may take, as the names of their commands."""
    if standing.state == "TERMINATED":
        return []
    answers = [] if standing.state != "PROPOSED" else [WITHDRAW] if standing.mine else [SIGN, DECLINE]
    return [*answers, REVISE, *([TERMINATE] if standing.bound else [])]


def check(standing: Standing, step: str) -> None:
    """FORBIDDEN for what only the other side may do now; ILLEGAL_TRANSITION, with the allowed steps, otherwise."""
    if step in allowed(standing):
        return
    if standing.state == "PROPOSED" and step in (SIGN, DECLINE, WITHDRAW):
        text = "You proposed it; the other side answers." if standing.mine else "Only who proposed it withdraws it."
        raise Refusal("FORBIDDEN", text, PATH)
    steps = ", ".join(allowed(standing)) or "none"
    text = f"The agreement is {standing.state}; {step} is not possible. Allowed steps: {steps}."
    raise Refusal("ILLEGAL_TRANSITION", text, PATH)


def check_days(first: date, last: date | None, today: date) -> None:
    """A version never acts on days that are over, and ends on or after its first day."""
    if first < today:
        text = "It lies in the past; an agreement never acts backwards."
        raise Refusal("OUT_OF_RANGE", text, ["input", "inForceFrom"])
    if last is not None and last < first:
        raise Refusal("OUT_OF_RANGE", "It lies before the first day.", ["input", "inForceUntil"])


def check_signable(first: date, today: date) -> None:
    if first < today:
        raise Refusal(
            "OUT_OF_RANGE", f"Its first day, {first}, is over, and an agreement never acts backwards: {REVISE} with a"
            " later one.", PATH,
        )  # fmt: skip


def check_last_day(last: date, notice_days: int, today: date) -> None:
    """A termination takes effect after the agreed notice."""
    earliest = today + timedelta(days=notice_days)
    if last < earliest:
        raise Refusal(
            "OUT_OF_RANGE", f"With {notice_days} days of notice its last day is {earliest} or later.",
            ["input", "lastDay"],
        )  # fmt: skip


def cut(until: date | None, last: date) -> bool:
    """Whether a version that holds until ``until`` (None: open) would end earlier, on ``last``."""
    return until is None or until > last
