"""Whether stock that left acme was saved or moved to bolt, as far as each may see the other's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from ..forecasts.firms import NOW, Firms
from .asking import stock

QUESTION = """query($relationship: ID!, $item: ID!, $start: DateTime!, $end: DateTime!) {
  stockShift(relationship: $relationship, item: $item, start: $start, end: $end) {
    items unit reduced saved moved lacking definitions savedRange { low high } movedRange { low high }
    own { ...side } partner { ...side }
  }
}
fragment side on StockChange {
  partner before after change unknown evidence beforeRange { low high } afterRange { low high } changeRange { low high }
}"""
BEFORE, AFTER = NOW - timedelta(days=30), NOW - timedelta(days=1)


@pytest.fixture
async def firms(firms: Firms) -> Firms:
    """What bolt makes is what acme calls its casting, both say; each may find the other's item and plant."""
    await firms._add(
        "alias", "als", "item_alias", owner_id=firms.keys["bolt"], item_id=firms.keys["bolt-casting"],
        partner_id=firms.keys["acme"], number="casting", claimed_by=firms.keys["acme"], confirmed_at=NOW,
    )  # fmt: skip
    for owner, grantee in (("acme", "bolt"), ("bolt", "acme")):
        await firms.grant(owner, grantee, "ITEM", "lifecycle")
        await firms.grant(owner, grantee, "SITE", "address")
    return firms


async def had(firms: Firms, by: str, *stated: tuple[Any, str], **more: Any) -> str:
    """What a firm stated of its castings at its plant; the id of the position."""
    place = {"owner": firms.ids[by], "holder": firms.ids[by], "site": firms.ids[f"{by}-plant"]}
    place |= {"item": firms.ids[f"{by}-casting"]} | more
    version: dict[str, Any] = {}
    for at, available in stated:
        found = await stock(firms, by, available, asOf=at.isoformat(), **place, **version)
        version = {"expectedVersion": found["version"]}
    return str(found["id"])


async def asked(firms: Firms, firm: str = "acme", **given: Any) -> Any:
    given = {
        "relationship": firms.ids["bolt-acme"], "item": firms.ids["acme-casting"], "start": BEFORE.isoformat(),
        "end": AFTER.isoformat(),
    } | given  # fmt: skip
    return (await firms.read(firm, QUESTION, **given))["stockShift"]


def split(found: Any) -> tuple[Any, ...]:
    return found["reduced"], found["saved"], found["moved"], found["lacking"]


