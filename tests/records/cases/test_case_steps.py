"""Who does what by when, how pressing it is, and what a case points at: each side does its part, the record keeps all."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.records.cases import rules

from ..forecasts.firms import Firms
from ..risks.acts import do, refused
from .test_cases import late

CASE = (
    "case { id version state severity level dueOn references { nodes { record } }"
    " steps { nodes { stepNo what owner { code } dueOn doneAt } }"
    " entries(last: 1) { nodes { act author { code } text } } }"
)


async def opened(firms: Firms, **more: Any) -> dict[str, Any]:
    return await do(firms, "acme", "caseOpen", CASE, **late(firms, severity="LOW", references=[]) | more)


async def test_steps_are_agreed_and_done_by_their_owners(firms: Firms) -> None:
    case = await opened(firms)
    step = {"case": case["id"], "what": "Send a new plan", "owner": firms.ids["bolt"], "dueOn": "2026-03-09"}
    await do(firms, "acme", "caseStepAdd", CASE, expectedVersion=1, **step)
    await do(firms, "bolt", "caseStepAdd", CASE, expectedVersion=2, **step | {"owner": firms.ids["acme"]})
    assert (await refused(firms, "acme", "caseStepDone", case=case["id"], expectedVersion=3, stepNo=1))[:2] == (
        "FORBIDDEN", "input.stepNo",
    )  # fmt: skip
    case = await do(firms, "bolt", "caseStepDone", CASE, case=case["id"], expectedVersion=3, stepNo=1, text="Sent")
    first, second = case["steps"]["nodes"]
    assert first == {
        "stepNo": 1, "what": "Send a new plan", "owner": {"code": "BOLT"}, "dueOn": "2026-03-09",
        "doneAt": "2026-03-04T12:00:00+00:00",
    }  # fmt: skip
    assert (second["stepNo"], second["owner"], second["doneAt"]) == (2, {"code": "ACME"}, None)
    assert case["entries"]["nodes"] == [{"act": "STEP_DONE", "author": {"code": "BOLT"}, "text": "Sent"}]
    again = {"case": case["id"], "expectedVersion": 4}
    assert (await refused(firms, "bolt", "caseStepDone", **again, stepNo=1))[0] == "ILLEGAL_TRANSITION"
    assert (await refused(firms, "bolt", "caseStepDone", **again, stepNo=7))[:2] == ("NOT_FOUND", "input.stepNo")
    outside = step | {"expectedVersion": 4, "owner": firms.ids["cargo"]}
    assert (await refused(firms, "acme", "caseStepAdd", **outside))[:2] == ("FORBIDDEN", "input.owner")
    assert (await refused(firms, "cargo", "caseStepAdd", **outside))[:2] == ("NOT_FOUND", "input.case")


async def test_either_side_escalates_while_it_is_not_settled(firms: Firms) -> None:
    case = await opened(firms)
    for version, (firm, severity) in enumerate([("bolt", "MEDIUM"), ("acme", "HIGH"), ("acme", "HIGH")], 1):
        case = await do(firms, firm, "caseEscalate", CASE, case=case["id"], expectedVersion=version, text="Now")
        assert (case["level"], case["severity"]) == (version, severity)
    for version, step in enumerate(("Start", "Resolve"), 4):
        await do(firms, "bolt", f"case{step}", CASE, case=case["id"], expectedVersion=version)
    code, _, message = await refused(firms, "acme", "caseEscalate", case=case["id"], expectedVersion=6)
    assert (code, message) == (
        "ILLEGAL_TRANSITION",
        "The case is RESOLVED; caseEscalate is not possible. Allowed steps: caseClose, caseReopen.",
    )


async def test_the_opener_revises_and_both_refer(firms: Firms) -> None:
    case = await opened(firms)
    given = {"case": case["id"], "expectedVersion": 1}
    for firm, more, code, path in (
        ("bolt", {"dueOn": "2026-03-09"}, "FORBIDDEN", "input.case"), ("acme", {}, "REQUIRED", "input"),
        ("acme", {"dueOn": "2026-03-03"}, "OUT_OF_RANGE", "input.dueOn"),
    ):  # fmt: skip
        assert (await refused(firms, firm, "caseRevise", **given, **more))[:2] == (code, path)
    case = await do(firms, "acme", "caseRevise", CASE, **given, dueOn="2026-03-09", severity="HIGH")
    assert (case["dueOn"], case["severity"]) == ("2026-03-09", "HIGH")
    pointed = given | {"expectedVersion": 2}
    hidden = await refused(firms, "bolt", "caseRefer", **pointed, reference=firms.ids["acme-casting"])
    assert hidden[:2] == ("NOT_FOUND", "input.reference")
    case = await do(firms, "bolt", "caseRefer", CASE, **pointed, reference=firms.ids["bolt-casting"])
    assert case["references"]["nodes"] == [{"record": firms.ids["bolt-casting"]}]
    same = await do(firms, "bolt", "caseRefer", CASE, **pointed | {"expectedVersion": 3}, reference=firms.ids["bolt-casting"])
    assert same["version"] == 3


def test_who_stands_alone_takes_every_step() -> None:
    alone = rules.sides(opener=True, alone=True)
    for state, steps in rules.STEPS.items():
        for step, (next_state, _) in steps.items():
            assert rules.after(state, step, alone) == next_state


@pytest.mark.parametrize("state", [each for each in rules.STEPS if each != "CLOSED"])
def test_what_is_back_in_tolerance_is_closed_from_anywhere_by_the_opener(state: str) -> None:
    assert rules.after(state, "caseClose", ("OPENER",), returned=True) == "CLOSED"
    with pytest.raises(Refusal, match="Only the opener"):
        rules.after(state, "caseClose", ("COUNTERPARTY",), returned=True)
