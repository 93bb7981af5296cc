"""How a schedule line moves: two sides argue until they agree, then goods move. Pure: no I/O, no clock.

    SENT -> (SELLER_PROPOSED <-> BUYER_PROPOSED)* -> CONFIRMED -> (CHANGE_REQUESTED -> CONFIRMED)*
         -> PART_SHIPPED -> SHIPPED -> PART_RECEIVED -> RECEIVED -> CLOSED

bolt answers acme's 100 pieces with 60 now and 40 later; acme accepts: that is the first promise, written once. Later
acme asks for a week less; bolt declines, and the last promise stands. Before the first agreement either side may walk
away (the seller rejects, the buyer cancels); afterwards a cancellation is a request like any other, and takes away only
what has not been shipped. From CONFIRMED on, the state follows from quantities; nobody sets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

from scmhub.errors import Refusal
from scmhub.partners.order_states import BEFORE_AGREEMENT, OVER
from scmhub.quantity import LARGEST, render_decimal

NOTHING = Decimal(0)
Side = Literal["BUYER", "SELLER"]
MOST_SLICES = 52
_EXACT_DIGITS = 60
_SIXTH_PLACE = Decimal("0.000001")

_BUYER, _SELLER, _EITHER = ("BUYER",), ("SELLER",), ("BUYER", "SELLER")
_ANSWER = ()
"""Whichever side did not speak last."""
STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "DRAFT": {},
    "SENT": {"ACCEPT": _SELLER, "PROPOSE": _SELLER, "REJECT": _SELLER, "CANCEL": _BUYER},
    "SELLER_PROPOSED": {"ACCEPT": _BUYER, "PROPOSE": _BUYER, "REJECT": _SELLER, "CANCEL": _BUYER},
    "BUYER_PROPOSED": {"ACCEPT": _SELLER, "PROPOSE": _SELLER, "REJECT": _SELLER, "CANCEL": _BUYER},
    "CONFIRMED": {"PROPOSE": _EITHER, "CANCEL": _EITHER},
    "CHANGE_REQUESTED": {"ACCEPT": _ANSWER, "PROPOSE": _ANSWER, "DECLINE_CHANGE": _ANSWER},
    "PART_SHIPPED": {"PROPOSE": _EITHER, "CANCEL": _EITHER},
    "SHIPPED": {"CLOSE": _BUYER},
    "PART_RECEIVED": {"CLOSE": _BUYER},
    "RECEIVED": {"CLOSE": _BUYER},
    "CLOSED": {},
    "REJECTED": {},
    "CANCELLED": {},
}
"""State -> step -> the sides that may take it."""
COMMANDS = {
    "ACCEPT": "scheduleLineAccept",
    "PROPOSE": "scheduleLinePropose",
    "REJECT": "scheduleLineReject",
    "DECLINE_CHANGE": "scheduleLineDeclineChange",
    "CANCEL": "scheduleLineCancel",
    "CLOSE": "orderClose",
}
_ANSWERS = ("ACCEPT", "PROPOSE", "DECLINE_CHANGE")
_ADVANCEMENT = (
    "DRAFT", "SENT", "SELLER_PROPOSED", "BUYER_PROPOSED", "CHANGE_REQUESTED", "CONFIRMED", "PART_SHIPPED", "SHIPPED",
    "PART_RECEIVED", "RECEIVED",
)  # fmt: skip
"""Open states, least advanced first. What waits for an answer counts as less advanced than what is agreed."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A quantity in the line's unit, for a day."""

    quantity: Decimal
    due_on: date


@dataclass(frozen=True, slots=True)
class Promise:
    """What both sides agreed: the whole quantity in the line's unit, and the last of its days."""

    quantity: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class Word:
    """One thing said about a schedule line: kept as a revision, never changed."""

    side: Side
    act: str
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a schedule line stands. Quantities in the line's unit; ``last_word`` is what an answer would answer."""

    state: str
    last_word: Word
    first: Promise | None = None
    last: Promise | None = None
    shipped: Decimal = Decimal(0)
    received: Decimal = Decimal(0)


def promise_of(slices: Iterable[Slice]) -> Promise:
    """The sum of the quantities, and the last of the days."""
    given = tuple(slices)
    return Promise(sum((each.quantity for each in given), Decimal(0)), max(each.due_on for each in given))


def steps_for(state: str, side: Side, spoke_last: Side) -> list[str]:
    """The steps one side may take now, as the names of the commands that take them."""
    return [COMMANDS[step] for step, sides in STEPS[state].items() if side in (sides or (_other(spoke_last),))]


