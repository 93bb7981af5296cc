"""Short ways to fill a channel by real commands, and to ask for it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..forecasts.firms import NOW, Firms

TODAY = NOW.date()
FIGURES = (
    "demand", "commit", "ordered", "promised", "inTransit", "production", "projectedStock", "shortage", "excess"
)  # fmt: skip
FIGURE = "{ value low high reason statedAt statedBy evidence }"
CHANNEL = (
    "query($item: ID!, $sites: [ID!], $start: Date!, $end: Date!, $bucket: ChannelPeriod!, $asOf: DateTime) {"
    " channel(item: $item, sites: $sites, start: $start, end: $end, bucket: $bucket, asOf: $asOf) {"
    " item number unit items complete uncounted { record reason } definitions { figure text }"
    " partnersInView { partner code beyond }"
    f" claims {{ fact site first {FIGURE} second {FIGURE} gap }}"
    f" sites {{ site code partner complete openingStock {FIGURE} buckets {{ startsOn"
    f" {' '.join(f'{name} {FIGURE}' for name in FIGURES)}"
    " daysOfSupply { days low high atLeast reason } } } } }"
)


def day(number: int) -> str:
    """The day so many days after today."""
    return str(TODAY + timedelta(days=number))


async def ask(firms: Firms, firm: str, *sites: str, days: int = 6, bucket: str = "DAY", **given: Any) -> Any:
    """The channel of acme's casting, as ``firm`` sees it; at the named sites, or at all in view."""
    asked = {
        "item": firms.ids["acme-casting"], "sites": [firms.ids[site] for site in sites] or None, "start": day(0),
        "end": day(days - 1), "bucket": bucket, **given,
    }  # fmt: skip
    return (await firms.read(firm, CHANNEL, **asked))["channel"]


def values(site: Any, name: str) -> list[str | None]:
    return [each[name]["value"] for each in site["buckets"]]


def supply(site: Any) -> list[str | None]:
    return [each["daysOfSupply"]["days"] for each in site["buckets"]]


def points(*quantities: str | None, first: date = TODAY, step: int = 1) -> list[dict[str, str]]:
    return [
        {"startsOn": str(first + timedelta(days=step * place)), "quantity": each}
        for place, each in enumerate(quantities) if each is not None
    ]  # fmt: skip


async def done(firms: Firms, firm: str, command: str, show: str, **given: Any) -> Any:
    payload = await firms.run(firm, command, show, **given)
    assert payload["userErrors"] == [], payload
    return payload[show.split(" ", 1)[0]]


async def need(firms: Firms, *quantities: str | None, **more: Any) -> Any:
    """acme's daily demand of its casting at its plant, for bolt."""
    given = {
        "counterparty": firms.ids["bolt"], "item": firms.ids["acme-casting"], "site": firms.ids["acme-plant"],
        "bucket": "DAY", "unit": "C62", "points": points(*quantities),
    } | more  # fmt: skip
    return await done(firms, "acme", "forecastPublish", "forecast { id versionNo points { nodes { id } } }", **given)


async def commit(firms: Firms, forecast: Any, *quantities: str | None) -> Any:
    answers = [{**each, "response": None} for each in points(*quantities)]
    return await done(
        firms, "bolt", "commitPublish", "commit { id points { nodes { id } } }", forecast=forecast["id"],
        forecastVersion=forecast["versionNo"], points=answers,
    )  # fmt: skip


async def stock(firms: Firms, firm: str, available: str, **more: Any) -> Any:
    """acme's castings at its plant."""
    given = {
        "owner": firms.ids["acme"], "holder": firms.ids["acme"], "site": firms.ids["acme-plant"],
        "item": firms.ids["acme-casting"], "unit": "C62", "available": available,
    } | more  # fmt: skip
    return await done(firms, firm, "inventorySet", "inventoryPosition { id version }", **given)


ORDER = "order { id version lines { nodes { id schedule { nodes { id version } } } } }"


async def order(firms: Firms, quantity: str, on: str, number: str = "PO-1", confirmed: bool = True) -> Any:
    """acme orders castings from bolt, for its plant."""
    line = {"item": firms.ids["acme-casting"], "quantity": {"value": quantity, "unit": "C62"}, "requestedOn": on}
    placed = await done(
        firms, "acme", "orderPlace", ORDER, seller=firms.ids["bolt"], shipTo=firms.ids["acme-plant"],
        buyerNumber=number, currency="EUR", lines=[line],
    )  # fmt: skip
    if confirmed:
        given = {"order": placed["id"], "expectedVersion": placed["version"]}
        placed = await done(firms, "bolt", "orderConfirm", ORDER, **given)
    return placed


SHIPMENT = "shipment { id version lines { nodes { id } } }"


async def ship(firms: Firms, placed: Any, quantity: str, arrival: str, number: str = "LS-1") -> Any:
    """bolt plans a shipment of the order's only line."""
    wish = placed["lines"]["nodes"][0]["schedule"]["nodes"][0]["id"]
    return await done(
        firms, "bolt", "shipmentPlan", SHIPMENT, number=number, plannedDeparture=f"{day(0)}T13:00:00Z",
        plannedArrival=f"{arrival}T12:00:00Z",
        lines=[{"scheduleLine": wish, "quantity": {"value": quantity, "unit": "C62"}}],
    )  # fmt: skip


async def report(firms: Firms, firm: str, shipment: Any, milestone: str) -> Any:
    return await done(
        firms, firm, "shipmentReport", SHIPMENT, shipment=shipment["id"], expectedVersion=shipment["version"],
        milestone=milestone, certainty="ACTUAL", at=firms.clock.now.isoformat(),
    )  # fmt: skip


async def receive(firms: Firms, shipment: Any, good: str, damaged: str = "0") -> Any:
    line = {"line": shipment["lines"]["nodes"][0]["id"], "good": good, "damaged": damaged}
    return await done(
        firms, "acme", "shipmentReceive", SHIPMENT, shipment=shipment["id"], expectedVersion=shipment["version"],
        lines=[line],
    )  # fmt: skip


async def sent(firms: Firms, placed: Any, quantity: str, arrival: str) -> Any:
    """bolt plans a shipment of the order's only line; two hours later it leaves."""
    shipment = await ship(firms, placed, quantity, arrival)
    firms.clock.pass_by(hours=2)
    return await report(firms, "bolt", shipment, "DEPARTURE")


async def a_plan(firms: Firms, *, confirmed: bool = True) -> tuple[Any, Any]:
    """acme has 50, needs 10 a day, and orders 100 for the day after tomorrow; the position, and the order."""
    position = await stock(firms, "acme", "50")
    await need(firms, *["10"] * 6)
    return position, await order(firms, "100", day(2), confirmed=confirmed)


EXAMPLE = ("40", "60", "50", "50", "60", "50")
INBOUND = ("0", "60", "100", "0", "0", "40")


async def the_example(firms: Firms, available: str = "100") -> dict[str, Any]:
    """The worked example of CX-0157 as records: stock, demand and commits by day."""
    forecast = await need(firms, *EXAMPLE)
    return {
        "stock": await stock(firms, "acme", available), "forecast": forecast,
        "commit": await commit(firms, forecast, *INBOUND),
    }  # fmt: skip
