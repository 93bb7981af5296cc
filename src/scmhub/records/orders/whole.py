"""An order as a whole: loaded under one lock, changed by the rules, stored with all that follows from the change.

Every command on an order, a schedule line or a shipment locks the order first, so two of them never see half of each
other's work. Status of lines and order, and what moved, are derived here and written in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph.lookup import changeable, not_found, visible_key
from scmhub.ids import key_of, new_id, public_id
from scmhub.records.orders import rules
from scmhub.records.orders.model import OrderLineTable, OrderTable, RevisionTable, ScheduleLineTable, SliceTable
from scmhub.records.orders.rules import Promise, Side, Slice, Standing, Word

BOTH_SIDES = ("buyer_id", "seller_id")


@dataclass(slots=True)
class Whole:
    """An order with its lines and schedule lines. ``touched`` and ``said``: what ``store`` has to write."""

    order: OrderTable
    lines: list[OrderLineTable]
    schedule: dict[UUID, list[ScheduleLineTable]]
    touched: set[UUID] = field(default_factory=set)
    counted: set[UUID] = field(default_factory=set)
    """Of these, where nothing but what has moved is new: the amounts of the line tell it, to who may see them."""
    said: list[Said] = field(default_factory=list)

    def schedule_lines(self) -> list[ScheduleLineTable]:
        return [each for line in self.lines for each in self.schedule[line.id]]

    def parties(self) -> list[UUID]:
        """Everybody but the owner."""
        consignee = [self.order.consignee_id] if self.order.consignee_id else []
        return [self.order.seller_id, *consignee]


def side_of(order: OrderTable, partner_id: UUID) -> Side:
    """The side a partner speaks for; the caller has made sure that it is one of the two."""
    return "BUYER" if order.buyer_id == partner_id else "SELLER"


async def open_order(unit: Unit, order_id: str, expected_version: int | None, sides: tuple[str, ...]) -> Whole:
    """The locked order by the id a caller gave in ``input.order``; refused as in ``changeable``."""
    order = await changeable(unit, OrderTable, "Order", order_id, expected_version, ["input", "order"], sides)
    return await _load(unit, order)


async def open_schedule_line(unit: Unit, text: str, expected_version: int) -> tuple[Whole, ScheduleLineTable]:
    """The locked order around the schedule line in ``input.scheduleLine``, for its buyer or seller."""
    path = ["input", "scheduleLine"]
    key, line = await find_schedule_line(unit, text, path)
    order = await changeable(unit, OrderTable, "Order", public_id("ord", line.order_id), None, path, BOTH_SIDES)
    whole = await _load(unit, order)
    found = next(each for each in whole.schedule[line.id] if each.id == key)
    if found.version != expected_version:
        message = f"It has version {found.version} now, not {expected_version}: read it again."
        raise Refusal("CONFLICT", message, ["input", "expectedVersion"], order.id)
    return whole, found


async def find_schedule_line(unit: Unit, text: str, path: list[str]) -> tuple[UUID, OrderLineTable]:
    """Key of a schedule line the acting partner may see, and its line; one NOT_FOUND for all other ids."""
    key = key_of("scl", text)
    rows = await unit.session.exec(
        select(OrderLineTable).join(ScheduleLineTable, col(ScheduleLineTable.line_id) == OrderLineTable.id)
        .where(ScheduleLineTable.id == key)
    )  # fmt: skip
    line = rows.first() if key else None
    if key is None or line is None:
        raise not_found("ScheduleLine", path)
    try:
        await visible_key(unit, "OrderLine", public_id("orl", line.id), path)
    except Refusal:
        raise not_found("ScheduleLine", path) from None
    return key, line


async def lock_orders(unit: Unit, line_ids: Iterable[UUID]) -> list[Whole]:
    """The orders of some order lines, locked in the order of their ids: two commands never wait in a circle."""
    wanted = select(OrderLineTable.order_id).where(col(OrderLineTable.id).in_(list(line_ids)))
    rows = await unit.session.exec(
        select(OrderTable).where(col(OrderTable.id).in_(wanted)).order_by(col(OrderTable.id)).with_for_update()
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return [await _load(unit, order) for order in rows.all()]


async def _load(unit: Unit, order: OrderTable) -> Whole:
    lines = await unit.session.exec(
        select(OrderLineTable).where(OrderLineTable.order_id == order.id).order_by(col(OrderLineTable.line_no))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    whole = Whole(order, list(lines.all()), defaultdict(list))
    schedule = await unit.session.exec(
        select(ScheduleLineTable).where(col(ScheduleLineTable.line_id).in_([line.id for line in whole.lines]))
        .order_by(col(ScheduleLineTable.seq)).execution_options(populate_existing=True)
    )  # fmt: skip
    for each in schedule.all():
        whole.schedule[each.line_id].append(each)
    return whole


# -- what was said ----------------------------------------------------------------------------------------------------


async def last_words(unit: Unit, schedule_line_ids: Sequence[UUID]) -> dict[UUID, tuple[int, Word]]:
    """Number and content of the newest revision of each schedule line."""
    revisions = await unit.session.exec(
        select(RevisionTable).where(col(RevisionTable.schedule_line_id).in_(schedule_line_ids))
        .order_by(col(RevisionTable.revision_no))
    )  # fmt: skip
    newest = {each.schedule_line_id: each for each in revisions.all()}
    rows = await unit.session.exec(
        select(SliceTable).where(col(SliceTable.revision_id).in_([each.id for each in newest.values()]))
        .order_by(col(SliceTable.seq))
    )  # fmt: skip
    slices: dict[UUID, list[Slice]] = defaultdict(list)
    for row in rows.all():
        slices[row.revision_id].append(Slice(row.quantity, row.due_on))
    return {
        key: (each.revision_no, Word("BUYER" if each.side == "BUYER" else "SELLER", each.act, tuple(slices[each.id])))
        for key, each in newest.items()
    }


def standing_of(stored: ScheduleLineTable, word: Word) -> Standing:
    """What the rules work on."""
    return Standing(
        stored.state, word, _promise(stored.first_promise_quantity, stored.first_promise_on),
        _promise(stored.last_promise_quantity, stored.last_promise_on), stored.shipped,
        stored.received_good + stored.received_damaged,
    )  # fmt: skip


def _promise(quantity: Decimal | None, on: object) -> Promise | None:
    return None if quantity is None else Promise(quantity, on)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Said:
    """A word about to be kept."""

    schedule_line_id: UUID
    revision_no: int
    word: Word
    reason: str | None = None
    inside_frozen: bool = False


def speak(
    whole: Whole, stored: ScheduleLineTable, standing: Standing, revision_no: int, reason: str | None,
    inside_frozen: bool = False, answer_due_on: date | None = None,
) -> None:  # fmt: skip
    """Set the standing, and remember the word that led to it for ``store``. A first promise is never written again."""
    whole.said.append(Said(stored.id, revision_no, standing.last_word, reason, inside_frozen))
    stored.state, stored.answer_due_on = standing.state, answer_due_on
    if standing.first is not None and stored.first_promise_quantity is None:
        stored.first_promise_quantity, stored.first_promise_on = standing.first.quantity, standing.first.on
    if standing.last is not None:
        stored.last_promise_quantity, stored.last_promise_on = standing.last.quantity, standing.last.on
    whole.touched.add(stored.id)


async def keep_words(unit: Unit, said: Sequence[Said]) -> None:
    """New revisions, then their slices: foreign keys want them in this order."""
    ids = [new_id(unit.now) for _ in said]
    for key, each in zip(ids, said, strict=True):
        unit.session.add(
            RevisionTable(
                id=key, schedule_line_id=each.schedule_line_id, revision_no=each.revision_no, side=each.word.side,
                act=each.word.act, reason=each.reason,
                inside_frozen=each.inside_frozen, stated_by=str(unit.partner_id), recorded_at=unit.now,
            )
        )  # fmt: skip
    await unit.session.flush()
    for key, each in zip(ids, said, strict=True):
        for seq, part in enumerate(each.word.slices, 1):
            unit.session.add(
                SliceTable(id=new_id(unit.now), revision_id=key, seq=seq, quantity=part.quantity, due_on=part.due_on)
            )


# -- what follows ----------------------------------------------------------------------------------------------------


async def store(unit: Unit, whole: Whole, action: str, also: Iterable[str] = ()) -> None:
    """Derive, count versions, write and tell. ``also``: further fields of the order that changed, by GraphQL name."""
    for line in whole.lines:
        schedule = whole.schedule[line.id]
        touched = [each for each in schedule if each.id in whole.touched]
        for each in touched:
            each.version += 1
        if touched:
            anew = ["schedule"] if any(each.id not in whole.counted for each in touched) else []
            changed = [*anew, *_derive_line(line, schedule), "version"]
            line.version += 1
            unit.change("ORDER_LINE", action, line.id, line.buyer_id, whole.parties(), changed)
    order = whole.order
    status = rules.derived_status(line.status for line in whole.lines)
    changed = [*also, *(["status"] if status != order.status else []), "version"]
    order.status = status
    order.version += 1
    unit.session.add_all([order, *whole.lines, *whole.schedule_lines()])
    unit.change("ORDER", action, order.id, order.buyer_id, whole.parties(), changed)
    await keep_words(unit, whole.said)


def _derive_line(line: OrderLineTable, schedule: Sequence[ScheduleLineTable]) -> list[str]:
    """Set what follows from the schedule lines; GraphQL names of what changed by that."""
    new = {
        "status": rules.derived_status(each.state for each in schedule),
        "shipped": sum((each.shipped for each in schedule), Decimal(0)),
        "received_good": sum((each.received_good for each in schedule), Decimal(0)),
        "received_damaged": sum((each.received_damaged for each in schedule), Decimal(0)),
    }
    different = [name for name, value in new.items() if getattr(line, name) != value]
    for name in different:
        setattr(line, name, new[name])
    names = {"received_good": "receivedGood", "received_damaged": "receivedDamaged"}
    return [names.get(name, name) for name in different]
