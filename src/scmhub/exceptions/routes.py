"""Which subjects a change, or the mere passing of time, puts in question, and in whose eyes each is judged.

Only keys are read here, under the read role: values are read by the judges, as the partner concerned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from scmhub.database.tables import listed
from scmhub.database.unit import Unit
from scmhub.exceptions import forecasts, orders, service, stock
from scmhub.exceptions.found import Finding
from scmhub.feed.log import Event
from scmhub.partners import order_states
from scmhub.partners.agreements import BINDING

AGREEMENT = "AGREEMENT"
Judge = Callable[[Unit, Collection[UUID]], Awaitable[tuple[list[str], list[Finding]]]]
Fetch = Callable[..., Awaitable[list[Any]]]
"""Reads rows of a statement under the read role."""


@dataclass(frozen=True, slots=True)
class Family:
    """One sort of subject: how it is judged, which criteria that covers, and which partners may be affected.

    ``changed``: event kind -> statement from record ids to (partner, key). ``due``: statement of ($1 now) to what time
    may have put in question, asked each sweep, or each first one of a day, or only where all is looked at anew.
    """

    name: str
    judge: Judge
    criteria: tuple[str, ...]
    changed: dict[str, str]
    due: str
    asked: str = "SWEEP"


_ORDER_SIDES = """
select o.id as key, unnest(array[o.buyer_id, o.seller_id]) as partner from purchase_order o
where o.id = any($1::uuid[])
"""
_SHIPPED_ORDERS = """
select distinct l.order_id as key, l.buyer_id as partner
from shipment_line x join order_line l on l.id = x.order_line_id
where x.shipment_id = any($1::uuid[])
"""
_ORDERS_DUE = f"""
select distinct l.order_id as key, unnest(array[l.buyer_id, l.seller_id]) as partner
from schedule_line s join order_line l on l.id = s.line_id
where s.state in {listed(order_states.WAITING)}
   or (s.state in {listed(order_states.OUTSTANDING)} and s.last_promise_on <= ($1)::date + 1)
   or exists (select from breach b where b.affected_id in (l.buyer_id, l.seller_id)
                                     and b.subject = 'scl_' || s.id::text and b.returned_at is null)
"""
_PAIR = "((a.provider_id, a.recipient_id), (a.recipient_id, a.provider_id))"
_ORDERS_AGREED = f"""
select distinct l.order_id as key, unnest(array[l.buyer_id, l.seller_id]) as partner
from agreement a join order_line l on (l.buyer_id, l.seller_id) in {_PAIR} join schedule_line s on s.line_id = l.id
where a.id = any($1::uuid[]) and s.state in {listed(order_states.OPEN)}
"""
_SERIES_AGREED = f"""
select t.id as key, unnest(array[t.publisher_id, t.counterparty_id]) as partner
from agreement a join time_series t on (t.publisher_id, t.counterparty_id) in {_PAIR}
where a.id = any($1::uuid[]) and t.measure = 'DEMAND'
"""
_STOCK_AGREED = """
select p.id as key, p.owner_id as partner
from agreement a join inventory_position p on p.owner_id in (a.provider_id, a.recipient_id)
where a.id = any($1::uuid[])
"""
_TURNED = f"""
select distinct v.agreement_id from agreement_version v
where v.state in {listed(BINDING)}
  and (v.in_force_from > $1 and v.in_force_from <= $2 or v.in_force_until >= $1 and v.in_force_until < $2)
"""
"""Agreements of which a version has begun, or ended, since the day $1, up to the day $2."""
_RECEIPTS = "select s.id as key, s.buyer_id as partner from shipment s where s.id = any($1::uuid[])"
_ALL_RECEIPTS = """
select s.id as key, s.buyer_id as partner from shipment s where s.state = 'RECEIVED' and s.created_at <= $1
"""
_SERIES_SIDES = """
select t.id as key, unnest(array[t.publisher_id, t.counterparty_id]) as partner from time_series t
where t.id = any($1::uuid[]) and t.measure = 'DEMAND' and t.counterparty_id is not null
"""
_ANSWERED = """
select t.answers_series_id as key, t.counterparty_id as partner from time_series t
where t.id = any($1::uuid[]) and t.answers_series_id is not null and t.counterparty_id is not null
"""
_SERIES_DUE = """
select t.id as key, unnest(array[t.publisher_id, t.counterparty_id]) as partner from time_series t
where t.measure = 'DEMAND' and t.counterparty_id is not null and (
  exists (select from series_point p where p.series_id = t.id and p.known_until is null
                                      and p.starts_on >= ($1)::date)
  or exists (select from breach b where b.affected_id in (t.publisher_id, t.counterparty_id)
                                      and b.subject = 'fcs_' || t.id::text and b.returned_at is null))
