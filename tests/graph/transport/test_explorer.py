"""The explorer works in a real browser, from the wheel alone: no request leaves the origin."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from hub_of_three import ACME_TOKEN, Served


def test_a_person_sets_a_token_runs_a_query_and_reads_the_result(
    served: Served, node: str, node_packages: Callable[[str], Path], chromium: str, tmp_path: Path
) -> None:
    command = [node, "run.mjs", chromium, str(tmp_path), served.url, ACME_TOKEN, os.environ.get("SCREENSHOTS", "")]
    done = subprocess.run(command, cwd=node_packages("browser"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["problems"] == []
    assert [url for url in report["requests"] if not url.startswith((served.url + "/", "data:"))] == []
    assert f"{served.url}/graphql" in report["requests"]
    assert report["stateBefore"] == "no token"
    assert "orders" in report["completions"]
    assert json.loads(report["result"])["data"] == {
        "me": "00000000-0000-0000-0000-000000000001",
        "orders": {"totalCount": 1, "nodes": [{"number": "4711"}]},
    }
    assert report["figures"][0] == "200"
    assert "cost 56" in report["figures"]
    assert report["fields"] == ["me", "orders", "order", "nodes", "fault", "denied"]
    session, local, cookie = report["stored"]
    assert "scmhub.token" in session
    assert (local, cookie) == ([], "")
