"""What an operator should know about the database before users notice: a list of findings, each with what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.account import choose_account, closed_part
from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.binaries import OLDEST_MAJOR, SECURITY_FLOORS, below_floor, find_binaries
from scmhub.database.home import Home
from scmhub.database.migrate import pending
from scmhub.database.roles import UNSAFE, check_session, connect_admin, login, release
from scmhub.database.secret import SHORTEST, load_secret
from scmhub.database.tables import OWNER_ROLE, READ_ROLE, WRITE_ROLE
from scmhub.settings import Settings

Level = Literal["ok", "warn", "fail"]
DISK_WARN_BYTES, DISK_FAIL_BYTES = 2_000_000_000, 200_000_000
OUTBOX_WARN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, how bad, what was seen, and what to do (empty when nothing)."""

    name: str
    level: Level
    what: str
    todo: str = ""


async def examine(settings: Settings, admin: Address | None) -> list[Finding]:
    """All checks; ``admin`` is None when no server could be reached, and then only this machine is looked at."""
    findings = [check(settings) for check in _LOCAL if not (settings.database_url and check in _EMBEDDED)]
    if admin is None:
        return [
            *findings,
            Finding("server", "fail", "no server was reached", "start one, or check SCMHUB_DATABASE_URL"),
        ]
    return findings + [finding async for finding in _of_server(settings, admin)]


def _binaries(settings: Settings) -> Finding:
    try:
        found = find_binaries(Home(settings.home).major())
    except DatabaseUnusable as error:
        return Finding("binaries", "fail", str(error), "install PostgreSQL or set SCMHUB_DATABASE_URL")
    return Finding("binaries", "ok", f"PostgreSQL {found.version} ({found.origin}, {found.bin})")


def _account(settings: Settings) -> Finding:
    try:
        account = choose_account(settings.embedded_account)
    except DatabaseUnusable as error:
        return Finding("account", "fail", str(error), "set SCMHUB_EMBEDDED_ACCOUNT")
    if account.dropped and account.name == "nobody":
        return Finding(
            "account", "warn", "PostgreSQL runs as nobody", "set SCMHUB_EMBEDDED_ACCOUNT to an account of its own"
        )
    home = Home(settings.home)
    closed = closed_part(home.folder, account) if home.folder.exists() else None
    if closed is not None:
        return Finding(
            "account", "fail", f"{account.name} cannot enter {closed}", "open that folder, or set SCMHUB_HOME"
        )
    return Finding("account", "ok", f"PostgreSQL runs as {account.name}")


def _lock(settings: Settings) -> Finding:
    home = Home(settings.home)
    if not home.folder.exists():
        return Finding("data lock", "ok", "no data directory yet")
    try:
        if home.hub_lock.acquire():
            home.hub_lock.close()
            return Finding("data lock", "ok", "no hub is running on this folder")
    except DatabaseUnusable as error:
        return Finding("data lock", "fail", str(error), "run as that account")
    if home.running() is None:
        return Finding(
            "data lock", "warn", "a hub holds the folder, its server does not answer", "look into server.log"
        )
    return Finding("data lock", "ok", "a hub is running on this folder")


def _disk(settings: Settings) -> Finding:
    folder = next(part for part in (settings.home, *settings.home.absolute().parents) if part.exists())
    free = shutil.disk_usage(folder).free
    level: Level = "fail" if free < DISK_FAIL_BYTES else "warn" if free < DISK_WARN_BYTES else "ok"
    return Finding("disk", level, f"{free // 1_000_000} MB free at {folder}", "" if level == "ok" else "make room")


def _secret(settings: Settings) -> Finding:
    if settings.secret:
        enough = len(settings.secret) >= SHORTEST
        todo = "" if enough else f"use at least {SHORTEST} characters"
        return Finding("secret", "ok" if enough else "fail", "from SCMHUB_SECRET", todo)
    path = settings.home / "secret"
    if not path.exists():
        return Finding("secret", "ok", "made at first start")
    return _private("secret", path)


def _private(name: str, path: Path) -> Finding:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding(name, "fail", f"{path} can be read by others (mode {mode:04o})", f"chmod 600 {path}")
    if not os.access(path, os.R_OK):
        return Finding(name, "fail", f"{path} belongs to another account", "run as that account")
    return Finding(name, "ok", f"{path} is private")


_LOCAL: tuple[Callable[[Settings], Finding], ...] = (_binaries, _account, _lock, _disk, _secret)
_LOG_SETTINGS = [
    "log_statement", "log_min_duration_statement", "log_parameter_max_length", "log_parameter_max_length_on_error",
    "log_error_verbosity",
]  # fmt: skip
_EMBEDDED = (_binaries, _account, _lock)


