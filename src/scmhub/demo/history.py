"""A year of orders: negotiated, shipped, received and closed as the rules allow, entered into the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scmhub.demo.book import Book, Row
from scmhub.demo.cast import Cast
from scmhub.demo.chance import Chance, at_hour, workday
from scmhub.demo.lanes import LANES, Lane
from scmhub.demo.negotiation import ACTIONS, Talk, converse
from scmhub.demo.news import News
from scmhub.demo.transport import Journey, Load, travel
from scmhub.partners import order_states
from scmhub.partners.identifiers import check_digit
from scmhub.records.orders import rules
from scmhub.records.orders.model import OrderLineTable, OrderTable, RevisionTable, ScheduleLineTable, SliceTable
from scmhub.records.orders.rules import Slice
from scmhub.records.orders.shipment_model import ReceiptTable, ShipmentEventTable, ShipmentLineTable, ShipmentTable

YEAR_DAYS = 365
_CLOSE_AFTER = timedelta(days=21)
_NOTHING = Decimal(0)


@dataclass(slots=True)
class Part:
    """A schedule line on its way: its row, the row of its line, and what was said."""

    row: Row
    line: Row
    talk: Talk
    shipped: Decimal = _NOTHING
    good: Decimal = _NOTHING
    damaged: Decimal = _NOTHING
    under_way: Decimal = _NOTHING


@dataclass(slots=True)
class Teller:
    """Writes orders of all lanes into the book."""

    chance: Chance
    cast: Cast
    book: Book
    now: datetime
    news: News
    numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def number(self, prefix: str, digits: int = 6) -> str:
        self.numbers[prefix] += 1
        return f"{prefix}{self.numbers[prefix]:0{digits}d}"

    def news_of(
        self, kind: str, action: str, at: datetime, row: Row, owner: str, parties: Iterable[str], changed: list[str]
    ) -> None:
        self.news.of(self.chance, kind, action, at, row, owner, parties, changed)


def tell(
    chance: Chance, cast: Cast, now: datetime, book: Book, news: News, progress: Callable[[int], None]
) -> None:
    """The year up to ``now``, a midnight. ``progress`` is called with the number of orders told so far."""
    teller = Teller(chance, cast, book, now, news)
    placed = [
        (at_hour(workday((now - timedelta(days=YEAR_DAYS - day)).date()), 7, now) + chance.hours(0, 9), lane)
        for lane in LANES for day in chance.evenly(lane.orders, YEAR_DAYS)
    ]  # fmt: skip
    placed = sorted(((_past(at, now), lane) for at, lane in placed), key=lambda each: each[0])
    for count, (at, lane) in enumerate(placed, 1):
        _order(teller, lane, at)
        if count % 100 == 0:
            progress(count)


def _past(at: datetime, now: datetime) -> datetime:
    """The instant, or the same hour of the Friday before, if the Monday after the weekend has not come yet."""
    return at if at < now else at - timedelta(days=3)


def _order(teller: Teller, lane: Lane, at: datetime) -> None:
    chance, partners = teller.chance, teller.cast.partners
    site = chance.one(lane.sites)
    consignee = partners["HAUL"] if site.startswith("HAUL/") else None
    kind = "CALL_OFF" if chance.hit(0.45) else "REPLENISHMENT" if chance.hit(0.08) else "PURCHASE"
    order = teller.book.add(
        OrderTable, partners[lane.buyer], id=chance.key(at), kind=kind, buyer_id=partners[lane.buyer],
        seller_id=partners[lane.seller], consignee_id=consignee, buyer_number=teller.number(lane.numbers[0]),
        seller_number=None, ship_to_id=teller.cast.sites[site].key, incoterm=lane.incoterm[0],
        incoterm_place=lane.incoterm[1], currency="EUR", status="SENT", placed_at=at, total_amount=None, version=1,
        created_at=at,
    )  # fmt: skip
    lines, parts = [], []
    first = at.date() + timedelta(days=chance.number(*lane.lead_days))
    for number, item in enumerate(chance.some(lane.items, chance.one((1, 1, 2, 2, 3))), 1):
        line, of_line = _line(teller, lane, order, number, item, first)
        lines.append(line)
        parts += of_line
    order["total_amount"] = rules.order_total([line["line_amount"] for line in lines])
    if any(len(part.talk.said) > 1 for part in parts):
        order["seller_number"] = teller.number(lane.numbers[1])
    teller.news_of("ORDER", "PLACED", at, order, "buyer_id", ("seller_id", "consignee_id"), ["status", "lines"])
    _words(teller, order, parts)
    last = _journeys(teller, lane, site, order, parts)
    _settle(teller, order, lines, parts, last)


def _line(teller: Teller, lane: Lane, order: Row, number: int, item: str, first: date) -> tuple[Row, list[Part]]:
    chance, goods, at = teller.chance, teller.cast.items[item], order["placed_at"]
    wanted = _wanted(chance, lane, first, goods.unit)
    quantity = sum((each.quantity for each in wanted), _NOTHING)
    price = (goods.price * (100 + chance.number(-4, 4)) / 100).quantize(Decimal("0.01"))
    line = teller.book.add(
        OrderLineTable, order["buyer_id"], id=chance.key(at), order_id=order["id"], line_no=number,
        buyer_id=order["buyer_id"], seller_id=order["seller_id"], consignee_id=order["consignee_id"],
        item_id=goods.key, ship_to_id=order["ship_to_id"], external_id=None, quantity=quantity, unit=goods.unit,
        unit_price=price, line_amount=rules.line_amount(quantity, price), currency="EUR",
        requested_on=min(each.due_on for each in wanted), status="SENT", shipped=_NOTHING, received_good=_NOTHING,
        received_damaged=_NOTHING, note=None, version=1,
    )  # fmt: skip
    teller.news_of(
        "ORDER_LINE", "PLACED", at, line, "buyer_id", ("seller_id", "consignee_id"), ["item", "quantity", "schedule"]
    )
    return line, [_part(teller, line, seq, each, at) for seq, each in enumerate(wanted, 1)]


def _wanted(chance: Chance, lane: Lane, first: date, unit: str) -> list[Slice]:
    """One delivery, or two or three a fortnight apart."""
    count = chance.one((*[1] * 17, 2, 2, 3))
    lot = Decimal(chance.one(lane.lots))
    quantity = lot / 40 if unit == "KGM" else lot
    return [Slice(quantity, workday(first + timedelta(days=14 * place))) for place in range(count)]


def _part(teller: Teller, line: Row, seq: int, wanted: Slice, at: datetime) -> Part:
    talk = converse(teller.chance, wanted, at, teller.now)
    first, last = talk.standing.first, talk.standing.last
    row = teller.book.add(
        ScheduleLineTable, line["buyer_id"], id=teller.chance.key(at), line_id=line["id"], seq=seq,
        requested_quantity=wanted.quantity, requested_on=wanted.due_on, state=talk.standing.state,
        first_promise_quantity=first.quantity if first else None, first_promise_on=first.on if first else None,
        last_promise_quantity=last.quantity if last else None, last_promise_on=last.on if last else None,
        shipped=_NOTHING, received_good=_NOTHING, received_damaged=_NOTHING, version=len(talk.said),
    )  # fmt: skip
    return Part(row, line, talk)


def _words(teller: Teller, order: Row, parts: list[Part]) -> None:
    for part in parts:
        for number, spoken in enumerate(part.talk.said, 1):
            speaker = order["buyer_id"] if spoken.word.side == "BUYER" else order["seller_id"]
            key = teller.chance.key(spoken.at)
            teller.book.add(
                RevisionTable, order["buyer_id"], id=key, schedule_line_id=part.row["id"], revision_no=number,
                side=spoken.word.side, act=spoken.word.act, reason=spoken.reason, stated_by=str(speaker),
                recorded_at=spoken.at, inside_frozen=False,
            )  # fmt: skip
            for seq, each in enumerate(spoken.word.slices, 1):
                teller.book.add(
                    SliceTable, order["buyer_id"], id=teller.chance.key(spoken.at), revision_id=key, seq=seq,
                    quantity=each.quantity, due_on=each.due_on,
                )  # fmt: skip
            if number > 1:
                _changed(teller, order, part.line, ACTIONS[spoken.word.act], spoken.at)


def _changed(teller: Teller, order: Row, line: Row, action: str, at: datetime) -> None:
    """A command on a schedule line tells of its line and its order, and counts both."""
    for kind, row, changed in (("ORDER_LINE", line, ["schedule", "status"]), ("ORDER", order, ["status"])):
        row["version"] += 1
        teller.news_of(kind, action, at, row, "buyer_id", ("seller_id", "consignee_id"), [*changed, "version"])


def _journeys(teller: Teller, lane: Lane, site: str, order: Row, parts: list[Part]) -> datetime | None:
    """Ship what was promised, day by day; the instant of the last receipt, None while goods are expected."""
    zone = teller.cast.sites[site].time_zone
    last: datetime | None = None
    for due, loads in sorted(_promised(parts).items()):
        agreed_at = max(parts[load.place].talk.said[-1].at for load in loads)
        for journey in travel(teller.chance, lane, zone, due, loads, agreed_at, teller.now):
            _shipment(teller, lane, zone, order, parts, journey)
            if journey.received_at is not None:
                last = max(last or journey.received_at, journey.received_at)
    return last


def _promised(parts: list[Part]) -> dict[date, list[Load]]:
    """What is to be delivered on which day, of everything that both sides agreed on."""
    days: dict[date, list[Load]] = defaultdict(list)
    for place, part in enumerate(parts):
        if part.talk.standing.state == "CONFIRMED":
            agreed = next(each.word for each in reversed(part.talk.said) if each.word.act == "ACCEPT")
            for each in agreed.slices:
                days[each.due_on].append(Load(place, each.quantity))
    return days


def _shipment(teller: Teller, lane: Lane, zone: str, order: Row, parts: list[Part], journey: Journey) -> None:
    chance, at, instants = teller.chance, journey.planned_at, journey.instants()
    carrier = teller.cast.partners["HAUL"] if journey.carried else None
    weight = sum((load.quantity for load in journey.loads), _NOTHING) * Decimal("0.35")
    shipment = teller.book.add(
        ShipmentTable, order["seller_id"], id=chance.key(at), number=teller.number(lane.numbers[2]),
        seller_id=order["seller_id"], buyer_id=order["buyer_id"], consignee_id=order["consignee_id"],
        carrier_id=carrier, ship_to_id=order["ship_to_id"], sscc=_sscc(teller, lane), mode=journey.mode,
        state=journey.state,
        **{
            f"{certainty.lower()}_{milestone.lower()}": instants.get((milestone, certainty))
            for certainty in ("PLANNED", "ESTIMATED", "ACTUAL") for milestone in ("DEPARTURE", "ARRIVAL")
        },
        weight_kg=weight.quantize(Decimal("0.1")),
        freight_amount=Decimal(chance.number(180, 1450)) if carrier else None,
        insurance_amount=None, currency="EUR", freight_note=None if carrier else "Own vehicle.",
        version=len(journey.told) - 1 + (journey.received_at is not None), created_at=at,
    )  # fmt: skip
    speakers = {"SELLER": order["seller_id"], "CARRIER": carrier, "BUYER": order["consignee_id"] or order["buyer_id"]}
    _events(teller, shipment, journey, speakers)
    arrivals = [instants.get(("ARRIVAL", certainty)) for certainty in ("ACTUAL", "ESTIMATED", "PLANNED")]
    arrival = next(at for at in arrivals if at is not None)
    for number, load in enumerate(journey.loads, 1):
        part = parts[load.place]
        line = teller.book.add(
            ShipmentLineTable, order["seller_id"], id=chance.key(at), shipment_id=shipment["id"], line_no=number,
            seller_id=order["seller_id"], buyer_id=order["buyer_id"], consignee_id=order["consignee_id"],
            carrier_id=carrier, item_id=part.line["item_id"], ship_to_id=order["ship_to_id"],
            order_line_id=part.line["id"], schedule_line_id=part.row["id"], quantity=load.quantity,
            unit=part.line["unit"], arrival_on=arrival.astimezone(ZoneInfo(zone)).date(),
        )  # fmt: skip
        _moved(teller, order, part, journey, load, number, line["id"], speakers["BUYER"])


def _events(teller: Teller, shipment: Row, journey: Journey, speakers: dict[str, Any]) -> None:
    for each in journey.told:
        event = each.event
        teller.book.add(
            ShipmentEventTable, shipment["seller_id"], id=teller.chance.key(each.recorded_at),
            shipment_id=shipment["id"], seq=event.seq, milestone=event.milestone, certainty=event.certainty,
            at=event.at, corrects_seq=event.corrects, stated_by=str(speakers[each.by]), recorded_at=each.recorded_at,
        )  # fmt: skip
    parties = ("buyer_id", "consignee_id", "carrier_id")
    steps = [("PLANNED", journey.planned_at)]
    steps += [
        ("DEPARTED" if each.event.milestone == "DEPARTURE" else "ARRIVED", each.recorded_at)
        for each in journey.told
        if each.event.certainty == "ACTUAL" and each.event.corrects is None
    ]
    steps += [(journey.state, journey.received_at)] if journey.received_at else []
    for action, at in steps:
        teller.news_of("SHIPMENT", action, at, shipment, "seller_id", parties, ["state", "events", "version"])


def _moved(
    teller: Teller, order: Row, part: Part, journey: Journey, load: Load, number: int, line_id: UUID, receiver: UUID
) -> None:
    """What this load means for its schedule line."""
    if journey.state in ("DEPARTED", "ARRIVED", "RECEIVED"):
        part.shipped += load.quantity
        departed = next(each.recorded_at for each in journey.told if each.event.certainty == "ACTUAL")
        _changed(teller, order, part.line, "DEPARTED", departed)
        part.row["version"] += 1
    if journey.state in ("DEPARTED", "ARRIVED"):
        part.under_way += load.quantity
    if journey.counts and journey.received_at is not None:
        count = journey.counts[number - 1]
        teller.book.add(
            ReceiptTable, order["seller_id"], id=teller.chance.key(journey.received_at), shipment_line_id=line_id,
            seq=1, good=count.good, damaged=count.damaged, short=load.quantity - count.good - count.damaged,
            documents_ok=count.documents_ok, received_at=journey.received_at, stated_by=str(receiver),
            recorded_at=journey.received_at,
        )  # fmt: skip
        part.good += count.good
        part.damaged += count.damaged
        _changed(teller, order, part.line, "RECEIVED", journey.received_at)
        part.row["version"] += 1


def _settle(teller: Teller, order: Row, lines: list[Row], parts: list[Part], last: datetime | None) -> None:
    """Set what follows from the movements; close what has been complete for a while."""
    for part in parts:
        moved = rules.move(part.talk.standing, part.shipped, part.good + part.damaged)
        part.row.update(state=moved.state, shipped=part.shipped, received_good=part.good, received_damaged=part.damaged)
    _close(teller, order, parts, last)
    for line in lines:
        rows = [part.row for part in parts if part.line is line]
        line["status"] = rules.derived_status(row["state"] for row in rows)
        for name in ("shipped", "received_good", "received_damaged"):
            line[name] = sum((row[name] for row in rows), _NOTHING)
    order["status"] = rules.derived_status(line["status"] for line in lines)


def _close(teller: Teller, order: Row, parts: list[Part], last: datetime | None) -> None:
    states = [part.row["state"] for part in parts]
    under_way = sum((part.under_way for part in parts), _NOTHING)
    still_open = [state for state in states if state not in order_states.OVER]
    ready = bool(still_open) and all("CLOSE" in rules.STEPS[state] for state in still_open) and not under_way
    if not ready or last is None or last + _CLOSE_AFTER >= teller.now:
        return
    for place in rules.close(states, "BUYER", under_way):
        parts[place].row["state"] = "CLOSED"
        parts[place].row["version"] += 1
    for line in {id(part.line): part.line for part in parts}.values():
        line["version"] += 1
    order["version"] += 1


def _sscc(teller: Teller, lane: Lane) -> str:
    """Extension digit, example prefix, then a range of its own for each lane."""
    body = f"39521{LANES.index(lane):03d}{teller.number(f'sscc {lane.numbers[2]}')[-6:]:>09}"
    return f"{body}{check_digit(body)}"
