"""``python -m tests.regenerate`` rewrites the checked-in files that follow from the code.

They are the first migration (until a first release has frozen it), the SDL, who sees which field, and the tables of
docs/. The answers in README.md come from a running hub: ``README_REWRITE=1 pytest tests/docs/test_readme.py``.
"""

from __future__ import annotations

import asyncio

from scmhub.database.migrate import write_sql
from scmhub.schema import load_schema
from tests.docs import tables
from tests.docs.fences import ROOT
from tests.leaks import visibility

MIGRATION = ROOT / "migrations/sql/0001_walking_hub_expand.sql"
SDL = ROOT / "schema/schema.graphql"


def main() -> None:
    write_sql(MIGRATION, load_schema)
    SDL.write_text(load_schema().sdl())
    tables.main()
    asyncio.run(visibility.main())


if __name__ == "__main__":
    main()
