"""How a stream over HTTP is written: as server-sent events, or in parts as Apollo's clients read them.

Both say four things: an item, that there is no more, that the line is alive, and, by ending without having said that
there is no more, "come back where you stopped". Events end in LF LF, which is what clients split at. A part ends with
the boundary of the next one, so that it is read when it was sent and not when another comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scmhub.graph.transport.media import parameters_of

_EVENTS, _PARTS = b"text/event-stream", b"multipart/mixed"
_SPEC = (b"subscriptionspec", b"1.0")
_NEXT = b"\r\n--graphql"


@dataclass(frozen=True, slots=True)
class Framing:
    """``item`` takes a payload and its cursor, if it has one."""

    content_type: bytes
    opening: bytes
    alive: bytes
    ending: bytes
    item: Callable[[bytes, str | None], bytes]


def _event(payload: bytes, cursor: str | None) -> bytes:
    place = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return b"event: next\n" + place + b"data: " + payload + b"\n\n"


def _part(body: bytes) -> bytes:
    return b"\r\nContent-Type: application/json\r\n\r\n" + body + _NEXT


EVENTS: Final = Framing(_EVENTS + b"; charset=utf-8", b":\n\n", b":\n\n", b"event: complete\ndata:\n\n", _event)
"""GraphQL over server-sent events, "distinct connections" of graphql-sse."""
PARTS: Final = Framing(
    _PARTS + b'; boundary="graphql"; subscriptionSpec=1.0', _NEXT, _part(b"{}"), b"--\r\n",
    lambda payload, _: _part(b'{"payload":' + payload + b"}"),
)  # fmt: skip
"""Apollo's multipart protocol for subscriptions."""


def framing_of(accept: bytes) -> Framing | None:
    """How a caller with this Accept header wants a stream; None if it wants none. Events, if it takes both."""
    if _EVENTS in accept:
        return EVENTS
    if _PARTS in accept and any(_asks_for_parts(each) for each in accept.split(b",")):
        return PARTS
    return None


def _asks_for_parts(media_range: bytes) -> bool:
    name, *parameters = media_range.split(b";")
    return name.strip().lower() == _PARTS and _SPEC in parameters_of(parameters)
