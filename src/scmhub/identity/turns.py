"""A few at once: work that strangers can ask for waits for its turn, and is refused when too many wait already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scmhub.errors import ServiceUnavailable


class Turns:
    """``at_once`` work, ``waiting`` more may wait; whoever comes then is told to come back."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    @property
    def idle(self) -> bool:
        """Whether nobody has a turn or waits for one."""
        return self._inside == 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """The block is one's turn; ServiceUnavailable if too many wait."""
        if self._inside >= self._most:
            raise ServiceUnavailable("Too many logins at once; try again shortly.")
        self._inside += 1
        try:
            async with self._turn:
                yield
        finally:
            self._inside -= 1
