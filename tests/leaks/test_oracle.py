"""Whatever is asked, by whomever: the hub answers what the law says, and the oracle says what the law is.

An example is one operation (random document, variables, partner, world), executed and compared in full.
"""

from __future__ import annotations

import asyncio

from scmhub.graph.declare import Many, One
from scmhub.partners.tables import RelationshipTable
from scmhub.sharing import expansion
from scmhub.sharing.tables import SharingRuleTable

from ..support.hub import Bench
from ..support.world import GROUPS, World
from .documents import SCHEMA, documents
from .examples import Judge, draw
from .oracle import LAWS, Oracle

DOCUMENTS, TIMES, TASKS = 400, 25, 2


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


def test_the_documents_reach_every_field_filter_and_order() -> None:
    text = " ".join(document.text for document in documents(1, DOCUMENTS))
    fields = [name for kind in SCHEMA.registry.kinds.values() for name, spec in kind.fields.items() if not isinstance(spec, Many | One)]
    fields += [name for kind in SCHEMA.registry.kinds.values() if kind.plural for name in (*kind.filters, *kind.orders)]
    camel = {"".join([head, *(part.capitalize() for part in rest)]) for head, *rest in (name.split("_") for name in fields)}
    assert {name for name in camel if name not in text} == set()


def test_what_a_branch_of_a_page_leaves_bare_is_what_its_side_may_see() -> None:
    """A filter is compiled without its mask in branches of a side that sees the field: exactly those."""
    for name, kind in SCHEMA.registry.kinds.items():
        law = LAWS[name]
        accesses = {spec.access for spec in kind.fields.values() if hasattr(spec, "access")}
        for side in () if law.of or name == "Partner" else (law.owner, *law.parties):
            sees = {a for a in accesses if a.name == "PUBLIC" or side == law.owner}
            sees |= {a for a in accesses if a.name in ("PARTY", "SHAREABLE") and side in (a.sides or law.parties)}
            assert {a for a in accesses if kind.policy.unmasked(side, a)} == sees, f"{name} by {side}"


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
    assert min(seen.values()) >= 500, seen


def test_scopes_are_what_the_law_says_of_rules_and_relationships(worlds: list[World]) -> None:
    for world in worlds:
        relationships = [RelationshipTable(**row) for row in world.tables["relationship"]]
        for rule in world.tables["sharing_rule"]:
            opened = {opening.grantee for opening in expansion.expand(SharingRuleTable(**rule), relationships)}
            lived = {**rule, "valid_from": world.now, "valid_until": None}
            tables = {**world.tables, "sharing_rule": [lived]}
            meant = {each for each in world.partners if Oracle(tables, each, world.now)._rules}
            assert opened == meant
