"""scmhub under measurement: how it is migrated, started and asked. Everything it does in production stays on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import forecasts
from benchmarks.answers import hub_order
from benchmarks.servers.contract import POOL_SIZE, Call, Json, Place, Server
from benchmarks.servers.peers import HUB_DOCUMENTS, next_cursor, reader

ROOT = Path(__file__).parent.parent.parent
CLI = [sys.executable, "-c", "from scmhub.cli import main; main()"]
TOKEN_MINUTES = 600
"""Longer than any run: a token that ends in the middle of one would void it."""


def environ(place: Place) -> Mapping[str, str]:
    """The hub's settings. Limits stay on; their sizes are raised so that sixteen busy connections do not meet them."""
    return os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "SCMHUB_HOME": str(place.folder / "hub"),
        "SCMHUB_DATABASE_URL": place.database_url,
        "SCMHUB_ALLOW_UNSAFE_DATABASE": "true",
        "SCMHUB_PORT": str(place.port),
        "SCMHUB_SECRET": "benchmark-secret-benchmark-secret-0",
        "SCMHUB_READ_POOL": str(POOL_SIZE),
        "SCMHUB_TOKEN_MINUTES": str(TOKEN_MINUTES),
        "SCMHUB_COST_BUCKET": "1000000000",
        "SCMHUB_COST_REFILL_PER_SECOND": "1000000000",
        "SCMHUB_LOG_LEVEL": "WARNING",
    }


def migrate(database_url: str, folder: Path) -> None:
    """Give an empty database scmhub's schema, before it is seeded; RuntimeError with what it said when it fails."""
    run(Place(database_url, 0, folder), *CLI, "migrate", "--apply")


def run(place: Place, *command: str) -> str:
    """One command with the hub's settings."""
    done = subprocess.run(command, env=dict(environ(place)), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()


def headers(place: Place, codes: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """A bearer token per viewer, verified by the hub like anyone's; made as ``scmhub token`` makes them."""
    tokens = run(place, sys.executable, "-m", "benchmarks.servers.tokens", str(TOKEN_MINUTES), *codes.values()).split()
    return {viewer: {"Authorization": f"Bearer {token}"} for viewer, token in zip(codes, tokens, strict=True)}


def variables(call: Call, cursor: str | None) -> Mapping[str, Json]:
    if call.operation == "c":
        return forecasts.variables(prefix=True)(call)
    return {"id": f"ord_{call.order_id}"} if call.operation == "a" else {"after": cursor}


SCMHUB = Server(
    name="scmhub",
    title="scmhub",
    command=lambda place: [*CLI, "serve"],
    environ=environ,
    documents=HUB_DOCUMENTS,
    headers=headers,
    variables=variables,
    orders=reader("order", "orders", hub_order, forecasts.hub_forecasts),
    cursor=next_cursor("orders"),
    notes="token verified, cost and rate limits, metrics and log on",
)
