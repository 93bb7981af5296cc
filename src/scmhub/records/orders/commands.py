"""What can be done with an order as a whole: place it, confirm it as requested, close it."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners import currencies
from scmhub.partners.tables import RelationshipTable, SiteTable
from scmhub.quantity import LARGEST
from scmhub.records.orders import rules, whole
from scmhub.records.orders.inputs import OrderCloseInput, OrderConfirmInput, OrderPlaceInput
from scmhub.records.orders.model import INCOTERMS, OrderTable
from scmhub.records.orders.place import draft_lines, send
from scmhub.records.orders.shipment_books import moved


@command(
    "orderPlace", payload="Order",
    description="Places an order with a seller: it is SENT, and the seller answers line by line or confirms it whole.",
)  # fmt: skip
async def order_place(unit: Unit, given: OrderPlaceInput) -> UUID:
    number = take.text(given.buyer_number, take.KEY, ["input", "buyerNumber"])
    currency = take.known(given.currency, currencies.currency, ["input", "currency"])
    incoterm, place = _incoterm(given)
    seller = await _seller(unit, given.seller)
    consignee = await _consignee(unit, given, seller)
    order = OrderTable(
        id=new_id(unit.now), kind=given.kind.name, buyer_id=unit.partner_id, seller_id=seller, consignee_id=consignee,
        buyer_number=number, ship_to_id=await _ship_to(unit, given, seller, consignee), incoterm=incoterm,
        incoterm_place=place, currency=currency, status="SENT", placed_at=unit.now, created_at=unit.now,
    )  # fmt: skip
    lines = await draft_lines(unit, order, given.lines)
    order.total_amount = rules.order_total([line.stored.line_amount for line in lines])
    if order.total_amount is not None and order.total_amount >= LARGEST:
        raise Refusal("OUT_OF_RANGE", "The lines add up to more than the hub can keep.", ["input", "lines"])
    await _add(unit, order)
    unit.session.add_all([line.stored for line in lines])
    await unit.session.flush()
    await send(unit, order, lines)
    parties = [seller, *([consignee] if consignee else [])]
    fields = ["kind", "status", "placedAt", "buyer", "seller", "consignee", "buyerNumber", "shipTo", "total", "lines"]
    unit.change("ORDER", "PLACED", order.id, order.buyer_id, parties, fields)
    for line in lines:
        unit.change("ORDER_LINE", "PLACED", line.stored.id, order.buyer_id, parties, ["item", "quantity", "schedule"])
    return order.id


def _incoterm(given: OrderPlaceInput) -> tuple[str | None, str | None]:
    path = ["input", "incoterm"]
    if given.incoterm is not None and given.incoterm not in INCOTERMS:
        raise Refusal("INVALID", f"It must be one of {', '.join(INCOTERMS)}.", path)
    place = take.some_text(given.incoterm_place, take.NAME, ["input", "incotermPlace"])
    if place is not None and given.incoterm is None:
        raise Refusal("REQUIRED", "A named place belongs to an Incoterms rule.", path)
    return given.incoterm, place


async def _seller(unit: Unit, given: str) -> UUID:
    """A partner that provides goods to the acting one. A distributor buys what it distributes: either end sells."""
    path = ["input", "seller"]
    seller = await visible_key(unit, "Partner", given, path)
    if seller == unit.partner_id:
        raise Refusal("INVALID", "You cannot order from yourself.", path)
    goods = ("SUPPLY", "CONTRACT_MANUFACTURING", "DISTRIBUTION")
    standing = await _active(unit, seller, unit.partner_id, goods) or await _active(
        unit, unit.partner_id, seller, ("DISTRIBUTION",)
    )
    if not standing:
        raise Refusal("FORBIDDEN", f"You need an ACTIVE relationship with it of the kind {' or '.join(goods)}.", path)
    return seller


async def _active(unit: Unit, provider: UUID, recipient: UUID, kinds: tuple[str, ...] | None = None) -> bool:
    wanted = [RelationshipTable.provider_id == provider, RelationshipTable.recipient_id == recipient]
    wanted += [col(RelationshipTable.kind).in_(kinds)] if kinds else []  # type: ignore[list-item]
    found = await unit.session.exec(select(RelationshipTable.id).where(RelationshipTable.state == "ACTIVE", *wanted))
    return found.first() is not None


async def _consignee(unit: Unit, given: OrderPlaceInput, seller: UUID) -> UUID | None:
    """Who receives instead of the buyer. It will read the order (not its prices), so it must know the buyer."""
    path = ["input", "consignee"]
    if given.consignee is None:
        return None
    consignee = await visible_key(unit, "Partner", given.consignee, path)
    if consignee in (unit.partner_id, seller):
        raise Refusal("INVALID", "The consignee is a third partner; leave it out if the buyer receives.", path)
    me = unit.partner_id
    if not (await _active(unit, consignee, me) or await _active(unit, me, consignee)):
        raise Refusal("FORBIDDEN", "You need an ACTIVE relationship with it.", path)
    return consignee


async def _ship_to(unit: Unit, given: OrderPlaceInput, seller: UUID, consignee: UUID | None) -> UUID:
    """A site the buyer may see, of one of the order's parties: its card becomes readable to all of them."""
    path = ["input", "shipTo"]
    key = await visible_key(unit, "Site", given.ship_to, path)
    site = (await unit.session.exec(select(SiteTable).where(SiteTable.id == key))).one()
    if site.partner_id not in (unit.partner_id, seller, consignee):
        raise Refusal("FORBIDDEN", "It must be a site of the buyer, the consignee or the seller.", path)
    return key


