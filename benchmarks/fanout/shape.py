"""What one measurement asks of a server, and what it found."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.fanout.clients import TICKS_PER_SECOND

ITEMS = 20
"""Least items of all owners together. An item is changed again only when it was changed, so fast writers need more."""


@dataclass(frozen=True)
class Shape:
    """Partners follow one owner each; every partner has the same number of sockets, dealt out over the documents."""

    subscribers: int
    rate: float
    """Changes a second, of all owners together."""
    events: int
    owners: int = 1
    documents: int = 1
    per_partner: int = 50
    deaf: float = 0.0
    """Share of the subscribers that never reads."""
    churn: float = 0.0
    """Share of the subscribers that loses its socket and comes back, each second."""
    processes: int = 2
    killed: bool = False
    """Two replicas, one of which is killed in the middle of the window."""

    @property
    def streams(self) -> int:
        """Items that are changed in turn."""
        return self.owners * max(2, -(-max(ITEMS, round(self.rate)) // self.owners))

    @property
    def partners(self) -> int:
        return -(-self.subscribers // self.per_partner)

    def seats(self) -> list[tuple[int, int, int, bool]]:
        """(partner, document, owner, whether it never reads) of each subscriber."""
        every = round(1 / self.deaf) if self.deaf else 0
        return [
            (
                number // self.per_partner, number % self.documents, number // self.per_partner % self.owners,
                bool(every) and number % every == every - 1,
            )
            for number in range(self.subscribers)
        ]  # fmt: skip


@dataclass
class Figures:
    """What one measurement found; CPU in seconds, memory in KiB."""

    name: str
    shape: Shape
    deliveries: int = 0
    seconds: float = 0.0
    every: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)
    came_back: int = 0
    last: list[float] = field(default_factory=list)
    """Milliseconds from the acknowledgement of a change until the last subscriber had it, sorted."""
    cpu: float = 0.0
    database_cpu: float = 0.0
    load_cpu: float = 0.0
    idle_kib: float = 0.0
    grown_kib: float = 0.0
    kernel_kib: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    sample: str = ""


def quantile(every: Counter[int], share: float) -> float:
    """Milliseconds below which ``share`` of the deliveries lie."""
    wanted = share * sum(every.values())
    for tick in sorted(every):
        wanted -= every[tick]
        if wanted <= 0:
            return tick * 1000 / TICKS_PER_SECOND
    return 0.0


MOST_LAST_MS, LEAST_RATIO, MOST_KIB = 500, 20, 40
"""What is to be reached: the last subscriber of 99 of 100 changes, the peer's CPU to ours, memory of an idle socket."""
HEAD = (
    "server", "sockets", "owners x documents", "changes/s", "deliveries/s", "CPU s / 1,000", "PostgreSQL s / 1,000",
    "p50 ms", "p99 ms", "last p50 ms", "last p99 ms", "KiB / idle", "grown MiB", "in kernel MiB", "clients' CPU",
    "faults",
)  # fmt: skip


def _last(each: Figures, share: float) -> float:
    return each.last[int(len(each.last) * share)]


def _row(each: Figures) -> tuple[str, ...]:
    shape = each.shape
    return (
        each.name, f"{shape.subscribers:,}", f"{shape.owners} x {shape.documents}", f"{shape.rate:g}",
        f"{each.deliveries / each.seconds:,.0f}", f"{each.cpu / each.deliveries * 1000:.4f}",
        f"{each.database_cpu / each.deliveries * 1000:.4f}", f"{quantile(each.every, 0.5):.0f}",
        f"{quantile(each.every, 0.99):.0f}", f"{_last(each, 0.5):.0f}", f"{_last(each, 0.99):.0f}",
        f"{each.idle_kib:.1f}", f"{each.grown_kib / 1024:.1f}", f"{each.kernel_kib / 1024:.1f}",
        f"{each.load_cpu / each.seconds:.0%}", str(dict(+each.faults) or "none"),
    )  # fmt: skip


def _ratios(found: Sequence[Figures]) -> list[float]:
    pairs = [(a, b) for a, b in itertools.pairwise(found) if (a.name, b.name) == ("scmhub", "stock Strawberry")]
    return sorted((b.cpu / b.deliveries) / (a.cpu / a.deliveries) for a, b in pairs)


def verdict(found: Sequence[Figures]) -> str:
    """What of the goals was reached, by the worst that was seen."""
    ours = [each for each in found if each.name.startswith("scmhub")]
    lines = [
        f"- The last subscriber within {MOST_LAST_MS} ms (p99), {each.shape.subscribers:,} sockets,"
        f" {each.deliveries / each.seconds:,.0f} deliveries a second: {_met(_last(each, 0.99), MOST_LAST_MS, 'ms')}."
        for each in ours if each.name.endswith("goal")
    ]  # fmt: skip
    if ratios := _ratios(found):
        reached = "reached" if ratios[0] >= LEAST_RATIO else "**not reached**"
        lines.append(f"- {LEAST_RATIO} times less CPU than stock: {reached}, {ratios[0]:.1f}.")
    lines.append(f"- {MOST_KIB} KiB for an idle socket: {_met(max(each.idle_kib for each in ours), MOST_KIB, 'KiB')}.")
    wrong = sum((each.faults for each in ours), Counter[str]())
    lines.append(f"- Lost, twice, out of order or of another: {dict(+wrong) or 'nothing'}.")
    return "\n".join(lines)


def _met(value: float, most: float, unit: str) -> str:
    return f"{'reached' if value < most else '**not reached**'}, {value:.0f} {unit}"


def table(found: Sequence[Figures]) -> str:
    """The figures as Markdown, and how many times the hub's CPU the peer takes, round by round."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_row, found)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    ratios = _ratios(found)
    if ratios:
        lines += ["", f"CPU per delivery, stock to hub, by round: {', '.join(f'{each:.1f}' for each in ratios)}."]
    lines += [
        f"\n{each.name}, {each.shape.subscribers:,} sockets: {each.came_back} came back; what they got within a second"
        f" of it: p50 {quantile(each.returned, 0.5):.0f} ms, p99 {quantile(each.returned, 0.99):.0f} ms."
        for each in found if each.came_back
    ]  # fmt: skip
    return "\n".join(lines)
