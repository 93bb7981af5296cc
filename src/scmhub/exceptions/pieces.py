"""Evidence: one value of one row, with what policy reads of that row and who of its parties sees the value."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.exceptions.found import Piece, Where
from scmhub.ids import public_id
from scmhub.quantity import render_decimal


def position(row: Any, name: str, value: str, groups: tuple[str, ...]) -> Piece:
    """A field of a stock statement."""
    sides = tuple(dict.fromkeys((row["owner_id"], row["holder_id"])))
    where = Where("INVENTORY", row["owner_id"], sides, row["item_id"], row["site_id"], row["as_of_on"])
    key = public_id("inv", row["id"])
    return Piece("InventoryPosition", key, name, value, where, groups, row["version"], row["as_of"])


def stock(row: Any) -> Piece:
    """What is available."""
    return position(row, "available", render_decimal(row["available"]), ("stock",))


def point(row: Any, kind: str = "ForecastPoint", prefix: str = "fcp", rule: str = "FORECAST") -> Piece:
    """What a series says of a period."""
    sides = _some(row["publisher_id"], row["counterparty_id"])
    where = Where(rule, row["publisher_id"], sides, row["item_id"], row["site_id"], row["starts_on"])
    return Piece(
        kind, public_id(prefix, row["id"]), "quantity", render_decimal(row["quantity"]), where, ("quantity",),
        row["version_no_from"], row["known_from"],
    )  # fmt: skip


def line(
    row: Any, key: UUID, requested_on: date, field: str, value: str, groups: tuple[str, ...] | None, version: int
) -> Piece:  # fmt: skip
    """A field of an order line or of what hangs on it."""
    sides = _some(row["buyer_id"], row["seller_id"], row["consignee_id"])
    where = Where("ORDER", row["buyer_id"], sides, row["item_id"], row["ship_to_id"], requested_on)
    return Piece("OrderLine", public_id("orl", key), field, value, where, groups, version)


def promise(row: Any) -> Piece:
    """What of a promise has not been sent."""
    left = (row["last_promise_quantity"] or Decimal(0)) - row["shipped"]
    value = f"{render_decimal(left)} on {row['last_promise_on']}"
    return _of_line(row, "schedule.lastPromiseQuantity", value, ("promises", "fulfilment"))


def wish(row: Any) -> Piece:
    """What of a wish has not been sent."""
    value = f"{render_decimal(row['requested_quantity'] - row['shipped'])} on {row['requested_on']}"
    return _of_line(row, "schedule.requestedQuantity", value, ("fulfilment",))


def _of_line(row: Any, field: str, value: str, groups: tuple[str, ...]) -> Piece:
    return line(row, row["id"], row["line_requested_on"], field, value, groups, row["version"])


def shipped(
    row: Any, field: str, value: str, groups: tuple[str, ...] | None, version: int | None = None,
    stated_at: datetime | None = None,
) -> Piece:  # fmt: skip
    """A field of a shipment line or of what hangs on it."""
    sides = _some(row["seller_id"], row["buyer_id"], row["consignee_id"], row["carrier_id"])
    where = Where("SHIPMENT", row["seller_id"], sides, row["item_id"], row["ship_to_id"], row["arrival_on"])
    return Piece("ShipmentLine", public_id("shl", row["id"]), field, value, where, groups, version, stated_at)


def counted(row: Any, *names: str) -> list[Piece]:
    """What the receiver found."""
    return [
        shipped(row, f"receipts.{name}", render_decimal(row[name]), None, row["seq"], row["recorded_at"])
        for name in names
    ]


def load(row: Any) -> list[Piece]:
    """What is on its way, or was counted."""
    if row["good"] is not None:
        return counted(row, "good")
    return [shipped(row, "quantity", f"{render_decimal(row['quantity'])} on {row['arrival_on']}", ())]


def _some(*sides: UUID | None) -> tuple[UUID, ...]:
    return tuple(each for each in sides if each)
