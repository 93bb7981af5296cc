"""One canonical form of an order, so that answers of servers with different shapes can be compared for equality.

Amounts become plain decimals (1.500000 and 1.5 are equal), instants become UTC, ids lose the hub's prefix. Text, order
of lists, nulls and codes are compared as they are: a server that shows a masked price or hides a line is different.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from benchmarks.servers.contract import Json, Order

CARD_FIELDS = ("code", "name", "country")
ITEM_FIELDS = ("number", "description", "unit")


def key(public_id: str) -> str:
    """The UUID inside a public id: "ord_0190..." and "0190..." name the same order."""
    return public_id.rpartition("_")[2]


def decimal(value: Json) -> str:
    """A plain decimal without trailing zeros."""
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant(value: str) -> str:
    """ISO 8601 in UTC with microseconds; Python 3.11 reads every form the servers use."""
    return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")


def money(amount: Json, currency: Json) -> list[str] | None:
    """A withheld or absent amount is no money at all, whatever is said of its currency."""
    return None if amount is None else [decimal(amount), currency]


def _card(node: Json, fields: Sequence[str], id_field: str) -> dict[str, Json] | None:
    return None if node is None else {"id": key(node[id_field]), **{name: node[name] for name in fields}}


def hub_order(node: Json) -> Order:
    """From the shape of scmhub's schema, which the hand-written peers share."""
    return {
        "id": key(node["id"]),
        "status": node["status"],
        "placedAt": instant(node["placedAt"]),
        "buyerNumber": node["buyerNumber"],
        "buyer": _card(node["buyer"], CARD_FIELDS, "id"),
        "seller": _card(node["seller"], CARD_FIELDS, "id"),
        "total": node["total"] and money(node["total"]["amount"], node["total"]["currencyCode"]),
        "lines": [
            {
                "lineNo": line["lineNo"],
                "quantity": [decimal(line["quantity"]["value"]), line["quantity"]["unit"]],
                "unitPrice": line["unitPrice"]
                and money(line["unitPrice"]["amount"], line["unitPrice"]["currencyCode"]),
                "requestedOn": line["requestedOn"],
                "status": line["status"],
                "item": _card(line["item"], ITEM_FIELDS, "id"),
            }
            for line in node["lines"]["nodes"]
        ],
    }


def postgraphile_order(node: Json) -> Order:
    """From the shape PostGraphile gives the views: amounts beside their unit, primary keys called rowId."""
    return {
        "id": node["rowId"],
        "status": node["status"],
        "placedAt": instant(node["placedAt"]),
        "buyerNumber": node["buyerNumber"],
        "buyer": _card(node["buyer"], CARD_FIELDS, "rowId"),
        "seller": _card(node["seller"], CARD_FIELDS, "rowId"),
        "total": money(node["totalAmount"], node["currency"]),
        "lines": [
            {
                "lineNo": line["lineNo"],
                "quantity": [decimal(line["quantity"]), line["unit"]],
                "unitPrice": money(line["unitPrice"], line["currency"]),
                "requestedOn": line["requestedOn"],
                "status": line["status"],
                "item": _card(line["item"], ITEM_FIELDS, "rowId"),
            }
            for line in node["lines"]["nodes"]
        ],
    }


def differences(left: Any, right: Any, path: str = "") -> Iterator[str]:
    """Where two canonical answers differ, as "path: left <> right"."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for name in left:
            yield from differences(left[name], right[name], f"{path}.{name}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif left != right:
        yield f"{path or 'answer'}: {str(left)[:200]} <> {str(right)[:200]}"
