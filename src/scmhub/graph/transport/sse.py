"""GraphQL over an HTTP body that goes on, one operation a stream: server-sent events, or Apollo's parts.

A stream the hub cuts (token expired, log lost, shutdown) ends without having said that it is complete, so that the
client comes back where it stopped; ``framing`` has the two ways to write it.
Whoever also accepts JSON gets its queries and mutations as JSON: urql lists event streams on every query.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scmhub.errors import RateLimited, ServiceUnavailable
from scmhub.feed.timers import Handle, LoopTimers, Timers
from scmhub.graph.deliver.follow import Cut
from scmhub.graph.deliver.group import Frame
from scmhub.graph.limits import Limits
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.graph.transport.framing import Framing, framing_of
from scmhub.graph.transport.http import GraphQLEndpoint, Message, Receive, Scope, Send
from scmhub.graph.transport.media import answer_type
from scmhub.graph.transport.stream import StreamHub, StreamLimits, crowded, expire, failed
from scmhub.identity.sessions import Sessions
from scmhub.identity.viewer import Viewer

ABORT = "scmhub.abort"
"""In ``scope["extensions"]``: ends the connection at once, for a peer that does not read."""
_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
    (b"vary", b"Accept"),
]
_ANSWERED_AS_EVENTS = (200, 400, 413)
"""Refusals of a body that was read: as events, because clients take another status for a broken network and retry."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with the text of its document, or why there is none."""

    request: GraphQLRequest
    viewer: Viewer
    subscribes: bool = False
    refusal: Exception | None = None


class SseDoor:
    """Stands before the HTTP endpoint and takes the requests that want an event stream."""

    def __init__(
        self, hub: StreamHub, endpoint: GraphQLEndpoint, http_limits: Limits | None = None,
        limits: StreamLimits | None = None, timers: Timers | None = None, sessions: Sessions | None = None,
    ) -> None:  # fmt: skip
        self.hub = hub
        self.sessions = sessions
        self.limits = limits or StreamLimits()
        self.timers = timers or LoopTimers()
        self._endpoint = endpoint
        self._http_limits = http_limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        framing = framing_of(accept) if len(accept) <= self._http_limits.accept_bytes else None
        if framing is None:
            await self._endpoint(scope, receive, send)
            return
        takes_json = answer_type(accept, self._http_limits.accept_bytes) is not None
        asked, answer, read = await self._ask(scope, receive)
        if asked is not None and takes_json and not asked.subscribes:
            endpoint = self._endpoint.executing(lambda request, viewer: self._execute(asked, request))
            await endpoint(scope, _again(read, receive), send)
            return
        if asked is None and answer[0]["status"] not in _ANSWERED_AS_EVENTS:
            for message in answer:
                await send(message)
            return
        stream = _Stream(self, scope, receive, send, framing)
        await stream.run(asked, answer[-1].get("body", b"") if answer else b"")

    async def _read(self, request: GraphQLRequest, viewer: Viewer) -> _Asked:
        """What the document is, found by its hash once. Whoever answers says what is wrong with it."""
        feed = self.hub.feed
        try:
            request = await self.hub.settle(request, viewer)
            subscribes = feed is not None and await feed.kind(request, viewer) == "subscription"
        except Exception as error:
            return _Asked(request, viewer, refusal=error)
        return _Asked(request, viewer, subscribes)

    async def _execute(self, asked: _Asked, request: GraphQLRequest) -> Answer:
        """The same request, read again for its answer in JSON."""
        if asked.refusal is not None:
            raise asked.refusal
        return await self.hub.execute(replace(asked.request, request_id=request.request_id), asked.viewer)

    def _admit(self, asked: _Asked) -> None:
        """A subscription that another try may cure is refused by a status: an error in the stream would be its end."""
        feed = self.hub.feed
        if feed is None or not asked.subscribes:
            return
        if feed.closing or feed.tail.trouble():
            raise ServiceUnavailable
        if crowded(feed, asked.viewer, self.limits.lines):
            raise RateLimited("Too many connections of this partner.")

    async def _ask(
        self, scope: Scope, receive: Receive
    ) -> tuple[_Asked | None, list[Message], list[Message]]:
        """The request and its caller, or the endpoint's refusal; and what was read of the body."""
        found: list[_Asked] = []
        answer: list[Message] = []
        read: list[Message] = []

        async def keep(request: GraphQLRequest, viewer: Viewer) -> Answer:
            asked = await self._read(request, viewer)
            self._admit(asked)
            found.append(asked)
            return Answer(b"")

        async def recorded() -> Message:
            read.append(await receive())
            return read[-1]

        async def unsent(message: Message) -> None:
            answer.append(message)

        headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
        head = {**scope, "headers": [*headers, (b"accept", b"application/graphql-response+json")]}
        endpoint = GraphQLEndpoint(
            self.hub.authenticate, keep, self._http_limits, sessions=self.sessions, failures=self._endpoint.failures
        )
        await endpoint(head, recorded, unsent)
        return (found[0], [], read) if found else (None, answer, read)


