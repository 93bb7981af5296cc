"""Where a PostgreSQL server is and who logs in, every argument spelled out: no variable of the caller steers it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped]


class DatabaseUnusable(Exception):
    """The hub cannot start on this database; the text is the one line an operator reads."""


@dataclass(frozen=True)
class Address:
    """One login to one database; ``host`` is a name, or the folder of a Unix socket when it begins with ``/``."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    options: tuple[tuple[str, str], ...] = ()
    """Parameters of a URL that asyncpg understands: sslmode, sslrootcert, ..."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address a ``postgresql://`` URL names; DatabaseUnusable says what is missing."""
        parts = urlsplit(url)
        if parts.scheme not in {"postgresql", "postgres"}:
            raise DatabaseUnusable("SCMHUB_DATABASE_URL must begin with postgresql://")
        options = dict(parse_qsl(parts.query))
        host = options.pop("host", "") or unquote(parts.hostname or "")
        database = options.pop("dbname", "") or unquote(parts.path.lstrip("/"))
        if not (host and database and parts.username):
            raise DatabaseUnusable(
                "SCMHUB_DATABASE_URL must name a user, a host and a database: postgresql://USER@HOST/NAME"
            )
        port = int(options.pop("port", "") or parts.port or 5432)
        password = unquote(parts.password or "")
        return cls(host, port, unquote(parts.username), password, database, tuple(sorted(options.items())))

    def login(self, user: str, password: str) -> Address:
        """The same database under another role."""
        return replace(self, user=user, password=password)

    def to(self, database: str) -> Address:
        """Another database of the same server."""
        return replace(self, database=database)

    def arguments(self) -> dict[str, Any]:
        """Arguments for ``asyncpg.connect``: all, because it asks PG* variables and ~/.pgpass for what is left out."""
        remote = not self.host.startswith("/")
        options = dict(self.options)
        options.setdefault("sslmode", "prefer" if remote else "disable")
        return {
            "dsn": f"postgresql:///?{urlencode(options)}",
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "database": self.database,
            "passfile": "/dev/null",
            "servicefile": "/dev/null",
            "direct_tls": False,
            "target_session_attrs": "any",
            "krbsrvname": "postgres",
            "gsslib": "gssapi",
        }

    async def connect(self, *, name: str = "scmhub", seconds: float = 10.0, **more: Any) -> asyncpg.Connection:
        """One connection; without a statement cache unless asked for, so that DDL never meets a stale plan."""
        settings = {"application_name": name}
        more.setdefault("statement_cache_size", 0)
        return await asyncpg.connect(**self.arguments(), timeout=seconds, server_settings=settings, **more)
