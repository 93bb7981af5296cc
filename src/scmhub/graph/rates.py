"""What one partner may spend: a leaky bucket on cost, and one on documents that must be compiled."""

from __future__ import annotations

import time
from collections.abc import Callable
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
