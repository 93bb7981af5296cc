"""The log of changes in order, and what a change says besides its keys."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from scmhub.database.migrate import read_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the frozen SQL."""
    for statement in read_sql(Path(__file__).parents[1] / "sql" / "0002_change_log_expand.sql"):
        op.get_bind().exec_driver_sql(statement)
