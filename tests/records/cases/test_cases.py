"""A case from its opening to its end: each step by its side only, and nobody else learns of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.records.cases import rules

from ..forecasts.firms import Firms
from ..risks.acts import do, refused

CASE = (
    "case { id version state opener { code } counterparty { code } references { nodes { kind record } }"
    " entries { nodes { entryNo act author { code } text } } }"
)
LEGAL = {
    ("OPEN", "caseAcknowledge"): ("ACKNOWLEDGED", "COUNTERPARTY"),
    ("OPEN", "caseStart"): ("IN_PROGRESS", "COUNTERPARTY"),
    ("ACKNOWLEDGED", "caseStart"): ("IN_PROGRESS", "COUNTERPARTY"),
    ("IN_PROGRESS", "caseResolve"): ("RESOLVED", "COUNTERPARTY"), ("RESOLVED", "caseClose"): ("CLOSED", "OPENER"),
    ("RESOLVED", "caseReopen"): ("REOPENED", "OPENER"), ("CLOSED", "caseReopen"): ("REOPENED", "OPENER"),
    ("REOPENED", "caseStart"): ("IN_PROGRESS", "COUNTERPARTY"),
}  # fmt: skip
SIDE = {step: side for (_, step), (_, side) in LEGAL.items()}


@pytest.mark.parametrize(("state", "step", "side"), [*itertools.product(rules.STEPS, SIDE, ("OPENER", "COUNTERPARTY"))])
def test_each_step_is_legal_or_refused_with_the_allowed_ones(state: str, step: str, side: str) -> None:
    if side == SIDE[step] and (state, step) in LEGAL:
        assert rules.after(state, step, (side,)) == LEGAL[state, step][0]
        return
    with pytest.raises(Refusal) as caught:
        rules.after(state, step, (side,))
    if side != SIDE[step]:
        assert caught.value.refusal_code == "FORBIDDEN"
        return
    allowed = ", ".join(act for (at, act), (_, whose) in LEGAL.items() if at == state and whose == side) or "none"
    assert caught.value.message == f"The case is {state}; {step} is not possible. Allowed steps: {allowed}."


def late(firms: Firms, **more: Any) -> dict[str, Any]:
    return {
        "counterparty": firms.ids["bolt"], "template": "CLAIM", "severity": "HIGH", "title": "Late again",
        "text": "Three weeks late", "references": [firms.ids["acme-casting"]], **more,
    }  # fmt: skip


async def test_a_case_is_opened_settled_doubted_and_closed(firms: Firms) -> None:
    case = await do(firms, "acme", "caseOpen", CASE, **late(firms))
    assert case["references"]["nodes"] == [{"kind": "Item", "record": firms.ids["acme-casting"]}]
    for version, (firm, step, state) in enumerate(
        [
            ("bolt", "Acknowledge", "ACKNOWLEDGED"), ("bolt", "Start", "IN_PROGRESS"), ("bolt", "Resolve", "RESOLVED"),
            ("acme", "Reopen", "REOPENED"), ("bolt", "Start", "IN_PROGRESS"), ("bolt", "Resolve", "RESOLVED"),
            ("acme", "Close", "CLOSED"),
        ], 1,
    ):  # fmt: skip
        case = await do(firms, firm, f"case{step}", CASE, case=case["id"], expectedVersion=version)
        assert (case["state"], case["version"]) == (state, version + 1)
    case = await do(firms, "bolt", "caseComment", CASE, case=case["id"], text="Thank you")
    said = [(each["act"], each["author"]["code"], each["text"]) for each in case["entries"]["nodes"]]
    assert (said[0], said[-1], len(said)) == (("OPEN", "ACME", "Three weeks late"), ("COMMENT", "BOLT", "Thank you"), 9)
    told = await firms.superuser.fetch("select distinct owner_id, parties from change_outbox")
    assert [tuple(row) for row in told] == [(firms.keys["acme"], [firms.keys["bolt"]])]


async def test_a_stranger_finds_no_case_and_a_reference_opens_nothing(firms: Firms) -> None:
    blank = await firms.read("cargo", "{ cases { totalCount nodes { title } } }")
    case = await do(firms, "acme", "caseOpen", CASE, **late(firms))
    step = {"case": case["id"], "expectedVersion": 1}
    for firm, code in (("cargo", "NOT_FOUND"), ("dyna", "NOT_FOUND"), ("acme", "FORBIDDEN")):
        assert (await refused(firms, firm, "caseAcknowledge", **step))[:2] == (code, "input.case")
    assert await firms.read("cargo", "{ cases { totalCount nodes { title } } }") == blank
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert await firms.read("bolt", node, id=firms.ids["acme-casting"]) == {"node": None}
    code, path, message = await refused(firms, "acme", "caseClose", **step)
    assert (code, path) == ("ILLEGAL_TRANSITION", "input.case")
    assert message == "The case is OPEN; caseClose is not possible. Allowed steps: none."


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"title": ""}, "REQUIRED", "title"), ({"text": " x"}, "INVALID", "text"),
        ({"references": ["itm_x"]}, "NOT_FOUND", "references.0"),
        ({"counterparty": "ptr_x"}, "NOT_FOUND", "counterparty"),
    ],
)  # fmt: skip
async def test_what_cannot_be_opened(firms: Firms, more: dict[str, Any], code: str, path: str) -> None:
    assert (await refused(firms, "acme", "caseOpen", **late(firms) | more))[:2] == (code, f"input.{path}")


async def test_a_reference_is_to_something_its_speaker_may_see(firms: Firms) -> None:
    given = late(firms, references=[firms.ids["bolt-casting"]])
    assert (await refused(firms, "acme", "caseOpen", **given))[:2] == ("NOT_FOUND", "input.references.0")
