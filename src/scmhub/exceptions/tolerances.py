"""What is tolerated between two partners on a day: the clause both signed, else a default that everybody can read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.ids import public_id
from scmhub.partners import clauses
from scmhub.partners.clauses import Clause, Fences, ResponseTime, clauses_in_force, fitting

VERSION = 1
"""Of the defaults; counted up whenever one of them changes."""
FROZEN_DAYS = 14
"""How long the frozen fence is where nothing is agreed."""
GRAVE_POINTS = 10
"""So many percentage points below what was signed are gravely bad service."""
GRAVE_WAITS = 3
"""An answer is gravely late after so many times the days it may take."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Where something stands: ``agreement`` (public id; None: the hub's defaults), its version, and who signed it."""

    version: int = VERSION
    agreement: str | None = None
    signers: tuple[UUID, ...] = ()

    @property
    def basis(self) -> str:
        return "DEFAULT" if self.agreement is None else "CLAUSE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance(Signed):
    """``allowed`` and ``grave`` in the unit of the criterion."""

    allowed: Decimal
    grave: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence(Signed):
    """How many days ahead plans are frozen."""

    days: int


def standing(clause: Clause[Any]) -> dict[str, Any]:
    """Where a clause stands."""
    agreement = public_id("agr", clause.agreement_id)
    return {"version": clause.version_no, "agreement": agreement, "signers": clause.sides}


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What one other partner agreed to."""

    tolerances: list[Clause[clauses.Tolerance]]
    responses: list[Clause[ResponseTime]]
    fences: list[Clause[Fences]]


class Tolerances:
    """The tolerances of one partner towards others on one day. With itself nobody has a clause."""

    def __init__(self, agreed: dict[UUID, _Agreed]) -> None:
        self._agreed = agreed

    def of(
        self, criterion: str, other: UUID | None, item: UUID | None = None, site: UUID | None = None,
        seller: UUID | None = None,
    ) -> Tolerance:  # fmt: skip
        """``seller``: who delivers, where the matter has one."""
        default = self.default(criterion)
        agreed = self._agreed.get(other) if other else None
        found = agreed and fitting(agreed.tolerances, about=criterion, seller=seller, item=item, site=site)
        if not found:
            return default
        grave = found.terms.grave
        return _agreed(found, found.terms.allowed, max(default.grave, found.terms.allowed) if grave is None else grave)

    def default(self, criterion: str) -> Tolerance:
        """What counts where nothing is agreed."""
        if criterion == "RESPONSE_REQUIRED":
            days = clauses.RESPONSE_DAYS
            return Tolerance(allowed=Decimal(days), grave=Decimal(days * GRAVE_WAITS))
        if criterion == "SERVICE_LEVEL":
            return Tolerance(allowed=Decimal(0), grave=Decimal(GRAVE_POINTS))
        known = clauses.default_tolerance(criterion)
        assert known.grave is not None
        return Tolerance(allowed=known.allowed, grave=known.grave)

    def response(self, subject: str, other: UUID | None, seller: UUID) -> Tolerance:
        """How many days an answer about ORDER, CHANGE or FORECAST may take."""
        agreed = self._agreed.get(other) if other else None
        found = agreed and fitting(agreed.responses, about=subject, seller=seller)
        if not found:
            return self.default("RESPONSE_REQUIRED")
        return _agreed(found, Decimal(found.terms.days), Decimal(found.terms.days * GRAVE_WAITS))

    def strictest(self, criterion: str, others: Iterable[UUID], item: UUID | None, site: UUID | None) -> Tolerance:
        """What is tolerated where several have a part in one matter: the least of what they signed."""
        found = [self.of(criterion, other, item, site) for other in sorted(others)]
        agreed = [each for each in found if each.agreement is not None]
        return min(agreed, key=lambda each: (each.allowed, each.grave), default=self.default(criterion))

    def fence(self, other: UUID | None, item: UUID | None, seller: UUID) -> Fence:
        """How far ahead plans are frozen."""
        agreed = self._agreed.get(other) if other else None
        found = agreed and fitting(agreed.fences, seller=seller, item=item)
        return Fence(days=found.terms.frozen_days, **standing(found)) if found else Fence(days=FROZEN_DAYS)


def _agreed(clause: Clause[clauses.Terms], allowed: Decimal, grave: Decimal) -> Tolerance:
    return Tolerance(allowed=allowed, grave=grave, **standing(clause))


async def in_force(unit: Unit, others: Iterable[UUID], on: date) -> Tolerances:
    """What holds between the acting partner and each of the others on a day."""
    me = unit.partner_id
    return Tolerances(
        {
            other: _Agreed(
                await clauses_in_force(unit.rows, clauses.Tolerance, me, other, on),
                await clauses_in_force(unit.rows, ResponseTime, me, other, on),
                await clauses_in_force(unit.rows, Fences, me, other, on),
            )
            for other in sorted(set(others) - {me})
        }
    )
