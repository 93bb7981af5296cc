"""A partner's frontend on its own origin, the partner's own identity provider and the hub, in one real browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from tests.identity.conftest import Live, free_port, live, models
from tests.identity.test_federation import BEN, Issuer, federated, hub, issuers

from scmhub.identity import frontends
from scmhub.identity.viewer import TokenScope
from scmhub.ids import public_id

__all__ = ["hub", "issuers", "live", "models"]


async def test_a_browser_gets_a_code_through_the_partners_own_provider(
    hub: Live, issuers: tuple[Issuer, Issuer], node: str, node_packages: Callable[[str], Path], chromium: str, tmp_path: Path
) -> None:
    await federated(hub, issuers[0])
    await issuers[0].be(hub.http, BEN)
    port = free_port()
    origin = f"http://localhost:{port}"
    async with hub.acting(hub.acme) as unit:
        made = await frontends.register(unit, "Portal", [f"{origin}/"], [origin], [TokenScope.READ])
    process = await asyncio.create_subprocess_exec(
        node, "portal.mjs", chromium, str(tmp_path), hub.url, str(port), public_id("fnt", made.id),
        cwd=node_packages("browser"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(90):
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    got = {"data": {"viewer": {"code": "ACME"}, "me": {"name": "Ben"}}, "iss": hub.url, "same": True, "scope": "hub:read"}
    assert json.loads(out) == {"problems": [], "first": got, "again": got}
