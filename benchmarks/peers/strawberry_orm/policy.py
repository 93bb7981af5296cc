"""The sharing policy as ORM queries: what one viewer may read, newest orders first.

Built once, with bound parameters (``viewer``, ``now``, ``today``, ...): building them per request cost half of
operation a. The page is a union of branches by index, as a good engineer would write it after the first slow page:
one per party column, then a LATERAL top-k per scope above the smallest key of a full party page.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    lateral,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased

from benchmarks.peers.strawberry_orm.models import Instant, ItemRow, OrderLineRow, OrderRow, PartnerRow, ScopeRow

FIRST_ID, LAST_ID = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
VIEWER = bindparam("viewer", type_=Uuid())
NOW, TODAY = bindparam("now", type_=Instant), bindparam("today", type_=Date())
BEFORE, MOST = bindparam("before", type_=Uuid()), bindparam("most", type_=Integer())
IDS = bindparam("ids", type_=ARRAY(Uuid()))


def asked_by(viewer: uuid.UUID, **more: Any) -> dict[str, Any]:
    """The parameters every governed query needs, and its own."""
    now = datetime.now(UTC)
    return {"viewer": viewer, "now": now, "today": now.date(), **more}


def _live(scope: Any) -> ColumnElement[bool]:
    return and_(
        scope.grantee == VIEWER,
        scope.kind == "ORDER",
        scope.valid_from <= NOW,
        or_(scope.valid_until.is_(None), scope.valid_until > NOW),
    )


def _covers(scope: Any, line: Any) -> ColumnElement[bool]:
    """Owner, item, site and window of the scope agree with the line."""
    return and_(
        scope.owner == line.buyer_id,
        or_(scope.item.is_(None), scope.item == line.item_id),
        or_(scope.site.is_(None), scope.site == line.ship_to_id),
        or_(scope.days_back.is_(None), line.requested_on >= TODAY - scope.days_back),
        or_(scope.days_ahead.is_(None), line.requested_on <= TODAY + scope.days_ahead),
    )


def _trades(row: Any) -> ColumnElement[bool]:
    return or_(row.buyer_id == VIEWER, row.seller_id == VIEWER)


def _orders() -> Select[Any]:
    """Orders with the field groups that covering scopes, and scopes without limits, open; null for buyer and seller."""
    line, scope = aliased(OrderLineRow), aliased(ScopeRow)
    token = func.unnest(scope.tokens).table_valued("token").render_derived()
    opened = (
        select(func.array_agg(token.c.token.distinct(), type_=ARRAY(String)))
        .select_from(line)
        .join(scope, and_(_covers(scope, line), _live(scope)))
        .join(token, true())
        .where(line.order_id == OrderRow.id, line.buyer_id == OrderRow.buyer_id)
        .correlate(OrderRow)
        .scalar_subquery()
    )
    unlimited = (
        select(func.array_agg(token.c.token.distinct(), type_=ARRAY(String)))
        .select_from(scope)
        .join(token, true())
        .where(_live(scope), scope.owner == OrderRow.buyer_id, *(limit.is_(None) for limit in _limits(scope)))
        .correlate(OrderRow)
        .scalar_subquery()
    )
    trades = _trades(OrderRow)
    return select(
        OrderRow,
        case((trades, None), else_=opened).label("opened"),
        case((trades, None), else_=unlimited).label("unlimited"),
    )


def _limits(scope: Any) -> tuple[Any, ...]:
    return scope.item, scope.site, scope.days_back, scope.days_ahead


def _order_page() -> Select[Any]:
    """The newest MOST visible orders older than BEFORE."""
    branches = [
        select(OrderRow.id).where(column == VIEWER, OrderRow.id < BEFORE).order_by(OrderRow.id.desc()).limit(MOST)
        for column in (OrderRow.buyer_id, OrderRow.seller_id, OrderRow.consignee_id)
    ]
    either = union(*(select(branch.subquery().c.id) for branch in branches)).subquery()
    party = select(either.c.id).order_by(either.c.id.desc()).limit(MOST).cte("party").prefix_with("materialized")
    last = select(party.c.id).order_by(party.c.id.desc()).offset(MOST - 1).limit(1).scalar_subquery()
    cut = select(func.coalesce(last, FIRST_ID).label("id")).cte("cut").prefix_with("materialized")
    granted = [_granted(select(cut.c.id).scalar_subquery(), by_item) for by_item in (True, False)]
    every = union(select(party.c.id), *granted).subquery()
    page = select(every.c.id).order_by(every.c.id.desc()).limit(MOST).cte("page").prefix_with("materialized")
    return _orders().join(page, page.c.id == OrderRow.id).order_by(OrderRow.id.desc())


def _granted(cut: Any, by_item: bool) -> Select[Any]:
    """Order ids under each scope of one shape: scopes of one item, or scopes of all items."""
    scope, line = aliased(ScopeRow), aliased(OrderLineRow)
    found = (
        select(line.order_id)
        .distinct()
        .where(_covers(scope, line), line.order_id < BEFORE, line.order_id > cut)
        .order_by(line.order_id.desc())
        .limit(MOST)
        .correlate(scope)
    )
    if by_item:
        found = found.where(line.item_id == scope.item)
    top = lateral(found)
    shape = scope.item.is_not(None) if by_item else scope.item.is_(None)
    return select(top.c.order_id).select_from(scope).join(top, true()).where(_live(scope), shape)


def _lines_of_orders() -> Select[Any]:
    """The first MOST visible lines of each order; the flag says whether buyer, seller or a scope opens the price."""
    line, scope = aliased(OrderLineRow), aliased(ScopeRow)
    covering = (
        select(func.bool_or(any_(scope.tokens) == "price"))
        .where(_live(scope), _covers(scope, line))
        .correlate(line)
        .scalar_subquery()
    )
    flagged = (
        select(line, case((_trades(line), True), else_=covering).label("priced")).where(line.order_id == any_(IDS))
    ).subquery()
    row = aliased(OrderLineRow, flagged)
    place = func.row_number().over(partition_by=row.order_id, order_by=row.line_no).label("place")
    ranked = (
        select(row, flagged.c.priced, place)
        .where(or_(flagged.c.priced.is_not(None), row.consignee_id == VIEWER))
        .subquery()
    )
    shown = aliased(OrderLineRow, ranked)
    return select(shown, ranked.c.priced).where(ranked.c.place <= MOST).order_by(shown.order_id, shown.line_no)


ORDER_BY_ID = _orders().where(OrderRow.id == bindparam("order_id", type_=Uuid()))
ORDER_PAGE = _order_page()
LINES_OF_ORDERS = _lines_of_orders()
PARTNERS_BY_IDS = select(PartnerRow).where(PartnerRow.id == any_(IDS))
ITEMS_BY_IDS = select(ItemRow).where(ItemRow.id == any_(IDS))
