"""What a side thinks stays its own; what it wants is read by both, and where that cannot be met is computed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from scmhub.database.address import Address
from scmhub.records.relationships import objectives
from scmhub.settings import Settings

from ...conftest import clone
from ..forecasts.conftest import modelled
from ..forecasts.firms import Firms, settled
from ..risks.acts import do, refused

__all__ = ["modelled"]
PROFILE = "relationshipProfile { id version supplyRisk profitImpact kraljic segment value { amount } potential note }"
OBJECTIVE = "objective { id version measure aim target { value unit } owner { code } counterparty { code } }"


@pytest.fixture
async def hub(server: Address, modelled: str, settings: Settings) -> AsyncIterator[Firms]:
    async with clone(server, modelled) as admin, settled(admin, settings) as firms:
        yield firms


@pytest.mark.parametrize(
    ("risk", "impact", "kraljic"),
    [
        (3, 3, "STRATEGIC"), (2, 3, "LEVERAGE"), (3, 2, "BOTTLENECK"), (2, 2, "NON_CRITICAL"), (None, 5, None),
        (5, None, None),
    ],
)  # fmt: skip
def test_kraljics_class_follows_from_both_grades(risk: int | None, impact: int | None, kraljic: str | None) -> None:
    assert objectives.kraljic(risk, impact) == kraljic


def test_only_targets_that_leave_no_room_diverge() -> None:
    def want(owner: str, aim: str, target: str, unit: str = "C62", measure: str = "OTIF") -> objectives.Wanted:
        return objectives.Wanted(owner, owner, measure, aim, Decimal(target), unit)

    low, high = want("acme", "AT_LEAST", "98"), want("bolt", "AT_MOST", "95")
    assert objectives.diverging([high, low]) == [(low, high)]
    for other in (
        want("bolt", "AT_MOST", "98"), want("bolt", "AT_LEAST", "95"), want("acme", "AT_MOST", "95"),
        want("bolt", "AT_MOST", "95", "DAY"), want("bolt", "AT_MOST", "95", measure="FILL"),
    ):  # fmt: skip
        assert objectives.diverging([low, other]) == []


async def test_a_supplier_never_finds_out_that_it_is_leverage(hub: Firms) -> None:
    everything = """query($id: ID!) { relationshipProfiles { totalCount nodes { id kraljic note } } node(id: $id) { id }
      relationships { nodes { id version objectives { nodes { id } } } } }"""
    blank = await hub.read("bolt", everything, id="rpf_x")
    link = hub.ids["bolt-acme"]
    given = {"relationship": link, "supplyRisk": 1, "profitImpact": 5, "note": "Squeeze them"}
    mine = await do(hub, "acme", "relationshipProfileSet", PROFILE, **given)
    assert (mine["kraljic"], mine["version"]) == ("LEVERAGE", 1)
    for firm in ("bolt", "cargo", "dyna"):
        seen = await hub.read(firm, everything, id=mine["id"])
        assert seen["relationshipProfiles"] == {"totalCount": 0, "nodes": []}
        assert seen["node"] is None
        assert not [word for word in ("LEVERAGE", "Squeeze", mine["id"]) if word in orjson.dumps(seen).decode()]
    assert await hub.read("bolt", everything, id=mine["id"]) == blank
    told = await hub.superuser.fetchrow("select owner_id, parties from change_outbox")
    assert tuple(told) == (hub.keys["acme"], [])
    theirs = await do(
        hub, "bolt", "relationshipProfileSet", PROFILE, relationship=link, segment="A", potential=4,
        value={"amount": "5000000", "currencyCode": "EUR"},
    )  # fmt: skip
    assert (theirs["version"], theirs["segment"], theirs["kraljic"]) == (1, "A", None)
    assert theirs["id"] != mine["id"]
    again = await do(hub, "acme", "relationshipProfileSet", PROFILE, relationship=link, supplyRisk=4)
    assert (again["id"], again["version"], again["profitImpact"], again["note"]) == (mine["id"], 2, None, None)


@pytest.mark.parametrize(
    ("firm", "more", "code", "path"),
    [
        ("acme", {"segment": "A"}, "FORBIDDEN", "segment"),
        ("acme", {"potential": 2}, "FORBIDDEN", "potential"),
        ("bolt", {"supplyRisk": 2}, "FORBIDDEN", "supplyRisk"),
        ("acme", {"supplyRisk": 6}, "OUT_OF_RANGE", "supplyRisk"),
        ("cargo", {"segment": "A"}, "NOT_FOUND", "relationship"),
    ],
)  # fmt: skip
async def test_who_writes_what(hub: Firms, firm: str, more: dict[str, Any], code: str, path: str) -> None:
    found = await refused(hub, firm, "relationshipProfileSet", relationship=hub.ids["bolt-acme"], **more)
    assert found[:2] == (code, f"input.{path}")


async def test_objectives_are_read_by_both_and_their_divergence_computed(hub: Firms) -> None:
    link = hub.ids["bolt-acme"]
    diverge = """query($id: ID!) { objectivesDiverge(relationship: $id) {
      measure atLeast atMost gap unit objectives } }"""
    days = {"relationship": link, "measure": "STOCK_DAYS"}
    low = await do(
        hub, "acme", "objectiveSet", OBJECTIVE, **days, aim="AT_LEAST", target={"value": "10", "unit": "DAY"}
    )
    assert (low["owner"], low["counterparty"]) == ({"code": "ACME"}, {"code": "BOLT"})
    assert (await hub.read("acme", diverge, id=link))["objectivesDiverge"] == []
    high = await do(
        hub, "bolt", "objectiveSet", OBJECTIVE, **days, aim="AT_MOST", target={"value": "7.5", "unit": "DAY"}
    )
    wanted = {
        "measure": "STOCK_DAYS", "atLeast": "10", "atMost": "7.5", "gap": "2.5", "unit": "DAY",
        "objectives": [low["id"], high["id"]],
    }  # fmt: skip
    for firm in ("acme", "bolt"):
        assert (await hub.read(firm, diverge, id=link))["objectivesDiverge"] == [wanted]
    assert (await hub.read("cargo", diverge, id=link))["objectivesDiverge"] is None
    await do(hub, "acme", "objectiveSet", OBJECTIVE, **days, aim="AT_LEAST", target={"value": "7", "unit": "DAY"})
    assert (await hub.read("bolt", diverge, id=link))["objectivesDiverge"] == []
    await hub.relationship("bolt", "acme", "SUSPENDED")
    found = await refused(hub, "acme", "objectiveSet", **days, aim="AT_LEAST", target={"value": "9", "unit": "DAY"})
    assert found[:2] == ("ILLEGAL_TRANSITION", "input.relationship")
