"""Apollo Client's own persisted-query link, unmodified, against a real hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from streaming import Streaming


@pytest.mark.parametrize("way", ["post", "get"])
async def test_apollo_sends_the_text_once_and_then_the_hash(
    streaming: Streaming, node: str, node_packages: Callable[[str], Path], tmp_path: Path, way: str
) -> None:
    token = tmp_path / "token"
    token.write_text(streaming.token("bolt"))
    script = node_packages("stream_clients") / "persisted.mjs"
    client = await asyncio.create_subprocess_exec(
        node, str(script), f"http://127.0.0.1:{streaming.port}/graphql", str(token), way,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(30):
        out, err = await client.communicate()
    assert client.returncode == 0, err.decode()
    hashed = way.upper()
    me = {"data": {"viewer": {"__typename": "Partner", "code": "BOLT"}}}
    assert [orjson.loads(line) for line in out.splitlines()] == [
        {"method": hashed, "text": False, "status": 400},
        {"method": "POST", "text": True, "status": 200},
        me,
        {"method": hashed, "text": False, "status": 200},
        me,
        {"method": hashed, "text": False, "status": 400},
        {"method": "POST", "text": True, "status": 400},
        {"error": "Cannot query field 'nonsense' on type 'Partner'."},
    ]
