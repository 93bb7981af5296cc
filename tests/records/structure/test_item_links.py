"""Bills of materials and their kin: no circles, no endless chains, and nobody sees them uninvited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from scmhub.errors import Refusal
from scmhub.records.structure import rules

from ..forecasts.firms import Firms
from ..risks.acts import do, refused

LINK = "itemLink { id version kind parent { number } item { number } quantity { value unit } validFrom validUntil }"
TREE = "{ items { nodes { number components { nodes { item { number } quantity { value } withheld } } } } }"


def link(firms: Firms, parent: str, item: str, **more: Any) -> dict[str, Any]:
    given = {"kind": "COMPONENT", "quantity": {"value": "4", "unit": "C62"}}
    return {"parent": firms.ids[parent], "item": firms.ids[item], **given, **more}


def oil(firms: Firms, **more: Any) -> dict[str, Any]:
    return link(firms, "acme-casting", "acme-oil", quantity={"value": "0.5", "unit": "LTR"}, **more)


async def test_a_link_is_added_and_ended_once(firms: Firms) -> None:
    made = await do(firms, "acme", "itemLinkAdd", LINK, **oil(firms))
    assert made["quantity"] == {"value": "0.5", "unit": "LTR"}
    assert (made["validFrom"], made["validUntil"], made["version"]) == ("2026-03-04", None, 1)
    end = {"itemLink": made["id"], "expectedVersion": 1}
    assert (await refused(firms, "acme", "itemLinkEnd", **end))[:2] == ("OUT_OF_RANGE", "input.validUntil")
    done = await do(firms, "acme", "itemLinkEnd", LINK, **end, validUntil="2026-06-01")
    assert (done["validUntil"], done["version"]) == ("2026-06-01", 2)
    again = await refused(firms, "acme", "itemLinkEnd", itemLink=made["id"], expectedVersion=2)
    assert again[0] == "ILLEGAL_TRANSITION"
    assert again[2].endswith("Allowed steps: none.")
    assert await firms.changes() == [
        ("ITEM_LINK", "ADDED", ("parent", "item", "kind", "quantity", "validFrom", "validUntil")),
        ("ITEM_LINK", "ENDED", ("validUntil", "version")),
    ]


async def test_an_item_never_contains_itself(firms: Firms) -> None:
    await do(firms, "acme", "itemLinkAdd", LINK, **oil(firms))
    for parent, item in (("acme-oil", "acme-casting"), ("acme-oil", "acme-oil")):
        quantity = {"value": "1", "unit": "C62" if item == "acme-casting" else "LTR"}
        found = await refused(firms, "acme", "itemLinkAdd", **link(firms, parent, item, quantity=quantity))
        assert found[:2] == ("INVALID", "input.item")
    other_sort = link(firms, "acme-oil", "acme-casting", kind="SUBSTITUTE", quantity=None)
    await do(firms, "acme", "itemLinkAdd", LINK, **other_sort)


async def test_structure_is_the_owners_until_a_rule_opens_it(firms: Firms) -> None:
    blank = await firms.read("bolt", TREE)
    made = await do(firms, "acme", "itemLinkAdd", LINK, **oil(firms))
    assert await firms.read("bolt", TREE) == blank
    end = {"itemLink": made["id"], "expectedVersion": 1}
    assert (await refused(firms, "bolt", "itemLinkEnd", **end))[:2] == ("NOT_FOUND", "input.itemLink")
    await firms.grant("acme", "bolt", "STRUCTURE", "other", item="acme-casting")
    seen = (await firms.read("bolt", "{ itemLinks { nodes { item { number } quantity { value } withheld } } }"))[
        "itemLinks"
    ]
    assert seen == {"nodes": [{"item": {"number": "oil"}, "quantity": None, "withheld": ["quantity"]}]}
    assert (await refused(firms, "bolt", "itemLinkEnd", **end))[0] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"quantity": None}, "REQUIRED", "quantity"),
        ({"quantity": {"value": "0", "unit": "LTR"}}, "OUT_OF_RANGE", "quantity.value"),
        ({"quantity": {"value": "1", "unit": "C62"}}, "UNIT_MISMATCH", "quantity.unit"),
        ({"validFrom": "2026-04-01", "validUntil": "2026-04-01"}, "OUT_OF_RANGE", "validUntil"),
        ({"parent": "itm_x"}, "NOT_FOUND", "parent"),
    ],
)  # fmt: skip
async def test_what_cannot_be_linked(firms: Firms, more: dict[str, Any], code: str, path: str) -> None:
    assert (await refused(firms, "acme", "itemLinkAdd", **oil(firms) | more))[:2] == (code, f"input.{path}")


async def test_both_ends_are_the_owners_so_that_no_rule_shows_anothers_item(firms: Firms) -> None:
    given = link(firms, "acme-casting", "bolt-casting")
    assert (await refused(firms, "acme", "itemLinkAdd", **given))[:2] == ("NOT_FOUND", "input.item")
    await firms.grant("bolt", "acme", "ITEM", "lifecycle")
    assert (await refused(firms, "acme", "itemLinkAdd", **given))[:2] == ("FORBIDDEN", "input.item")
    found = await refused(firms, "acme", "itemLinkAdd", **link(firms, "bolt-casting", "acme-casting"))
    assert found[:2] == ("FORBIDDEN", "input.parent")


def test_twenty_levels_and_not_one_more() -> None:
    items = [UUID(int=number) for number in range(1, 23)]
    chain = {items[number]: [items[number + 1]] for number in range(19)}
    rules.check_fits(chain, items[19], items[20])
    chain[items[19]] = [items[20]]
    for parent, item in ((items[20], items[21]), (items[21], items[0])):
        with pytest.raises(Refusal) as caught:
            rules.check_fits(chain, parent, item)
        assert caught.value.refusal_code == "OUT_OF_RANGE"
