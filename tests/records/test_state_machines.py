"""Every state machine of the hub: each step that is not possible is refused with the list of those that are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import scmhub.records
from scmhub.errors import Refusal
from scmhub.records.cases import rules as cases
from scmhub.records.orders import rules as orders
from scmhub.records.orders import shipment_rules as shipments
from scmhub.records.relationships import agreement_rules as agreements
from scmhub.records.relationships import rules as relationships
from scmhub.records.risks import rules as risks
from scmhub.records.sharing_rules import review_rules
from scmhub.records.sharing_rules import rules as sharing_rules


@dataclass(frozen=True)
class Machine:
    """``take`` a step in a state, or be refused; ``legal``: the words for what is possible in a state."""

    name: str
    states: tuple[str, ...]
    steps: tuple[str, ...]
    take: Callable[[str, str], Any]
    legal: Callable[[str], list[str]]


def _steps(table: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step for steps in table.values() for step in steps))


def _plain(name: str, table: Any, take: Callable[[str, str], Any], words: dict[str, str] | None = None) -> Machine:
    said = words or {}
    return Machine(name, tuple(table), _steps(table), take, lambda state: [said.get(each, each) for each in table[state]])


def _schedule_line(side: Any, spoke: Any) -> Machine:
    def take(state: str, step: str) -> None:
        orders.check_step(orders.Standing(state, orders.Word(spoke, "PROPOSE")), side, step)

    return Machine(
        f"schedule line, {side} after {spoke}", tuple(orders.STEPS), _steps(orders.STEPS), take,
        lambda state: orders.steps_for(state, side, spoke),
    )  # fmt: skip


def _case(standing: tuple[str, ...]) -> Machine:
    return Machine(
        f"case, {' and '.join(standing)}", tuple(cases.STEPS), _steps(cases.STEPS),
        lambda state, step: cases.after(state, step, standing),
        lambda state: [step for step, (_, whose) in cases.STEPS[state].items() if whose in standing],
    )  # fmt: skip


def _agreement(mine: bool, bound: bool) -> Machine:
    def standing(state: str) -> agreements.Standing:
        return agreements.Standing(state, mine, bound)

    steps = (agreements.SIGN, agreements.DECLINE, agreements.WITHDRAW, agreements.REVISE, agreements.TERMINATE)
    return Machine(
        f"agreement, {'mine' if mine else 'theirs'}, {'bound' if bound else 'not bound'}",
        ("PROPOSED", "DECLINED", "WITHDRAWN", "SIGNED", "TERMINATED"), steps,
        lambda state, step: agreements.check(standing(state), step), lambda state: agreements.allowed(standing(state)),
    )  # fmt: skip


MACHINES = [
    _plain(
        "relationship", relationships.STEPS,
        lambda state, step: relationships.after(state, step, proposer=False), relationships.COMMANDS,
    ),
    _plain("sharing rule", sharing_rules.STEPS, sharing_rules.after, sharing_rules.COMMANDS),
    _plain("access review", review_rules.STEPS, review_rules.after, review_rules.COMMANDS),
    _plain("risk", risks.RISK_STEPS, risks.risk_after),
    _plain("disruption", risks.DISRUPTION_STEPS, risks.disruption_after),
    _plain("shipment", shipments.STEPS, shipments.check_step, shipments.WORDS),
    *(_schedule_line(side, spoke) for side in ("BUYER", "SELLER") for spoke in ("BUYER", "SELLER")),
    *(_case(standing) for standing in (("OPENER",), ("COUNTERPARTY",), ("OPENER", "COUNTERPARTY"))),
    *(_agreement(mine, bound) for mine in (True, False) for bound in (True, False)),
]  # fmt: skip


def pairs(machine: Machine) -> Iterator[tuple[str, str]]:
    return ((state, step) for state in machine.states for step in machine.steps)


def refusal_of(machine: Machine, state: str, step: str) -> Refusal | None:
    try:
        machine.take(state, step)
    except Refusal as refusal:
        return refusal
    return None


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_a_step_that_is_not_possible_is_refused_with_those_that_are(machine: Machine) -> None:
    taken, refused = 0, 0
    for state, step in pairs(machine):
        refusal = refusal_of(machine, state, step)
        if refusal is None:
            taken += 1
        elif refusal.refusal_code != "FORBIDDEN":  # what is for the other side only has no list to give
            refused += 1
            assert refusal.refusal_code == "ILLEGAL_TRANSITION", (state, step)
            assert state in refusal.message, refusal.message
            [told] = re.findall(r"Allowed steps: ([^.]*)\.", refusal.message)
            assert told == (", ".join(machine.legal(state)) or "none"), (state, step)
    assert refused > 0
    assert taken > 0


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_what_is_told_to_be_allowed_is(machine: Machine) -> None:
    """Each word of a list, tried in its state, is taken: no list sends anybody into another refusal."""
    for state in machine.states:
        possible = [step for step in machine.steps if refusal_of(machine, state, step) is None]
        assert len(possible) == len(machine.legal(state)), state


def test_no_machine_is_missing_here() -> None:
    """Each module of rules with a table of steps is named above."""
    here = Path(__file__).read_text()
    rooms = Path(scmhub.records.__file__).parent
    found = [path for path in rooms.glob("*/*rules.py") if re.search(r"^\w*STEPS\b", path.read_text(), re.MULTILINE)]
    assert len(found) >= 6
    for path in found:
        assert f"scmhub.records.{path.parent.name} import {path.stem}" in here, path
