"""The channel of an item: exact figures with the records behind them, and nothing its reader could not have read."""

from __future__ import annotations

from typing import Any

import orjson

from ..forecasts.firms import MONDAY, NOW, Firms, week
from .asking import (
    CHANNEL,
    EXAMPLE,
    FIGURES,
    a_plan,
    ask,
    commit,
    day,
    done,
    need,
    order,
    points,
    receive,
    report,
    sent,
    ship,
    stock,
    supply,
    the_example,
    values,
)


async def test_the_worked_example_of_the_standard_comes_out_exact(firms: Firms) -> None:
    records = await the_example(firms)
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "projectedStock") == ["60", "60", "110", "60", "0", "-10"]
    assert supply(plant) == ["1", "1.2", "2", "1", "0", None]
    assert [each["daysOfSupply"]["atLeast"] for each in plant["buckets"]] == [False] * 6
    assert values(plant, "shortage") == ["0", "0", "0", "0", "0", "10"]
    assert plant["openingStock"]["evidence"] == [records["stock"]["id"]]
    third = plant["buckets"][2]
    point, answer = (records[name]["points"]["nodes"][2]["id"] for name in ("forecast", "commit"))
    assert third["demand"] == {
        "value": "50", "low": "50", "high": "50", "reason": None, "statedAt": NOW.isoformat(),
        "statedBy": [firms.ids["acme"]], "evidence": [point],
    }  # fmt: skip
    assert third["projectedStock"]["evidence"] == [records["stock"]["id"], point, answer]
    assert third["projectedStock"]["statedBy"] == [firms.ids["acme"], firms.ids["bolt"]]
    for name in FIGURES:
        for each in plant["buckets"]:
            found = each[name]["evidence"]
            nodes = (await firms.read("acme", "query($i: [ID!]!) {nodes(ids: $i) {id}}", i=found))["nodes"]
            assert [node["id"] for node in nodes] == found


async def test_the_example_from_stock_zero(firms: Firms) -> None:
    await the_example(firms, "0")
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "projectedStock") == ["-40", "-40", "10", "-40", "-100", "-110"]
    assert supply(plant) == ["0", "0", "0.2", "0", "0", None]


async def test_unknown_never_becomes_zero(firms: Firms) -> None:
    await stock(firms, "acme", "100")
    forecast = await need(firms, "40", None, "0", "10")
    await commit(firms, forecast, "5")
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "demand") == ["40", None, "0", "10", None, None]
    assert values(plant, "projectedStock") == ["65", None, None, None, None, None]
    assert plant["buckets"][1]["demand"]["reason"] == "NOT_AVAILABLE"
    assert plant["buckets"][0]["daysOfSupply"] == {
        "days": "0", "low": "0", "high": "0", "atLeast": True, "reason": None,
    }  # fmt: skip
    assert values(plant, "production") == [None] * 6
    assert plant["buckets"][0]["excess"]["reason"] == "NOT_AVAILABLE"  # no maximum is known


async def test_zero_demand_is_a_number_and_covers_the_day(firms: Firms) -> None:
    await stock(firms, "acme", "10")
    await need(firms, "0", "0", "0", "0", "0", "0")
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "projectedStock") == ["10"] * 6
    assert supply(plant) == ["5", "4", "3", "2", "1", None]
    assert plant["buckets"][0]["daysOfSupply"]["atLeast"]


async def test_days_add_up_to_weeks_and_weeks_never_to_months(firms: Firms) -> None:
    await stock(firms, "acme", "100", asOf="2026-03-02T00:00:00Z")
    await need(firms, *["10"] * 14, points=points(*["10"] * 19))
    weekly = {"bucket": "WEEK", "points": [{"startsOn": "2026-03-16", "quantity": "1"}], "category": "SR99"}
    coarse = await need(firms, **weekly)
    found = await ask(firms, "acme", "acme-plant", bucket="WEEK", start="2026-03-09", end="2026-03-22")
    assert values(found["sites"][0], "demand") == [None, "71"]  # SR99 says nothing of the first week
    found = await ask(firms, "acme", "acme-plant", bucket="MONTH", start="2026-03-01", end="2026-03-31")
    assert found["uncounted"] == [{"record": coarse["id"], "reason": "OTHER_PERIODS"}]
    assert [each["startsOn"] for each in found["sites"][0]["buckets"]] == ["2026-03-01"]


