"""``scmhub trigger``: a small real change through the API, so that whoever builds an integration has something to get.

Each event copies what is there: a new order is the last one again under a new number. It needs a partner that has
such a record, as every firm of the demo has; the hub judges it like any other command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from scmhub.cli.hub_access import Token, ask, hub_url, token_of
from scmhub.errors import Refusal

_LAST = """query { viewer { code } orders(first: 50) { nodes {
  id version status buyer { code } seller { id code } shipTo { id }
  lines(first: 1) { nodes { item { id } quantity { value unit } unitPrice { amount currencyCode } } } } } }"""
_DONE = "userErrors { code message path } } }"
_PLACE = f"mutation ($i: OrderPlaceInput!) {{ done: orderPlace(input: $i) {{ order {{ id }} {_DONE}"
_CONFIRM = f"mutation ($i: OrderConfirmInput!) {{ done: orderConfirm(input: $i) {{ order {{ id }} {_DONE}"
_CASE = f"mutation ($i: CaseOpenInput!) {{ done: caseOpen(input: $i) {{ case {{ id }} {_DONE}"
Call = Callable[..., Awaitable[dict[str, Any]]]


async def run_trigger(event: str, *, partner: str | None, url: str | None, token_file: Path | None) -> dict[str, Any]:
    """The event, and the id of the record it is about. ValueError for an event there is not."""
    if event not in EVENTS:
        raise ValueError(f"There is no event {event}; there are {', '.join(EVENTS)}.")
    token: Token = token_of(partner, token_file)

    async def call(document: str, **variables: Any) -> dict[str, Any]:
        return await ask(hub_url(url), token, document, **variables)

    done = (await EVENTS[event](call))["done"]
    if done["userErrors"]:
        error = done["userErrors"][0]
        raise Refusal(error["code"], error["message"], error["path"])
    return {"event": event, "record": next(each["id"] for name, each in done.items() if name != "userErrors")}


async def _order_placed(call: Call) -> dict[str, Any]:
    """The buyer's last order again."""
    found = await call(_LAST)
    me = found["viewer"]["code"]
    last = _first(found, lambda order: order["buyer"]["code"] == me and order["shipTo"] is not None)
    line = last["lines"]["nodes"][0]
    return await call(
        _PLACE,
        i={
            "seller": last["seller"]["id"], "shipTo": last["shipTo"]["id"],
            "currency": (line["unitPrice"] or {}).get("currencyCode", "EUR"),
            "buyerNumber": f"TRY-{uuid4().hex[:8].upper()}",
            "lines": [
                {
                    "item": line["item"]["id"], "quantity": line["quantity"], "unitPrice": line["unitPrice"],
                    "requestedOn": str(date.today() + timedelta(days=28)),  # noqa: DTZ011 - the buyer's calendar
                }
            ],
        },
    )  # fmt: skip


async def _order_confirmed(call: Call) -> dict[str, Any]:
    """The newest order the seller has not answered."""
    found = await call(_LAST)
    me = found["viewer"]["code"]
    sent = _first(found, lambda order: order["seller"]["code"] == me and order["status"] == "SENT")
    return await call(_CONFIRM, i={"order": sent["id"], "expectedVersion": sent["version"]})


async def _case_opened(call: Call) -> dict[str, Any]:
    """A question of the buyer to the seller of its last order."""
    found = await call(_LAST)
    me = found["viewer"]["code"]
    last = _first(found, lambda order: order["buyer"]["code"] == me)
    return await call(
        _CASE,
        i={
            "counterparty": last["seller"]["id"], "template": "INQUIRY", "severity": "LOW", "title": "A try",
            "text": "Sent by 'scmhub trigger'.", "references": [last["id"]],
        },
    )  # fmt: skip


def _first(found: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for order in found["orders"]["nodes"]:
        if fits(order):
            return order  # type: ignore[no-any-return]
    text = "None of your newest 50 orders is fit for this: try as another firm, or trigger order.placed first."
    raise Refusal("NOT_FOUND", text, ["event"])


EVENTS = {"order.placed": _order_placed, "order.confirmed": _order_confirmed, "case.opened": _case_opened}
