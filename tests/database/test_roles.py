"""Roles: made once, corrected when wrong, bound by row level security; unsafe servers are refused."""

from __future__ import annotations

import asyncio
import logging

import asyncpg
import pytest

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.binaries import below_floor
from scmhub.database.doctor import examine
from scmhub.database.migrate import migrate, pending
from scmhub.database.roles import ensure_roles, login, password_of
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, PUMP_ROLE, READ_ROLE, WRITE_ROLE
from scmhub.database.unit import Database
from scmhub.settings import Settings

from ..conftest import clone, execute


async def test_two_starters_make_the_roles_and_the_schema_once(
    server: Address, template: str, settings: Settings, secret: HubSecret
) -> None:
    async with clone(server) as fresh:

        async def start() -> list[str]:
            await ensure_roles(fresh, secret, settings)
            return await migrate(fresh)

        applied = await asyncio.gather(start(), start(), start())
        assert sorted(len(one) for one in applied)[:2] == [0, 0]
        assert sum(len(one) for one in applied) >= 1
        assert await pending(fresh) == []


async def test_a_second_start_changes_nothing(admin: Address, settings: Settings, secret: HubSecret) -> None:
    connection = await admin.connect()
    look = "select array_agg((rolname, rolpassword, xmin::text) order by 1) from pg_authid where rolname like 'hub_%'"
    before = await connection.fetchval(look)
    await ensure_roles(admin, secret, settings)
    assert await connection.fetchval(look) == before
    await connection.close()


