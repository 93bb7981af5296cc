"""The Lens: everything policy may know of a caller. Two people of one partner with equal lenses see equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

PURPOSES = ("PLANNING", "EXECUTION", "LOGISTICS", "RISK", "COMPLIANCE", "SETTLEMENT", "ANALYTICS")
"""What records are read for."""


@dataclass(frozen=True, slots=True)
class Lens:
    """Whose eyes an answer is made for.

    ``purposes``: what it is read for; only scopes that allow one of them let anything through. ``kinds``: families of
    records (``sharing.limits``) there are for it; all others are as if absent. None: no limit. Both only narrow.
    """

    partner_id: UUID
    purposes: frozenset[str] | None = None
    kinds: frozenset[str] | None = None

    def holds(self, families: frozenset[str]) -> bool:
        """Whether records of these families can be there for it; of none: they are there for everybody."""
        return self.kinds is None or not families or not self.kinds.isdisjoint(families)

    def within(self, purposes: Iterable[str] | None, kinds: Iterable[str] | None) -> Lens:
        """The same eyes with these limits besides; what neither allows is gone."""
        return replace(self, purposes=_both(self.purposes, purposes), kinds=_both(self.kinds, kinds))

    def of(self, partner: UUID) -> Lens:
        """The eyes of another partner, looking for the same purposes at the same kinds."""
        return replace(self, partner_id=partner)


def lens_of(unit: Any) -> Lens:
    """Whose eyes a command finds records with: those of the partner it acts for, as limited as its caller's."""
    return Lens(unit.partner_id, *(unit.limits or (None, None)))


def _both(these: frozenset[str] | None, those: Iterable[str] | None) -> frozenset[str] | None:
    if those is None:
        return these
    return frozenset(those) if these is None else these & frozenset(those)
