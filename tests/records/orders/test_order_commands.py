"""Orders on a real database: what each command leaves behind, and that a refused one leaves nothing."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.graph.values import MoneyInput
from scmhub.ids import public_id
from scmhub.records.orders import commands as orders
from scmhub.records.orders import schedule_commands as schedule
from scmhub.records.orders.inputs import DeliveryInput, OrderCloseInput, OrderConfirmInput
from scmhub.records.relationships import commands as relating
from tests.records.firms import STEPS, Firms, step

EARLY, LATE = date(2026, 4, 6), date(2026, 4, 20)


async def changes(firms: Firms) -> list[tuple[Any, ...]]:
    rows = await firms.rows("select kind, action, owner_id, parties, changed from change_outbox order by id")
    return [(*row[:4], [name for name in row["changed"] if not name.startswith("~")]) for row in rows]


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


async def test_a_counter_proposal_may_split_and_its_acceptance_is_the_first_promise(firms: Firms) -> None:
    placed = await firms.placed()
    await placed.propose("bolt", ("60", EARLY), ("30", LATE))
    assert await placed.states() == ("SELLER_PROPOSED",) * 3
    await placed.step("acme", "ACCEPT")
    wish = await placed.wish()
    assert (wish["requested_quantity"], wish["first_promise_quantity"], wish["first_promise_on"]) == (100, 90, LATE)
    assert await placed.said() == [
        ("BUYER", "REQUEST", ["100@2026-04-06"]),
        ("SELLER", "PROPOSE", ["60@2026-04-06", "30@2026-04-20"]),
        ("BUYER", "ACCEPT", ["60@2026-04-06", "30@2026-04-20"]),
    ]


async def test_an_accepted_change_moves_the_last_promise_and_a_declined_one_nothing(firms: Firms) -> None:
    placed = await firms.placed()
    await placed.confirm()
    await placed.propose("acme", ("100", LATE))
    assert await placed.states() == ("CHANGE_REQUESTED",) * 3
    await placed.step("bolt", "ACCEPT")
    await placed.propose("bolt", ("80", LATE))
    await placed.step("acme", "DECLINE_CHANGE")
    wish = await placed.wish()
    assert await placed.states() == ("CONFIRMED",) * 3
    assert (wish["first_promise_on"], wish["last_promise_on"], wish["last_promise_quantity"]) == (EARLY, LATE, 100)
    assert [act for _, act, _ in await placed.said()] == [
        "REQUEST", "ACCEPT", "REQUEST_CHANGE", "ACCEPT", "REQUEST_CHANGE", "DECLINE_CHANGE"
    ]  # fmt: skip


async def test_rejected_and_cancelled_lines_end_the_order(firms: Firms) -> None:
    rejected, cancelled, called_off = [await firms.placed(buyer_number=f"PO-{n}") for n in (1, 2, 3)]
    await rejected.step("bolt", "REJECT")
    await cancelled.step("acme", "CANCEL")
    await called_off.confirm()
    await called_off.step("bolt", "CANCEL")
    assert await called_off.states() == ("CHANGE_REQUESTED",) * 3
    await called_off.step("acme", "ACCEPT")
    assert await rejected.states() == ("REJECTED",) * 3
    assert await cancelled.states() == ("CANCELLED",) * 3
    assert await called_off.states() == ("CANCELLED",) * 3
    assert (await called_off.wish())["first_promise_quantity"] == 100


async def test_confirming_agrees_to_what_waits_for_the_seller_and_to_nothing_else(firms: Firms) -> None:
    lines = [
        firms.line("1"),
        firms.line("2"),
        firms.line("3", schedule=[delivery("1", EARLY), delivery("2", LATE)], requested_on=None),
    ]
    placed = await firms.placed(lines=lines)
    await placed.propose("bolt", ("1", LATE))
    version = (await placed.header())["version"]
    await firms.act(
        "bolt", orders.order_confirm, OrderConfirmInput(order=placed.id, expected_version=version, seller_number="SO-9")
    )
    stored = await firms.rows(
        "select l.line_no, s.seq, s.state from schedule_line s join order_line l on l.id = s.line_id order by 1, 2"
    )
    assert [tuple(row) for row in stored] == [
        (1, 1, "SELLER_PROPOSED"), (2, 1, "CONFIRMED"), (3, 1, "CONFIRMED"), (3, 2, "CONFIRMED")
    ]  # fmt: skip
    header = await placed.header()
    assert (header["status"], header["seller_number"]) == ("SELLER_PROPOSED", "SO-9")


def delivery(quantity: str, on: date) -> DeliveryInput:
    return DeliveryInput(quantity=Decimal(quantity), requested_on=on)


BAD_LINES = [
    ({"quantity": "0"}, "OUT_OF_RANGE", ["quantity"]),
    ({"quantity": "-1"}, "OUT_OF_RANGE", ["quantity"]),
    ({"quantity": "1.0000001"}, "INVALID", ["quantity"]),
    ({"unit": "KGM"}, "UNIT_MISMATCH", ["quantity"]),
    ({"unit": "DZN"}, "UNIT_MISMATCH", ["quantity"]),
    ({"unit": "PC"}, "INVALID", ["quantity"]),
    ({"price": "-0.01"}, "OUT_OF_RANGE", ["unitPrice"]),
    ({"price": "0.0000001"}, "INVALID", ["unitPrice"]),
    ({"quantity": "999999999999999", "price": "2"}, "OUT_OF_RANGE", []),
    ({"unit_price": MoneyInput(amount=Decimal(1), currency_code="USD")}, "CURRENCY_MISMATCH", ["unitPrice"]),
    ({"requested_on": None}, "REQUIRED", ["requestedOn"]),
    ({"schedule": [delivery("100", EARLY)]}, "INVALID", ["requestedOn"]),
    ({"requested_on": None, "schedule": []}, "REQUIRED", ["schedule"]),
    ({"requested_on": None, "schedule": [delivery("60", EARLY), delivery("39.999999", LATE)]}, "INVALID", ["schedule"]),
    ({"requested_on": None, "schedule": [delivery("0", EARLY)]}, "OUT_OF_RANGE", ["schedule", "0", "quantity"]),
    ({"note": "a\x00b"}, "INVALID", ["note"]),
    ({"item": "itm_00000000-0000-0000-0000-000000000000"}, "NOT_FOUND", ["item"]),
    ({"item": "nonsense"}, "NOT_FOUND", ["item"]),
]


@pytest.mark.parametrize(("wrong", "code", "path"), BAD_LINES)
async def test_a_wrong_line_is_named_and_nothing_is_written(
    firms: Firms, wrong: dict[str, Any], code: str, path: list[str]
) -> None:
    refusal = await firms.refused("acme", orders.order_place, firms.order(lines=[firms.line(), firms.line(**wrong)]))
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "lines", "1", *path])


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"buyer_number": ""}, "REQUIRED", "buyerNumber"), ({"buyer_number": " 1"}, "INVALID", "buyerNumber"),
        ({"currency": "XYZ"}, "INVALID", "currency"), ({"incoterm": "FOO"}, "INVALID", "incoterm"),
        ({"incoterm_place": "Kobe"}, "REQUIRED", "incoterm"), ({"lines": []}, "REQUIRED", "lines"),
        ({"ship_to": "sit_00000000-0000-0000-0000-000000000000"}, "NOT_FOUND", "shipTo"),
    ],
)  # fmt: skip
async def test_a_wrong_header_is_named_and_nothing_is_written(
    firms: Firms, wrong: dict[str, Any], code: str, field: str
) -> None:
    refusal = await firms.refused("acme", orders.order_place, firms.order(**wrong))
    assert (refusal.refusal_code, refusal.path) == (code, ["input", field])


async def test_five_hundred_lines_are_an_order_and_one_more_is_not(firms: Firms) -> None:
    placed = await firms.placed(lines=[firms.line("1")] * 500)
    assert (await placed.header())["total_amount"] == Decimal("1250")
    refusal = await firms.refused("acme", orders.order_place, firms.order("PO-2", lines=[firms.line("1")] * 501))
    assert (refusal.refusal_code, refusal.path) == ("OUT_OF_RANGE", ["input", "lines"])


async def test_an_order_number_is_used_once_and_the_refusal_shows_the_first(firms: Firms) -> None:
    placed = await firms.placed()
    refusal = await firms.refused("acme", orders.order_place, firms.order())
    assert (refusal.refusal_code, refusal.path, refusal.record) == ("DUPLICATE", ["input", "buyerNumber"], placed.key)


async def test_equal_units_of_count_are_one_and_a_price_may_be_unknown(firms: Firms) -> None:
    placed = await firms.placed(lines=[firms.line("1", unit="H87"), firms.line("1", price=None)])
    assert (await placed.header())["total_amount"] is None
    assert (await placed.line())["unit"] == "H87"


@pytest.mark.parametrize(("seller", "code"), [("cargo", "NOT_FOUND"), ("acme", "INVALID"), ("east", "FORBIDDEN")])
async def test_an_order_needs_an_active_relationship_in_which_the_other_sells(
    firms: Firms, seller: str, code: str
) -> None:
    refusal = await firms.refused("acme", orders.order_place, firms.order(seller=firms.partner(seller)))
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "seller"])


async def test_a_suspended_relationship_takes_no_new_order_and_old_ones_go_on(firms: Firms) -> None:
    placed = await firms.placed()
    relationship = await firms.row("select id, version from relationship where recipient_id = $1", firms.ids["acme"])
    key = public_id("rel", relationship["id"])
    await firms.act("bolt", relating.relationship_suspend, step(key, relationship["version"]))
    refusal = await firms.refused("acme", orders.order_place, firms.order("PO-2"))
    assert (refusal.refusal_code, refusal.path) == ("FORBIDDEN", ["input", "seller"])
    await placed.confirm()
    assert (await placed.header())["status"] == "CONFIRMED"


async def test_a_consignee_is_a_third_partner_one_knows_and_becomes_a_party(firms: Firms) -> None:
    placed = await firms.placed(consignee=firms.partner("east"))
    assert (await placed.line())["consignee_id"] == firms.ids["east"]
    assert firms.ids["east"] in (await changes(firms))[-1][3]
    for consignee, code in (("cargo", "NOT_FOUND"), ("bolt", "INVALID"), ("acme", "INVALID")):
        wrong = firms.order("PO-2", consignee=firms.partner(consignee))
        refusal = await firms.refused("acme", orders.order_place, wrong)
        assert (refusal.refusal_code, refusal.path) == (code, ["input", "consignee"])


@pytest.mark.parametrize("step_name", ["ACCEPT", "REJECT", "DECLINE_CHANGE", "CANCEL", "PROPOSE"])
@pytest.mark.parametrize("firm", ["cargo", "dyna"])
async def test_a_stranger_finds_no_schedule_line(firms: Firms, step_name: str, firm: str) -> None:
    placed = await firms.placed()
    command = STEPS.get(step_name, schedule.schedule_line_propose)
    given = await placed.offer(("1", EARLY)) if step_name == "PROPOSE" else await placed.answer()
    refusal = await firms.refused(firm, command, given)
    assert (refusal.refusal_code, refusal.path, refusal.record) == ("NOT_FOUND", ["input", "scheduleLine"], None)
    given.schedule_line = "scl_00000000-0000-0000-0000-000000000000"
    absent = await firms.refused(firm, command, given)
    assert absent.message == refusal.message


@pytest.mark.parametrize("step_name", ["ACCEPT", "REJECT", "DECLINE_CHANGE", "CANCEL"])
async def test_a_consignee_sees_the_order_and_may_not_argue_about_it(firms: Firms, step_name: str) -> None:
    placed = await firms.placed(consignee=firms.partner("east"))
    refusal = await firms.refused("east", STEPS[step_name], await placed.answer())
    assert (refusal.refusal_code, refusal.record) == ("FORBIDDEN", placed.key)


@pytest.mark.parametrize(
    ("firm", "step_name", "code"),
    [
        ("acme", "ACCEPT", "ILLEGAL_TRANSITION"),
        ("acme", "REJECT", "FORBIDDEN"),
        ("bolt", "CANCEL", "ILLEGAL_TRANSITION"),
    ],
)
async def test_out_of_turn_is_refused_and_shows_the_order(firms: Firms, firm: str, step_name: str, code: str) -> None:
    placed = await firms.placed()
    refusal = await firms.refused(firm, STEPS[step_name], await placed.answer())
    assert (refusal.refusal_code, refusal.record) == (code, placed.key)


@pytest.mark.parametrize(
    ("quantity", "code"), [("0", "OUT_OF_RANGE"), ("-1", "OUT_OF_RANGE"), ("0.0000001", "INVALID")]
)
async def test_a_proposal_is_as_exact_as_an_order(firms: Firms, quantity: str, code: str) -> None:
    placed = await firms.placed()
    given = await placed.offer(("1", EARLY), (quantity, LATE))
    refusal = await firms.refused("bolt", schedule.schedule_line_propose, given)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "slices", "1", "quantity"])


async def test_old_versions_are_conflicts(firms: Firms) -> None:
    placed = await firms.placed()
    stale = await placed.answer()
    await placed.confirm()
    for command, given in (
        (schedule.schedule_line_cancel, stale),
        (orders.order_close, OrderCloseInput(order=placed.id, expected_version=1)),
    ):
        refusal = await firms.refused("acme", command, given)
        assert (refusal.refusal_code, refusal.path) == ("CONFLICT", ["input", "expectedVersion"])
        assert refusal.record == placed.key


@pytest.mark.parametrize(
    ("firm", "code"), [("acme", "FORBIDDEN"), ("cargo", "NOT_FOUND"), ("dyna", "NOT_FOUND"), ("east", "FORBIDDEN")]
)
async def test_only_the_seller_confirms(firms: Firms, firm: str, code: str) -> None:
    placed = await firms.placed(consignee=firms.partner("east"))
    given = OrderConfirmInput(order=placed.id, expected_version=1)
    assert (await firms.refused(firm, orders.order_confirm, given)).refusal_code == code


@pytest.mark.parametrize(
    ("firm", "code"),
    [("acme", "ILLEGAL_TRANSITION"), ("bolt", "FORBIDDEN"), ("cargo", "NOT_FOUND"), ("east", "FORBIDDEN")],
)
async def test_nobody_closes_an_open_order(firms: Firms, firm: str, code: str) -> None:
    placed = await firms.placed(consignee=firms.partner("east"))
    refusal = await firms.refused(firm, orders.order_close, await placed.close_input())
    assert refusal.refusal_code == code
    if firm == "acme":
        assert refusal.message == (
            "The order has schedule lines that are SENT; orderClose is not possible. Allowed steps: scheduleLineCancel."
        )


async def test_two_answers_at_once_are_one_answer_and_one_conflict(firms: Firms) -> None:
    placed = await firms.placed()
    given = await placed.answer()
    outcomes = await asyncio.gather(
        *(firms.act("bolt", STEPS[name], given) for name in ("ACCEPT", "REJECT")), return_exceptions=True
    )
    refusals = [each for each in outcomes if isinstance(each, Refusal)]
    assert [each.refusal_code for each in refusals] == ["CONFLICT"]
    assert len(await placed.said()) == 2


async def test_one_number_placed_twice_at_once_is_one_order(firms: Firms) -> None:
    outcomes = await asyncio.gather(
        *(firms.act("acme", orders.order_place, firms.order()) for _ in range(2)), return_exceptions=True
    )
    assert [each.refusal_code for each in outcomes if isinstance(each, Refusal)] == ["DUPLICATE"]
    assert len(await firms.rows("select from purchase_order")) == 1
