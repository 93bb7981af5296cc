"""A risk register of one's own, and what a rule opens of it."""

from __future__ import annotations

from typing import Any

import pytest

from ..forecasts.firms import Firms
from .acts import do, refused

RISK = (
    "risk { id state version title likelihood impact impactAmount { amount currencyCode } timeToRecoverDays declaredOn"
    " mitigation mitigationOwner mitigationDueOn reviewOn item { number } site { code } withheld }"
)


def furnace(firms: Firms, **more: Any) -> dict[str, Any]:
    return {
        "item": firms.ids["bolt-casting"], "title": "Furnace fails", "cause": "PRODUCTION_INCIDENT", "likelihood": 2,
        "impact": 5, "impactAmount": {"amount": "120000", "currencyCode": "EUR"}, "timeToRecoverDays": 21,
        "mitigation": "Second furnace", "mitigationOwner": "Ms Iron", "mitigationDueOn": "2026-09-01",
        "reviewOn": "2026-06-01", **more,
    }  # fmt: skip


async def test_a_risk_is_registered_revised_and_lived_through(firms: Firms) -> None:
    risk = await do(firms, "bolt", "riskRegister", RISK, **furnace(firms))
    assert (risk["state"], risk["version"], risk["declaredOn"]) == ("REGISTERED", 1, "2026-03-04")
    assert risk["impactAmount"] == {"amount": "120000", "currencyCode": "EUR"}
    firms.clock.pass_by(days=1)
    step = {"risk": risk["id"], "expectedVersion": 1}
    risk = await do(firms, "bolt", "riskRevise", RISK, **step, timeToRecoverDays=None, impact=4, title="Furnace fails")
    assert (risk["timeToRecoverDays"], risk["declaredOn"], risk["impact"], risk["version"]) == (None, None, 4, 2)
    step["expectedVersion"] = 2
    assert (await do(firms, "bolt", "riskOccur", RISK, **step))["state"] == "OPEN"
    step["expectedVersion"] = 3
    code, path, message = await refused(firms, "bolt", "riskRetire", **step)
    assert (code, path) == ("ILLEGAL_TRANSITION", "input.risk")
    assert message == "The risk is OPEN; riskRetire is not possible. Allowed steps: riskRevise, riskResolve."
    assert (await do(firms, "bolt", "riskResolve", RISK, **step, measure="Repaired"))["state"] == "RESOLVED"
    assert [change[:2] for change in await firms.changes()] == [
        ("RISK", "REGISTERED"), ("RISK", "REVISED"), ("RISK", "OCCURRED"), ("RISK", "RESOLVED"),
    ]  # fmt: skip


async def test_a_register_is_its_owners_until_a_rule_opens_a_group_of_it(firms: Firms) -> None:
    document = "{ risks { totalCount nodes { title likelihood mitigation mitigationOwner version withheld } } }"
    blank = await firms.read("acme", document)
    risk = await do(firms, "bolt", "riskRegister", RISK, **furnace(firms))
    assert await firms.read("acme", document) == blank
    code, path, _ = await refused(firms, "acme", "riskRetire", risk=risk["id"], expectedVersion=1)
    assert (code, path) == ("NOT_FOUND", "input.risk")
    await firms.grant("bolt", "acme", "RISK", "mitigation", item="bolt-casting")
    assert (await firms.read("acme", document))["risks"] == {
        "totalCount": 1,
        "nodes": [
            {"title": None, "likelihood": None, "mitigation": "Second furnace", "mitigationOwner": None,
             "version": None,
             "withheld": ["assessment"]}
        ],
    }  # fmt: skip
    code, _, _ = await refused(firms, "acme", "riskRetire", risk=risk["id"], expectedVersion=1)
    assert code == "FORBIDDEN"
    assert (await firms.read("cargo", document)) == blank


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"item": None}, "REQUIRED", "item"),
        ({"likelihood": 0}, "OUT_OF_RANGE", "likelihood"),
        ({"impact": 6}, "OUT_OF_RANGE", "impact"),
        ({"title": ""}, "REQUIRED", "title"),
        ({"timeToRecoverDays": -1}, "OUT_OF_RANGE", "timeToRecoverDays"),
        ({"impactAmount": {"amount": "-1", "currencyCode": "EUR"}}, "OUT_OF_RANGE", "impactAmount.amount"),
        ({"impactAmount": {"amount": "1", "currencyCode": "XXQ"}}, "INVALID", "impactAmount.currencyCode"),
        ({"item": "itm_x"}, "NOT_FOUND", "item"),
    ],
)  # fmt: skip
async def test_what_cannot_be_registered(firms: Firms, more: dict[str, Any], code: str, path: str) -> None:
    assert (await refused(firms, "bolt", "riskRegister", **furnace(firms, **more)))[:2] == (code, f"input.{path}")


async def test_a_strangers_item_is_not_found_and_a_partners_is_not_ours(firms: Firms) -> None:
    found = await refused(firms, "bolt", "riskRegister", **furnace(firms, item=firms.ids["cargo-casting"]))
    assert found[:2] == ("NOT_FOUND", "input.item")
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    found = await refused(firms, "bolt", "riskRegister", **furnace(firms, item=firms.ids["acme-casting"]))
    assert found[:2] == ("FORBIDDEN", "input.item")
