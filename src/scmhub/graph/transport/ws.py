"""GraphQL over WebSocket, protocol ``graphql-transport-ws`` and no other: one socket, many operations.

Close codes are the clients' retry policy: 4400 malformed, 4401 before ``connection_init``, 4406 other protocol, 4408 no
init in time, 4409 id in use, 4429 second init or flood: do not come back. 4403 token refused, expired or revoked: come
back with a new one. 1012, 1013: come back later. A document or cursor that is wrong ends its operation, not the socket.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from scmhub.clock import render
from scmhub.errors import BadRequest, Forbidden, HubError, RateLimited, RequestRefused, ServiceUnavailable
from scmhub.feed.timers import Handle, LoopTimers, Timers
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.deliver.follow import Cut
from scmhub.graph.deliver.group import Frame
from scmhub.graph.limits import Limits
from scmhub.graph.purposes import HEADER, narrowed
from scmhub.graph.request import GraphQLRequest
from scmhub.graph.transport.body import check_shape, request_of
from scmhub.graph.transport.http import Message, Receive, Scope, Send, new_request_id
from scmhub.graph.transport.stream import StreamHub, StreamLimits, crowded, expire, failed, quoted, viewer_of
from scmhub.graph.transport.stream_protocol import EXTENSION, StreamProtocol, text_frame
from scmhub.identity.browser import source_of
from scmhub.identity.failures import Failures
from scmhub.identity.sessions import Sessions
from scmhub.identity.viewer import Viewer

log = logging.getLogger(__name__)

PROTOCOL = "graphql-transport-ws"
MOST_AT_ONCE = 64 * 1024
"""Bytes of items written without a look at whether there is room."""


class WebSocketDoor:
    """The ASGI application behind ``/graphql`` for sockets."""

    def __init__(
        self, hub: StreamHub, limits: StreamLimits | None = None, timers: Timers | None = None,
        monotonic: Callable[[], float] = time.monotonic, sessions: Sessions | None = None,
        failures: Failures | None = None,
    ) -> None:  # fmt: skip
        self.hub = hub
        self.sessions = sessions
        self.failures = failures or Failures()
        self.limits = limits or StreamLimits()
        self.timers = timers or LoopTimers()
        self.monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if not self._is_welcome(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": f"the protocol is {PROTOCOL}"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        await Socket(self, scope["extensions"][EXTENSION], receive, scope).run()

    def _is_welcome(self, scope: Scope) -> bool:
        """No Origin, our own, or a registered frontend's: another page is refused before it gets a socket."""
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        own = urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1")
        return not origin or own or origin in self.hub.origins()


