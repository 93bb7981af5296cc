"""What two firms said about one schedule line, step by step through the rules that commands obey."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from scmhub.demo.chance import Chance, workday
from scmhub.records.orders.rules import Side, Slice, Standing, Word, take_step

_REASONS = {
    "late": "Capacity is taken in that week.",
    "split": "Half now, the rest from the next batch.",
    "sooner": "Assembly needs it earlier.",
    "more": "Demand is higher than planned.",
    "slip": "Our own material comes later than promised.",
    "no": "We do not make this in that quantity any more.",
    "over": "The project was stopped.",
}
ACTIONS = {
    "REQUEST": "PLACED", "PROPOSE": "PROPOSED", "ACCEPT": "ACCEPTED", "REJECT": "REJECTED",
    "REQUEST_CHANGE": "PROPOSED", "DECLINE_CHANGE": "CHANGE_DECLINED", "CANCEL": "CANCELLED",
}  # fmt: skip
"""What the change log calls each act."""


_LIVELY = timedelta(days=14)
"""Conversations younger than this are livelier, so that whoever opens the demo finds some to take part in."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word, when the hub recorded it, and the reason given."""

    at: datetime
    word: Word
    reason: str | None = None


@dataclass(slots=True)
class Talk:
    """A conversation so far. ``say`` does nothing once the story is over, and then answers False."""

    standing: Standing
    said: list[Spoken]
    now: datetime
    agreed_at: datetime | None = field(default=None)

    def say(self, after: timedelta, side: Side, step: str, slices: tuple[Slice, ...] = (), why: str = "") -> bool:
        at = self.said[-1].at + after
        if at >= self.now:
            return False
        self.standing, word = take_step(self.standing, side, step, slices)
        self.said.append(Spoken(at, word, _REASONS.get(why)))
        if step == "ACCEPT":
            self.agreed_at = at
        return True


def converse(chance: Chance, wanted: Slice, placed_at: datetime, now: datetime) -> Talk:
    """From the buyer's request to an agreement, a refusal, or the end of the story in between."""
    request = Word("BUYER", "REQUEST", (wanted,))
    talk = Talk(Standing("SENT", request), [Spoken(placed_at, request)], now)
    lively = now - placed_at < _LIVELY
    draw = chance.number(1, 100)
    answer = chance.hours(5, 80)
    if draw <= 2:
        talk.say(answer, "SELLER", "REJECT", why="no")
    elif draw <= (52 if lively else 24):
        _haggle(chance, talk, wanted, answer, lively)
    elif talk.say(answer, "SELLER", "ACCEPT"):
        _afterwards(chance, talk, wanted, lively)
    return talk


def _haggle(chance: Chance, talk: Talk, wanted: Slice, answer: timedelta, lively: bool) -> None:
    """The seller counters; the buyer agrees, counters back, or gives up."""
    offer, why = _counter(chance, wanted)
    if not talk.say(answer, "SELLER", "PROPOSE", offer, why):
        return
    draw, thinking = chance.number(1, 100), chance.hours(6, 96)
    if draw <= (30 if lively else 78):
        talk.say(thinking, "BUYER", "ACCEPT")
    elif draw <= 95:
        middle = (Slice(wanted.quantity, workday(wanted.due_on + (offer[-1].due_on - wanted.due_on) / 2)),)
        if talk.say(thinking, "BUYER", "PROPOSE", middle, "sooner"):
            talk.say(chance.hours(4, 60), "SELLER", "ACCEPT")
    else:
        talk.say(thinking, "BUYER", "CANCEL", why="over")


def _counter(chance: Chance, wanted: Slice) -> tuple[tuple[Slice, ...], str]:
    later = workday(wanted.due_on + timedelta(days=chance.number(4, 15)))
    if wanted.quantity >= 2 and chance.hit(0.4):
        half = (wanted.quantity / 2).quantize(Decimal(1))
        return (Slice(half, wanted.due_on), Slice(wanted.quantity - half, later)), "split"
    return (Slice(wanted.quantity, later),), "late"


def _afterwards(chance: Chance, talk: Talk, wanted: Slice, lively: bool) -> None:
    """Of what was agreed, some is changed: first and last promise part ways here."""
    draw, pause = chance.number(1, 30 if lively else 100), chance.hours(30, 200)
    if draw <= 5:
        more = (Slice(wanted.quantity + chance.number(1, 3) * 10, wanted.due_on),)
        if talk.say(pause, "BUYER", "PROPOSE", more, "more"):
            talk.say(chance.hours(8, 70), "SELLER", "ACCEPT" if chance.hit(0.6) else "DECLINE_CHANGE")
    elif draw <= 12:
        slipped = (Slice(wanted.quantity, workday(wanted.due_on + timedelta(days=chance.number(3, 12)))),)
        if talk.say(pause, "SELLER", "PROPOSE", slipped, "slip"):
            talk.say(chance.hours(8, 70), "BUYER", "ACCEPT" if chance.hit(0.8) else "DECLINE_CHANGE")
    elif draw <= 14 and talk.say(pause, "BUYER", "CANCEL", why="over"):
        talk.say(chance.hours(8, 70), "SELLER", "ACCEPT")
