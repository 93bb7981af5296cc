"""The endpoint speaks GraphQL over HTTP to the letter: every audit of the published suite."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from hub_of_three import ACME_TOKEN, Served


def test_every_published_audit_passes(served: Served, node: str, node_packages: Callable[[str], Path]) -> None:
    folder = node_packages("audits")
    done = subprocess.run(
        [node, "run.mjs", f"{served.url}/graphql", ACME_TOKEN], cwd=folder, capture_output=True, text=True, check=True
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [f"{one['id']} {one['name']}: {one['reason']}" for one in results if one["status"] != "ok"]
    assert failed == []
    assert len(results) == 61
