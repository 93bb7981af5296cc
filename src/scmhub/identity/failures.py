"""How often somebody may fail to prove who it is: twenty times a minute, then it must wait.

Counted by source and claimed client, so that whoever guesses acme's secret stops neither acme, calling from elsewhere,
nor bolt; and by source alone, ten times as often, against one who tries a new name each time. A code or refresh
token is counted by itself: 256 bits are not guessed, and many browsers behind one address may hold old ones.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 20
SOURCES_SHARE = 10
"""A source may fail this many times as often as one client from there."""
SECONDS = 60.0
REMEMBERED = 20_000
_ANYBODY = ""
_Counts = OrderedDict[tuple[str, str], tuple[float, int]]


class Failures:
    """Failures of the running minute, of whoever failed last."""

    def __init__(self, most: int = MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._monotonic = monotonic
        self._counts: _Counts = OrderedDict()
        self._alone: _Counts = OrderedDict()
        """Apart, so that no flood of invented tokens makes the others forgotten."""

    def wait(self, source: str, client: str = _ANYBODY) -> float:
        """Seconds until this client, or anybody from there, may try again; 0: now."""
        whole = self._left(source, _ANYBODY, self._most * SOURCES_SHARE)
        return whole if client == _ANYBODY else max(whole, self._left(source, client, self._most))

    def add(self, source: str, client: str = _ANYBODY, *, alone: bool = False) -> None:
        """One more failure. ``alone``: it does not count for the source as a whole, which many may share."""
        now = self._monotonic()
        counts = self._alone if alone else self._counts
        for key in {(source, client)} if alone else {(source, client), (source, _ANYBODY)}:
            since, count = counts.pop(key, (now, 0))
            counts[key] = (since, count + 1) if now - since < SECONDS else (now, 1)
        while len(counts) > REMEMBERED:
            counts.popitem(last=False)

    def _left(self, source: str, client: str, most: int) -> float:
        key = (source, client)
        since, count = self._alone.get(key) or self._counts.get(key, (0.0, 0))
        left = since + SECONDS - self._monotonic()
        return left if count >= most and left > 0 else 0.0
