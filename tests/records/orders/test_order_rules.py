"""The pure rules: every legal step, every other one refused by name, and a first promise that nothing changes."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scmhub.errors import Refusal
from scmhub.partners import order_states
from scmhub.records.orders import rules
from scmhub.records.orders.rules import Promise, Slice, Standing, Word
from scmhub.records.orders.states import NAMES as LINE_STATES

MONDAY = date(2026, 4, 6)
ASKED = (Slice(Decimal(100), MONDAY),)
LESS = (Slice(Decimal(60), MONDAY), Slice(Decimal(30), MONDAY + timedelta(days=14)))
NEGOTIATION = ("PROPOSE", "ACCEPT", "REJECT", "DECLINE_CHANGE", "CANCEL")


def standing(state: str, spoke: rules.Side = "BUYER", act: str = "REQUEST", shipped: int = 0) -> Standing:
    """A schedule line for 100 in some state; agreed on 100 if the state says so."""
    promise = Promise(Decimal(100), MONDAY) if state in order_states.AGREED else None
    return Standing(state, Word(spoke, act, ASKED), promise, promise, Decimal(shipped))


LEGAL = {
    ("SENT", "BUYER", "SELLER", "ACCEPT"): "CONFIRMED",
    ("SENT", "BUYER", "SELLER", "PROPOSE"): "SELLER_PROPOSED",
    ("SENT", "BUYER", "SELLER", "REJECT"): "REJECTED",
    ("SENT", "BUYER", "BUYER", "CANCEL"): "CANCELLED",
    ("SELLER_PROPOSED", "SELLER", "BUYER", "ACCEPT"): "CONFIRMED",
    ("SELLER_PROPOSED", "SELLER", "BUYER", "PROPOSE"): "BUYER_PROPOSED",
    ("SELLER_PROPOSED", "SELLER", "SELLER", "REJECT"): "REJECTED",
    ("SELLER_PROPOSED", "SELLER", "BUYER", "CANCEL"): "CANCELLED",
    ("BUYER_PROPOSED", "BUYER", "SELLER", "ACCEPT"): "CONFIRMED",
    ("BUYER_PROPOSED", "BUYER", "SELLER", "PROPOSE"): "SELLER_PROPOSED",
    ("BUYER_PROPOSED", "BUYER", "SELLER", "REJECT"): "REJECTED",
    ("BUYER_PROPOSED", "BUYER", "BUYER", "CANCEL"): "CANCELLED",
    ("CONFIRMED", "SELLER", "BUYER", "PROPOSE"): "CHANGE_REQUESTED",
    ("CONFIRMED", "SELLER", "SELLER", "PROPOSE"): "CHANGE_REQUESTED",
    ("CONFIRMED", "SELLER", "BUYER", "CANCEL"): "CHANGE_REQUESTED",
    ("CONFIRMED", "SELLER", "SELLER", "CANCEL"): "CHANGE_REQUESTED",
    ("CHANGE_REQUESTED", "BUYER", "SELLER", "ACCEPT"): "CONFIRMED",
    ("CHANGE_REQUESTED", "BUYER", "SELLER", "PROPOSE"): "CHANGE_REQUESTED",
    ("CHANGE_REQUESTED", "BUYER", "SELLER", "DECLINE_CHANGE"): "CONFIRMED",
    ("PART_SHIPPED", "SELLER", "BUYER", "PROPOSE"): "CHANGE_REQUESTED",
    ("PART_SHIPPED", "SELLER", "SELLER", "PROPOSE"): "CHANGE_REQUESTED",
    ("PART_SHIPPED", "SELLER", "BUYER", "CANCEL"): "CHANGE_REQUESTED",
    ("PART_SHIPPED", "SELLER", "SELLER", "CANCEL"): "CHANGE_REQUESTED",
}
SPOKE = {state: spoke for state, spoke, _, _ in LEGAL}


@pytest.mark.parametrize(("situation", "after"), [*LEGAL.items()])
def test_every_legal_step_leads_where_it_should(situation: tuple[str, rules.Side, rules.Side, str], after: str) -> None:
    state, spoke, side, step = situation
    reached, word = rules.take_step(standing(state, spoke), side, step, LESS)
    assert reached.state == after
    assert (word.side, reached.last_word) == (side, word)


@pytest.mark.parametrize(
    ("state", "side", "step"),
    [
        (state, side, step)
        for state, side, step in itertools.product(LINE_STATES, ("BUYER", "SELLER"), NEGOTIATION)
        if (state, SPOKE.get(state, "BUYER"), side, step) not in LEGAL
    ],
)
def test_every_other_step_is_refused_with_the_allowed_ones(state: str, side: rules.Side, step: str) -> None:
    spoke = SPOKE.get(state, "BUYER")
    with pytest.raises(Refusal) as caught:
        rules.take_step(standing(state, spoke), side, step, LESS)
    if (side, step) == ("BUYER", "REJECT"):
        assert caught.value.refusal_code == "FORBIDDEN"
        assert caught.value.message == "Only the seller may use scheduleLineReject."
        return
    legal = [rules.COMMANDS[act] for act in rules.STEPS[state] if (state, spoke, side, act) in LEGAL or act == "CLOSE"]
    legal = legal if side == "BUYER" else [name for name in legal if name != "orderClose"]
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert state in caught.value.message
    assert caught.value.message.endswith(f"Allowed steps: {', '.join(legal) or 'none'}.")


def test_states_of_rules_and_table_are_the_same() -> None:
    assert set(rules.STEPS) == set(LINE_STATES)


def test_the_turn_passes_with_every_counter_proposal() -> None:
    line, _ = rules.take_step(standing("SENT"), "SELLER", "PROPOSE", LESS)
    with pytest.raises(Refusal, match="It is the buyer's turn"):
        rules.take_step(line, "SELLER", "ACCEPT")
    line, _ = rules.take_step(line, "BUYER", "PROPOSE", ASKED)
    line, _ = rules.take_step(line, "SELLER", "ACCEPT")
    assert line.first == line.last == Promise(Decimal(100), MONDAY)


def test_a_split_counter_proposal_promises_its_sum_for_its_last_day() -> None:
    line, _ = rules.take_step(standing("SENT"), "SELLER", "PROPOSE", LESS)
    line, word = rules.take_step(line, "BUYER", "ACCEPT")
    assert (line.first, word.slices) == (Promise(Decimal(90), MONDAY + timedelta(days=14)), LESS)


def test_a_declined_change_leaves_the_last_promise() -> None:
    line, word = rules.take_step(standing("CONFIRMED", "SELLER"), "BUYER", "PROPOSE", LESS)
    assert word.act == "REQUEST_CHANGE"
    line, _ = rules.take_step(line, "SELLER", "DECLINE_CHANGE")
    assert (line.state, line.first, line.last) == (
        "CONFIRMED",
        Promise(Decimal(100), MONDAY),
        Promise(Decimal(100), MONDAY),
    )


def test_an_accepted_change_moves_the_last_promise_only() -> None:
    line, _ = rules.take_step(standing("CONFIRMED", "SELLER"), "SELLER", "PROPOSE", LESS)
    line, _ = rules.take_step(line, "BUYER", "ACCEPT")
    assert line.first == Promise(Decimal(100), MONDAY)
    assert line.last == Promise(Decimal(90), MONDAY + timedelta(days=14))


@pytest.mark.parametrize(("shipped", "state", "promised"), [(0, "CANCELLED", 100), (40, "SHIPPED", 40)])
def test_a_cancellation_takes_away_only_what_is_not_shipped(shipped: int, state: str, promised: int) -> None:
    line, _ = rules.take_step(standing("PART_SHIPPED", "SELLER", shipped=shipped), "BUYER", "CANCEL")
    assert line.state == "CHANGE_REQUESTED"
    line, _ = rules.take_step(line, "SELLER", "ACCEPT")
    assert line.last is not None
    assert (line.state, line.last.quantity) == (state, Decimal(promised))


def test_a_change_below_what_is_shipped_is_refused_when_asked_and_when_accepted() -> None:
    little = (Slice(Decimal(30), MONDAY),)
    with pytest.raises(Refusal) as asked:
        rules.take_step(standing("PART_SHIPPED", "SELLER", shipped=40), "BUYER", "PROPOSE", little)
    line, _ = rules.take_step(standing("CONFIRMED", "SELLER"), "BUYER", "PROPOSE", little)
    with pytest.raises(Refusal) as accepted:
        rules.take_step(rules.move(line, Decimal(40), Decimal(0)), "SELLER", "ACCEPT")
    assert (asked.value.refusal_code, accepted.value.refusal_code) == ("OUT_OF_RANGE", "OUT_OF_RANGE")


@pytest.mark.parametrize(
    ("shipped", "received", "state"),
    [
        ("0", "0", "CONFIRMED"), ("0.000001", "0", "PART_SHIPPED"), ("99.999999", "99", "PART_SHIPPED"),
        ("100", "0", "SHIPPED"), ("100", "0.000001", "PART_RECEIVED"), ("100", "100", "RECEIVED"),
        ("102", "100", "RECEIVED"),
    ],
)  # fmt: skip
def test_the_state_of_agreed_goods_follows_from_quantities(shipped: str, received: str, state: str) -> None:
    assert rules.moved_state(Decimal(100), Decimal(shipped), Decimal(received)) == state
    assert rules.move(standing("CONFIRMED"), Decimal(shipped), Decimal(received)).state == state


@pytest.mark.parametrize("state", ["CHANGE_REQUESTED", "CLOSED"])
def test_goods_that_move_change_no_open_question_and_nothing_that_is_over(state: str) -> None:
    moved = rules.move(standing(state), Decimal(100), Decimal(100))
    assert (moved.state, moved.shipped, moved.received) == (state, Decimal(100), Decimal(100))


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["SENT"], "SENT"), (["CONFIRMED", "SENT"], "SENT"), (["CONFIRMED", "CHANGE_REQUESTED"], "CHANGE_REQUESTED"),
        (["RECEIVED", "PART_SHIPPED", "CANCELLED"], "PART_SHIPPED"), (["CLOSED", "RECEIVED"], "RECEIVED"),
        (["CLOSED", "CANCELLED", "REJECTED"], "CLOSED"), (["CANCELLED", "REJECTED"], "CANCELLED"),
        (["REJECTED", "REJECTED"], "REJECTED"),
    ],
)  # fmt: skip
def test_the_status_is_the_least_advanced_open_state(states: list[str], status: str) -> None:
    assert rules.derived_status(states) == status


@pytest.mark.parametrize("state", [s for s in LINE_STATES if s not in ("SHIPPED", "PART_RECEIVED", "RECEIVED")])
def test_an_order_with_anything_undelivered_is_not_closed(state: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules.close([state], "BUYER", Decimal(0))
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert state in caught.value.message


def test_closing_closes_what_is_shipped_and_leaves_what_is_over() -> None:
    states = ["REJECTED", "SHIPPED", "PART_RECEIVED", "CANCELLED", "RECEIVED"]
    assert rules.close(states, "BUYER", Decimal(0)) == [1, 2, 4]
    with pytest.raises(Refusal, match="goods are on their way"):
        rules.close(states, "BUYER", Decimal(1))
    with pytest.raises(Refusal, match="Only the buyer"):
        rules.close(states, "SELLER", Decimal(0))


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        ("3", "0.333333", "0.999999"), ("0.000001", "0.5", "0.000001"), ("0.000001", "0.499999", "0.000000"),
        ("123456789012.345678", "999.999999", "123456788888888.888988"), ("5", None, None), ("7", "0", "0.000000"),
    ],
)  # fmt: skip
def test_a_line_amount_is_exact_and_rounded_half_up(quantity: str, price: str | None, amount: str | None) -> None:
    found = rules.line_amount(Decimal(quantity), Decimal(price) if price else None)
    assert (None if found is None else str(found)) == amount


def test_a_total_with_an_unknown_price_is_unknown() -> None:
    assert rules.order_total([Decimal("0.1"), Decimal("0.2")]) == Decimal("0.3")
    assert rules.order_total([Decimal("0.1"), None]) is None


slices = st.lists(
    st.builds(Slice, st.decimals("0.000001", "1000", places=6), st.dates(MONDAY, MONDAY + timedelta(days=400))),
    min_size=1, max_size=4, unique_by=lambda each: each.due_on,
)  # fmt: skip
acts = st.one_of(
    st.tuples(st.sampled_from(["BUYER", "SELLER"]), st.sampled_from(NEGOTIATION), slices),
    st.tuples(st.just("GOODS"), st.just("MOVE"), st.tuples(st.decimals("0", "1000", places=6), st.just(Decimal(0)))),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(acts, max_size=25))
def test_the_first_promise_survives_any_sequence_of_commands(sequence: list) -> None:
    line = standing("SENT")
    first, said = None, []
    for who, act, what in sequence:
        before = line
        try:
            if act == "MOVE":
                line = rules.move(line, *what) if line.last is not None else line
                continue
            line, word = rules.take_step(line, who, act, what)
        except Refusal:
            assert line == before
            continue
        said.append(word)
        first = first or line.first
        assert line.first == first
        assert line.state in LINE_STATES
        assert (line.first is None) == (line.last is None)
        assert (line.state in order_states.AGREED) <= (line.first is not None)
    agreed = [word for word in said if word.act == "ACCEPT" and word.slices]
    assert (first is None) == (not agreed)
    if agreed:
        assert first == rules.promise_of(agreed[0].slices)
        assert line.last == rules.promise_of(agreed[-1].slices)


def test_every_state_is_open_or_finished_and_what_is_unshipped_is_open() -> None:
    """The one list that the channel, risks and exceptions read says of each state what the steps say."""
    assert sorted([*order_states.OPEN, *order_states.FINISHED, "DRAFT"]) == sorted(LINE_STATES)
    assert {*order_states.UNSHIPPED, *order_states.WAITING} <= {*order_states.OPEN}
    waiting = {state for state, steps in rules.STEPS.items() if "ACCEPT" in steps}
    assert waiting == {*order_states.WAITING}
    assert {state for state, steps in rules.STEPS.items() if not steps} == {*order_states.OVER, "DRAFT"}
