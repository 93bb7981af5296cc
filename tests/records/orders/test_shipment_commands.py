"""Shipments on a real database: orders follow the goods, whoever reports them, and a refusal leaves nothing behind."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.graph.values import QuantityInput
from scmhub.ids import public_id
from scmhub.records.orders import commands as orders
from scmhub.records.orders import shipment_commands as shipments
from scmhub.records.orders.shipment_plan_commands import shipment_plan
from tests.records.firms import Firms, Moving, Placed

HOUR = timedelta(hours=1)


async def confirmed(firms: Firms, **changes: Any) -> Placed:
    placed = await firms.placed(**changes)
    await placed.confirm()
    return placed


async def arrived(firms: Firms, placed: Placed, number: str, quantity: str) -> Moving:
    shipment = await placed.ship(number, quantity)
    await shipment.report("bolt", "DEPARTURE")
    await shipment.report("bolt", "ARRIVAL")
    return shipment


async def figures(placed: Placed) -> list[tuple[Decimal, ...]]:
    names = ("shipped", "received_good", "received_damaged")
    return [tuple(row[name] for name in names) for row in (await placed.wish(), await placed.line())]


async def test_a_planned_shipment_carries_the_parties_and_the_local_day_of_arrival(firms: Firms) -> None:
    placed = await confirmed(firms, consignee=firms.partner("east"))
    evening = firms.now.replace(hour=20)
    shipment = await placed.ship(
        "D-1", "60", planned_departure=firms.now, planned_arrival=evening, sscc="340123450000000000"
    )
    header, line = await shipment.header(), await shipment.line()
    parties = {"seller_id": "bolt", "buyer_id": "acme", "consignee_id": "east", "carrier_id": "dyna"}
    for row in (header, line):
        assert {name: row[name] for name in parties} == {name: firms.ids[firm] for name, firm in parties.items()}
    assert (header["state"], header["planned_arrival"], header["version"]) == ("PLANNED", evening, 1)
    assert line["arrival_on"] == date(2026, 3, 3)  # 20:00 UTC on the 2nd is the 3rd in Tokyo
    assert await placed.states() == ("CONFIRMED",) * 3
    events = await firms.rows("select seq, milestone, certainty from shipment_event order by seq")
    assert [tuple(row) for row in events] == [(1, "DEPARTURE", "PLANNED"), (2, "ARRIVAL", "PLANNED")]


async def test_the_order_follows_its_goods_from_departure_to_close(firms: Firms) -> None:
    placed = await confirmed(firms)
    first, second = await placed.ship("D-1", "60"), await placed.ship("D-2", "40")
    await first.report("dyna", "DEPARTURE")
    assert (await placed.states(), await figures(placed)) == (("PART_SHIPPED",) * 3, [(60, 0, 0)] * 2)
    await second.report("bolt", "DEPARTURE")
    assert (await placed.states(), await figures(placed)) == (("SHIPPED",) * 3, [(100, 0, 0)] * 2)
    await first.report("acme", "ARRIVAL")
    await first.receive("acme", "58", "2")
    assert (await placed.states(), await figures(placed)) == (("PART_RECEIVED",) * 3, [(100, 58, 2)] * 2)
    refusal = await firms.refused("acme", orders.order_close, await placed.close_input())
    assert (refusal.refusal_code, "shipmentReceive" in refusal.message) == ("ILLEGAL_TRANSITION", True)
    await second.report("dyna", "ARRIVAL")
    await second.receive("acme", "40")
    assert (await placed.states(), await figures(placed)) == (("RECEIVED",) * 3, [(100, 98, 2)] * 2)
    await firms.act("acme", orders.order_close, await placed.close_input())
    assert await placed.states() == ("CLOSED",) * 3
    wish = await placed.wish()
    assert (wish["first_promise_quantity"], wish["first_promise_on"]) == (100, date(2026, 4, 6))


async def test_a_carrier_moves_the_order_without_being_able_to_read_it(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await placed.ship("D-1", "100")
    await shipment.report("dyna", "DEPARTURE")
    assert (await placed.header())["status"] == "SHIPPED"
    async with firms.database.unit(firms.ids["dyna"], "integration:dyna", lambda: firms.now) as unit:
        for table in ("purchase_order", "order_line", "schedule_line", "schedule_revision"):
            assert await unit.fetch(f"select count(*) from {table}") == 0
    told = await firms.rows("select kind, action, actor from change_outbox order by id desc limit 3")
    assert {tuple(row) for row in told} == {
        ("SHIPMENT", "DEPARTED", "integration:dyna"), ("ORDER", "DEPARTED", "integration:dyna"),
        ("ORDER_LINE", "DEPARTED", "integration:dyna"),
    }  # fmt: skip


async def test_what_is_short_may_be_sent_again_and_damaged_goods_count_as_received(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await arrived(firms, placed, "D-1", "100")
    await shipment.receive("acme", "90", "4")
    receipt = await firms.row("select good, damaged, short, documents_ok, seq from receipt")
    assert tuple(receipt) == (90, 4, 6, True, 1)
    assert await placed.states() == ("PART_RECEIVED",) * 3
    refusal = await firms.refused("bolt", shipment_plan, await placed.despatch("D-2", "6.000001"))
    assert (refusal.refusal_code, refusal.path) == ("OUT_OF_RANGE", ["input", "lines", "0", "quantity"])
    assert "At most 6 " in refusal.message
    rest = await arrived(firms, placed, "D-3", "6")
    await rest.receive("acme", "6")
    assert (await placed.states(), await figures(placed)) == (("RECEIVED",) * 3, [(106, 96, 4)] * 2)


async def test_a_newer_count_replaces_the_older_and_both_stay(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await arrived(firms, placed, "D-1", "100")
    await shipment.receive("acme", "10")
    await shipment.receive("acme", "100")
    assert await figures(placed) == [(100, 100, 0)] * 2
    assert [tuple(row) for row in await firms.rows("select seq, good, short from receipt order by seq")] == [
        (1, 10, 90), (2, 100, 0)
    ]  # fmt: skip


async def test_a_refused_shipment_counts_as_not_shipped(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await arrived(firms, placed, "D-1", "100")
    await firms.act("acme", shipments.shipment_refuse, await shipment.refuse_input())
    assert (await shipment.header())["state"] == "REFUSED"
    assert (await placed.states(), await figures(placed)) == (("CONFIRMED",) * 3, [(0, 0, 0)] * 2)
    await placed.ship("D-2", "100")


async def test_a_consignee_receives_and_a_buyer_may_too(firms: Firms) -> None:
    placed = await confirmed(firms, consignee=firms.partner("east"))
    shipment = await arrived(firms, placed, "D-1", "100")
    await shipment.receive("east", "100")
    assert await placed.states() == ("RECEIVED",) * 3


async def test_a_change_in_debate_does_not_stop_the_goods(firms: Firms) -> None:
    placed = await confirmed(firms)
    await placed.propose("acme", ("120", date(2026, 4, 6)))
    shipment = await placed.ship("D-1", "100")
    await shipment.report("bolt", "DEPARTURE")
    assert await placed.states() == ("CHANGE_REQUESTED",) * 3
    await placed.step("bolt", "ACCEPT")
    assert await placed.states() == ("PART_SHIPPED",) * 3
    await placed.step("acme", "CANCEL")
    await placed.step("bolt", "ACCEPT")
    wish = await placed.wish()
    assert await placed.states() == ("SHIPPED",) * 3
    assert (wish["first_promise_quantity"], wish["last_promise_quantity"]) == (100, 100)


async def test_estimates_and_corrections_set_what_is_known_and_erase_nothing(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await placed.ship("D-1", "100")
    later = firms.now + timedelta(days=20)
    await shipment.report("dyna", "ARRIVAL", later, certainty="ESTIMATED")
    assert ((await shipment.header())["estimated_arrival"], (await shipment.line())["arrival_on"]) == (
        later,
        later.date(),
    )
    await shipment.report("dyna", "DEPARTURE", firms.now - 5 * HOUR)
    await shipment.report("bolt", "DEPARTURE", firms.now - 4 * HOUR, corrects=4)
    header = await shipment.header()
    assert (header["actual_departure"], header["state"], header["version"]) == (firms.now - 4 * HOUR, "DEPARTED", 4)
    events = await firms.rows("select seq, certainty, corrects_seq from shipment_event order by seq")
    assert [tuple(row) for row in events][2:] == [(3, "ESTIMATED", None), (4, "ACTUAL", None), (5, "ACTUAL", 4)]
    assert (await placed.wish())["shipped"] == 100


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"number": ""}, "REQUIRED", ["number"]), ({"sscc": "340123450000000001"}, "INVALID", ["sscc"]),
        ({"lines": []}, "REQUIRED", ["lines"]),
    ],
)  # fmt: skip
async def test_a_wrong_plan_is_named(firms: Firms, wrong: dict[str, Any], code: str, path: list[str]) -> None:
    placed = await confirmed(firms)
    given = await placed.despatch("D-1", "1")
    for field, value in wrong.items():
        setattr(given, field, value)
    refusal = await firms.refused("bolt", shipment_plan, given)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", *path])


@pytest.mark.parametrize(
    ("quantity", "unit", "code"),
    [("0", "C62", "OUT_OF_RANGE"), ("100.000001", "C62", "OUT_OF_RANGE"), ("1", "KGM", "UNIT_MISMATCH")],
)
async def test_a_shipment_holds_no_more_than_was_promised(firms: Firms, quantity: str, unit: str, code: str) -> None:
    placed = await confirmed(firms)
    given = await placed.despatch("D-1", "1")
    given.lines[0].quantity = QuantityInput(value=Decimal(quantity), unit=unit)  # type: ignore[arg-type]
    refusal = await firms.refused("bolt", shipment_plan, given)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "lines", "0", "quantity"])


async def test_one_promise_is_not_shipped_twice_in_one_plan_or_in_two_at_once(firms: Firms) -> None:
    placed = await confirmed(firms)
    given = await placed.despatch("D-1", "60")
    given.lines *= 2
    refusal = await firms.refused("bolt", shipment_plan, given)
    assert (refusal.refusal_code, refusal.path) == ("OUT_OF_RANGE", ["input", "lines", "1", "quantity"])
    plans = [await placed.despatch(number, "60") for number in ("D-2", "D-3")]
    outcomes = await asyncio.gather(*(firms.act("bolt", shipment_plan, each) for each in plans), return_exceptions=True)
    assert [each.refusal_code for each in outcomes if isinstance(each, Refusal)] == ["OUT_OF_RANGE"]


async def test_nothing_is_shipped_before_both_agreed(firms: Firms) -> None:
    placed = await firms.placed()
    refusal = await firms.refused("bolt", shipment_plan, await placed.despatch("D-1", "1"))
    assert (refusal.refusal_code, refusal.path) == ("ILLEGAL_TRANSITION", ["input", "lines", "0", "scheduleLine"])
    assert refusal.message == (
        "The schedule line is SENT; shipmentPlan is not possible."
        " Allowed steps: scheduleLineAccept, scheduleLinePropose, scheduleLineReject."
    )


@pytest.mark.parametrize(
    ("firm", "code"), [("acme", "FORBIDDEN"), ("east", "FORBIDDEN"), ("cargo", "NOT_FOUND"), ("dyna", "NOT_FOUND")]
)
async def test_only_the_seller_ships(firms: Firms, firm: str, code: str) -> None:
    placed = await confirmed(firms, consignee=firms.partner("east"))
    refusal = await firms.refused(firm, shipment_plan, await placed.despatch("D-1", "1", carrier=None))
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "lines", "0", "scheduleLine"])


@pytest.mark.parametrize(("carrier", "code"), [("cargo", "NOT_FOUND"), ("acme", "FORBIDDEN")])
async def test_a_carrier_needs_a_logistics_relationship(firms: Firms, carrier: str, code: str) -> None:
    placed = await confirmed(firms)
    given = await placed.despatch("D-1", "1", carrier=firms.partner(carrier))
    refusal = await firms.refused("bolt", shipment_plan, given)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "carrier"])


async def test_a_despatch_number_is_used_once(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await placed.ship("D-1", "1")
    refusal = await firms.refused("bolt", shipment_plan, await placed.despatch("D-1", "1"))
    assert (refusal.refusal_code, refusal.path, refusal.record) == ("DUPLICATE", ["input", "number"], shipment.key)


@pytest.mark.parametrize(("firm", "code"), [("acme", "FORBIDDEN"), ("east", "FORBIDDEN"), ("cargo", "NOT_FOUND")])
async def test_receivers_and_strangers_report_no_departure(firms: Firms, firm: str, code: str) -> None:
    placed = await confirmed(firms, consignee=firms.partner("east"))
    shipment = await placed.ship("D-1", "1")
    given = await shipment.report_input("DEPARTURE", firms.now)
    assert (await firms.refused(firm, shipments.shipment_report, given)).refusal_code == code


@pytest.mark.parametrize("firm", ["bolt", "dyna", "cargo"])
async def test_who_does_not_receive_neither_counts_nor_refuses(firms: Firms, firm: str) -> None:
    placed = await confirmed(firms)
    shipment = await arrived(firms, placed, "D-1", "100")
    code = "NOT_FOUND" if firm == "cargo" else "FORBIDDEN"
    counted = await firms.refused(firm, shipments.shipment_receive, await shipment.count("1"))
    turned_away = await firms.refused(firm, shipments.shipment_refuse, await shipment.refuse_input())
    assert (counted.refusal_code, turned_away.refusal_code) == (code, code)


@pytest.mark.parametrize(
    ("good", "damaged", "code", "path"),
    [
        ("100.000001", "0", "OUT_OF_RANGE", []), ("99", "2", "OUT_OF_RANGE", []), ("-1", "0", "OUT_OF_RANGE", ["good"]),
        ("0", "0.0000001", "INVALID", ["damaged"]),
    ],
)  # fmt: skip
async def test_a_wrong_count_is_named(firms: Firms, good: str, damaged: str, code: str, path: list[str]) -> None:
    placed = await confirmed(firms)
    shipment = await arrived(firms, placed, "D-1", "100")
    refusal = await firms.refused("acme", shipments.shipment_receive, await shipment.count(good, damaged))
    assert (refusal.refusal_code, refusal.path) == (code, ["input", "lines", "0", *path])


async def test_a_count_names_each_line_of_the_shipment_once(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment, other = await arrived(firms, placed, "D-1", "60"), await arrived(firms, placed, "D-2", "40")
    given = await shipment.count("1")
    given.lines[0].line = public_id("shl", (await other.line())["id"])  # type: ignore[assignment]
    refusal = await firms.refused("acme", shipments.shipment_receive, given)
    assert (refusal.refusal_code, refusal.path) == ("NOT_FOUND", ["input", "lines", "0", "line"])


async def test_goods_on_their_way_are_not_counted(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await placed.ship("D-1", "100")
    await shipment.report("bolt", "DEPARTURE")
    refusal = await firms.refused("acme", shipments.shipment_receive, await shipment.count("100"))
    assert (refusal.refusal_code, refusal.record) == ("ILLEGAL_TRANSITION", shipment.key)


async def test_an_old_version_of_a_shipment_is_a_conflict(firms: Firms) -> None:
    placed = await confirmed(firms)
    shipment = await placed.ship("D-1", "100")
    stale = await shipment.report_input("DEPARTURE", firms.now)
    await shipment.report("bolt", "DEPARTURE")
    refusal = await firms.refused("dyna", shipments.shipment_report, stale)
    assert (refusal.refusal_code, refusal.path) == ("CONFLICT", ["input", "expectedVersion"])
