"""Fills a database that scmhub has migrated: ``python -m benchmarks.seed URL --orders 200000``.

Indexes of the two large tables are dropped and built again, and foreign keys are not checked row by row, so the role
must be a superuser. The database is expected to be empty: seeding twice fails on the first partner.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

SCRIPTS = [Path(__file__).with_name(name) for name in ("data.sql", "forecasts.sql")]
LARGE_TABLES = ("purchase_order", "order_line", "series_point", "inventory_position")
SIZES = {"10k": 10_000, "200k": 200_000, "2M": 2_000_000}
SECONDARY_INDEXES = """
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i where i.indrelid = any($1::regclass[]) and not i.indisprimary
and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)
order by 1
"""


def statements(orders: int, today: date) -> list[str]:
    """The scripts for one size and day, statement by statement."""
    script = "\n--;\n".join(each.read_text().strip().removesuffix("--;") for each in SCRIPTS)
    script = script.replace(":orders", str(orders)).replace(":today", today.isoformat())
    return [part.strip() for part in re.split(r"^--;$", script, flags=re.MULTILINE)]


async def seed(url: str, orders: int, today: date) -> float:
    """Insert everything, build the indexes, VACUUM ANALYZE; returns the seconds it took."""
    started = time.monotonic()
    connection = await asyncpg.connect(url)
    try:
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "work_mem = '256MB'",
            "maintenance_work_mem = '1GB'",
            "timezone = 'UTC'",
        ):
            await connection.execute(f"set {setting}")
        indexes = await connection.fetch(SECONDARY_INDEXES, list(LARGE_TABLES))
        for index in indexes:
            await connection.execute(f"drop index {index['name']}")
        for statement in statements(orders, today):
            await connection.execute(statement)
        for index in indexes:
            await connection.execute(index["definition"])
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return time.monotonic() - started


def utc_today() -> date:
    """The hub's date; windows of scopes are relative to it."""
    return datetime.now(UTC).date()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url")
    options.add_argument("--orders", type=int, default=SIZES["200k"])
    chosen = options.parse_args()
    print(f"seeded in {asyncio.run(seed(chosen.url, chosen.orders, utc_today())):.0f} s")


if __name__ == "__main__":
    main()
