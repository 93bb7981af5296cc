"""What the hub tells Prometheus: requests by status and code, their latency, and gauges the hub hands over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the latency histogram, in seconds."""
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure of the moment, such as free connections of a pool."""

    name: str
    help: str
    value: float


class Metrics:
    """Counters of one process; adding to them costs under a microsecond."""

    __slots__ = ("_buckets", "_gauges", "_requests", "_seconds")

    def __init__(self, gauges: Callable[[], Iterable[Gauge]] | None = None) -> None:
        self._gauges = gauges
        self._requests: dict[tuple[int, str], int] = {}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def observe(self, status: int, code: str, seconds: float) -> None:
        """Count one answered request; ``code`` is empty for a request without error."""
        key = (status, code)
        self._requests[key] = self._requests.get(key, 0) + 1
        self._buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds += seconds

    def render(self) -> str:
        """All figures in Prometheus' text format."""
        lines = [
            "# HELP scmhub_requests_total GraphQL requests answered, by HTTP status and error code.",
            "# TYPE scmhub_requests_total counter",
        ]
        for (status, code), count in sorted(self._requests.items()):
            lines.append(f'scmhub_requests_total{{status="{status}",code="{code}"}} {count}')
        lines += self._histogram()
        for gauge in self._gauges() if self._gauges else ():
            lines += [
                f"# HELP {gauge.name} {gauge.help}",
                f"# TYPE {gauge.name} gauge",
                f"{gauge.name} {gauge.value:g}",
            ]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "scmhub_request_seconds"
        lines = [f"# HELP {name} Time from the request's head to its answer.", f"# TYPE {name} histogram"]
        total = 0
        for end, count in zip((*map(str, BUCKETS), "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{end}"}} {total}')
        return [*lines, f"{name}_sum {self._seconds:.6f}", f"{name}_count {total}"]
