"""Serves the Strawberry peer: ``python -m benchmarks.peers.strawberry_orm.server PORT DATABASE_URL``."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import strawberry
import uvicorn
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.requests import Request
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.peers.strawberry_orm.forecasts import ForecastLoaders, Forecasts, ForecastWhere, forecasts_of
from benchmarks.peers.strawberry_orm.models import OrderLineRow, OrderRow
from benchmarks.peers.strawberry_orm.policy import (
    ITEMS_BY_IDS,
    LAST_ID,
    LINES_OF_ORDERS,
    ORDER_BY_ID,
    ORDER_PAGE,
    PARTNERS_BY_IDS,
    asked_by,
)

MOST = 250
Sessions = async_sessionmaker[AsyncSession]


class Asked:
    """One request: its viewer, its sessions, and the loaders that gather keys until the event loop turns."""

    def __init__(self, sessions: Sessions, viewer: uuid.UUID) -> None:
        self.sessions, self.viewer = sessions, viewer
        self.partners = DataLoader(load_fn=partial(_by_id, sessions, PARTNERS_BY_IDS))
        self.items = DataLoader(load_fn=partial(_by_id, sessions, ITEMS_BY_IDS))
        self.lines = DataLoader(load_fn=self._lines)
        self.forecasts = ForecastLoaders(sessions, viewer)

    async def _lines(self, keys: Sequence[tuple[uuid.UUID, int]]) -> list[list[OrderLine]]:
        found: dict[uuid.UUID, list[OrderLine]] = {order_id: [] for order_id, _ in keys}
        async with self.sessions() as session:
            most = max(first for _, first in keys)
            rows = await session.execute(LINES_OF_ORDERS, asked_by(self.viewer, ids=list(found), most=most))
            for row, priced in rows:
                found[row.order_id].append(OrderLine.of(row, bool(priced)))
        return [found[order_id][:first] for order_id, first in keys]


async def _by_id(sessions: Sessions, statement: Select[Any], ids: list[uuid.UUID]) -> list[Any]:
    async with sessions() as session:
        rows = {row.id: row for row in await session.scalars(statement, {"ids": ids})}
    return [rows.get(key) for key in ids]


Info = strawberry.Info[Asked, None]


@strawberry.type
class Money:
    amount: Decimal
    currency_code: str


@strawberry.type
class Quantity:
    value: Decimal
    unit: str


@strawberry.type
class Partner:
    id: strawberry.ID
    code: str
    name: str
    country: str | None


@strawberry.type
class Item:
    id: strawberry.ID
    number: str
    description: str
    unit: str


def _money(amount: Decimal | None, currency: str, shown: bool) -> Money | None:
    return Money(amount=amount, currency_code=currency) if shown and amount is not None else None


@strawberry.type
class OrderLine:
    line_no: int
    quantity: Quantity
    unit_price: Money | None
    requested_on: date
    status: str
    item_id: strawberry.Private[uuid.UUID]

    @classmethod
    def of(cls, row: OrderLineRow, priced: bool) -> OrderLine:
        return cls(
            line_no=row.line_no,
            quantity=Quantity(value=row.quantity, unit=row.unit),
            status=row.status,
            unit_price=_money(row.unit_price, row.currency, priced),
            requested_on=row.requested_on,
            item_id=row.item_id,
        )

    @strawberry.field
    async def item(self, info: Info) -> Item | None:
        row = await info.context.items.load(self.item_id)
        return row and Item(
            id=strawberry.ID(str(row.id)), number=row.number, description=row.description, unit=row.unit
        )


@strawberry.type
class OrderLines:
    nodes: list[OrderLine]


async def _partner(info: Info, partner_id: uuid.UUID | None) -> Partner | None:
    row = partner_id and await info.context.partners.load(partner_id)
    return Partner(id=strawberry.ID(str(row.id)), code=row.code, name=row.name, country=row.country) if row else None


@strawberry.type
class Order:
    id: strawberry.ID
    status: str | None
    placed_at: datetime
    buyer_number: str | None
    total: Money | None
    order_id: strawberry.Private[uuid.UUID]
    buyer_id: strawberry.Private[uuid.UUID]
    seller_id: strawberry.Private[uuid.UUID | None]

    @classmethod
    def of(
        cls, row: OrderRow, opened: list[str] | None, unlimited: list[str] | None, viewer: uuid.UUID
    ) -> Order | None:
        """The row as the viewer may read it; None when it may not. What sums up its lines takes a scope without limits."""
        trades = viewer in (row.buyer_id, row.seller_id)
        party = trades or viewer == row.consignee_id
        if not party and opened is None:
            return None
        groups = opened or []
        return cls(
            id=strawberry.ID(str(row.id)),
            status=row.status if party or unlimited is not None else None,
            placed_at=row.placed_at,
            buyer_number=row.buyer_number if party or "numbers" in groups else None,
            total=_money(row.total_amount, row.currency, trades or "price" in (unlimited or [])),
            order_id=row.id,
            buyer_id=row.buyer_id,
            seller_id=row.seller_id if party or "parties" in groups else None,
        )

    @strawberry.field
    async def buyer(self, info: Info) -> Partner | None:
        return await _partner(info, self.buyer_id)

    @strawberry.field
    async def seller(self, info: Info) -> Partner | None:
        return await _partner(info, self.seller_id)

    @strawberry.field
    async def lines(self, info: Info, first: int = 50) -> OrderLines:
        return OrderLines(nodes=await info.context.lines.load((self.order_id, _limited(first))))


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Orders:
    nodes: list[Order]
    page_info: PageInfo


@strawberry.input
class OrderBy:
    id: strawberry.ID


def _limited(first: int) -> int:
    if not 0 <= first <= MOST:
        raise ValueError(f"first must be between 0 and {MOST}")
    return first


@strawberry.type
class Query:
    @strawberry.field
    async def forecasts(self, info: Info, where: ForecastWhere, first: int = 50) -> Forecasts:
        return await forecasts_of(info.context, where.publisher.eq, _limited(first))

    @strawberry.field
    async def order(self, info: Info, by: OrderBy) -> Order | None:
        asked = info.context
        async with asked.sessions() as session:
            found = (await session.execute(ORDER_BY_ID, asked_by(asked.viewer, order_id=uuid.UUID(by.id)))).first()
        return Order.of(*found, asked.viewer) if found else None

    @strawberry.field
    async def orders(self, info: Info, first: int = 50, after: str | None = None) -> Orders:
        asked = info.context
        async with asked.sessions() as session:
            before = uuid.UUID(after) if after else LAST_ID
            bound = asked_by(asked.viewer, before=before, most=_limited(first) + 1)
            rows = (await session.execute(ORDER_PAGE, bound)).all()
        nodes = [order for row in rows[:first] if (order := Order.of(*row, asked.viewer))]
        return Orders(
            nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=nodes[-1].id if nodes else None)
        )


class Endpoint(GraphQL[Asked, None]):
    """Strawberry's ASGI app with this request's loaders as context."""

    def __init__(self, sessions: Sessions) -> None:
        extensions = [ParserCache, ValidationCache]
        super().__init__(strawberry.Schema(query=Query, extensions=extensions), graphql_ide=None)
        self._sessions = sessions

    async def get_context(self, request: Any, response: Any = None) -> Asked:
        assert isinstance(request, Request)
        return Asked(self._sessions, uuid.UUID(request.headers["x-viewer"]))


def main() -> None:
    port, url = sys.argv[1:]
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"),
        pool_size=8,
        max_overflow=0,
        connect_args={"server_settings": {"timezone": "UTC", "plan_cache_mode": "force_generic_plan"}},
    )
    app = Endpoint(async_sessionmaker(engine, expire_on_commit=False))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", timeout_keep_alive=600, access_log=False)


if __name__ == "__main__":
    main()
