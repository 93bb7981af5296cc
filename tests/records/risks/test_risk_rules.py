"""Every step of a risk and of a notice, and every other one refused by name; what may be passed on."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from scmhub.errors import Refusal
from scmhub.records.risks import rules
from scmhub.records.risks.model import CONSENTS

RISK = {
    ("REGISTERED", "riskRevise"): "REGISTERED", ("REGISTERED", "riskOccur"): "OPEN",
    ("REGISTERED", "riskRetire"): "RETIRED", ("OPEN", "riskRevise"): "OPEN", ("OPEN", "riskResolve"): "RESOLVED",
}  # fmt: skip
NOTICE = {
    ("OPEN", "disruptionUpdate"): "OPEN", ("OPEN", "disruptionForward"): "OPEN",
    ("OPEN", "disruptionResolve"): "RESOLVED",
}  # fmt: skip


def check(
    after: Callable[[str, str], str], legal: dict[tuple[str, str], str], what: str, state: str, step: str
) -> None:
    if (state, step) in legal:
        assert after(state, step) == legal[state, step]
        return
    with pytest.raises(Refusal) as caught:
        after(state, step)
    allowed = ", ".join(act for at, act in legal if at == state) or "none"
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert caught.value.message == f"The {what} is {state}; {step} is not possible. Allowed steps: {allowed}."


@pytest.mark.parametrize(("state", "step"), [*itertools.product(rules.RISK_STEPS, sorted({step for _, step in RISK}))])
def test_each_step_of_a_risk_is_legal_or_refused_with_the_allowed_ones(state: str, step: str) -> None:
    check(rules.risk_after, RISK, "risk", state, step)


@pytest.mark.parametrize(
    ("state", "step"), [*itertools.product(rules.DISRUPTION_STEPS, sorted({step for _, step in NOTICE}))]
)
def test_each_step_of_a_notice_is_legal_or_refused_with_the_allowed_ones(state: str, step: str) -> None:
    check(rules.disruption_after, NOTICE, "disruption", state, step)


@pytest.mark.parametrize(("received", "wanted", "named"), [*itertools.product(CONSENTS, CONSENTS, (False, True))])
def test_a_forward_never_allows_more_than_its_forwarder_was_allowed(received: str, wanted: str, named: bool) -> None:
    allowed = {
        ("MASKED", "NONE", False), ("MASKED", "MASKED", False), ("NAMED", "NONE", False), ("NAMED", "MASKED", False),
        ("NAMED", "NONE", True), ("NAMED", "MASKED", True), ("NAMED", "NAMED", True),
    }  # fmt: skip
    if (received, wanted, named) in allowed:
        assert rules.passed_on(received, wanted, named=named) == wanted
        return
    with pytest.raises(Refusal) as caught:
        rules.passed_on(received, wanted, named=named)
    assert caught.value.refusal_code == "FORBIDDEN"


@pytest.mark.parametrize(
    "text", ["The furnace broke.", "bolt says: the  FURNACE broke", "Hall-7 is down", "BOLT, again"]
)
def test_a_forward_is_no_copy_and_holds_no_name(text: str) -> None:
    with pytest.raises(Refusal):
        rules.check_own_words(text, "The furnace broke.", ["BOLT", "Bolt", "Hall 7"])


def test_a_word_that_only_contains_a_name_is_fine() -> None:
    text = "Bolts will be late"
    assert rules.check_own_words(text, "The furnace broke.", ["BOLT"]) == text
