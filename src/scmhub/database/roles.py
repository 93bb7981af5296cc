"""The roles of the hub in PostgreSQL, the settings they carry, and the servers the hub refuses.

Tables belong to ``hub_owner``, whom nobody logs in as. Commands log in as ``hub_write`` and meet row level security;
reads log in as ``hub_read``, which can only SELECT; ``hub_pump`` moves changes from the outbox to the log and can do
nothing else. Their passwords follow from the hub secret, so replicas know them.
Their settings shape answers (time zone, date style, plan mode) and sit on the roles: poolers drop start-up parameters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging

import asyncpg  # type: ignore[import-untyped]

from scmhub.database.address import Address, DatabaseUnusable
from scmhub.database.binaries import OLDEST_MAJOR, SECURITY_FLOORS, below_floor
from scmhub.database.secret import HubSecret
from scmhub.database.tables import OWNER_ROLE, PUMP_ROLE, READ_ROLE, WRITE_ROLE
from scmhub.settings import Settings

log = logging.getLogger(__name__)

ADVISORY_KEY = 0x5C4D_4855_42
"""One lock for everything that prepares a database: roles and migrations of two starters never interleave."""
WAIT_SECONDS = 120
"""How long a second starter waits for the first to prepare the database."""
LOGIN_ROLES = (WRITE_ROLE, READ_ROLE, PUMP_ROLE)
UNSAFE = ("fsync", "full_page_writes", "synchronous_commit")
_IDLE_TRANSACTION_SECONDS = 30
_SCRAM_ITERATIONS = 4096


def password_of(role: str, secret: HubSecret) -> str:
    """The password of a login role."""
    return secret.derive(f"role:{role}").hex()


def login(admin: Address, role: str, secret: HubSecret) -> Address:
    """The same database as that role."""
    return admin.login(role, password_of(role, secret))


def role_settings(role: str, settings: Settings) -> dict[str, str]:
    """What a session of this role must run with."""
    wanted = {
        "TimeZone": "UTC",
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "postgres",
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "search_path": "public, pg_temp",
        "statement_timeout": f"{int(settings.statement_timeout_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{_IDLE_TRANSACTION_SECONDS * 1000}ms",
    }
    return {**wanted, "default_transaction_read_only": "on"} if role == READ_ROLE else wanted


async def ensure_roles(admin: Address, secret: HubSecret, settings: Settings) -> None:
    """Check the server, then create or correct the roles; a second run, or a second starter, changes nothing."""
    connection = await connect_admin(admin)
    try:
        await check_server(connection, settings)
        async with connection.transaction():
            await connection.execute(f"set local lock_timeout = '{WAIT_SECONDS}s'")
            await connection.execute("select pg_advisory_xact_lock($1)", ADVISORY_KEY)
            for role in (OWNER_ROLE, *LOGIN_ROLES):
                await _ensure_role(connection, role)
            await _ensure_membership(connection)
            for role in LOGIN_ROLES:
                await _ensure_settings(connection, role, settings)
            await _ensure_grants(connection, admin.database)
            for role in LOGIN_ROLES:
                if not await _can_log_in(admin, role, secret):
                    verifier = scram_verifier(password_of(role, secret))
                    await connection.execute(f"alter role {role} login password '{verifier}'")
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnusable(
            f"The role {admin.user} may not prepare this database ({error}): "
            "it needs CREATEROLE and must own the database."
        ) from error
    except asyncpg.LockNotAvailableError as error:
        raise DatabaseUnusable(f"Another hub has been preparing this database for {WAIT_SECONDS} seconds.") from error
    finally:
        await connection.close()


async def connect_admin(admin: Address) -> asyncpg.Connection:
    """A connection as administrator; DatabaseUnusable in one line when the server is not there or says no."""
    try:
        return await admin.connect(name="scmhub-admin")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        where = f"{admin.host}:{admin.port}/{admin.database}"
        raise DatabaseUnusable(f"Cannot connect to PostgreSQL at {where} as {admin.user}: {error}") from error


async def check_server(connection: asyncpg.Connection, settings: Settings) -> None:
    """Refuse a server that is too old, not UTF-8, or set to lose data; warn about known holes."""
    major, minor = await release(connection)
    if major < OLDEST_MAJOR:
        raise DatabaseUnusable(f"PostgreSQL {major} is too old: the hub needs {OLDEST_MAJOR} or newer.")
    encoding = await connection.fetchval("show server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database is encoded as {encoding}: the hub needs a database made with ENCODING 'UTF8'."
        )
    unsafe = [name for name in UNSAFE if await connection.fetchval(f"show {name}") == "off"]
    if unsafe and not settings.allow_unsafe_database:
        raise DatabaseUnusable(f"PostgreSQL may lose committed data ({', '.join(unsafe)} off): turn it on.")
    if below_floor(major, minor):
        log.warning(
            "PostgreSQL %s.%s has known security holes: update to %s.%s", major, minor, major, SECURITY_FLOORS[major]
        )


async def release(connection: asyncpg.Connection) -> tuple[int, int]:
    """Major and minor version of the server; asyncpg's own version object keeps the minor in ``micro``."""
    number = int(await connection.fetchval("show server_version_num"))
    return number // 10_000, number % 10_000


