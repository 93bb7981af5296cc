"""Operation (c) of the Strawberry peer: forecasts of one publisher, their weeks, the newest visible stock and its site."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Date, Uuid, and_, any_, bindparam, func, lateral, or_, select, true
from sqlalchemy.orm import Mapped, aliased, mapped_column
from strawberry.dataloader import DataLoader

from benchmarks.peers.strawberry_orm.models import Amount, Instant, ItemRow, Model, ScopeRow
from benchmarks.peers.strawberry_orm.policy import IDS, ITEMS_BY_IDS, MOST, NOW, TODAY, VIEWER, asked_by

START = bindparam("start", type_=Date())
PUBLISHER = bindparam("publisher", type_=Uuid())


class SiteRow(Model):
    __tablename__ = "site"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]


class SeriesRow(Model):
    __tablename__ = "time_series"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    measure: Mapped[str]
    publisher_id: Mapped[uuid.UUID]
    counterparty_id: Mapped[uuid.UUID | None]
    item_id: Mapped[uuid.UUID]
    bucket: Mapped[str]
    unit: Mapped[str]


class PointRow(Model):
    __tablename__ = "series_point"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    series_id: Mapped[uuid.UUID]
    publisher_id: Mapped[uuid.UUID]
    counterparty_id: Mapped[uuid.UUID | None]
    item_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID | None]
    starts_on: Mapped[date]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    known_until: Mapped[datetime | None] = mapped_column(Instant)


class PositionRow(Model):
    __tablename__ = "inventory_position"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[uuid.UUID]
    holder_id: Mapped[uuid.UUID]
    item_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID]
    unit: Mapped[str]
    as_of: Mapped[datetime] = mapped_column(Instant)
    as_of_on: Mapped[date]
    available: Mapped[Decimal] = mapped_column(Amount)


def _covers(kind: str, scope: Any, row: Any, owner: Any, day: Any) -> ColumnElement[bool]:
    """A live scope of the viewer covers the row."""
    return and_(
        scope.grantee == VIEWER, scope.kind == kind, scope.valid_from <= NOW,
        or_(scope.valid_until.is_(None), scope.valid_until > NOW), scope.owner == owner,
        or_(scope.item.is_(None), scope.item == row.item_id), or_(scope.site.is_(None), scope.site == row.site_id),
        or_(scope.days_back.is_(None), day >= TODAY - scope.days_back),
        or_(scope.days_ahead.is_(None), day <= TODAY + scope.days_ahead),
    )  # fmt: skip


def _forecasts() -> Any:
    scope, point = aliased(ScopeRow), aliased(PointRow)
    covered = (
        select(scope.id)
        .join(point, _covers("FORECAST", scope, point, point.publisher_id, point.starts_on))
        .where(scope.owner == SeriesRow.publisher_id, point.series_id == SeriesRow.id)
        .correlate(SeriesRow)
        .exists()
    )
    mine = or_(SeriesRow.publisher_id == VIEWER, SeriesRow.counterparty_id == VIEWER)
    wanted = (SeriesRow.publisher_id == PUBLISHER, SeriesRow.measure == "DEMAND", or_(mine, covered))
    return select(SeriesRow).where(*wanted).order_by(SeriesRow.id.desc()).limit(MOST)


def _points() -> Any:
    """The first MOST visible weeks of each series, with whether the number is shown."""
    point, scope = aliased(PointRow), aliased(ScopeRow)
    mine = func.coalesce(or_(point.publisher_id == VIEWER, point.counterparty_id == VIEWER), False)
    shown = (
        select(func.bool_or(any_(scope.tokens) == "quantity"))
        .where(_covers("FORECAST", scope, point, point.publisher_id, point.starts_on))
        .correlate(point)
        .scalar_subquery()
    )
    asked = func.unnest(IDS).table_valued("id").render_derived()
    found = lateral(
        select(point.series_id, point.starts_on, point.quantity, or_(mine, shown).label("shown"))
        .where(point.series_id == asked.c.id, point.known_until.is_(None), point.starts_on >= START)
        .where(or_(mine, shown.is_not(None)))
        .order_by(point.starts_on)
        .limit(MOST)
    )
    return select(found.c.series_id, found.c.starts_on, found.c.quantity, found.c.shown).select_from(asked).join(found, true())


def _stock() -> Any:
    """The newest visible statement about each item, with whether the amount is shown."""
    row, scope = aliased(PositionRow), aliased(ScopeRow)
    mine = or_(row.owner_id == VIEWER, row.holder_id == VIEWER)
    shown = (
        select(func.bool_or(any_(scope.tokens) == "stock"))
        .where(_covers("INVENTORY", scope, row, row.owner_id, row.as_of_on))
        .correlate(row)
        .scalar_subquery()
    )
    asked = func.unnest(IDS).table_valued("id").render_derived()
    found = lateral(
        select(row.item_id, row.as_of, row.site_id, row.unit, row.available, or_(mine, shown).label("shown"))
        .where(row.item_id == asked.c.id, or_(mine, shown.is_not(None)))
        .order_by(row.as_of.desc(), row.id.desc())
        .limit(1)
    )
    return select(found).select_from(asked).join(found, true())


FORECASTS, POINTS, STOCK = _forecasts(), _points(), _stock()
SITES_BY_IDS = select(SiteRow).where(SiteRow.id == any_(IDS))


class ForecastLoaders:
    """One DataLoader per relation; part of a request's context."""

    def __init__(self, sessions: Any, viewer: uuid.UUID) -> None:
        self.sessions, self.viewer = sessions, viewer
        self.products = DataLoader(load_fn=partial(self._by_id, ITEMS_BY_IDS))
        self.sites = DataLoader(load_fn=partial(self._by_id, SITES_BY_IDS))
        self.points = DataLoader(load_fn=self._points)
        self.stock = DataLoader(load_fn=self._stock)

    async def _by_id(self, statement: Any, ids: list[uuid.UUID]) -> list[Any]:
        async with self.sessions() as session:
            rows = {row.id: row for row in await session.scalars(statement, {"ids": ids})}
        return [rows.get(key) for key in ids]

    async def _points(self, keys: Sequence[tuple[uuid.UUID, date, int]]) -> list[list[Point]]:
        found: dict[uuid.UUID, list[Point]] = {key: [] for key, _, _ in keys}
        _, start, most = keys[0]
        async with self.sessions() as session:
            bound = asked_by(self.viewer, ids=list(found), start=start, most=most)
            for series, starts_on, quantity, shown in await session.execute(POINTS, bound):
                found[series].append(Point(starts_on=starts_on, quantity=quantity if shown else None))
        return [found[key] for key, _, _ in keys]

    async def _stock(self, ids: list[uuid.UUID]) -> list[Stock | None]:
        async with self.sessions() as session:
            rows = {row.item_id: row for row in await session.execute(STOCK, asked_by(self.viewer, ids=ids))}
        return [rows.get(key) and Stock.of(rows[key]) for key in ids]


