"""How often a client may fail to prove itself: twenty times a minute from one place, then it must wait.

Counted by source and claimed client, so that whoever guesses acme's secret stops neither acme, calling from elsewhere,
nor bolt.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 20
SECONDS = 60.0
REMEMBERED = 10_000


class Failures:
    """Failures of the running minute, of the ten thousand pairs that failed last."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._counts: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def wait(self, source: str, client: str) -> float:
        """Seconds until this pair may try again; 0: now."""
        since, count = self._counts.get((source, client), (0.0, 0))
        left = since + SECONDS - self._monotonic()
        return left if count >= MOST and left > 0 else 0.0

    def add(self, source: str, client: str) -> None:
        """One more failure."""
        now = self._monotonic()
        since, count = self._counts.pop((source, client), (now, 0))
        self._counts[(source, client)] = (since, count + 1) if now - since < SECONDS else (now, 1)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
