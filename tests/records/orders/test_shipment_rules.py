"""The pure rules of shipments: every step, who reports what, corrections, and instants that make sense."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from scmhub.errors import Refusal
from scmhub.records.orders import shipment_rules as rules
from scmhub.records.orders.shipment_model import STATES
from scmhub.records.orders.shipment_rules import Event

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = [Event(1, "DEPARTURE", "PLANNED", NOW - 9 * HOUR), Event(2, "ARRIVAL", "PLANNED", NOW - HOUR)]
LEFT = [*PLAN, Event(3, "DEPARTURE", "ACTUAL", NOW - 8 * HOUR)]
HISTORY = {
    "PLANNED": PLAN, "DEPARTED": LEFT, "ARRIVED": [*LEFT, Event(4, "ARRIVAL", "ACTUAL", NOW - 2 * HOUR)],
}  # fmt: skip
LEGAL = {
    ("PLANNED", "DEPARTURE", "ESTIMATED"): "PLANNED",
    ("PLANNED", "ARRIVAL", "ESTIMATED"): "PLANNED",
    ("PLANNED", "DEPARTURE", "ACTUAL"): "DEPARTED",
    ("DEPARTED", "ARRIVAL", "ESTIMATED"): "DEPARTED",
    ("DEPARTED", "ARRIVAL", "ACTUAL"): "ARRIVED",
}


def told(state: str) -> list[Event]:
    return HISTORY.get(state, HISTORY["ARRIVED"])


def report(state: str, milestone: str, certainty: str, at: datetime = NOW, corrects: int | None = None) -> str:
    events = told(state)
    return rules.report(state, events, Event(len(events) + 1, milestone, certainty, at, corrects), ["SELLER"], NOW)


@pytest.mark.parametrize(
    ("state", "milestone", "certainty"),
    [*itertools.product(STATES, ("DEPARTURE", "ARRIVAL"), ("ESTIMATED", "ACTUAL"))],
)
def test_each_report_is_legal_in_its_state_and_refused_by_name_elsewhere(
    state: str, milestone: str, certainty: str
) -> None:
    after = LEGAL.get((state, milestone, certainty))
    if after:
        assert report(state, milestone, certainty) == after
        return
    with pytest.raises(Refusal) as caught:
        report(state, milestone, certainty)
    legal = ", ".join(rules.WORDS[step] for step in rules.STEPS[state])
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert caught.value.message.startswith(f"The shipment is {state}; shipmentReport ({milestone}, {certainty})")
    assert caught.value.message.endswith(f"Allowed steps: {legal}.")


@pytest.mark.parametrize(("state", "step"), [*itertools.product(STATES, ("RECEIVE", "REFUSE"))])
def test_goods_are_counted_or_refused_once_they_arrived(state: str, step: str) -> None:
    legal = {("ARRIVED", "RECEIVE"), ("ARRIVED", "REFUSE"), ("RECEIVED", "RECEIVE")}
    if (state, step) in legal:
        rules.check_step(state, step)
        return
    with pytest.raises(Refusal, match=f"The shipment is {state}; shipment{step.capitalize()} is not possible. Allowed"):
        rules.check_step(state, step)


@pytest.mark.parametrize("milestone", ["DEPARTURE", "ARRIVAL"])
@pytest.mark.parametrize("role", ["SELLER", "CARRIER", "BUYER", "CONSIGNEE"])
def test_departures_are_reported_by_those_who_send_arrivals_by_all(role: str, milestone: str) -> None:
    events = PLAN if milestone == "DEPARTURE" else LEFT
    new = Event(len(events) + 1, milestone, "ACTUAL", NOW)
    state = "PLANNED" if milestone == "DEPARTURE" else "DEPARTED"
    if role in ("BUYER", "CONSIGNEE") and milestone == "DEPARTURE":
        with pytest.raises(Refusal) as caught:
            rules.report(state, events, new, [role], NOW)
        assert (caught.value.refusal_code, caught.value.path) == ("FORBIDDEN", ["input", "milestone"])
        return
    assert rules.report(state, events, new, [role], NOW) in ("DEPARTED", "ARRIVED")


def test_a_plan_is_made_once() -> None:
    with pytest.raises(Refusal) as caught:
        report("PLANNED", "DEPARTURE", "PLANNED")
    assert (caught.value.refusal_code, caught.value.path) == ("INVALID", ["input", "certainty"])
    with pytest.raises(Refusal):
        rules.check_plan(NOW, NOW - HOUR)


def test_actual_instants_lie_in_the_past_give_or_take_five_minutes() -> None:
    assert report("PLANNED", "DEPARTURE", "ACTUAL", NOW + timedelta(minutes=5)) == "DEPARTED"
    with pytest.raises(Refusal) as caught:
        report("PLANNED", "DEPARTURE", "ACTUAL", NOW + timedelta(minutes=5, microseconds=1))
    assert (caught.value.refusal_code, caught.value.path) == ("OUT_OF_RANGE", ["input", "at"])
    assert report("PLANNED", "DEPARTURE", "ESTIMATED", NOW + 90 * HOUR) == "PLANNED"


def test_goods_do_not_arrive_before_they_leave_not_even_by_correction() -> None:
    assert report("DEPARTED", "ARRIVAL", "ACTUAL", NOW - 8 * HOUR) == "ARRIVED"
    with pytest.raises(Refusal, match="before the departure"):
        report("DEPARTED", "ARRIVAL", "ACTUAL", NOW - 8 * HOUR - timedelta(microseconds=1))
    with pytest.raises(Refusal, match="before the departure"):
        report("ARRIVED", "DEPARTURE", "ACTUAL", NOW - HOUR, corrects=3)


@pytest.mark.parametrize("state", ["DEPARTED", "ARRIVED", "RECEIVED", "REFUSED"])
def test_a_correction_replaces_the_fact_and_keeps_the_state(state: str) -> None:
    assert report(state, "DEPARTURE", "ACTUAL", NOW - 7 * HOUR, corrects=3) == state
    events = [*LEFT, Event(4, "DEPARTURE", "ACTUAL", NOW - 7 * HOUR, 3)]
    assert rules.facts(events)["DEPARTURE", "ACTUAL"] == NOW - 7 * HOUR


@pytest.mark.parametrize(
    ("corrects", "milestone", "certainty", "code"),
    [
        (9, "DEPARTURE", "ACTUAL", "NOT_FOUND"), (3, "ARRIVAL", "ACTUAL", "INVALID"),
        (3, "DEPARTURE", "ESTIMATED", "INVALID"), (1, "DEPARTURE", "ACTUAL", "INVALID"),
    ],
)  # fmt: skip
def test_a_correction_names_a_standing_event_of_its_sort(
    corrects: int, milestone: str, certainty: str, code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        report("DEPARTED", milestone, certainty, corrects=corrects)
    assert (caught.value.refusal_code, caught.value.path) == (code, ["input", "corrects"])


def test_what_is_corrected_is_not_corrected_again() -> None:
    events = [*LEFT, Event(4, "DEPARTURE", "ACTUAL", NOW - 7 * HOUR, 3)]
    with pytest.raises(Refusal, match="corrected already"):
        rules.report("DEPARTED", events, Event(5, "DEPARTURE", "ACTUAL", NOW, 3), ["SELLER"], NOW)