async def _of_server(settings: Settings, admin: Address) -> AsyncIterator[Finding]:
    try:
        connection = await connect_admin(admin)
    except DatabaseUnusable as error:
        yield Finding("server", "fail", str(error), "start it, or correct SCMHUB_DATABASE_URL")
        return
    try:
        for check in (_version, _encoding, _durable, _log, _roles):
            yield await check(connection)
    finally:
        await connection.close()
    for role in (READ_ROLE, WRITE_ROLE):
        yield await _session(settings, admin, role)
    yield await _migrations(admin)
    yield await _changes(admin)


async def _version(connection: asyncpg.Connection) -> Finding:
    major, minor = await release(connection)
    what = f"PostgreSQL {major}.{minor}"
    if major < OLDEST_MAJOR:
        return Finding("version", "fail", what, f"use PostgreSQL {OLDEST_MAJOR} or newer")
    if below_floor(major, minor):
        return Finding(
            "version", "warn", f"{what} has known security holes", f"update to {major}.{SECURITY_FLOORS[major]}"
        )
    return Finding("version", "ok", what)


async def _encoding(connection: asyncpg.Connection) -> Finding:
    encoding = await connection.fetchval("show server_encoding")
    good = encoding == "UTF8"
    return Finding(
        "encoding", "ok" if good else "fail", encoding, "" if good else "create the database with ENCODING 'UTF8'"
    )


async def _durable(connection: asyncpg.Connection) -> Finding:
    unsafe = [name for name in UNSAFE if await connection.fetchval(f"show {name}") == "off"]
    if unsafe:
        return Finding("durability", "fail", f"{', '.join(unsafe)} off: a crash loses committed data", "turn it on")
    return Finding("durability", "ok", "commits reach the disk")


async def _log(connection: asyncpg.Connection) -> Finding:
    """Whether the server writes values of records into a log that nobody guards as the records are."""
    found = dict(await connection.fetch("select name, setting from pg_settings where name = any($1)", _LOG_SETTINGS))
    statements = found["log_statement"] != "none" or found["log_min_duration_statement"] != "-1"
    loud = [
        name for name, writes in (
            ("log_parameter_max_length_on_error", True), ("log_parameter_max_length", statements),
        ) if writes and found[name] != "0"
    ]  # fmt: skip
    todo = [f"{name} = 0" for name in loud]
    if found["log_error_verbosity"] != "terse":
        todo.append("log_error_verbosity = terse")
    if todo:
        return Finding("log", "warn", "the server's log may hold values of records", f"set {', '.join(todo)}")
    return Finding("log", "ok", "the server's log holds no values of records")


async def _roles(connection: asyncpg.Connection) -> Finding:
    found = {
        row["rolname"]: row["unbound"]
        for row in await connection.fetch("select rolname, rolsuper or rolbypassrls as unbound from pg_roles")
    }
    missing = [role for role in (OWNER_ROLE, WRITE_ROLE, READ_ROLE) if role not in found]
    if missing:
        return Finding("roles", "warn", f"{', '.join(missing)} missing", "start the hub once: it makes them")
    unbound = [role for role in (OWNER_ROLE, WRITE_ROLE, READ_ROLE) if found[role]]
    if unbound:
        return Finding(
            "roles", "fail", f"{', '.join(unbound)} may pass row level security", "take SUPERUSER and BYPASSRLS away"
        )
    return Finding("roles", "ok", "owner, write and read exist and are bound by row level security")


async def _session(settings: Settings, admin: Address, role: str) -> Finding:
    name = f"login {role}"
    try:
        connection = await login(admin, role, load_secret(settings)).connect()
    except (OSError, asyncpg.PostgresError, DatabaseUnusable) as error:
        return Finding(name, "warn", str(error), "start the hub once, with the same secret on all replicas")
    try:
        await check_session(connection, role, settings)
    except DatabaseUnusable as error:
        return Finding(name, "fail", str(error), "start the hub once: it sets the role")
    finally:
        await connection.close()
    return Finding(name, "ok", "settings are as the hub needs them")


async def _migrations(admin: Address) -> Finding:
    try:
        steps = await pending(admin)
    except DatabaseUnusable as error:
        return Finding("migrations", "fail", str(error), "upgrade the hub")
    if steps:
        return Finding(
            "migrations", "warn", f"pending: {', '.join(steps)}", "start the hub, or run 'scmhub db migrate'"
        )
    return Finding("migrations", "ok", "the schema is up to date")


async def _changes(admin: Address) -> Finding:
    """Whether changes reach the log: the oldest one that still waits in the outbox."""
    connection = await connect_admin(admin)
    try:
        if not await connection.fetchval("select to_regclass('change_outbox')"):
            return Finding("changes", "ok", "nothing was written yet")
        waiting = await connection.fetchval(
            "select extract(epoch from clock_timestamp() - o.at)::int from change_outbox o order by o.id limit 1"
        )
    finally:
        await connection.close()
    if waiting is None or waiting < OUTBOX_WARN_SECONDS:
        return Finding("changes", "ok", "changes reach the log")
    return Finding("changes", "warn", f"the oldest change waits for {waiting} s", "start a hub: it moves them on")
