"""Whatever is asked, by whomever: the hub answers what the law says, and the oracle says what the law is.

An example is one operation (random document, variables, partner, world), executed and compared in full.
"""

from __future__ import annotations

import asyncio

from scmhub.graph.where import camel

from ..support.hub import Bench
from ..support.world import BANDED, GROUPS, World
from .documents import SCHEMA, documents
from .examples import Judge, draw, wrongly_expanded, wrongly_unmasked
from .oracle import LAWS, Oracle

DOCUMENTS, TIMES, TASKS = 2_000, 5, 2


async def test_ten_thousand_answers_equal_the_oracle(crowded: Bench, worlds: list[World]) -> None:
    made = list(documents(1, DOCUMENTS))

    async def share(task: int) -> tuple[int, str | None]:
        return await Judge(crowded).first_disagreement(draw(worlds, made[task::TASKS], TIMES, seed=task))

    compared = await asyncio.gather(*map(share, range(TASKS)))

    assert [wrong for _, wrong in compared if wrong] == []
    assert sum(number for number, _ in compared) == 10_000


def test_every_kind_has_its_law() -> None:
    missing = SCHEMA.registry.kinds.keys() - LAWS.keys()
    assert not missing, f"say in tests/leaks/oracle.py who owns {sorted(missing)}, and make rows in tests/support/world.py"


def test_every_field_group_is_opened_by_some_rule_of_the_worlds() -> None:
    opened = {
        rule: {group for kind in kinds for group in kind.groups()}
        for rule, kinds in SCHEMA.registry.shareable_kinds().items()
    }
    assert {rule: set(groups) for rule, groups in GROUPS.items()} == opened, "complete GROUPS in tests/support/world.py"
    banded = {
        rule: {group for kind in kinds for group in kind.banded()} for rule, kinds in SCHEMA.registry.shareable_kinds().items()
    }
    wanted = {rule: set(BANDED.get(rule, ())) for rule in GROUPS}
    assert banded == wanted, "complete BANDED in tests/support/world.py"


def test_the_documents_reach_every_field_filter_and_order() -> None:
    text = " ".join(document.text for document in documents(1, DOCUMENTS))
    kinds = SCHEMA.registry.kinds.values()
    names = {camel(name) for kind in kinds for name in kind.fields}
    names |= {camel(name) for kind in kinds if kind.plural for name in kind.filters}
    names |= {order for kind in kinds if kind.plural for order in kind.orders}
    assert {name for name in names if name not in text} == set(), "more documents, or a bolder generator"


def test_what_a_branch_of_a_page_leaves_bare_is_what_its_side_may_see() -> None:
    assert wrongly_unmasked() == []


async def test_rows_are_seen_in_full_by_those_who_should(worlds: list[World]) -> None:
    """The dice are loaded enough: every way to see a row, and every way not to, happens often."""
    seen = {"own": 0, "party": 0, "rule": 0, "hidden": 0, "masked": 0}
    for world in worlds:
        for viewer in world.partners:
            oracle = Oracle(world.tables, viewer, world.now)
            for kind in ("OrderLine", "ShipmentLine"):
                law = LAWS[kind]
                price = SCHEMA.registry.kinds[kind].groups().get("price")
                for row in oracle.rows[kind].values():
                    sort = (
                        "own" if row[law.owner] == viewer else "party" if viewer in [row[side] for side in law.parties]
                        else "rule" if oracle.visible(kind, row) else "hidden"
                    )  # fmt: skip
                    seen[sort] += 1
                    seen["masked"] += bool(sort == "rule" and price and not oracle.granted(kind, row, price))
    assert min(seen.values()) >= 300, seen


def test_scopes_are_what_the_law_says_of_rules_and_relationships(worlds: list[World]) -> None:
    assert [wrongly_expanded(world) for world in worlds] == [[]] * len(worlds)
