"""What a map may fill: every target with its parsers, the first being the usual one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

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


_AMOUNT = Target(("decimal", "integer"))
_DAY = Target(("date",))
TARGETS: dict[str, Target] = {
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
CONSTANT_ONLY = ("buyer.name", "buyer.country")
DEFAULTS = {"order.kind": "PURCHASE", "ship_to.kind": "WAREHOUSE"}
