"""Every seeded policy bug is noticed: by the proof at compile time, or by the oracle within a small budget."""

from __future__ import annotations

import asyncpg
import pytest

from scmhub.sharing.proof import PolicyBypassed

from ..support.hub import Bench, another
from ..support.rows import insert
from ..support.world import World
from .documents import Document, documents
from .examples import Judge, draw
from .mutants import MUTANTS, Mutant

DOCUMENTS, TIMES = 260, 4
ENDS: dict[str, type[Exception]] = {
    "unsealed source": PolicyBypassed, "unsealed cell": PolicyBypassed, "column named in text": PolicyBypassed,
    "foreign keys are names": asyncpg.CardinalityViolationError,
}  # fmt: skip
"""Bugs that may show as an error of this sort instead of a wrong answer."""


@pytest.fixture(scope="module")
def budget() -> list[Document]:
    return list(documents(2, DOCUMENTS))


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if not each.world], ids=lambda mutant: mutant.name)
async def test_a_policy_bug_is_noticed(
    crowded: Bench, worlds: list[World], budget: list[Document], mutant: Mutant, caplog: pytest.LogCaptureFixture
) -> None:
    with mutant.at_work():
        compared, noticed = await _hunt(crowded, worlds, budget)
    assert mutant.applied, "this mutant changes nothing any more"
    assert noticed, f"survived {compared} examples"
    failed = {type(record.exc_info[1]) for record in caplog.records if record.exc_info}
    assert failed <= {ENDS.get(mutant.name)}, "noticed for another reason than its own"
    assert failed or ENDS.get(mutant.name) is not PolicyBypassed


async def test_bugs_of_expansion_are_noticed(alone: Bench, budget: list[Document]) -> None:
    worlds: dict[str, list[World]] = {}
    for number, mutant in enumerate(each for each in MUTANTS if each.world):
        with mutant.at_work():
            worlds[mutant.name] = [World(1000 * (number + 1) + seed) for seed in range(5)]
        assert mutant.applied, mutant.name
        for world in worlds[mutant.name]:
            await insert(alone.superuser, world.tables)
    survived = [name for name, several in worlds.items() if not (await _hunt(alone, several, budget))[1]]
    assert survived == []


async def _hunt(bench: Bench, worlds: list[World], budget: list[Document]) -> tuple[int, str | None]:
    fresh = another(bench)
    try:
        return await Judge(fresh).first_disagreement(draw(worlds, budget, TIMES, seed=3))
    finally:
        fresh.hub.documents.close()