async def test_logins_run_with_the_settings_answers_depend_on(admin: Address, secret: HubSecret) -> None:
    for role, read_only in ((READ_ROLE, "on"), (WRITE_ROLE, "off")):
        connection = await login(admin, role, secret).connect()
        shown = {
            name: await connection.fetchval(f"show {name}")
            for name in (
                "timezone",
                "datestyle",
                "plan_cache_mode",
                "jit",
                "statement_timeout",
                "default_transaction_read_only",
            )
        }
        assert shown == {
            "timezone": "UTC", "datestyle": "ISO, MDY", "plan_cache_mode": "force_generic_plan", "jit": "off",
            "statement_timeout": "5s", "default_transaction_read_only": read_only,
        }  # fmt: skip
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute("create table mine (x int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"set role {OWNER_ROLE}")
        await connection.close()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await admin.login(OWNER_ROLE, "").connect()


async def test_another_secret_gives_another_password_and_the_next_start_sets_it(
    admin: Address, settings: Settings, secret: HubSecret
) -> None:
    other = HubSecret("another secret of at least 32 characters")
    assert password_of(READ_ROLE, other) != password_of(READ_ROLE, secret) != password_of(WRITE_ROLE, secret)
    try:
        await ensure_roles(admin, other, settings)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await login(admin, READ_ROLE, secret).connect()
        await (await login(admin, READ_ROLE, other).connect()).close()
    finally:
        await ensure_roles(admin, secret, settings)


async def test_a_session_with_other_settings_or_more_power_is_refused(
    admin: Address, settings: Settings, secret: HubSecret
) -> None:
    for change, undo, complaint in (
        (f"alter role {READ_ROLE} set timezone = 'Asia/Tokyo'", f"alter role {READ_ROLE} set timezone = 'UTC'", "Zone"),
        (
            f"alter role {READ_ROLE} set statement_timeout = 0",
            f"alter role {READ_ROLE} set statement_timeout = '5000ms'",
            "statement_timeout",
        ),
        (f"alter role {WRITE_ROLE} bypassrls", f"alter role {WRITE_ROLE} nobypassrls", "row level security"),
        (f"grant {OWNER_ROLE} to {WRITE_ROLE}", f"revoke {OWNER_ROLE} from {WRITE_ROLE}", "row level security"),
    ):  # fmt: skip
        await execute(admin, change)
        try:
            with pytest.raises(DatabaseUnusable, match=complaint):
                await Database.open(admin, settings, secret=secret)
        finally:
            await execute(admin, undo)
    await (await Database.open(admin, settings, secret=secret)).close()


async def test_an_unsafe_server_is_refused_outside_tests(admin: Address, settings: Settings, secret: HubSecret) -> None:
    with pytest.raises(DatabaseUnusable, match="fsync, full_page_writes, synchronous_commit"):
        await ensure_roles(admin, secret, settings.model_copy(update={"allow_unsafe_database": False}))


async def test_another_encoding_is_refused(server: Address, settings: Settings, secret: HubSecret) -> None:
    name = "latin"
    await execute(
        server, f"create database {name} encoding 'LATIN1' locale_provider libc locale 'C' template template0"
    )
    try:
        with pytest.raises(DatabaseUnusable, match="LATIN1"):
            await ensure_roles(server.to(name), secret, settings)
    finally:
        await execute(server, f"drop database {name}")


async def test_a_release_with_known_holes_is_a_warning(
    admin: Address, settings: Settings, secret: HubSecret, caplog: pytest.LogCaptureFixture
) -> None:
    connection = await admin.connect()
    version = (await connection.fetchval("show server_version")).split()[0]  # "18.4", "15.18 (Debian ...)"
    await connection.close()
    with caplog.at_level(logging.WARNING):
        await ensure_roles(admin, secret, settings)
    holes = f"PostgreSQL {version} has known security holes"
    assert (holes in caplog.text) is below_floor(*(int(part) for part in version.split(".")))
    assert [below_floor(*v) for v in ((15, 18), (15, 19), (18, 5), (18, 6), (19, 0))] == [
        True,
        False,
        True,
        False,
        False,
    ]


async def test_an_administrator_who_is_no_superuser_suffices(
    server: Address, settings: Settings, secret: HubSecret
) -> None:
    """What a hosted PostgreSQL gives: CREATEROLE and a database of one's own. Roles of this cluster exist already."""
    await execute(server, "create role landlord login createrole password 'x'")
    for role in (OWNER_ROLE, WRITE_ROLE, READ_ROLE, PUMP_ROLE):
        await execute(server, f"grant {role} to landlord with admin option")
    try:
        async with clone(server) as fresh:
            await execute(server, f"alter database {fresh.database} owner to landlord")
            landlord = fresh.login("landlord", "x")
            await ensure_roles(landlord, secret, settings)
            assert await migrate(landlord) != []
            await (await Database.open(landlord, settings, secret=secret)).close()
    finally:
        await execute(server, "drop owned by landlord", "drop role landlord")


async def test_an_administrator_without_rights_gets_one_line(
    server: Address, settings: Settings, secret: HubSecret
) -> None:
    await execute(server, "create role tenant login password 'x'")
    try:
        async with clone(server) as fresh:
            with pytest.raises(DatabaseUnusable, match="tenant may not prepare this database"):
                await ensure_roles(fresh.login("tenant", "x"), secret, settings)
            with pytest.raises(DatabaseUnusable, match="Cannot connect"):
                await ensure_roles(fresh.login("tenant", "wrong"), secret, settings)
    finally:
        await execute(server, "drop role tenant")


async def test_the_doctor_reports_each_thing_once(admin: Address, settings: Settings) -> None:
    findings = {finding.name: finding for finding in await examine(settings, admin)}
    assert findings["durability"].level == "fail"
    levels = {name: finding.level for name, finding in findings.items()}
    for name in (
        "binaries",
        "data lock",
        "secret",
        "encoding",
        "roles",
        "login hub_read",
        "login hub_write",
        "migrations",
    ):
        assert levels[name] == "ok", findings[name]
    assert all(finding.todo for finding in findings.values() if finding.level != "ok")
    assert {f.level for f in await examine(settings, None) if f.name == "server"} == {"fail"}