def _other(side: Side) -> Side:
    return "SELLER" if side == "BUYER" else "BUYER"


def check_step(standing: Standing, side: Side, step: str) -> None:
    """Refusal unless ``side`` may take ``step`` now.

    FORBIDDEN: this side may never take it. ILLEGAL_TRANSITION: not in this state, or it is the other side's turn.
    """
    if not any(side in (sides[step] or _EITHER) for sides in STEPS.values() if step in sides):
        raise Refusal("FORBIDDEN", f"Only the {_other(side).lower()} may use {COMMANDS[step]}.", ["input"])
    steps = steps_for(standing.state, side, standing.last_word.side)
    if COMMANDS[step] in steps:
        return
    waits = step in STEPS[standing.state] and step in _ANSWERS
    turn = f" It is the {_other(side).lower()}'s turn." if waits else ""
    raise Refusal(
        "ILLEGAL_TRANSITION",
        f"The schedule line is {standing.state}; {COMMANDS[step]} is not possible for the {side.lower()}.{turn}"
        f" Allowed steps: {', '.join(steps) or 'none'}.",
        ["input"],
    )


def take_step(standing: Standing, side: Side, step: str, slices: Sequence[Slice] = ()) -> tuple[Standing, Word]:
    """The standing after a step of negotiation, and the word to be kept. ``slices`` only for PROPOSE.

    Refusal: as ``check_step``; OUT_OF_RANGE if a change asks for less than has been shipped.
    """
    check_step(standing, side, step)
    match step:
        case "PROPOSE":
            return _propose(standing, side, tuple(slices))
        case "ACCEPT":
            return _accept(standing, side)
        case "CANCEL":
            return _cancel(standing, side)
        case "REJECT":
            word = Word(side, "REJECT")
            return replace(standing, state="REJECTED", last_word=word), word
        case "DECLINE_CHANGE":
            word = Word(side, "DECLINE_CHANGE")
            return _settled(replace(standing, last_word=word)), word
    raise ValueError(f"{step} is no step of negotiation")


def _propose(standing: Standing, side: Side, slices: tuple[Slice, ...]) -> tuple[Standing, Word]:
    _check_slices(slices)
    if standing.first is None:
        word = Word(side, "PROPOSE", slices)
        return replace(standing, state=f"{side}_PROPOSED", last_word=word), word
    _check_shipped(standing, promise_of(slices).quantity)
    word = Word(side, "REQUEST_CHANGE", slices)
    return replace(standing, state="CHANGE_REQUESTED", last_word=word), word


def _accept(standing: Standing, side: Side) -> tuple[Standing, Word]:
    """Agreement with the last word. The first agreement is the first promise; nothing ever writes it again."""
    if standing.last_word.act == "CANCEL":
        return _accept_cancellation(standing, side)
    agreed = promise_of(standing.last_word.slices)
    _check_shipped(standing, agreed.quantity)
    word = Word(side, "ACCEPT", standing.last_word.slices)
    return _settled(replace(standing, first=standing.first or agreed, last=agreed, last_word=word)), word


def _accept_cancellation(standing: Standing, side: Side) -> tuple[Standing, Word]:
    """Nothing shipped: the line is over. Something shipped: the promise shrinks to that."""
    if standing.last is None or standing.shipped == 0:
        word = Word(side, "ACCEPT")
        return replace(standing, state="CANCELLED", last_word=word), word
    word = Word(side, "ACCEPT", (Slice(standing.shipped, standing.last.on),))
    return _settled(replace(standing, last=Promise(standing.shipped, standing.last.on), last_word=word)), word


def _cancel(standing: Standing, side: Side) -> tuple[Standing, Word]:
    word = Word(side, "CANCEL")
    state = "CANCELLED" if standing.state in BEFORE_AGREEMENT else "CHANGE_REQUESTED"
    return replace(standing, state=state, last_word=word), word


def touched_days(agreed: Sequence[Slice], asked: Sequence[Slice]) -> list[date]:
    """Days of which a change asks for another quantity than agreed; a cancellation asks for nothing at all.

    Agreed 60 for the 9th and 40 for the 20th, asked 60 and 50: the 20th. Asked 100 for the 20th: both.
    """
    was, wanted = ({each.due_on: each.quantity for each in slices} for slices in (agreed, asked))
    return sorted(day for day in was.keys() | wanted.keys() if was.get(day) != wanted.get(day))


