"""Writes the statements scmhub would send, and their arguments, for pgbench: the same plans, by the hub's own code.

``python -m benchmarks.dump_sql --calls CALLS.json --out FOLDER``; the form of both is in ``pgbench/__init__.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.servers.peers import HUB_DOCUMENTS
from scmhub.database.roles import role_settings
from scmhub.database.tables import READ_ROLE
from scmhub.graph.documents import Documents
from scmhub.graph.plan import Inputs, Planner
from scmhub.graph.variables import variable_values
from scmhub.schema import load_schema
from scmhub.settings import load_settings
from scmhub.sharing.lens import Lens

Call = Mapping[str, Any]


async def dumped(operation: str, calls: Sequence[Call]) -> dict[str, Any]:
    """One operation: its statement and one list of arguments per call.

    A page with a cursor has another statement than the newest page; pgbench gets the newest page's for all.
    """
    schema = load_schema()
    planner = Planner(schema.registry, schema.core)
    document = await Documents(schema.core, lambda *_: 50).get(HUB_DOCUMENTS[operation], None)
    statement, arguments = None, []
    for call in calls:
        given = {"id": f"ord_{call['order_id']}"} if operation == "a" else call.get("given") or {}
        variables = variable_values(schema.core, document, given)
        plan, args = planner.plan(document, variables, lambda: None, planner.query)
        now = datetime.now(UTC)
        inputs = Inputs(Lens(UUID(call["viewer_id"])), now, now.date(), args)
        arguments.append([text(value) for value in plan.parameters(inputs)])
        statement = plan.statement
    if statement is None:
        raise SystemExit(f"no calls of operation {operation}")
    return {
        "sql": statement.text,
        "types": [bind.type for bind in statement.binds],
        "settings": {"plan_cache_mode": role_settings(READ_ROLE, load_settings({}))["plan_cache_mode"], "jit": "off"},
        "arguments": arguments,
    }


def text(value: object) -> str | None:
    """An argument as PostgreSQL reads it."""
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--calls", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    chosen = options.parse_args()
    calls = json.loads(chosen.calls.read_text())
    for operation in sorted({call["operation"] for call in calls}):
        these = [call for call in calls if call["operation"] == operation]
        found = asyncio.run(dumped(operation, these))
        (chosen.out / f"{operation}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
