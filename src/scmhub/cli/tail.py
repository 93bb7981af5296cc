"""``scmhub tail``: the change feed of one partner on the terminal, one JSON object a line."""

from __future__ import annotations

import sys
from contextlib import suppress

import orjson

from scmhub.cli.talk import say
from scmhub.cli.tokens import make_token
from scmhub.client import Refused, follow
from scmhub.settings import load_settings

DOCUMENT = """
subscription Tail($after: String, $snapshot: Boolean) {
  changes(after: $after, snapshot: $snapshot) {
    __typename cursor
    ... on Changed { id at kind action actor recordId changedFields }
    ... on NoLongerVisible { at kind recordId }
    ... on SnapshotRecord { kind recordId }
    ... on Checkpoint { at }
    ... on AccessChanged { at owner kinds direction }
    ... on Reset { reason owners kinds }
  }
}
"""


async def run_tail(partner: str, after: str | None, *, snapshot: bool, minutes: int = 60) -> int:
    """Print items until interrupted; the exit status."""
    url = load_settings().url.replace("http", "ws", 1) + "/graphql"

    async def token() -> str:
        return await make_token(partner, read_only=True, minutes=minutes)

    say(f"Following {url} as {partner}; stop with Ctrl-C.")
    with suppress(KeyboardInterrupt):
        try:
            async for item in follow(url, token, DOCUMENT, {"snapshot": snapshot}, after=after):
                if item["__typename"] != "Checkpoint":
                    sys.stdout.buffer.write(orjson.dumps(item) + b"\n")
                    sys.stdout.flush()
        except Refused as refused:
            say(f"The hub refuses: {refused}")
            return 3
    return 0
