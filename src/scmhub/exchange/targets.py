"""What a map may fill, for each subject of an import: every target with its parsers, the first being the usual one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from scmhub.records.orders.model import INCOTERMS

TEXTS = ("text", "key", "slug")
KEY, NAME, NOTE = 80, 200, 4_000
"""Most characters of a key, a name, a note: as for commands."""


@dataclass(frozen=True, slots=True)
class Target:
    """``parsers``: those that fit. ``required``: a row without it cannot be used. ``codes``: the only values taken."""

    parsers: tuple[str, ...] = TEXTS
    required: bool = False
    most: int = NAME
    codes: Collection[str] = ()
    positive: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a file is about. ``constant_only``: the same for the whole file; ``counted``: what a report counts."""

    name: str
    targets: Mapping[str, Target]
    counted: tuple[str, ...]
    constant_only: Collection[str] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)


MEASURES = ("DEMAND", "COMMIT", "SELL_OUT", "PRODUCTION", "CAPACITY")
_AMOUNT = Target(("decimal", "integer"))
_DAY = Target(("date",))
_CODE = Target(("slug", "text"))
_KEY = Target(most=KEY)
_NEEDED_KEY = Target(required=True, most=KEY)
_NEEDED_AMOUNT = Target(("decimal", "integer"), required=True)
_NEEDED_UNIT = Target(("unit",), required=True)
_ORDERS: dict[str, Target] = {
    "buyer.name": Target(),
    "buyer.country": Target(("country",)),
    "order.number": Target(required=True, most=KEY),
    "order.kind": Target(("code",), required=True, codes=("PURCHASE", "CALL_OFF", "REPLENISHMENT", "SUBCONTRACT")),
    "order.currency": Target(("currency",), required=True),
    "order.placed_on": Target(("date",), required=True),
    "order.seller_number": Target(most=KEY),
    "order.incoterm": Target(("code",), codes=INCOTERMS),
    "order.incoterm_place": Target(),
    "seller.code": Target(("slug", "text"), required=True),
    "seller.name": Target(),
    "seller.country": Target(("country",)),
    "consignee.code": Target(("slug", "text", "country")),
    "consignee.name": Target(),
    "consignee.country": Target(("country",)),
    "ship_to.code": Target(("slug", "text", "country"), required=True, most=KEY),
    "ship_to.name": Target(),
    "ship_to.kind": Target(("code",), required=True, codes=("PLANT", "WAREHOUSE", "STORE", "PORT")),
    "ship_to.country": Target(("country",)),
    "item.number": Target(required=True, most=KEY),
    "item.description": Target(required=True),
    "item.unit": Target(("unit",), required=True),
    "line.external_id": Target(required=True, most=KEY),
    "line.quantity": Target(("decimal", "integer"), required=True, positive=True),
    "line.unit_price": _AMOUNT,
    "line.amount": _AMOUNT,
    "line.requested_on": Target(("date",), required=True),
    "line.promised_on": _DAY,
    "line.note": Target(most=NOTE),
    "shipment.number": Target(most=KEY),
    "shipment.mode": Target(("code",), codes=("AIR", "AIR_CHARTER", "OCEAN", "TRUCK", "RAIL", "PARCEL")),
    "shipment.arrived_on": _DAY,
    "shipment.weight_kg": _AMOUNT,
    "shipment.freight": _AMOUNT,
    "shipment.insurance": _AMOUNT,
}
_WHERE_AND_WHAT: dict[str, Target] = {
    "item.number": _NEEDED_KEY,
    "item.owner": _CODE,
    "site.owner": _CODE,
}
_FORECASTS: dict[str, Target] = {
    "forecast.measure": Target(("code",), required=True, codes=MEASURES),
    "forecast.counterparty": _CODE,
    "forecast.basis": Target(("text",), most=8),
    "forecast.bucket": Target(("code",), required=True, codes=("DAY", "WEEK", "MONTH")),
    "forecast.unit": _NEEDED_UNIT,
    "forecast.reason": Target(most=NOTE),
    "forecast.answers_version": Target(("integer",), positive=True),
    **_WHERE_AND_WHAT,
    "site.code": _KEY,
    "period.starts_on": Target(("date",), required=True),
    "period.quantity": _NEEDED_AMOUNT,
    "period.upside": _AMOUNT,
}
_INVENTORY: dict[str, Target] = {
    "position.owner": _CODE,
    "position.holder": _CODE,
    "position.as_of": Target(("instant",), required=True),
    "position.unit": _NEEDED_UNIT,
    "position.reason": Target(most=NOTE),
    **_WHERE_AND_WHAT,
    "site.code": _NEEDED_KEY,
    "stock.available": _NEEDED_AMOUNT,
    "stock.blocked": _AMOUNT,
    "stock.allocated": _AMOUNT,
    "stock.in_transit": _AMOUNT,
    "stock.on_order": _AMOUNT,
    "target.minimum": _AMOUNT,
    "target.maximum": _AMOUNT,
    "target.target": _AMOUNT,
    "target.safety_stock": _AMOUNT,
}
ORDERS = Subject(
    "orders", _ORDERS,
    ("orders", "lines", "schedule_lines", "shipments", "partners", "sites", "items", "relationships"),
    ("buyer.name", "buyer.country"), {"order.kind": "PURCHASE", "ship_to.kind": "WAREHOUSE"},
)  # fmt: skip
FORECASTS = Subject(
    "forecasts", _FORECASTS, ("series", "points"), (), {"forecast.measure": "DEMAND", "forecast.bucket": "WEEK"}
)  # fmt: skip
INVENTORY = Subject("inventory", _INVENTORY, ("positions", "statements", "targets"))
