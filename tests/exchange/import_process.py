"""One import in a process of its own, which stops before and after each commit, says so, and waits for a line.

Arguments: JSON of the address, the file, the rows of a batch. Whoever drives it answers "go", or kills it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from scmhub.clock import Clock
from scmhub.database.address import Address
from scmhub.database.secret import HubSecret
from scmhub.database.unit import Database, Unit
from scmhub.errors import Refusal
from scmhub.exchange import scratch
from scmhub.exchange.mapping import load_map
from scmhub.exchange.run import Request, import_file
from scmhub.schema import load_schema
from scmhub.settings import Settings


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


class HaltingDatabase(Database):
    """Halts at the end of every transaction's work, and again when it is committed."""

    @asynccontextmanager
    async def unit(self, partner_id: UUID, actor: str, clock: Clock) -> AsyncIterator[Unit]:
        async with super().unit(partner_id, actor, clock) as unit:
            yield unit
            say("before commit")
            sys.stdin.readline()
        say("after commit")
        sys.stdin.readline()


async def main(address: Address, file: Path, secret: str, rows: int) -> None:
    scratch.BATCH_ROWS = rows
    load_schema()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), secret=secret, allow_unsafe_database=True, write_pool=1, read_pool=1)  # type: ignore[call-arg]
        database = await HaltingDatabase.open(address, settings, secret=HubSecret(secret))
        try:
            request = Request(file, load_map("scms"), "SCMS", apply=True)
            report = await import_file(database, address, request, lambda: datetime(2026, 3, 2, 8, tzinfo=UTC))
            say(json.dumps({"resumed": report.resumed, "counts": report.counts.as_json()}))
        except Refusal as refusal:
            say(f"{refusal.refusal_code}: {refusal.message}")
        finally:
            await database.close()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(main(Address(**{**given, "options": ()}), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
