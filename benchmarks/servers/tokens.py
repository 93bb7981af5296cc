"""Prints one access token per partner code: ``python -m benchmarks.servers.tokens MINUTES CODE...``."""

from __future__ import annotations

import asyncio
import sys

from scmhub.cli.tokens import make_token


async def _print_all(minutes: int, codes: list[str]) -> None:
    for code in codes:
        print(await make_token(code, read_only=True, minutes=minutes))


if __name__ == "__main__":
    asyncio.run(_print_all(int(sys.argv[1]), sys.argv[2:]))
