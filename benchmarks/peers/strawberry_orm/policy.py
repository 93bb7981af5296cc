"""The sharing policy as ORM queries: what one viewer may read, newest orders first.

The page is a union of branches by index, as a good engineer would write it after the first slow page: one per party
column, then a LATERAL top-k per scope above the smallest key of a full party page.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY, ColumnElement, Select, String, and_, bindparam, case, func, lateral, literal, or_, select, true, union,
)
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.orm import aliased

from benchmarks.peers.strawberry_orm.models import OrderLineRow, OrderRow, ScopeRow

FIRST_ID, LAST_ID = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
OrderQuery = Select[tuple[OrderRow, list[str] | None]]
LineQuery = Select[tuple[OrderLineRow, bool | None]]


def _live(scope: Any, viewer: uuid.UUID) -> ColumnElement[bool]:
    now = datetime.now(UTC)
    return and_(scope.grantee == viewer, scope.kind == "ORDER", scope.valid_from <= now,
                or_(scope.valid_until.is_(None), scope.valid_until > now))


def _covers(scope: Any, line: Any) -> ColumnElement[bool]:
    """Owner, item, site and window of the scope agree with the line."""
    today = literal(datetime.now(UTC).date())
    return and_(
        scope.owner == line.buyer_id,
        or_(scope.item.is_(None), scope.item == line.item_id),
        or_(scope.site.is_(None), scope.site == line.ship_to_id),
        or_(scope.days_back.is_(None), line.requested_on >= today - scope.days_back),
        or_(scope.days_ahead.is_(None), line.requested_on <= today + scope.days_ahead),
    )


def _trades(row: Any, viewer: uuid.UUID) -> ColumnElement[bool]:
    return or_(row.buyer_id == viewer, row.seller_id == viewer)


def _orders(viewer: uuid.UUID) -> OrderQuery:
    """Orders with the field groups that covering scopes open; null for buyer and seller, who need none."""
    line, scope = aliased(OrderLineRow), aliased(ScopeRow)
    token = func.unnest(scope.tokens).table_valued("token").render_derived()
    opened = (
        select(func.array_agg(token.c.token.distinct(), type_=ARRAY(String))).select_from(line)
        .join(scope, and_(_covers(scope, line), _live(scope, viewer))).join(token, true())
        .where(line.order_id == OrderRow.id).correlate(OrderRow).scalar_subquery()
    )
    return select(OrderRow, case((_trades(OrderRow, viewer), None), else_=opened).label("opened"))


def order_by_id(viewer: uuid.UUID, order_id: uuid.UUID) -> OrderQuery:
    """One order; the caller drops it when the viewer is no party and nothing is opened."""
    return _orders(viewer).where(OrderRow.id == order_id)


def order_page(viewer: uuid.UUID, after: uuid.UUID | None, most: int) -> OrderQuery:
    """The newest ``most`` visible orders older than ``after``."""
    before = bindparam("before", after or LAST_ID, PgUuid())
    branches = [
        select(OrderRow.id).where(column == viewer, OrderRow.id < before).order_by(OrderRow.id.desc()).limit(most)
        for column in (OrderRow.buyer_id, OrderRow.seller_id, OrderRow.consignee_id)
    ]
    either = union(*(select(branch.subquery().c.id) for branch in branches)).subquery()
    party = select(either.c.id).order_by(either.c.id.desc()).limit(most).cte("party").prefix_with("materialized")
    last = select(party.c.id).order_by(party.c.id.desc()).offset(most - 1).limit(1).scalar_subquery()
    cut = select(func.coalesce(last, FIRST_ID).label("id")).cte("cut").prefix_with("materialized")
    granted = [_granted(viewer, before, select(cut.c.id).scalar_subquery(), most, by_item) for by_item in (True, False)]
    every = union(select(party.c.id), *granted).subquery()
    page = select(every.c.id).order_by(every.c.id.desc()).limit(most).cte("page").prefix_with("materialized")
    return _orders(viewer).join(page, page.c.id == OrderRow.id).order_by(OrderRow.id.desc())


def _granted(viewer: uuid.UUID, before: Any, cut: Any, most: int, by_item: bool) -> Select[tuple[uuid.UUID]]:
    """Order ids under each scope of one shape: scopes of one item, or scopes of all items."""
    scope, line = aliased(ScopeRow), aliased(OrderLineRow)
    found = (
        select(line.order_id).distinct().where(_covers(scope, line), line.order_id < before, line.order_id > cut)
        .order_by(line.order_id.desc()).limit(most).correlate(scope)
    )
    if by_item:
        found = found.where(line.item_id == scope.item)
    top = lateral(found)
    shape = scope.item.is_not(None) if by_item else scope.item.is_(None)
    return select(top.c.order_id).select_from(scope).join(top, true()).where(_live(scope, viewer), shape)


def lines_of_orders(viewer: uuid.UUID, order_ids: list[uuid.UUID], most: int) -> LineQuery:
    """The first ``most`` visible lines of each order; the flag is null where no scope covers, else "opens the price"."""
    line, scope = aliased(OrderLineRow), aliased(ScopeRow)
    covering = (
        select(func.bool_or(scope.tokens.any("price"))).where(_live(scope, viewer), _covers(scope, line))
        .correlate(line).scalar_subquery()
    )
    flagged = (
        select(line, case((_trades(line, viewer), True), else_=covering).label("priced"))
        .where(line.order_id.in_(order_ids)).subquery()
    )
    row = aliased(OrderLineRow, flagged)
    place = func.row_number().over(partition_by=row.order_id, order_by=row.line_no).label("place")
    ranked = (
        select(row, flagged.c.priced, place)
        .where(or_(flagged.c.priced.is_not(None), row.consignee_id == viewer)).subquery()
    )
    shown = aliased(OrderLineRow, ranked)
    return select(shown, ranked.c.priced).where(ranked.c.place <= most).order_by(shown.order_id, shown.line_no)
