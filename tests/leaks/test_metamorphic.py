"""Relations between answers: a rule added takes nothing away, revoked gives nothing, pages add up, order is irrelevant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from scmhub.database.tables import HUB_PARTNER
from scmhub.graph.declare import Kind
from scmhub.graph.specs import Banded, Column, Pair
from scmhub.graph.where import camel

from ..support.hub import Bench
from ..support.rows import Tables, replace
from ..support.world import World
from .documents import KINDS

PAGED = [kind for kind in KINDS.values() if kind.plural and kind.name not in ("SharingRule", "BlockPair", "Partner", "Relationship")]


def everything(kind: Kind) -> str:
    """The first 250 records of a kind with every flat field."""
    flat = [
        camel(name) + (f"{{{' '.join(spec.names)}}}" if isinstance(spec, Pair | Banded) else "")
        for name, spec in kind.fields.items() if isinstance(spec, Column | Pair | Banded)
    ]  # fmt: skip
    return f"{{{kind.plural}(first: 250){{totalCount nodes{{id {' '.join(flat)}}}}}}}"


def facts(value: Any, path: str = "") -> Iterator[str]:
    """What an answer says, one fact per value shown; records are told apart by their ids."""
    match value:
        case dict():
            here = f"{path}/{value.get('id', '')}"
            for name, each in value.items():
                yield from facts(each, f"{here}.{name}")
        case list():
            for each in value:
                yield from facts(each, path)
        case None:
            return
        case _:
            yield f"{path}={value}"


async def seen(bench: Bench, viewer: UUID) -> set[str]:
    """Everything a partner sees of all shareable kinds, totals aside."""
    found: set[str] = set()
    for kind in PAGED:
        data = json.loads(await bench.ask(viewer, everything(kind)))["data"]
        found |= {fact for fact in facts(data) if ".totalCount" not in fact}
    return found


async def test_a_rule_added_takes_nothing_away_and_one_revoked_gives_nothing(alone: Bench) -> None:
    gained = 0
    for seed in range(10):
        world = World(600 + seed)
        alone.clock.set(world.now)
        full = world.tables
        number = world.rng.randrange(len(full["sharing_rule"]))
        fewer = _without_rule(world, full["sharing_rule"][number]["id"])
        stages = []
        for tables in (full, fewer):
            await replace(alone.superuser, tables)
            stages.append({viewer: await seen(alone, viewer) for viewer in world.partners})
        before, now = stages
        for viewer in world.partners:
            assert now[viewer] <= before[viewer], f"world {600 + seed}: {viewer} gained by losing a rule"
            gained += before[viewer] != now[viewer]
    assert gained >= 2, "the rules taken away must have opened something"


def _without_rule(world: World, rule: UUID) -> Tables:
    return {
        **world.tables,
        "sharing_rule": [row for row in world.tables["sharing_rule"] if row["id"] != rule],
        "scope": [row for row in world.tables["scope"] if row["rule_id"] != rule],
    }


async def test_a_block_set_gives_nothing_to_anybody_and_one_lifted_takes_nothing(alone: Bench) -> None:
    lost = 0
    for seed in range(10):
        world = World(640 + seed)
        alone.clock.set(world.now)
        pair = world.rng.sample(world.partners, 2)
        stages = []
        for block in (None, world.rng.choice((pair[0], HUB_PARTNER, *world.partners))):
            if block is not None:
                world.add(
                    "block_pair", owner_id=block, one_id=pair[0], other_id=pair[1], state="ACTIVE", set_at=world.now,
                    own_records_only=block not in (*pair, HUB_PARTNER),
                )  # fmt: skip
            world.expand()
            await replace(alone.superuser, world.tables)
            stages.append({viewer: await seen(alone, viewer) for viewer in world.partners})
        before, now = stages
        for viewer in world.partners:
            assert now[viewer] <= before[viewer], f"world {640 + seed}: {viewer} gained by a block"
            assert viewer in pair or now[viewer] == before[viewer], f"world {640 + seed}: {viewer} is neither of the two"
            lost += before[viewer] != now[viewer]
    assert lost >= 2, "the blocks must have hidden something"


async def test_the_order_of_rules_and_scopes_is_irrelevant(alone: Bench) -> None:
    world = World(620)
    alone.clock.set(world.now)
    await replace(alone.superuser, world.tables)
    first = [await alone.ask(viewer, everything(kind)) for viewer in world.partners for kind in PAGED]
    world.tables["sharing_rule"].reverse()
    world.expand()  # other ids, the other way round
    await replace(alone.superuser, world.tables)
    second = [await alone.ask(viewer, everything(kind)) for viewer in world.partners for kind in PAGED]
    assert first == second


async def test_pages_add_up(alone: Bench) -> None:
    walked = 0
    for seed in range(4):
        world = World(630 + seed)
        alone.clock.set(world.now)
        await replace(alone.superuser, world.tables)
        viewer = world.tables["scope"][0]["grantee"]
        for kind in PAGED:
            for order in ("ID", *kind.orders):
                for first, after in (("first", "after"), ("last", "before")):
                    walked += await _walk(alone, viewer, kind, order, first, after)
    assert walked > 300


async def _walk(bench: Bench, viewer: UUID, kind: Kind, order: str, size: str, place: str) -> int:
    """Go through a connection in steps of 3, from either end; it must be the list, without gap or repetition."""
    by = f"orderBy: {{field: {order}, direction: ASC}}"
    whole = json.loads(await bench.ask(viewer, f"{{all: {kind.plural}(first: 250, {by}){{totalCount nodes{{id}}}}}}"))["data"]["all"]
    step = (
        f"query($at: String){{page: {kind.plural}({size}: 3, {place}: $at, {by})"
        "{totalCount nodes{id} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}"
    )
    found: list[Any] = []
    at, more = None, True
    while more:
        page = json.loads(await bench.ask(viewer, step, {"at": at}))["data"]["page"]
        assert page["totalCount"] == whole["totalCount"]
        found = found + page["nodes"] if size == "first" else page["nodes"] + found
        info = page["pageInfo"]
        more = info["hasNextPage" if size == "first" else "hasPreviousPage"]
        at = info["endCursor" if size == "first" else "startCursor"]
    assert found == whole["nodes"]
    assert len(found) == whole["totalCount"]
    return len(found)
