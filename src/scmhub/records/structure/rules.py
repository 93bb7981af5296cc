"""When a link may be added or ended. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from scmhub.errors import Refusal

MOST_LEVELS = 20
Below = Mapping[UUID, Sequence[UUID]]
"""Parent -> the items its links of one sort lead to."""


def check_fits(below: Below, parent: UUID, item: UUID) -> None:
    """INVALID if the link closed a circle, OUT_OF_RANGE if a chain through it had over 20 levels.

    All links count, whatever their dates: stricter than day by day, and a circle that would open next year is found.
    """
    if parent == item or parent in _reached(below, item):
        raise Refusal("INVALID", "It would contain itself.", ["input", "item"])
    above: dict[UUID, list[UUID]] = {}
    for each, items in below.items():
        for linked in items:
            above.setdefault(linked, []).append(each)
    if _depth(above, parent) + 1 + _depth(below, item) > MOST_LEVELS:
        raise Refusal("OUT_OF_RANGE", f"A structure has at most {MOST_LEVELS} levels.", ["input", "item"])


def _reached(below: Below, start: UUID) -> set[UUID]:
    found: set[UUID] = set()
    todo = [start]
    while todo:
        for each in below.get(todo.pop(), ()):
            if each not in found:
                found.add(each)
                todo.append(each)
    return found


def _depth(below: Below, start: UUID) -> int:
    """Links on the longest chain from here; level by level, so that it ends even on a circle."""
    level, depth = {start}, 0
    while depth <= MOST_LEVELS:
        level = {each for item in level for each in below.get(item, ())}
        if not level:
            return depth
        depth += 1
    return depth


def check_end(valid_from: date, valid_until: date | None, current: date | None) -> None:
    """ILLEGAL_TRANSITION for a link that ends already, OUT_OF_RANGE for an end not after its start."""
    if current is not None:
        raise Refusal(
            "ILLEGAL_TRANSITION", f"It ends on {current}; itemLinkEnd is not possible. Allowed steps: none.",
            ["input", "itemLink"],
        )  # fmt: skip
    if valid_until is not None and valid_until <= valid_from:
        raise Refusal("OUT_OF_RANGE", "The end must lie after the start.", ["input", "validUntil"])
