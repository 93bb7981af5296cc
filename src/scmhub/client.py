"""A client of the change feed that comes back by itself: every item once, in order, from where it stopped.

    async for item in follow(url, token, DOCUMENT, after=load(), save=store):
        apply(item)

The place is saved after the item was applied (when the next one is asked for), so a crash repeats an item and never
loses one; ids of the last thousand changes keep repetitions out while the process lives. It retries without limit, with
full jitter and a fresh token, and stops only for what another try would not cure.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

FATAL = frozenset({4400, 4401, 4406, 4409, 4429})
"""Close codes after which coming back is of no use: the request itself is wrong."""
LEAST_SECONDS, MOST_SECONDS = 0.5, 30.0
REMEMBERED = 1_000
Token = Callable[[], Awaitable[str]]


LATER = frozenset({"SERVICE_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT"})
"""Codes of errors that another try may cure."""


class _Later(Exception):
    """The hub cannot serve this now."""


class Refused(Exception):
    """The hub will not serve this operation, however often it is asked; the text is its answer."""


async def follow(
    url: str, token: Token, document: str, variables: Mapping[str, Any] | None = None, *, after: str | None = None,
    save: Callable[[str], object] = lambda _: None, pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    whole: bool = False,
) -> AsyncIterator[dict[str, Any]]:  # fmt: skip
    """Items of ``changes`` in ``document``, which must take ``$after: String``; ``url`` is ``ws://.../graphql``.

    ``whole``: each item with what is around it, ``{"data": {"changes": item}, "extensions": {"cursor": ...}}``.
    """
    seen: OrderedDict[str, None] = OrderedDict()
    failures = 0
    while True:
        try:
            async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
                await _begin(ws, await token(), document, {**(variables or {}), "after": after})
                while True:
                    payload = _payload(await ws.recv())
                    if payload is None:
                        continue
                    failures = 0
                    [item] = payload["data"].values()
                    if not _is_known(item.get("id"), seen):
                        yield payload if whole else item
                    after = payload["extensions"]["cursor"]
                    save(after)
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code in FATAL:
                raise Refused(f"{closed.rcvd.code} {closed.rcvd.reason}") from None
        except (OSError, InvalidHandshake, TimeoutError, _Later):
            pass
        failures += 1
        most = min(MOST_SECONDS, LEAST_SECONDS * 2 ** min(failures, 10))
        await pause(LEAST_SECONDS + random.random() * (most - LEAST_SECONDS))  # noqa: S311


async def _begin(ws: Any, token: str, document: str, variables: Mapping[str, Any]) -> None:
    await ws.send(_text({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
    await ws.recv()
    await ws.send(_text({"type": "subscribe", "id": "1", "payload": {"query": document, "variables": variables}}))


def _payload(text: str | bytes) -> dict[str, Any] | None:
    """The payload of an item; None for a message that carries none. Refused for an error."""
    message = orjson.loads(text)
    if message["type"] == "error":
        raise _refusal(message["payload"])
    if message["type"] != "next":
        return None
    payload: dict[str, Any] = message["payload"]
    if payload.get("errors"):
        raise _refusal(payload["errors"])
    return payload


def _refusal(errors: list[dict[str, Any]]) -> Exception:
    if any(each.get("extensions", {}).get("code") in LATER for each in errors):
        return _Later()
    return Refused("; ".join(each["message"] for each in errors))


def _is_known(change: str | None, seen: OrderedDict[str, None]) -> bool:
    if change is None:
        return False
    known = change in seen
    seen[change] = None
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)
    return known


def _text(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message).decode()