async def _add(unit: Unit, order: OrderTable) -> None:
    taken = Refusal("DUPLICATE", "You have an order with this number already.", ["input", "buyerNumber"])
    found = await unit.session.exec(
        select(OrderTable.id).where(
            OrderTable.buyer_id == order.buyer_id, OrderTable.buyer_number == order.buyer_number
        )
    )
    taken.record = found.first()
    if taken.record:
        raise taken
    await take.add_unique(unit, order, taken)


@command(
    "orderConfirm", payload="Order",
    description="The seller agrees to everything that waits for its answer, as the buyer asked for it.",
)  # fmt: skip
async def order_confirm(unit: Unit, given: OrderConfirmInput) -> UUID:
    opened = await whole.open_order(unit, given.order, given.expected_version, ("buyer_id", "seller_id"))
    order = opened.order
    with take.about(order.id):
        if order.seller_id != unit.partner_id:
            raise Refusal("FORBIDDEN", "Only the seller may use orderConfirm.", ["input", "order"])
        number = take.some_text(given.seller_number, take.KEY, ["input", "sellerNumber"])
        waiting = [each for each in opened.schedule_lines() if each.state in ("SENT", "BUYER_PROPOSED")]
        if not waiting:
            raise Refusal(
                "ILLEGAL_TRANSITION", f"The order is {order.status}; nothing in it waits for the seller's first answer,"
                f" so orderConfirm is not possible. {_legal(opened)}", ["input", "order"],
            )  # fmt: skip
        words = await whole.last_words(unit, [each.id for each in waiting])
        for each in waiting:
            revision_no, word = words[each.id]
            standing, _ = rules.take_step(whole.standing_of(each, word), "SELLER", "ACCEPT")
            whole.speak(opened, each, standing, revision_no + 1, None)
    also = ["sellerNumber"] if number and number != order.seller_number else []
    order.seller_number = number or order.seller_number
    await whole.store(unit, opened, "CONFIRMED", also)
    return order.id


def _legal(opened: whole.Whole) -> str:
    """The steps the seller may take with the schedule lines as they stand, if it is its turn."""
    states = {each.state for each in opened.schedule_lines()}
    steps = sorted({step for state in states for step in rules.steps_for(state, "SELLER", "BUYER")})
    return f"Allowed steps: {', '.join(steps) or 'none'}."


@command(
    "orderClose", payload="Order",
    description="The buyer declares that nothing more will happen: all is shipped and counted, rejected or cancelled.",
)  # fmt: skip
async def order_close(unit: Unit, given: OrderCloseInput) -> UUID:
    opened = await whole.open_order(unit, given.order, given.expected_version, ("buyer_id", "seller_id"))
    schedule = opened.schedule_lines()
    facts = await moved(unit, [each.id for each in schedule])
    under_way = sum((each.under_way for each in facts.values()), rules.NOTHING)
    with take.about(opened.order.id):
        side = whole.side_of(opened.order, unit.partner_id)
        for place in rules.close([each.state for each in schedule], side, under_way):
            schedule[place].state = "CLOSED"
            opened.touched.add(schedule[place].id)
    await whole.store(unit, opened, "CLOSED")
    return opened.order.id
