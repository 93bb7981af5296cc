"""How a shipment moves: PLANNED -> DEPARTED -> ARRIVED -> RECEIVED | REFUSED. Pure: the caller brings the clock.

What happened is told by events that only ever get added. A wrong event is corrected by a newer one that names it; the
facts are the events that no other corrects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from scmhub.errors import Refusal

STEPS: dict[str, tuple[str, ...]] = {
    "PLANNED": ("ESTIMATE_DEPARTURE", "ESTIMATE_ARRIVAL", "DEPART", "CORRECT"),
    "DEPARTED": ("ESTIMATE_ARRIVAL", "ARRIVE", "CORRECT"),
    "ARRIVED": ("RECEIVE", "REFUSE", "CORRECT"),
    "RECEIVED": ("RECEIVE", "CORRECT"),
    "REFUSED": ("CORRECT",),
}
"""State -> steps. RECEIVE of what is RECEIVED is a newer count of the same goods."""
WORDS = {
    "ESTIMATE_DEPARTURE": "shipmentReport (DEPARTURE, ESTIMATED)",
    "ESTIMATE_ARRIVAL": "shipmentReport (ARRIVAL, ESTIMATED)",
    "DEPART": "shipmentReport (DEPARTURE, ACTUAL)",
    "ARRIVE": "shipmentReport (ARRIVAL, ACTUAL)",
    "CORRECT": "shipmentReport (corrects)",
    "RECEIVE": "shipmentReceive",
    "REFUSE": "shipmentRefuse",
}
REPORTERS = {"DEPARTURE": ("SELLER", "CARRIER"), "ARRIVAL": ("SELLER", "CARRIER", "BUYER", "CONSIGNEE")}
"""Milestone -> who may report it."""
AHEAD = timedelta(minutes=5)
"""How far an actual instant may lie in the future: clocks differ."""
_STEP = {
    ("DEPARTURE", "ESTIMATED"): "ESTIMATE_DEPARTURE", ("ARRIVAL", "ESTIMATED"): "ESTIMATE_ARRIVAL",
    ("DEPARTURE", "ACTUAL"): "DEPART", ("ARRIVAL", "ACTUAL"): "ARRIVE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """A departure or arrival, planned, estimated or actual. ``corrects``: number of the event it replaces."""

    seq: int
    milestone: str
    certainty: str
    at: datetime
    corrects: int | None = None


def check_step(state: str, step: str) -> None:
    """ILLEGAL_TRANSITION, naming the state and its steps, unless the state allows ``step``."""
    if step not in STEPS[state]:
        legal = ", ".join(WORDS[each] for each in STEPS[state])
        raise Refusal(
            "ILLEGAL_TRANSITION", f"The shipment is {state}; {WORDS[step]} is not possible. Allowed steps: {legal}.",
            ["input"],
        )  # fmt: skip


def facts(events: Iterable[Event]) -> dict[tuple[str, str], datetime]:
    """(milestone, certainty) -> instant: of the events that none corrects, the newest."""
    known = list(events)
    corrected = {each.corrects for each in known}
    return {(each.milestone, each.certainty): each.at for each in known if each.seq not in corrected}


def check_plan(departure: datetime, arrival: datetime) -> None:
    """OUT_OF_RANGE if the arrival is planned before the departure."""
    if arrival < departure:
        raise Refusal("OUT_OF_RANGE", "The arrival is planned before the departure.", ["input", "plannedArrival"])


def report(state: str, events: Sequence[Event], new: Event, roles: Collection[str], now: datetime) -> str:
    """The state after ``new``, an event not yet among ``events``.

    ``roles``: what the acting partner is in this shipment. Refusals: FORBIDDEN (another reports this), INVALID (a plan
    is made once; a correction names an event of its sort that stands), ILLEGAL_TRANSITION, OUT_OF_RANGE (an actual
    instant more than 5 minutes ahead of ``now``, or an arrival before the departure).
    """
    if not set(roles) & set(REPORTERS[new.milestone]):
        who = " or ".join(each.lower() for each in REPORTERS[new.milestone])
        raise Refusal("FORBIDDEN", f"The {who} reports this.", ["input", "milestone"])
    if new.certainty == "PLANNED":
        message = "The plan is made with the shipment; report an estimate instead."
        raise Refusal("INVALID", message, ["input", "certainty"])
    if new.corrects is None:
        check_step(state, _STEP[new.milestone, new.certainty])
    else:
        check_step(state, "CORRECT")
        _check_correction(events, new)
    _check_instants(facts([*events, new]), new, now)
    if new.certainty == "ACTUAL" and new.corrects is None:
        return "DEPARTED" if new.milestone == "DEPARTURE" else "ARRIVED"
    return state


def _check_correction(events: Sequence[Event], new: Event) -> None:
    path = ["input", "corrects"]
    wrong = next((each for each in events if each.seq == new.corrects), None)
    if wrong is None:
        raise Refusal("NOT_FOUND", "The shipment has no event with this number.", path)
    if (wrong.milestone, wrong.certainty) != (new.milestone, new.certainty):
        raise Refusal(
            "INVALID", f"It is a {wrong.milestone}, {wrong.certainty}; a correction is of the same sort.", path
        )
    if any(each.corrects == wrong.seq for each in events):
        raise Refusal("INVALID", "It is corrected already; correct the newer event.", path)


def _check_instants(known: dict[tuple[str, str], datetime], new: Event, now: datetime) -> None:
    path = ["input", "at"]
    if new.certainty != "ACTUAL":
        return
    if new.at > now + AHEAD:
        raise Refusal("OUT_OF_RANGE", "An actual instant lies in the past.", path)
    departure, arrival = known.get(("DEPARTURE", "ACTUAL")), known.get(("ARRIVAL", "ACTUAL"))
    if departure is not None and arrival is not None and arrival < departure:
        raise Refusal("OUT_OF_RANGE", "The arrival would lie before the departure.", path)


def shortage(quantity: Decimal, good: Decimal, damaged: Decimal, path: list[str]) -> Decimal:
    """What is missing against the despatch note, in the line's unit; OUT_OF_RANGE if more was counted than sent."""
    if good + damaged > quantity:
        raise Refusal("OUT_OF_RANGE", "More was counted than the despatch note says.", path)
    return quantity - good - damaged
