"""Every step of a relationship, and every other one refused by name."""

from __future__ import annotations

import itertools

import pytest

from scmhub.errors import Refusal
from scmhub.records.relationships import rules

LEGAL = {
    ("PROPOSED", "ACCEPT"): "ACTIVE",
    ("PROPOSED", "DECLINE"): "DECLINED",
    ("ACTIVE", "SUSPEND"): "SUSPENDED",
    ("ACTIVE", "END"): "ENDED",
    ("SUSPENDED", "RESUME"): "ACTIVE",
    ("SUSPENDED", "END"): "ENDED",
}


@pytest.mark.parametrize(("state", "step"), [*itertools.product(rules.STEPS, rules.COMMANDS)])
def test_each_step_is_legal_or_refused_with_the_allowed_ones(state: str, step: str) -> None:
    if (state, step) in LEGAL:
        assert rules.after(state, step, proposer=False) == LEGAL[state, step]
        return
    with pytest.raises(Refusal) as caught:
        rules.after(state, step, proposer=False)
    legal = ", ".join(rules.COMMANDS[act] for at, act in LEGAL if at == state) or "none"
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert caught.value.message == (
        f"The relationship is {state}; {rules.COMMANDS[step]} is not possible. Allowed steps: {legal}."
    )


@pytest.mark.parametrize("step", ["ACCEPT", "DECLINE"])
def test_nobody_answers_its_own_proposal(step: str) -> None:
    with pytest.raises(Refusal) as caught:
        rules.after("PROPOSED", step, proposer=True)
    assert caught.value.refusal_code == "FORBIDDEN"
