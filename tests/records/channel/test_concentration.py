"""How much of what acme buys hangs on few suppliers, from its own orders; nobody else's ever counts."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.records.channel import concentration_api

from ..forecasts.firms import NOW, Firms
from .asking import day, done

QUESTION = """query($start: Date!, $end: Date!, $currency: CurrencyCode, $unit: UnitCode, $items: [ID!]) {
  supplyConcentration(start: $start, end: $end, currency: $currency, unit: $unit, items: $items) {
    amount currency unit supplierCount hhi effectiveSuppliers lacking definitions
    suppliers { supplier amount share }
    items { items amount hhi singleSource evidence suppliers { supplier amount share } }
    itemCount singleSourceCount singleSourceItemShare singleSourceShare
    uncounted { record reason } uncountedCount
  }
}"""


async def buy(
    firms: Firms, seller: str, price: str | None, item: str = "acme-casting", on: str = day(3), currency: str = "EUR",
    buyer: str = "acme", quantity: str = "1", unit: str = "C62",
) -> str:  # fmt: skip
    """An order of one line; the id of the line."""
    line: dict[str, Any] = {
        "item": firms.ids[item], "quantity": {"value": quantity, "unit": unit}, "requestedOn": on,
        "unitPrice": price and {"amount": price, "currencyCode": currency},
    }  # fmt: skip
    number = f"PO-{await firms.count('order_line')}"
    placed = await done(
        firms, buyer, "orderPlace", "order { lines { nodes { id } } }", seller=firms.ids[seller],
        shipTo=firms.ids["acme-plant"], buyerNumber=number, currency=currency, lines=[line],
    )  # fmt: skip
    return str(placed["lines"]["nodes"][0]["id"])


async def asked(firms: Firms, firm: str = "acme", **given: Any) -> Any:
    if "unit" not in given:
        given = {"currency": "EUR"} | given
    given = {"start": day(0), "end": day(30)} | given
    return (await firms.read(firm, QUESTION, **given))["supplyConcentration"]


@pytest.fixture
async def market(firms: Firms) -> Firms:
    """dyna, and one more, supply acme too; whoever supplies acme knows its items."""
    await firms._add("echo", "ptr", "partner", code="ECHO", name="Echo", status="ACTIVE")
    for provider in ("dyna", "echo"):
        await firms._add(
            f"{provider}-acme", "rel", "relationship", provider_id=firms.keys[provider],
            recipient_id=firms.keys["acme"], kind="SUPPLY", state="ACTIVE", proposed_by=firms.keys["acme"],
        )  # fmt: skip
    return firms


@pytest.mark.parametrize(
    ("spent", "hhi", "effective"),
    [(("60", "30", "10"), "0.46", "2.173913"), (("40", "30", "20", "10"), "0.3", "3.333333"), (("7",), "1", "1")],
)
async def test_the_worked_examples(market: Firms, spent: tuple[str, ...], hhi: str, effective: str) -> None:
    sellers = ("bolt", "cargo", "dyna", "echo")
    lines = [await buy(market, seller, price) for seller, price in zip(sellers, spent, strict=False)]
    found = await asked(market)
    assert (found["hhi"], found["effectiveSuppliers"], found["lacking"]) == (hhi, effective, None)
    assert [(each["supplier"], each["amount"]) for each in found["suppliers"]] == [
        (market.ids[seller], price) for seller, price in zip(sellers, spent, strict=False)
    ]
    [item] = found["items"]
    assert (item["items"], item["hhi"], item["singleSource"]) == ([market.ids["acme-casting"]], hhi, len(spent) == 1)
    assert sorted(item["evidence"]) == sorted(lines)
    assert (found["supplierCount"], found["itemCount"], found["uncountedCount"]) == (len(spent), 1, 0)
    assert any("squared shares" in each for each in found["definitions"])


async def test_what_hangs_on_a_single_source_by_item_and_by_amount(market: Firms) -> None:
    """Items worth 60 from bolt, 30 from both, 10 from cargo: 0.7 of the amount, two of three items."""
    await market._add(
        "acme-lid", "itm", "item", owner_id=market.keys["acme"], number="lid", description="Lid", unit="C62",
        lifecycle="SERIES",
    )  # fmt: skip
    await buy(market, "bolt", "60")
    await buy(market, "bolt", "20", item="acme-oil", unit="LTR")
    await buy(market, "cargo", "10", item="acme-oil", unit="LTR")
    await buy(market, "cargo", "10", item="acme-lid")
    found = await asked(market)
    assert (found["singleSourceShare"], found["singleSourceItemShare"]) == ("0.7", "0.666667")
    assert (found["singleSourceCount"], found["itemCount"], found["amount"]) == (2, 3, "100")
    assert [(each["items"][0], each["singleSource"]) for each in found["items"]] == [
        (market.ids["acme-casting"], True), (market.ids["acme-oil"], False), (market.ids["acme-lid"], True),
    ]  # fmt: skip
    one = await asked(market, items=[market.ids["acme-oil"], market.ids["bolt-casting"], "itm_nonsense"])
    assert (one["amount"], one["itemCount"], one["singleSourceShare"], one["hhi"]) == ("30", 1, "0", "0.555556")


async def test_by_quantity_in_one_unit(market: Firms) -> None:
    await buy(market, "bolt", None, quantity="24")
    await buy(market, "cargo", None, quantity="8")
    oil = await buy(market, "cargo", None, item="acme-oil", unit="LTR")
    for unit, amount in (("C62", "32"), ("PR", "16")):
        found = await asked(market, unit=unit)
        assert (found["unit"], found["currency"], found["amount"], found["hhi"]) == (unit, None, amount, "0.625")
        assert found["uncounted"] == [{"record": oil, "reason": "OTHER_UNIT"}]


async def test_every_page_counts_or_the_question_is_to_be_narrowed(
    market: Firms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await buy(market, "bolt", "2")
    await market.superuser.execute(
        "insert into order_line select (jsonb_populate_record(line, jsonb_build_object("
        "'id', gen_random_uuid(), 'line_no', number, 'external_id', number::text))).*"
        " from order_line line, generate_series(2, 600) number"
    )
    found = await asked(market)
    assert (found["amount"], found["hhi"], len(found["items"][0]["evidence"])) == ("1200", "1", 100)
    monkeypatch.setattr(concentration_api, "MOST_LINES", 500)
    [error] = (await market.ask("acme", QUESTION, start=day(0), end=day(30), currency="EUR"))["errors"]
    assert (error["extensions"]["reason"], error["extensions"]["inputPath"]) == ("TOO_MANY", ["end"])
    assert "ask for less with 'end' or 'start'" in error["message"]


async def test_what_does_not_count_is_said_or_outside(market: Firms) -> None:
    counted = await buy(market, "bolt", "5", on=day(30))
    dear, silent = await buy(market, "bolt", "9", currency="USD"), await buy(market, "cargo", None)
    await buy(market, "cargo", "9", on=day(31))
    cancelled = await buy(market, "cargo", "9")
    await market.superuser.execute("update order_line set status = 'CANCELLED' where 'orl_' || id::text = $1", cancelled)
    found = await asked(market)
    assert (found["amount"], found["items"][0]["evidence"]) == ("5", [counted])
    assert {each["record"]: each["reason"] for each in found["uncounted"]} == {
        dear: "OTHER_CURRENCY", silent: "NOT_STATED",
    }  # fmt: skip


async def test_items_that_an_alias_joins_are_one_item(market: Firms) -> None:
    """bolt's and cargo's own items are what acme calls its casting: not two single sources, but one item of two."""
    for firm in ("bolt", "cargo"):
        await market.grant(firm, "acme", "ITEM", "lifecycle")
        await buy(market, firm, "10", item=f"{firm}-casting")
    await buy(market, "cargo", "5")
    before = await asked(market)
    assert (before["itemCount"], before["singleSourceCount"]) == (3, 3)
    for firm, confirmed in (("bolt", NOW), ("cargo", None)):  # a claim of acme's own counts for acme
        await market._add(
            f"alias-{firm}", "als", "item_alias", owner_id=market.keys[firm], item_id=market.keys[f"{firm}-casting"],
            partner_id=market.keys["acme"], number="casting", claimed_by=market.keys["acme"], confirmed_at=confirmed,
        )  # fmt: skip
    found = await asked(market)
    assert (found["itemCount"], found["singleSourceCount"], found["hhi"]) == (1, 0, "0.52")
    names = sorted(market.ids[f"{firm}-casting"] for firm in ("acme", "bolt", "cargo"))
    assert found["items"][0]["items"] == names
    assert (await asked(market, items=[market.ids["bolt-casting"]]))["amount"] == "25"
    await market.superuser.execute("update item_alias set claimed_by = owner_id where confirmed_at is null")
    assert (await asked(market))["itemCount"] == 2  # cargo's claim alone joins nothing


async def test_nobody_elses_purchases_count(market: Firms) -> None:
    """bolt sees its sales to acme, and dyna by rule all that acme buys; neither bought any of it."""
    await market.grant("acme", "dyna", "ORDER", "parties", "price")
    await buy(market, "bolt", "60")
    for firm in ("bolt", "dyna", "cargo"):
        found = await asked(market, firm)
        assert (found["amount"], found["hhi"], found["items"], found["suppliers"]) == ("0", None, [], [])
        assert found["lacking"] == "no source supplies anything"
        assert (found["singleSourceShare"], found["singleSourceItemShare"], found["uncounted"]) == (None, None, [])


@pytest.mark.parametrize(
    ("given", "reason", "path"),
    [
        ({"end": day(-1)}, "BAD_VALUE", "end"),
        ({"unit": "C62", "currency": "EUR"}, "BAD_VALUE", "currency"),
        ({"currency": None}, "BAD_VALUE", "currency"),
        ({"unit": "ZZZ"}, "BAD_VALUE", "unit"),
        ({"items": ["itm_x"] * 251}, "TOO_MANY", "items"),
    ],
)
async def test_bad_questions_are_refused(firms: Firms, given: dict[str, Any], reason: str, path: str) -> None:
    asked_for = {"start": day(0), "end": day(30)} | ({} if "unit" in given else {"currency": "EUR"}) | given
    [error] = (await firms.ask("acme", QUESTION, **asked_for))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["reason"]) == ("BAD_USER_INPUT", reason)
    assert error["extensions"]["inputPath"] == [path]
