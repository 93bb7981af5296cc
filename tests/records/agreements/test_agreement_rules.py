"""Every step of an agreement, and every other one refused by name."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from scmhub.errors import Refusal
from scmhub.partners.agreements import AGREEMENT_STATES
from scmhub.records.relationships import agreement_rules as rules
from scmhub.records.relationships.agreement_rules import Standing

STEPS = (rules.SIGN, rules.DECLINE, rules.WITHDRAW, rules.REVISE, rules.TERMINATE)


def legal(state: str, mine: bool, bound: bool) -> set[str]:
    if state == "TERMINATED":
        return set()
    answers = set() if state != "PROPOSED" else {"agreementWithdraw"} if mine else {"agreementSign", "agreementDecline"}
    return answers | {"agreementRevise"} | ({"agreementTerminate"} if bound else set())


@pytest.mark.parametrize(
    ("state", "mine", "bound", "step"), [*itertools.product(AGREEMENT_STATES, (True, False), (True, False), STEPS)]
)
def test_each_step_is_legal_or_refused_with_the_allowed_ones(state: str, mine: bool, bound: bool, step: str) -> None:
    if step in legal(state, mine, bound):
        rules.check(Standing(state, mine, bound), step)
        return
    with pytest.raises(Refusal) as caught:
        rules.check(Standing(state, mine, bound), step)
    others = state == "PROPOSED" and step != rules.TERMINATE
    assert caught.value.refusal_code == ("FORBIDDEN" if others else "ILLEGAL_TRANSITION")
    if not others:
        named = set(caught.value.message.rstrip(".").rpartition("Allowed steps: ")[2].split(", "))
        assert named == (legal(state, mine, bound) or {"none"})


def test_days() -> None:
    today, tomorrow = date(2026, 3, 4), date(2026, 3, 5)
    rules.check_days(today, None, today)
    rules.check_days(tomorrow, tomorrow, today)
    rules.check_signable(today, today)
    rules.check_last_day(today, 0, today)
    rules.check_last_day(tomorrow, 1, today)
    for refused in (
        lambda: rules.check_days(today, None, tomorrow), lambda: rules.check_days(tomorrow, today, today),
        lambda: rules.check_signable(today, tomorrow), lambda: rules.check_last_day(today, 1, today),
        lambda: rules.check_last_day(today, 0, tomorrow),
    ):  # fmt: skip
        with pytest.raises(Refusal) as caught:
            refused()
        assert caught.value.refusal_code == "OUT_OF_RANGE"
    assert [rules.cut(until, today) for until in (None, tomorrow, today)] == [True, True, False]