Info = strawberry.Info[Any, None]


@strawberry.type
class Site:
    id: strawberry.ID
    code: str
    name: str


@strawberry.type
class StockQuantity:
    value: Decimal
    unit: str


@strawberry.type
class Stock:
    as_of: datetime
    available: StockQuantity | None
    site_id: strawberry.Private[uuid.UUID]

    @classmethod
    def of(cls, row: Any) -> Stock:
        available = StockQuantity(value=row.available, unit=row.unit) if row.shown else None
        return cls(as_of=row.as_of, available=available, site_id=row.site_id)

    @strawberry.field
    async def site(self, info: Info) -> Site | None:
        row = await info.context.forecasts.sites.load(self.site_id)
        return row and Site(id=strawberry.ID(str(row.id)), code=row.code, name=row.name)


@strawberry.type
class Product:
    id: strawberry.ID
    number: str
    description: str
    unit: str
    item_id: strawberry.Private[uuid.UUID]

    @strawberry.field
    async def latest_inventory(self, info: Info) -> Stock | None:
        found: Stock | None = await info.context.forecasts.stock.load(self.item_id)
        return found


@strawberry.type
class Point:
    starts_on: date
    quantity: Decimal | None


@strawberry.type
class Points:
    nodes: list[Point]


@strawberry.type
class Forecast:
    id: strawberry.ID
    bucket: str
    unit: str
    series_id: strawberry.Private[uuid.UUID]
    item_id: strawberry.Private[uuid.UUID]

    @strawberry.field
    async def item(self, info: Info) -> Product | None:
        row: ItemRow | None = await info.context.forecasts.products.load(self.item_id)
        return row and Product(
            id=strawberry.ID(str(row.id)), number=row.number, description=row.description, unit=row.unit, item_id=row.id
        )

    @strawberry.field
    async def points(self, info: Info, start: date, first: int = 52) -> Points:
        return Points(nodes=await info.context.forecasts.points.load((self.series_id, start, first)))


@strawberry.type
class Forecasts:
    nodes: list[Forecast]


@strawberry.input
class IdComparators:
    eq: strawberry.ID


@strawberry.input
class ForecastWhere:
    publisher: IdComparators


async def forecasts_of(asked: Any, publisher: str, first: int) -> Forecasts:
    """The root: the newest forecasts of a publisher that the viewer may see."""
    async with asked.sessions() as session:
        bound = asked_by(asked.viewer, publisher=uuid.UUID(publisher), most=first)
        rows = (await session.scalars(FORECASTS, bound)).all()
    return Forecasts(
        nodes=[
            Forecast(id=strawberry.ID(str(row.id)), bucket=row.bucket, unit=row.unit, series_id=row.id, item_id=row.item_id)
            for row in rows
        ]
    )
