"""What holds on a day, told to both sides alike: clauses from their first day on, the hub's defaults elsewhere."""

from __future__ import annotations

from typing import Any

from ..forecasts.firms import Firms
from ..risks.acts import do
from .acts import LATE, day, signed

TERMS = """query($id: ID!, $on: Date, $item: ID) { termsInForce(relationship: $id, on: $on, item: $item) {
  on versions tolerances { criterion allowed grave unit clause versionNo } responseTimes { subject days versionNo }
  fences { frozenDays insideFrozen versionNo } } }"""
TARGETS = """query($id: ID!) { inventoryTargets(position: $id) { basis minimum maximum target unit versionNo } }"""


async def terms(firms: Firms, firm: str, number: int, **more: Any) -> dict[str, Any]:
    given = {"id": firms.ids["bolt-acme"], "on": day(number), **more}
    found: dict[str, Any] = (await firms.read(firm, TERMS, **given))["termsInForce"]
    return found


async def test_both_read_the_same_terms_and_the_defaults_before_the_first_day(firms: Firms) -> None:
    special = {"tolerance": {"criterion": "LATE_ORDER", "allowed": "1", "item": firms.ids["acme-oil"]}}
    others = [{"responseTime": {"subject": "ORDER", "days": 3}}, {"fences": {"frozenDays": 7, "firmDays": 9, "flexibleDays": 9}}]
    agreement = await signed(firms, LATE, special, *others, first=5)
    before, after = await terms(firms, "acme", 4), await terms(firms, "acme", 5)
    default = {"criterion": "LATE_ORDER", "allowed": "0", "grave": "10", "unit": "DAY", "clause": None, "versionNo": None}
    assert before["tolerances"][0] == default
    assert (before["versions"], before["responseTimes"], before["fences"]) == ([], [], None)
    late = after["tolerances"][0]
    assert (late["allowed"], late["grave"], late["versionNo"], late["clause"][:4]) == ("2", "8", 1, "clt_")
    assert after["tolerances"][1:] == before["tolerances"][1:]
    assert after["versions"] == [agreement["versions"]["nodes"][0]["id"]]
    assert after["responseTimes"] == [{"subject": "ORDER", "days": 3, "versionNo": 1}]
    assert after["fences"] == {"frozenDays": 7, "insideFrozen": "REFUSED", "versionNo": 1}
    assert (await terms(firms, "acme", 5, item=firms.ids["acme-oil"]))["tolerances"][0]["allowed"] == "1"
    for number in (4, 5):
        assert await terms(firms, "bolt", number) == await terms(firms, "acme", number)
    assert await terms(firms, "cargo", 5) is None


async def test_an_agreed_stock_policy_counts_where_the_owner_has_set_nothing(firms: Firms) -> None:
    place = {"item": firms.ids["acme-casting"], "site": firms.ids["acme-plant"], "unit": "C62"}
    policy = {"stockPolicy": {**place, "owner": firms.ids["acme"], "minimum": "10", "target": "20"}}
    await signed(firms, policy, first=5)
    stated = {"asOf": str(firms.clock.now).replace(" ", "T"), "available": "5", **place}
    position = await do(firms, "acme", "inventorySet", "inventoryPosition { id version }", **stated)

    async def targets(firm: str) -> Any:
        return (await firms.read(firm, TARGETS, id=position["id"]))["inventoryTargets"]

    firms.clock.pass_by(days=4)
    assert await targets("acme") == []
    firms.clock.pass_by(days=1)
    agreed = {"basis": "CLAUSE", "minimum": "10", "maximum": None, "target": "20", "unit": "C62", "versionNo": 1}
    assert await targets("acme") == [agreed]
    assert await targets("bolt") is None
    await firms.grant("acme", "bolt", "INVENTORY", "stock", "parties")
    assert await targets("bolt") == []
    await firms.grant("acme", "bolt", "INVENTORY", "targets", "parties")
    assert await targets("bolt") == [agreed]
    await firms.grant("acme", "cargo", "INVENTORY", "targets", "parties")
    assert await targets("cargo") == []
    await firms.superuser.execute("update inventory_position set maximum = 30")
    own = {"basis": "STATED", "minimum": None, "maximum": "30", "target": None, "unit": "C62", "versionNo": None}
    assert await targets("acme") == [own]
