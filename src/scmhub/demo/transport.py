"""How the goods travelled: shipments against promises, their events and receipts, cut off where the story ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scmhub.demo.chance import Chance, workday
from scmhub.demo.lanes import CARRIED, OUTAGE_DAYS, OUTAGE_DELAY_DAYS, Lane
from scmhub.records.orders.shipment_rules import Event, facts

_WHOLE = Decimal(1)


class Load(NamedTuple):
    """How much of which schedule line (by its place) travels."""

    place: int
    quantity: Decimal


class Told(NamedTuple):
    """An event, when the hub recorded it, and who reported it: SELLER, CARRIER or BUYER."""

    event: Event
    recorded_at: datetime
    by: str


class Count(NamedTuple):
    """What the receiver found of one load."""

    good: Decimal
    damaged: Decimal
    documents_ok: bool


@dataclass(slots=True)
class Journey:
    """One shipment up to the end of the story. ``counts`` has one entry per load once it was received."""

    planned_at: datetime
    carried: bool
    mode: str
    loads: list[Load]
    state: str = "PLANNED"
    told: list[Told] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    received_at: datetime | None = None

    def instants(self) -> dict[tuple[str, str], datetime]:
        return facts(each.event for each in self.told)

    def tell(
        self, milestone: str, certainty: str, at: datetime, recorded_at: datetime, by: str, corrects: int | None = None
    ) -> None:
        self.told.append(Told(Event(len(self.told) + 1, milestone, certainty, at, corrects), recorded_at, by))


class Timing(NamedTuple):
    """Planned and actual departure and arrival."""

    planned_departure: datetime
    planned_arrival: datetime
    departure: datetime
    arrival: datetime


def travel(
    chance: Chance, lane: Lane, zone: str, due: date, loads: Sequence[Load], agreed_at: datetime, now: datetime
) -> list[Journey]:
    """The shipments that serve a promise for one day: one, or a second one for what was left behind."""
    first, rest = _left_behind(chance, loads)
    timing = _timing(chance, lane, zone, due, agreed_at, now)
    journeys = [_journey(chance, lane, timing, first, now)]
    if rest or journeys[0].state == "REFUSED":
        later = workday(max(due, timing.arrival.date()) + timedelta(days=chance.number(5, 12)))
        again = _timing(chance, lane, zone, later, timing.arrival, now)
        journeys.append(_journey(chance, lane, again, rest or first, now))
    return [each for each in journeys if each.planned_at < now]


def _left_behind(chance: Chance, loads: Sequence[Load]) -> tuple[list[Load], list[Load]]:
    """What goes at once, and what the vehicle or the stock had no room for."""
    first, rest = list(loads), []
    if loads[0].quantity >= 10 and chance.hit(0.07):
        part = (loads[0].quantity * chance.number(6, 8) / 10).quantize(_WHOLE)
        first[0], rest = Load(loads[0].place, part), [Load(loads[0].place, loads[0].quantity - part)]
    return first, rest


def _timing(chance: Chance, lane: Lane, zone: str, due: date, agreed_at: datetime, now: datetime) -> Timing:
    transit = chance.hours(*lane.hours)
    arrival = datetime(due.year, due.month, due.day, chance.number(8, 15), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    planned_departure = max(arrival - transit, agreed_at + timedelta(hours=30))
    planned_arrival = planned_departure + transit
    slip = _slip(chance, lane, due, now)
    departure = planned_departure + slip + (chance.hours(0, 2) if slip else chance.hours(-1, 1))
    return Timing(planned_departure, planned_arrival, departure, departure + transit + chance.hours(-1.5, 3))


def _slip(chance: Chance, lane: Lane, due: date, now: datetime) -> timedelta:
    """How much later than planned it leaves."""
    age = (now.date() - due).days
    if lane.seller == "CAST" and OUTAGE_DAYS[1] <= age <= OUTAGE_DAYS[0]:
        return timedelta(days=chance.number(*OUTAGE_DELAY_DAYS))
    return timedelta(days=chance.number(1, 9)) if chance.hit(lane.late) else timedelta()


def _journey(chance: Chance, lane: Lane, timing: Timing, loads: list[Load], now: datetime) -> Journey:
    planned_at = timing.planned_departure - chance.hours(20, 28)
    journey = Journey(planned_at, chance.hit(CARRIED), chance.one(lane.modes), loads)
    journey.tell("DEPARTURE", "PLANNED", timing.planned_departure, planned_at, "SELLER")
    journey.tell("ARRIVAL", "PLANNED", timing.planned_arrival, planned_at, "SELLER")
    _estimate(journey, timing, now)
    _depart(chance, journey, timing, now)
    _arrive(chance, lane, journey, timing, now)
    return journey


def _estimate(journey: Journey, timing: Timing, now: datetime) -> None:
    """Whoever knows that it will be late says so the evening before."""
    known_at = timing.planned_departure - timedelta(hours=6)
    if timing.departure - timing.planned_departure > timedelta(hours=12) and known_at < now:
        journey.tell("DEPARTURE", "ESTIMATED", timing.departure, known_at, "SELLER")
        journey.tell("ARRIVAL", "ESTIMATED", timing.arrival, known_at, "SELLER")


def _depart(chance: Chance, journey: Journey, timing: Timing, now: datetime) -> None:
    by = "CARRIER" if journey.carried else "SELLER"
    wrong = chance.hit(0.01)
    if timing.departure >= now:
        return
    journey.state = "DEPARTED"
    if not wrong:
        journey.tell("DEPARTURE", "ACTUAL", timing.departure, timing.departure, by)
        return
    journey.tell("DEPARTURE", "ACTUAL", timing.departure - timedelta(hours=2), timing.departure, by)
    if timing.departure + timedelta(hours=1) < now:
        corrects = len(journey.told)
        journey.tell("DEPARTURE", "ACTUAL", timing.departure, timing.departure + timedelta(hours=1), by, corrects)


def _arrive(chance: Chance, lane: Lane, journey: Journey, timing: Timing, now: datetime) -> None:
    counted_at = timing.arrival + chance.hours(1, 20)
    counted_at += workday(counted_at.date()) - counted_at.date()
    counts = [_count(chance, lane, load) for load in journey.loads]
    refused = chance.hit(0.005)
    if timing.arrival >= now:
        return
    journey.state = "ARRIVED"
    journey.tell("ARRIVAL", "ACTUAL", timing.arrival, timing.arrival, "CARRIER" if journey.carried else "BUYER")
    if counted_at < now:
        journey.received_at = counted_at
        journey.state = "REFUSED" if refused else "RECEIVED"
        journey.counts = [] if refused else counts


def _count(chance: Chance, lane: Lane, load: Load) -> Count:
    damaged = short = Decimal(0)
    if chance.hit(lane.damaged):
        damaged = max(_WHOLE, (load.quantity * chance.number(2, 9) / 100).quantize(_WHOLE))
    elif chance.hit(0.02):
        short = max(_WHOLE, (load.quantity * chance.number(1, 5) / 100).quantize(_WHOLE))
    return Count(load.quantity - damaged - short, damaged, not chance.hit(0.02))
