"""Orders from a file: the partners and places they name are made first, then whole orders are compared and written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.exchange.delta import Counts
from scmhub.exchange.findings import Findings
from scmhub.exchange.known import look
from scmhub.exchange.mapping import Map
from scmhub.exchange.masters import Masters, prepare_masters
from scmhub.exchange.orders import Context, compare_orders
from scmhub.exchange.reading import Row
from scmhub.exchange.rows import Card, RowReader
from scmhub.exchange.shipments import compare_shipments
from scmhub.exchange.staging import Batch, Staging
from scmhub.exchange.store import write
from scmhub.exchange.work import Desk


class OrderWork:
    """One file of orders for the buyer with the code ``me``."""

    def __init__(self, given: Map, findings: Findings, me: str, today: date) -> None:
        self._staging = Staging(findings)
        self._map = given
        self._findings = findings
        self._me = me
        self._today = today
        self._masters: Masters | None = None
        self.scratch = self._staging.scratch

    def begin(self, header: Sequence[str]) -> None:
        self._reader = RowReader(self._map, header, self._findings, self._me, self._today)

    def take(self, row: Row) -> None:
        self._staging.put(row.number, self._reader.read(row))

    def settle(self) -> None:
        self._staging.settle()

    async def prepare(self, desk: Desk) -> UUID:
        card = Card(self._map.constant("buyer.name") or self._me, self._map.constant("buyer.country"))
        self._masters = await prepare_masters(desk, self._staging, self._me, card)
        return self._masters.buyer

    def batches(self, after: int) -> Iterator[Batch]:
        return self._staging.batches(after)

    async def write(self, unit: Unit, desk: Desk, batch: Batch) -> Counts:
        assert self._masters is not None
        known = await look(unit, desk.database.read, batch, self._masters, lock=desk.apply)
        context = Context(self._me, self._masters, known, desk.findings, unit.now)
        compare_orders(context, batch.orders)
        compare_shipments(context, batch.consignments)
        if desk.apply:
            await write(unit, context.delta)
        return context.delta.counts
