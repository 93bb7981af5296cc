"""Seeded chance: equal dates give equal stories, down to the last id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from scmhub.ids import new_id

T = TypeVar("T")
_SATURDAY = 5


class Chance:
    """Draws that depend on the seed and on what was drawn before, on nothing else."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - a story, not a secret

    def aside(self, name: str) -> Chance:
        """Chance of its own for one part of the story, so that another part may grow without changing it."""
        return Chance(f"{self._seed} {name}")

    def key(self, at: datetime) -> UUID:
        """An id born at this instant."""
        return new_id(at, self._random.getrandbits(74))

    def hit(self, probability: float) -> bool:
        return self._random.random() < probability

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def hours(self, low: float, high: float) -> timedelta:
        """A span between so many hours, in whole minutes."""
        return timedelta(minutes=round(60 * self._random.uniform(low, high)))

    def one(self, of: Sequence[T]) -> T:
        return of[int(self._random.random() * len(of))]

    def some(self, of: Sequence[T], count: int) -> list[T]:
        """``count`` different ones, in their own order."""
        chosen = set(self._random.sample(range(len(of)), count))
        return [each for place, each in enumerate(of) if place in chosen]

    def shuffled(self, of: Sequence[T]) -> list[T]:
        """All of them in another order."""
        return self._random.sample(list(of), len(of))

    def evenly(self, count: int, span: int) -> list[int]:
        """``count`` whole numbers below ``span``, ascending, spread with jitter: a steady year without a pattern."""
        step = span / count
        return sorted(min(span - 1, int(step * (place + self._random.random()))) for place in range(count))


def workday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    late = day.weekday() - _SATURDAY
    return day if late < 0 else day + timedelta(days=2 - late)


def at_hour(day: date, hour: int, like: datetime) -> datetime:
    """An instant of a day, in the time zone of ``like``."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=like.tzinfo)
