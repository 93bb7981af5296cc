"""Brings a database to the schema of this code: forward only, one starter at a time, never past its knowledge."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util.exc import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.roles import ADVISORY_KEY, WAIT_SECONDS, connect_admin
from scmhub.database.tables import OWNER_ROLE, ddl

LOCK_TIMEOUT_SECONDS = 5
"""A migration that waits longer for a table gives up rather than hold up everybody queued behind it."""
SEPARATOR = ";\n\n"
"""Ends a statement in a frozen SQL file; a function body may hold ``;`` but no blank line after it."""

Progress = Callable[[str], None]


def migrations_folder() -> Path:
    """The Alembic folder: inside the installed package, or at the top of a checkout."""
    installed = Path(str(files("scmhub"))) / "migrations"
    return installed if (installed / "env.py").is_file() else Path(__file__).parents[3] / "migrations"


def write_sql(path: Path, models: Callable[[], object]) -> None:
    """Write the DDL of all models, for a migration to freeze; ``models`` imports them."""
    models()
    statements = ddl()
    if any(SEPARATOR in statement for statement in statements):
        raise ValueError("a statement contains the separator of statements")
    path.write_text("".join(statement + SEPARATOR for statement in statements).rstrip("\n") + "\n")


def read_sql(path: Path) -> list[str]:
    """The statements of a frozen SQL file."""
    return [text for part in path.read_text().split(SEPARATOR) if (text := part.strip().removesuffix(";"))]


async def pending(admin: Address) -> list[str]:
    """Revisions this database lacks, oldest first; DatabaseUnusable when a newer hub has been here."""
    async with _connection(admin) as connection:
        return await connection.run_sync(lambda sync: [step.revision for step in _steps(sync)])


async def migrate(
    admin: Address, progress: Progress = lambda _: None, lock_seconds: float = LOCK_TIMEOUT_SECONDS
) -> list[str]:
    """Apply what is pending, all of it or nothing; the revisions applied. ``progress`` gets one line per revision."""
    try:
        return await _migrate(admin, progress, lock_seconds)
    except DBAPIError as error:
        if isinstance(error.orig.__cause__ if error.orig else None, asyncpg.LockNotAvailableError):
            raise DatabaseUnusable("Somebody else holds a lock that the migration needs; try again.") from error
        raise


async def _migrate(admin: Address, progress: Progress, lock_seconds: float) -> list[str]:
    async with _connection(admin) as connection:
        await connection.exec_driver_sql(f"set lock_timeout = '{WAIT_SECONDS}s'")
        await connection.exec_driver_sql("set statement_timeout = 0")
        await connection.exec_driver_sql(f"select pg_advisory_lock({ADVISORY_KEY})")
        await connection.exec_driver_sql(f"set lock_timeout = '{int(lock_seconds * 1000)}ms'")
        await connection.exec_driver_sql(f"set role {OWNER_ROLE}")
        await connection.commit()
        return await connection.run_sync(_upgrade, progress)


@contextlib.asynccontextmanager
async def _connection(admin: Address) -> AsyncIterator[AsyncConnection]:
    """One SQLAlchemy connection as administrator; closing it frees the lock and forgets the role."""
    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=functools.partial(connect_admin, admin)
    )
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _steps(connection: Connection) -> list[Any]:
    """Scripts between the database's revision and ours, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    revision = MigrationContext.configure(connection).get_current_revision()
    try:
        return list(reversed(list(scripts.iterate_revisions("heads", revision or "base"))))
    except (CommandError, RevisionError) as error:
        raise DatabaseUnusable(
            f"This database was changed by a newer scmhub (revision {revision}): upgrade this one, or restore a backup."
        ) from error


def _upgrade(connection: Connection, progress: Progress) -> list[str]:
    steps = _steps(connection)
    connection.rollback()  # the look above began a transaction; Alembic must own the one that changes things

    def applied(*, step: Any, **_: Any) -> None:
        progress(f"{step.up_revision_id} {step.up_revision.doc}")

    if steps:
        config = _config()
        config.attributes.update(connection=connection, on_version_apply=applied)
        command.upgrade(config, "heads")
        connection.commit()
    return [step.revision for step in steps]


if __name__ == "__main__":  # python -m scmhub.database.migrate FILE MODULE: freeze what MODULE and its imports declare
    write_sql(Path(sys.argv[1]), functools.partial(importlib.import_module, sys.argv[2]))