async def check_session(connection: asyncpg.Connection, role: str, settings: Settings) -> None:
    """Refuse a session whose settings would change answers, or whose role row level security would not bind."""
    names = list(role_settings(role, settings))
    wanted = list(role_settings(role, settings).values())
    row = await connection.fetchrow(
        """
        select session_user, rolsuper or rolbypassrls or pg_has_role(session_user, $3, 'member') as unbound,
               array(select name from unnest($1::text[], $2::text[]) as w(name, value)
                     where case when value ~ '^[0-9]+ms$'
                                then (select setting || unit from pg_settings where pg_settings.name = w.name) <> value
                                else current_setting(name) <> value end) as wrong
        from pg_roles where rolname = session_user
        """,
        names, wanted, OWNER_ROLE,
    )  # fmt: skip
    if row is None or row["unbound"] or row["session_user"] != role:
        raise DatabaseUnusable(f"The session is not of {role}, or that role may pass row level security: refused.")
    if row["wrong"]:
        raise DatabaseUnusable(
            f"Sessions of {role} run with another {', '.join(row['wrong'])}: restart the hub to set it."
        )


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores for a password (RFC 5803), so that the password itself is in no statement and no log."""
    salt = salt or hashlib.sha256(b"salt" + password.encode()).digest()[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


async def _ensure_role(connection: asyncpg.Connection, role: str) -> None:
    found = await connection.fetchrow(
        "select rolsuper or rolbypassrls as unbound from pg_roles where rolname = $1", role
    )
    if found is None:
        await connection.execute(f"create role {role} {'nologin' if role == OWNER_ROLE else 'login'}")
    elif found["unbound"]:
        raise DatabaseUnusable(f"The role {role} is a superuser or has BYPASSRLS: take that away from it.")


async def _ensure_membership(connection: asyncpg.Connection) -> None:
    """Let the administrator act as the owner, in migrations only. A superuser may do so anyway."""
    privilege = "SET" if connection.get_server_version().major >= 16 else "MEMBER"
    if not await connection.fetchval("select pg_has_role(current_user, $1, $2)", OWNER_ROLE, privilege):
        await connection.execute(f"grant {OWNER_ROLE} to current_user")


async def _ensure_settings(connection: asyncpg.Connection, role: str, settings: Settings) -> None:
    wanted = role_settings(role, settings)
    current = await connection.fetchval(
        "select setconfig from pg_db_role_setting where setrole = $1::text::regrole and setdatabase = 0",
        role,
    )
    if set(current or ()) != {f"{name}={value}" for name, value in wanted.items()}:
        for name, value in wanted.items():
            literal = value if ", " in value else f"'{value}'"  # a list must stay one
            await connection.execute(f'alter role {role} set "{name}" = {literal}')


async def _ensure_grants(connection: asyncpg.Connection, database: str) -> None:
    """Connect and USAGE for all, CREATE for the owner alone."""
    held = await connection.fetchval(
        """select has_schema_privilege($1, 'public', 'create')
           and (select bool_and(has_schema_privilege(role, 'public', 'usage')) from unnest($2::text[]) as role)
           and not has_schema_privilege('public', 'public', 'create')""",
        OWNER_ROLE, list(LOGIN_ROLES),
    )  # fmt: skip
    if not held:
        await connection.execute("revoke create on schema public from public")
        await connection.execute(f"grant usage, create on schema public to {OWNER_ROLE}")
        await connection.execute(f"grant usage on schema public to {', '.join(LOGIN_ROLES)}")
    for role in LOGIN_ROLES:
        if not await connection.fetchval("select has_database_privilege($1, $2, 'connect')", role, database):
            quoted = database.replace('"', '""')
            await connection.execute(f'grant connect on database "{quoted}" to {role}')


async def _can_log_in(admin: Address, role: str, secret: HubSecret) -> bool:
    """Whether the derived password works already; asked by logging in, because stored passwords are secret."""
    try:
        connection = await login(admin, role, secret).connect()
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    await connection.close()
    return True