"""
_SAME_STOCK = """
select o.id as key, o.owner_id as partner from inventory_position p join inventory_position o
  on (o.owner_id, o.item_id) = (p.owner_id, p.item_id)
where p.id = any($1::uuid[])
"""
_PLANNED = """
select p.id as key, p.owner_id as partner from time_series t join inventory_position p on p.item_id = t.item_id
where t.id = any($1::uuid[]) and p.owner_id in (
  case when t.measure <> 'COMMIT' then t.publisher_id end,
  case when t.measure <> 'PRODUCTION' then t.counterparty_id end)
"""
_ORDERED = """
select p.id as key, p.owner_id as partner from order_line l join inventory_position p
  on p.item_id = l.item_id and p.owner_id in (l.buyer_id, l.seller_id)
where l.order_id = any($1::uuid[])
"""
_SENT = """
select p.id as key, p.owner_id as partner from shipment_line x join inventory_position p
  on p.item_id = x.item_id and p.owner_id in (x.buyer_id, x.seller_id)
where x.shipment_id = any($1::uuid[])
"""
_STOCK_DUE = "select p.id as key, p.owner_id as partner from inventory_position p where p.created_at <= $1"

_LEVELS = f"""
select c.id as key, v.recipient_id as partner
from service_level_clause c join agreement_version v on v.id = c.version_id
where v.state in {listed(BINDING)}"""
_LEVELS_AGREED = f"{_LEVELS} and v.agreement_id = any($1::uuid[])"
_LEVELS_DUE = f"""{_LEVELS} and v.in_force_from <= ($1)::date
  and coalesce(v.in_force_until, 'infinity') >= ($1)::date - {service.JUDGED_AFTER_DAYS}"""

FAMILIES = (
    Family("orders", orders.judge_orders, orders.CRITERIA,
           {"ORDER": _ORDER_SIDES, "SHIPMENT": _SHIPPED_ORDERS, AGREEMENT: _ORDERS_AGREED}, _ORDERS_DUE),
    Family("receipts", orders.judge_receipts, orders.RECEIPT_CRITERIA, {"SHIPMENT": _RECEIPTS}, _ALL_RECEIPTS,
           asked="ANEW"),
    Family("forecasts", forecasts.judge, forecasts.CRITERIA,
           {"FORECAST": _SERIES_SIDES, "COMMIT": _ANSWERED, AGREEMENT: _SERIES_AGREED}, _SERIES_DUE),
    Family("stock", stock.judge, stock.CRITERIA,
           {"INVENTORY_POSITION": _SAME_STOCK, "FORECAST": _PLANNED, "COMMIT": _PLANNED, "PRODUCTION_PLAN": _PLANNED,
            "ORDER": _ORDERED, "SHIPMENT": _SENT, AGREEMENT: _STOCK_AGREED}, _STOCK_DUE, asked="DAY"),
    Family("service", service.judge, service.CRITERIA, {AGREEMENT: _LEVELS_AGREED}, _LEVELS_DUE, asked="DAY"),
)  # fmt: skip
KINDS = frozenset(kind for family in FAMILIES for kind in family.changed)
"""Kinds whose changes put anything in question."""
Subjects = dict[UUID, dict[str, set[UUID]]]
"""Partner -> family -> keys."""


def nothing() -> Subjects:
    return defaultdict(lambda: defaultdict(set))


async def changed(fetch: Fetch, events: Iterable[Event]) -> Subjects:
    """What these changes put in question."""
    records: dict[str, set[UUID]] = defaultdict(set)
    for event in events:
        records[event.kind].add(event.record_id)
    found = nothing()
    for kind, keys in records.items():
        await _concerned(fetch, kind, keys, found)
    return found


async def _concerned(fetch: Fetch, kind: str, keys: Collection[UUID], found: Subjects) -> None:
    """Adds what these records of a kind put in question."""
    for family in FAMILIES:
        if keys and kind in family.changed:
            for row in await fetch(family.changed[kind], sorted(keys)):
                found[row["partner"]][family.name].add(row["key"])


async def due(fetch: Fetch, now: datetime, last_swept: date | None) -> Subjects:
    """What time has put in question since the last sweep; ``last_swept`` None: everything."""
    found = nothing()
    asked = {"SWEEP"} if last_swept == now.date() else {"SWEEP", "DAY"}
    if last_swept is None:
        asked.add("ANEW")
    for family in FAMILIES:
        if family.asked in asked:
            for row in await fetch(family.due, now):
                found[row["partner"]][family.name].add(row["key"])
    if "DAY" in asked:  # a clause counts from its first day to its last, and no change of it tells of either
        turned = await fetch(_TURNED, last_swept or date.min, now.date())
        await _concerned(fetch, AGREEMENT, [row["agreement_id"] for row in turned], found)
    return found
