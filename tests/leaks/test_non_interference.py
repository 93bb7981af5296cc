"""A partner's answers do not depend on what it may not see: not in data, totals, cursors, errors or extensions."""

from __future__ import annotations

from random import Random
from uuid import UUID

from ..support.hub import Bench
from ..support.rows import replace
from ..support.world import World
from .documents import documents
from .hidden import Disturbance
from .oracle import Oracle
from .surface import questions

WORLDS, DOCUMENTS = 12, 40
Asked = list[tuple[str, dict[str, object]]]


async def test_answers_do_not_depend_on_what_is_hidden(alone: Bench) -> None:
    made = list(documents(5, DOCUMENTS))
    compared = 0
    for seed in range(WORLDS):
        world = World(500 + seed)
        rng = Random(seed)
        viewer = rng.choice(world.tables["scope"])["grantee"]
        asked = [(each.text, each.values(world, rng)) for each in made] + _share(world, seed)
        compared += await _compare(alone, world, viewer, asked, seed)
    assert compared >= 1_000


def _share(world: World, number: int) -> Asked:
    """Every root field with every argument of the schema, dealt out over the worlds."""
    return [(each.text, each.variables) for each in questions(world.tables, seed=7, roots_only=True)[number::WORLDS]]


async def _compare(bench: Bench, world: World, viewer: UUID, asked: Asked, seed: int) -> int:
    bench.clock.set(world.now)
    await replace(bench.superuser, world.tables)
    before = [await bench.ask(viewer, text, variables) for text, variables in asked]

    disturbance = Disturbance(world, viewer, seed)
    tables = disturbance.tables()
    assert disturbance.changes > 200, "too little was hidden to prove anything"
    _check_unseen(world, viewer, tables)
    await replace(bench.superuser, tables)

    for (text, variables), earlier in zip(asked, before, strict=True):
        later = await bench.ask(viewer, text, variables)
        assert later == earlier, f"world {500 + seed}, {viewer} asked {text} with {variables}"
    return len(asked)


def _check_unseen(world: World, viewer: UUID, tables: dict[str, list[dict[str, object]]]) -> None:
    """The disturbance kept its word: the law shows the viewer the same rows as before."""
    before, after = (Oracle(each, viewer, world.now) for each in (world.tables, tables))
    for kind in before.rows:
        seen = [{key for key, row in each.rows[kind].items() if each.visible(kind, row)} for each in (before, after)]
        assert seen[0] == seen[1], kind
