"""uvicorn, configured for a hub that strangers reach: read deadlines, head limits, no server header, orderly stop.

uvicorn itself has no read timeout: a half-sent head stays open for ever. Here each connection holds one deadline, a
number; once a second the server closes those that are past it. That costs a request two assignments. Sockets are pinged
in the same sweep.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Final

from uvicorn import Config
from uvicorn import Server as UvicornServer
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from scmhub.errors import BadRequest
from scmhub.graph.answers import answer_for
from scmhub.graph.limits import Limits
from scmhub.graph.transport.http import new_request_id
from scmhub.graph.transport.sse import ABORT
from scmhub.graph.transport.stream_protocol import StreamProtocol

_NEVER: Final = float("inf")
_TICKS_PER_SWEEP: Final = 10
_TICK_SECONDS: Final = 0.1
"""How often uvicorn ticks."""
_logger = logging.getLogger("scmhub.graph.transport")


class HeadTooLarge(Exception):
    """The head of a request is over its limits; the parser turns it into a refusal."""


class DeadlineProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose head and body must arrive in time, and whose head has a limit."""

    def __init__(self, limits: Limits, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = limits
        self._head_bytes = 0
        self._in_message = False
        self.deadline = _NEVER

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.deadline = monotonic() + self._limits.header_seconds

    def data_received(self, data: bytes) -> None:
        if self.parser is None:
            # Refused already; what the caller had under way is not read any more.
            return
        super().data_received(data)
        idle = not self._in_message and self.timeout_keep_alive_task is None
        if idle and (self.cycle is None or self.cycle.response_complete):
            # Blank lines between requests stop uvicorn's idle timer without starting a request.
            self.deadline = min(self.deadline, monotonic() + self._limits.header_seconds)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]
        self._in_message = True
        self._head_bytes = 0
        self.deadline = monotonic() + self._limits.header_seconds

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))
        if len(self.headers) > self._limits.header_count:
            raise HeadTooLarge

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes:
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.deadline = monotonic() + self._limits.body_seconds

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_message = False
        self.deadline = _NEVER

    def handle_websocket_upgrade(self) -> None:
        self.deadline = _NEVER
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """As every refusal: a GraphQL error with code and request id; ``msg`` is uvicorn's and goes to its log."""
        request_id = new_request_id()
        answer = answer_for(BadRequest("This is not an acceptable HTTP/1.1 request."), request_id)
        head = (
            b"content-type: application/json; charset=utf-8\r\n"
            b"content-length: %d\r\nx-request-id: %s\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[400] + head % (len(answer.body), request_id.encode()) + answer.body)
        self.transport.close()

    def close_if_late(self, now: float) -> None:
        if now > self.deadline and not self.transport.is_closing():
            self.transport.close()


class Server(UvicornServer):
    """A uvicorn server that enforces the deadlines and turns readiness red before it stops taking connections."""

    def __init__(
        self, config: Config, on_drain: Callable[[], Awaitable[None] | None] | None = None, drain_seconds: float = 0.0
    ) -> None:
        """``on_drain`` is called at the stop signal, and what it returns awaited; ``drain_seconds`` is the least
        time that takes. Until then the server takes connections, so that readiness can be seen.
        """
        super().__init__(config)
        self._on_drain = on_drain
        self._drain_seconds = drain_seconds
        self.on_started: Callable[[], Awaitable[None]] | None = None
        """Awaited once the server listens."""
        self.on_stop: Callable[[], object] | None = None
        """Called first when it is to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn raises the signal that stopped it once more; we have more to take down, and end with status 0."""
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started and self.on_started is not None:
            await self.on_started()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SWEEP == 0:
            now = monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, StreamProtocol):
                    connection.keep_alive(now)
                elif isinstance(connection, DeadlineProtocol):
                    connection.close_if_late(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: Any = None) -> None:
        if self.on_stop is not None:
            self.on_stop()
        drained = self._on_drain() if self._on_drain is not None else None
        if self._drain_seconds and not self.force_exit:
            await asyncio.sleep(self._drain_seconds)
        if drained is not None:
            await self._unless_forced(asyncio.ensure_future(drained))
        await super().shutdown(sockets)

    async def _unless_forced(self, drained: asyncio.Future[None]) -> None:
        """Until it is done or the signal comes a second time."""
        while not drained.done() and not self.force_exit:
            await asyncio.wait([drained], timeout=_TICK_SECONDS)


def server_config(
    app: Any,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: Limits | None = None,
    trusted_proxies: list[str] | None = None,
) -> Config:
    """The uvicorn configuration of a hub; ``trusted_proxies`` are the addresses whose X-Forwarded headers count."""
    limits = limits or Limits()
    return Config(
        app,
        host=host,
        port=port,
        http=partial(DeadlineProtocol, limits),  # type: ignore[arg-type]
        ws=StreamProtocol,
        ws_max_size=limits.message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # StreamProtocol.keep_alive does it
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=trusted_proxies is not None,
        forwarded_allow_ips=trusted_proxies or [],
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