def inside_frozen(day: date, today: date, frozen_days: int) -> bool:
    """Whether a day lies in the frozen zone: from today to so many days ahead; 0 days: no zone.

    What is overdue lies outside: a new day for it is wanted, not forbidden.
    """
    return frozen_days > 0 and 0 <= (day - today).days <= frozen_days


def _check_slices(slices: tuple[Slice, ...]) -> None:
    if not 1 <= len(slices) <= MOST_SLICES:
        raise Refusal("OUT_OF_RANGE", f"A proposal has 1 to {MOST_SLICES} slices.", ["input", "slices"])
    if len({each.due_on for each in slices}) < len(slices):
        raise Refusal("INVALID", "Two slices are for the same day; add them up.", ["input", "slices"])
    if promise_of(slices).quantity >= LARGEST:
        raise Refusal("OUT_OF_RANGE", "The slices add up to too much.", ["input", "slices"])


def _check_shipped(standing: Standing, quantity: Decimal) -> None:
    if quantity < standing.shipped:
        raise Refusal(
            "OUT_OF_RANGE", f"{render_decimal(standing.shipped)} have been shipped; no change makes it less.", ["input"]
        )


def _settled(standing: Standing) -> Standing:
    """The standing with the state its quantities imply."""
    assert standing.last is not None
    return replace(standing, state=moved_state(standing.last.quantity, standing.shipped, standing.received))


def moved_state(promised: Decimal, shipped: Decimal, received: Decimal) -> str:
    """The state of an agreed schedule line, from quantities in its unit. ``received``: good and damaged together."""
    if shipped == 0 and received == 0:
        return "CONFIRMED"
    if shipped < promised:
        return "PART_SHIPPED"
    if received == 0:
        return "SHIPPED"
    return "PART_RECEIVED" if received < promised else "RECEIVED"


def move(standing: Standing, shipped: Decimal, received: Decimal) -> Standing:
    """The standing after goods moved. What waits for an answer, or is over, keeps its state."""
    moved = replace(standing, shipped=shipped, received=received)
    if standing.last is None or standing.state in (*BEFORE_AGREEMENT, "CHANGE_REQUESTED", *OVER):
        return moved
    return _settled(moved)


def close(states: Sequence[str], side: Side, under_way: Decimal) -> list[int]:
    """Places of the schedule lines that an order's closing closes; the others are over already.

    ``under_way``: quantity departed and not yet counted. Refusal FORBIDDEN for the seller; ILLEGAL_TRANSITION while a
    schedule line is neither over nor shipped in full, or goods are on their way.
    """
    if side != "BUYER":
        raise Refusal("FORBIDDEN", "Only the buyer may use orderClose.", ["input", "order"])
    open_states = [state for state in states if state not in OVER]
    blocking = sorted({state for state in open_states if "CLOSE" not in STEPS[state]})
    if blocking or not open_states:
        names = ", ".join(blocking) or derived_status(states)
        steps = sorted({step for state in blocking for step in steps_for(state, side, "SELLER")})
        raise Refusal(
            "ILLEGAL_TRANSITION",
            f"The order has schedule lines that are {names}; orderClose is not possible."
            f" Allowed steps: {', '.join(steps) or 'none'}.",
            ["input", "order"],
        )
    if under_way:
        raise Refusal(
            "ILLEGAL_TRANSITION",
            f"The order is {derived_status(states)} and goods are on their way; orderClose is not possible."
            " Allowed steps: shipmentReceive, shipmentRefuse.",
            ["input", "order"],
        )
    return [place for place, state in enumerate(states) if state not in OVER]


def derived_status(states: Iterable[str]) -> str:
    """Status of a line from its schedule lines, of an order from its lines: the least advanced open state.

    If none is open: CLOSED if anything was delivered, else CANCELLED, or REJECTED if that is all that happened.
    """
    found = set(states)
    for state in _ADVANCEMENT:
        if state in found:
            return state
    return "CLOSED" if "CLOSED" in found else "CANCELLED" if "CANCELLED" in found else "REJECTED"


def line_amount(quantity: Decimal, unit_price: Decimal | None) -> Decimal | None:
    """Quantity x price of one unit, exact, then rounded half up to 6 places; None if the price is unknown."""
    if unit_price is None:
        return None
    with localcontext(prec=_EXACT_DIGITS):
        return (quantity * unit_price).quantize(_SIXTH_PLACE, ROUND_HALF_UP)


def order_total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum of the line amounts; None if one is unknown: a total that leaves something out would be wrong."""
    with localcontext(prec=_EXACT_DIGITS):
        total = Decimal(0)
        for amount in amounts:
            if amount is None:
                return None
            total += amount
        return total
