"""A step that is not possible now is refused by the API with those that are: what the rules say arrives in words."""

from __future__ import annotations

from typing import Any

import pytest

from ..channel.asking import ORDER, day, done, order, receive, report, ship
from ..forecasts.firms import Firms
from ..risks.acts import refused


async def ended(firms: Firms, firm: str, command: str, **given: Any) -> str:
    """What is allowed instead."""
    code, _, message = await refused(firms, firm, command, **given)
    assert code == "ILLEGAL_TRANSITION", (code, message)
    return message.partition("Allowed steps: ")[2]


async def test_a_relationship(firms: Firms) -> None:
    link = {"relationship": firms.ids["bolt-acme"], "expectedVersion": 1}
    for command in ("relationshipAccept", "relationshipDecline", "relationshipResume"):
        assert await ended(firms, "acme", command, **link) == "relationshipSuspend, relationshipEnd."


@pytest.mark.parametrize(
    ("confirmed", "command", "allowed"),
    [
        (True, "Accept", "scheduleLinePropose, scheduleLineCancel."), (True, "Reject", "scheduleLinePropose, scheduleLineCancel."),
        (False, "DeclineChange", "scheduleLineAccept, scheduleLinePropose, scheduleLineReject."),
    ],
)  # fmt: skip
async def test_a_schedule_line(firms: Firms, confirmed: bool, command: str, allowed: str) -> None:
    placed = await order(firms, "100", day(5), confirmed=confirmed)
    line = placed["lines"]["nodes"][0]["schedule"]["nodes"][0]
    given = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    assert await ended(firms, "bolt", f"scheduleLine{command}", **given) == allowed


async def test_a_shipment_and_a_closed_order(firms: Firms) -> None:
    placed = await order(firms, "100", day(5))
    shipment = await ship(firms, placed, "100", day(3))
    lines = [{"line": shipment["lines"]["nodes"][0]["id"], "good": "100", "damaged": "0"}]
    given = {"shipment": shipment["id"], "expectedVersion": shipment["version"]}
    assert "shipmentReport" in await ended(firms, "acme", "shipmentReceive", **given, lines=lines)
    for firm, milestone in (("bolt", "DEPARTURE"), ("acme", "ARRIVAL")):
        shipment = await report(firms, firm, shipment, milestone)
    shipment = await receive(firms, shipment, "100")
    given["expectedVersion"] = shipment["version"]
    assert "shipmentReceive" in await ended(firms, "acme", "shipmentRefuse", **given)
    text = f"query($id: ID!) {{ {ORDER.replace('order', 'order(by: {id: $id})', 1)} }}"
    read = (await firms.read("acme", text, id=placed["id"]))["order"]
    closed = await done(firms, "acme", "orderClose", ORDER, order=read["id"], expectedVersion=read["version"])
    line = closed["lines"]["nodes"][0]["schedule"]["nodes"][0]
    over = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    assert await ended(firms, "acme", "scheduleLineCancel", **over) == "none."
