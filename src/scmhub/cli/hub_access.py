"""How commands of the shell call a hub over its own API: which hub, as whom, one operation at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from scmhub.cli.tokens import make_token
from scmhub.errors import HubError, ServiceUnavailable
from scmhub.outbound import Outbound, Unreachable, networks
from scmhub.settings import load_settings

EVERYWHERE = networks("127.0.0.0/8, ::1/128, 0.0.0.0/0, ::/0")
"""A person's own shell may call whatever that person may."""
ANSWER_BYTES = 8 * 1024 * 1024
Token = Callable[[], Awaitable[str]]


def token_of(partner: str | None, token_file: Path | None, *, read_only: bool = False) -> Token:
    """A token for each call: read anew from a file, or made by the hub's own key. ValueError if neither is possible."""
    if token_file is not None:

        async def read() -> str:
            return (await asyncio.to_thread(token_file.read_text)).strip()

        return read
    if partner is None:
        raise ValueError("Say as whom: --as CODE on the hub's own machine, else --token-file FILE.")

    async def make() -> str:
        return await make_token(partner, read_only=read_only, minutes=60)

    return make


def hub_url(url: str | None) -> str:
    """The URL of /graphql."""
    return (url or load_settings().url).rstrip("/").removesuffix("/graphql") + "/graphql"


async def ask(url: str, token: Token, document: str, **variables: Any) -> dict[str, Any]:
    """The data of one operation; HubError with the hub's own words if it has none."""
    headers = {
        "Authorization": f"Bearer {await token()}", "Content-Type": "application/json", "Accept": "application/json",
        "Idempotency-Key": str(uuid4()),
    }  # fmt: skip
    if not document.lstrip().startswith("mutation"):
        del headers["Idempotency-Key"]
    try:
        body = orjson.dumps({"query": document, "variables": variables})
        reply = await Outbound(EVERYWHERE, most=ANSWER_BYTES).post(url, body, headers)
    except Unreachable as error:
        text = f"{url} does not answer: {error} Is 'scmhub serve' or 'scmhub demo' running?"
        raise ServiceUnavailable(text) from None
    try:
        answer = orjson.loads(reply.body)
    except ValueError:
        raise HubError(f"{url} answered {reply.status} and no JSON: is this a hub?") from None
    if answer.get("errors"):
        raise HubError("; ".join(each["message"] for each in answer["errors"]))
    data: dict[str, Any] = answer["data"]
    return data
