"""The hub's own pages in a real browser: an invitation is followed, a session works, ends, and is begun again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from tests.identity.conftest import Live, live, models

from scmhub.identity import people

__all__ = ["live", "models"]


async def test_a_person_follows_an_invitation_works_and_logs_in_again(
    live: Live, node: str, node_packages: Callable[[str], Path], chromium: str, tmp_path: Path
) -> None:
    async with live.acting(live.acme) as unit:
        _, token = await people.invite(unit, "Ben", "ben@acme.example", ["PLANNER"])
    link, shots = f"/invitation#{token}", os.environ.get("SCREENSHOTS", "")
    process = await asyncio.create_subprocess_exec(
        node, "login.mjs", chromium, str(tmp_path), live.url, link, "ben@acme.example", shots,
        cwd=node_packages("browser"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(90):
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    report = json.loads(out)
    assert report["problems"] == []
    assert [each for each in report["requests"] if not each.startswith((live.url + "/", "data:"))] == []
    assert [each for each in report["requests"] if token in each.partition("#")[0]] == []
    assert report["invited"] == "Ben, you are invited to act for Acme as planner."
    assert report["state"] == "logged in as Ben"
    assert json.loads(report["result"])["data"] == {"viewer": {"code": "ACME"}, "me": {"roles": ["PLANNER"]}}
    assert report["stored"] == ["", {"scmhub.session": "1"}, ""]
    [cookie] = report["cookies"]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == ("scmhub", True, "Strict", "/")
    assert (report["after"], report["left"]) == ("no token", [])
    assert report["known"] == "Ben"


NEXT = {
    "//evil.example": "/explore", "/\\evil.example": "/explore", "https://evil.example": "/explore", "javascript:x": "/explore",
    "/\t/evil.example": "/explore", "": "/explore", "/oauth/authorize?a=b#c": "/oauth/authorize?a=b#c", "/explore": "/explore",
}  # fmt: skip


def test_attack_42_the_login_page_leads_to_no_other_site(node: str) -> None:
    source = (files("scmhub.graph.transport") / "static/login.js").read_text()
    function = source[source.index("function safeNext") : source.index("form.addEventListener")]
    script = (
        f'const location = {{ origin: "https://hub.example" }};\n{function}\n'
        f"console.log(JSON.stringify({json.dumps(list(NEXT))}.map(safeNext)))"
    )
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == list(NEXT.values())
