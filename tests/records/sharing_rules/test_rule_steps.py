"""Every step of a rule, every other one refused by name, and what a rule may say."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from scmhub.errors import Refusal
from scmhub.graph.declare import REGISTRY
from scmhub.records.sharing_rules import rules
from scmhub.records.sharing_rules.api import GranteeRole, ShareableKind, SharingRuleState
from scmhub.records.sharing_rules.commands import dimensions_of
from scmhub.schema import load_schema
from scmhub.sharing.expansion import ROLES

LEGAL = {
    ("DRAFT", "ACTIVATE"): "ACTIVE",
    ("DRAFT", "REVISE"): "DRAFT",
    ("DRAFT", "REVOKE"): "REVOKED",
    ("ACTIVE", "SUSPEND"): "SUSPENDED",
    ("ACTIVE", "REVISE"): "DRAFT",
    ("ACTIVE", "REVOKE"): "REVOKED",
    ("SUSPENDED", "RESUME"): "ACTIVE",
    ("SUSPENDED", "REVISE"): "DRAFT",
    ("SUSPENDED", "REVOKE"): "REVOKED",
}
ORDER = rules.Dimensions(("numbers", "price", "promises"), items=True, sites=True, days=True)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("state", "step"), list(itertools.product(rules.STEPS, rules.COMMANDS)))
def test_each_step_is_legal_or_refused_with_the_allowed_ones(state: str, step: str) -> None:
    if (state, step) in LEGAL:
        assert rules.after(state, step) == LEGAL[state, step]
        return
    with pytest.raises(Refusal) as caught:
        rules.after(state, step)
    legal = ", ".join(rules.COMMANDS[act] for at, act in LEGAL if at == state) or "none"
    assert caught.value.refusal_code == "ILLEGAL_TRANSITION"
    assert caught.value.message == (
        f"The rule is {state}; {rules.COMMANDS[step]} is not possible. Allowed steps: {legal}."
    )


def refusal(check: Any, *args: Any) -> tuple[str, str, list[str]]:
    with pytest.raises(Refusal) as caught:
        check(*args)
    return caught.value.refusal_code, caught.value.message, caught.value.path


def test_field_groups_come_back_once_each_in_the_order_of_the_kind() -> None:
    assert rules.check_groups(["price", "numbers", "price"], ORDER) == ["numbers", "price"]


def test_an_unknown_field_group_is_named_with_the_nearest_one() -> None:
    assert refusal(rules.check_groups, ["numbers", "prices"], ORDER) == (
        "INVALID",
        "These records have no such field group. Did you mean 'price'? There are: numbers, price, promises.",
        ["input", "fieldGroups", "1"],
    )


def test_no_field_groups_open_only_what_comes_with_every_record() -> None:
    assert rules.check_groups([], ORDER) == []


def test_what_the_records_have_must_be_said_and_what_they_have_not_cannot_be() -> None:
    rules.check_extent(True, True, "items", "items")
    rules.check_extent(False, False, "items", "items")
    assert refusal(rules.check_extent, True, False, "items", "items")[::2] == ("INVALID", ["input", "items"])
    assert refusal(rules.check_extent, False, True, "days", "daysBack")[::2] == ("REQUIRED", ["input", "daysBack"])


def test_windows_lie_between_nothing_and_a_century() -> None:
    assert [rules.check_days(days, "daysBack") for days in (None, 0, 36_500)] == [None, 0, 36_500]
    for days in (-1, 36_501):
        assert refusal(rules.check_days, days, "daysAhead")[::2] == ("OUT_OF_RANGE", ["input", "daysAhead"])


def test_validity_ends_after_it_begins() -> None:
    rules.check_validity(NOON, None)
    rules.check_validity(NOON, NOON.replace(microsecond=1))
    assert refusal(rules.check_validity, NOON, NOON)[::2] == ("INVALID", ["input", "validUntil"])


def test_ten_thousand_scopes_are_the_most() -> None:
    hundred = list(range(100))
    rules.check_size(hundred, hundred, 1, 10_000)
    rules.check_size(None, None, 10_000, 10_000)
    assert refusal(rules.check_size, hundred, hundred, 2, 10_000)[::2] == ("OUT_OF_RANGE", ["input"])
    assert refusal(rules.check_size, None, [*hundred, 0], 100, 10_000)[::2] == ("OUT_OF_RANGE", ["input"])


def test_every_shareable_kind_role_and_state_can_be_said() -> None:
    load_schema()
    assert {each.name for each in ShareableKind} == set(REGISTRY.shareable_kinds())
    assert {each.name for each in GranteeRole} == set(ROLES)
    assert {each.name for each in SharingRuleState} == set(rules.STEPS)


def test_the_dimensions_of_a_kind_are_those_of_its_policies() -> None:
    load_schema()
    orders = ("parties", "numbers", "price", "fulfilment", "promises")
    assert dimensions_of("ORDER") == rules.Dimensions(orders, items=True, sites=True, days=True, banded=("price", "fulfilment"))
    assert dimensions_of("ITEM") == rules.Dimensions(("identifiers", "lifecycle"), items=True, sites=False, days=False)
    assert dimensions_of("SITE") == rules.Dimensions(("identifiers",), items=False, sites=True, days=False)
