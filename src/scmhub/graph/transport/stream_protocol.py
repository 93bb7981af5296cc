"""uvicorn's WebSocket protocol with a direct way to its transport: bytes go out in the turn they are pushed.

ASGI's ``send`` costs a coroutine per message and hides whether the other side reads. Here a push writes one frame into
the transport and says whether it is full; the transport's own buffer (64 KiB) is the only one there is.
"""

from __future__ import annotations

import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION = "scmhub.line"
_TEXT = 0x81
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
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """1013 instead of 1011, which clients never retry."""
        self.pong_timer = None
        self.pending_ping_payload = None
        self.hang_up(1013, "keepalive lost")
