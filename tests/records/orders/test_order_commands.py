"""Orders on a real database: what each command leaves behind, and that a refused one leaves nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from scmhub.records.orders import commands as orders
from scmhub.records.orders.inputs import OrderConfirmInput

from tests.records.firms import Firms

EARLY, LATE = date(2026, 4, 6), date(2026, 4, 20)


async def changes(firms: Firms) -> list[tuple[Any, ...]]:
    rows = await firms.rows("select kind, action, owner_id, parties, changed from change_outbox order by id")
    return [tuple(row) for row in rows]


async def test_a_placed_order_is_sent_with_exact_amounts_and_the_columns_policy_reads(firms: Firms) -> None:
    lines = [firms.line("3", price="0.333333"), firms.line("2", price="1.1", requested_on=LATE)]
    placed = await firms.placed(lines=lines)

    header, line = await placed.header(), await placed.line()

    acme, bolt = firms.ids["acme"], firms.ids["bolt"]
    assert (header["status"], header["buyer_id"], header["seller_id"], header["version"]) == ("SENT", acme, bolt, 1)
    assert header["total_amount"] == Decimal("3.199999")
    assert (line["buyer_id"], line["seller_id"], line["consignee_id"]) == (acme, bolt, None)
    assert (line["requested_on"], line["line_amount"], line["status"]) == (EARLY, Decimal("0.999999"), "SENT")
    assert await placed.said() == [("BUYER", "REQUEST", ["3@2026-04-06"])]
    assert [(kind, action) for kind, action, *_ in (await changes(firms))[-3:]] == [
        ("ORDER", "PLACED"), ("ORDER_LINE", "PLACED"), ("ORDER_LINE", "PLACED"),
    ]  # fmt: skip


async def test_confirming_writes_the_first_promise(firms: Firms) -> None:
    placed = await firms.placed()
    await placed.confirm()
    wish = await placed.wish()
    assert await placed.states() == ("CONFIRMED", "CONFIRMED", "CONFIRMED")
    assert (wish["first_promise_quantity"], wish["first_promise_on"]) == (Decimal(100), EARLY)
    assert (wish["last_promise_quantity"], wish["last_promise_on"], wish["version"]) == (Decimal(100), EARLY, 2)
    assert await placed.said() == [
        ("BUYER", "REQUEST", ["100@2026-04-06"]), ("SELLER", "ACCEPT", ["100@2026-04-06"])
    ]  # fmt: skip


async def test_a_confirmed_order_is_not_confirmed_again(firms: Firms) -> None:
    placed = await firms.placed()
    await placed.confirm()
    refusal = await firms.refused("bolt", orders.order_confirm, OrderConfirmInput(order=placed.id, expected_version=2))
    assert refusal.refusal_code == "ILLEGAL_TRANSITION"
    assert "CONFIRMED" in refusal.message
