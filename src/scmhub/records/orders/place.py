"""The lines of an order to place: checked one by one, with the path to what is wrong, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners import units
from scmhub.partners.tables import ItemTable
from scmhub.quantity import LARGEST, render_decimal
from scmhub.records.orders import agreed, rules
from scmhub.records.orders.inputs import OrderLineInput
from scmhub.records.orders.model import OrderLineTable, OrderTable, ScheduleLineTable
from scmhub.records.orders.rules import Slice, Word
from scmhub.records.orders.whole import Said, keep_words

MOST_LINES = 500
MOST_DELIVERIES = 1_000
"""Schedule lines of one order."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line ready to be stored, and the deliveries the buyer asks for."""

    stored: OrderLineTable
    deliveries: tuple[Slice, ...]


async def send(unit: Unit, order: OrderTable, lines: Sequence[DraftLine]) -> None:
    """Add the schedule lines of stored lines, and the buyer's first word on each."""
    said: list[Said] = []
    due = await agreed.answer_due(unit, order, "SENT")
    for line in lines:
        for seq, each in enumerate(line.deliveries, 1):
            schedule_line = ScheduleLineTable(
                id=new_id(unit.now), line_id=line.stored.id, seq=seq, requested_quantity=each.quantity,
                requested_on=each.due_on, state="SENT", answer_due_on=due,
            )  # fmt: skip
            unit.session.add(schedule_line)
            said.append(Said(schedule_line.id, 1, Word("BUYER", "REQUEST", (each,))))
    await unit.session.flush()
    await keep_words(unit, said)


async def draft_lines(unit: Unit, order: OrderTable, given: Sequence[OrderLineInput]) -> list[DraftLine]:
    """The lines of ``order``; the first refusal names the line by its place."""
    take.count(len(given), MOST_LINES, "lines", ["input", "lines"])
    items: dict[str, ItemTable] = {}
    lines: list[DraftLine] = []
    for place, line in enumerate(given):
        path = ["input", "lines", str(place)]
        item = items.get(line.item) or await _item(unit, order, line.item, [*path, "item"])
        items[line.item] = item
        lines.append(_draft(unit, order, item, line, place + 1, path))
    deliveries = sum(len(line.deliveries) for line in lines)
    if deliveries > MOST_DELIVERIES:
        raise Refusal("OUT_OF_RANGE", f"There may be at most {MOST_DELIVERIES} deliveries.", ["input", "lines"])
    return lines


async def _item(unit: Unit, order: OrderTable, given: str, path: list[str]) -> ItemTable:
    """An item of buyer or seller: the other side will read its card, so a third partner's is not ours to show."""
    key = await visible_key(unit, "Item", given, path)
    item = (await unit.session.exec(select(ItemTable).where(ItemTable.id == key))).one()
    if item.owner_id not in (order.buyer_id, order.seller_id):
        raise Refusal("FORBIDDEN", "It must be an item of the buyer or the seller.", path)
    return item


def _draft(
    unit: Unit, order: OrderTable, item: ItemTable, given: OrderLineInput, line_no: int, path: list[str]
) -> DraftLine:
    code = take.known(given.quantity.unit, units.unit, [*path, "quantity"])
    if not units.compatible(code, item.unit):
        raise Refusal("UNIT_MISMATCH", f"The item is counted in {item.unit}, not in {code}.", [*path, "quantity"])
    quantity = take.positive(given.quantity.value, [*path, "quantity"])
    deliveries = _deliveries(given, quantity, path)
    price = _price(order, given, [*path, "unitPrice"])
    amount = rules.line_amount(quantity, price)
    if amount is not None and amount >= LARGEST:
        raise Refusal("OUT_OF_RANGE", "Quantity times price is more than the hub can keep.", path)
    stored = OrderLineTable(
        id=new_id(unit.now), order_id=order.id, line_no=line_no, buyer_id=order.buyer_id, seller_id=order.seller_id,
        consignee_id=order.consignee_id, item_id=item.id, ship_to_id=order.ship_to_id,
        external_id=take.some_text(given.external_id, take.KEY, [*path, "externalId"]), quantity=quantity, unit=code,
        unit_price=price, line_amount=amount, currency=order.currency,
        requested_on=min(each.due_on for each in deliveries), status="SENT",
        note=take.some_text(given.note, take.NOTE, [*path, "note"], lines=True),
    )  # fmt: skip
    return DraftLine(stored, deliveries)


def _price(order: OrderTable, given: OrderLineInput, path: list[str]) -> Decimal | None:
    if given.unit_price is None:
        return None
    if given.unit_price.currency_code != order.currency:
        raise Refusal("CURRENCY_MISMATCH", f"The order is in {order.currency}.", path)
    return take.not_negative(given.unit_price.amount, path)


def _deliveries(given: OrderLineInput, quantity: Decimal, path: list[str]) -> tuple[Slice, ...]:
    """What is wanted when; the quantities add up to the line's, to the last digit."""
    if given.schedule is None:
        if given.requested_on is None:
            raise Refusal("REQUIRED", "Say for which day: requestedOn or schedule.", [*path, "requestedOn"])
        return (Slice(quantity, given.requested_on),)
    if given.requested_on is not None:
        raise Refusal("INVALID", "Give requestedOn or schedule, not both.", [*path, "requestedOn"])
    take.count(len(given.schedule), MOST_DELIVERIES, "deliveries", [*path, "schedule"])
    wanted = tuple(
        Slice(take.positive(each.quantity, [*path, "schedule", str(place), "quantity"]), each.requested_on)
        for place, each in enumerate(given.schedule)
    )
    total = sum((each.quantity for each in wanted), Decimal(0))
    if total != quantity:
        message = f"The deliveries add up to {render_decimal(total)}, the line is for {render_decimal(quantity)}."
        raise Refusal("INVALID", message, [*path, "schedule"])
    return wanted
