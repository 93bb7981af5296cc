"""Sites, items and aliases on a real database."""

from __future__ import annotations

from typing import Any

import pytest
from strawberry import Some

from scmhub.database.unit import Database
from scmhub.errors import Refusal
from scmhub.ids import public_id
from scmhub.partners.registry import register_partner
from scmhub.records.partners import commands as masters
from scmhub.records.partners.api import ItemLifecycle, SiteKind
from tests.records.firms import Firms


def site(**changes: Any) -> masters.SiteAddInput:
    values: dict[str, Any] = {"code": "NORTH", "name": "North", "kind": SiteKind.WAREHOUSE}
    return masters.SiteAddInput(**(values | changes))


def item(**changes: Any) -> masters.ItemAddInput:
    values: dict[str, Any] = {"number": "1", "description": "Bolt", "unit": "KGM"}
    return masters.ItemAddInput(**(values | changes))


async def test_added_records_belong_to_who_added_them(firms: Firms) -> None:
    key = await firms.act("bolt", masters.site_add, site(country="DE", gln="4006381333931", time_zone="Europe/Berlin"))
    stored = await firms.row("select * from site where id = $1", key)
    assert (stored["partner_id"], stored["code"], stored["time_zone"]) == (firms.ids["bolt"], "NORTH", "Europe/Berlin")
    key = await firms.act("bolt", masters.item_add, item(gtin="73513537"))
    stored = await firms.row("select * from item where id = $1", key)
    assert (stored["owner_id"], stored["gtin"], stored["lifecycle"]) == (firms.ids["bolt"], "00000073513537", "SERIES")


async def test_numbers_are_unique_per_owner_only(firms: Firms) -> None:
    await firms.act("bolt", masters.item_add, item(number="4711"))
    refusal = await firms.refused("acme", masters.item_add, item(number="4711"))
    assert (refusal.refusal_code, refusal.path) == ("DUPLICATE", ["input", "number"])
    assert public_id("itm", refusal.record) == firms.item  # type: ignore[arg-type]
    refusal = await firms.refused("acme", masters.site_add, site(code="HALL 1"))
    assert (refusal.refusal_code, refusal.path) == ("DUPLICATE", ["input", "code"])


@pytest.mark.parametrize(
    ("command", "given", "code", "field"),
    [
        (masters.site_add, site(code=""), "REQUIRED", "code"),
        (masters.site_add, site(code="x" * 81), "INVALID", "code"),
        (masters.site_add, site(name="a\u202eb"), "INVALID", "name"),
        (masters.site_add, site(country="XX"), "INVALID", "country"),
        (masters.site_add, site(time_zone="Mars/Olympus"), "INVALID", "timeZone"),
        (masters.site_add, site(time_zone="localtime"), "INVALID", "timeZone"),
        (masters.site_add, site(time_zone="../../etc/passwd"), "INVALID", "timeZone"),
        (masters.site_add, site(gln="4006381333932"), "INVALID", "gln"),
        (masters.item_add, item(unit="XXX"), "INVALID", "unit"),
        (masters.item_add, item(gtin="73513538"), "INVALID", "gtin"),
    ],
)
async def test_a_wrong_value_is_named(firms: Firms, command: Any, given: Any, code: str, field: str) -> None:
    refusal = await firms.refused("acme", command, given)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", field])


async def test_a_revision_keeps_what_is_absent_and_clears_what_is_null(firms: Firms) -> None:
    key = await firms.act("bolt", masters.site_add, site(country="DE", gln="4006381333931"))
    given = masters.SiteReviseInput(
        site=public_id("sit", key), expected_version=1, name=Some("New"), gln=Some(None), kind=Some(SiteKind.PORT)
    )
    await firms.act("bolt", masters.site_revise, given)
    row = await firms.row("select name, kind, country, gln, version from site where id = $1", key)
    assert tuple(row) == ("New", "PORT", "DE", None, 2)
    told = await firms.row(
        "select action, changed from change_outbox where record_id = $1 order by id desc limit 1", key
    )
    assert tuple(told) == ("REVISED", ["name", "kind", "gln", "version"])