def _again(read: list[Message], receive: Receive) -> Receive:
    messages = deque(read)

    async def replayed() -> Message:
        return messages.popleft() if messages else await receive()

    return replayed


class _Stream:
    """One stream: a sink whose bytes wait here, up to the high-water mark, for the writer."""

    def __init__(self, door: SseDoor, scope: Scope, receive: Receive, send: Send, framing: Framing) -> None:
        self._door = door
        self._framing = framing
        self._scope = scope
        self._receive = receive
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._finished = False
        self.busy = False
        self._tasks: list[asyncio.Task[Any]] = []
        self.viewer: Viewer = None  # type: ignore[assignment]

    async def run(self, asked: _Asked | None, refused: bytes) -> None:
        """Until the operation ends, the client leaves, or the hub cuts it."""
        headers = [(b"content-type", self._framing.content_type), *_HEADERS]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        writer = asyncio.ensure_future(self._write())
        gone = asyncio.ensure_future(self._wait_for_the_end())
        work = asyncio.ensure_future(self._work(asked, refused))
        self._tasks = [writer, gone, work]
        timers = self._timers()
        feed = self._door.hub.feed
        try:
            if asked is not None and feed is not None:
                self.viewer = asked.viewer
                if crowded(feed, self.viewer, self._door.limits.lines):  # others may have come in since it was admitted
                    self.cut(1013, "too many connections")
                elif not feed.enter(self):
                    self.cut(4403, "revoked")
                timers.append(expire(self._door.timers, self._door.hub, self.viewer, self))
            await asyncio.wait([writer, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for timer in timers:
                timer.cancel()
            for task in self._tasks:
                task.cancel()
            if feed is not None:
                feed.leave(self)
            await asyncio.wait(self._tasks)

    def _timers(self) -> list[Handle]:
        """What keeps the line alive; the list's first entry is replaced each time."""
        timers: list[Handle] = []

        def comment() -> None:
            self._put(self._framing.alive)
            timers[0] = self._door.timers.call_later(self._door.limits.comment_seconds, comment)

        timers.append(self._door.timers.call_later(self._door.limits.comment_seconds, comment))
        return timers

    # -- the operation -------------------------------------------------------------------------------------------------

    async def _work(self, asked: _Asked | None, refused: bytes) -> None:
        self._put(self._framing.opening)
        if asked is None:
            self._event(refused)
            self._complete()
            return
        try:
            await self._operate(asked)
        except Cut as cut:
            self.cut(cut.code, cut.reason)
        except Exception as error:
            payload, began = failed(error, asked.request.request_id)
            self._event(payload if began else b'{"errors":' + payload + b"}")
            self._complete()

    async def _operate(self, asked: _Asked) -> None:
        feed = self._door.hub.feed
        if feed is None:
            raise ServiceUnavailable
        if asked.refusal is not None:
            raise asked.refusal
        if not asked.subscribes:
            self.busy = True
            answer = await self._door.hub.execute(asked.request, asked.viewer)
            self._event(answer.body)
            self._complete()
            return
        headers = dict(self._scope["headers"])
        last = headers.get(b"last-event-id", b"").decode("latin-1") or None
        run = await feed.follow(asked.request, asked.viewer, self, last)
        await run()

    def _event(self, payload: bytes) -> None:
        self._put(self._framing.item(payload, None))

    def _complete(self) -> None:
        """There is no more; the client must not come back."""
        self._put(self._framing.ending)
        self._finished = True

    # -- the sink ------------------------------------------------------------------------------------------------------

    def push(self, payload: bytes, cursor: str) -> bool:
        return self._put(self._framing.item(payload, cursor))

    def push_all(self, frames: Sequence[Frame]) -> tuple[int, bool]:
        for count, frame in enumerate(frames, 1):
            if not self.push(frame.payload, frame.cursor):
                return count, False
        return len(frames), True

    async def writable(self) -> None:
        await self._room.wait()

    def cut(self, code: int, reason: str) -> None:
        """End the body without its ending; nothing of what waits is sent."""
        self._waiting.clear()
        abort = self._scope.get("extensions", {}).get(ABORT)
        if self._size >= self._door.limits.high_water and abort is not None:
            abort()
        self._finished = True
        self._news.set()
        for task in self._tasks[2:]:
            task.cancel()

    def _put(self, data: bytes) -> bool:
        if self._finished:
            return False
        self._waiting.append(data)
        self._size += len(data)
        self._news.set()
        if self._size >= self._door.limits.high_water:
            self._room.clear()
        return self._room.is_set()

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                data = b"".join(self._waiting)
                self._waiting.clear()
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
                self._size -= len(data)
                if self._size < self._door.limits.high_water:
                    self._room.set()
            if self._finished:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
                return

    async def _wait_for_the_end(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
