"""Configuration: every ``SCMHUB_*`` variable, its default and its meaning; frozen once read, unknown names refused."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Where the hub keeps its data when SCMHUB_HOME is not set."""
    return Path("/var/lib/scmhub") if os.geteuid() == 0 else Path.home() / ".local/share/scmhub"


class Settings(BaseSettings):
    """All settings of one hub process."""

    model_config = SettingsConfigDict(env_prefix="SCMHUB_", frozen=True, extra="forbid")

    home: Path = Field(
        default_factory=default_home, description="Folder for the embedded database and the hub's secret."
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="TCP port of the HTTP server; 0 lets the system choose.")
    public_url: str = Field("", description="URL clients use to reach the hub; default http://HOST:PORT.")
    database_url: str = Field(
        "", description="PostgreSQL URL of a role that may create roles and tables; empty: embedded."
    )
    embedded_account: str = Field(
        "", description="Account the embedded PostgreSQL runs under when the hub runs as root."
    )
    allow_unsafe_database: bool = Field(False, description="Accept fsync=off and the like; for tests only.")
    secret: str = Field(
        "", description="Hub secret, at least 32 characters, equal on all replicas; empty: a 0600 file in HOME."
    )
    read_pool: int = Field(8, ge=1, le=200, description="Connections for reads.")
    write_pool: int = Field(4, ge=1, le=200, description="Connections for commands.")
    pool_wait_seconds: float = Field(2.0, gt=0, description="Longest wait for a database connection.")
    statement_timeout_seconds: float = Field(5.0, gt=0, description="Longest single database statement.")
    operation_timeout_seconds: float = Field(10.0, gt=0, description="Longest operation as a whole.")
    drain_seconds: float = Field(
        10.0, ge=0, le=300, description="How long streams are closed in turns before the hub stops."
    )
    token_minutes: int = Field(5, ge=1, le=60 * 24 * 31, description="Life of an access token in minutes.")
    introspection: bool = Field(True, description="Whether an authenticated caller may introspect the schema.")
    cost_bucket: int = Field(1_000_000, ge=1000, description="Cost a partner may spend at once, per process.")
    cost_refill_per_second: int = Field(50_000, ge=1, description="Cost a partner regains per second, per process.")
    compile_per_minute: int = Field(
        600, ge=1, description="Documents not seen before that one partner may send per minute."
    )
    requests_in_flight: int = Field(
        50, ge=1, description="Requests of one partner that may run at the same time, per process."
    )
    bad_credentials_per_minute: int = Field(
        20, ge=1, description="Failed proofs a minute of one client from one address, then 429; ten times as many of "
        "one address, whoever it claims to be."
    )  # fmt: skip
    trusted_proxies: str = Field(
        "", description="Addresses of proxies, comma separated, whose X-Forwarded-For and -Proto count; empty: none."
    )
    change_retention_hours: int = Field(
        14 * 24, ge=1, description="How long changes stay readable in the feed, in hours; older cursors expire."
    )
    outbound_networks: str = Field(
        "", description="Networks besides public addresses that webhooks may reach, such as `10.1.0.0/16`. For "
        "development `127.0.0.0/8` opens this machine, also for plain http."
    )  # fmt: skip
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log line written.")

    @field_validator("outbound_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        for each in filter(None, map(str.strip, text.split(","))):
            ip_network(each)
        return text

    @property
    def url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; ValueError names an unknown ``SCMHUB_*`` variable and the nearest real one."""
    environ = os.environ if environ is None else environ
    known = {f"SCMHUB_{name.upper()}" for name in Settings.model_fields}
    for name in environ:
        if name.startswith("SCMHUB_") and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise ValueError(f"Unknown setting {name}{hint}")
    values = {name: environ[key] for name in Settings.model_fields if (key := f"SCMHUB_{name.upper()}") in environ}
    return Settings(**values)  # type: ignore[arg-type]
