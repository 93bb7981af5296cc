"""An answer of the OAuth endpoints, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

PRIVATE = {"cache-control": "no-store", "pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes as they are, anything else as JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def messages(self) -> list[dict[str, Any]]:
        """What ASGI sends."""
        content = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        fixed = {"content-type": "application/json", "content-length": str(len(content))}
        shown = {**fixed, **self.headers, "x-content-type-options": "nosniff"}
        headers = [(name.encode(), value.encode()) for name, value in shown.items()]
        return [
            {"type": "http.response.start", "status": self.status, "headers": headers},
            {"type": "http.response.body", "body": content},
        ]
