"""What sockets and event streams have in common: the hub they need, their limits, their refusals as messages."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from scmhub.clock import Clock
from scmhub.feed.timers import Handle, Timers
from scmhub.graph.answers import answer_for
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.identity.viewer import Viewer


class StreamHub(Protocol):
    """What streams need of a running hub."""

    clock: Clock
    feed: Feed | None
    """None while the log is not followed."""

    def origins(self) -> frozenset[str]:
        """Origins of registered frontends."""

    def authenticate(self, authorization: str | None, /) -> Awaitable[Viewer] | Viewer: ...

    async def settle(self, request: GraphQLRequest, viewer: Viewer, /) -> GraphQLRequest:
        """The request with the text of its document instead of a hash."""

    async def execute(self, request: GraphQLRequest, viewer: Viewer, /) -> Answer: ...


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What one socket or stream may ask for; the defaults are the published limits."""

    init_seconds: float = 5.0
    """Time for ``connection_init`` to arrive."""
    operations: int = 100
    """Operations running on one socket."""
    lines: int = 200
    """Sockets and streams of one partner, per process."""
    pings: int = 50
    """Client pings within ``ping_seconds``; more is a flood."""
    ping_seconds: float = 10.0
    id_characters: int = 255
    """Longest operation id."""
    comment_seconds: float = 15.0
    """Between two comments of an event stream: proxies end what is silent."""
    high_water: int = 64 * 1024
    """Bytes an event stream holds back before its follower is let go."""


async def viewer_of(hub: StreamHub, authorization: str | None) -> Viewer:
    """The caller; Unauthenticated otherwise."""
    found = hub.authenticate(authorization)
    return found if isinstance(found, Viewer) else await found


def crowded(feed: Feed, viewer: Viewer, most: int) -> bool:
    """Whether the partner has as many connections as it may."""
    return feed.lines_of(viewer.lens.partner_id) >= most


def expire(timers: Timers, hub: StreamHub, viewer: Viewer, line: Any) -> Handle:
    """Cut the line at the end of the token's life: nothing is sent after it."""
    seconds = (viewer.expires_at - hub.clock()).total_seconds()
    return timers.call_later(max(seconds, 0.0), lambda: line.cut(4403, "token expired"))


def failed(error: BaseException, request_id: str) -> tuple[bytes, bool]:
    """(payload, whether the operation began): a whole result with ``data`` null, or the list of errors alone."""
    body = answer_for(error, request_id).body
    if body.startswith(b'{"data"'):
        return body, True
    return body[len(b'{"errors":') : -1], False


def quoted(text: str) -> bytes:
    return orjson.dumps(text)
