"""supplyWalk: item, component, supplier, its supplier, as far as rules allow; and where it stops."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ..channel.asking import need, order, points
from ..forecasts.firms import Firms
from ..risks.acts import do
from .test_item_links import LINK, link

LAST = 1
"""Key of what comes last in a list, which has the youngest first."""
WALK = """query($item: ID!, $levels: Int! = 5, $on: Date) { supplyWalk(item: $item, levels: $levels, on: $on) { complete items {
  number level end supplies { supplierCode recipient evidence } links { kind item quantity { value unit } } } } }"""


async def walk(firms: Firms, firm: str, item: str, **more: Any) -> Any:
    return (await firms.read(firm, WALK, item=firms.ids[item], **more))["supplyWalk"]


async def car(firms: Firms) -> None:
    """dyna buys bodies of acme; a body needs four castings, or one oil in their stead; castings come from bolt."""
    await firms._add(
        "acme-body", "itm", "item", owner_id=firms.keys["acme"], number="body", description="Body", unit="C62",
        lifecycle="SERIES",
    )  # fmt: skip
    await do(firms, "acme", "itemLinkAdd", LINK, **link(firms, "acme-body", "acme-casting"))
    substitute = link(firms, "acme-casting", "acme-oil", kind="SUBSTITUTE", quantity=None, validFrom="2026-04-01")
    await do(firms, "acme", "itemLinkAdd", LINK, **substitute)
    await order(firms, "9", "2026-03-20")


async def test_a_walk_goes_down_to_the_suppliers_and_says_where_it_stops(firms: Firms) -> None:
    await car(firms)
    found = await walk(firms, "acme", "acme-body")
    assert found["complete"]
    body, casting = found["items"]
    assert (body["number"], body["level"], body["end"], body["supplies"]) == ("body", 0, None, [])
    assert body["links"] == [
        {"kind": "COMPONENT", "item": firms.ids["acme-casting"], "quantity": {"value": "4", "unit": "C62"}}
    ]
    assert (casting["number"], casting["level"], casting["end"]) == ("casting", 1, "UNKNOWN_BEYOND")
    [supply] = casting["supplies"]
    assert (supply["supplierCode"], supply["recipient"]) == ("BOLT", firms.ids["acme"])
    [line] = supply["evidence"]
    assert (await firms.read("acme", "query($i: ID!) {node(id: $i) {__typename}}", i=line))["node"] == {
        "__typename": "OrderLine"
    }
    later = await walk(firms, "acme", "acme-body", on="2026-04-01")
    assert [each["links"] and each["links"][0]["kind"] for each in later["items"]] == ["COMPONENT", "SUBSTITUTE", []]
    short = await walk(firms, "acme", "acme-body", on="2026-04-01", levels=1)
    assert [each["end"] for each in short["items"]] == [None, "BOUND"]


async def test_an_item_left_out_of_a_full_page_is_a_bound_and_no_end(firms: Firms) -> None:
    """The body needs castings and lamps; 250 links of the casting fill the page, and the one of the lamp is not in it."""
    for name in ("body", "lamp", "glass"):
        await firms._add(
            f"acme-{name}", "itm", "item", owner_id=firms.keys["acme"], number=name, description=name, unit="C62",
            lifecycle="SERIES",
        )  # fmt: skip
    for parent, item in (("body", "casting"), ("body", "lamp"), ("lamp", "glass")):
        await do(firms, "acme", "itemLinkAdd", LINK, **link(firms, f"acme-{parent}", f"acme-{item}"))
    [glass] = [each for each in (await walk(firms, "acme", "acme-body"))["items"] if each["level"] == 2]
    assert (glass["number"], glass["end"]) == ("glass", "UNKNOWN_BEYOND")
    await firms.superuser.execute(
        "insert into item_link (id, owner_id, parent_id, item_id, kind, quantity, unit, valid_from, version, created_at)"
        " select gen_random_uuid(), $1, $2, $3, 'COMPONENT', 1, 'C62', '2026-01-01', 1, now() from generate_series(1, 260)",
        *(firms.keys[name] for name in ("acme", "acme-casting", "acme-oil")),
    )  # fmt: skip
    await firms.superuser.execute("update item_link set id = $2 where item_id = $1", firms.keys["acme-glass"], UUID(int=LAST))
    found = await walk(firms, "acme", "acme-body")
    ends = {each["number"]: each["end"] for each in found["items"]}
    assert (found["complete"], ends) == (False, {"body": None, "casting": None, "lamp": "BOUND", "oil": "UNKNOWN_BEYOND"})


async def test_a_walk_goes_as_far_as_rules_let_it(firms: Firms) -> None:
    await car(firms)
    assert await walk(firms, "dyna", "acme-body") is None
    await firms.grant("acme", "dyna", "ITEM", "lifecycle")
    [body] = (await walk(firms, "dyna", "acme-body"))["items"]
    assert (body["end"], body["links"]) == ("UNKNOWN_BEYOND", [])
    await firms.grant("acme", "dyna", "STRUCTURE", "quantity", item="acme-body")
    body, casting = (await walk(firms, "dyna", "acme-body"))["items"]
    assert (casting["number"], casting["supplies"], casting["end"]) == ("casting", [], "UNKNOWN_BEYOND")
    await firms.grant("acme", "dyna", "ORDER", "promises")
    assert (await walk(firms, "dyna", "acme-body"))["items"][1]["supplies"] == []  # who delivers is withheld
    await firms.grant("acme", "dyna", "ORDER", "parties")
    assert [s["supplierCode"] for s in (await walk(firms, "dyna", "acme-body"))["items"][1]["supplies"]] == ["BOLT"]


async def test_commits_name_suppliers_too_and_bounds_are_refused(firms: Firms) -> None:
    forecast = await need(firms, "5")
    await do(
        firms, "bolt", "commitPublish", "commit { id }", forecast=forecast["id"], forecastVersion=1, points=points("5")
    )
    [casting] = (await walk(firms, "acme", "acme-casting"))["items"]
    assert [each["supplierCode"] for each in casting["supplies"]] == ["BOLT"]
    for levels in (-1, 21):
        [error] = (await firms.ask("acme", WALK, item=firms.ids["acme-casting"], levels=levels))["errors"]
        assert error["extensions"]["inputPath"] == ["levels"]
