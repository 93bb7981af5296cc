"""Policy asks a header once for all its lines (``sharing.policy.Lines``): what it asks may not differ between them."""

from __future__ import annotations

from scmhub.schema import load_schema
from scmhub.sharing.policy import Owned
from tests.demo.telling import Told


async def test_lines_repeat_what_policy_asks_their_header(told: Told) -> None:
    headers = [(kind, kind.policy.through) for kind in load_schema().registry.kinds.values()
               if isinstance(kind.policy, Owned) and kind.policy.through and not kind.part_of]  # fmt: skip
    assert {kind.name for kind, _ in headers} >= {"Order", "Shipment", "Forecast", "Commit"}
    for kind, lines in headers:
        alike = ", ".join(f"{{0}}.{each}" for each in (lines.policy.owner, *lines.policy.parties, *lines.repeats))
        differ = f"({alike.format('l')}) is distinct from ({alike.format('h')})"
        joined = f"{lines.table} l join {kind.table.name} h on h.id = l.{lines.key}"
        [row] = await told.rows(f"select count(*) n, count(*) filter (where {differ}) wrong from {joined}")
        assert row["n"] and not row["wrong"], kind.name