@pytest.mark.parametrize(
    ("partner", "saved", "moved"), [("240", "0", "40"), ("230", "10", "30"), ("200", "40", "0"), ("150", "40", "0")]
)
async def test_the_worked_examples(firms: Firms, partner: str, saved: str, moved: str) -> None:
    """Mine from 100 to 60, both sides' 300 before and after: nothing saved. 300 to 290: 10 saved, 30 moved."""
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"), (NOW, "1"))
    await had(firms, "bolt", (BEFORE, "200"), (AFTER, partner))
    await firms.grant("bolt", "acme", "INVENTORY", "stock")
    found = await asked(firms)
    assert split(found) == ("40", saved, moved, None)
    assert (found["own"]["before"], found["own"]["after"], found["own"]["change"]) == ("100", "60", "-40")
    assert (found["partner"]["before"], found["partner"]["after"]) == ("200", partner)
    assert (found["items"], found["unit"], found["own"]["unknown"]) == (
        [firms.ids["acme-casting"], firms.ids["bolt-casting"]], "C62", []
    )  # fmt: skip
    assert any("not saved" in each for each in found["definitions"])
    for side in ("own", "partner"):
        keys = found[side]["evidence"]
        seen = (await firms.read("acme", "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=keys))["nodes"]
        assert [each["id"] for each in seen] == keys and len(keys) == 2


async def test_no_rule_no_split_and_unknown_is_not_zero(firms: Firms) -> None:
    lacking = "the chain's stock is not known before and after"
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    blind = await asked(firms)
    assert split(blind) == (None, None, None, lacking)
    position = await had(firms, "bolt", (AFTER, "40"))  # nothing stated before
    assert await asked(firms) == blind  # without a rule, its being there is not told
    await firms.grant("bolt", "acme", "INVENTORY", "stock")
    found = await asked(firms)
    assert split(found) == (None, None, None, lacking)
    assert (found["partner"]["before"], found["partner"]["after"], found["partner"]["change"]) == (None, "40", None)
    assert found["partner"]["unknown"] == [position]
    theirs = await asked(firms, "bolt", item=firms.ids["bolt-casting"])
    assert split(theirs) == (None, None, None, "your own stock is not known before and after")


async def test_amounts_that_are_withheld_are_unknown(firms: Firms) -> None:
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    position = await had(firms, "bolt", (BEFORE, "200"), (AFTER, "240"))
    await firms.grant("bolt", "acme", "INVENTORY", "targets")
    found = await asked(firms)
    assert (found["moved"], found["partner"]["before"], found["partner"]["afterRange"]) == (None, None, None)
    assert (found["partner"]["unknown"], found["partner"]["evidence"]) == ([position], [])


def between(low: str, high: str) -> dict[str, str]:
    return {"low": low, "high": high}


async def test_bands_make_ranges(firms: Firms) -> None:
    """bolt's stock lay in the band from 0 to 1, and lies in the one from 20 to 50: 19 to 50 of acme's 40 went there."""
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    await had(firms, "bolt", (BEFORE, "0.5"), (AFTER, "30"))
    await firms.grant("bolt", "acme", "INVENTORY", "stock~band")
    found = await asked(firms)
    assert split(found) == ("40", None, None, None)
    low = found["partner"]["beforeRange"]
    assert found["partner"]["afterRange"] == between("20", "50")
    assert found["partner"]["changeRange"] == between(str(20 - D(low["high"])), str(50 - D(low["low"])))
    assert (found["partner"]["before"], found["partner"]["after"], found["partner"]["unknown"]) == (None, None, [])
    assert (found["movedRange"], found["savedRange"]) == (
        between(str(20 - D(low["high"])), "40"), between("0", str(20 + D(low["high"]))),
    )  # fmt: skip
    assert found["own"]["changeRange"] == between("-40", "-40")


async def test_a_band_that_was_not_stated_anew_has_not_changed(firms: Firms) -> None:
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    await had(firms, "bolt", (BEFORE, "30"))
    await firms.grant("bolt", "acme", "INVENTORY", "stock~band")
    found = await asked(firms)
    assert (split(found), found["partner"]["change"]) == (("40", "40", "0", None), "0")
    assert found["partner"]["beforeRange"] == found["partner"]["afterRange"] == between("20", "50")


async def test_stock_counts_for_its_owner_by_the_newest_of_two_statements(firms: Firms) -> None:
    """bolt holds stock of acme's: it is acme's on both statements, the newer of which counts, once."""
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    held = {"owner": firms.ids["acme"], "holder": firms.ids["bolt"], "site": firms.ids["bolt-plant"]}
    held["item"] = firms.ids["acme-casting"]
    await had(firms, "acme", (BEFORE, "5"), **held)
    await had(firms, "bolt", (BEFORE, "9"), (BEFORE + timedelta(days=1), "7"), **held)
    found = await asked(firms)
    assert (found["own"]["before"], found["own"]["after"]) == ("105", "67")


async def test_where_the_holder_is_withheld_two_positions_at_a_place_are_not_told_apart(firms: Firms) -> None:
    await had(firms, "acme", (BEFORE, "100"), (AFTER, "60"))
    position = await had(firms, "bolt", (BEFORE, "200"), (AFTER, "240"))
    second = {"id": "0195a000-0000-7000-8000-000000000001", "holder_id": str(firms.keys["cargo"])}
    for table, more in (("inventory_position", second), ("inventory_statement", {"position_id": second["id"]})):
        fields = ", ".join(f"'{name}', '{value}'" for name, value in ({"id": "ID"} | more).items())
        fields = fields.replace("'ID'", "gen_random_uuid()")
        await firms.superuser.execute(
            f"insert into {table} select (jsonb_populate_record(it, jsonb_build_object({fields}))).* from {table} it"
            " where owner_id = $1", firms.keys["bolt"],
        )  # fmt: skip
    await firms.grant("bolt", "acme", "INVENTORY", "stock")
    found = await asked(firms)
    assert sorted(found["partner"]["unknown"]) == sorted([position, f"inv_{second['id']}"])
    assert (found["partner"]["before"], found["moved"]) == (None, None)
    await firms.grant("bolt", "acme", "INVENTORY", "parties", "stock")
    found = await asked(firms)
    assert (found["partner"]["before"], found["partner"]["after"], found["moved"]) == ("400", "480", "40")


async def test_it_is_for_the_two_sides(firms: Firms) -> None:
    for firm in ("cargo", "dyna"):
        assert await asked(firms, firm) is None
    assert await asked(firms, relationship=firms.ids["acme-dyna"], item="itm_x") is None
    assert await asked(firms, relationship=firms.ids["acme-plant"]) is None


@pytest.mark.parametrize(
    "given", [{"end": BEFORE.isoformat()}, {"end": (NOW + timedelta(days=1)).isoformat()}], ids=["before", "ahead"]
)
async def test_bad_questions_are_refused(firms: Firms, given: dict[str, Any]) -> None:
    asked_for = {
        "relationship": firms.ids["bolt-acme"], "item": firms.ids["acme-casting"], "start": BEFORE.isoformat(),
    } | given  # fmt: skip
    [error] = (await firms.ask("acme", QUESTION, **asked_for))["errors"]
    assert (error["extensions"]["reason"], error["extensions"]["inputPath"]) == ("BAD_VALUE", ["end"])
