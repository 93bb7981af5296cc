"""One JSON line per request and per event: ASCII, so that no value can forge a line or steer a terminal; no secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import orjson

from scmhub.clock import Clock, render, system_clock

_SECRET: Final = re.compile(
    r"(?i)(bearer\s+|basic\s+|password[\"'=:\s]+|secret[\"'=:\s]+|token[\"'=:]+\s*)[^\s\"',;}]{6,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_LONGEST: Final = 8_000
"""Characters of a traceback that are kept."""


class RequestLog:
    """Writes the line of each answered request to a text stream."""

    __slots__ = ("_clock", "_stream")

    def __init__(self, stream: TextIO | None = None, clock: Clock = system_clock) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock

    def write(
        self,
        *,
        request_id: str,
        method: str,
        path: str,
        status: int,
        seconds: float,
        partner: str | None = None,
        operation: str | None = None,
        code: str | None = None,
    ) -> None:
        """``path`` without its query; ``operation`` is the document's SHA-256, never its text or variables."""
        line = {
            "at": self._clock().isoformat(timespec="milliseconds"),
            "level": "ERROR" if code == "INTERNAL_SERVER_ERROR" else "INFO",
            "event": "request",
            "requestId": request_id,
            "method": method,
            "path": path[:200],
            "status": status,
            "ms": round(seconds * 1000, 3),
            "partner": partner,
            "operation": operation,
            "code": code,
        }
        text = orjson.dumps({key: value for key, value in line.items() if value is not None})
        # orjson is eight times as fast but writes other scripts as they are, direction marks included.
        self._stream.write((text.decode("ascii") if text.isascii() else json.dumps(orjson.loads(text))) + "\n")


class JsonFormatter(logging.Formatter):
    """The lines of every other logger, in the same form."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": render(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "event": record.name,
            "message": redacted(record.getMessage()),
        }
        request_id = getattr(record, "request_id", None)
        if request_id:
            line["requestId"] = request_id
        if record.exc_info:
            line["traceback"] = redacted(self.formatException(record.exc_info))[-_LONGEST:]
        return json.dumps(line)


def redacted(text: str) -> str:
    """``text`` with tokens, passwords and credentials in URLs blotted out."""
    return _SECRET.sub(lambda found: (found.group(1) or "") + "[redacted]", text)


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger's lines as JSON to ``stream`` (stderr); graphql-core and uvicorn included."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    hush()


def hush() -> None:
    """Never hear what libraries say of things that are secret, whoever listens to them."""
    logging.getLogger("authlib").setLevel(logging.INFO)  # below it writes tokens, codes and code verifiers
    logging.getLogger("uvicorn.access").disabled = True  # it writes addresses with the codes in their queries
