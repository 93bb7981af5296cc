"""What moved against a schedule line, added up from shipments and receipts: the one source of shipped and received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.records.orders import rules, whole
from scmhub.records.orders.rules import NOTHING, Word
from scmhub.records.orders.whole import Whole

_MOVED = """
select l.schedule_line_id,
       coalesce(sum(l.quantity) filter (where s.state = 'PLANNED'), 0) as planned,
       coalesce(sum(l.quantity) filter (where s.state in ('DEPARTED', 'ARRIVED', 'RECEIVED')), 0) as shipped,
       coalesce(sum(l.quantity) filter (where s.state in ('DEPARTED', 'ARRIVED')), 0) as under_way,
       coalesce(sum(r.good), 0) as good, coalesce(sum(r.damaged), 0) as damaged, coalesce(sum(r.short), 0) as short
from shipment_line l
join shipment s on s.id = l.shipment_id
left join lateral (
  select good, damaged, short from receipt where receipt.shipment_line_id = l.id order by receipt.seq desc limit 1
) r on true
where l.schedule_line_id = any($1::uuid[])
group by l.schedule_line_id
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Quantities in the line's unit. ``shipped``: departed and not turned away; ``short``: departed, never arrived."""

    planned: Decimal = NOTHING
    shipped: Decimal = NOTHING
    under_way: Decimal = NOTHING
    good: Decimal = NOTHING
    damaged: Decimal = NOTHING
    short: Decimal = NOTHING

    def claimed(self) -> Decimal:
        """How much of the promise is in shipments; what went missing may be sent again."""
        return self.planned + self.shipped - self.short


async def moved(unit: Unit, schedule_line_ids: Sequence[UUID]) -> dict[UUID, Moved]:
    """What the shipments say about some schedule lines; the acting partner must be a party to all of them."""
    rows = await unit.rows(_MOVED, list(schedule_line_ids))
    found = {
        row["schedule_line_id"]: Moved(
            row["planned"], row["shipped"], row["under_way"], row["good"], row["damaged"], row["short"]
        )
        for row in rows
    }
    return {key: found.get(key, Moved()) for key in schedule_line_ids}


async def goods_moved(unit: Unit, line_ids: Iterable[UUID], schedule_line_ids: Iterable[UUID], action: str) -> None:
    """Bring orders and their lines in line with the shipments. Locks the orders; equal facts write nothing."""
    wanted = set(schedule_line_ids)
    orders = await whole.lock_orders(unit, line_ids)
    facts = await moved(unit, sorted(wanted))
    for opened in orders:
        for each in opened.schedule_lines():
            if each.id in wanted:
                _apply(opened, each.id, facts[each.id])
        if opened.touched:
            await whole.store(unit, opened, action)


def _apply(opened: Whole, key: UUID, fact: Moved) -> None:
    stored = next(each for each in opened.schedule_lines() if each.id == key)
    now = (fact.shipped, fact.good, fact.damaged)
    if now == (stored.shipped, stored.received_good, stored.received_damaged):
        return
    standing = whole.standing_of(stored, Word("BUYER", "REQUEST"))  # moving goods asks for no word
    state = rules.move(standing, fact.shipped, fact.good + fact.damaged).state
    if state == stored.state:
        opened.counted.add(key)
    stored.state = state
    stored.shipped, stored.received_good, stored.received_damaged = now
    opened.touched.add(key)
