"""What one partner may spend: leaky buckets on cost and on documents to compile, and how much may run at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

from scmhub.errors import RateLimited


class Level(NamedTuple):
    """What is left of a partner's bucket, as of an instant."""

    left: float
    at: float


class Bucket:
    """Refills at ``per_second`` up to ``most``, per partner and process."""

    def __init__(self, most: float, per_second: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.per_second = per_second
        self._now = monotonic
        self._levels: dict[UUID, Level] = {}

    def available(self, partner: UUID) -> float:
        level = self._levels.get(partner)
        if level is None:
            return self.most
        return min(self.most, level.left + (self._now() - level.at) * self.per_second)

    def spend(self, partner: UUID, amount: float) -> None:
        """Take ``amount``; RateLimited says when enough will be there."""
        left = self.available(partner) - amount
        if left < 0:
            raise RateLimited(retry_after=round(-left / self.per_second + 0.001, 3))
        self._levels[partner] = Level(left, self._now())


class InFlight:
    """At most ``most`` operations of one partner at once, per process: one that floods the hub waits for itself."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._running: Counter[UUID] = Counter()

    @contextmanager
    def of(self, partner: UUID) -> Iterator[None]:
        """Count one more while the block runs; RateLimited if there are too many."""
        if self._running[partner] >= self.most:
            raise RateLimited(f"At most {self.most} requests of a partner run at the same time.", retry_after=1.0)
        self._running[partner] += 1
        try:
            yield
        finally:
            self._running[partner] -= 1
            if not self._running[partner]:
                del self._running[partner]
