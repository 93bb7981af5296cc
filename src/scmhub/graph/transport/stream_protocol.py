"""uvicorn's WebSocket protocol with a direct way to its transport: bytes go out in the turn they are pushed.

ASGI's ``send`` costs a coroutine per message and hides whether the other side reads. Here a push writes one frame into
the transport and says whether it is full; the transport's own buffer (64 KiB) is the only one there is.

Keepalive is the server's sweep over all sockets, with one frame for all: uvicorn's timers and random payloads, for each
socket and ping, cost as much as a tenth of all deliveries.
"""

from __future__ import annotations

import random
import socket
from time import monotonic
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION = "scmhub.line"
_TEXT = 0x81
_PING = b"\x89\x00"
PING_SECONDS = 20.0
"""Between two pings of a socket; one on which nothing came from one to the next is lost."""
KERNEL_BYTES = 128 * 1024
"""What the kernel may hold for a peer that does not read; by itself it takes up to 4 MiB before we learn of it."""


def text_frame(payload: bytes) -> bytes:
    """A final, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big") + payload


class StreamProtocol(WebSocketsSansIOProtocol):
    """One socket; offered to the application as ``scope["extensions"]["scmhub.line"]``."""

    _has_room = True
    """As ``writable``, for the path that is walked for each item and each socket."""
    _heard = True
    """Whether anything came since the last ping."""
    _ping_at = 0.0

    def start_keepalive(self) -> None:
        """Sockets that came at once are not pinged at once."""
        self._ping_at = monotonic() + PING_SECONDS * random.random()  # noqa: S311

    def keep_alive(self, now: float) -> None:
        """Ping, if it is time; 1013 for a peer that is gone, because 1011, as uvicorn says it, is never retried."""
        if now < self._ping_at or not self.handshake_complete:
            return
        if not self._heard:
            self.hang_up(1013, "keepalive lost")
            return
        self._heard, self._ping_at = False, now + PING_SECONDS
        self.write_frames(_PING)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def pause_writing(self) -> None:
        super().pause_writing()
        self._has_room = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self._has_room = True

    def write_text(self, payload: bytes) -> bool:
        """Send one message; False if nothing more should be sent until ``drained``."""
        return self.write_frames(text_frame(payload))

    def write_frames(self, frames: bytes) -> bool:
        """Send what ``text_frame`` made, once or several times over; as ``write_text``."""
        if self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return self._has_room

    async def drained(self) -> None:
        """Return when there is room again."""
        await self.writable.wait()

    def hang_up(self, code: int, reason: str) -> None:
        """Close with a code; a peer that does not read is not waited for."""
        if self.disconnected or self.close_sent:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        if not self.writable.is_set() or self.conn.state is not State.OPEN:
            self.transport.abort()
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
