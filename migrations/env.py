"""Alembic's entry point; ``scmhub.database.migrate`` hands over the connection and wants to hear of every revision."""

from __future__ import annotations

from alembic import context


def run() -> None:
    """All pending revisions in one transaction. There is no offline mode: a migration may look at what it changes."""
    given = context.config.attributes
    context.configure(connection=given["connection"], on_version_apply=given["on_version_apply"])
    with context.begin_transaction():
        context.run_migrations()


run()
