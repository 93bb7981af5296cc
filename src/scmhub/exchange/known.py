"""What the hub has already of a batch: read and locked in the transaction that will write the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from asyncpg import Record  # type: ignore[import-untyped]

from scmhub.database.pool import ReadPool
from scmhub.database.unit import Unit
from scmhub.exchange.masters import Masters
from scmhub.exchange.staging import Batch


@dataclass
class Known:
    """Rows by the keys an import knows. ``digests``: what was imported last, by kind and external id."""

    items: dict[str, Record] = field(default_factory=dict)
    orders: dict[str, Record] = field(default_factory=dict)
    lines: dict[UUID, Record] = field(default_factory=dict)
    lines_of: dict[UUID, list[Record]] = field(default_factory=lambda: defaultdict(list))
    schedule: dict[UUID, list[Record]] = field(default_factory=lambda: defaultdict(list))
    words: dict[UUID, int] = field(default_factory=dict)
    """Number of the newest revision by schedule line."""
    shipments: dict[tuple[UUID, str], Record] = field(default_factory=dict)
    shipped: dict[UUID, list[Record]] = field(default_factory=lambda: defaultdict(list))
    """Shipment lines by order line."""
    last_line_no: dict[UUID, int] = field(default_factory=dict)
    """Highest line number by shipment."""
    events: dict[UUID, list[Record]] = field(default_factory=lambda: defaultdict(list))
    receipts: dict[UUID, Record] = field(default_factory=dict)
    """The newest count of each shipment line."""
    taken: set[tuple[UUID, str]] = field(default_factory=set)
    """Numbers of shipments that their sellers used for others: out of this buyer's sight, and not to be used again."""
    digests: dict[tuple[str, str], tuple[UUID, str]] = field(default_factory=dict)


async def look(unit: Unit, read: ReadPool, batch: Batch, masters: Masters, *, lock: bool) -> Known:
    """The unit acts for the buyer, who is owner or party of all this; ``read`` also sees what others have."""
    known = Known()
    await _digests(unit, batch, known)
    numbers = sorted({lines[0].order for lines in batch.orders})
    items = sorted({line.item for lines in batch.orders for line in lines})
    waiting = " for update" if lock else ""
    for row in await unit.rows("select * from item where owner_id = $1 and number = any($2)", masters.buyer, items):
        known.items[row["number"]] = row
    for row in await unit.rows(
        f"select * from purchase_order where buyer_id = $1 and buyer_number = any($2) order by id{waiting}",
        masters.buyer, numbers,
    ):  # fmt: skip
        known.orders[row["buyer_number"]] = row
    await _lines(unit, known)
    await _shipments(unit, batch, masters, known, waiting)
    await _taken(read, batch, masters, known)
    return known


def shipment_key(seller: str, number: str) -> str:
    """External id of a shipment: numbers belong to their sellers."""
    return f"{seller}/{number}"


async def _digests(unit: Unit, batch: Batch, known: Known) -> None:
    wanted: dict[str, list[str]] = {
        "ORDER": [lines[0].order for lines in batch.orders],
        "ORDER_LINE": [line.external_id for lines in batch.orders for line in lines],
        "SHIPMENT": [shipment_key(each.seller, each.number) for each in batch.consignments],
    }
    for kind, keys in wanted.items():
        rows = await unit.rows(
            "select external_id, record_id, digest from imported where partner_id = $1 and kind = $2"
            " and external_id = any($3)", unit.partner_id, kind, keys,
        )  # fmt: skip
        known.digests |= {(kind, row["external_id"]): (row["record_id"], row["digest"]) for row in rows}


async def _lines(unit: Unit, known: Known) -> None:
    """The lines of the orders, and lines of other orders that the external ids belong to."""
    orders = [row["id"] for row in known.orders.values()]
    claimed = [key for (kind, _), (key, _) in known.digests.items() if kind == "ORDER_LINE"]
    if not orders and not claimed:
        return
    await _take_lines(unit, known, "select * from order_line where order_id = any($1) order by line_no", orders)
    others = [key for key in claimed if key not in known.lines]
    await _take_lines(unit, known, "select * from order_line where id = any($1)", others)
    mine = list(known.lines)
    for row in await unit.rows("select * from schedule_line where line_id = any($1) order by seq", mine):
        known.schedule[row["line_id"]].append(row)
    rows = await unit.rows(
        "select schedule_line_id, max(revision_no) as last from schedule_revision where schedule_line_id = any($1)"
        " group by 1", [row["id"] for rows in known.schedule.values() for row in rows],
    )  # fmt: skip
    known.words = {row["schedule_line_id"]: row["last"] for row in rows}
    for row in await unit.rows("select * from shipment_line where order_line_id = any($1)", mine):
        known.shipped[row["order_line_id"]].append(row)


async def _take_lines(unit: Unit, known: Known, sql: str, keys: Iterable[Any]) -> None:
    for row in await unit.rows(sql, list(keys)):
        known.lines[row["id"]] = row
        known.lines_of[row["order_id"]].append(row)


async def _shipments(unit: Unit, batch: Batch, masters: Masters, known: Known, waiting: str) -> None:
    sellers = [masters.partners[each.seller] for each in batch.consignments]
    numbers = [each.number for each in batch.consignments]
    for row in await unit.rows(
        "select s.* from shipment s join unnest($1::uuid[], $2::text[]) as w(seller_id, number)"
        f" using (seller_id, number) order by s.id{waiting and ' for update of s'}", sellers, numbers,
    ):  # fmt: skip
        known.shipments[row["seller_id"], row["number"]] = row
    rows = await unit.rows(
        "select shipment_id, max(line_no) as last from shipment_line where shipment_id = any($1) group by 1",
        [row["id"] for row in known.shipments.values()],
    )
    known.last_line_no = {row["shipment_id"]: row["last"] for row in rows}
    await _happened(unit, known)


async def _taken(read: ReadPool, batch: Batch, masters: Masters, known: Known) -> None:
    wanted = [(masters.partners[each.seller], each.number) for each in batch.consignments]
    new = [each for each in wanted if each not in known.shipments]
    rows = await read.rows(
        "select s.seller_id, s.number from shipment s join unnest($1::uuid[], $2::text[]) as w(seller_id, number)"
        " using (seller_id, number)", [seller for seller, _ in new], [number for _, number in new],
    )  # fmt: skip
    known.taken = {(row["seller_id"], row["number"]) for row in rows}


async def _happened(unit: Unit, known: Known) -> None:
    """Events of the shipments, and receipts of their lines."""
    if not known.shipments:
        return
    for row in await unit.rows(
        "select shipment_id, seq, milestone, certainty, at from shipment_event where shipment_id = any($1)"
        " order by seq",
        [row["id"] for row in known.shipments.values()],
    ):
        known.events[row["shipment_id"]].append(row)
    for row in await unit.rows(
        "select distinct on (shipment_line_id) * from receipt where shipment_line_id = any($1)"
        " order by shipment_line_id, seq desc", [row["id"] for rows in known.shipped.values() for row in rows],
    ):  # fmt: skip
        known.receipts[row["shipment_line_id"]] = row
