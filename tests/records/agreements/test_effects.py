"""Clauses act from their day on, and not a day before: fences, response times, stock policies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from scmhub.records.orders import rules
from scmhub.records.orders.rules import Slice

from ..forecasts.firms import Firms
from ..risks.acts import do, refused
from .acts import day, on, signed

WISH = (
    "order { lines { nodes { schedule { nodes { id version state answerDueOn"
    " revisions { nodes { act insideFrozen } } } } } } }"
)
FENCES: dict[str, Any] = {"fences": {"frozenDays": 10, "firmDays": 20, "flexibleDays": 60}}


async def ordered(firms: Firms, wanted_on: int = 12) -> dict[str, Any]:
    """The schedule line of an order of acme with bolt for 100 castings."""
    line = {
        "item": firms.ids["acme-casting"], "quantity": {"value": "100", "unit": "C62"}, "requestedOn": day(wanted_on),
    }  # fmt: skip
    given = {
        "kind": "PURCHASE", "seller": firms.ids["bolt"], "shipTo": firms.ids["acme-plant"], "buyerNumber": "1",
        "currency": "EUR", "lines": [line],
    }  # fmt: skip
    return wish(await do(firms, "acme", "orderPlace", WISH, **given))


def wish(order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = order["lines"]["nodes"][0]["schedule"]["nodes"][0]
    return found


async def said(firms: Firms, firm: str, step: str, line: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    return wish(await do(firms, firm, f"scheduleLine{step}", WISH, **known, **more))


def slices(*wanted: tuple[str, int]) -> list[dict[str, str]]:
    return [{"quantity": quantity, "dueOn": day(number)} for quantity, number in wanted]


async def frozen_out(firms: Firms, firm: str, step: str, line: dict[str, Any], **more: Any) -> None:
    known = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    code, path, message = await refused(firms, firm, f"scheduleLine{step}", **known, **more)
    assert (code, path) == ("ILLEGAL_TRANSITION", "input")
    assert "frozen fence of 10 days" in message
    assert f"Allowed: changes of days from {firms.clock.now.date() + timedelta(days=11)} on, caseOpen" in message
    told = "{ agreementVersions { nodes { versionNo agreement { id } fences { nodes { id } } } } }"
    [version] = (await firms.read("acme", told))["agreementVersions"]["nodes"]
    assert f"version 1 of {version['agreement']['id']} (clause {version['fences']['nodes'][0]['id']})" in message


async def test_a_change_inside_the_frozen_fence_is_refused_from_the_first_day_on(firms: Firms) -> None:
    """Signed today for day 5; promised for day 12. On day 4 it may be changed; from day 5 on, no more."""
    await signed(firms, FENCES, first=5)
    line = await said(firms, "bolt", "Accept", await ordered(firms))
    firms.clock.pass_by(days=4)
    line = await said(firms, "acme", "Propose", line, slices=slices(("90", 12)))
    assert line["revisions"]["nodes"][-1] == {"act": "REQUEST_CHANGE", "insideFrozen": False}
    line = await said(firms, "bolt", "Accept", line)
    firms.clock.pass_by(days=1)
    for firm in ("acme", "bolt"):
        await frozen_out(firms, firm, "Propose", line, slices=slices(("80", 12)))
        await frozen_out(firms, firm, "Propose", line, slices=slices(("90", 30)))
        await frozen_out(firms, firm, "Cancel", line)


async def test_what_was_asked_before_may_be_accepted_and_what_lies_outside_be_changed(firms: Firms) -> None:
    await signed(firms, FENCES, first=5)
    line = await said(firms, "bolt", "Accept", await ordered(firms, 30))
    line = await said(firms, "acme", "Propose", line, slices=slices(("60", 8), ("40", 30)))
    firms.clock.pass_by(days=5)
    line = await said(firms, "bolt", "Accept", line)
    line = await said(firms, "acme", "Propose", line, slices=slices(("60", 8), ("50", 30)))
    assert line["revisions"]["nodes"][-1]["insideFrozen"] is False
    line = await said(firms, "bolt", "Accept", line)
    await frozen_out(firms, "acme", "Propose", line, slices=slices(("61", 8), ("50", 30)))
    await frozen_out(firms, "acme", "Propose", line, slices=slices(("60", 8), ("40", 30), ("10", 9)))
    firms.clock.pass_by(days=4)  # the 8th is over: a new day for what is late is no change inside the fence
    line = await said(firms, "bolt", "Propose", line, slices=slices(("50", 30), ("60", 40)))
    assert line["state"] == "CHANGE_REQUESTED"


async def test_where_the_agreement_says_so_the_change_is_marked(firms: Firms) -> None:
    await signed(firms, {"fences": FENCES["fences"] | {"insideFrozen": "MARKED"}}, first=0)
    line = await said(firms, "bolt", "Accept", await ordered(firms, 10))
    line = await said(firms, "acme", "Propose", line, slices=slices(("90", 10)))
    assert line["revisions"]["nodes"][-1] == {"act": "REQUEST_CHANGE", "insideFrozen": True}
    text = "query($id: ID!) { it: order(by: {id: $id}) { lines { nodes { id } } } }"
    assert (await firms.read("cargo", text, id="ord_x"))["it"] is None


async def test_a_fence_for_another_item_or_the_other_direction_does_not_act(firms: Firms) -> None:
    fences = FENCES["fences"] | {"item": firms.ids["acme-oil"]}
    await signed(firms, {"fences": fences}, first=0)
    line = await said(firms, "bolt", "Accept", await ordered(firms, 10))
    assert (await said(firms, "acme", "Cancel", line))["state"] == "CHANGE_REQUESTED"


async def test_an_agreed_response_time_makes_an_answer_due(firms: Firms) -> None:
    times = [{"responseTime": {"subject": subject, "days": days}} for subject, days in (("ORDER", 3), ("CHANGE", 1))]
    assert (await ordered(firms, 40))["answerDueOn"] is None
    await signed(firms, *times, first=2)
    firms.clock.pass_by(days=1)
    seen = await firms.read("acme", "{ orderLines { nodes { order { id } schedule { nodes { id version } } } } }")
    [line] = seen["orderLines"]["nodes"][0]["schedule"]["nodes"]
    line = await said(firms, "bolt", "Propose", line, slices=slices(("90", 40)))
    assert line["answerDueOn"] is None
    firms.clock.pass_by(days=1)
    line = await said(firms, "acme", "Propose", line, slices=slices(("95", 40)))
    assert line["answerDueOn"] == day(5)
    line = await said(firms, "bolt", "Accept", line)
    assert line["answerDueOn"] is None
    line = await said(firms, "bolt", "Propose", line, slices=slices(("95", 41)))
    assert line["answerDueOn"] == day(3)
    assert (await said(firms, "acme", "DeclineChange", line))["answerDueOn"] is None


async def test_an_agreed_response_time_makes_a_case_due(firms: Firms) -> None:
    await signed(firms, {"responseTime": {"subject": "CASE", "days": 14}}, first=2)
    given = {
        "counterparty": firms.ids["bolt"],
        "template": "CLAIM",
        "severity": "LOW",
        "title": "Burrs",
        "text": "See.",
    }
    firms.clock.pass_by(days=1)
    assert (await do(firms, "acme", "caseOpen", "case { dueOn }", **given))["dueOn"] is None
    firms.clock.pass_by(days=1)
    assert (await do(firms, "acme", "caseOpen", "case { dueOn }", **given))["dueOn"] == day(16)
    assert (await do(firms, "acme", "caseOpen", "case { dueOn }", **given, dueOn=day(9)))["dueOn"] == day(9)
    other = given | {"counterparty": firms.ids["dyna"]}
    assert (await do(firms, "acme", "caseOpen", "case { dueOn }", **other))["dueOn"] is None


TODAY = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("ahead", "frozen_days", "inside"),
    [(0, 10, True), (10, 10, True), (11, 10, False), (-1, 10, False), (0, 0, False), (1, 0, False)],
)
def test_the_frozen_zone(ahead: int, frozen_days: int, inside: bool) -> None:
    assert rules.inside_frozen(TODAY + timedelta(days=ahead), TODAY, frozen_days) is inside


def test_touched_days_are_those_with_another_quantity() -> None:
    first, second, third = (Slice(rules.NOTHING + number, on(number)) for number in (1, 2, 3))
    assert rules.touched_days([first, second], [first, second]) == []
    assert rules.touched_days([first, second], [second, third]) == [first.due_on, third.due_on]
    assert rules.touched_days([first, second], []) == [first.due_on, second.due_on]
    assert rules.touched_days([first], [Slice(rules.NOTHING + 5, first.due_on)]) == [first.due_on]