async def test_a_revision_to_the_same_changes_nothing(firms: Firms) -> None:
    before = await firms.everything()
    given = masters.ItemReviseInput(
        item=firms.item, expected_version=1, description=Some("Casting"), lifecycle=Some(ItemLifecycle.SERIES)
    )
    await firms.act("acme", masters.item_revise, given)
    assert await firms.everything() == before


@pytest.mark.parametrize("firm", ["bolt", "cargo"])
async def test_others_find_neither_site_nor_item_to_revise(firms: Firms, firm: str) -> None:
    for command, given in (
        (masters.item_revise, masters.ItemReviseInput(item=firms.item, expected_version=1, description=Some("x"))),
        (masters.site_revise, masters.SiteReviseInput(site=firms.site, expected_version=1, name=Some("x"))),
    ):
        refusal = await firms.refused(firm, command, given)
        assert (refusal.refusal_code, refusal.record) == ("NOT_FOUND", None)


async def test_an_alias_is_a_claim_until_the_other_side_confirms(firms: Firms) -> None:
    claim = masters.ItemAliasClaimInput(item=firms.item, number="B-99", partner=firms.partner("bolt"))
    alias = public_id("als", await firms.act("acme", masters.item_alias_claim, claim))
    confirm = masters.ItemAliasConfirmInput(alias=alias, expected_version=1)
    assert (await firms.refused("acme", masters.item_alias_confirm, confirm)).refusal_code == "FORBIDDEN"
    assert (await firms.refused("cargo", masters.item_alias_confirm, confirm)).refusal_code == "NOT_FOUND"
    await firms.act("bolt", masters.item_alias_confirm, confirm)
    row = await firms.row("select confirmed_at, claimed_by, version from item_alias")
    assert tuple(row) == (firms.now, firms.ids["acme"], 2)
    again = masters.ItemAliasConfirmInput(alias=alias, expected_version=2)
    assert (await firms.refused("bolt", masters.item_alias_confirm, again)).refusal_code == "ILLEGAL_TRANSITION"
    assert (await firms.refused("acme", masters.item_alias_claim, claim)).refusal_code == "DUPLICATE"


@pytest.mark.parametrize(
    ("firm", "partner", "code", "field"),
    [
        ("acme", None, "REQUIRED", "partner"), ("acme", "acme", "INVALID", "partner"),
        ("acme", "cargo", "NOT_FOUND", "partner"), ("cargo", None, "NOT_FOUND", "item"),
    ],
)  # fmt: skip
async def test_an_alias_names_who_uses_it(firms: Firms, firm: str, partner: str | None, code: str, field: str) -> None:
    named = firms.partner(partner) if partner else None
    claim = masters.ItemAliasClaimInput(item=firms.item, number="B-99", partner=named)
    refusal = await firms.refused(firm, masters.item_alias_claim, claim)
    assert (refusal.refusal_code, refusal.path) == (code, ["input", field])


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"code": "acme"}, "INVALID", "code"), ({"code": "ACME"}, "DUPLICATE", "code"),
        ({"name": " "}, "INVALID", "name"), ({"country": "XX"}, "INVALID", "country"),
        ({"gln": "1"}, "INVALID", "gln"),
    ],
)  # fmt: skip
async def test_a_partner_is_registered_once_with_sound_values(
    firms: Firms, values: dict[str, str], code: str, field: str
) -> None:
    database: Database = firms.database
    with pytest.raises(Refusal) as caught:
        async with database.unit(firms.ids["acme"], "operator", lambda: firms.now) as unit:
            await register_partner(unit, **({"code": "ZULU", "name": "Zulu"} | values))
    assert (caught.value.refusal_code, caught.value.path) == (code, [field])
