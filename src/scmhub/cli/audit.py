"""``scmhub audit verify``: walks the audit trail and says where it broke; then signs where it stands."""

from __future__ import annotations

from scmhub.cli.admin import acting, open_hub
from scmhub.feed import audit


async def verify(*, sign: bool) -> audit.Verdict:
    """What was found; an intact trail gets a new signed checkpoint if wanted."""
    async with open_hub() as hub:
        found = await audit.verify(hub.database.read.rows, hub.ring.ever)
        if found.intact and sign:
            async with acting(hub) as unit:
                await audit.checkpoint(unit, hub.ring.active)
    return found
