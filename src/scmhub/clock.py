"""The one place that reads the wall clock; everything else is handed a ``Clock``, so a test can move time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def render(instant: datetime) -> str:
    """An instant as PostgreSQL's ``to_json`` prints it under UTC: no trailing zeros, offset ``+00:00``."""
    text = instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
    return f"{text}{fraction}+00:00"
