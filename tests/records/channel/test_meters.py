"""Coverage, freshness and reciprocity: from rules, relationships and what the asker sees, never from hidden rows."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import NOW, Firms
from .asking import need, stock

COVERAGE = """query($partners: [ID!]!) { channelCoverage(partners: $partners) {
  partner kind state fieldGroups mayBeFiltered validUntil } }"""
METERS = """query($id: ID!) { relationshipMeters(relationship: $id) { balance
  freshness { partner kind lastStatedAt ageDays periodDays agreed stale evidence }
  reciprocity { kind given received } } }"""


async def coverage(firms: Firms, firm: str, *partners: str, kind: str = "FORECAST") -> list[tuple[Any, ...]]:
    found = (await firms.read(firm, COVERAGE, partners=[firms.ids[each] for each in partners]))["channelCoverage"]
    return [
        (each["state"], each["fieldGroups"], each["mayBeFiltered"], each["validUntil"])
        for each in found if each["kind"] == kind
    ]  # fmt: skip


async def test_coverage_follows_a_rule_granted_narrowed_and_revoked(firms: Firms) -> None:
    async def dynas() -> list[tuple[Any, ...]]:
        return await coverage(firms, "dyna", "acme")

    assert await dynas() == [("PARTY", [], True, None)]
    everything = ("parties", "quantity", "reasons", "versions")
    await firms.grant("acme", "dyna", "FORECAST", *everything)
    assert await dynas() == [("SHARED", list(everything), True, None)]
    await need(firms, "40")
    assert await dynas() == [("SHARED", list(everything), True, None)]  # no record changes it
    await firms.superuser.execute(
        "update scope set tokens = '{quantity}', days_ahead = 3, valid_until = $1", NOW.replace(day=20)
    )
    assert await dynas() == [("SHARED_REDUCED", ["quantity"], True, "2026-03-20T12:00:00+00:00")]
    firms.clock.pass_by(days=16)
    assert await dynas() == [("PARTY", [], True, None)]
    await firms.superuser.execute("delete from scope")
    assert await dynas() == [("PARTY", [], True, None)]


async def test_coverage_of_strangers_is_not_told(firms: Firms) -> None:
    assert await coverage(firms, "dyna", "cargo") == []
    assert (await firms.read("dyna", COVERAGE, partners=["ptr_x", firms.ids["acme-plant"]]))["channelCoverage"] == []
    assert await coverage(firms, "acme", "acme") == [("OWN", [], False, None)]
    await firms.grant("cargo", "dyna", "INVENTORY", "stock")
    assert await coverage(firms, "dyna", "cargo") == [("NOT_SHARED", [], True, None)]
    assert await coverage(firms, "dyna", "cargo", kind="INVENTORY") == [("SHARED_REDUCED", ["stock"], True, None)]


async def test_meters_of_a_relationship(firms: Firms) -> None:
    position = await stock(firms, "acme", "50")
    await firms.grant("acme", "bolt", "INVENTORY", "stock", "targets")
    await firms.grant("bolt", "acme", "PRODUCTION", "quantity")
    firms.clock.pass_by(days=15)

    async def seen(firm: str) -> Any:
        return (await firms.read(firm, METERS, id=firms.ids["bolt-acme"]))["relationshipMeters"]

    ours, theirs = await seen("acme"), await seen("bolt")
    assert (ours["balance"], theirs["balance"]) == ("0.333333", "-0.333333")
    for found in (ours, theirs):
        meters = {(each["partner"], each["kind"]): each for each in found["freshness"]}
        meter = meters[firms.ids["acme"], "INVENTORY"]
        assert (meter["ageDays"], meter["periodDays"], meter["agreed"], meter["stale"]) == ("15", "14", False, True)
        assert (meter["lastStatedAt"], meter["evidence"]) == (NOW.isoformat(), [position["id"]])
        nothing = meters[firms.ids["bolt"], "INVENTORY"]
        assert (nothing["ageDays"], nothing["stale"], nothing["evidence"]) == (None, None, [])
    mutual = {each["kind"]: (each["given"], each["received"]) for each in ours["reciprocity"]}
    assert mutual["INVENTORY"] == (["stock", "targets"], [])
    assert mutual["PRODUCTION"] == ([], ["quantity"])
    assert await seen("cargo") is None


async def test_meters_know_no_hidden_record(firms: Firms) -> None:
    before = await firms.read("bolt", METERS, id=firms.ids["bolt-acme"])
    await stock(firms, "acme", "50")
    await firms.grant("acme", "cargo", "INVENTORY", "stock")
    assert await firms.read("bolt", METERS, id=firms.ids["bolt-acme"]) == before
