"""The channel as it stood at an instant: what was answered then is answered again, and what cannot be told is said."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import Firms
from .asking import (
    CHANNEL,
    FIGURES,
    ORDER,
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
    values,
)


def told(channel: Any) -> Any:
    """Every number of every site; the id of a statement of that time stands for that of its position."""
    return [
        (
            site["code"], site["openingStock"]["value"], [each["daysOfSupply"] for each in site["buckets"]],
            {name: [(each[name]["value"], each[name]["low"], each[name]["reason"]) for each in site["buckets"]] for name in FIGURES},
        )
        for site in channel["sites"]
    ]  # fmt: skip


async def wish(firms: Firms, firm: str, placed: Any, act: str, **more: Any) -> None:
    read = f"query($id: ID!) {{ {ORDER.replace('order', 'order(by: {id: $id})', 1)} }}"
    found = (await firms.read("acme", read, id=placed["id"]))["order"]["lines"]["nodes"][0]["schedule"]["nodes"][0]
    await done(firms, firm, act, "order { id }", scheduleLine=found["id"], expectedVersion=found["version"], **more)


async def test_what_was_answered_then_is_answered_again(firms: Firms) -> None:
    """A week of plans, promises, a counter-proposal, a late shipment and a recount, asked for again step by step."""
    then: list[tuple[str, list[Any]]] = []

    async def look() -> None:
        seen = [told(await ask(firms, firm, "acme-plant")) for firm in ("acme", "bolt")]
        then.append((firms.clock.now.isoformat(), seen))
        firms.clock.pass_by(minutes=7)

    await stock(firms, "acme", "50")
    forecast = await need(firms, *["10"] * 6)
    await look()
    await commit(firms, forecast, "5", "0", "0", "0", "0", "0")
    await need(firms, "10", "30", None, "8", points=points("10", "30", "8"))
    await look()
    placed = await order(firms, "100", day(2), confirmed=False)
    await look()
    await wish(firms, "bolt", placed, "scheduleLinePropose", slices=[{"quantity": "90", "dueOn": day(3)}])
    await look()
    await wish(firms, "acme", placed, "scheduleLineAccept")
    await look()
    shipment = await ship(firms, placed, "60", day(3))
    await wish(firms, "acme", placed, "scheduleLinePropose", slices=[{"quantity": "95", "dueOn": day(4)}])
    await look()
    await wish(firms, "bolt", placed, "scheduleLineDeclineChange")
    shipment = await report(firms, "bolt", shipment, "DEPARTURE")
    await look()
    shipment = await report(firms, "acme", shipment, "ARRIVAL")
    await stock(firms, "acme", "44", asOf=firms.clock.now.isoformat())
    await look()
    await receive(firms, shipment, "55", "5")
    await look()
    await receive(firms, {**shipment, "version": shipment["version"] + 1}, "50", "5")
    await look()
    firms.clock.pass_by(days=3)
    await stock(firms, "acme", "1")
    assert len({str(seen) for _, seen in then}) == len(then) - 2  # what is only proposed moves no figure
    for instant, seen in then:
        for firm, was in zip(("acme", "bolt"), seen, strict=True):
            again = await ask(firms, firm, "acme-plant", asOf=instant, start=day(0), end=day(5))
            assert (instant, told(again), again["uncounted"]) == (instant, was, [])
    [plant] = (await ask(firms, "acme", "acme-plant", asOf=then[0][0], start=day(0), end=day(5)))["sites"]
    [statement] = plant["openingStock"]["evidence"]
    text = "query($i: ID!) { node(id: $i) { ... on InventoryStatement { available { value } } } }"
    assert (await firms.read("acme", text, i=statement))["node"] == {"available": {"value": "50"}}


async def test_before_anything_was_said_nothing_is_known(firms: Firms) -> None:
    before = firms.clock.now.isoformat()
    firms.clock.pass_by(hours=1)
    await a_plan(firms)
    [plant] = (await ask(firms, "acme", "acme-plant", asOf=before))["sites"]
    assert plant["openingStock"]["reason"] == "NOT_AVAILABLE"
    for name in FIGURES:
        assert values(plant, name) == [None] * 6


async def test_what_cannot_be_told_for_the_instant_is_said(firms: Firms) -> None:
    position, placed = await a_plan(firms)
    instant = firms.clock.pass_by(hours=1).isoformat()
    firms.clock.pass_by(hours=1)
    await done(
        firms, "acme", "inventoryTargetsSet", "inventoryPosition { id }", position=position["id"],
        expectedVersion=position["version"], minimum="45",
    )  # fmt: skip
    await firms.grant("acme", "dyna", "ORDER", "parties", "fulfilment")
    [plant] = (await ask(firms, "acme", "acme-plant"))["sites"]
    assert values(plant, "shortage")[:2] == ["5", "15"]
    [plant] = (await ask(firms, "acme", "acme-plant", asOf=instant))["sites"]
    assert values(plant, "shortage") == [None] * 6  # there may have been another minimum
    assert plant["complete"]
    line = placed["lines"]["nodes"][0]["id"]
    now, then = await ask(firms, "dyna", "acme-plant"), await ask(firms, "dyna", "acme-plant", asOf=instant)
    assert (values(now["sites"][0], "ordered")[2], now["uncounted"]) == ("100", [])
    assert (then["sites"], then["uncounted"]) == ([], [{"record": line, "reason": "NOT_KNOWN_THEN"}])
    assert await ask(firms, "cargo", "acme-plant", asOf=instant) is None


async def test_an_order_that_was_agreed_later_was_open_before(firms: Firms) -> None:
    """Asked for, and not answered yet, at the instant; long received and closed today."""
    _, placed = await a_plan(firms, confirmed=False)
    asked_at = firms.clock.pass_by(hours=1).isoformat()
    firms.clock.pass_by(hours=1)
    given = {"order": placed["id"], "expectedVersion": placed["version"]}
    placed = await done(firms, "bolt", "orderConfirm", ORDER, **given)
    shipment = await report(firms, "acme", await sent(firms, placed, "100", day(3)), "ARRIVAL")
    await receive(firms, shipment, "100")
    then = await ask(firms, "acme", "acme-plant", asOf=asked_at)
    assert (values(then["sites"][0], "ordered")[2], then["uncounted"]) == ("100", [])


async def test_an_instant_ahead_is_refused_and_todays_rules_decide(firms: Firms) -> None:
    await stock(firms, "acme", "50")
    instant = firms.clock.pass_by(hours=1).isoformat()
    firms.clock.pass_by(hours=1)
    await firms.grant("acme", "bolt", "INVENTORY", "stock")
    [plant] = (await ask(firms, "bolt", "acme-plant", asOf=instant))["sites"]
    assert plant["openingStock"]["value"] == "50"
    asked = {"item": firms.ids["acme-casting"], "start": day(0), "end": day(1), "bucket": "DAY"}
    [error] = (await firms.ask("acme", CHANNEL, **asked, asOf="2031-01-01T00:00:00Z"))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["inputPath"]) == ("BAD_USER_INPUT", ["asOf"])