class Socket:
    """One connection and its operations."""

    def __init__(self, door: WebSocketDoor, line: StreamProtocol, receive: Receive, scope: Scope) -> None:
        self._door = door
        self._scope = scope
        self._hub = door.hub
        self._line = line
        self._receive = receive
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._executing = 0
        self._pings: deque[float] = deque(maxlen=door.limits.pings)
        self._feed: Feed | None = None
        self._over = False
        self._timer: Handle = door.timers.call_later(
            door.limits.init_seconds, lambda: self.cut(4408, "no connection_init in time")
        )
        self.viewer: Viewer = None  # type: ignore[assignment]

    @property
    def busy(self) -> bool:
        return self._executing > 0

    async def run(self) -> None:
        """Until either side closes; then nothing of it is left."""
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                if not self._over:
                    await self._take(message)
                    await self._line.drained()  # who does not read answers is not read either
        finally:
            self._over = True
            self._timer.cancel()
            if self._feed is not None:
                self._feed.leave(self)
            tasks = self._end_operations()
            if tasks:
                await asyncio.wait(tasks)

    def cut(self, code: int, reason: str) -> None:
        """Close with a code; nothing is sent after it."""
        if not self._over:
            self._over = True
            if self._feed is not None:
                self._feed.leave(self)
            self._end_operations()
            self._line.hang_up(code, reason)

    def _end_operations(self) -> list[asyncio.Task[None]]:
        tasks = list(self._operations.values())
        for task in tasks:
            task.cancel()
        return tasks

    # -- messages ------------------------------------------------------------------------------------------------------

    async def _take(self, message: Message) -> None:
        text = message.get("text")
        try:
            parsed = orjson.loads(text) if text is not None else None
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict) or not isinstance(parsed.get("type"), str):
            self._malformed("a message is a JSON object with a type")
            return
        try:
            check_shape(parsed, Limits())
        except BadRequest as error:
            self._malformed(error.message)
            return
        match parsed["type"]:
            case "connection_init":
                await self._init(parsed.get("payload"))
            case "ping":
                self._ping(parsed.get("payload"))
            case "pong":
                pass
            case "subscribe":
                self._subscribe(parsed)
            case "complete":
                self._complete(parsed.get("id"))
            case _:
                self._malformed("unknown message type")

    def _malformed(self, reason: str) -> None:
        log.info("a socket sent what is no message: %s", reason)
        self.cut(4400, reason[:100])

    async def _init(self, payload: Any) -> None:
        if self.viewer is not None:
            self.cut(4429, "too many initialisation requests")
            return
        if payload is not None and not isinstance(payload, dict):
            self._malformed("the payload of connection_init is an object")
            return
        authorization = (payload or {}).get("Authorization")
        try:
            viewer = await self._caller(authorization if isinstance(authorization, str) else None)
        except RequestRefused:
            self._refuse()
            return
        except HubError:
            self.cut(1013, "the hub cannot answer at the moment")
            return
        try:
            viewer = narrowed(viewer, payload[HEADER]) if payload and HEADER in payload else viewer
        except RequestRefused as error:
            self.cut(4403 if error.code == Forbidden.code else 4400, error.message[:120])
            return
        feed = self._hub.feed
        if feed is None or feed.closing:
            self.cut(1013, "the hub cannot answer at the moment")
            return
        if crowded(feed, viewer, self._door.limits.lines):
            self.cut(1013, "too many connections")
            return
        self.viewer = viewer
        if not feed.enter(self):
            self.cut(4403, "revoked")
            return
        self._feed = feed
        self._timer.cancel()
        self._timer = expire(self._door.timers, self._hub, viewer, self)
        self._line.write_text(
            b'{"type":"connection_ack","payload":{"expiresAt":%s}}' % quoted(render(viewer.expires_at))
        )

    def _refuse(self) -> None:
        """No caller; and once too many came from one place, not to be asked again at once."""
        source = source_of(self._scope)
        if self._door.failures.wait(source):
            self.cut(1013, "too many failures; wait a minute")
            return
        self._door.failures.add(source)
        self.cut(4403, "a valid access token is required")

    async def _caller(self, authorization: str | None) -> Viewer:
        """By the token in the payload; without one by the cookie that came with a socket of our own pages."""
        sessions = self._door.sessions
        if authorization is None and sessions is not None:
            viewer = await sessions.of_socket(self._scope)
            if viewer is not None:
                return viewer
        return await viewer_of(self._hub, authorization)

    def _ping(self, payload: Any) -> None:
        now = self._door.monotonic()
        if len(self._pings) == self._pings.maxlen and now - self._pings[0] < self._door.limits.ping_seconds:
            self.cut(4429, "too many pings")
            return
        self._pings.append(now)
        if not isinstance(payload, dict | None):
            self._malformed("the payload of ping is an object")
            return
        self._line.write_text(
            orjson.dumps({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
        )

    def _complete(self, operation: Any) -> None:
        if not isinstance(operation, str):
            self._malformed("an id is a string")
            return
        task = self._operations.pop(operation, None)
        if task is not None:
            task.cancel()

    def _subscribe(self, message: dict[str, Any]) -> None:
        operation, payload = message.get("id"), message.get("payload")
        if not isinstance(operation, str) or not 0 < len(operation) <= self._door.limits.id_characters:
            self._malformed("an id is a string")
            return
        if not isinstance(payload, dict):
            self._malformed("the payload of subscribe is an object")
            return
        try:
            request = request_of(payload, new_request_id())
        except BadRequest as error:
            self._malformed(error.message)
            return
        if self.viewer is None:
            self.cut(4401, "send connection_init first")
        elif operation in self._operations:
            self.cut(4409, f"Subscriber for {operation[:80]} already exists")
        elif len(self._operations) >= self._door.limits.operations:
            most = self._door.limits.operations
            self._fail(operation, RateLimited(f"A socket runs at most {most} operations."), request)
        else:
            task = asyncio.ensure_future(self._operate(operation, request))
            self._operations[operation] = task
            task.add_done_callback(lambda done: self._ended(operation, done))

    # -- operations ----------------------------------------------------------------------------------------------------

    def _ended(self, operation: str, task: asyncio.Task[None]) -> None:
        if self._operations.get(operation) is task:
            del self._operations[operation]

    async def _operate(self, operation: str, request: GraphQLRequest) -> None:
        try:
            if self._feed is None:
                raise ServiceUnavailable
            request = await self._hub.settle(request, self.viewer)
            if await self._feed.kind(request, self.viewer) == "subscription":
                run = await self._feed.follow(request, self.viewer, _Screen(self._line, operation))
                await run()
            else:
                await self._execute(operation, request)
        except Cut as cut:
            self.cut(cut.code, cut.reason)
        except Exception as error:
            self._fail(operation, error, request)

    async def _execute(self, operation: str, request: GraphQLRequest) -> None:
        """A query or mutation: one answer."""
        self._executing += 1
        try:
            answer = await self._hub.execute(request, self.viewer)
        finally:
            self._executing -= 1
        self._next(operation, answer.body)
        self._done(operation)
        await self._line.drained()

    def _next(self, operation: str, payload: bytes) -> None:
        if not self._over:
            self._line.write_text(b'{"type":"next","id":%s,"payload":%s}' % (quoted(operation), payload))

    def _done(self, operation: str) -> None:
        if not self._over:
            self._line.write_text(b'{"type":"complete","id":%s}' % quoted(operation))

    def _fail(self, operation: str, error: Exception, request: GraphQLRequest) -> None:
        payload, began = failed(error, request.request_id)
        if began:
            self._next(operation, payload)
            self._done(operation)
        elif not self._over:
            self._line.write_text(b'{"type":"error","id":%s,"payload":%s}' % (quoted(operation), payload))


class _Screen:
    """The place of one subscription on a socket."""

    __slots__ = ("_head", "_line")

    def __init__(self, line: StreamProtocol, operation: str) -> None:
        self._line = line
        self._head = b'{"type":"next","id":%s,"payload":' % quoted(operation)

    def push(self, payload: bytes, cursor: str) -> bool:
        return self._line.write_text(b"".join((self._head, payload, b"}")))

    def push_all(self, frames: Sequence[Frame]) -> tuple[int, bool]:
        """One write for many items, and one copy of each for all sockets whose operation has the same id."""
        if len(frames) == 1:
            [frame] = frames
            return 1, self._line.write_frames(frame.wire.get(self._head) or self._written(frame))
        wire, size = [], 0
        for frame in frames:
            wire.append(self._written(frame))
            size += len(wire[-1])
            if size >= MOST_AT_ONCE:
                break
        return len(wire), self._line.write_frames(b"".join(wire))

    def _written(self, frame: Frame) -> bytes:
        made = frame.wire.get(self._head)
        if made is None:
            made = frame.wire[self._head] = text_frame(b"".join((self._head, frame.payload, b"}")))
        return made

    async def writable(self) -> None:
        await self._line.drained()