async def test_a_shipment_counts_once_at_every_instant(firms: Firms) -> None:
    """Promised, on its way, arrived, counted, and after a statement that has it: 100 in all, never 200."""
    await stock(firms, "acme", "50")
    await need(firms, *["0"] * 6)
    placed = await order(firms, "100", day(2))

    async def seen() -> tuple[list[str | None], list[str | None], str | None, str | None]:
        [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
        last = plant["buckets"][-1]["projectedStock"]["value"]
        return values(plant, "promised"), values(plant, "inTransit"), plant["openingStock"]["value"], last

    empty: list[str | None] = [None] * 6
    promised = [None, None, "100", None, None, None]
    assert await seen() == (promised, empty, "50", "150")
    shipment = await ship(firms, placed, "100", day(3))
    assert await seen() == (promised, empty, "50", "150")
    firms.clock.pass_by(hours=2)
    shipment = await report(firms, "bolt", shipment, "DEPARTURE")
    assert await seen() == (empty, [None, None, None, "100", None, None], "50", "150")
    shipment = await report(firms, "acme", shipment, "ARRIVAL")
    assert await seen() == (empty, ["100", None, None, None, None, None], "50", "150")
    firms.clock.pass_by(minutes=1)
    await receive(firms, shipment, "90", "10")
    assert await seen() == (empty, empty, "140", "140")
    await stock(firms, "acme", "60", asOf=NOW.isoformat())  # late news of how much there was before it came
    assert await seen() == (empty, empty, "150", "150")
    firms.clock.pass_by(minutes=1)
    await stock(firms, "acme", "145")  # counted after it came
    assert await seen() == (empty, empty, "145", "145")


async def test_orders_consume_the_forecast_and_promises_the_commit(firms: Firms) -> None:
    forecast = await need(firms, "40", "40")
    await commit(firms, forecast, "40", "40")
    await order(firms, "60", day(1))
    await order(firms, "7", day(1), "PO-2", confirmed=False)
    found = await ask(firms, "bolt", "bolt-plant", "acme-plant", days=2)
    plants = {each["code"] + each["partner"]: each for each in found["sites"]}
    theirs, ours = plants["P1" + firms.ids["acme"]], plants["P1" + firms.ids["bolt"]]
    assert values(theirs, "demand") == ["40", "40"]
    assert (values(theirs, "commit"), values(theirs, "promised")) == (["40", "40"], [None, "60"])
    assert values(theirs, "ordered") == [None, "67"]
    assert values(ours, "demand") == ["40", "67"]  # what acme forecasts or has ordered, whichever is larger
    assert (theirs["complete"], ours["complete"]) == (False, True)
    assert ours["openingStock"]["reason"] == "NOT_AVAILABLE"
    [alone] = (await ask(firms, "bolt", "bolt-plant", days=2))["sites"]
    assert values(alone, "demand") == ["40", "67"], "the customer's forecast names the customer's site"


async def test_an_overdue_promise_is_not_inbound(firms: Firms) -> None:
    await stock(firms, "acme", "50")
    await need(firms, *["0"] * 6)
    await order(firms, "100", day(1))
    firms.clock.pass_by(days=2)
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "projectedStock") == [None, None, "50", "50", "50", "50"]  # from today on
    assert values(plant, "ordered")[1] == "100"


