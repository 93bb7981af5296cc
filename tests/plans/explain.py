"""Plans of PostgreSQL as data, and what a plan of the hub must never do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg

from scmhub.database.tables import metadata

Node = dict[str, Any]
GOVERNED = {name for name, table in metadata.tables.items() if table.info.get("owner") or table.info.get("part_of")}
SMALL = 500
"""Rows of a table that is read as a whole sooner than through an index."""


def number_of_parameters(statement: str) -> int:
    return max(map(int, re.findall(r"\$(\d+)", statement)), default=0)


async def explain(connection: asyncpg.Connection, statement: str) -> Node:
    """The generic plan of a statement: made without knowing any value."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    await connection.execute(f"prepare asked as {statement}")
    try:
        nulls = ", ".join(["null"] * number_of_parameters(statement))
        text = await connection.fetchval(f"explain (format json) execute asked{f'({nulls})' if nulls else ''}")
    finally:
        await connection.execute("deallocate asked")
    plan: Node = json.loads(text)[0]["Plan"]
    return plan


async def measure(connection: asyncpg.Connection, statement: str, parameters: list[Any]) -> Node:
    """What the generic plan of a statement did for one caller: rows and buffers, per node."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    await connection.execute(f"prepare asked as {statement}")
    try:
        values = ", ".join(str(each) if isinstance(each, int) else f"'{each}'" for each in parameters)
        text = await connection.fetchval(f"explain (analyze, buffers, format json) execute asked({values})")
    finally:
        await connection.execute("deallocate asked")
    plan: Node = json.loads(text)[0]["Plan"]
    return plan


def nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def faults(plan: Node, large: set[str]) -> list[str]:
    """Places where a plan reads a governed table otherwise than by key."""
    found = []
    for node in nodes(plan):
        table = node.get("Relation Name")
        if table not in GOVERNED or table not in large:
            continue
        if node["Node Type"] == "Seq Scan":
            found.append(f"sequential scan of {table} {node['Alias']}: {node.get('Filter')}")
        elif node["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in node:
            found.append(f"whole index {node['Index Name']} of {table} {node['Alias']}: {node.get('Filter')}")
    return found
