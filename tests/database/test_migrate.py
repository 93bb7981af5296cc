"""Migrations: told as they happen, all or nothing, and never under a newer schema."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scmhub
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.migrate import SEPARATOR, migrate, migrations_folder, pending, read_sql, write_sql
from scmhub.database.roles import ensure_roles
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE
from scmhub.settings import Settings

from ..conftest import clone, execute
from .models import load_models


async def test_progress_names_each_revision_and_a_second_run_does_nothing(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    async with clone(server) as fresh:
        await ensure_roles(fresh, secret, settings)
        lines: list[str] = []
        waiting = await pending(fresh)
        assert await migrate(fresh, lines.append) == waiting
        assert [line.split()[0] for line in lines] == waiting
        assert await migrate(fresh, lines.append) == []
        assert await pending(fresh) == []
        connection = await fresh.connect()
        owners = await connection.fetchval(
            "select array_agg(distinct tableowner::text) from pg_tables where schemaname = 'public'"
        )
        assert owners == [OWNER_ROLE]
        await connection.close()


async def test_a_database_of_a_newer_hub_is_refused(admin: Address) -> None:
    await execute(admin, "update alembic_version set version_num = '9999_from_the_future'")
    for attempt in (pending, migrate):
        with pytest.raises(DatabaseUnusable, match="newer scmhub"):
            await attempt(admin)


async def test_a_migration_that_fails_leaves_nothing(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    async with clone(server) as fresh:
        await ensure_roles(fresh, secret, settings)
        await execute(fresh, "create table change_outbox (in_the_way int)")
        with pytest.raises(Exception, match="already exists"):
            await migrate(fresh)
        connection = await fresh.connect()
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 1
        await connection.close()
        assert await pending(fresh) != []


def test_frozen_sql_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "frozen.sql"
    write_sql(path, load_models)
    statements = read_sql(path)
    assert statements
    assert SEPARATOR.join(statements) + ";\n" == path.read_text()
    assert all(not statement.endswith(";") for statement in statements)
    assert (migrations_folder() / "env.py").is_file()


def test_the_folder_is_found_in_a_checkout_and_in_an_installed_package(tmp_path: Path) -> None:
    """Laid out as the wheel lays it out: the package with ``migrations`` inside."""
    shutil.copytree(Path(scmhub.__file__).parent, tmp_path / "scmhub", dirs_exist_ok=True)
    shutil.copytree(migrations_folder(), tmp_path / "scmhub" / "migrations", dirs_exist_ok=True)
    program = "from scmhub.database.migrate import migrations_folder; print(migrations_folder())"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(tmp_path / "scmhub" / "migrations")


async def test_a_migration_that_meets_a_locked_table_gives_up(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    async with clone(server) as fresh:
        await ensure_roles(fresh, secret, settings)
        await migrate(fresh)
        await execute(fresh, "delete from alembic_version", "drop table if exists change_outbox cascade")
        holder = await fresh.connect()
        async with holder.transaction():
            await holder.execute("lock table alembic_version")
            with pytest.raises(DatabaseUnusable, match="holds a lock"):
                await migrate(fresh, lock_seconds=0.05)
        await holder.close()
