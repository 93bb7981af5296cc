"""Waiting, as something that can be handed in: a test moves time instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol


class Handle(Protocol):
    """A call that can be called off."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """Calls something later."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Handle: ...


class LoopTimers:
    """The timers of the running event loop."""

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Handle:
        return asyncio.get_running_loop().call_later(seconds, callback)


async def pause(timers: Timers, seconds: float) -> None:
    """Return after ``seconds``."""
    done = asyncio.Event()
    handle = timers.call_later(seconds, done.set)
    try:
        await done.wait()
    finally:
        handle.cancel()


async def within(timers: Timers, seconds: float, wanted: Awaitable[None]) -> bool:
    """Whether ``wanted`` came to its end in time; it is called off if not."""
    task = asyncio.ensure_future(wanted)
    handle = timers.call_later(seconds, task.cancel)
    try:
        await asyncio.wait([task])
    finally:
        handle.cancel()
        task.cancel()
    if task.cancelled():
        return False
    task.result()
    return True
