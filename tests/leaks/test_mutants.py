"""Every seeded policy bug is noticed: by the proof at compile time, or by the oracle within a small budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from scmhub.graph.checks import BadDeclaration, check_kind
from scmhub.graph.specs import Latest, Many
from scmhub.sharing.proof import PolicyBypassed

from ..support.hub import Bench, another
from ..support.world import World
from .documents import SCHEMA, Document, documents
from .examples import Judge, Oracles, draw, wrongly_expanded, wrongly_unmasked
from .mutants import MUTANTS, Mutant

DOCUMENTS, TIMES = 2400, 6
ENDS: dict[str, type[Exception]] = {
    "unsealed source": PolicyBypassed, "unsealed cell": PolicyBypassed, "column named in text": PolicyBypassed,
    "foreign keys are names": asyncpg.CardinalityViolationError,
}  # fmt: skip
"""Bugs that may show as an error of this sort instead of a wrong answer."""


@pytest.fixture(scope="module")
def budget() -> list[Document]:
    return list(documents(2, DOCUMENTS))


@pytest.fixture(scope="module")
def oracles() -> Oracles:
    """What should be answered does not depend on what is wrong with the hub."""
    return {}


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if not each.world], ids=lambda mutant: mutant.name)
async def test_a_policy_bug_is_noticed(
    crowded: Bench, worlds: list[World], budget: list[Document], oracles: Oracles, mutant: Mutant,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with mutant.at_work():
        compared, noticed = (0, ", ".join(wrongly_unmasked())) if wrongly_unmasked() else await _hunt(crowded, worlds, budget, oracles)
    assert mutant.applied, "this mutant changes nothing any more"
    assert noticed, f"survived {compared} examples"
    failed = {type(record.exc_info[1]) for record in caplog.records if record.exc_info}
    assert failed <= {ENDS.get(mutant.name)}, "noticed for another reason than its own"
    assert failed or ENDS.get(mutant.name) is not PolicyBypassed


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.world], ids=lambda mutant: mutant.name)
def test_a_bug_of_expansion_is_noticed(worlds: list[World], mutant: Mutant) -> None:
    with mutant.at_work():
        noticed = any(wrongly_expanded(world) for world in worlds)
    assert mutant.applied, "this mutant changes nothing any more"
    assert noticed


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("InventoryPosition", {"orders": {"AVAILABLE": "available"}}),
        ("InventoryPosition", {"filters": ("available_band",)}),
        ("Item", {"fields": {"x": Many("InventoryPosition", "Raw.", "item_id", "version", 9, 9)}}),
        ("Partner", {"fields": {"x": Many("InventoryPosition", "Raw.", "holder_id", "as_of", 9, 9)}}),
        ("Item", {"fields": {"x": Latest("InventoryPosition", "Raw.", "item_id", "available")}}),
    ],
    ids=("raw sort of a page", "raw filter of a band", "raw sort of a list", "list by a hidden link", "newest by a hidden value"),
)
def test_a_raw_order_is_refused_before_anything_is_served(kind: str, changes: dict[str, Any]) -> None:
    declared = SCHEMA.registry.kinds[kind]
    fields = {**declared.fields, **changes.pop("fields", {})}
    with pytest.raises(BadDeclaration):
        check_kind(SCHEMA.registry, replace(declared, fields=fields, **changes))


async def _hunt(
    bench: Bench, worlds: list[World], budget: list[Document], oracles: Oracles
) -> tuple[int, str | None]:
    fresh = another(bench)
    try:
        return await Judge(fresh, oracles).first_disagreement(draw(worlds, budget, TIMES, seed=3))
    finally:
        fresh.hub.documents.close()
