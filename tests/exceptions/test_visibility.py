"""A breach is there for who sees all it was found in, exactly; for anybody else it is not, on no path."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.graph.deliver.start import follow_log

from .watched import Watched

_PATHS = """query($id: ID!, $case: ID!, $item: ID!) {
  breach(by: {id: $id}) { id } case(by: {id: $case}) { id } nodes(ids: [$id, $case]) { id }
  breaches { totalCount nodes { id criterion affected { code } other { code } clause cases { totalCount } item { number } } }
  late: breaches(where: {criterion: {eq: LATE_ORDER}}) { totalCount }
  mine: breaches(where: {affected: {isNull: false}}) { totalCount }
  cases { totalCount } item(by: {id: $item}) { breaches { totalCount } }
}"""


async def paths(watched: Watched, firm: str, breach: dict[str, Any]) -> dict[str, Any]:
    ids = {"id": breach["id"], "case": breach["cases"]["nodes"][0]["id"], "item": watched.firms.ids["acme-casting"]}
    return await watched.firms.read(firm, _PATHS, **ids)


async def seen(watched: Watched, firm: str, breach: dict[str, Any]) -> bool:
    """Whether a firm sees it; each path must say the same."""
    found = await paths(watched, firm, breach)
    ways = {
        found["breach"] is not None, found["nodes"][0] is not None, found["breaches"]["totalCount"] == 1,
        breach["id"] in [each["id"] for each in found["breaches"]["nodes"]],
    }  # fmt: skip
    assert len(ways) == 1, found
    return ways.pop()


async def late(watched: Watched) -> dict[str, Any]:
    await watched.ordered("100", "2026-03-10")
    watched.firms.clock.pass_by(days=8)
    await watched.look()
    return await watched.breach("acme", "LATE_ORDER")


async def test_strangers_answers_are_those_of_a_hub_where_nothing_was_found(watched: Watched) -> None:
    nowhere = {"id": "brc_00000000-0000-7000-8000-000000000000", "cases": {"nodes": [{"id": "cas_x"}]}}
    blank = {firm: await paths(watched, firm, nowhere) for firm in ("cargo", "dyna")}
    breach = await late(watched)
    for firm, before in blank.items():
        assert await paths(watched, firm, breach) == before
    for firm in ("acme", "bolt"):
        assert await seen(watched, firm, breach)


@pytest.mark.parametrize(
    ("grants", "sees"),
    [
        ([("promises", "fulfilment")], True), ([("promises",), ("fulfilment",)], True), ([("promises",)], False),
        ([("fulfilment", "price", "numbers", "parties")], False), ([()], False),
    ],
)  # fmt: skip
async def test_rules_open_it_only_with_every_value_compared(
    watched: Watched, grants: list[tuple[str, ...]], sees: bool
) -> None:
    for groups in grants:
        await watched.firms.grant("acme", "dyna", "ORDER", *groups, days_back=30, days_ahead=30)
    await watched.firms.grant("acme", "dyna", "ITEM")
    breach = await late(watched)
    assert await seen(watched, "dyna", breach) is sees
    found = await paths(watched, "dyna", breach)
    assert found["case"] is None and found["cases"]["totalCount"] == 0  # what the two say to each other is theirs
    if sees:
        [shown] = found["breaches"]["nodes"]
        assert (shown["affected"], shown["other"], shown["clause"], shown["cases"]["totalCount"]) == (None, None, None, 0)
        assert (found["late"]["totalCount"], found["mine"]["totalCount"]) == (1, 0)
        assert found["item"]["breaches"]["totalCount"] == 1


async def test_a_window_that_ends_before_the_row_opens_nothing(watched: Watched) -> None:
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=1, days_ahead=30)
    breach = await late(watched)  # asked for the 10th, and now it is the 12th
    assert not await seen(watched, "dyna", breach)
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=2, days_ahead=30)
    assert await seen(watched, "dyna", breach)


async def test_one_hidden_row_hides_it(watched: Watched) -> None:
    """A breach found in an order line and a shipment line: opening the order alone opens nothing."""
    order = await watched.ordered("100", "2026-03-20")
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=30, days_ahead=30)
    await watched.shipped(order, "100", "2026-03-05T08:00:00Z", "2026-03-14T08:00:00Z")
    await watched.look()
    breach = await watched.breach("acme", "EARLY_ORDER")
    assert not await seen(watched, "dyna", breach)
    await watched.firms.relationship("acme", "dyna", "ACTIVE")
    await watched.firms.grant("bolt", "dyna", "SHIPMENT", days_back=30, days_ahead=30)
    assert await seen(watched, "dyna", breach)


async def test_ones_own_stock_is_ones_own_until_stock_and_target_are_opened(watched: Watched) -> None:
    position = await watched.stock("300")
    await watched.targets(position, target="400")
    await watched.look()
    breach = await watched.breach("acme", "BELOW_TARGET")
    for groups, sees in (((), False), (("stock",), False), (("targets",), True)):
        await watched.firms.grant("acme", "bolt", "INVENTORY", *groups, item="acme-casting", days_back=30, days_ahead=30)
        assert await seen(watched, "bolt", breach) is sees
    assert not await seen(watched, "cargo", breach)


async def test_counts_that_no_rule_opens_stay_between_the_two(watched: Watched) -> None:
    order = await watched.ordered("200", "2026-03-10")
    shipment = await watched.shipped(order, "200", "2026-03-05T08:00:00Z", "2026-03-10T08:00:00Z")
    await watched.received(shipment, "100")
    groups = ("numbers", "parties", "times", "costs")
    await watched.firms.grant("bolt", "dyna", "SHIPMENT", *groups, days_back=90, days_ahead=90)
    await watched.look()
    assert not await seen(watched, "dyna", await watched.breach("acme", "RECEIPT_VARIANCE"))


async def test_the_feed_tells_those_who_see_it_and_nobody_else(
    watched: Watched, admin_of: Address, secret: HubSecret
) -> None:
    hub = watched.firms.hub
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=30, days_ahead=30)
    async with follow_log(admin_of, secret, hub, by_itself=False) as feed:
        hub.engine.pull = feed.pull
        breach = await late(watched)
        await watched.pump.drain()
        await feed.tail.read()
        text = "{ changes(first: 250, where: {kinds: [BREACH, CASE]}) { nodes { ... on Changed { kind action recordId } } } }"
        told = {}
        for firm in ("acme", "bolt", "cargo", "dyna"):
            nodes = (await watched.firms.read(firm, text))["changes"]["nodes"]
            told[firm] = [(each["kind"], each["action"]) for each in nodes]
    assert told == {
        "acme": [("BREACH", "FOUND"), ("CASE", "OPENED")], "bolt": [("BREACH", "FOUND"), ("CASE", "OPENED")], "cargo": [],
        "dyna": [("BREACH", "FOUND")],
    }  # fmt: skip
    assert breach["criterion"] == "LATE_ORDER"


async def test_who_reads_it_under_rules_that_ask_leaves_a_receipt(watched: Watched) -> None:
    """dyna sees it by acme's rules alone, bolt as a side of it: acme is told of dyna, once, and not of the case."""
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=30, days_ahead=30)
    await watched.firms.superuser.execute("update scope set receipts = 'STRICT'")
    breach = await late(watched)
    for firm in ("acme", "bolt", "cargo", "dyna"):
        await paths(watched, firm, breach)
    text = "select p.code, o.code as owner, a.kind, a.records from access_log a join partner p on p.id = a.reader_id join partner o on o.id = a.owner_id"
    told = [tuple(row) for row in await watched.firms.superuser.fetch(text)]
    assert told == [("DYNA", "ACME", "Breach", 1)]
