"""``scmhub listen``: the feed of one partner posted to a URL on the developer's machine, signed as webhooks are.

It is a webhook without a registration: the hub need not reach the receiver, and nothing is kept. It goes on where it
stopped as long as it runs; an item the receiver does not take is told and not sent again.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from pathlib import Path

import orjson
from rich.markup import escape

from scmhub.cli.hub_access import EVERYWHERE, hub_url, token_of
from scmhub.cli.tail import DOCUMENT
from scmhub.cli.talk import REFUSED, say
from scmhub.client import Refused, follow
from scmhub.outbound import Outbound, Unreachable, checked_url
from scmhub.webhooks.signing import new_secret, signed


async def run_listen(
    forward_to: str, *, partner: str | None, url: str | None, token_file: Path | None, document: str | None,
    secret: str | None, after: str | None,
) -> int:  # fmt: skip
    """Post items until interrupted; the exit status. ValueError for a URL, file or caller that cannot be used."""
    checked_url(forward_to, EVERYWHERE)
    token = token_of(partner, token_file, read_only=True)
    signs = secret or new_secret()
    socket = hub_url(url).replace("http", "ws", 1)
    say(f"Following {socket}, posting to {escape(forward_to)}; stop with Ctrl-C.")
    if secret is None:
        say(f"Signed with {signs}  (of this run; --secret-file keeps one)")
    outbound = Outbound(EVERYWHERE)
    with suppress(KeyboardInterrupt):
        try:
            async for payload in follow(socket, token, document or DOCUMENT, after=after, whole=True):
                [item] = payload["data"].values()
                if item.get("__typename") != "Checkpoint":
                    print(await _forward(outbound, forward_to, payload, item, signs), flush=True)  # noqa: T201
        except Refused as refused:
            say(f"The hub refuses: {escape(str(refused))}")
            return REFUSED
    return 0


async def _forward(outbound: Outbound, url: str, payload: object, item: dict[str, object], secret: str) -> str:
    """Post one item; the line that tells of it."""
    body = orjson.dumps(payload)
    message = "msg_" + hashlib.sha256(str(item.get("id") or body).encode()).hexdigest()[:32]
    headers = {"Content-Type": "application/json"} | signed(message, int(time.time()), body, [secret])
    try:
        answer = str((await outbound.post(url, body, headers)).status)
    except Unreachable as error:
        answer = str(error)
    words = [str(item[name]) for name in ("kind", "action", "recordId", "direction", "reason") if item.get(name)]
    return " ".join([time.strftime("%H:%M:%S"), str(item.get("__typename", "item")), *words, "->", answer])
