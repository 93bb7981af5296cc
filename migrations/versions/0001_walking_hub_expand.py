"""Every table of the walking hub."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from scmhub.database.migrate import read_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL; it is never generated anew, so that old and new installations have the same history."""
    for statement in read_sql(Path(__file__).parents[1] / "sql" / "0001_walking_hub_expand.sql"):
        op.get_bind().exec_driver_sql(statement)