async def test_what_is_shown_as_bands_is_added_up_as_ranges(firms: Firms) -> None:
    """dyna sees that 100 are there and 40, 60, 50, 50, 60, 50 needed only as bands of the ladder."""
    await the_example(firms)
    await firms.grant("acme", "dyna", "INVENTORY", "stock~band")
    await firms.grant("acme", "dyna", "FORECAST", "quantity~band")
    [plant] = (await ask(firms, "dyna", "acme-plant"))["sites"]
    assert ends(plant["openingStock"]) == (None, "100", "200")
    assert [ends(each["demand"]) for each in plant["buckets"]] == [
        (None, "20", "50"), *[(None, "50", "100")] * 5,
    ]  # fmt: skip
    assert ends(plant["buckets"][0]["projectedStock"]) == (None, "50", "180")
    await firms.grant("acme", "dyna", "INVENTORY", "stock")
    [plant] = (await ask(firms, "dyna", "acme-plant"))["sites"]
    assert ends(plant["openingStock"]) == ("100", "100", "100")
    assert ends(plant["buckets"][0]["projectedStock"]) == (None, "50", "80")


def ends(figure: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    return figure["value"], figure["low"], figure["high"]


async def test_a_part_that_is_withheld_gives_a_range(firms: Firms) -> None:
    """dyna sees promises but not what was shipped of them: between nothing and all of it is still to come."""
    _, placed = await a_plan(firms)
    await firms.grant("acme", "dyna", "ORDER", "promises")
    await firms.grant("acme", "dyna", "FORECAST", "quantity")
    await firms.grant("acme", "dyna", "INVENTORY", "stock")
    [plant] = (await ask(firms, "dyna", "acme-plant"))["sites"]
    assert values(plant, "promised")[2] == "100"  # confirmed: nothing can have left yet
    await sent(firms, placed, "30", day(3))
    [plant] = (await ask(firms, "dyna", "acme-plant"))["sites"]
    third = plant["buckets"][2]
    assert {name: third["promised"][name] for name in ("value", "low", "high")} == {
        "value": None, "low": "0", "high": "100",
    }  # fmt: skip
    stock_then = third["projectedStock"]
    assert (stock_then["value"], stock_then["low"], stock_then["high"]) == (None, "20", "120")
    days = third["daysOfSupply"]
    assert (days["days"], days["low"], days["high"], days["atLeast"]) == (None, "2", "3", True)
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert plant["buckets"][2]["promised"]["value"] == "70"


async def test_owner_and_holder_state_different_stock_side_by_side(firms: Firms) -> None:
    await firms.grant("bolt", "acme", "SITE", "identifiers")
    await firms.grant("acme", "bolt", "ITEM", "identifiers")
    place = {"holder": firms.ids["bolt"], "site": firms.ids["bolt-plant"]}
    theirs = await stock(firms, "bolt", "480.5", **place)
    firms.clock.pass_by(minutes=1)
    ours = await stock(firms, "acme", "500", **place)
    claims = []
    for firm in ("acme", "bolt"):
        found = await ask(firms, firm, "bolt-plant")
        [claim] = found["claims"]
        assert (claim["fact"], claim["gap"]) == ("STOCK", "19.5")
        assert (claim["first"]["evidence"], claim["second"]["evidence"]) == ([ours["id"]], [theirs["id"]])
        assert (claim["first"]["statedBy"], claim["second"]["statedBy"]) == ([firms.ids["acme"]], [firms.ids["bolt"]])
        assert found["sites"][0]["openingStock"]["value"] == "500"  # the newest, named
        claims.append(claim)
    assert claims[0] == claims[1]
    assert await ask(firms, "cargo", "bolt-plant") is None


async def test_receipts_and_stock_systems_are_compared_with_the_records(firms: Firms) -> None:
    placed = await order(firms, "100", day(2))
    shipment = await sent(firms, placed, "100", day(3))
    await stock(firms, "acme", "50", inTransit="120", onOrder="5")
    found = await ask(firms, "acme", "acme-plant")
    assert [(each["fact"], each["gap"]) for each in found["claims"]] == [("IN_TRANSIT", "20")]
    shipment = await report(firms, "acme", shipment, "ARRIVAL")
    await receive(firms, shipment, "90", "4")
    found = await ask(firms, "acme", "acme-plant")
    assert [(each["fact"], each["gap"]) for each in found["claims"]] == [("RECEIPT", "6")]


async def test_targets_tell_shortage_and_excess(firms: Firms) -> None:
    position = await stock(firms, "acme", "100")
    await done(
        firms, "acme", "inventoryTargetsSet", "inventoryPosition { id }", position=position["id"],
        expectedVersion=position["version"], minimum="80", maximum="90",
    )  # fmt: skip
    await need(firms, "5", "20")
    [plant] = (await ask(firms, "acme", "acme-plant", days=2))["sites"]
    assert (values(plant, "shortage"), values(plant, "excess")) == (["0", "5"], ["5", "0"])


async def test_every_sort_of_reader_and_the_end_of_the_chain(firms: Firms) -> None:
    await the_example(firms)
    ours, theirs = await ask(firms, "acme"), await ask(firms, "bolt")
    for found, codes in ((ours, ["ACME", "BOLT", None]), (theirs, ["ACME", "BOLT", None])):
        assert [each["code"] for each in found["partnersInView"]] == codes
        assert found["partnersInView"][-1]["beyond"] == "UNKNOWN_BEYOND"
        assert found["complete"]
    assert values(theirs["sites"][0], "projectedStock") == [None] * 6  # acme's stock is not bolt's to see
    assert values(theirs["sites"][0], "demand") == list(EXAMPLE)
    assert [each["figure"] for each in ours["definitions"]] == [
        "demand", "inbound", "projectedStock", "daysOfSupply", "shortage", "excess",
    ]  # fmt: skip
    await firms.grant("acme", "dyna", "FORECAST", "quantity", days_ahead=2)
    dynas = await ask(firms, "dyna")
    assert values(dynas["sites"][0], "demand") == ["40", "60", "50", None, None, None]
    assert [each["code"] for each in dynas["partnersInView"]] == ["ACME", "DYNA", None]


async def test_hidden_rows_change_no_byte(firms: Firms) -> None:
    """cargo sells acme an oil; with castings between acme and bolt, or without, it gets the same bytes."""
    await firms.grant("acme", "cargo", "FORECAST", "quantity", days_ahead=1)
    await need(firms, "40", "60")
    given = {
        "item": firms.ids["acme-casting"], "start": day(0), "end": day(5), "bucket": "DAY",
        "sites": [firms.ids["acme-plant"], firms.ids["bolt-plant"]],
    }  # fmt: skip

    async def bytes_of(firm: str, **more: Any) -> bytes:
        answer = await firms.ask(firm, CHANNEL, **given | more)
        answer.pop("extensions", None)  # what is left of the asker's own budget
        return orjson.dumps(answer)

    before = [await bytes_of("cargo"), await bytes_of("dyna"), await bytes_of("cargo", sites=None)]
    forecast = await need(firms, "40", "60", "70", "80", points=points("70", "80", first=NOW.date().replace(day=7)))
    await commit(firms, forecast, "40", "60")
    await stock(firms, "acme", "100")
    await sent(firms, await order(firms, "9", day(1)), "9", day(2))
    after = [await bytes_of("cargo"), await bytes_of("dyna"), await bytes_of("cargo", sites=None)]
    assert after == before
    assert orjson.loads(before[0])["data"]["channel"]["sites"][0]["buckets"][0]["demand"]["value"] == "40"
    unknown = await bytes_of("dyna", item=firms.ids["acme-casting"][:-1] + "0")
    assert unknown == before[1] == await bytes_of("dyna", item="nothing")


async def test_twenty_sites_and_a_year_of_weeks_are_one_statement(firms: Firms) -> None:
    sites = [f"acme-hall-{number:02}" for number in range(20)]
    for site in sites:
        await firms._add(
            site, "sit", "site", partner_id=firms.keys["acme"], code=site, name="Hall", kind="PLANT", time_zone="UTC"
        )
        await stock(firms, "acme", "9", site=firms.ids[site])
        weeks = points(*["7"] * 52, first=MONDAY, step=7)
        await need(firms, site=firms.ids[site], bucket="WEEK", points=weeks)
    statements: list[str] = []
    fetch = firms.hub.database.read.fetch

    async def recorded(text: str, *parameters: Any) -> Any:
        statements.append(text)
        return await fetch(text, *parameters)

    firms.hub.database.read.fetch = recorded  # type: ignore[method-assign]
    found = await ask(firms, "acme", *sites, bucket="WEEK", start=week(0), end=week(51))
    assert len(statements) == 1
    assert [each["code"] for each in found["sites"]] == sites
    assert found["complete"]
    for site in found["sites"]:
        assert values(site, "projectedStock") == [str(4 - 7 * n) for n in range(52)]  # it is Wednesday: 5 of 7 days to come
        assert supply(site)[0] == "4"  # 4 left, 7 a week


async def test_the_price_follows_sites_and_periods(firms: Firms) -> None:
    async def cost(sites: list[str] | None, last: int, bucket: str, **more: Any) -> int:
        asked = {"item": firms.ids["acme-casting"], "sites": sites, "start": day(0), "end": day(last), "bucket": bucket}
        answer = await firms.ask("acme", CHANNEL, **asked, **more)
        return int(answer["extensions"]["cost"]["requestedQueryCost"])

    plant = firms.ids["acme-plant"]
    one = await cost([plant], 0, "DAY")
    assert await cost([plant], 9, "DAY") - one == 9 * 4
    assert await cost([plant, firms.ids["bolt-plant"]], 9, "DAY") - one == 19 * 4
    assert await cost(None, 363, "WEEK") - one == (20 * 52 - 1) * 4
    assert await cost([plant], 0, "DAY", asOf=NOW.isoformat()) - one == 2000  # words, events and history besides
    text = f'{{ channel(item: "{plant}", start: "{day(0)}", end: "{day(29)}", bucket: MONTH) {{ unit }} }}'
    assert (await firms.ask("acme", text))["extensions"]["cost"]["requestedQueryCost"] == 2 + 1000 + 2 * 20 * 4


async def test_bounds_of_the_question(firms: Firms) -> None:
    for more, path in (
        ({"end": day(-1)}, ["end"]), ({"end": day(760)}, ["end"]),
        ({"sites": [firms.ids["acme-plant"][:-2] + f"{n:02x}" for n in range(21)]}, ["sites"]),
    ):  # fmt: skip
        asked = {"item": firms.ids["acme-casting"], "start": day(0), "end": day(1), "bucket": "DAY"} | more
        [error] = (await firms.ask("acme", CHANNEL, **asked))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["inputPath"]) == ("BAD_USER_INPUT", path)


async def test_the_day_on_which_stock_runs_out(firms: Firms) -> None:
    text = """query($item: ID!, $start: Date!, $end: Date!) { channel(item: $item, start: $start, end: $end, bucket: DAY) {
      sites { stockOut { on short known } } } }"""

    async def out(last: int) -> Any:
        given = {"item": firms.ids["acme-casting"], "start": day(0), "end": day(last)}
        [plant] = (await firms.read("acme", text, **given))["channel"]["sites"]
        return plant["stockOut"]

    await the_example(firms)
    assert await out(4) == {"on": None, "short": None, "known": True}
    assert await out(5) == {"on": day(5), "short": "10", "known": True}
    await the_example(firms, "120")
    assert await out(6) == {"on": None, "short": None, "known": False}  # nobody spoke of the seventh day
