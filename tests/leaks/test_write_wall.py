"""Row level security alone: with the check of every command removed, a foreign write touches nothing.

Also: what a payload reads on the writer's connection is what a query reads.
"""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import pytest

from scmhub.database.tables import metadata
from scmhub.graph.run import Engine
from scmhub.ids import public_id

from ..support.hub import Bench, viewer_of
from ..support.rows import complete, insert
from ..support.world import World
from .documents import KINDS, documents
from .examples import Judge, draw
from .oracle import LAWS, Oracle

GOVERNED = [table for table in metadata.sorted_tables if table.info.get("owner") or table.info.get("part_of")]


def _stranger(world: World) -> UUID:
    """A partner with a relationship to nobody, in a world made for this."""
    return world._partner("STRANGER")


async def test_a_foreign_update_or_delete_touches_no_row(alone: Bench) -> None:
    world = World(700)
    stranger = _stranger(world)
    await insert(alone.superuser, world.tables)
    tried = 0
    for table in GOVERNED:
        rights = table.info.get("write", "select, insert, update, delete")
        for verb, text in (("update", f'update "{table.name}" set id = id'), ("delete", f'delete from "{table.name}"')):
            if not world.tables.get(table.name):
                continue
            if verb in rights:
                async with alone.hub.database.unit(stranger, "test", alone.clock) as unit:
                    assert await unit._raw.execute(text) == f"{verb.upper()} 0", table.name
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with alone.hub.database.unit(stranger, "test", alone.clock) as unit:
                        await unit._raw.execute(text)
            tried += 1
    assert tried >= 2 * 15


async def test_a_party_reaches_its_own_rows_and_no_others(alone: Bench) -> None:
    """The wall is not simply shut: what is updated is exactly what the actor owns or is a party to."""
    world = World(700)
    await insert(alone.superuser, world.tables)
    for actor in world.partners[:2]:
        oracle = Oracle(world.tables, actor, world.now)
        for name, law in LAWS.items():
            table = metadata.tables[law.table]
            if name == "Partner" or law.only or law.of or "update" not in table.info.get("write", "update"):
                continue
            mine = [row for row in oracle.rows[name].values() if actor in [row[side] for side in (law.owner, *law.parties)]]
            async with alone.hub.database.unit(actor, "test", alone.clock) as unit:
                done = await unit._raw.execute(f'update "{law.table}" set id = id')
            assert done == f"UPDATE {len(mine)}", name


async def test_a_row_cannot_be_added_in_anothers_name(alone: Bench) -> None:
    world = World(700)
    stranger = _stranger(world)
    await insert(alone.superuser, world.tables)
    tried = 0
    for table in GOVERNED:
        if not world.tables.get(table.name) or "insert" not in table.info.get("write", "insert"):
            continue
        row = complete(table.name, {**world.tables[table.name][0], "id": uuid4()})
        places = ", ".join(f"${number + 1}" for number in range(len(row)))
        columns = ", ".join(f'"{name}"' for name in row)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with alone.hub.database.unit(stranger, "test", alone.clock) as unit:
                await unit._raw.execute(f'insert into "{table.name}" ({columns}) values ({places})', *row.values())
        tried += 1
    assert tried >= 15


async def test_the_setting_of_one_unit_is_gone_in_the_next(alone: Bench) -> None:
    world = World(700)
    await insert(alone.superuser, world.tables)
    acme, stranger = world.partners[0], _stranger(World(701))
    async with alone.hub.database.unit(acme, "test", alone.clock) as unit:
        assert await unit.fetch("select count(*) from purchase_order") > 0
    async with alone.hub.database.unit(stranger, "test", alone.clock) as unit:
        assert await unit.fetch("select count(*) from purchase_order") == 0


async def test_what_a_command_reads_back_is_what_a_query_reads(alone: Bench) -> None:
    """Statements of random documents give equal bytes under ``hub_read`` and, in a unit, under ``hub_write``."""
    world = World(702)
    await insert(alone.superuser, world.tables)
    alone.clock.set(world.now)
    judge = Judge(alone)
    engine: Engine = alone.hub.engine
    compared = 0
    for example in draw([world], documents(9, 150), 2, seed=9):
        reads = await judge.disagreement(example)
        assert reads is None, reads
        async with alone.hub.database.unit(example.viewer, "test", alone.clock) as unit:
            before, engine._reads = engine._reads, unit  # type: ignore[assignment]
            try:
                writes = await judge.disagreement(example)
            finally:
                engine._reads = before
        assert writes is None, f"only under hub_write: {writes}"
        compared += 1
    assert compared == 300


async def test_hidden_and_unknown_ids_run_the_same_statements(alone: Bench) -> None:
    """Nothing to time: what is hidden, absent or malformed is one statement, one text, one answer."""
    world = World(703)
    stranger = _stranger(world)
    await insert(alone.superuser, world.tables)
    alone.record_statements()
    for kind in KINDS.values():
        if kind.part_of or kind.name == "Partner" or not world.tables.get(kind.table.name):
            continue
        hidden = public_id(kind.prefix, next(iter(Oracle(world.tables, stranger, world.now).rows[kind.name])))
        document = f"query($id: ID!){{node(id: $id){{id ... on {kind.name}{{__typename}}}} nodes(ids: [$id]){{id}}}}"
        texts, bodies = [], []
        for asked in (hidden, public_id(kind.prefix, uuid4())):
            alone.statements.clear()
            bodies.append(await alone.ask(stranger, document, {"id": asked}))
            texts.append(list(alone.statements))
        assert texts[0] == texts[1] and len(texts[0]) == 1
        assert bodies[0] == bodies[1]
    assert viewer_of(stranger).lens.partner_id == stranger
