"""The firms of the tests and short ways to make them act; every act is a real command on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from scmhub.database.address import Address
from scmhub.database.unit import Database
from scmhub.errors import Refusal
from scmhub.graph.values import MoneyInput, QuantityInput
from scmhub.ids import public_id
from scmhub.partners.registry import register_partner
from scmhub.records.orders import commands as orders
from scmhub.records.orders import inputs as given
from scmhub.records.orders import schedule_commands as schedule
from scmhub.records.orders import shipment_commands as shipments
from scmhub.records.orders import shipment_inputs as moving
from scmhub.records.orders.api import OrderKind
from scmhub.records.orders.shipment_api import Certainty, Milestone
from scmhub.records.orders.shipment_plan_commands import shipment_plan
from scmhub.records.partners import commands as masters
from scmhub.records.partners.api import SiteKind
from scmhub.records.relationships import commands as relating
from scmhub.records.relationships.api import RelationshipKind

STEPS = {
    "ACCEPT": schedule.schedule_line_accept,
    "REJECT": schedule.schedule_line_reject,
    "DECLINE_CHANGE": schedule.schedule_line_decline_change,
    "CANCEL": schedule.schedule_line_cancel,
}
EVERYTHING = (
    "partner", "site", "item", "item_alias", "relationship", "purchase_order", "order_line", "schedule_line",
    "schedule_revision", "schedule_slice", "shipment", "shipment_line", "shipment_event", "receipt", "sharing_rule",
    "scope", "change_outbox",
)  # fmt: skip


@dataclass
class Firms:
    """acme buys from bolt (ACTIVE SUPPLY), dyna carries for bolt (ACTIVE LOGISTICS), cargo is a stranger."""

    database: Database
    address: Address
    now: datetime
    ids: dict[str, UUID] = field(default_factory=dict)
    item: str = ""
    site: str = ""

    async def act(self, firm: str, command: Callable[..., Any], *args: Any) -> UUID:
        """One command in its own transaction."""
        async with self.database.unit(self.ids[firm], f"integration:{firm}", lambda: self.now) as unit:
            return await command(unit, *args)  # type: ignore[no-any-return]

    async def refused(self, firm: str, command: Callable[..., Any], *args: Any) -> Refusal:
        """The refusal of a command; nothing was written, in no table, the outbox included."""
        before = await self.everything()
        with pytest.raises(Refusal) as caught:
            await self.act(firm, command, *args)
        assert await self.everything() == before
        return caught.value

    async def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables, as the administrator sees them."""
        connection = await self.address.connect()
        try:
            found = {name: await connection.fetch(f'select t::text from "{name}" t order by 1') for name in EVERYTHING}
            return {name: [row[0] for row in rows] for name, rows in found.items()}
        finally:
            await connection.close()

    async def rows(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        connection = await self.address.connect()
        try:
            return await connection.fetch(sql, *args)  # type: ignore[no-any-return]
        finally:
            await connection.close()

    async def row(self, sql: str, *args: Any) -> asyncpg.Record:
        [only] = await self.rows(sql, *args)
        return only

    async def found(self) -> None:
        """Register the firms, relate them, and give acme an item and a site."""
        operator = UUID(int=0)
        for code in ("ACME", "BOLT", "CARGO", "DYNA", "EAST"):
            async with self.database.unit(operator, "operator", lambda: self.now) as unit:
                self.ids[code.lower()] = await register_partner(unit, code, code.title())
        await self.relate("bolt", "acme", RelationshipKind.SUPPLY)
        await self.relate("dyna", "bolt", RelationshipKind.LOGISTICS)
        await self.relate("acme", "east", RelationshipKind.SUPPLY)
        item = masters.ItemAddInput(number="4711", description="Casting", unit="C62")  # type: ignore[arg-type]
        self.item = public_id("itm", await self.act("acme", masters.item_add, item))
        site = masters.SiteAddInput(code="HALL 1", name="Hall 1", kind=SiteKind.PLANT, time_zone="Asia/Tokyo")
        self.site = public_id("sit", await self.act("acme", masters.site_add, site))

    async def relate(self, provider: str, recipient: str, kind: RelationshipKind) -> str:
        propose = relating.RelationshipProposeInput(
            partner_code=recipient.upper(), kind=kind, my_side=relating.RelationshipSide.PROVIDER
        )
        key = public_id("rel", await self.act(provider, relating.relationship_propose, propose))
        await self.act(recipient, relating.relationship_accept, step(key, 1))
        return key

    def partner(self, firm: str) -> str:
        return public_id("ptr", self.ids[firm])

    def order(self, number: str = "PO-1", **changes: Any) -> given.OrderPlaceInput:
        """An order of acme for 100 castings."""
        values: dict[str, Any] = {
            "kind": OrderKind.PURCHASE, "seller": self.partner("bolt"), "ship_to": self.site, "buyer_number": number,
            "currency": "EUR", "lines": [self.line()],
        }  # fmt: skip
        return given.OrderPlaceInput(**(values | changes))

    def line(self, quantity: str = "100", unit: str = "C62", price: str | None = "2.5", **changes: Any) -> Any:
        values: dict[str, Any] = {
            "item": self.item, "quantity": QuantityInput(value=Decimal(quantity), unit=unit),
            "unit_price": MoneyInput(amount=Decimal(price), currency_code="EUR") if price else None,
            "requested_on": date(2026, 4, 6),
        }  # fmt: skip
        return given.OrderLineInput(**(values | changes))

    async def placed(self, **changes: Any) -> Placed:
        return Placed(self, await self.act("acme", orders.order_place, self.order(**changes)))


@dataclass
class Placed:
    """An order that acme placed with bolt, and ways to act on its first schedule line."""

    firms: Firms
    key: UUID

    @property
    def id(self) -> str:
        return public_id("ord", self.key)

    async def header(self) -> asyncpg.Record:
        return await self.firms.row("select * from purchase_order where id = $1", self.key)

    async def line(self) -> asyncpg.Record:
        return await self.firms.row("select * from order_line where order_id = $1 and line_no = 1", self.key)

    async def wish(self) -> asyncpg.Record:
        """The first schedule line."""
        return await self.firms.row(
            "select s.* from schedule_line s join order_line l on l.id = s.line_id"
            " where l.order_id = $1 and l.line_no = 1 and s.seq = 1", self.key,
        )  # fmt: skip

    async def states(self) -> tuple[str, str, str]:
        return (await self.wish())["state"], (await self.line())["status"], (await self.header())["status"]

    async def said(self) -> list[tuple[Any, ...]]:
        rows = await self.firms.rows(
            "select r.side, r.act, array(select trim_scale(c.quantity)::text || '@' || c.due_on from schedule_slice c"
            " where c.revision_id = r.id order by c.seq) as slices"
            " from schedule_revision r where r.schedule_line_id = $1 order by r.revision_no", (await self.wish())["id"],
        )  # fmt: skip
        return [tuple(row) for row in rows]

    async def offer(self, *slices: tuple[str, date]) -> given.ScheduleLineProposeInput:
        wish = await self.wish()
        return given.ScheduleLineProposeInput(
            schedule_line=public_id("scl", wish["id"]), expected_version=wish["version"],
            slices=[given.SliceInput(quantity=Decimal(quantity), due_on=on) for quantity, on in slices],
        )  # fmt: skip

    async def propose(self, firm: str, *slices: tuple[str, date]) -> None:
        await self.firms.act(firm, schedule.schedule_line_propose, await self.offer(*slices))

    async def answer(self) -> given.ScheduleLineStepInput:
        wish = await self.wish()
        return given.ScheduleLineStepInput(schedule_line=public_id("scl", wish["id"]), expected_version=wish["version"])

    async def step(self, firm: str, name: str) -> None:
        await self.firms.act(firm, STEPS[name], await self.answer())

    async def confirm(self) -> None:
        version = (await self.header())["version"]
        await self.firms.act(
            "bolt", orders.order_confirm, given.OrderConfirmInput(order=self.id, expected_version=version)
        )

    async def close_input(self) -> given.OrderCloseInput:
        return given.OrderCloseInput(order=self.id, expected_version=(await self.header())["version"])

    async def despatch(self, number: str, quantity: str, **changes: Any) -> moving.ShipmentPlanInput:
        wish = await self.wish()
        line = moving.ShipmentLineInput(
            schedule_line=public_id("scl", wish["id"]), quantity=QuantityInput(value=Decimal(quantity), unit="C62")
        )
        values: dict[str, Any] = {
            "number": number, "lines": [line], "planned_departure": self.firms.now + timedelta(days=1),
            "planned_arrival": self.firms.now + timedelta(days=10), "carrier": self.firms.partner("dyna"),
        }  # fmt: skip
        return moving.ShipmentPlanInput(**(values | changes))

    async def ship(self, number: str, quantity: str, **changes: Any) -> Moving:
        return Moving(
            self.firms, await self.firms.act("bolt", shipment_plan, await self.despatch(number, quantity, **changes))
        )


@dataclass
class Moving:
    """A shipment of bolt."""

    firms: Firms
    key: UUID

    @property
    def id(self) -> str:
        return public_id("shp", self.key)

    async def header(self) -> asyncpg.Record:
        return await self.firms.row("select * from shipment where id = $1", self.key)

    async def line(self) -> asyncpg.Record:
        return await self.firms.row("select * from shipment_line where shipment_id = $1", self.key)

    async def report_input(
        self, milestone: str, at: datetime, certainty: str = "ACTUAL", corrects: int | None = None
    ) -> moving.ShipmentReportInput:
        return moving.ShipmentReportInput(
            shipment=self.id, expected_version=(await self.header())["version"], milestone=Milestone[milestone],
            certainty=Certainty[certainty], at=at, corrects=corrects,
        )  # fmt: skip

    async def report(self, firm: str, milestone: str, at: datetime | None = None, **more: Any) -> None:
        given_ = await self.report_input(milestone, at or self.firms.now, **more)
        await self.firms.act(firm, shipments.shipment_report, given_)

    async def count(self, good: str, damaged: str = "0") -> moving.ShipmentReceiveInput:
        line = moving.ReceiptInput(
            line=public_id("shl", (await self.line())["id"]), good=Decimal(good), damaged=Decimal(damaged)
        )
        version = (await self.header())["version"]
        return moving.ShipmentReceiveInput(shipment=self.id, expected_version=version, lines=[line])

    async def receive(self, firm: str, good: str, damaged: str = "0") -> None:
        await self.firms.act(firm, shipments.shipment_receive, await self.count(good, damaged))

    async def refuse_input(self) -> moving.ShipmentRefuseInput:
        return moving.ShipmentRefuseInput(shipment=self.id, expected_version=(await self.header())["version"])


def step(relationship: str, version: int) -> relating.RelationshipStepInput:
    return relating.RelationshipStepInput(relationship=relationship, expected_version=version)
