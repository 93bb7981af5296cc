"""Time that a test moves: a clock and timers that ring when they are told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any


class HandTimers:
    """Timers that ring when a test moves time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting: list[list[Any]] = []

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Any:
        entry = [self.now + seconds, callback, seconds]
        self.waiting.append(entry)
        waiting = self.waiting

        class Handle:
            def cancel(self) -> None:
                if entry in waiting:
                    waiting.remove(entry)

        return Handle()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for entry in sorted(self.waiting, key=lambda each: each[0]):
            if entry[0] <= self.now and entry in self.waiting:
                self.waiting.remove(entry)
                entry[1]()


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
